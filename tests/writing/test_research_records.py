"""The list of sources is made of the records in force: years, study types, details, and which documents are one work."""

from __future__ import annotations

from datetime import date

import pytest

from chapter_pipeline.domain import ChapterBrief, FoundPassage, LibraryResearch, LiteratureResearch, Work
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.library import DocumentRecord, RetrievedPassage
from chapter_pipeline.writing.research import research_set
from tests.quality.gap_inputs import gap_inputs

BRIEF: ChapterBrief = gap_inputs().brief.model_copy(update={"cutoff_date": date(2026, 6, 1)})


def record(key: str, **fields: object) -> DocumentRecord:
    values = {
        "key": key, "title": f"A long title of document {key}", "authors": ("Okafor, Ada",), "year": 2017,
        "doi": None, "journal": "J Samples", "licence": None, "study_type": StudyType.UNKNOWN, "page_count": 1,
    }  # fmt: skip
    return DocumentRecord.model_validate({**values, **fields})


def found_in(*keys: str) -> LibraryResearch:
    passages = [
        FoundPassage(
            passage=RetrievedPassage(
                rank=n, passage_id=n, document=key, page=1, start=0, end=4, text="Text", section=None, score=1.0, parts={}
            ),
            relevance=0.9 - n / 10, concepts=(), sections=(),
        )
        for n, key in enumerate(keys)
    ]  # fmt: skip
    return LibraryResearch(passages=tuple(passages), searches=1, hits=len(keys), dropped=0)


def literature(*works: Work) -> LiteratureResearch:
    return LiteratureResearch(works=works, reports=())


def test_research_set__source__has_what_the_record_says() -> None:
    told = record("a", volume="4", issue="2", pages="101-109", study_type=StudyType.RANDOMISED_TRIAL)
    (source,) = research_set(BRIEF, library=found_in("a"), literature=literature(), records=[told]).sources
    assert (source.year, source.volume, source.issue, source.pages) == (2017, "4", "2", "101-109")
    assert (source.study_type, source.evidence_level, source.key) == (StudyType.RANDOMISED_TRIAL, 2, "okafor2017")


def test_research_set__reference_of_the_same_work__fills_what_the_record_lacks_only() -> None:
    work = Work(title="Another", doi="10.5555/a", volume="9", issue="8", pages="1-2", origin="references/a.ris")
    told = record("a", doi="10.5555/a", volume="4")
    (source,) = research_set(BRIEF, library=found_in("a"), literature=literature(work), records=[told]).sources
    assert (source.volume, source.issue, source.pages) == ("4", "8", "1-2")


@pytest.mark.parametrize(
    ("manuscript", "sources"), [({"doi": "10.5555/a"}, ["a"]), ({"doi": "10.5555/b"}, ["a", "b"]), ({}, ["a", "b"])]
)
def test_research_set__manuscript_and_article__are_one_work_by_their_doi(
    manuscript: dict[str, str], sources: list[str]
) -> None:
    records = [record("a", doi="10.5555/a"), record("b", **manuscript)]
    found = research_set(BRIEF, library=found_in("a", "b"), literature=literature(), records=records)
    assert [source.document for source in found.sources] == sources
    assert [one.document for one in found.excluded] == sorted({"a", "b"} - set(sources))


def test_research_set__year_after_the_cut_off__excludes_the_document() -> None:
    found = research_set(
        BRIEF, library=found_in("a"), literature=literature(), records=[record("a", year=BRIEF.cutoff_date.year + 1)]
    )
    assert (found.sources, [one.document for one in found.excluded]) == ((), ["a"])

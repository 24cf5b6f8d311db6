"""Of each study in scope: which of its main findings the chapter tells, and why not the others."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain import (
    ChapterOutline,
    ChapterText,
    EvidenceMap,
    EvidenceRow,
    Exclusion,
    OutlineSection,
    Paragraph,
    Quote,
    ResearchSet,
    Section,
    Sentence,
    Source,
    Subsection,
)
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind
from chapter_pipeline.services.chapter_sources import SourceInScope, scope
from tests.publishing.finished_chapter import quote, source

TRIAL = source("trial2020", relevance=0.6)
SERIES = source("series2019", relevance=0.9, evidence_level=4, study_type=StudyType.CASE_SERIES)
REFERENCE = source("known1999", document=None, evidence_level=5)
QUOTES = [
    quote(key, "trial2020", page, f"Result {page}.").model_copy(
        update={"main": True, "finding": FindingKind.OWN_RESULT, "relevance": page / 10}
    )
    for page, key in enumerate(("first", "second", "third"), start=1)
]


def told(*keys: str, in_table: str | None = None) -> ChapterText:
    said = tuple(Sentence(text=f"Said of {key}.", quotes=(key,)) for key in keys)
    rows = (
        EvidenceRow(
            source="trial2020", study_type=StudyType.RANDOMISED_TRIAL, evidence_level=2, year=2020,
            finding=Sentence(text="A row.", quotes=(in_table,)),
        ),
    ) if in_table else ()  # fmt: skip
    section = Section(
        kind="outcomes", title="Outcomes", status="written", evidence_table=rows,
        subsections=(Subsection(title=None, paragraphs=(Paragraph(sentences=said),)),),
    )  # fmt: skip
    return ChapterText(
        slug="a-b", title="T", topic="T", sections=(section,), references=(), figures=(),
        quotes={one.key: one for one in QUOTES}, key_points=(), abbreviations=(),
    )  # fmt: skip


def rows(
    chapter: ChapterText, *, quotes: list[Quote] = QUOTES, sources: tuple[Source, ...] = (TRIAL,),
    assigned: tuple[str, ...] = (), excluded: tuple[Exclusion, ...] = (),
) -> list[SourceInScope]:  # fmt: skip
    outline = ChapterOutline(
        title="T", assignments={"outcomes": assigned},
        sections=(OutlineSection(kind="outcomes", title="Outcomes", purpose="What is reached.", word_budget=100),),
    )  # fmt: skip
    research = ResearchSet(sources=sources, excluded=excluded, retraction_check="not checked")
    return scope(research, EvidenceMap(quotes=tuple(quotes), sentences_read=3, refused={}), outline, chapter)


def test_sources__all_main_findings_told__have_no_reason() -> None:
    (row,) = rows(told("first", "second", in_table="third"))
    assert (row.told, row.main, row.citations, row.why_not) == (3, 3, 3, None)


@pytest.mark.parametrize(
    ("assigned", "why"),
    [
        ((), "2 of 3 fit no section of the outline, such as that of p. 3"),
        (("second", "third"), "2 of 3 exceed the words planned, such as that of p. 3 in “Outcomes”"),
    ],
)
def test_sources__main_findings_that_are_missing__have_the_reason_of_the_most_relevant(
    assigned: tuple[str, ...], why: str
) -> None:
    (row,) = rows(told("first"), assigned=assigned)
    assert (row.told, row.main, row.why_not) == (1, 3, why)


def test_sources__without_a_main_finding_that_can_be_quoted__are_to_be_read() -> None:
    (row,) = rows(told("first"), quotes=[QUOTES[0].model_copy(update={"main": False})])
    assert (row.main, row.why_not) == (
        0,
        "none of its main findings can be quoted so that it is understood alone: read it",
    )


def test_sources__strongest_evidence_first__then_what_was_left_out() -> None:
    left_out = Exclusion(title="Too new", document="inbox/new.pdf", reason="published in 2030")
    found = rows(told("first"), sources=(REFERENCE, SERIES, TRIAL), excluded=(left_out,))
    assert [row.key for row in found] == ["trial2020", "series2019", "known1999", ""]
    assert found[2].why_not == "known by its reference only: the library has no text of it"
    assert (found[3].title, found[3].why_not) == ("Too new", "published in 2030")

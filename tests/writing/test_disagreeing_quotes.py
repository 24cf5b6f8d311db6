"""Quotes of studies that disagree are known by their records, and a chapter that cites both shows both sides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from chapter_pipeline.domain import (
    ChapterBrief,
    ChapterDraft,
    ChapterKind,
    ChapterText,
    Concept,
    EvidenceMap,
    KeyConcepts,
    Paragraph,
    Quote,
    Reference,
    ResearchSet,
    Section,
    SectionTemplate,
    Sentence,
    Source,
    Subsection,
)
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import StudyRecord
from chapter_pipeline.domain.library import PassageRecord, RetrievedPassage
from chapter_pipeline.domain.research import FoundPassage
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.writing.evidence import evidence_map
from chapter_pipeline.writing.review import reviewed_chapter
from tests.evidence.made import article
from tests.library_samples import HashEmbedder

TOPIC = "Chronic subdural haematoma"
LOWER = "Recurrence was lower with atorvastatin than with placebo (11% vs 22%; P = 0.01)."
HIGHER = "Recurrence was higher with atorvastatin than with placebo (24% vs 13%; P = 0.02)."
MORTALITY = "Mortality was higher with atorvastatin than with placebo (24% vs 13%; P = 0.02)."


class Library:
    """Implements what the evidence map reads of `ports.LibraryReader`, for two trials of one passage each."""

    def __init__(self, results: dict[str, str], *, with_records: bool) -> None:
        self.records: dict[str, StudyRecord] = {}
        self.held: list[PassageRecord] = []
        for number, (key, text) in enumerate(results.items(), start=1):
            made = article(
                [("Abstract", [[f"RESULTS: {text}" if with_records else text]])], title=f"Atorvastatin versus placebo in haematoma, trial {number}",
                study=StudyType.RANDOMISED_TRIAL,
            )  # fmt: skip
            if with_records:
                self.records[key] = study_record(made)
            self.held += [
                PassageRecord(
                    id=10 * number + one.ordinal, document=key, page=one.page, start=one.start, end=one.end,
                    text=one.text, section=one.section, sentences=one.sentences,
                )
                for one in made.passages
            ]  # fmt: skip

    def study_records(self, documents: Sequence[str]) -> dict[str, StudyRecord]:
        return {key: record for key, record in self.records.items() if key in documents}

    def passages(self, ids: Sequence[int]) -> list[PassageRecord]:
        return [one for one in self.held if one.id in ids]

    def passages_of(self, documents: Sequence[str]) -> list[PassageRecord]:
        return [one for one in self.held if one.document in documents]


def source(key: str, passages: Sequence[PassageRecord]) -> Source:
    found = tuple(
        FoundPassage(
            passage=RetrievedPassage(
                rank=1, passage_id=one.id, document=key, page=one.page, start=one.start, end=one.end, text=one.text,
                section=one.section, score=1.0, parts={},
            ),
            relevance=1.0, concepts=("topic",), sections=(),
        )
        for one in passages
        if one.document == key
    )  # fmt: skip
    return Source(
        key=key, document=key, title=f"Trial of {key}", authors=(f"{key.title()}, A",), year=2022, evidence_level=2,
        study_type=StudyType.RANDOMISED_TRIAL, relevance=1.0, passages=found,
    )  # fmt: skip


def mapped(second: str, *, first: str = LOWER, with_records: bool = True) -> EvidenceMap:
    library = Library({"lind": first, "mao": second}, with_records=with_records)
    section = SectionTemplate(
        kind="outcomes", title="Outcomes", purpose="How it ends.", queries=("outcome",), cues=(), share=1.0
    )
    brief = ChapterBrief(
        slug="csdh", topic=TOPIC, title=TOPIC, kind=ChapterKind.DISEASE, audience="all", template="own",
        word_budget=1000, cutoff_date=date(2026, 6, 1), sections=(section,),
    )  # fmt: skip
    research = ResearchSet(sources=tuple(source(key, library.held) for key in ("lind", "mao")), retraction_check="done")
    concepts = KeyConcepts(concepts=(Concept(key="topic", name=TOPIC, importance=1.0),), provider="none", model="none")
    return evidence_map(brief, concepts, research, library=library, embedder=HashEmbedder())  # type: ignore[arg-type]


def contradictions(made: EvidenceMap) -> list[tuple[set[str], str]]:
    sources = {quote.key: quote.source for quote in made.quotes}
    return [({sources[one.first], sources[one.second]}, one.how) for one in made.relations if one.contradicts]


def test_evidence_map__records_that_disagree__are_a_contradiction_of_their_quotes() -> None:
    made = mapped(HIGHER)
    assert contradictions(made) == [({"lind", "mao"}, "opposite directions")]
    first, second = made.quotes
    assert first.disagrees == {second.key: "Recurrence under atorvastatin against placebo"}
    assert set(second.disagrees) == {first.key}


def test_evidence_map__words_that_differ_on_other_outcomes__contradict_nothing_on_record() -> None:
    made = mapped(MORTALITY)
    assert len(made.quotes) == 2
    assert contradictions(made) == []


def test_evidence_map__no_records__words_tell() -> None:
    said = "Recurrence after burr-hole drainage was {} with atorvastatin than with placebo in most adults."
    made = mapped(said.format("higher"), first=said.format("lower"), with_records=False)
    assert contradictions(made) == [({"lind", "mao"}, "opposes")]


def test_quote__of_the_release_before__disagrees_with_none() -> None:
    stored = mapped(HIGHER).quotes[0].model_dump(mode="json")
    del stored["disagrees"]
    assert Quote.model_validate(stored).disagrees == {}


def draft(quotes: Sequence[Quote]) -> ChapterDraft:
    """A chapter that says each quote in a sentence of its own."""
    said = tuple(Sentence(text=one.display, quotes=(one.key,)) for one in quotes)
    sources = dict.fromkeys(one.source for one in quotes)
    return ChapterDraft(
        chapter=ChapterText(
            slug="csdh", title=TOPIC, topic=TOPIC, figures=(), key_points=(), abbreviations=(),
            sections=(
                Section(
                    kind="outcomes", title="Outcomes", status="written",
                    subsections=(Subsection(title=None, paragraphs=(Paragraph(sentences=said),)),),
                ),
            ),
            references=tuple(Reference(number=n, source=source(key, ())) for n, key in enumerate(sources, start=1)),
            quotes={one.key: one for one in quotes},
        )
    )  # fmt: skip


def test_review__both_sides_cited__both_stay_and_the_chapter_says_that_they_differ() -> None:
    quotes = mapped(HIGHER).quotes
    reviewed = reviewed_chapter(draft(quotes), embedder=HashEmbedder())
    assert {sentence.text for sentence in reviewed.chapter.sections[0].sentences} == {LOWER, HIGHER}
    (difference,) = reviewed.differences
    assert {difference.first, difference.second} == {quote.key for quote in quotes}
    assert difference.about == "Recurrence under atorvastatin against placebo"


def test_review__one_side_cited_or_other_outcomes__differ_in_nothing() -> None:
    assert reviewed_chapter(draft(mapped(HIGHER).quotes[:1]), embedder=HashEmbedder()).differences == ()
    assert reviewed_chapter(draft(mapped(MORTALITY).quotes), embedder=HashEmbedder()).differences == ()

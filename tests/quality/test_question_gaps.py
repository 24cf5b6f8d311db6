"""Completeness counts the questions that the library answers; the others are for the literature, part by part."""

from __future__ import annotations

from dataclasses import replace

from chapter_pipeline.domain import ClinicalQuestion, Closer, EvidenceMap, Gap, GapType, Perspective
from chapter_pipeline.domain.document import PageSpan, StudyType
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind, Span, Species, StudyRecord
from chapter_pipeline.quality.gap_inputs import Inputs
from chapter_pipeline.quality.gaps import completeness_score
from chapter_pipeline.quality.question_gaps import unanswered_questions
from tests.quality.gap_inputs import gap_inputs, point, quote, section, source, template

QUESTION = ClinicalQuestion.of(
    "outcomes", "Does olanzapine reduce mortality, compared with placebo?", Perspective.EFFICACY,
    population="delirium", intervention="olanzapine", comparator="placebo", outcome="mortality",
)  # fmt: skip
TEXT = "Mortality was lower with olanzapine than with placebo (P = 0.01)."
FINDING = Finding(
    ordinal=0, kind=FindingKind.OWN_RESULT, species=Species.HUMAN, outcome="Mortality", intervention="olanzapine",
    comparator="placebo", direction=Direction.DECREASED, p=("P = 0.01",),
    spans=(Span(text=TEXT, page=4, places=(PageSpan(page=4, start=0, end=len(TEXT)),)),),
)  # fmt: skip


def chapter(*, answered: bool = False, at_hand: bool = True, on_record: bool = False, says: str = "seizures", kind: str = "outcomes") -> Inputs:  # fmt: skip
    """A chapter with one point, ``seizures``, and one question, whose answer is cited, at hand, on record or nowhere."""
    answer = quote("answer", "lind").model_copy(update={"questions": (QUESTION.key,)})
    inputs = gap_inputs(
        section("outcomes", says=says, cites=("answer" if answered else "other",)),
        templates=[template(kind, points=[point("seizures", "outcomes")])],
        quotes=[quote("other"), *([answer] if at_hand else [])],
        sources=[source("lind", level=2, authors=["Lind, A"])],
    )
    asked = {"questions": (QUESTION,)} if at_hand else {"unanswered": (QUESTION,)}
    found = StudyRecord(design=StudyType.RANDOMISED_TRIAL, level=2, findings=(FINDING,))
    return replace(
        inputs, evidence=inputs.evidence.model_copy(update=asked), records={"lind": found} if on_record else {}
    )


def gap(inputs: Inputs) -> Gap:
    (found,) = unanswered_questions(inputs)
    assert found.type is GapType.CONTENT_COMPLETENESS
    return found


def test_completeness__point_and_question__count_alike() -> None:
    assert completeness_score(chapter(answered=True)) == 1.0
    assert completeness_score(chapter(answered=True, says="word")) == 0.5
    assert completeness_score(chapter()) == 0.5


def test_completeness__question_that_no_finding_answers__does_not_count() -> None:
    assert completeness_score(chapter(at_hand=False)) == 1.0
    assert completeness_score(chapter(at_hand=False, on_record=True)) == 0.5


def test_unanswered_questions__answered__is_no_gap() -> None:
    assert list(unanswered_questions(chapter(answered=True))) == []


def test_unanswered_questions__quote_at_hand__is_closed_by_the_library() -> None:
    found = gap(chapter())
    assert (found.closed_by, found.evidence, found.section) == (Closer.LIBRARY, ("answer",), "outcomes")
    assert "1 quote at hand would answer it" in found.description


def test_unanswered_questions__finding_that_is_no_quote__is_for_a_person_to_read() -> None:
    found = gap(chapter(at_hand=False, on_record=True))
    assert found.closed_by is Closer.PERSON
    assert "Lind 2025, p. 4 answers it" in found.description


def test_unanswered_questions__no_document_answers__is_for_the_literature_with_its_parts() -> None:
    found = gap(chapter(at_hand=False))
    assert found.closed_by is Closer.LITERATURE
    assert found.description == (
        f"No study in scope answers: {QUESTION.text} (population: delirium; intervention: olanzapine; "
        "comparator: placebo; outcome: mortality)."
    )


def test_unanswered_questions__section_that_the_template_has_not__is_not_asked() -> None:
    assert list(unanswered_questions(chapter(kind="imaging"))) == []


def test_evidence_map__of_the_release_before__has_no_questions() -> None:
    loaded = EvidenceMap.model_validate({"quotes": [], "sentences_read": 0, "refused": {}})
    assert (loaded.questions, loaded.unanswered) == ((), ())

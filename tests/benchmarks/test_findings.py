"""The measure of study records by annotated findings: half of the words, the best named outcome, the side it is seen from."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.findings import aligned, is_aside, judged, likeness, overlap, words
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind, Span, Species, StudyRecord

TEXT = "Recurrence was lower in the drain group than in the control group."
UP, DOWN, SAME = Direction.INCREASED, Direction.DECREASED, Direction.NO_DIFFERENCE


def annotation(
    label: str, *, intervention: str = "drain", comparator: str = "control", evidence: str = TEXT
) -> dict[str, Any]:
    return {
        "article": "made", "outcome": "recurrence", "intervention": intervention, "comparator": comparator,
        "labels": [label], "evidence": [evidence],
    }  # fmt: skip


def result(direction: Direction, *, outcome: str = "Recurrence", kind: FindingKind = FindingKind.OWN_RESULT) -> Finding:
    return Finding(
        ordinal=0, kind=kind, species=Species.HUMAN, outcome=outcome, intervention="drain", comparator="control",
        direction=direction, spans=(Span(text=TEXT, page=1),),
    )  # fmt: skip


def record(*findings: Finding) -> StudyRecord:
    return StudyRecord(design=StudyType.RANDOMISED_TRIAL, level=2, findings=findings)


@pytest.mark.parametrize(
    ("label", "direction", "right"),
    [
        ("significantly decreased", DOWN, True), ("significantly increased", DOWN, False),
        ("no significant difference", SAME, True), ("no significant difference", Direction.NOT_STATED, False),
    ],
)  # fmt: skip
def test_judged__direction__is_right_or_not(label: str, direction: Direction, right: bool) -> None:
    assert judged(annotation(label), record(result(direction))).right is right


def test_judged__sides_exchanged__direction_is_turned() -> None:
    seen = annotation("significantly increased", intervention="control", comparator="drain")
    assert aligned(seen, result(DOWN)) is UP
    assert judged(seen, record(result(DOWN))).right


def test_judged__two_outcomes_of_a_sentence__the_one_named_counts() -> None:
    found = judged(annotation("significantly decreased"), record(result(UP, outcome="infection"), result(DOWN)))
    assert (found.finding and found.finding.outcome, found.right) == ("Recurrence", True)


@pytest.mark.parametrize(
    "records",
    [record(), record(result(DOWN, kind=FindingKind.BACKGROUND))],
    ids=["no finding", "told as background"],
)
def test_judged__no_own_result__is_not_found(records: StudyRecord) -> None:
    found = judged(annotation("significantly decreased"), records)
    assert (found.finding, found.direction, found.right) == (None, None, False)


def test_judged__less_than_half_of_the_words__is_not_found() -> None:
    said = annotation("significantly decreased", evidence="Recurrence was lower " + "and other words were said " * 5)
    assert judged(said, record(result(DOWN))).finding is None


def test_overlap__words_in_order__count_and_single_ones_do_not() -> None:
    assert overlap(words("lower in the drain group"), words(TEXT)) == 1.0
    assert overlap(words("group drain lower"), words(TEXT)) == 0.0
    assert overlap(words("other things"), words(TEXT)) == 0.0


def test_likeness__beginnings_of_words__are_compared() -> None:
    assert likeness("recurrences of haematoma", "Recurrence") == 0.5
    assert likeness("the", "recurrence") == 0.0


def test_is_aside__names__about_a_sixth_and_always_the_same() -> None:
    names = [f"PMC{number}" for number in range(600)]
    aside = [name for name in names if is_aside(name)]
    assert 60 < len(aside) < 140
    assert [name for name in names if is_aside(name)] == aside


@pytest.mark.parametrize(
    ("asked", "direction", "seen"),
    [
        ("improvement in pain", DOWN, UP),
        ("improvement in survival", DOWN, DOWN),
        ("Reduction in pain", DOWN, UP),
        ("pain reduction", DOWN, DOWN),
        ("reduction in pain", SAME, SAME),
    ],
)
def test_aligned__annotated_change__is_compared_with_what_changed(
    asked: str, direction: Direction, seen: Direction
) -> None:
    outcome = asked.rsplit(" ", 1)[-1] if " in " in asked else "pain"
    assert (
        aligned(annotation("significantly increased") | {"outcome": asked}, result(direction, outcome=outcome)) is seen
    )


def test_aligned__word_of_both_sides__tells_neither_apart() -> None:
    seen = annotation("significantly increased", intervention="drain and saline rinsing", comparator="saline")
    finding = result(UP).model_copy(update={"intervention": "saline drain", "comparator": "no rinsing"})
    assert aligned(seen, finding) is UP

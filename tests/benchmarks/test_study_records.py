"""The measure of study records by readers' notes: a finding with all its numbers, a sentence with its kind."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from benchmarks.annotated_findings import Annotated
from benchmarks.study_records import compare, same_disease
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Finding, FindingKind, Span, Species, StudyRecord

TEXT = "Recurrence was 9.3% with a drain and 24.0% without one (P=0.003)."


def counted(
    *, finding: dict[str, Any] | None = None, sentence: dict[str, Any] | None = None, main: bool = True,
    kind: FindingKind = FindingKind.OWN_RESULT,
) -> Counter[str]:  # fmt: skip
    place = {"page": 1, "begins": "Recurrence was 9.3%", "ends": "(P=0.003)."}
    reading = Annotated(
        file="made.pdf", reader="one", held_out=False, second=False,
        findings=({**place, "kind": "own_result", **finding},) if finding is not None else (),
        sentences=({**place, **sentence},) if sentence is not None else (),
    )  # fmt: skip
    made = Finding(
        ordinal=0, kind=kind, main=main, species=Species.HUMAN, disease="chronic subdural haematoma",
        spans=(Span(text=TEXT, page=1),),
    )  # fmt: skip
    figures: Counter[str] = Counter()
    compare(reading, StudyRecord(design=StudyType.COHORT, level=3, findings=(made,)), figures, told=False)
    return figures


@pytest.mark.parametrize(
    ("finding", "main", "found", "chosen"),
    [
        ({"numbers": ["9.3", "24.0"]}, True, 1, 1),
        ({"numbers": ["9.3", "24.0"]}, False, 1, 0),
        ({"numbers": ["9.3", "30.5"]}, True, 0, 0),
        ({"begins": "Something else was"}, True, 0, 0),
        ({"begins": "Something else was", "also": [{"page": 1, "begins": "Recurrence was", "ends": "one"}]}, True, 1, 1),
    ],
)  # fmt: skip
def test_compare__main_finding__stands_with_its_numbers(
    finding: dict[str, Any], main: bool, found: int, chosen: int
) -> None:
    figures = counted(finding=finding, main=main)
    assert (figures["main_findings right"], figures["main_chosen right"]) == (found, chosen)


@pytest.mark.parametrize(
    ("sentence", "kind", "name", "right"),
    [
        ({"kind": "own_result"}, FindingKind.OWN_RESULT, "kind", 1),
        ({"kind": "own_result"}, FindingKind.BACKGROUND, "kind", 0),
        ({"kind": "background", "second": "own_result"}, FindingKind.OWN_RESULT, "kind", 1),
        ({"kind": "own_result"}, FindingKind.BACKGROUND, "statistics", 0),
        ({"kind": "own_result", "species": "human"}, FindingKind.OWN_RESULT, "species", 1),
        ({"kind": "own_result", "species": "animal"}, FindingKind.OWN_RESULT, "species", 0),
        ({"kind": "own_result", "disease": "subdural haematoma"}, FindingKind.OWN_RESULT, "disease", 1),
        ({"kind": "own_result", "disease": "glioma"}, FindingKind.OWN_RESULT, "disease", 0),
    ],
)
def test_compare__sentence__is_judged_by_what_readers_say(
    sentence: dict[str, Any], kind: FindingKind, name: str, right: int
) -> None:
    figures = counted(sentence=sentence, kind=kind)
    assert (figures[name], figures[f"{name} right"]) == (1, right)


def test_compare__sentence_without_species_or_disease__none_is_asked_for() -> None:
    figures = counted(sentence={"kind": "own_result", "species": "none", "disease": "none"})
    assert (figures["species"], figures["disease"]) == (0, 0)


def test_compare__sentence_that_the_record_lacks__is_unknown_and_not_judged() -> None:
    figures = counted(sentence={"kind": "own_result", "begins": "Something else"})
    assert (figures["kind_known"], figures["kind_known right"], figures["kind"]) == (1, 0, 0)


def test_same_disease__half_of_the_words__is_one() -> None:
    assert same_disease("glioma", "high-grade glioma")
    assert not same_disease("glioma", "meningioma of the skull base")

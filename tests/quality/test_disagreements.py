"""Findings disagree when two studies state opposite or incompatible results on one question, and on no other grounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chapter_pipeline.domain import Closer, Gap, Severity
from chapter_pipeline.domain.document import PageSpan, StudyType
from chapter_pipeline.domain.evidence import (
    Direction,
    Effect,
    Finding,
    FindingKind,
    Population,
    Span,
    Species,
    StudyRecord,
)
from chapter_pipeline.quality.differing_studies import differing_studies
from chapter_pipeline.quality.disagreements import Disagreement, Pair, disagreements, is_significant
from tests.quality.gap_inputs import gap_inputs, quote, section, source

UP, DOWN, SAME = Direction.INCREASED, Direction.DECREASED, Direction.NO_DIFFERENCE


def finding(direction: Direction, *, text: str = "It was so.", page: int = 4, **of_it: Any) -> Finding:
    """A result on recurrence under a drain against no drain."""
    made = {
        "ordinal": 0, "kind": FindingKind.OWN_RESULT, "species": Species.HUMAN, "outcome": "recurrence",
        "intervention": "drain", "comparator": "no treatment", "direction": direction,
        "spans": (Span(text=text, page=page, places=(PageSpan(page=page, start=0, end=len(text)),)),), **of_it,
    }  # fmt: skip
    return Finding.model_validate(made)


def record(*findings: Finding, arms: tuple[str, ...] = (), people: str | None = None) -> StudyRecord:
    return StudyRecord(
        design=StudyType.RANDOMISED_TRIAL, level=2, findings=findings, arms=arms, population=Population(text=people)
    )


def pairs(one: StudyRecord | Finding, other: StudyRecord | Finding, **titles: str) -> list[Pair]:
    """What two studies disagree on."""
    records = {
        key: made if isinstance(made, StudyRecord) else record(made) for key, made in (("lind", one), ("mao", other))
    }
    return disagreements([source(key, level=2, title=titles.get(key)) for key in records], records)


def how(one: StudyRecord | Finding, other: StudyRecord | Finding, **titles: str) -> Disagreement | None:
    found = pairs(one, other, **titles)
    assert len(found) < 2
    return found[0].how if found else None


def hazard(value: str, low: str, high: str, measure: str = "hazard ratio") -> dict[str, Any]:
    return {"effects": (Effect(measure=measure, value=value, low=low, high=high),)}


DISAGREE = [
    (finding(UP), finding(DOWN), Disagreement.OPPOSITE),
    (finding(UP, p=("P=0.01",)), finding(DOWN, p=("P=0.04",)), Disagreement.OPPOSITE),
    (finding(UP, p=("P=0.01",)), finding(DOWN, p=("P=0.40",)), Disagreement.SIGNIFICANCE),
    (finding(DOWN, p=("P=0.01",)), finding(SAME), Disagreement.SIGNIFICANCE),
    (finding(DOWN, p=("P<0.001",)), finding(DOWN, p=("P=0.05",)), Disagreement.SIGNIFICANCE),
    (finding(DOWN, **hazard("0.5", "0.3", "0.8")), finding(DOWN, **hazard("0.9", "0.8", "1.1")), Disagreement.SIGNIFICANCE),
    (finding(DOWN, **hazard("0.3", "0.2", "0.5")), finding(DOWN, **hazard("0.8", "0.6", "0.9")), Disagreement.INTERVALS),
    (finding(DOWN, **hazard("0.3", "0.2", "0.5", "HR")), finding(DOWN, **hazard("0.8", "0.6", "0.9")), Disagreement.INTERVALS),
    # the same question, whichever side is named first, under other names of the same things
    (finding(UP), finding(UP, intervention="no treatment", comparator="drain"), Disagreement.OPPOSITE),
    (finding(UP), finding(DOWN, outcome="rate of recurrence", intervention="the drains"), Disagreement.OPPOSITE),
    (
        finding(UP, intervention="CSD", text="A closed subdural drain (CSD) was used."),
        finding(DOWN, intervention="closed subdural drain"), Disagreement.OPPOSITE,
    ),
    (record(finding(UP, comparator=None), arms=("drain", "no treatment")), finding(DOWN), Disagreement.OPPOSITE),
    (finding(UP, disease="subdural haematoma"), finding(DOWN, disease="chronic subdural hematomas"), Disagreement.OPPOSITE),
    (finding(UP), finding(DOWN, disease="chronic subdural haematoma"), Disagreement.OPPOSITE),
]  # fmt: skip
AGREE = {
    "the same direction": (finding(UP), finding(UP)),
    "neither significant": (finding(UP, p=("P=0.40",)), finding(DOWN, p=("P=0.30",))),
    "both significant": (finding(DOWN, p=("P=0.01",)), finding(DOWN, p=("P=0.04",))),
    "intervals that meet": (finding(DOWN, **hazard("0.3", "0.2", "0.6")), finding(DOWN, **hazard("0.7", "0.6", "0.9"))),
    "intervals of other measures": (
        finding(DOWN, **hazard("0.3", "0.2", "0.5")), finding(DOWN, **hazard("0.8", "0.6", "0.9", "odds ratio")),
    ),
    "no direction": (finding(UP), finding(Direction.NOT_STATED, p=("P=0.4",))),
    "another outcome": (finding(UP), finding(DOWN, outcome="mortality")),
    "one outcome within another": (finding(UP), finding(DOWN, outcome="recurrence of pain")),
    "another intervention": (finding(UP), finding(DOWN, intervention="craniotomy")),
    "another comparator": (finding(UP), finding(DOWN, comparator="craniotomy")),
    "no outcome": (finding(UP, outcome=None), finding(DOWN, outcome=None)),
    "no comparator": (finding(UP, comparator=None), finding(DOWN, comparator=None)),
    "a combination": (finding(UP), finding(DOWN, intervention="drain plus dexamethasone")),
    "an animal and people": (finding(UP, species=Species.ANIMAL), finding(DOWN)),
    "two animals": (finding(UP, species=Species.ANIMAL), finding(DOWN, species=Species.ANIMAL)),
    "a result told of others": (finding(UP, kind=FindingKind.BACKGROUND), finding(DOWN)),
    "another disease": (finding(UP, disease="glioma"), finding(DOWN, disease="spinal stenosis")),
    "a subgroup": (finding(UP, text="It rose among patients aged 80 or more."), finding(DOWN)),
    "children and adults": (
        record(finding(UP), people="Forty children were included."), record(finding(DOWN), people="Forty adults were included."),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other", "expected"), DISAGREE)
def test_disagreements__one_question(one: StudyRecord | Finding, other: StudyRecord | Finding, expected: Disagreement) -> None:  # fmt: skip
    assert how(one, other) is expected
    assert how(other, one) is expected


@pytest.mark.parametrize(("one", "other"), AGREE.values(), ids=AGREE)
def test_disagreements__not_one_question_or_no_difference__are_none(one: StudyRecord | Finding, other: StudyRecord | Finding) -> None:  # fmt: skip
    assert how(one, other) is None
    assert how(other, one) is None


def test_disagreements__people_of_the_titles__are_those_of_the_studies() -> None:
    assert how(finding(UP), finding(DOWN), lind="A drain in children", mao="A drain in adults") is None
    assert how(finding(UP), finding(DOWN), lind="A drain in the elderly", mao="A drain in adults")


def test_disagreements__main_result__counts_for_its_study() -> None:
    study = record(finding(UP, text="Early it rose."), finding(DOWN, main=True, ordinal=1))
    assert how(study, finding(DOWN)) is None
    assert how(study, finding(UP)) is Disagreement.OPPOSITE


def test_disagreements__one_study__does_not_disagree_with_itself() -> None:
    assert disagreements([source("lind")], {"lind": record(finding(UP), finding(DOWN, ordinal=1))}) == []


@pytest.mark.parametrize("of_source", [{"retracted": True}, {"document": False}])
def test_disagreements__retracted_or_absent__is_not_compared(of_source: dict[str, Any]) -> None:
    records = {"lind": record(finding(UP)), "mao": record(finding(DOWN))}
    assert disagreements([source("lind"), source("mao", **of_source)], records) == []


def test_disagreements__other_dose_or_time__is_told() -> None:
    (pair,) = pairs(
        finding(UP, text="It rose at 20 mg.", time_point="at 6 months"),
        finding(DOWN, text="It fell at 40 mg.", time_point="after 1 year"),
    )
    assert pair.differing == ("doses (20 mg; 40 mg)", "time points (at 6 months; after 1 year)")
    (pair,) = pairs(finding(UP, text="It rose at 20 mg."), finding(DOWN))
    assert pair.differing == ()


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (finding(SAME, p=("P=0.01",)), False), (finding(UP, p=("P=0.049",)), True), (finding(UP, p=("P = 0·05",)), False),
        (finding(UP, p=("P<0.05",)), True), (finding(UP, p=("P>0.01",)), False), (finding(UP, p=("p<0.0001",)), True),
        (finding(UP, **hazard("1.2", "0.9", "1.5")), False), (finding(UP, **hazard("1.2", "1.1", "1.5")), True),
        (finding(UP, **hazard("2", "-1", "5", "mean difference")), False), (finding(UP), None),
        (finding(UP, text="It rose significantly."), True), (finding(UP, text="It rose, not significantly."), None),
    ],
)  # fmt: skip
def test_is_significant(result: Finding, expected: bool | None) -> None:
    assert is_significant(result) is expected


def gaps(*, cites: tuple[str, ...], levels: tuple[int, int] = (2, 2), **of_first: Any) -> list[Gap]:
    """The gap of Lind, who found more recurrence, and Mao, who found less; quotes ``l`` and ``m`` state it."""
    records = {"lind": record(finding(UP, text="It rose by 12.5%.", **of_first)), "mao": record(finding(DOWN, text="It fell by 8.1%."))}  # fmt: skip
    quotes = [
        quote("l", "lind", page=4, fits={"outcomes": 0.5}).model_copy(update={"end": 20}),
        quote("m", "mao", page=4, fits={"outcomes": 0.5}).model_copy(update={"end": 20}),
    ]
    inputs = gap_inputs(
        section("outcomes", cites=cites), quotes=quotes, budgets={"outcomes": 100},
        sources=[source(key, level=level, authors=[f"{key.title()}, A"]) for key, level in zip(records, levels, strict=True)],
    )  # fmt: skip
    return list(differing_studies(replace(inputs, records=records)))


def test_differing_studies__both_sides_cited__names_both_with_page_and_numbers() -> None:
    (gap,) = gaps(cites=("l", "m"))
    assert gap.description == (
        "Studies disagree on recurrence under drain against no treatment (opposite directions): Lind 2025, p. 4: "
        "“It rose by 12.5%.”; Mao 2025, p. 4: “It fell by 8.1%.”."
    )
    assert (gap.severity, gap.closed_by, gap.evidence) == (Severity.HIGH, Closer.PERSON, ())


def test_differing_studies__one_side_cited__asks_for_the_other() -> None:
    (gap,) = gaps(cites=("l",))
    assert gap.recommendation.startswith("Show both sides: Mao 2025 is not told.")
    assert (gap.evidence, gap.section) == (("m",), "outcomes")


def test_differing_studies__weaker_study_or_another_dose__is_medium() -> None:
    assert [gap.severity for gap in gaps(cites=("l",), levels=(3, 3))] == [Severity.HIGH]
    assert [gap.severity for gap in gaps(cites=("l",), levels=(3, 4))] == [Severity.MEDIUM]

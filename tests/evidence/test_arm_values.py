"""Numbers belong to the arm beside them, else to the arms in the order of the text; what is no value is left out."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.evidence import Direction
from chapter_pipeline.evidence.arm_values import compared_values
from chapter_pipeline.evidence.arms import Arms
from chapter_pipeline.evidence.mentions import mentions

ARMS = Arms(("dexa", "placebo"))
UP, DOWN, SAME = Direction.INCREASED, Direction.DECREASED, Direction.NO_DIFFERENCE


def _said(text: str, arms: Arms = ARMS) -> list[tuple[Direction, str | None, str | None]]:
    return [
        (one.direction, one.one.name if one.one else None, one.two.name if one.two else None)
        for one in compared_values(text, mentions(text, arms))
    ]


@pytest.mark.parametrize(
    ("text", "direction", "first"),
    [
        ("Sodium was 143 mmol/L in the dexa group and 137 mmol/L in the placebo group (difference 6, 95% CI 3 to 9).", UP, "dexa"),
        ("It was reached by 61 (58%) patients in the placebo group and 44 (62%) in the dexa group.", DOWN, "placebo"),
        ("Bradycardia arose in 14% of patients on dexa but in only 5% on placebo (P = 0.001).", UP, "dexa"),
        ("Diarrhoea was reported in 8.1% and 8.6% of the dexa and placebo groups, respectively.", DOWN, "dexa"),
        ("1 of the 41 patients in the dexa group (2 percent) and 9 of the 42 in the placebo group (21 percent).", DOWN, "dexa"),
        ("The request was delayed from 1.8 h with placebo to 7.2 h with dexa.", DOWN, "placebo"),
        ("Dexa patients scored 12, placebo patients 20.", DOWN, "Dexa"),
        ("Nine infections in the dexa group and two in the placebo group.", UP, "dexa"),
        ("Pain at 1 and 4 hours was 4.6±2.7 and 3.4±2.3 with dexa compared with 7.1±2.3 and 4.4±2.2 with placebo (P=0.01 and 0.02).", DOWN, "dexa"),
        ("With dexa it fell from 10 to 5, with placebo from 11 to 9.", DOWN, "dexa"),
    ],
)  # fmt: skip
def test_compared_values__two_arms__each_number_has_its_arm(text: str, direction: Direction, first: str) -> None:
    assert [(way, one) for way, one, _ in _said(text)] == [(direction, first)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Pain was lower with dexa (3.1 vs 4.2, P=0.01).", [(DOWN, "dexa", None)]),
        ("Pain was lower than with placebo (3.1 vs 4.2, P=0.01).", [(DOWN, None, "placebo")]),
        ("Pain was higher with placebo than with dexa (4.2 vs 3.1).", [(UP, "placebo", "dexa")]),
    ],
)
def test_compared_values__numbers_in_a_bracket__the_subject_is_first(
    text: str, said: list[tuple[Direction, str | None, str | None]]
) -> None:
    assert _said(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "Of 100 patients, 30 were allocated to dexa and 70 to placebo.",
        "FMD and nFMD were higher with dexa than with placebo (46.9%, P = 0.021 and 67.3%, P = 0.009).",
        "At 6 and 12 months dexa and placebo did not differ.",
        "Low doses (difference -1.0%) as well as high doses (difference -2.2%) of dexa and placebo.",
    ],
)
def test_compared_values__numbers_of_something_else__compare_nothing(text: str) -> None:
    assert _said(text) == []


def test_compared_values__three_arms__each_is_compared_with_the_control() -> None:
    arms = Arms(("5 mg", "10 mg", "placebo"))
    text = "HbA1c changed by -1.6%, -2.0% and -0.1% with 5 mg, 10 mg and placebo, respectively."
    assert _said(text, arms) == [(DOWN, "5 mg", "placebo"), (DOWN, "10 mg", "placebo")]


def test_compared_values__respectively_without_names__order_of_the_sentence_before() -> None:
    before = mentions("Relapse was rarer in placebo than in dexa patients.", ARMS)
    (said,) = compared_values("Infection occurred in 8% and 12%, respectively.", (), before)
    assert (said.direction, said.one and said.one.name, said.two and said.two.name) == (DOWN, "placebo", "dexa")

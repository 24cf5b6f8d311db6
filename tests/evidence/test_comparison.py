"""What a result says of its arms: each outcome its own direction, none where the sentence states none."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.evidence import Direction
from chapter_pipeline.evidence.arms import Arms
from chapter_pipeline.evidence.comparison import comparisons

ARMS = Arms(("dexamethasone", "placebo"))
UP, DOWN, SAME, UNKNOWN = (
    Direction.INCREASED, Direction.DECREASED, Direction.NO_DIFFERENCE, Direction.NOT_STATED,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Recurrence was not reduced by dexamethasone (P=0.40).", [(SAME, "Recurrence")]),
        (
            "Dexamethasone did not reduce recurrence but increased infections (P=0.01).",
            [(SAME, "recurrence"), (UP, "infections")],
        ),
        (
            "Pain fell with dexamethasone (P=0.01), but function did not differ between groups (P=0.6).",
            [(DOWN, "Pain"), (SAME, "function")],
        ),
        (
            "Recurrence was less common with dexamethasone (5% vs 12%, P=0.04) but infection more common (9% vs 2%, P=0.03).",
            [(DOWN, "Recurrence"), (UP, "infection")],
        ),
        (
            "Infections were more frequent with dexamethasone, which did not change mortality.",
            [(UP, "Infections"), (SAME, "mortality")],
        ),
        (
            "There were fewer recurrences in the dexamethasone group than in the placebo group, but not significantly so (P=0.11).",
            [(SAME, "recurrences")],
        ),
        ("Recurrence was no less frequent with dexamethasone than with placebo.", [(SAME, "Recurrence")]),
        ("Compared with placebo, dexamethasone improved pain (P=0.02).", [(DOWN, "pain")]),
        ("Compared with placebo, dexamethasone improved survival (P=0.02).", [(UP, "survival")]),
        ("The reduction in pain was greater with dexamethasone than with placebo (P<0.01).", [(DOWN, "pain")]),
        ("Recurrence was lower with dexamethasone (P = 1.2×10⁻⁵).", [(DOWN, "Recurrence")]),
        ("Recurrence was lower with dexamethasone (P = 0,27).", [(SAME, "Recurrence")]),
    ],
)
def test_comparisons__outcomes__have_their_own_directions(text: str, said: list[tuple[Direction, str]]) -> None:
    assert [(one.direction, one.outcome) for one in comparisons(text, ARMS)] == said


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("The screw was placed superior to the facet joint in all levels.", UNKNOWN),
        ("The incision was made inferior to the iliac crest.", UNKNOWN),
        ("Dexamethasone was superior to the placebo for headache.", UP),
        ("Dexamethasone was superior to placebo in relief.", UP),
        ("Of 100 patients, 30% received dexamethasone and 70% received placebo.", UNKNOWN),
        ("Patients were 62% men and 38% women and older than 60 years.", UNKNOWN),
        ("Two patients of the dexamethasone group were not operated on.", UNKNOWN),
        ("Dexamethasone decreased pain more than placebo (P<0.001).", DOWN),
        ("Dexamethasone reduced pain less than placebo (P<0.001).", UP),
        ("Recurrence was 12% vs. 24%.", DOWN),
        ("Median survival was 14.6 vs. 12.1 months (P = .03).", UP),
        ("Median survival was 14.6 vs 12.1 months (P = .30).", SAME),
    ],
)
def test_comparisons__direction__is_stated_or_left_out(text: str, direction: Direction) -> None:
    assert comparisons(text, ARMS)[0].direction is direction


@pytest.mark.parametrize(
    "text",
    [
        "Placebo patients had more recurrences than dexamethasone patients (P=0.02).",
        "The placebo group had more recurrences than the dexamethasone group.",
        "Recurrence was 20% in the placebo group and 12% in the dexamethasone group (P=0.03).",
        "Recurrence was 12% with dexamethasone and 20% with placebo (P=0.03).",
        "Without dexamethasone, recurrence was higher (P=0.02).",
    ],
)
def test_comparisons__control_is_the_subject__direction_is_that_of_the_intervention(text: str) -> None:
    said = comparisons(text, ARMS)[0]
    assert (said.direction, (said.intervention or "").lower()) == (DOWN, "dexamethasone")


@pytest.mark.parametrize(
    "text",
    [
        "Survival was significantly longer in patients with smaller tumours (P=0.01).",
        "A larger haematoma was associated with higher recurrence (P=0.001).",
        "Pain improved in both groups over the study.",
    ],
)
def test_comparisons__others_than_the_arms__no_arm_is_named(text: str) -> None:
    said = comparisons(text, ARMS)[0]
    assert (said.intervention, said.comparator) == (None, None)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Recurrence was lower with dexamethasone at 12 months (P=0.01).", "at 12 months"),
        ("Median survival was 12.1 months with placebo and 14.6 months with dexamethasone (P=0.03).", None),
        ("Mortality was lower in patients over 60 years of age (P=0.03).", None),
    ],
)
def test_comparisons__time_point__is_no_value_and_no_age(text: str, time: str | None) -> None:
    assert comparisons(text, ARMS)[0].time_point == time

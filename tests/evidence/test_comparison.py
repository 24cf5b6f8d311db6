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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Dexamethasone led to less pain (P=0.01), fever (P=0.20) and nausea (P=0.03).",
            [(DOWN, "pain"), (SAME, "fever"), (DOWN, "nausea")],
        ),
        (
            "Diarrhoea was reported in 10.1% and 8.6% (P=0.21), and pneumonia in 1.6% and 0.7% (P=0.04), of the dexamethasone and placebo groups, respectively.",
            [(SAME, "Diarrhoea"), (UP, "pneumonia")],
        ),
        (
            "Dexamethasone improved quality of life, pain and fatigue (P=0.01).",
            [(UP, "quality of life"), (DOWN, "pain"), (DOWN, "fatigue")],
        ),
    ],
)
def test_comparisons__list_of_outcomes__each_has_its_own_direction(
    text: str, said: list[tuple[Direction, str | None]]
) -> None:
    assert [(one.direction, one.outcome) for one in comparisons(text, ARMS)] == said


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        # the numbers of the arms decide, whatever arm is named first
        ("Haemoglobin was 117 g/L with placebo and 123 g/L with dexamethasone (P=0.01).", UP),
        ("Morbidity was lowered from 9.2% under placebo to 4.8% under dexamethasone (P=0.001).", DOWN),
        # numbers of a change go the way of the change
        ("The increase in sodium was 8.0 mmol/L with dexamethasone and 4.1 mmol/L with placebo (P=0.01).", UP),
        ("Pain fell by 1.1 points with placebo and by 3.2 points with dexamethasone (P=0.01).", DOWN),
        ("Pain declined to 41 with placebo and to 30 with dexamethasone (P=0.01).", DOWN),
        # an interval that holds the null value is no difference, one that leaves it out has a way
        ("Fractures were fewer with dexamethasone (relative hazard, 0.86; 95% CI, 0.73-1.01).", SAME),
        ("The hazard ratio for recurrence was 0.75 (95% CI 0.62-0.91).", DOWN),
        ("The mean difference in weight was 2.9 kg (95% CI, 0.8 to 5.0).", UP),
        # what is not significant is said behind
        (
            "Recurrence was higher with dexamethasone, but the comparisons did not show any significant difference.",
            SAME,
        ),
        ("Weight was lower with dexamethasone, but no significant differences were observed (P=0.3).", SAME),
        ("Weight fell with dexamethasone (50 kg) and rose with placebo (58 kg) (t=1.4, P=0.16).", SAME),
        ("Success was 92% in each group.", SAME),
        # words that look like a result
        ("Failure to close the wound was rarer with dexamethasone (P=0.02).", DOWN),
        ("Patients who did not receive a drain had less pain with dexamethasone (P=0.02).", DOWN),
        ("Pain in the lower back was worse with dexamethasone (P=0.02).", UP),
        ("A larger share with a 50% reduction of the score was found with dexamethasone (P=0.02).", UP),
        ("Dexamethasone was associated with a 30% reduction in mortality (P=0.02).", DOWN),
        # times
        ("Discharge was earlier with dexamethasone (P=0.02).", DOWN),
        ("Time to relapse was delayed by dexamethasone (P=0.02).", UP),
        ("Relapse came later with dexamethasone (median 11 v 7 months, P=0.02).", UP),
        # a change that is smaller, slower or less
        ("The decline in FEV1 was slower with dexamethasone (-20 vs -45 mL/year, P=0.01).", UP),
        ("Quality of life deteriorated less with dexamethasone (P=0.02).", UP),
        ("Loss of muscle mass was smaller with dexamethasone (P=0.01).", DOWN),
        ("Delirium was no rarer with dexamethasone (18% v 19%).", SAME),
        ("Failure occurred in 12 of 100 assigned to dexamethasone and 25 of 100 assigned to placebo (P=0.02).", DOWN),
    ],
)
def test_comparisons__structure_of_the_clause__has_a_direction(text: str, direction: Direction) -> None:
    assert comparisons(text, ARMS)[0].direction is direction


def test_comparisons__value_of_the_same_people_before__is_the_comparator() -> None:
    said = comparisons("With dexamethasone pain was lower at 12 months than at baseline (P<0.001).", ARMS)[0]
    assert (said.direction, said.intervention, said.comparator) == (DOWN, "dexamethasone", "baseline")


def test_comparisons__respectively_without_arms__has_those_of_the_sentence_before() -> None:
    before = ["Recurrence did not differ between placebo and dexamethasone."]
    said = comparisons("Infection occurred in 7% and 17%, respectively (P=0.02).", ARMS, before)[0]
    assert (said.direction, said.intervention, said.comparator) == (UP, "dexamethasone", "placebo")


def test_comparisons__two_treatments__the_subject_is_told_first() -> None:
    arms = Arms(("endoscopic surgery", "microscopic surgery"))
    said = comparisons("Microscopic operations were shorter (120 vs 167 minutes, P < 0.001).", arms)[0]
    assert (said.direction, said.intervention, said.comparator) == (DOWN, "Microscopic", "endoscopic surgery")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("The diet increased plasma tocopherol (P=0.006).", "plasma tocopherol"),
        ("The primary outcome, pain at rest, was lower with dexamethasone (P=0.01).", "pain at rest"),
    ],
)
def test_comparisons__outcome__is_the_object_or_the_apposition(text: str, outcome: str) -> None:
    assert comparisons(text, ARMS)[0].outcome == outcome

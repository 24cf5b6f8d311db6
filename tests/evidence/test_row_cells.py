"""The cells of an evidence table's row: word for word of the sentence, and of this result alone; else nothing."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.evidence import Finding, FindingKind, Span, Species
from chapter_pipeline.domain.question_tables import ResultCells
from chapter_pipeline.evidence.row_cells import RowCells, row_cells


def cells(
    text: str, outcome: str = "recurrence", intervention: str | None = "drain", comparator: str | None = "placebo"
) -> RowCells:
    return row_cells(
        Finding(
            ordinal=0, kind=FindingKind.OWN_RESULT, species=Species.HUMAN, outcome=outcome, intervention=intervention,
            comparator=comparator, spans=(Span(text=text, page=1),),
        )
    )  # fmt: skip


def test_row_cells__result_of_two_arms__has_comparison_values_and_p() -> None:
    text = "The rate of recurrence was lower with the drain than with placebo (9.3% vs 24.0%, P=0.003)."
    assert cells(text) == RowCells(
        comparison="drain vs placebo", outcome="recurrence", effect="9.3% vs 24.0%", p="P=0.003"
    )


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("Recurrence fell (HR 0.68, 95% CI 0.49–0.95; P=0.02).", "HR 0.68, 95% CI 0.49–0.95"),
        ("Recurrence was higher (RR = 2.17 (95% CI = 0.88, 5.33)).", "RR = 2.17 (95% CI = 0.88, 5.33)"),
        ("Recurrence was 30.8% in the drain arm and 42.1% in the control arm (RR 1.37; CI: 0.68–2.76).",
         "30.8% in the drain arm and 42.1% in the control arm; RR 1.37; CI: 0.68–2.76"),
        ("Recurrence was 21.5% (17–29) in HIP and 21.5% (17–27) in IV sucrose; p = 0.82.",
         "21.5% (17–29) in HIP and 21.5% (17–27) in IV sucrose"),
        ("Recurrence differed with a drain and with placebo (2.12 [SE 0.21] kg vs. −0.36 [SE 0.29] kg; p < .001).",
         "2.12 [SE 0.21] kg vs. −0.36 [SE 0.29] kg"),
        ("The mean difference in recurrence was 1.92 points (95% CI –0.86 to 4.70, P=.17).",
         "1.92 points (95% CI –0.86 to 4.70)"),
        ("Recurrence was lower with a drain than with placebo (3 ± 0 vs. 5.0 ± 2.8 ml/kg/h, p < 0.001).", "3 ± 0 vs. 5.0 ± 2.8 ml/kg/h"),
        ("Recurrence in one arm was 162.8 (95% CI 137.4-188.3).", None),  # of one arm alone
        ("Recurrence did not differ (drain: 9/23, 39% vs. saline: 6/16, 38%, p = 0.92).", "drain: 9/23, 39% vs. saline: 6/16, 38%"),
        ("Recurrence was lower (drain 9.5%; placebo 17.9%; p = 0.0147).", "drain 9.5%; placebo 17.9%"),
        ("Recurrence was alike (Exercise group=5.8±5.3 vs Control group= -0.6±2.8, p= 0.09).", "Exercise group=5.8±5.3 vs Control group= -0.6±2.8"),
        ("Recurrence was alike (a: 3.3 ± 2.6, b: 3.6 ± 2.4, c: 4.4 ± 2.4).", None),
        ("Recurrence was alike (Table 3, Fig 4).", None),
        ("Recurrence was less (t = 0.4, df = 57, p = 0.6).", None),
        ("Recurrence was lower in the drain group (9% vs 24%).", None),  # of which side is the first
        ("Recurrence was higher with a drain than with placebo (9% vs 24%).", None),  # against the words
        ("Recurrence was higher with a drain than with placebo (RR 0.82, 95% CI 0.5-0.9).", None),
        ("The reduction of recurrence was greater with a drain than with placebo (9% vs 24%).", "9% vs 24%"),
        ("Recurrence differed: 3.3%, 3.6% and 4.4% in three arms.", None),
        ("Recurrence was rated 3 at 2 weeks and 4 at 6 weeks.", None),
        ("Recurrence fell by half.", None),
    ],
)  # fmt: skip
def test_row_cells__effect__is_as_the_sentence_prints_it(text: str, effect: str | None) -> None:
    assert cells(text).effect == effect
    assert ResultCells(effect=effect).not_said_by(text) == []


@pytest.mark.parametrize(
    ("text", "outcome", "p"),
    [
        ("It improved falls (p = 0.031), postural sway (p = 0.046) and mood (p = 0.041).", "postural sway", "p = 0.046"),
        ("TSAT was alike {21% in A and 22% in B; p = 0.82}, whereas serum ferritin was higher {85 in A and 244 in B; p = 0.004}.", "serum ferritin", "p = 0.004"),
        ("Recurrence was lower with a drain, but no significant differences were observed (8%, P > 0.05).", "recurrence", "P > 0.05"),
        ("Recurrence was lower with a drain, but no differences in pain were observed (P > 0.05).", "recurrence", None),
        ("Recurrence was lower, whereas survival was longer with a drain (P > 0.05).", "recurrence", None),
        ("Pain fell (P = .04).", "recurrence", None),
        ("BMI differed in both groups (P = 0.012 and P = 0.054, respectively).", "BMI", None),
        ("No differences were seen for infections, including sepsis (RR 0.98, 95% CI 0.82–1.17, p = 0.798).", "infections", None),
        ("Blood loss was lower, with shorter operations (0.3 h versus 4.2 h; p < 0.0001).", "Blood loss", None),
        ("Recurrence fell under 100 mg (p < 0.05) and 300 mg (p < 0.001).", "recurrence", None),
        ("Recurrence was alike before the treatment (p = 0.1) but fell later (p = 0.01).", "recurrence", None),
    ],
)  # fmt: skip
def test_row_cells__p__is_that_of_the_outcome_or_nothing(text: str, outcome: str, p: str | None) -> None:
    assert cells(text, outcome).p == p


@pytest.mark.parametrize(
    ("text", "comparison"),
    [
        ("Recurrence was lower with a drain than with placebo.", "drain vs placebo"),
        ("Recurrence was lower with placebo than with a drain.", "placebo vs drain"),
        ("Compared with placebo, a drain lowered recurrence.", "drain vs placebo"),
        ("Differences in recurrence relative to the placebo were large for the drain.", "drain vs placebo"),
        ("Recurrence was lower with Drain 5 mg than with placebo.", "Drain 5 mg vs placebo"),
        ("Recurrence was alike under low dose drain and fell under high dose drain compared with placebo.", None),
        ("Recurrence was lower than with placebo.", None),
        ("Recurrence was lower with a drain than at baseline, and so with placebo from baseline.", None),
        ("Surgery was superior to both drain (P = 0.015) and placebo.", None),
        ("Recurrence was lower with drain plus steroids than with placebo.", None),
        ("A drain was left in place.", None),
    ],
)
def test_row_cells__comparison__names_both_sides_where_the_sentence_does(text: str, comparison: str | None) -> None:
    assert cells(text).comparison == comparison


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("Recurrence was lower (n = 45).", "45"), ("Of 86 patients, 4 had a recurrence.", "86"),
        ("Recurrence was seen in 4 patients.", None), ("It was lower (n = 45) than there (n = 44).", None),
        ("Recurrence was seen (n = 20 boutons in each case).", None),
    ],
)  # fmt: skip
def test_row_cells__n__is_a_number_of_people_or_nothing(text: str, n: str | None) -> None:
    assert cells(text).n == n


@pytest.mark.parametrize(
    ("printed", "outcome"),
    [
        ("a significantly higher recurrence", "recurrence"), ("Recurrence of approximately", "Recurrence"),
        ("recurrence with drain at one year", "recurrence"), ("drain", None),
        ("patients reported recurrence", None), ("mortality", None),
    ],
)  # fmt: skip
def test_row_cells__outcome__is_a_name_that_the_sentence_prints(printed: str, outcome: str | None) -> None:
    text = "A significantly higher recurrence was seen. Recurrence with drain patients reported recurrence."
    assert (cells(text, printed).outcome or "").casefold() == (outcome or "").casefold()


def test_row_cells__table_row__has_none() -> None:
    assert cells("Recurrence | 9.3% | 24.0% | P=0.003").printed == 0

"""Whether a difference is significant: p values first, else intervals against the null value of their measure."""

from __future__ import annotations

import pytest

from chapter_pipeline.evidence.significance import intervals, is_significant


@pytest.mark.parametrize(
    ("text", "significant"),
    [
        ("Recurrence differed (P=0.01).", True),
        ("Recurrence differed (P=0.049).", True),
        ("Recurrence differed (P=0.05).", False),
        ("Recurrence differed (P≤0.05).", True),
        ("Recurrence differed (P<0.05).", True),
        ("Recurrence differed (P>0.05).", False),
        ("Pain (P=0.01) and function (P=0.3).", None),
        ("Recurrence was 12% vs 20%.", None),
        ("(OR 1.91, 95% CI 1.11 to 3.29)", True),
        ("(HR 0.91, 95% CI 0.66-1.26)", False),
        ("(hazard ratio 0.80, 0.56 to 1.14)", False),
        ("(relative risk 1.22, 1.10 to 1.35)", True),
        ("(risk ratio [RR]=0·58, 95% CI 0·41-0·82)", True),
        ("(mean difference 6.1 g/L, 95% CI 3.2 to 9.0)", True),
        ("(difference, -5.2; 95% CI, -8.1 to 2.3)", False),
        ("reduced by 21% (95% CI: 0 to 38%)", False),
        ("(HR 0.91, 95% CI 0.66-1.26; P=0.01)", True),
        ("lower or higher, 0.5 (0.3 to 0.8)", None),
    ],
)
def test_is_significant__p_before_interval__null_of_the_measure(text: str, significant: bool | None) -> None:
    assert is_significant(text) is significant


def test_intervals__value_outside__is_not_taken_as_the_estimate() -> None:
    (found,) = intervals("The mean difference at week 12 was large (95% CI, 3.2 to 9.0)")
    assert (found.value, found.low, found.high, found.null) == (None, 3.2, 9.0, 0.0)


@pytest.mark.parametrize(
    "text", ["Pain was 3.1 (2.0 to 4.2) with drug A.", "Age was 61 (54-70) years.", "no number at all"]
)
def test_intervals__value_of_one_arm__is_no_comparison(text: str) -> None:
    assert intervals(text) == ()

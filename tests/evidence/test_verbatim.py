"""Names and numbers stand in a text or do not: forms of print make no difference, another digit, sign or word does."""

from __future__ import annotations

import pytest

from chapter_pipeline.evidence.verbatim import (
    crossed,
    integer_stands,
    measure_stands,
    name_stands,
    numbers_stand,
    p_stands,
    unit_stands,
)

TEXT = (
    "Median overall\nsurvival was 13.9 months with carmustine wafers and 11.6 months with placebo (HR 0·68, 95% CI"
    " 0.49–0.95; P=.03), a change of −1.3 points in 1,234 patients with anti–PD-1 therapy."
)


@pytest.mark.parametrize(
    ("name", "stands"),
    [
        ("median overall survival", True),
        ("Carmustine  Wafers", True),
        ("carmustine wafer", True),
        ("anti-PD-1", True),
        ("anti-PD1", True),
        ("overall-survival", True),
        ("HR", True),
        ("0.68", True),
        ("afer", False),
        ("wafers with carmustine", False),
        ("survival was 13.9 months in all", False),
        ("vival", False),
        ("", False),
        ("—", False),
        ("with", False),
        ("and a", False),
    ],
)
def test_name__by_its_words__stands_or_does_not(name: str, stands: bool) -> None:
    assert name_stands(name, "", TEXT) is stands


@pytest.mark.parametrize(
    ("value", "stands"),
    [
        ("13.9", True),
        ("13.9 vs 11.6", True),
        ("13.9 ± 11.6", True),
        ("0.68", True),
        ("0·68", True),
        (".68", True),
        ("-1.3", True),
        ("−1.3", True),
        ("1.3", False),
        ("-0.95", False),
        ("1,234", True),
        ("1234", True),
        ("13", False),
        ("3.9", False),
        ("9", False),
        ("1", False),
        ("13.9 vs 11.7", False),
        ("13.9 mice", False),
        ("13.9 months", True),
        ("survival", True),
        ("doubled", False),
        ("", False),
    ],
)
def test_numbers__of_a_value__stand_digit_for_digit_with_their_sign(value: str, stands: bool) -> None:
    assert numbers_stand(value, TEXT) is stands


@pytest.mark.parametrize(
    ("p", "text", "in_table", "stands"),
    [
        ("P=0.03", TEXT, False, True),
        ("p = .03", TEXT, False, True),
        ("0.03", TEXT, False, True),
        ("P<0.03", TEXT, False, False),
        ("P=0.3", TEXT, False, False),
        ("P=0.68", TEXT, False, False),
        ("P=0.49", TEXT, False, False),
        ("P=13.9", TEXT, False, False),
        ("P<0.001", "It fell (P < 0.001).", False, True),
        ("P≤0.05", "It fell (p ⩽ 0.05).", False, True),
        ("P=0.04", "It fell with p values of 0.03 and 0.04.", False, True),
        ("P=0.04", "Survival | 13.9 | 11.6 | 0.04", True, True),
        ("P<0.04", "Survival | 13.9 | 11.6 | 0.04", True, False),
        ("P=0.04", "Survival 13.9 11.6 0.04", False, False),
        ("NS", "Survival | 13.9 | 11.6 | NS", True, True),
        ("NS", "It fell in insulin users.", False, False),
        ("P=", TEXT, False, False),
    ],
)
def test_p__with_its_sign__stands_where_the_text_calls_it_one(p: str, text: str, in_table: bool, stands: bool) -> None:
    assert p_stands(p, text, in_table=in_table) is stands


@pytest.mark.parametrize(
    ("unit", "value", "text", "stands"),
    [
        ("months", "13.9 vs 11.6", TEXT, True),
        ("month", "13.9", "It lasted 13.9 months.", True),
        ("days", "13.9", f"{TEXT} They stayed for 4 days.", False),
        ("%", "95", TEXT, True),
        ("%", "40", "Of them 40 percent died and 30% left.", True),
        ("mmHg", "12", "It fell by 12 mm Hg.", True),
        ("kg", "12", "It fell by 12 mm Hg.", False),
        ("mL per year", "0.338", "It grew (0.338 mL per year).", True),
        ("months", "13.9", "Survival (months) | 13.9", True),
    ],
)
def test_unit__of_a_number__is_printed_and_no_other_one_behind_it(
    unit: str, value: str, text: str, stands: bool
) -> None:
    assert unit_stands(unit, value, text) is stands


def test_integer__in_digits__is_no_part_of_a_name_or_a_longer_number() -> None:
    assert integer_stands(1234, TEXT)
    assert not integer_stands(1, TEXT)
    assert not integer_stands(234, TEXT)


@pytest.mark.parametrize(
    ("measure", "text", "stands"),
    [
        ("OR", "It was lower or higher.", False),
        ("OR", "It was higher (OR 1.3).", True),
        ("HR", "HRs were 0.5 and 0.6.", True),
        ("odds ratio", "The Odds Ratio was 1.3.", True),
        ("β", "The slope was β = 0.3.", True),
        ("RR", "ARR was 3%.", False),
    ],
)
def test_measure__abbreviation__counts_with_its_capitals(measure: str, text: str, stands: bool) -> None:
    assert measure_stands(measure, text) is stands


@pytest.mark.parametrize(
    ("numbers", "names", "text", "other_way"),
    [
        (("13.9", "11.6"), ("wafers", "placebo"), "It was 13.9 months with wafers and 11.6 months with placebo.", False),
        (("11.6", "13.9"), ("wafers", "placebo"), "It was 13.9 months with wafers and 11.6 months with placebo.", True),
        (("13.9", "11.6"), ("placebo", "wafers"), "It was 13.9 months with wafers and 11.6 months with placebo.", True),
        (("9.3", "24.0"), ("drain", "control"), "It was lower in the drain than in the control group (9.3% vs 24.0%).", False),
        (("24.0", "9.3"), ("drain", "control"), "It was lower in the drain than in the control group (9.3% vs 24.0%).", True),
        (("4.1", "1.3"), ("anaemic patients", "non-anaemic patients"), "It was 4.1% in anaemic patients and 1.3% in non-anaemic patients.", False),
        (("1.3", "4.1"), ("anaemic patients", "non-anaemic patients"), "It was 4.1% in anaemic patients and 1.3% in non-anaemic patients.", True),
        (("11.6", "13.9"), ("wafers", "placebo"), "Wafers against placebo: placebo 11.6, wafers 13.9.", False),
        (("13.9", "13.9"), ("wafers", "placebo"), "It was 13.9 with wafers and 13.9 with placebo.", False),
        (("-1.3", "2.1"), ("wafers", "placebo"), "It changed by −1.3 with wafers and 2.1 with placebo.", False),
        (("2.1", "-1.3"), ("wafers", "placebo"), "It changed by −1.3 with wafers and 2.1 with placebo.", True),
        (("11.6", "13.9"), ("drug", "placebo"), "It was 13.9 months with wafers and 11.6 months with placebo.", False),
    ],
)  # fmt: skip
def test_crossed__numbers_of_two_names__are_told_where_each_stands_once(
    numbers: tuple[str, str], names: tuple[str, str], text: str, other_way: bool
) -> None:
    assert crossed(*numbers, *names, text) is other_way

"""Words of a source may lose its citation markers on the way into a chapter, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapter_pipeline.domain.wording import (
    abbreviation_definitions,
    display_text,
    mentions,
    shingles,
    uses_numbered_parentheses,
)


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        ("Recurrence fell to 9.3% with a drain [12].", "Recurrence fell to 9.3% with a drain."),
        ("Recurrence fell to 9.3% with a drain [12, 14–16].", "Recurrence fell to 9.3% with a drain."),
        ("Mortality was 4%.¹²,¹³", "Mortality was 4%."),
        (
            "Blood loss of 50 to 4300 ml[⁴⁸] is seen in other fields,[⁴,] too.",
            "Blood loss of 50 to 4300 ml is seen in other fields, too.",
        ),
        ("Membranes¹² are vascular.", "Membranes are vascular."),
        ("A count of 10⁹ cells per cm² was seen.", "A count of 10⁹ cells per cm² was seen."),
        ("The rate was 3 s⁻¹ in vitro.", "The rate was 3 s⁻¹ in vitro."),
        ("Statins help (Jiang et al., 2018) in some.", "Statins help in some."),
        ("Statins help (Jiang et al., 2018; Wang and Li, 2014).", "Statins help."),
        ("Survival rose (n = 12) in mice (95% CI 1.2–3.4).", "Survival rose (n = 12) in mice (95% CI 1.2–3.4)."),
        ("It was given for 14 (7) days.", "It was given for 14 (7) days."),
    ],
)
def test_display_text__citation_markers__go_and_numbers_stay(quote: str, shown: str) -> None:
    assert display_text(quote) == shown


def test_display_text__source_cites_in_numbered_parentheses__they_go() -> None:
    assert display_text("Drains help (12, 13).", numbered_parentheses=True) == "Drains help."


def test_uses_numbered_parentheses__counts_of_patients__are_not_citations() -> None:
    assert uses_numbered_parentheses(["Drains help (12). It is known (3)."] * 8)
    assert not uses_numbered_parentheses(["Drains help [12]. Seen in men (12) and women (13) here."] * 20)


@given(st.text(alphabet="abc 0123456789.%<>≥≤=µgm-+/", max_size=80))
def test_display_text__text_without_markers__keeps_every_character_but_spaces(text: str) -> None:
    assert re.sub(r"\s", "", display_text(text)) == re.sub(r"\s", "", text)


def test_abbreviation_definitions__long_form_before_the_bracket__is_found() -> None:
    found = abbreviation_definitions(
        "Chronic subdural haematoma (CSDH) is treated by middle meningeal artery (MMA) embolisation. "
        "In glioblastoma multiforme (GBM), patients (see Table) do poorly."
    )
    assert found == {
        "CSDH": "Chronic subdural haematoma",
        "MMA": "middle meningeal artery",
        "GBM": "glioblastoma multiforme",
    }


def test_abbreviation_definitions__letters_do_not_match__nothing_is_invented() -> None:
    assert abbreviation_definitions("The patients were seen in London (UCLH).") == {}


@pytest.mark.parametrize(
    ("text", "term", "expected"),
    [
        ("MRI was done", "MRI", True),
        ("The contract", "CT", False),
        ("Treated with 8 mg twice", "mg", True),
        ("Recurrences were rare", "recurrence", True),
        ("Nonrecurrence", "recurrence", False),
    ],
)
def test_mentions__term__starts_a_word(text: str, term: str, expected: bool) -> None:
    assert mentions(text, term) is expected


def test_shingles__short_text__has_none() -> None:
    assert shingles("four words are here") == set()
    assert shingles("now five words are here") == {("now", "five", "words", "are", "here")}

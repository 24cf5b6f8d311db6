"""A sentence may not say what its quotes do not: no number, unit, comparator or negation drifts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapter_pipeline.quality.grounding import numbers, support_problems

QUOTE = "Recurrence was 9.3% with a drain and 24% without one; dexamethasone 8 mg did not improve outcome."


def test_support__sentence_is_its_quote__has_no_problem() -> None:
    assert support_problems(QUOTE, [QUOTE]) == []


@pytest.mark.parametrize(
    "changed",
    [
        QUOTE.replace("9.3%", "9.8%"),
        QUOTE.replace("8 mg", "8 g"),
        QUOTE.replace("24%", ">24%"),
        QUOTE.replace("did not improve", "did improve"),
        QUOTE.replace("with a drain", "with no drain"),
        QUOTE.replace("24%", "24 patients"),
        "Laser surgery of the spine is safe in athletes with scoliosis.",
    ],
)
def test_support__meaning_drifts__is_a_problem(changed: str) -> None:
    assert support_problems(changed, [QUOTE])


def test_support__no_quote__is_a_problem() -> None:
    assert support_problems(QUOTE, []) == ["has no quote"]


def test_numbers__comparator_and_unit__belong_to_the_number() -> None:
    assert numbers("≥ 5 mg, less than 3 weeks, P<0.05, 1,200 and 40 Gy") == {
        "≥5mg",
        "<3week",
        "<.05",
        "1,200",
        "40Gy",
    }


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_support__any_other_number__is_caught(number: int, other: int) -> None:
    quote = f"Recurrence of chronic subdural haematoma was seen in {number} patients."
    changed = quote.replace(str(number), str(other))
    assert bool(support_problems(changed, [quote])) is (number != other)

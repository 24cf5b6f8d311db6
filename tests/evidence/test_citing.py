"""The works a statement cites are those its markers name; exponents, shares and spreads name none."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.document import CitedWork
from chapter_pipeline.evidence.citing import MOST, cited_in

NAMES = ("Okafor", "Weir", "Haldane")
WORKS = tuple(
    CitedWork(
        number=number, text=f"{NAMES[number % 3]} A. Drains {number}. {1990 + number}", page=9, year=1990 + number
    )
    for number in range(1, 31)
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Drains help [2, 4–6].", [2, 4, 5, 6]),
        ("Drains help.³⁻⁵", [3, 4, 5]),
        ("Drains help in adults (7).", [7]),
        ("Drains help (Okafor, 1999).", [9]),
        ("The dose is 75 mg/m² in 10⁹ cells with Ca²⁺.", []),
        ("The incidence is 12 (8-15) per 100,000.", []),
        ("The median stay is 4 [3-6] days.", []),
        ("Drains help [31].", []),
        ("Drains help [6-4].", []),
    ],
)
def test_cited_in__markers__name_their_works(text: str, numbers: list[int]) -> None:
    assert [one.number for one in cited_in(text, WORKS)] == numbers


def test_cited_in__no_list__is_none() -> None:
    assert cited_in("Drains help [2].", ()) == ()


def test_cited_in__many_works__are_cut() -> None:
    assert len(cited_in("Drains help [1-20].", WORKS)) == MOST

"""What an operator reads: links that lead to a work and nowhere else, and words where a table would be empty."""

from __future__ import annotations

import pytest

from assets.metadata import linked_work, or_none


@pytest.mark.parametrize(
    ("title", "year", "doi", "expected"),
    [
        ("Burr holes", 2021, "10.5555/s.1", "[Burr holes](https://doi.org/10.5555/s.1) (2021)"),
        ("Burr holes", None, None, "Burr holes (no year)"),
        ("", 2021, None, "untitled (2021)"),
        ("A [trap](x)", 2021, "10.1/a) [b](http://x", r"[A \[trap\](x)](https://doi.org/10.1/a%29%20%5Bb%5D%28http%3A//x) (2021)"),
    ],
    ids=["doi", "neither", "no title", "hostile"],
)  # fmt: skip
def test_linked_work__what_a_source_says_of_itself__is_data(
    title: str, year: int | None, doi: str | None, expected: str
) -> None:
    assert linked_work(title, year, doi) == expected


def test_or_none__no_row__is_a_word_and_no_empty_table() -> None:
    assert or_none(["Title"], []).value == "none"
    assert "| Burr holes |" in str(or_none(["Title"], [["Burr holes"]]).value)

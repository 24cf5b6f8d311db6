"""How printed cells are judged against annotated ones: what counts as right, and that every annotated line is one."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.evidence_rows import CELLS, compare, is_right, lines
from chapter_pipeline.evidence.row_cells import RowCells


@pytest.mark.parametrize(
    ("cell", "value", "allowed", "right"),
    [
        ("effect", "RR 1.37; CI: 0.68–2.76", "adjusted RR 1.37, CI 0.68–2.76", True),
        ("effect", "RR 1.37", "RR 1.37; CI 0.68–2.76", False),
        ("effect", "OR 1.37", "RR 1.37", False),
        ("comparison", "placebo vs olanzapine", "olanzapine vs placebo", True),
        ("comparison", "olanzapine vs usual care", "olanzapine vs placebo", False),
        ("outcome", "Mean operation time", "operation time", True),
        ("p", "p=0.13", "P = 0.13 // p < 0.2", True),
        ("p", "p=0.13", "", False),
        ("n", None, "", False),
    ],
)
def test_is_right__cell__says_what_the_line_allows(cell: str, value: str | None, allowed: str, right: bool) -> None:
    assert is_right(cell, value, allowed) is right


def test_compare__row__is_judged_by_the_line_that_fits_best() -> None:
    counted: Counter[str] = Counter()
    empty = dict.fromkeys(CELLS, "")
    known = [{**empty, "outcome": "pain", "p": "p = 0.1"}, {**empty, "outcome": "sleep", "p": "p = 0.2"}]
    compare(RowCells(outcome="sleep", p="p = 0.1"), known, counted, None)
    assert (counted["printed"], counted["right"]) == (2, 1)


def test_lines__annotation__has_a_third_set_aside() -> None:
    seen, aside = lines(held_out=False), lines(held_out=True)
    assert not seen.keys() & aside.keys()
    assert (len(seen), len(aside)) == (28, 14)

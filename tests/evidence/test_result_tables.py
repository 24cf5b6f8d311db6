"""Rows with a p value are results; which way they went is told only of two arms measured alike."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chapter_pipeline.domain.document import Table
from chapter_pipeline.domain.evidence import Direction, SpanSource
from chapter_pipeline.evidence.result_tables import TableResult, table_results

UP, DOWN, SAME, UNKNOWN = (
    Direction.INCREASED, Direction.DECREASED, Direction.NO_DIFFERENCE, Direction.NOT_STATED,
)  # fmt: skip


def read(*rows: Sequence[str], caption: str = "Outcomes at six months") -> list[TableResult]:
    table = Table(
        ordinal=2, page=4, box=(0, 0, 1, 1), label="Table 2", caption=caption, header_rows=1,
        rows=tuple(map(tuple, rows)),
    )  # fmt: skip
    return list(table_results([table]))


@pytest.mark.parametrize(
    ("head", "row", "direction"),
    [
        (("", "Drain", "No drain", "P value"), ("Recurrence (%)", "9.3", "24.0", "0.003"), DOWN),
        (("", "Drain", "No drain", "P"), ("Survival (months)", "14", "12", "<0.001"), UP),
        (("", "Drain", "No drain", "P"), ("Headache score", "14", "12", "0.30"), SAME),
        (("", "Drain", "No drain", "P"), ("Headache score", "14", "12", "NS"), SAME),
        (("", "Placebo", "Drain", "P"), ("Recurrence (%)", "24.0", "9.3", "0.003"), DOWN),
        (("", "Drain", "No drain", "P"), ("Deaths, n (%)", "12 (30)", "15 (20)", "0.04"), UP),
        (("", "Drain", "No drain", "P"), ("Deaths", "10/40", "12/24", "0.04"), DOWN),
        (("", "Drain", "No drain", "P"), ("Deaths", "10/40 (25%)", "12", "0.04"), UNKNOWN),
        (("", "Drain", "No drain", "P"), ("Volume", "1,234", "987", "0.04"), UP),
        (("", "Drain", "No drain", "P"), ("Score", "5.8 (29%)", "6.7 (18%)", "0.02"), DOWN),
        (("", "Baseline", "Follow-up", "P"), ("Headache score", "14", "12", "0.01"), UNKNOWN),
        (("", "Mean", "SD", "P"), ("Headache score", "14", "2", "0.01"), UNKNOWN),
    ],
)  # fmt: skip
def test_table_results__row_with_p__has_the_direction_of_its_arms(
    head: Sequence[str], row: Sequence[str], direction: Direction
) -> None:
    assert [one.direction for one in read(head, row)] == [direction]


def test_table_results__columns_of_one_name__keep_their_own_values() -> None:
    (result,) = read(("", "Mean (mm)", "Mean (mm)", "P value"), ("Membrane", "5", "7", "0.01"))
    assert result.effects[0].value == "5 vs 7"


def test_table_results__ratio_with_interval__is_read_from_its_cell() -> None:
    (result,) = read(("", "OR (95% CI)", "P"), ("Recurrence", "0.4 (0.2–0.8)", "0.01"))
    (effect,) = result.effects
    assert (effect.measure, effect.value, effect.low, effect.high, result.p) == ("OR", "0.4", "0.2", "0.8", ("P=0.01",))


@pytest.mark.parametrize("caption", ["Baseline characteristics", "Demographics of the cohort", "Inclusion criteria"])
def test_table_results__baseline_and_methods__are_left_out(caption: str) -> None:
    assert read(("", "Drain", "No drain", "P"), ("Age", "71", "72", "0.4"), caption=caption) == []


def test_table_results__row_without_p__is_left_out() -> None:
    assert read(("", "Drain", "No drain"), ("Recurrence", "9", "24")) == []


def test_table_results__group_row__stands_before_its_outcomes() -> None:
    (result,) = read(("", "Drain", "No drain", "P"), ("Deaths", "", "", ""), ("At 30 days", "2", "6", "0.02"))
    assert result.outcome == "Deaths: At 30 days"
    assert [(one.source, one.text) for one in result.spans] == [
        (SpanSource.CAPTION, "Table 2 Outcomes at six months"),
        (SpanSource.TABLE, " | Drain | No drain | P"),
        (SpanSource.TABLE, "At 30 days | 2 | 6 | 0.02"),
    ]

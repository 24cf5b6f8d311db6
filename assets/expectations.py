"""Owns how a table and its expectations become one asset check result with a Markdown table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import dagster as dg

from assets.metadata import md
from chapter_pipeline.table_validation import Expectations, Rows, table_validation
from chapter_pipeline.writing.rendering import table

__all__ = ["Expectations", "table_check"]


def table_check(
    rows: Rows,
    expected: Callable[[Expectations], Iterable[object]],
    *,
    metadata: Mapping[str, Any] | None = None,
) -> dg.AssetCheckResult:
    """Validate `rows` (one mapping per row, the same keys in all) against the expectations that `expected` yields.

    The `notes` of an expectation explain it to the operator.
    """
    validated = table_validation()(rows, expected)
    told = [[one.meaning, one.rule, "yes" if one.met else "NO", one.found] for one in validated.results]
    return dg.AssetCheckResult(
        passed=validated.success,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "rows": len(rows),
            "expectations": md(table(["What is expected", "Rule", "Met", "Found"], told)),
            **(metadata or {}),
        },
    )

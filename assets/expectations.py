"""Owns the use of Great Expectations: a table and its expectations become one asset check result with a Markdown table.

The package takes some seconds to import: it is imported when a check runs, never when definitions load. Its context
is ephemeral (no files), without analytics (no network) and without progress bars.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import dagster as dg

from assets.metadata import md
from chapter_pipeline.writing.rendering import table

Expectations = Any
"""The module `great_expectations.expectations`."""
Rows = Sequence[Mapping[str, object]]


@cache
def _context() -> tuple[Any, Any]:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return gx, context


def table_check(
    rows: Rows,
    expected: Callable[[Expectations], Iterable[object]],
    *,
    metadata: Mapping[str, Any] | None = None,
) -> dg.AssetCheckResult:
    """Validate `rows` (one mapping per row, the same keys in all) against the expectations that `expected` yields.

    The `notes` of an expectation explain it to the operator.
    """
    import pandas as pd

    gx, context = _context()
    name = f"table_{len(context.data_sources.all())}"
    source = context.data_sources.add_pandas(name)
    try:
        definition = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
        batch = definition.get_batch({"dataframe": pd.DataFrame(list(rows))})
        suite = gx.ExpectationSuite(name=name, expectations=list(expected(gx.expectations)))
        validated = batch.validate(suite)
    finally:
        context.data_sources.delete(name)
    return dg.AssetCheckResult(
        passed=bool(validated.success),
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "rows": len(rows),
            "expectations": md(
                table(["What is expected", "Rule", "Met", "Found"], [_row(result) for result in validated.results])
            ),
            **(metadata or {}),
        },
    )


def _row(result: Any) -> list[str]:
    rule = {key: value for key, value in result.expectation_config.kwargs.items() if key != "batch_id"}
    found = result.result
    if "observed_value" in found:
        seen = f"{found['observed_value']}"
    elif "unexpected_count" in found:
        examples = "; ".join(str(value) for value in found.get("partial_unexpected_list", [])[:3])
        seen = f"{found['unexpected_count']} of {found['element_count']} differ" + (f": {examples}" if examples else "")
    else:
        seen = str(result.exception_info.get("exception_message", "")) or "not evaluated"
    kind = result.expectation_config.type.removeprefix("expect_").replace("_", " ")
    meaning = str(result.expectation_config.notes or kind)
    return [meaning, f"{kind} {json.dumps(rule, default=str)}", "yes" if result.success else "NO", seen]

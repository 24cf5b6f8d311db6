"""Tables are held against expectations in a process that ends when idle, and whose end nobody notices."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chapter_pipeline.errors import InvariantViolated
from chapter_pipeline.table_validation import TableValidation

ROWS = [{"page": 1, "norm": 1.0, "kind": "raster"}, {"page": 2, "norm": math.nan, "kind": "vector"}]


def expected(gx: Any) -> Iterator[object]:
    yield gx.ExpectColumnValuesToBeBetween(column="page", min_value=1, notes="Pages are numbered from 1.")
    yield gx.ExpectColumnValuesToNotBeNull(column="norm", notes="Every page has a norm.")
    yield gx.ExpectColumnValuesToBeInSet(column="kind", value_set=["raster"])


@pytest.fixture(scope="module")
def validate() -> Iterator[TableValidation]:
    validation = TableValidation()
    yield validation
    validation.close()


def test_each_expectation_is_told_with_what_was_found(validate: TableValidation) -> None:
    found = validate(ROWS, expected)
    assert not found.success
    assert [(one.meaning, one.met, one.found) for one in found.results] == [
        ("Pages are numbered from 1.", True, "0 of 2 differ"),
        ("Every page has a norm.", False, "1 of 2 differ: nan"),
        ("column values to be in set", False, "1 of 2 differ: vector"),
    ]
    child = validate.pid
    assert validate(ROWS[:1], expected).success
    assert validate.pid == child


def test_what_cannot_be_evaluated_is_an_error_and_the_next_table_is_none(validate: TableValidation) -> None:
    with pytest.raises(InvariantViolated, match="ExpectNothingOfTheKind"):
        validate(ROWS, lambda gx: [gx.ExpectNothingOfTheKind(column="page")])
    assert validate(ROWS[:1], expected).success


def test_a_process_that_was_killed_is_replaced(validate: TableValidation) -> None:
    assert validate(ROWS[:1], expected).success
    child = validate.pid
    assert child is not None
    os.kill(child, signal.SIGKILL)
    assert validate(ROWS[:1], expected).success
    assert validate.pid not in (None, child)


def test_an_idle_process_ends_and_the_next_table_starts_another() -> None:
    validation = TableValidation(idle_s=0.05)
    try:
        assert validation(ROWS[:1], expected).success
        deadline = time.monotonic() + 30
        while validation.pid is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert validation.pid is None
        assert validation(ROWS[:1], expected).success
    finally:
        validation.close()


def test_the_process_that_asks_loads_neither_pandas_nor_great_expectations_and_leaves_none_behind() -> None:
    code = (
        "import sys\n"
        "from chapter_pipeline.table_validation import table_validation\n"
        "found = table_validation()([{'a': 1}], lambda gx: [gx.ExpectColumnValuesToNotBeNull(column='a')])\n"
        "print(found.success, table_validation().pid, {'pandas', 'great_expectations', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    success, child, loaded = done.stdout.strip().split(" ", 2)
    assert (success, loaded) == ("True", "set()")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(int(child), 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail(f"process {child} outlived its parent")

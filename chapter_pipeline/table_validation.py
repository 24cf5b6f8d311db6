"""Owns Great Expectations: tables are held against expectations in a process of its own, which ends when it is idle.

The package brings pandas, scipy and more: some seconds and 160 MB that a run would keep to its end. Its context is
ephemeral (no files), without analytics (no network) and without progress bars. The process is started as
``python -I -m chapter_pipeline.table_validation``; it trusts its parent, who sends it pickles.
"""

from __future__ import annotations

import json
import os
import pickle
import select
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import IO, Any, NamedTuple

from chapter_pipeline.errors import InvariantViolated, TransientError

IDLE_S = 20.0
_ENVIRONMENT = ("PATH", "LANG", "HOME")
Rows = Sequence[Mapping[str, object]]
Expected = tuple[str, dict[str, object]]
"""The class of an expectation in `great_expectations.expectations`, and its arguments."""
Expectations = Any
"""What stands for the module `great_expectations.expectations` where expectations are listed."""


class Told(NamedTuple):
    """What became of one expectation, in words: its meaning, its rule, what was found."""

    meaning: str
    rule: str
    met: bool
    found: str


class Validated(NamedTuple):
    """Whether all expectations are met, and each of them."""

    success: bool
    results: tuple[Told, ...]


class _Recorder:
    """Notes the expectations that are made of it."""

    def __getattr__(self, name: str) -> Callable[..., Expected]:
        return lambda **arguments: (name, arguments)


class TableValidation:
    """The process, started at the first table. Safe for several threads, one table at a time."""

    def __init__(self, *, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self, rows: Rows, expected: Callable[[Expectations], Iterable[Any]]) -> Validated:
        """Hold `rows` (one mapping per row, the same keys in all) against the expectations that `expected` yields.

        Raises `InvariantViolated` for expectations that cannot be evaluated, `TransientError` when no process can be had.
        """
        request = pickle.dumps((list(rows), list(expected(_Recorder()))))
        with self._lock:
            # One that was started before may end of idleness at this moment.
            answer = self._answer(request) if self._process is not None else None
            if answer is None:
                answer = self._answer(request)
        if answer is None:
            raise TransientError("the process that validates tables ended without an answer: is there memory for it?")
        if isinstance(answer, str):
            raise InvariantViolated(f"a table could not be held against its expectations: {answer}")
        return answer

    @property
    def pid(self) -> int | None:
        """Of the process, None when there is none."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def close(self) -> None:
        """End the process; the next table starts another."""
        with self._lock:
            self._stop()

    def _answer(self, request: bytes) -> Validated | str | None:
        """None when the process ended before it answered; it is gone then."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "chapter_pipeline.table_validation", str(self._idle_s)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(request)
            self._process.stdin.flush()
            answer: Validated | str = pickle.load(self._process.stdout)
            return answer
        except (OSError, EOFError, pickle.UnpicklingError):
            self._stop()
            return None
        except BaseException:  # also an interrupt: the answer must not reach the next table
            self._stop()
            raise

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                with suppress(OSError):  # what was not sent
                    pipe.close()
            self._process.wait()
            self._process = None


@cache
def table_validation() -> TableValidation:
    """That of this process."""
    return TableValidation()


def main(idle_s: float) -> None:
    """Answer requests on standard input until it ends or none has come for `idle_s` seconds."""
    with _only_answers() as answers:
        while select.select([sys.stdin.buffer], [], [], idle_s)[0]:
            try:
                rows, expected = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            try:
                answer: Validated | str = validated(rows, expected)
            except Exception as error:  # noqa: BLE001  (whatever the package raises is told to the parent)
                traceback.print_exc()
                answer = f"{type(error).__name__}: {error}"
            pickle.dump(answer, answers)
            answers.flush()


def _only_answers() -> IO[bytes]:
    """Standard output for answers alone: what a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def validated(rows: Rows, expected: Sequence[Expected]) -> Validated:
    """Hold `rows` against `expected`, in this process."""
    import pandas as pd

    gx, context = _context()
    name = "table"
    source = context.data_sources.add_pandas(name)
    try:
        definition = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
        batch = definition.get_batch({"dataframe": pd.DataFrame(list(rows))})
        made = [getattr(gx.expectations, kind)(**arguments) for kind, arguments in expected]
        found = batch.validate(gx.ExpectationSuite(name=name, expectations=made))
    finally:
        context.data_sources.delete(name)
    return Validated(bool(found.success), tuple(_told(result) for result in found.results))


@cache
def _context() -> tuple[Any, Any]:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return gx, context


def _told(result: Any) -> Told:
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
    return Told(meaning, f"{kind} {json.dumps(rule, default=str)}", bool(result.success), seen)


if __name__ == "__main__":
    # Pickles name the classes of this module as its importers know them.
    from chapter_pipeline import table_validation as named

    with suppress(BrokenPipeError):  # the parent is gone
        named.main(float(sys.argv[1]))

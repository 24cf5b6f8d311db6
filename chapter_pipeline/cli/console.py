"""Owns how the command line speaks: results on standard output, everything else on standard error.

What is shown comes from files of strangers: nothing in it is read as markup, as an emoji code (a dilution of 1:100:1
would become a picture) or as a command to the terminal.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

LONGEST_LINE = 4000
"""Characters of an error; what is longer repeats what it was given."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Called while the BrokenPipeError is handled: leave it to the program; rich would end the process here."""
        raise


out = _Console(soft_wrap=True, emoji=False, markup=False, highlight=False)
err = Console(stderr=True, soft_wrap=True, emoji=False, markup=False, highlight=False)


def readable(text: str) -> str:
    """`text` without control characters other than tab and line break: a terminal obeys them."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def say(text: str, *, style: str | None = None) -> None:
    """Plain text on standard output."""
    out.print(Text(readable(text), style=style or ""))


def fail(message: str) -> None:
    """One clear line on standard error."""
    line = " ".join(part.strip() for part in readable(message).splitlines())
    line = line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}..."
    err.print(Text(f"chapter-pipeline: {line}", style="bold red"))


def print_json(value: Any) -> None:
    """One JSON value on one line of standard output."""
    print(json.dumps(value, ensure_ascii=False, default=_json), flush=True)


def _json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, whole: str = "") -> None:
    """A table of plain text cells; the column named `whole` is never folded, so that it can be copied."""
    table = Table(title=Text(readable(title), style="table.title"), title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == whole)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    out.print(table)


def _cell(value: object) -> Text:
    if isinstance(value, datetime):
        value = f"{value:%Y-%m-%d %H:%M}"
    return Text("" if value is None else readable(str(value)))


def close_output() -> None:
    """Send what is still printed nowhere: its reader is gone (`| head`), and Python would complain of it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """Progress bars on standard error; none when `quiet` or when nobody looks."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=quiet or not err.is_terminal,
    ) as bars:
        yield bars

"""Owns the output of the command line: results on standard output, everything else on standard error.

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

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

LONGEST_LINE = 4000
"""Characters of an error; what is longer repeats what it was given."""
SHORTEST = 6
"""Characters that every column keeps in a narrow terminal."""
GAP = "  "
"""Between two columns."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Console(Console):
    @property
    def is_terminal(self) -> bool:
        """Whether a person reads this. FORCE_COLOR and its like are no reason to put colours into a file."""
        return self.file.isatty()

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


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, whole: str = "", one_line: bool = False
) -> None:
    """A table of plain text cells; the column named `whole` is never folded nor shortened, so that it can be copied.

    In a terminal its cells are folded to the width, or shortened with an ellipsis when `one_line` wants each row on a
    line. Elsewhere each row is one line whatever the width: cells separated by tabs, below lines that begin with # and
    name the table and its columns.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    if not out.is_terminal:
        _print_records(title, columns, cells)
    elif one_line:
        _print_shortened(title, columns, cells, whole)
    else:
        table = Table(title=_titled(title), title_justify="left")
        for column in columns:
            table.add_column(column, overflow="fold", no_wrap=column == whole)
        for row in cells:
            table.add_row(*map(Text, row))
        out.print(table)


def _print_records(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    print(f"# {_on_one_line(readable(title))}")
    if any(columns):
        print("# " + "\t".join(columns))
    for row in cells:
        print("\t".join(map(_on_one_line, row)))
    sys.stdout.flush()


def _print_shortened(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]], whole: str) -> None:
    lines = [list(map(_on_one_line, row)) for row in cells]
    longest = [max(cell_len(cell) for cell in column) for column in zip(columns, *lines, strict=True)]
    widths = _shortened(longest, [column == whole for column in columns], out.width - len(GAP) * (len(columns) - 1))
    out.print(_titled(title))
    for number, line in enumerate([columns, *lines]):
        texts = [Text(cell, style="" if number else "bold") for cell in line]
        for text, width in zip(texts, widths, strict=True):
            text.truncate(width, overflow="ellipsis", pad=True)
        shown = Text(GAP).join(texts)
        shown.rstrip()
        out.print(shown)


def _shortened(longest: Sequence[int], whole: Sequence[bool], available: int) -> list[int]:
    """Widths that fit into `available`: the longest columns give way first, none below `SHORTEST`, those `whole` never."""
    for cap in range(max(longest, default=0), SHORTEST, -1):
        widths = [size if keep else min(size, cap) for size, keep in zip(longest, whole, strict=True)]
        if sum(widths) <= available:
            return widths
    return [size if keep else min(size, SHORTEST) for size, keep in zip(longest, whole, strict=True)]


def _titled(title: str) -> Text:
    return Text(readable(title), style="table.title")


def _on_one_line(cell: str) -> str:
    return " ".join(cell.split())


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        value = f"{value:%Y-%m-%d %H:%M}"
    return "" if value is None else readable(str(value))


def close_output() -> None:
    """Send what is still printed nowhere: its reader is gone (`| head`), and Python would complain of it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """Progress bars on standard error; none when `quiet` or without a terminal."""
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

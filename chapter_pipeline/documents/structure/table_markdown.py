"""Owns a table as Markdown; it knows nothing of PDFs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chapter_pipeline.domain.document import Table


def to_markdown(table: Table) -> str:
    """`table` as a Markdown table under its caption; what Markdown or HTML would interpret is escaped.

    Several rows of a head become one, their cells joined by a space: Markdown knows one only.
    """
    heads = table.rows[: table.header_rows] or (("",) * len(table.rows[0]),) if table.rows else ()
    lines = [f"**{_escaped(table.caption)}**", ""] if table.caption else []
    if heads:
        head = [" ".join(filter(None, column)) for column in zip(*heads, strict=True)]
        lines += [_row(head), "|" + " --- |" * len(head), *map(_row, table.rows[table.header_rows :])]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_escaped, cells)) + " |"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|~&$])", r"\\\1", " ".join(text.split()))

"""Owns tables as grids: spans expanded, header rows counted, sizes bounded."""

from __future__ import annotations

from chapter_pipeline.documents.jats.inline import line_of
from chapter_pipeline.documents.jats.safe_xml import Element

MAX_COLUMNS = 60
MAX_ROWS = 2_000
MAX_CELL_CHARACTERS = 2_000
Grid = tuple[tuple[str, ...], ...]


def table_grid(table: Element) -> tuple[Grid, int] | None:
    """The rows of a table, equally wide, and how many of them are its head; None for what is no table of data.

    A cell that spans rows or columns is repeated in each. Without a head of its own, rows of nothing but ``th`` are it.
    """
    parts = [(row, head) for row, head in _rows(table)][:MAX_ROWS]
    filled: dict[tuple[int, int], str] = {}
    width = 0
    for place, (row, _) in enumerate(parts):
        column = 0
        for cell in row.children("td", "th"):
            while (place, column) in filled:
                column += 1
            columns = _span(cell, "colspan", MAX_COLUMNS + 1 - column)
            rows = _span(cell, "rowspan", len(parts) - place)
            if column + columns > MAX_COLUMNS:
                return None
            text = line_of(cell)[:MAX_CELL_CHARACTERS]
            for down in range(rows):
                for right in range(columns):
                    filled[place + down, column + right] = text
            column += columns
            width = max(width, column)
    grid = [tuple(filled.get((place, column), "") for column in range(width)) for place in range(len(parts))]
    kept = [(row, head) for row, (_, head) in zip(grid, parts, strict=True) if any(row)]
    header_rows = next((index for index, (_, head) in enumerate(kept) if not head), len(kept))
    if width < 2 or header_rows == len(kept):
        return None
    return tuple(row for row, _ in kept), header_rows


def _rows(table: Element) -> list[tuple[Element, bool]]:
    """The rows in their order, each with whether it belongs to the head."""
    found = [(row, part.name == "thead") for part in table.children("thead", "tbody", "tfoot") for row in part.children("tr")]  # fmt: skip
    found += [(row, False) for row in table.children("tr")]
    if any(head for _, head in found):
        return sorted(found, key=lambda one: not one[1])  # stable: a head below its body is moved up
    headed: list[tuple[Element, bool]] = []
    leading = True
    for row, _ in found:
        leading = leading and not row.child("td") and row.child("th") is not None
        headed.append((row, leading))
    return headed


def _span(cell: Element, name: str, limit: int) -> int:
    said = cell.attributes.get(name, "1").strip()
    return max(1, min(int(said), limit)) if said.isascii() and said.isdigit() and len(said) < 10 else 1

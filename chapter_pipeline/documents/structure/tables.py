"""Owns tables as data: found from a table caption, ruling lines and aligned pieces of text; it never guesses a number."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

from chapter_pipeline.documents.pdf.lines import Line
from chapter_pipeline.documents.structure.classify import Item
from chapter_pipeline.documents.structure.layout import Region, bounding
from chapter_pipeline.domain.document import BlockKind, Box, Table

Rule = tuple[float, float, float]
"""A horizontal ruling line: x0, x1, y."""

_CAPTION = re.compile(
    r"^((?:supplement\w* |extended data )?table\s*(?:S?\d+|(?-i:[IVX]+(?=[.:\s])))|table(?=\s?[:.] *(?-i:[A-Z])))"
    r"(?:\s*[.:|–—]|\s+\(continued\)|\s+[A-Z%0-9]|\s*$)",
    re.IGNORECASE,
)
_BARE = re.compile(r"^(?:supplement\w* |extended data )?table\s*(?:S?\d+|[IVX]+)[.:]?$", re.IGNORECASE)
_SMALL = re.compile(r"^[*†‡§¶#]|^(?:notes?|abbreviations?|values? (?:are|is)|data (?:are|is))\b", re.IGNORECASE)
_PROSE = frozenset({BlockKind.BODY, BlockKind.ABSTRACT, BlockKind.REFERENCE})
_CONTINUES = re.compile(r"^[a-z(\[]")
MIN_RULE_PT = 60.0
MIN_PROSE_CHARACTERS = 250
MAX_CAPTION_GAP_PT = 60.0
MAX_TITLE_GAP_PT = 30.0
"""How far below the label of a table its title may stand."""
MAX_BREAK_PT = 10.0
"""The gap in a line drawn cell by cell; the gutter of a page in two columns is wider."""
MIN_TURNED_LINES = 6
"""Fewer lines that are set along the edge of a page are no table."""
MIN_UNRULED_ROWS = 3
MAX_HEAD_ROWS = 3
MAX_STEP = 2.2
"""Without rules a table ends where the next row is further away than this, in steps of its rows."""
MIN_ALIGNED = 0.75
"""Share of the rows of a table without rules that hold pieces in two columns or more."""
MIN_ALIGNED_BELOW_HEAD = 0.5
"""The same below a head between rules, where many rows are the rest of wrapped cells."""
MAX_COLUMNS = 30
MAX_ROWS = 200


def table_captions(items: Sequence[Item]) -> list[Item]:
    """Items that open with the label of a table and are no prose that speaks of one."""
    return [item for item in items if item.kind not in _PROSE and _CAPTION.match(item.text)]


def page_tables(
    page: int, items: Sequence[Item], lines: Sequence[Line], rules: Callable[[], Sequence[Rule]]
) -> list[Table]:
    """The tables of page number `page`, each with the caption that stands above it. `rules` is asked for only then."""
    captions = table_captions(items)
    if not captions:
        return []
    drawn = _joined(rules())
    pieces = [piece for line in lines if line.upright and not line.hidden for piece in line.parts or (line,)]
    tables = (_table(page, caption, items, pieces, drawn) for caption in captions)
    return [table for table in tables if table is not None]


def turned_tables(
    page: int, width: float, height: float, lines: Sequence[Line],
    rules: Callable[[Callable[[Box], Box]], Sequence[Rule]],
) -> list[Table]:  # fmt: skip
    """The tables of a page that are set along its edge, read with the page turned."""
    found: list[Table] = []
    for turn in (90, 270):
        turned = [line for line in lines if line.turn == turn and not line.hidden and not line.line_number]
        if len(turned) < MIN_TURNED_LINES or not any(_CAPTION.match(line.text) for line in turned):
            continue
        placed = partial(_turned, turn=turn, width=width, height=height)
        upright = [replace(line, box=placed(line.box), upright=True, turn=0) for line in turned]
        items = _caption_items(upright, page)
        found += [
            replace(table, box=_turned_back(table.box, turn, width, height))
            for table in page_tables(page, items, upright, partial(rules, placed))
        ]
    return found


def _turned(box: Box, *, turn: int, width: float, height: float) -> Box:
    """Where `box` lies on the page as it is turned to be read."""
    x0, y0, x1, y1 = box
    return (height - y1, x0, height - y0, x1) if turn == 90 else (y0, width - x1, y1, width - x0)


def _turned_back(box: Box, turn: int, width: float, height: float) -> Box:
    x0, y0, x1, y1 = box
    return (y0, height - x1, y1, height - x0) if turn == 90 else (width - y1, x0, width - y0, x1)


def _caption_items(lines: Sequence[Line], page: int) -> list[Item]:
    """Captions with the lines right below that go on with them, and every other line as an item."""
    items: list[Item] = []
    open_caption: Item | None = None
    for line in sorted(lines, key=lambda line: (round(line.box[1]), line.box[0])):
        if _CAPTION.match(line.text):
            open_caption = Item(region=Region((line,)), page=page, text=line.text, kind=BlockKind.CAPTION)
            items.append(open_caption)
            continue
        last = open_caption.region.lines[-1] if open_caption else line
        if (
            open_caption
            and _aligned(line.box, last.box)
            and line.box[1] - last.box[3] < (1.5 if _BARE.match(open_caption.text) else 0.6) * line.size
            and (line.font == last.font or _BARE.match(open_caption.text))
            and (not open_caption.text.endswith(".") or _BARE.match(open_caption.text))
        ):
            open_caption.text = f"{open_caption.text} {line.text}"
            open_caption.region = Region((*open_caption.region.lines, line))
            continue
        items.append(Item(region=Region((line,)), page=page, text=line.text, kind=BlockKind.TABLE))
    return items


def numbered(tables: Sequence[Table]) -> list[Table]:
    """Tables numbered from 1 in the order of the pages."""
    return [replace(table, ordinal=ordinal) for ordinal, table in enumerate(tables, start=1)]


def _table(
    page: int, caption: Item, items: Sequence[Item], pieces: Sequence[Line], rules: Sequence[Rule]
) -> Table | None:
    text, box = _cut(caption, rules)
    own = _own_rules(box, rules, _floor(caption, items))
    if len(own) < 2 or abs(own[0][0] - box[0]) > 4:
        own = _rules_above(box, rules) or own
    if len(own) < 2:
        return _unruled(page, caption, text, box, items, pieces)
    left, right = min(rule[0] for rule in own), max(rule[1] for rule in own)
    top, bottom = own[0][2], own[-1][2]
    if _BARE.match(text):
        text = _with_title(text, box, pieces, top)
    inside = [
        piece
        for piece in pieces
        if top - 2 <= _middle(piece) <= bottom + 2 and left - 4 <= piece.box[0] and piece.box[2] <= right + 4
    ]
    printed = _without_notes(_printed_rows(inside), 0.6 * (right - left))
    parted = printed and any(_middle(printed[0][0]) < y < bottom - 1 for _, _, y in own)
    body = [] if parted else _open_body(printed, pieces, (left, bottom, right, _floor(caption, items)))
    heads = len(printed) if body else None
    printed += body
    inside += [piece for row in body for piece in row]
    if not 2 <= len(printed) <= MAX_ROWS:
        return None
    gutters = _gutters(printed)
    if not 1 <= len(gutters) < MAX_COLUMNS:
        return None
    if heads is None:
        head_y = _head_end(own, left, right)
        heads = sum(row[0].box[1] + row[0].size / 2 < head_y for row in printed) if head_y is not None else 1
    rows = _cells(printed, gutters, heads)
    if len(rows) < 2:
        return None
    matched = _CAPTION.match(caption.text)
    assert matched is not None
    return Table(
        ordinal=0, page=page, box=bounding([(left, top, right, bottom), *(piece.box for piece in inside)]),
        label=matched.group(1), caption=text, header_rows=min(heads, len(rows) - 1), rows=tuple(rows),
    )  # fmt: skip


def _unruled(
    page: int, caption: Item, text: str, above: Box, items: Sequence[Item], pieces: Sequence[Line]
) -> Table | None:
    """A table without rules: rows of pieces right below its caption, in columns that nothing crosses."""
    text, above = _above_rows(caption) or (text, above)
    floor, right = _floor(caption, items), _right_edge(caption, items)
    under = [
        piece
        for piece in pieces
        if above[3] - 1 <= _middle(piece) < floor and above[0] - 6 <= piece.box[0] and piece.box[2] <= right
        and _middle(piece) > above[3]
    ]  # fmt: skip
    width = max((piece.box[2] for piece in under), default=0.0) - above[0]
    printed = _without_notes(_until_a_gap(_printed_rows(under), above[3]), 0.6 * width)
    if not MIN_UNRULED_ROWS <= len(printed) <= MAX_ROWS or len(printed[0]) < 2:
        return None
    gutters = _gutters(printed)
    if not 1 <= len(gutters) < MAX_COLUMNS:
        return None
    while len(printed) > 1 and len(printed[-1]) == 1 and printed[-1][0].box[2] > gutters[0]:
        printed.pop()  # a note below the table
    aligned = sum(
        len({sum(gutter <= piece.box[0] + 1.0 for gutter in gutters) for piece in row}) > 1 for row in printed
    )
    if aligned < MIN_ALIGNED * len(printed):
        return None
    bold = [all(piece.bold for piece in row) for row in printed]
    heads = bold.index(False) if False in bold else 0
    rows = _cells(printed, gutters, max(1, heads))
    if len(rows) < MIN_UNRULED_ROWS:
        return None
    matched = _CAPTION.match(caption.text)
    assert matched is not None
    return Table(
        ordinal=0, page=page, box=bounding(piece.box for row in printed for piece in row), label=matched.group(1),
        caption=text, header_rows=min(max(1, heads), len(rows) - 1), rows=tuple(rows),
    )  # fmt: skip


def _above_rows(caption: Item) -> tuple[str, Box] | None:
    """Text and box of `caption` above the first row of cells in its block; None where it holds none."""
    rows = _printed_rows(caption.region.lines)
    end = next((number for number, row in enumerate(rows) if number and len(row) > 1), None)
    if end is None:
        return None
    lines = [line for row in rows[:end] for line in row]
    return " ".join(line.text for line in lines), bounding(line.box for line in lines)


def _with_title(label: str, box: Box, pieces: Sequence[Line], top: float) -> str:
    """`label` with the title that stands on lines of its own between it and the first rule, at its edge or centred."""
    rows = [
        row
        for row in _printed_rows([piece for piece in pieces if box[3] - 2 < _middle(piece) < top])
        if _aligned(bounding([piece.box for piece in row]), box) and row[0].box[1] - box[3] < MAX_TITLE_GAP_PT
    ]
    words = [piece.text for row in rows for piece in row]
    return " ".join([label, *words])


def _open_body(head: Sequence[Sequence[Line]], pieces: Sequence[Line], place: Box) -> list[list[Line]]:
    """The rows below the last rule, where the rules hold the `head` only: there is none at the end of the table.

    `place`: left, the y of that rule, right, and the y at which other text begins.
    """
    left, top, right, floor = place
    if not 1 <= len(head) <= MAX_HEAD_ROWS or max(map(len, head), default=0) < 2:
        return []
    under = [
        piece
        for piece in pieces
        if top < _middle(piece) < floor and left - 4 <= piece.box[0] and piece.box[2] <= right + 4
    ]
    rows = _without_notes(_until_a_gap(_printed_rows(under), top), 0.6 * (right - left))
    aligned = sum(len(row) > 1 for row in rows)
    if len(rows) < 2 or aligned < MIN_ALIGNED_BELOW_HEAD * len(rows) or not _gutters([*head, *rows]):
        return []
    return rows


def _until_a_gap(rows: list[list[Line]], top: float) -> list[list[Line]]:
    """Rows from the caption, which ends at `top`, to the first wide gap, the first note or the first full line of prose."""
    steps = sorted(_middle(below[0]) - _middle(above[0]) for above, below in pairwise(rows))
    if not steps or _middle(rows[0][0]) - top > MAX_CAPTION_GAP_PT:
        return []
    step = steps[len(steps) // 4]
    kept = rows[:1]
    for above, below in pairwise(rows):
        if _middle(below[0]) - _middle(above[0]) > MAX_STEP * step or (len(below) == 1 and _SMALL.match(below[0].text)):
            break
        kept.append(below)
    return kept


def _right_edge(caption: Item, items: Sequence[Item]) -> float:
    """The x at which text of another column begins, to the right of `caption`."""
    beside = [
        item.box[0]
        for item in items
        if item.box[0] > caption.box[2] - 2 and item.kind in _PROSE and _is_prose(item) and item.box[3] > caption.box[1]
    ]
    return min(beside, default=float("inf"))


def _cut(caption: Item, rules: Sequence[Rule]) -> tuple[str, Box]:
    """Text and box of `caption` above the first rule: the head of the table may stand in the same block of the file."""
    x0, y0, x1, y1 = caption.box
    inside = [y for left, right, y in rules if right - left >= MIN_RULE_PT and left < x1 and right > x0 and y0 < y < y1]
    cut = min(inside, default=y1)
    above = [line for line in caption.region.lines if _middle(line) < cut]
    below = [line for line in caption.region.lines if _middle(line) >= cut]
    if not above or not below:
        return caption.text, caption.box
    first = (below[0].parts or below)[0].text
    end = caption.text.find(first, len(above[0].text))
    text = caption.text[:end].strip() if end > 0 else " ".join(line.text for line in above)
    return text, bounding([line.box for line in above])


def _floor(caption: Item, items: Sequence[Item]) -> float:
    """The y at which the next caption or running prose below `caption` begins, in its columns."""
    below = [
        item.box[1]
        for item in items
        if item is not caption
        and item.box[1] > caption.box[3] - 2
        and _shared(item.box, caption.box) > 0
        and (_CAPTION.match(item.text) or item.kind is BlockKind.CAPTION or (item.kind in _PROSE and _is_prose(item)))
    ]
    return min(below, default=float("inf"))


def _is_prose(item: Item) -> bool:
    """Whether an item is running text: long, in full lines, none beside another one as the cells of a row are."""
    count = len(item.region.lines)
    split = any(line.parts for line in item.region.lines[:-1])
    return (
        len(item.text) >= MIN_PROSE_CHARACTERS
        and not (split and count < 8)
        and item.region.rows >= 0.8 * count
        and len(item.text) >= 35 * count
    )


def _own_rules(caption: Box, rules: Sequence[Rule], floor: float) -> list[Rule]:
    """The rules of the table below `caption` that run as far as its first ones, from top to bottom."""
    under = [
        rule
        for rule in rules
        if caption[3] - 3 <= rule[2] < floor + 2
        and min(rule[1], caption[2]) > max(rule[0], caption[0])
        and rule[1] - rule[0] >= MIN_RULE_PT
    ]
    if not under or under[0][2] - caption[3] > MAX_CAPTION_GAP_PT:
        return []
    first = max(under[:3], key=lambda rule: rule[1] - rule[0])
    return [rule for rule in under if abs(rule[0] - first[0]) < 12 and abs(rule[1] - first[1]) < 12]


def _rules_above(caption: Box, rules: Sequence[Rule]) -> list[Rule]:
    """The rules of a table that stands on its caption: the last one touches the caption, and begins where it begins."""
    joined = [rule for rule in rules if rule[1] - rule[0] >= MIN_RULE_PT and rule[2] < caption[1] + 2]
    if not joined or caption[1] - joined[-1][2] > 8 or abs(joined[-1][0] - caption[0]) > 4:
        return []
    last = joined[-1]
    own = [rule for rule in joined if abs(rule[0] - last[0]) < 4 and abs(rule[1] - last[1]) < 4]
    # The head may stand between them and the edge of a band around the table.
    edges = [
        rule
        for rule in joined
        if rule[2] < own[0][2] - 4 and 0 <= last[0] - rule[0] < 12 and 0 <= rule[1] - last[1] < 12
    ]
    return [*edges[-1:], *own]


def _joined(rules: Sequence[Rule]) -> list[Rule]:
    """Rules by height; those of one height that nearly touch are one: a line may be drawn cell by cell."""
    levels: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda rule: rule[2]):
        if levels and rule[2] - levels[-1][0][2] < 1.5:
            levels[-1].append(rule)
        else:
            levels.append([rule])
    joined: list[Rule] = []
    for level in levels:
        y = level[0][2]
        runs: list[Rule] = []
        for x0, x1, _ in sorted(level):
            if runs and x0 - runs[-1][1] < MAX_BREAK_PT:
                runs[-1] = (runs[-1][0], max(x1, runs[-1][1]), y)
            else:
                runs.append((x0, x1, y))
        joined += runs
    return joined


def _head_end(own: Sequence[Rule], left: float, right: float) -> float | None:
    """The y of the first rule below the top one that runs over nearly the whole table."""
    for x0, x1, y in own[1:-1]:
        if x1 - x0 > 0.8 * (right - left) and y - own[0][2] > 4:
            return y
    return None


def _printed_rows(pieces: Sequence[Line]) -> list[list[Line]]:
    """Pieces that stand on one line, from left to right."""
    rows: list[list[Line]] = []
    for piece in sorted(pieces, key=_middle):
        if rows and _middle(piece) - _middle(rows[-1][0]) < 0.45 * max(piece.size, rows[-1][0].size):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.box[0]) for row in rows]


def _without_notes(rows: list[list[Line]], width: float) -> list[list[Line]]:
    """Rows up to the footnotes: lines at the end that hold one piece wider than `width`, and what follows the first."""
    end = len(rows)
    for number in range(len(rows) - 1, 0, -1):
        if len(rows[number]) > 1:
            break
        if rows[number][0].width > width:
            end = number
    return rows[:end]


def _gutters(rows: Sequence[Sequence[Line]]) -> list[float]:
    """The middles of the strips between columns that at most one piece in twenty crosses.

    Pieces alone on their line say nothing of columns: they are titles of groups and wrapped words.
    """
    pieces = [piece for row in rows if len(row) > 1 for piece in row]
    lefts, rights = sorted(piece.box[0] for piece in pieces), sorted(piece.box[2] for piece in pieces)
    edges = sorted({*lefts, *rights})
    allowed = len(pieces) // 20
    gutters: list[float] = []
    strip: tuple[float, float] | None = None
    for x0, x1 in pairwise(edges):
        crossing = bisect_left(lefts, x1 - 0.01) - bisect_right(rights, x0 + 0.01)
        if crossing <= allowed:
            strip = (strip[0] if strip else x0, x1)
            continue
        if strip and strip[1] - strip[0] >= 2.0:
            gutters.append((strip[0] + strip[1]) / 2)
        strip = None
    return gutters


def _cells(printed: Sequence[Sequence[Line]], gutters: Sequence[float], heads: int) -> list[tuple[str, ...]]:
    """Rows of cells; a line that only goes on with words of the one above is put together with it."""
    rows: list[list[str]] = []
    for number, row in enumerate(printed):
        cells = [""] * (len(gutters) + 1)
        for piece in row:
            # A piece that crosses gutters is the head of several columns and stands over the first of them.
            column = sum(gutter <= piece.box[0] + 1.0 for gutter in gutters)
            cells[column] = f"{cells[column]} {piece.text}".strip()
        if rows and number > heads and _goes_on(rows[-1], cells):
            rows[-1] = [f"{above} {cell}".strip() for above, cell in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    return [tuple(row) for row in rows]


def _goes_on(above: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether every filled cell goes on with a filled one above; never for a line that fills all columns."""
    filled = [(upper, cell) for upper, cell in zip(above, cells, strict=True) if cell]
    return len(filled) < len(cells) and all(upper and _CONTINUES.match(cell) for upper, cell in filled)


def _aligned(below: Box, above: Box) -> bool:
    """Whether two lines begin at one edge or are centred on one axis."""
    return abs(below[0] - above[0]) < 4 or abs(below[0] + below[2] - above[0] - above[2]) < 8


def _middle(line: Line) -> float:
    return (line.box[1] + line.box[3]) / 2


def _shared(a: Box, b: Box) -> float:
    return min(a[2], b[2]) - max(a[0], b[0])

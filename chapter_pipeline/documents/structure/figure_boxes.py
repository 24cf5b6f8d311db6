"""Owns where figures lie: which boxes belong together, what is drawn for a caption, and how far labels reach."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pymupdf

from chapter_pipeline.documents.pdf.drawings import Drawings
from chapter_pipeline.documents.pdf.lines import Line
from chapter_pipeline.documents.structure.classify import Item
from chapter_pipeline.documents.structure.layout import bounding
from chapter_pipeline.domain.document import BlockKind, Box

MIN_AREA = 0.02
"""Share of the page below which an image is an ornament."""
NEAR_PT = 18.0
LABEL_PT = 14.0
"""How far from a figure the text may stand that belongs to it: axis labels, letters of panels."""
MIN_PATHS = 5
MAX_CELLS = 500
_TABLE = re.compile(r"^table\b", re.IGNORECASE)
OUTSIDE = frozenset(
    {
        BlockKind.TITLE, BlockKind.AUTHORS, BlockKind.ABSTRACT, BlockKind.BODY, BlockKind.CAPTION,
        BlockKind.REFERENCE, BlockKind.FOOTNOTE, BlockKind.FURNITURE,
    }
)  # fmt: skip


def is_rule(box: Box) -> bool:
    """Whether a drawing is a rule through the page."""
    return box[3] - box[1] < 3 and box[2] - box[0] > 300


def sides(box: Box) -> tuple[float, float]:
    """Width and height of `box`."""
    return box[2] - box[0], box[3] - box[1]


def is_figure(box: Box, area: float) -> bool:
    """Whether `box` is large enough for a figure on a page of `area`, and less than all of it."""
    return MIN_AREA * area <= area_of(box) <= 0.95 * area and min(sides(box)) >= 36


def drawn_for(
    caption: Item, items: Sequence[Item], drawings: Drawings, page: pymupdf.Rect, *, below_first: bool = False
) -> Box | None:
    """The box of what is drawn between `caption` and the running text above it, else below it, or the other way round."""
    others = [item for item in items if item is not caption and is_wall(item, 40)]
    column = [item.box for item in others if item.box[0] < caption.box[2] and caption.box[0] < item.box[2]]
    top = max((box[3] for box in column if box[3] <= caption.box[1] + 2), default=page.y0)
    bottom = min((box[1] for box in column if box[1] >= caption.box[3] - 2), default=page.y1)
    bands = ((top, caption.box[1]), (caption.box[3], bottom))
    for band in reversed(bands) if below_first else bands:
        y0, y1 = min(band[0], caption.box[1]), max(band[1], caption.box[3])
        level = [item.box for item in others if item.box[1] < y1 and y0 < item.box[3]]
        left = max((box[2] for box in level if box[2] <= caption.box[0] + 2), default=page.x0)
        right = min((box[0] for box in level if box[0] >= caption.box[2] - 2), default=page.x1)
        inside = [
            box
            for box in drawings.boxes
            if left - 2 <= box[0] and box[2] <= right + 2 and band[0] - 2 <= box[1] and box[3] <= band[1] + 2
            and not (box[3] - box[1] < 3 and box[2] - box[0] > 0.6 * page.width)
        ]  # fmt: skip
        if len(inside) >= MIN_PATHS:
            return bounding(inside)
    return None


def is_wall(item: Item, characters: int) -> bool:
    """Whether a figure ends at `item`: at captions, and at other text of the article of more than `characters`."""
    if item.kind in (BlockKind.BODY, BlockKind.ABSTRACT):  # a few words in a figure are easily taken for prose
        characters = max(characters, 60)
    return item.kind is BlockKind.CAPTION or (item.kind in OUTSIDE and len(item.text) > characters)


def is_table(box: Box, items: Sequence[Item]) -> bool:
    """Whether what is drawn in `box` has the title of a table in it or on it."""
    return any(_TABLE.match(item.text) and are_near(item.box, box, 2.0) for item in items)


def with_drawings(box: Box, items: Sequence[Item], drawings: Drawings) -> Box:
    """`box` grown by what is drawn close to it, where panels of a figure are images and others are drawings."""
    walls = [item.box for item in items if is_wall(item, 3)]
    # A frame around figure and caption, or a rule through the page, is no part of the figure.
    free = [drawn for drawn in drawings.boxes if not any(overlap(drawn, wall) > 1.0 for wall in walls)]
    for drawn in _merged_cells(free):
        wider = bounding([box, drawn])
        if are_near(drawn, box) and not any(overlap(wider, wall) > overlap(box, wall) + 1.0 for wall in walls):
            box = wider
    return box


def _merged_cells(boxes: Sequence[Box]) -> list[Box]:
    """Boxes of drawings put together, first by cells of 24 points: there may be thousands."""
    cells: dict[tuple[int, int], Box] = {}
    for box in boxes:
        if is_rule(box):
            continue
        cell = (int(box[0] // 24), int(box[1] // 24))
        cells[cell] = bounding([cells[cell], box]) if cell in cells else box
    return merged_boxes(list(cells.values())[:MAX_CELLS])


def with_labels(box: Box, items: Sequence[Item], lines: Sequence[Line]) -> Box:
    """`box` grown by the text that stands close to it and is neither prose nor caption, as far as it meets none."""
    walls = [item.box for item in items if is_wall(item, 3)]
    labels = [
        line.box
        for item in items
        if item.kind not in OUTSIDE or len(item.text) <= 3
        for line in item.region.lines
        if len(line.text) <= 60
    ]
    labels += [line.box for line in lines if not line.upright and not line.hidden]
    for _ in range(3):
        near = [label for label in labels if are_near(label, box, LABEL_PT)]
        grown = box
        for label in near:
            wider = bounding([grown, label])
            if not any(
                are_near(wider, wall, 0.0) and overlap(wider, wall) > overlap(box, wall) + 1.0 for wall in walls
            ):
                grown = wider
        if grown == box:
            break
        box = grown
    return box


def merged_boxes(boxes: Sequence[Box]) -> list[Box]:
    """Boxes that touch or nearly touch become one: panels and tiles of one figure."""
    merged: list[Box] = []
    for box in boxes:
        near = [other for other in merged if are_near(box, other)]
        while near:
            merged = [other for other in merged if other not in near]
            box = bounding([box, *near])
            near = [other for other in merged if are_near(box, other)]
        merged.append(box)
    return sorted(merged, key=lambda box: (box[1], box[0]))


def are_near(a: Box, b: Box, gap: float = NEAR_PT) -> bool:
    """Whether two boxes meet, or less than `gap` lies between them."""
    return a[0] - gap < b[2] and b[0] - gap < a[2] and a[1] - gap < b[3] and b[1] - gap < a[3]


def overlap(a: Box, b: Box) -> float:
    """The area that two boxes share, in square points."""
    return area_of((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def area_of(box: Box) -> float:
    """The area of `box` in square points; 0 where it is turned inside out."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def cut_to(box: Box, page: pymupdf.Rect) -> Box:
    """The part of `box` that lies on the page."""
    return (max(box[0], page.x0), max(box[1], page.y0), min(box[2], page.x1), min(box[3], page.y1))

"""Owns the captions of figures: their labels, and which caption stands nearest to a figure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chapter_pipeline.documents.structure.classify import Item
from chapter_pipeline.documents.structure.figure_boxes import LABEL_PT
from chapter_pipeline.domain.document import BlockKind, Box

MAX_CAPTION_GAP = 40.0
"""Between a caption and the figure right below it."""
LABEL = re.compile(r"^((?:supplement\w* |extended data )?fig(?:ure|\.)?\s*S?\d+)", re.IGNORECASE)
ANY_TABLE = re.compile(r"^(?:supplement\w* |extended data )?table\s*(?:S?\d+|[IVX]+)?\b", re.IGNORECASE)
_BARE = re.compile(r"^(?:supplement\w* |extended data )?fig(?:ure|\.)?\s*S?\d+[.:|]?$", re.IGNORECASE)


def is_figure_caption(item: Item) -> bool:
    """Whether `item` is a caption that opens with the label of a figure."""
    return item.kind is BlockKind.CAPTION and LABEL.match(item.text) is not None


def is_bare_label(text: str) -> bool:
    """Whether `text` is the label of a figure and nothing else."""
    return _BARE.match(text) is not None


def is_further_caption(item: Item) -> bool:
    """Whether `item` is a paragraph of a caption that began before it."""
    return item.kind is BlockKind.CAPTION and not LABEL.match(item.text) and not ANY_TABLE.match(item.text)


def captions_above(boxes: Sequence[Box], captions: Sequence[Item]) -> list[Item | None]:
    """For each figure the caption right above it, where that gives more figures a caption of their own than those below."""

    def right_at(box: Box, *, above: bool) -> Item | None:
        gaps = [
            (box[1] - item.box[3] if above else item.box[1] - box[3], number)
            for number, item in enumerate(captions)
            if min(box[2], item.box[2]) > max(box[0], item.box[0])
        ]
        gap, number = min(((gap, number) for gap, number in gaps if gap > -LABEL_PT), default=(MAX_CAPTION_GAP, 0))
        return captions[number] if gap < MAX_CAPTION_GAP else None

    if len(boxes) < 2 or len(captions) < 2:
        return []
    above, below = ([right_at(box, above=side) for box in boxes] for side in (True, False))
    counts = [len({id(item) for item in side if item is not None}) for side in (above, below)]
    return above if counts[0] == len(boxes) > counts[1] else []


def nearest_caption(box: Box, captions: Sequence[Item], height: float) -> Item | None:
    """The caption nearest to the figure that shares its columns, below before above; beside it as the last choice."""
    best = min(captions, key=lambda item: distance(box, item), default=None)
    return best if best is not None and distance(box, best) < 0.35 * height else None


def distance(box: Box, item: Item | None) -> float:
    """How far a caption is from a figure, in points; what stands above the figure or beside it counts as further."""
    if item is None:
        return 1000.0
    shared = min(box[2], item.box[2]) - max(box[0], item.box[0])
    if shared > 0:
        below, above = item.box[1] - box[3], box[1] - item.box[3]
        return max(below, 0.0) if below > -20 else max(above, 0.0) + 40 if above > -20 else 400.0
    level = min(box[3], item.box[3]) - max(box[1], item.box[1])
    return 120.0 if level > 0 else 1000.0


def label_of(caption: Item) -> str:
    """The label of a caption in one form (``fig3``); empty without one."""
    match = LABEL.match(caption.text)
    return re.sub(r"\W+", "", match.group(1)).casefold().replace("figure", "fig") if match else ""

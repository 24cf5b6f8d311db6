"""Owns the raster figures of a page and their captions; logos, ornaments and repeated images are left out."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pymupdf

from chapter_pipeline.documents.classify import Item
from chapter_pipeline.documents.layout import bounding
from chapter_pipeline.documents.model import BlockKind, Box, Figure

MIN_PIXELS = 120
MIN_AREA = 0.02
"""Share of the page below which an image is an ornament."""
RESOLUTION_DPI = 150
NEAR_PT = 18.0
_LABEL = re.compile(r"^((?:supplement\w* |extended data )?fig(?:ure|\.)?\s*S?\d+)", re.IGNORECASE)


def page_figures(page: pymupdf.Page, items: Sequence[Item]) -> list[Figure]:
    """Figures of one page: images that touch are one figure; each takes the nearest caption below, above or beside.

    The content is a PNG of the page's region at 150 dpi, so that what is shown is what is printed, labels included.
    """
    area = abs(page.rect.width * page.rect.height)
    images = [
        tuple(info["bbox"])
        for info in page.get_image_info()
        if info["width"] >= MIN_PIXELS / 4 and info["height"] >= MIN_PIXELS / 4
    ]
    boxes = [_inside(box, page.rect) for box in _merged([box for box in images if _size(box) > 0.0005 * area])]
    captions = [item for item in items if item.kind is BlockKind.CAPTION and _LABEL.match(item.text)]
    figures: list[Figure] = []
    for box in boxes:
        if _size(box) < MIN_AREA * area or _size(box) > 0.95 * area or min(box[2] - box[0], box[3] - box[1]) < 36:
            continue
        caption = _caption(box, captions, page.rect.height)
        figures.append(_figure(page, box, caption))
    return figures


def without_repeats(figures: Sequence[Figure]) -> list[Figure]:
    """Figures numbered from 1; an image that stands on several pages, or alone has no caption, is dropped."""
    times = Counter(figure.sha256 for figure in figures)
    captioned = any(figure.caption for figure in figures)
    kept = [figure for figure in figures if times[figure.sha256] == 1 and (figure.caption or not captioned)]
    return [replace(figure, ordinal=ordinal) for ordinal, figure in enumerate(kept, start=1)]


def _figure(page: pymupdf.Page, box: Box, caption: Item | None) -> Figure:
    pixmap = page.get_pixmap(clip=pymupdf.Rect(box), dpi=RESOLUTION_DPI, colorspace=pymupdf.csRGB, alpha=False)
    content = pixmap.tobytes("png")
    label = _LABEL.match(caption.text) if caption else None
    return Figure(
        ordinal=0,
        page=page.number + 1,
        box=box,
        label=label.group(1) if label else None,
        caption=caption.text if caption else None,
        media_type="image/png",
        width_px=pixmap.width,
        height_px=pixmap.height,
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )


def _merged(boxes: Sequence[Box]) -> list[Box]:
    """Boxes that touch or nearly touch become one: panels and tiles of one figure."""
    merged: list[Box] = []
    for box in boxes:
        near = [other for other in merged if _near(box, other)]
        while near:
            merged = [other for other in merged if other not in near]
            box = bounding([box, *near])
            near = [other for other in merged if _near(box, other)]
        merged.append(box)
    return sorted(merged, key=lambda box: (box[1], box[0]))


def _near(a: Box, b: Box) -> bool:
    return a[0] - NEAR_PT < b[2] and b[0] - NEAR_PT < a[2] and a[1] - NEAR_PT < b[3] and b[1] - NEAR_PT < a[3]


def _caption(box: Box, captions: Sequence[Item], height: float) -> Item | None:
    """The caption nearest to the figure that shares its columns, below before above; beside it as the last choice."""

    def distance(item: Item) -> float:
        shared = min(box[2], item.box[2]) - max(box[0], item.box[0])
        if shared > 0:
            below, above = item.box[1] - box[3], box[1] - item.box[3]
            return max(below, 0.0) if below > -20 else max(above, 0.0) + 40 if above > -20 else 400.0
        level = min(box[3], item.box[3]) - max(box[1], item.box[1])
        return 120.0 if level > 0 else 1000.0

    best = min(captions, key=distance, default=None)
    return best if best is not None and distance(best) < 0.35 * height else None


def _size(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _inside(box: Box, page: pymupdf.Rect) -> Box:
    return (max(box[0], page.x0), max(box[1], page.y0), min(box[2], page.x1), min(box[3], page.y1))

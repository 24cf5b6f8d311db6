"""Owns the figures of a page, raster and vector, and their captions; logos, ornaments and repeats are left out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pymupdf

from chapter_pipeline.documents.pdf.drawings import Drawings
from chapter_pipeline.documents.pdf.images import figure_image, like
from chapter_pipeline.documents.pdf.lines import Line
from chapter_pipeline.documents.structure.classify import Item
from chapter_pipeline.documents.structure.layout import bounding
from chapter_pipeline.domain.document import BlockKind, Box, Figure, FigureKind
from chapter_pipeline.domain.figure_rights import rights_statement

MIN_PIXELS = 120
MIN_AREA = 0.02
"""Share of the page below which an image is an ornament."""
NEAR_PT = 18.0
LABEL_PT = 14.0
"""How far from a figure the text may stand that belongs to it: axis labels, letters of panels."""
MAX_CAPTION_GAP = 40.0
"""Between a caption and the figure right below it."""
MIN_PATHS = 5
MAX_CELLS = 500
_LABEL = re.compile(r"^((?:supplement\w* |extended data )?fig(?:ure|\.)?\s*S?\d+)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"\b(?:legend|caption)\b.{0,20}\b(?:next|following|opposite) page", re.IGNORECASE)
MIN_ALONE = 0.15
"""Share of the page from which an image may have its caption on the next page."""
_TABLE = re.compile(r"^table\b", re.IGNORECASE)
_ANY_TABLE = re.compile(r"^(?:supplement\w* |extended data )?table\s*(?:S?\d+|[IVX]+)?\b", re.IGNORECASE)
_BARE = re.compile(r"^(?:supplement\w* |extended data )?fig(?:ure|\.)?\s*S?\d+[.:|]?$", re.IGNORECASE)
_CREDIT = re.compile(
    r"©|\(c\)|copyright|courtesy|permission|re-?print|re-?produced|re-?published|credit|adapted|modified|licen[cs]e|biorender|rights",
    re.IGNORECASE,
)
MAX_CREDIT = 200
"""Characters of a line on rights beside a figure."""
MAX_PLATE_WORDS = 20
"""An item of more words is no label within a figure that fills its page."""
_OUTSIDE = frozenset(
    {
        BlockKind.TITLE, BlockKind.AUTHORS, BlockKind.ABSTRACT, BlockKind.BODY, BlockKind.CAPTION,
        BlockKind.REFERENCE, BlockKind.FOOTNOTE, BlockKind.FURNITURE,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PageParts:
    """What of a page its figures are found by."""

    page: pymupdf.Page
    items: Sequence[Item]
    lines: Sequence[Line]
    drawings: Drawings


@dataclass(slots=True)
class _Found:
    """What may be a figure: its box, the images of its page, and the caption that was found for it."""

    kind: FigureKind
    box: Box
    caption: Item | None
    images: Sequence[dict[str, Any]]


def is_figure_caption(item: Item) -> bool:
    """Whether `item` is a caption that opens with the label of a figure."""
    return item.kind is BlockKind.CAPTION and _LABEL.match(item.text) is not None


def is_bare_label(text: str) -> bool:
    """Whether `text` is the label of a figure and nothing else."""
    return _BARE.match(text) is not None


def is_further_caption(item: Item) -> bool:
    """Whether `item` is a paragraph of a caption that began before it."""
    return item.kind is BlockKind.CAPTION and not _LABEL.match(item.text) and not _ANY_TABLE.match(item.text)


def document_figures(pages: Sequence[PageParts]) -> list[Figure]:
    """The figures of a document, numbered from 1; where any has a caption, an image without one is none."""
    if not pages:
        return []
    captions = _with_further_parts(pages, [_captions(parts) for parts in pages])
    # A page without a caption is looked at when the next one opens with one that may be for a figure of it.
    found = [
        _on_page(parts, own) if own or (following and _opens(after, following[0])) else []
        for parts, own, following, after in zip(
            pages, captions, [*captions[1:], []], [*pages[1:], *pages[-1:]], strict=True
        )
    ]
    _from_next_page(pages, captions, found)
    _from_legends(pages, captions, found)
    if not any(one.caption for on_page in found for one in on_page):
        found = [_on_page(parts, own) for parts, own in zip(pages, captions, strict=True)]
    captioned = any(one.caption for on_page in found for one in on_page)
    for parts, on_page in zip(pages, found, strict=True):
        _with_credits(parts, on_page, pages)
    return _without_repeats(
        [
            _whole(parts, one)
            for parts, on_page in zip(pages, found, strict=True)
            for one in on_page
            if one.caption or not captioned
        ]
    )


def _captions(parts: PageParts) -> list[Item]:
    return [item for item in parts.items if is_figure_caption(item)]


def _with_further_parts(pages: Sequence[PageParts], captions: Sequence[list[Item]]) -> list[list[Item]]:
    """`captions`, the last one of a page with the paragraphs that open the next page."""
    joined = [list(own) for own in captions]
    for number, after in enumerate(pages[1:]):
        printed = [item for item in after.items if item.kind is not BlockKind.FURNITURE]
        for item in printed if joined[number] else ():
            if not is_further_caption(item):
                break
            last = joined[number][-1]
            joined[number][-1] = replace(last, text=f"{last.text} {item.text}")
    return joined


def _from_legends(pages: Sequence[PageParts], captions: Sequence[Sequence[Item]], found: list[list[_Found]]) -> None:
    """Give figures their legends of a list: by the label on their page, else in order where there are as many of both."""
    full = {_label(one): one for own in captions for one in own if not is_bare_label(one.text)}
    taken: set[str] = set()
    for one in (one for on_page in found for one in on_page):
        if one.caption is None:
            continue
        label = _label(one.caption)
        if is_bare_label(one.caption.text):
            one.caption = full.get(label, one.caption)
        taken.add(label)
    free = [
        (number, one)
        for number, own in enumerate(captions)
        for one in own
        if full.get(_label(one)) is one and _label(one) not in taken
    ]
    if not free:
        return
    plates = {
        number: plates
        for number, parts in enumerate(pages)
        if number > free[0][0]
        and all(is_bare_label(one.text) for one in captions[number])
        and not any(one.caption for one in found[number])
        and (plates := _plates(parts))
    }
    by_label = {_label(one): one for _, one in free}
    labelled = {
        number: caption
        for number in plates
        for item in pages[number].items
        if is_bare_label(item.text) and (caption := by_label.get(_label(item)))
    }
    for number, caption in labelled.items():
        found[number] = [replace(_one_plate(plates.pop(number)), caption=caption)]
        by_label.pop(_label(caption), None)
    wanted = list(by_label.values())
    in_order = [one for on_page in plates.values() for one in on_page]
    if len(in_order) != len(wanted):
        plates = {number: [_one_plate(on_page)] for number, on_page in plates.items()}
        in_order = [one for on_page in plates.values() for one in on_page]
    if len(in_order) != len(wanted):
        return
    for one, caption in zip(in_order, wanted, strict=True):
        one.caption = caption
    for number, on_page in plates.items():
        found[number] = on_page


def _plates(parts: PageParts) -> list[_Found]:
    """The figures of a page that holds nothing else but labels and running heads."""
    printed = [item for item in parts.items if item.kind is not BlockKind.FURNITURE]
    if any(item.words >= MAX_PLATE_WORDS or _ANY_TABLE.match(item.text) for item in printed):
        return []
    rect = parts.page.rect
    label = next((item for item in parts.items if is_bare_label(item.text)), None)
    if label is not None and label.box[1] > (rect.y0 + rect.y1) / 2:
        rect = pymupdf.Rect(rect.x0, rect.y0, rect.x1, label.box[1])
    area = abs(rect.width * rect.height)
    rasters = _on_page(parts, [])
    if rasters:
        return rasters
    images = [
        info
        for info in parts.drawings.images
        if info["width"] >= MIN_PIXELS and info["height"] >= MIN_PIXELS and _size(info["bbox"]) > 0.5 * area
    ]
    if len(images) == 1 and (not parts.items or (label is not None and len(printed) <= 1)):
        return [_Found(FigureKind.RASTER, _inside(tuple(images[0]["bbox"]), rect), None, images)]  # all of the page
    drawn = [box for box in parts.drawings.boxes if _size(box) < 0.9 * area and not _is_rule(box) and box[1] < rect.y1]
    if len(drawn) < MIN_PATHS:
        return []
    box = _inside(bounding(drawn), rect)
    figure = label is not None or _is_figure(box, area)
    return [_Found(FigureKind.VECTOR, box, None, [])] if figure else []


def _one_plate(on_page: Sequence[_Found]) -> _Found:
    first = on_page[0]
    return _Found(first.kind, bounding([one.box for one in on_page]), None, first.images)


def _is_rule(box: Box) -> bool:
    """Whether a drawing is a rule through the page."""
    return box[3] - box[1] < 3 and box[2] - box[0] > 300


def _on_page(parts: PageParts, captions: Sequence[Item]) -> list[_Found]:
    """Figures of one page: images that touch are one figure; each takes the nearest caption below, above or beside.

    A caption that no image takes is looked for a drawing.
    """
    page, items = parts.page, parts.items
    if not captions and not page.get_images():
        return []
    area = abs(page.rect.width * page.rect.height)
    images = [
        info
        for info in parts.drawings.images
        if info["width"] >= MIN_PIXELS / 4 and info["height"] >= MIN_PIXELS / 4 and _size(info["bbox"]) > 0.0005 * area
    ]
    boxes = [_inside(box, page.rect) for box in _merged([tuple(info["bbox"]) for info in images])]
    boxes = [box for box in boxes if _is_figure(box, area)]
    own = _captions_above(boxes, captions) or [_caption(box, captions, page.rect.height) for box in boxes]
    found = [_Found(FigureKind.RASTER, box, caption, images) for box, caption in zip(boxes, own, strict=True)]
    taken, raster = [one.caption for one in found], [one.box for one in found]
    free = [caption for caption in captions if caption not in taken]
    for caption, drawn in zip(free, _all_drawn(free, items, parts.drawings, page.rect), strict=True):
        if (
            drawn is not None
            and _is_figure(drawn, area)
            and not _is_table(drawn, items)
            and not any(_near(drawn, box) for box in raster)
        ):
            found.append(_Found(FigureKind.VECTOR, drawn, caption, images))
    return sorted(_one_for_a_caption(found, items), key=lambda one: (one.box[1], one.box[0]))


def _captions_above(boxes: Sequence[Box], captions: Sequence[Item]) -> list[Item | None]:
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


def _all_drawn(
    captions: Sequence[Item], items: Sequence[Item], drawings: Drawings, page: pymupdf.Rect
) -> list[Box | None]:
    """What is drawn for each caption, above it; below it where one drawing would else have two captions."""
    found = [_drawn(caption, items, drawings, page) for caption in captions]
    boxes = [box for box in found if box is not None]
    if any(_overlap(a, b) > 1.0 for n, a in enumerate(boxes) for b in boxes[:n]):
        below = [_drawn(caption, items, drawings, page, below_first=True) for caption in captions]
        others = [box for box in below if box is not None]
        if len(others) == len(boxes) and not any(
            _overlap(a, b) > 1.0 for n, a in enumerate(others) for b in others[:n]
        ):
            return below
    return found


def _one_for_a_caption(found: Sequence[_Found], items: Sequence[Item]) -> list[_Found]:
    """One figure for each caption: what stands on its other side has none, what stands on the same side is a part of it."""
    kept: list[_Found] = []
    for one in found:
        other = next((other for other in kept if one.caption is not None and other.caption is one.caption), None)
        if other is None or one.caption is None:
            kept.append(one)
            continue
        walls = [item.box for item in items if _is_wall(item, 40)]
        both = bounding([one.box, other.box])
        if any(_overlap(both, wall) > max(_overlap(one.box, wall), _overlap(other.box, wall)) + 1.0 for wall in walls):
            far = max(one, other, key=lambda each: _distance(each.box, each.caption))
            kept.append(one)
            far.caption = None
        else:
            other.box = both
    return kept


def _from_next_page(pages: Sequence[PageParts], captions: Sequence[Sequence[Item]], found: list[list[_Found]]) -> None:
    """Give large images without a caption, and those that say where their legend is, that of the next page."""
    for number in range(len(pages) - 1):
        if not found[number] and not captions[number] and captions[number + 1]:
            found[number] = _plates(pages[number]) if _opens(pages[number + 1], captions[number + 1][0]) else []
        after, page = pages[number + 1], pages[number].page
        taken = [one.caption for one in found[number + 1]]
        free = [caption for caption in captions[number + 1] if caption not in taken]
        for one in found[number]:
            if one.caption is not None and _ELSEWHERE.search(one.caption.text):
                label = _label(one.caption)
                one.caption = next((item for item in captions[number + 1] if _label(item) == label), one.caption)
            elif (
                one.caption is None
                and free
                and len(found[number]) == 1
                and _size(one.box) >= MIN_ALONE * abs(page.rect.width * page.rect.height)
                and _opens(after, free[0])
            ):
                one.caption = free.pop(0)


def _opens(parts: PageParts, caption: Item) -> bool:
    """Whether nothing but running heads stands above `caption` on its page."""
    return not any(
        item.box[3] <= caption.box[1] and item.kind is not BlockKind.FURNITURE
        for item in parts.items
        if item is not caption and len(item.text) > 3
    )


def _label(caption: Item) -> str:
    match = _LABEL.match(caption.text)
    return re.sub(r"\W+", "", match.group(1)).casefold().replace("figure", "fig") if match else ""


def _with_credits(parts: PageParts, found: Sequence[_Found], pages: Sequence[PageParts]) -> None:
    """Put a line on the rights of others that is printed in a figure, or at its edge, behind the caption.

    What stands on several pages, in a margin or in the text of the article speaks of the article.
    """
    height = parts.page.rect.height
    for one in found:
        if one.caption is None:
            continue
        outside = [item.box for item in parts.items if item.kind in _OUTSIDE - {BlockKind.FURNITURE}]
        for line in parts.lines:
            if (
                not line.hidden
                and len(line.text) <= MAX_CREDIT
                and _near(line.box, one.box, LABEL_PT)
                and _CREDIT.search(line.text)
                and 0.1 * height < line.box[3]
                and line.box[1] < 0.9 * height
                and not any(_overlap(line.box, box) > 0.5 * _size(line.box) for box in outside)
                and rights_statement(line.text) is not None
                and sum(any(line.text == other.text for other in page.lines) for page in pages) == 1
            ):
                stop = "" if one.caption.text.endswith((".", "!", "?", ")")) else "."
                one.caption = replace(one.caption, text=f"{one.caption.text}{stop} {line.text}")


def _whole(parts: PageParts, one: _Found) -> Figure:
    """The figure as it is printed, the text around included."""
    items, lines, drawings = parts.items, parts.lines, parts.drawings
    whole = _with_labels(one.box, items, lines)
    if one.kind is FigureKind.RASTER and one.caption and whole != one.box:
        whole = _with_labels(_with_drawings(whole, items, drawings), items, lines)
    box = _inside(whole, parts.page.rect)
    return _figure(parts.page, one.kind, box, one.caption, one.images, lines, drawings)


def _without_repeats(figures: Sequence[Figure]) -> list[Figure]:
    """Figures numbered from 1; what looks the same on several pages is dropped unless captions tell it apart."""
    kept = [figure for figure in figures if not any(_repeats(figure, other) for other in figures)]
    return [replace(figure, ordinal=ordinal) for ordinal, figure in enumerate(kept, start=1)]


def _repeats(figure: Figure, other: Figure) -> bool:
    """Whether `figure` is an image like `other` of another page, in the same size, not told apart by its label."""
    if figure.page == other.page or (figure.label and figure.label != other.label):
        return False
    alike = figure.sha256 == other.sha256 or like(figure.perceptual_hash, other.perceptual_hash)
    same_size = all(abs(_sides(figure.box)[n] - _sides(other.box)[n]) < 6 for n in (0, 1))
    return alike and same_size


def _sides(box: Box) -> tuple[float, float]:
    return box[2] - box[0], box[3] - box[1]


def _is_figure(box: Box, area: float) -> bool:
    return MIN_AREA * area <= _size(box) <= 0.95 * area and min(_sides(box)) >= 36


def _drawn(
    caption: Item, items: Sequence[Item], drawings: Drawings, page: pymupdf.Rect, *, below_first: bool = False
) -> Box | None:
    """The box of what is drawn between `caption` and the running text above it, else below it, or the other way round."""
    others = [item for item in items if item is not caption and _is_wall(item, 40)]
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


def _is_wall(item: Item, characters: int) -> bool:
    """Whether a figure ends at `item`: at captions, and at other text of the article of more than `characters`."""
    if item.kind in (BlockKind.BODY, BlockKind.ABSTRACT):  # a few words in a figure are easily taken for prose
        characters = max(characters, 60)
    return item.kind is BlockKind.CAPTION or (item.kind in _OUTSIDE and len(item.text) > characters)


def _is_table(box: Box, items: Sequence[Item]) -> bool:
    """Whether what is drawn in `box` has the title of a table in it or on it."""
    return any(_TABLE.match(item.text) and _near(item.box, box, 2.0) for item in items)


def _with_drawings(box: Box, items: Sequence[Item], drawings: Drawings) -> Box:
    """`box` grown by what is drawn close to it, where panels of a figure are images and others are drawings."""
    walls = [item.box for item in items if _is_wall(item, 3)]
    # A frame around figure and caption, or a rule through the page, is no part of the figure.
    free = [drawn for drawn in drawings.boxes if not any(_overlap(drawn, wall) > 1.0 for wall in walls)]
    for drawn in _merged_cells(free):
        wider = bounding([box, drawn])
        if _near(drawn, box) and not any(_overlap(wider, wall) > _overlap(box, wall) + 1.0 for wall in walls):
            box = wider
    return box


def _merged_cells(boxes: Sequence[Box]) -> list[Box]:
    """Boxes of drawings put together, first by cells of 24 points: there may be thousands."""
    cells: dict[tuple[int, int], Box] = {}
    for box in boxes:
        if _is_rule(box):
            continue
        cell = (int(box[0] // 24), int(box[1] // 24))
        cells[cell] = bounding([cells[cell], box]) if cell in cells else box
    return _merged(list(cells.values())[:MAX_CELLS])


def _with_labels(box: Box, items: Sequence[Item], lines: Sequence[Line]) -> Box:
    """`box` grown by the text that stands close to it and is neither prose nor caption, as far as it meets none."""
    walls = [item.box for item in items if _is_wall(item, 3)]
    labels = [
        line.box
        for item in items
        if item.kind not in _OUTSIDE or len(item.text) <= 3
        for line in item.region.lines
        if len(line.text) <= 60
    ]
    labels += [line.box for line in lines if not line.upright and not line.hidden]
    for _ in range(3):
        near = [label for label in labels if _near(label, box, LABEL_PT)]
        grown = box
        for label in near:
            wider = bounding([grown, label])
            if not any(_near(wider, wall, 0.0) and _overlap(wider, wall) > _overlap(box, wall) + 1.0 for wall in walls):
                grown = wider
        if grown == box:
            break
        box = grown
    return box


def _figure(
    page: pymupdf.Page, kind: FigureKind, box: Box, caption: Item | None, images: Sequence[dict[str, Any]],
    lines: Sequence[Line], drawings: Drawings,
) -> Figure:  # fmt: skip
    def is_bare() -> bool:
        return not any(_overlap(line.box, box) > 1.0 for line in lines) and drawings.leave_free(box)

    image = figure_image(page, box, [info for info in images if _overlap(tuple(info["bbox"]), box) > 1.0], is_bare)
    label = _LABEL.match(caption.text) if caption else None
    return Figure(
        ordinal=0,
        page=page.number + 1,
        box=box,
        label=label.group(1) if label else None,
        caption=caption.text if caption else None,
        media_type=image.media_type,
        width_px=image.width_px,
        height_px=image.height_px,
        sha256=hashlib.sha256(image.content).hexdigest(),
        content=image.content,
        kind=kind,
        thumbnail=image.thumbnail,
        perceptual_hash=image.perceptual_hash,
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


def _near(a: Box, b: Box, gap: float = NEAR_PT) -> bool:
    return a[0] - gap < b[2] and b[0] - gap < a[2] and a[1] - gap < b[3] and b[1] - gap < a[3]


def _overlap(a: Box, b: Box) -> float:
    return _size((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def _caption(box: Box, captions: Sequence[Item], height: float) -> Item | None:
    """The caption nearest to the figure that shares its columns, below before above; beside it as the last choice."""

    best = min(captions, key=lambda item: _distance(box, item), default=None)
    return best if best is not None and _distance(box, best) < 0.35 * height else None


def _distance(box: Box, item: Item | None) -> float:
    """How far a caption is from a figure, in points; what stands above the figure or beside it counts as further."""
    if item is None:
        return 1000.0
    shared = min(box[2], item.box[2]) - max(box[0], item.box[0])
    if shared > 0:
        below, above = item.box[1] - box[3], box[1] - item.box[3]
        return max(below, 0.0) if below > -20 else max(above, 0.0) + 40 if above > -20 else 400.0
    level = min(box[3], item.box[3]) - max(box[1], item.box[1])
    return 120.0 if level > 0 else 1000.0


def _size(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _inside(box: Box, page: pymupdf.Rect) -> Box:
    return (max(box[0], page.x0), max(box[1], page.y0), min(box[2], page.x1), min(box[3], page.y1))

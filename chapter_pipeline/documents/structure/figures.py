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
from chapter_pipeline.documents.structure.figure_boxes import (
    LABEL_PT,
    MIN_PATHS,
    OUTSIDE,
    are_near,
    area_of,
    cut_to,
    drawn_for,
    is_figure,
    is_rule,
    is_table,
    is_wall,
    merged_boxes,
    overlap,
    sides,
    with_drawings,
    with_labels,
)
from chapter_pipeline.documents.structure.figure_captions import (
    ANY_TABLE,
    LABEL,
    captions_above,
    distance,
    is_bare_label,
    is_figure_caption,
    is_further_caption,
    label_of,
    nearest_caption,
)
from chapter_pipeline.documents.structure.layout import bounding
from chapter_pipeline.domain.document import BlockKind, Box, Figure, FigureKind
from chapter_pipeline.domain.figure_rights import rights_statement

MIN_PIXELS = 120
_ELSEWHERE = re.compile(r"\b(?:legend|caption)\b.{0,20}\b(?:next|following|opposite) page", re.IGNORECASE)
MIN_ALONE = 0.15
"""Share of the page from which an image may have its caption on the next page."""
_CREDIT = re.compile(
    r"©|\(c\)|copyright|courtesy|permission|re-?print|re-?produced|re-?published|credit|adapted|modified|licen[cs]e|biorender|rights",
    re.IGNORECASE,
)
MAX_CREDIT = 200
"""Characters of a line on rights beside a figure."""
MAX_PLATE_WORDS = 20
"""An item of more words is no label within a figure that fills its page."""


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
    full = {label_of(one): one for own in captions for one in own if not is_bare_label(one.text)}
    taken: set[str] = set()
    for one in (one for on_page in found for one in on_page):
        if one.caption is None:
            continue
        label = label_of(one.caption)
        if is_bare_label(one.caption.text):
            one.caption = full.get(label, one.caption)
        taken.add(label)
    free = [
        (number, one)
        for number, own in enumerate(captions)
        for one in own
        if full.get(label_of(one)) is one and label_of(one) not in taken
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
    by_label = {label_of(one): one for _, one in free}
    labelled = {
        number: caption
        for number in plates
        for item in pages[number].items
        if is_bare_label(item.text) and (caption := by_label.get(label_of(item)))
    }
    for number, caption in labelled.items():
        found[number] = [replace(_one_plate(plates.pop(number)), caption=caption)]
        by_label.pop(label_of(caption), None)
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
    if any(item.words >= MAX_PLATE_WORDS or ANY_TABLE.match(item.text) for item in printed):
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
        if info["width"] >= MIN_PIXELS and info["height"] >= MIN_PIXELS and area_of(info["bbox"]) > 0.5 * area
    ]
    if len(images) == 1 and (not parts.items or (label is not None and len(printed) <= 1)):
        return [_Found(FigureKind.RASTER, cut_to(tuple(images[0]["bbox"]), rect), None, images)]  # all of the page
    drawn = [box for box in parts.drawings.boxes if area_of(box) < 0.9 * area and not is_rule(box) and box[1] < rect.y1]
    if len(drawn) < MIN_PATHS:
        return []
    box = cut_to(bounding(drawn), rect)
    figure = label is not None or is_figure(box, area)
    return [_Found(FigureKind.VECTOR, box, None, [])] if figure else []


def _one_plate(on_page: Sequence[_Found]) -> _Found:
    first = on_page[0]
    return _Found(first.kind, bounding([one.box for one in on_page]), None, first.images)


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
        if info["width"] >= MIN_PIXELS / 4
        and info["height"] >= MIN_PIXELS / 4
        and area_of(info["bbox"]) > 0.0005 * area
    ]
    boxes = [cut_to(box, page.rect) for box in merged_boxes([tuple(info["bbox"]) for info in images])]
    boxes = [box for box in boxes if is_figure(box, area)]
    own = captions_above(boxes, captions) or [nearest_caption(box, captions, page.rect.height) for box in boxes]
    found = [_Found(FigureKind.RASTER, box, caption, images) for box, caption in zip(boxes, own, strict=True)]
    taken, raster = [one.caption for one in found], [one.box for one in found]
    free = [caption for caption in captions if caption not in taken]
    for caption, drawn in zip(free, _all_drawn(free, items, parts.drawings, page.rect), strict=True):
        if (
            drawn is not None
            and is_figure(drawn, area)
            and not is_table(drawn, items)
            and not any(are_near(drawn, box) for box in raster)
        ):
            found.append(_Found(FigureKind.VECTOR, drawn, caption, images))
    return sorted(_one_for_a_caption(found, items), key=lambda one: (one.box[1], one.box[0]))


def _all_drawn(
    captions: Sequence[Item], items: Sequence[Item], drawings: Drawings, page: pymupdf.Rect
) -> list[Box | None]:
    """What is drawn for each caption, above it; below it where one drawing would else have two captions."""
    found = [drawn_for(caption, items, drawings, page) for caption in captions]
    boxes = [box for box in found if box is not None]
    if any(overlap(a, b) > 1.0 for n, a in enumerate(boxes) for b in boxes[:n]):
        below = [drawn_for(caption, items, drawings, page, below_first=True) for caption in captions]
        others = [box for box in below if box is not None]
        if len(others) == len(boxes) and not any(overlap(a, b) > 1.0 for n, a in enumerate(others) for b in others[:n]):
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
        walls = [item.box for item in items if is_wall(item, 40)]
        both = bounding([one.box, other.box])
        if any(overlap(both, wall) > max(overlap(one.box, wall), overlap(other.box, wall)) + 1.0 for wall in walls):
            far = max(one, other, key=lambda each: distance(each.box, each.caption))
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
                label = label_of(one.caption)
                one.caption = next((item for item in captions[number + 1] if label_of(item) == label), one.caption)
            elif (
                one.caption is None
                and free
                and len(found[number]) == 1
                and area_of(one.box) >= MIN_ALONE * abs(page.rect.width * page.rect.height)
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


def _with_credits(parts: PageParts, found: Sequence[_Found], pages: Sequence[PageParts]) -> None:
    """Put a line on the rights of others that is printed in a figure, or at its edge, behind the caption.

    What stands on several pages, in a margin or in the text of the article speaks of the article.
    """
    height = parts.page.rect.height
    for one in found:
        if one.caption is None:
            continue
        outside = [item.box for item in parts.items if item.kind in OUTSIDE - {BlockKind.FURNITURE}]
        for line in parts.lines:
            if (
                not line.hidden
                and len(line.text) <= MAX_CREDIT
                and are_near(line.box, one.box, LABEL_PT)
                and _CREDIT.search(line.text)
                and 0.1 * height < line.box[3]
                and line.box[1] < 0.9 * height
                and not any(overlap(line.box, box) > 0.5 * area_of(line.box) for box in outside)
                and rights_statement(line.text) is not None
                and sum(any(line.text == other.text for other in page.lines) for page in pages) == 1
            ):
                stop = "" if one.caption.text.endswith((".", "!", "?", ")")) else "."
                one.caption = replace(one.caption, text=f"{one.caption.text}{stop} {line.text}")


def _whole(parts: PageParts, one: _Found) -> Figure:
    """The figure as it is printed, the text around included."""
    items, lines, drawings = parts.items, parts.lines, parts.drawings
    whole = with_labels(one.box, items, lines)
    if one.kind is FigureKind.RASTER and one.caption and whole != one.box:
        whole = with_labels(with_drawings(whole, items, drawings), items, lines)
    box = cut_to(whole, parts.page.rect)
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
    same_size = all(abs(sides(figure.box)[n] - sides(other.box)[n]) < 6 for n in (0, 1))
    return alike and same_size


def _figure(
    page: pymupdf.Page, kind: FigureKind, box: Box, caption: Item | None, images: Sequence[dict[str, Any]],
    lines: Sequence[Line], drawings: Drawings,
) -> Figure:  # fmt: skip
    def is_bare() -> bool:
        return not any(overlap(line.box, box) > 1.0 for line in lines) and drawings.leave_free(box)

    image = figure_image(page, box, [info for info in images if overlap(tuple(info["bbox"]), box) > 1.0], is_bare)
    label = LABEL.match(caption.text) if caption else None
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

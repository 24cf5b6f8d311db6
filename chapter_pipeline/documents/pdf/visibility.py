"""Owns which text of a page is invisible: suspected by cheap signs, decided on the rendered page.

Most pages give no reason: they cost one look at each span and one search through the page's operators. Only where
something is painted after text the page is asked for the order of its paint, and only where a span is suspected is
it rendered. What an OCR layer says of a scan has the ink of the scan under it, and is visible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pymupdf

from chapter_pipeline.documents.pdf.display_list import covers_and_texts
from chapter_pipeline.domain.document import Box

MIN_SIZE_PT = 2.0
"""Smaller text cannot be read on paper."""
MIN_CONTRAST = 24
"""Of 255 grey levels between ink and ground; with less a reader sees no text."""
LIGHT = 0xD0
"""Text in which every colour is at least this light is checked on the rendered page."""
OPAQUE = 230
INVISIBLE_ALPHA = 20
RESOLUTION = 100 / 72
MAX_PIXELS = 4_000_000
_INK = 8 | 16  # char_flags of stroked and filled text
_PAINT = re.compile(rb"[\s\]](?:f\*?|F|[Bb]\*?|sh|Do|EI)\s")
Span = dict[str, Any]


def hidden_spans(page: pymupdf.Page, record: pymupdf.DisplayList, blocks: Sequence[dict[str, Any]]) -> frozenset[int]:
    """The `id` of each span of `blocks`, as `TextPage.extractDICT` gives them, that cannot be seen on the page.

    `record` is what `paint.recorded` makes of the page.
    """
    frame = _frame(page)
    hidden: set[int] = set()
    suspects: dict[int, Span] = {}
    for block in blocks:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                x0, y0, x1, y1 = span["bbox"]
                plain = span["alpha"] >= OPAQUE and span["size"] >= MIN_SIZE_PT and not span["color"] & 0x808080
                if plain and x0 >= 0 and y0 >= 0 and x1 <= frame[2] and y1 <= frame[3] and x1 - x0 + y1 - y0 > 2:
                    continue
                if _is_beyond_sight(span, frame):
                    hidden.add(id(span))
                elif _is_faint(span):
                    suspects[id(span)] = span
    if _PAINT.search(_after_text(page)):
        suspects |= {id(span): span for span in _painted_over(record, blocks) if id(span) not in hidden}
    if suspects:
        hidden |= _without_ink(page, record, blocks, suspects, hidden)
    return frozenset(hidden)


def _frame(page: pymupdf.Page) -> Box:
    """The crop box as text is placed in it: from the top left, whatever the page's rotation."""
    box = page.cropbox
    return (0.0, 0.0, box.width, box.height)


def _is_beyond_sight(span: Span, frame: Box) -> bool:
    """Off the page, too small, squeezed to nothing or transparent; paint can make none of it readable."""
    x0, y0, x1, y1 = span["bbox"]
    if x1 <= frame[0] or y1 <= frame[1] or x0 >= frame[2] or y0 >= frame[3]:
        return True
    advance = max(x1 - x0, y1 - y0) / max(1, len(span["text"].strip()))
    if advance < 0.1 * MIN_SIZE_PT or (span["size"] < MIN_SIZE_PT and advance < 2 * MIN_SIZE_PT):
        return True
    return bool(span["char_flags"] & _INK) and span["alpha"] < INVISIBLE_ALPHA


def _is_faint(span: Span) -> bool:
    color = span["color"]
    if not any(map(str.isalnum, span["text"])):
        return False
    light = color >> 16 & 0xFF >= LIGHT and color >> 8 & 0xFF >= LIGHT and color & 0xFF >= LIGHT
    return light or span["alpha"] < OPAQUE or not span["char_flags"] & _INK or span["size"] < MIN_SIZE_PT


def _after_text(page: pymupdf.Page) -> bytes:
    """The operators of the page that follow its first text."""
    content: bytes = page.read_contents()
    start = content.find(b"BT")
    return content[start:] if start >= 0 else content


def _painted_over(record: pymupdf.DisplayList, blocks: Sequence[dict[str, Any]]) -> list[Span]:
    """Spans in whose middle the last paint is an area or an image, not text."""
    covers, texts = covers_and_texts(record)
    if not covers:
        return []
    x0, y0, x1, y1 = around(box for _, box in covers)
    found: list[Span] = []
    for span in _spans(blocks):
        box = span["bbox"]
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if x0 <= x <= x1 and y0 <= y <= y1:
            cover = _last(covers, x, y, after=0)
            if cover > 0 and not _last(texts, x, y, after=cover):
                found.append(span)
    return found


def _last(painted: Sequence[tuple[int, Box]], x: float, y: float, *, after: int) -> int:
    """The order of the last of `painted` at a point, 0 when none comes `after`."""
    for order, (x0, y0, x1, y1) in reversed(painted):
        if order <= after:
            break
        if x0 - 1 <= x <= x1 + 1 and y0 - 1 <= y <= y1 + 1:
            return order
    return 0


def _without_ink(
    page: pymupdf.Page, record: pymupdf.DisplayList, blocks: Sequence[dict[str, Any]], suspects: dict[int, Span],
    hidden: set[int],
) -> set[int]:  # fmt: skip
    """The suspects in whose place the rendered page shows no more than what stands there beside them."""
    picture = _Picture(page, record, around(span["bbox"] for span in suspects.values()))
    seen = [
        span["bbox"] for span in _spans(blocks) if id(span) not in suspects and id(span) not in hidden
    ]  # ink there is the ink of other text
    return {
        key
        for key, span in suspects.items()
        if picture.contrast(span["bbox"], [box for box in seen if _near(box, span["bbox"])]) < MIN_CONTRAST
    }


class _Picture:
    """A part of the rendered page in grey, asked for the contrast within a box."""

    def __init__(self, page: pymupdf.Page, record: pymupdf.DisplayList, part: Box) -> None:
        area = max(page.rect.width * page.rect.height, 1.0)
        scale = min(RESOLUTION, (MAX_PIXELS / area) ** 0.5)
        matrix = pymupdf.Matrix(scale, scale)
        self._to_pixels = page.rotation_matrix * matrix
        near = pymupdf.Rect(part[0] - 2, part[1] - 2, part[2] + 2, part[3] + 2)
        clip = near * page.rotation_matrix & page.rect
        if page.rotation or page.first_annot or page.first_widget:  # of these the record holds another picture
            record = page.get_displaylist(annots=False)
        pixmap = record.get_pixmap(matrix=matrix, clip=clip, colorspace=pymupdf.csGRAY, alpha=False)
        self._samples: bytes = pixmap.samples
        self._left, self._top, self._stride = pixmap.x, pixmap.y, pixmap.stride
        self._width, self._height = pixmap.width, pixmap.height

    def contrast(self, box: Box, masks: Sequence[Box]) -> int:
        """Darkest to lightest pixel within `box`, without what lies in `masks`; 0 to 255."""
        height = box[3] - box[1]
        # The height of small letters: rules and frames stand above and below it.
        x0, y0, x1, y1 = self._pixels((box[0], box[1] + 0.3 * height, box[2], box[3] - 0.2 * height))
        taken = [self._pixels(mask) for mask in masks]
        darkest, lightest = 255, 0
        for y in range(y0, y1):
            x = x0
            for start, end in [*sorted((m[0], m[2]) for m in taken if m[1] <= y < m[3]), (x1, x1)]:
                part = self._samples[y * self._stride + x : y * self._stride + min(start, x1)] if start > x else b""
                if part:
                    darkest, lightest = min(darkest, min(part)), max(lightest, max(part))
                x = max(x, end)
        return max(0, lightest - darkest)

    def _pixels(self, box: Box) -> tuple[int, int, int, int]:
        x0, y0, x1, y1 = pymupdf.Rect(box) * self._to_pixels
        left, right = max(0, int(x0) - self._left), min(self._width, int(x1) + 1 - self._left)
        top, bottom = max(0, int(y0) - self._top), min(self._height, int(y1) + 1 - self._top)
        return left, top, right, bottom


def _spans(blocks: Sequence[dict[str, Any]]) -> Iterable[Span]:
    for block in blocks:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                if any(map(str.isalnum, span["text"])):
                    yield span


def _near(one: Box, other: Box) -> bool:
    return one[0] < other[2] + 1 and other[0] < one[2] + 1 and one[1] < other[3] + 1 and other[1] < one[3] + 1


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around all `boxes`."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return (min(x0), min(y0), max(x1), max(y1))

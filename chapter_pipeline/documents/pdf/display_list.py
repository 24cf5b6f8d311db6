"""Owns the page as a list of what is painted, read from its file once and run as often as needed; it judges nothing."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import pymupdf
from pymupdf import extra, mupdf

from chapter_pipeline.domain.document import Box

MIN_COVER_PT = 5.0
"""What is narrower or lower covers no text."""
Painted = list[tuple[int, Box]]
"""Boxes in points, each with its place in the order of paint, which counts from 1."""


def recorded(page: pymupdf.Page) -> pymupdf.DisplayList:
    """All that `page` paints, its annotations included, as it lies unrotated.

    Text, order of paint and a picture taken from it cost a fifth of what each costs that reads the page again.
    """
    rotation = page.rotation
    if not rotation:
        return page.get_displaylist()
    page.set_rotation(0)
    try:
        return page.get_displaylist()
    finally:
        page.set_rotation(rotation)


def text_of(record: pymupdf.DisplayList, flags: int) -> pymupdf.TextPage:
    """The text of a recorded page; `flags` are PyMuPDF's ``TEXT_...``."""
    return pymupdf.TextPage(record.get_textpage(flags))


def spans_with_characters(
    text: pymupdf.TextPage, wanted: Mapping[int, Container[int]]
) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """The spans of some lines, by block and line, as `TextPage.extractRAWDICT` gives them for all lines of a page.

    `wanted`: the lines of each block, by their places in what `TextPage.extractDICT` gives. A page as a whole takes a
    hundred times as long.
    """
    found: dict[tuple[int, int], list[dict[str, Any]]] = {}
    frame, buffer = mupdf.FzRect(text.this.m_internal.mediabox), mupdf.fz_new_buffer(16)

    def is_outside(box: Any) -> bool:
        return bool(mupdf.fz_is_empty_rect(mupdf.fz_intersect_rect(frame, mupdf.FzRect(box))))

    blocks = (block for block in text.this if not is_outside(block.m_internal.bbox))
    for b, block in enumerate(blocks):
        if b not in wanted:
            continue
        for n, line in enumerate(line for line in block if not is_outside(line.m_internal.bbox)):
            if n in wanted[b]:
                held: dict[str, Any] = {}
                extra.JM_make_spanlist(held, line, True, buffer, frame)
                found[b, n] = held["spans"]
    return found


def covers_and_texts(record: pymupdf.DisplayList) -> tuple[Painted, Painted]:
    """The areas and images painted after the first text, and the texts painted after the first of those."""
    order = _Order()
    everywhere = mupdf.FzRect(mupdf.FzRect.Fixed_INFINITE)
    mupdf.fz_run_display_list(record.this, order, mupdf.FzMatrix(), everywhere, mupdf.FzCookie())
    mupdf.fz_close_device(order)
    return order.covers, order.texts


class _Order(mupdf.FzDevice2):  # type: ignore[misc]
    """A device of MuPDF that keeps boxes. The arguments of its methods are MuPDF's own structures."""

    def __init__(self) -> None:
        super().__init__()
        self.covers: Painted = []
        self.texts: Painted = []
        self._painted = 0
        self._text_seen = False
        self.use_virtual_fill_path()
        self.use_virtual_fill_shade()
        self.use_virtual_fill_image()
        self.use_virtual_fill_text()
        self.use_virtual_stroke_text()
        self.use_virtual_ignore_text()

    def fill_path(self, _context: Any, path: Any, _even_odd: int, matrix: Any, *_rest: Any) -> None:
        if self._text_seen:
            self._cover(mupdf.ll_fz_bound_path(path, None, matrix))

    def fill_shade(self, _context: Any, shade: Any, matrix: Any, *_rest: Any) -> None:
        if self._text_seen:
            self._cover(mupdf.ll_fz_bound_shade(shade, matrix))

    def fill_image(self, _context: Any, _image: Any, matrix: Any, *_rest: Any) -> None:
        if self._text_seen:
            unit = mupdf.FzRect(mupdf.FzRect.Fixed_UNIT)
            self._cover(mupdf.ll_fz_transform_rect(unit.internal(), matrix))

    def fill_text(self, _context: Any, text: Any, matrix: Any, *_rest: Any) -> None:
        if self.covers:
            self._text(text, None, matrix)
        else:
            self._text_seen = True

    def stroke_text(self, _context: Any, text: Any, stroke: Any, matrix: Any, *_rest: Any) -> None:
        self._text(text, stroke, matrix)

    def ignore_text(self, _context: Any, text: Any, matrix: Any) -> None:
        self._text(text, None, matrix)

    def _text(self, text: Any, stroke: Any, matrix: Any) -> None:
        self._text_seen = True
        if self.covers:
            box = mupdf.ll_fz_bound_text(text, stroke, matrix)
            self._painted += 1
            self.texts.append((self._painted, (box.x0, box.y0, box.x1, box.y1)))

    def _cover(self, box: Any) -> None:
        if box.x1 - box.x0 > MIN_COVER_PT and box.y1 - box.y0 > MIN_COVER_PT:
            self._painted += 1
            self.covers.append((self._painted, (box.x0, box.y0, box.x1, box.y1)))

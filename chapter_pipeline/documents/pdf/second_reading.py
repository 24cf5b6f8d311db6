"""Owns the second reading of a PDF's text, by pdfium, with which the parser's own is compared."""

from __future__ import annotations

from collections.abc import Container

import pypdfium2


def second_reading(content: bytes, *, without: Container[int] = ()) -> list[str]:
    """The text of each page as pdfium reads it; empty for the pages `without` (from 0), and from where it cannot read on."""
    texts: list[str] = []
    try:
        with pypdfium2.PdfDocument(content) as document:
            for number, page in enumerate(document):
                texts.append("" if number in without else page.get_textpage().get_text_bounded())
    except pypdfium2.PdfiumError:
        pass  # what MuPDF can repair and pdfium cannot is no finding
    return texts

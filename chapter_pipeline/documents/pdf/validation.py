"""Owns the opening of a PDF and what it has to be to be read; it runs in the parser's child process only."""

from __future__ import annotations

import pymupdf

from chapter_pipeline.documents.pdf.embedded_content import embedded_content
from chapter_pipeline.documents.reasons import Reason
from chapter_pipeline.errors import DocumentRejected


def open_document(content: bytes, *, max_pages: int) -> tuple[pymupdf.Document, list[str]]:
    """The open document, and warnings of what it carries and is never opened. Raises `DocumentRejected`."""
    try:
        document = pymupdf.open(stream=content, filetype="pdf")
    except (RuntimeError, ValueError, TypeError) as error:
        raise DocumentRejected(Reason.DAMAGED, f"cannot be opened: {error}") from error
    if not document.is_pdf:
        raise DocumentRejected(Reason.NOT_A_PDF, "it opens, but not as a PDF: deliver it as a PDF")
    if document.needs_pass and not document.authenticate(""):
        raise DocumentRejected(Reason.ENCRYPTED, "it needs a password: remove it and deliver the file again")
    pages = document.page_count
    if pages < 1:
        raise DocumentRejected(Reason.NO_PAGES, "it has no page")
    if pages > max_pages:
        raise DocumentRejected(Reason.TOO_MANY_PAGES, f"{pages} pages, the limit is {max_pages}")
    warnings = embedded_content(document)
    if document.is_repaired:
        warnings.append("the file was damaged and has been repaired while reading")
    return document, warnings

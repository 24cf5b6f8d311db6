"""Owns the reasons for which a file is refused, and the checks that need neither a PDF library nor an XML parser."""

from __future__ import annotations

from enum import StrEnum

from chapter_pipeline.documents.kind import document_kind
from chapter_pipeline.domain.document import DocumentKind
from chapter_pipeline.errors import DocumentRejected

MAGIC = b"%PDF-"
MAGIC_WITHIN_BYTES = 1024
"""Readers accept the header anywhere in the first kilobyte (ISO 32000-1, annex H, implementation note 13)."""
_OTHER_FORMATS = {
    b"PK\x03\x04": "a ZIP archive",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"MZ": "a Windows program",
    b"\x7fELF": "a Linux program",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
}


class Reason(StrEnum):
    """Why a file is quarantined: stable codes for machines."""

    UNREADABLE = "unreadable"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_A_PDF = "not_a_pdf"
    NOT_AN_ARTICLE = "not_an_article"
    UNSAFE_XML = "unsafe_xml"
    POLYGLOT = "polyglot"
    ENCRYPTED = "encrypted"
    NO_PAGES = "no_pages"
    TOO_MANY_PAGES = "too_many_pages"
    DAMAGED = "damaged"
    NO_TEXT = "no_text"
    TIMEOUT = "timeout"
    CPU_LIMIT = "cpu_limit"
    MEMORY_LIMIT = "memory_limit"
    CRASHED = "crashed"


def check_bytes(content: bytes, *, max_bytes: int) -> None:
    """What can be said of a file without opening it. Raises `DocumentRejected`.

    A file that begins as another format is refused even where a PDF header follows: what one program shows of it is
    not what another does.
    """
    if not content:
        raise DocumentRejected(Reason.EMPTY, "the file has no bytes: the download may have failed")
    if len(content) > max_bytes:
        raise DocumentRejected(Reason.TOO_LARGE, f"{len(content)} bytes, the limit is {max_bytes} bytes")
    start = content[:MAGIC_WITHIN_BYTES]
    if document_kind(content) is DocumentKind.JATS:
        if MAGIC in start:
            raise DocumentRejected(Reason.POLYGLOT, "it begins as XML and as a PDF: deliver it as one of them")
        return
    other = next((name for magic, name in _OTHER_FORMATS.items() if start.lstrip().startswith(magic)), None)
    if other is not None:
        reason = Reason.POLYGLOT if MAGIC in start else Reason.NOT_A_PDF
        raise DocumentRejected(
            reason, f"the file begins as {other}: deliver it as a plain PDF, or as an article in JATS XML"
        )
    if MAGIC not in start:
        raise DocumentRejected(
            Reason.NOT_A_PDF,
            f"no {MAGIC.decode()!r} in the first {MAGIC_WITHIN_BYTES} bytes: deliver it as a PDF, or as an article in"
            " JATS XML",
        )

"""Owns the detection of what kind of document a file is, by its first bytes; it opens nothing and trusts no name."""

from __future__ import annotations

import re

from chapter_pipeline.domain.document import DocumentKind

SNIFFED_BYTES = 1024
_UTF16 = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))
_BEGINS = re.compile(r"<\?xml[\s?]|<!DOCTYPE\s+(?:article|pmc-articleset)\b|<(?:\w+:)?(?:article|pmc-articleset)[\s>]")


def document_kind(content: bytes) -> DocumentKind:
    """JATS for a file that begins as XML, or as an article without an XML declaration; PDF for every other.

    A web page (``<!DOCTYPE html``) begins as neither. What begins as XML and is no article is refused by its reader.
    """
    start = content[:SNIFFED_BYTES]
    encoding = next((name for mark, name in _UTF16 if start.startswith(mark)), "utf-8")
    words = start.decode(encoding, "ignore").lstrip("\ufeff \t\r\n")
    return DocumentKind.JATS if _BEGINS.match(words) else DocumentKind.PDF

"""Owns the form in which a parsed document crosses from the child to the parent; it trusts nothing it reads.

The child has read a hostile file and may be under its control, so there is no pickle: the form is the length of a
JSON header (eight bytes, big endian), the header, then the bytes of the figures one after the other.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import struct
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from chapter_pipeline.documents.reasons import Reason
from chapter_pipeline.domain.document import Block, Figure, OcrLine, Page, ParsedDocument, Table
from chapter_pipeline.errors import DocumentRejected

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_LENGTH = struct.Struct(">Q")
# An escaped NUL, not an escaped backslash before "u0000". PostgreSQL stores no text with a NUL.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_HASH = re.compile(r"[0-9a-f]{16}")
MAX_THUMBNAIL_BYTES = 64 * 1024
MAX_LABEL_CHARACTERS = 400
_MEDIA_TYPES = frozenset({"image/png", "image/jpeg"})


def to_bytes(document: ParsedDocument) -> bytes:
    """The document as bytes for `from_bytes`."""
    contents = [content for figure in document.figures for content in (figure.content, figure.thumbnail)]
    # surrogatepass: a lone surrogate is a fault of the document's text, which `from_bytes` names.
    header = json.dumps([document, [len(content) for content in contents]], default=_fields, ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    return b"".join([_LENGTH.pack(len(header)), header, *contents])


def from_bytes(data: bytes | bytearray) -> ParsedDocument:
    """The document that `to_bytes` wrote.

    Raises `DocumentRejected` (crashed) for anything that is not a whole and coherent document.
    """
    try:
        header, rest = _split(data)
        document, sizes = _read(header)
        document = replace(document, figures=_with_contents(document.figures, sizes, rest))
        _check(document)
    except ValueError as error:  # pydantic's ValidationError and UnicodeDecodeError are ValueErrors
        why = " ".join(str(error).split())[:200]
        raise DocumentRejected(Reason.CRASHED, f"the parser's answer is not a document ({why})") from error
    return document


def _fields(value: object) -> object:
    """What JSON has no form for: our slotted dataclasses. The bytes of a figure follow the header."""
    if isinstance(value, bytes):
        return ""
    return {name: getattr(value, name) for name in value.__slots__}  # type: ignore[attr-defined]


@cache
def _adapter() -> TypeAdapter[tuple[ParsedDocument, list[int]]]:
    # Imported here: the child only writes, and starts without pydantic.
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[ParsedDocument, list[int]])


def _split(data: bytes | bytearray) -> tuple[bytes, memoryview]:
    if len(data) < _LENGTH.size:
        raise ValueError("shorter than its own length")
    (size,) = _LENGTH.unpack_from(data)
    view = memoryview(data)[_LENGTH.size :]
    if size > len(view):
        raise ValueError("shorter than its header")
    return bytes(view[:size]), view[size:]


def _read(header: bytes) -> tuple[ParsedDocument, list[int]]:
    if b"\\u0000" in header and _NUL.search(header):  # the pattern alone takes as long as all the rest
        raise ValueError("a text with a NUL character")
    return _adapter().validate_json(header, strict=True, extra="forbid")


def _with_contents(figures: tuple[Figure, ...], sizes: list[int], rest: memoryview) -> tuple[Figure, ...]:
    if len(sizes) != 2 * len(figures) or any(size < 0 for size in sizes) or sum(sizes) != len(rest):
        raise ValueError("figures and their bytes differ in number or length")
    filled: list[Figure] = []
    start = 0
    for figure, size, small in zip(figures, sizes[::2], sizes[1::2], strict=True):
        end = start + size + small
        content, thumbnail = bytes(rest[start : start + size]), bytes(rest[start + size : end])
        filled.append(replace(figure, content=content, thumbnail=thumbnail))
        start = end
    return tuple(filled)


def _check(document: ParsedDocument) -> None:
    """What the types do not say: numbering, offsets, finite numbers, digests."""
    if document.page_count != len(document.pages):
        raise ValueError("page_count is not the number of pages")
    for number, page in enumerate(document.pages, start=1):
        if page.number != number:
            raise ValueError(f"page {page.number!r} stands in the place of page {number}")
        _check_page(page)
    for ordinal, figure in enumerate(document.figures, start=1):
        if figure.ordinal != ordinal or not 1 <= figure.page <= len(document.pages):
            raise ValueError(f"figure {ordinal} is misnumbered")
        _check_figure(figure)
    for ordinal, table in enumerate(document.tables, start=1):
        if table.ordinal != ordinal or not 1 <= table.page <= len(document.pages):
            raise ValueError(f"table {ordinal} is misnumbered")
        _check_table(table)


def _check_page(page: Page) -> None:
    if not (math.isfinite(page.width) and math.isfinite(page.height)):
        raise ValueError(f"page {page.number} has no size")
    for index, block in enumerate(page.blocks):
        if block.index != index or not _within(block, len(page.text)):
            raise ValueError(f"block {index} of page {page.number} lies outside its page")
    if page.label is not None and not 0 < len(page.label) <= MAX_LABEL_CHARACTERS:
        raise ValueError(f"the label of page {page.number} has {len(page.label)} characters")
    if not all(_read_within(line, len(page.text)) for line in page.ocr_lines):
        raise ValueError(f"a recognised line of page {page.number} lies outside its page")


def _read_within(line: OcrLine, length: int) -> bool:
    return 0 <= line.start <= line.end <= length and 0.0 <= line.confidence <= 1.0


def _within(block: Block, length: int) -> bool:
    return (
        0 <= block.start <= block.end <= length
        and all(block.start <= join <= block.end for join in block.joins)
        and all(map(math.isfinite, block.box))
    )


def _check_table(table: Table) -> None:
    if not all(map(math.isfinite, table.box)):
        raise ValueError(f"table {table.ordinal} lies nowhere")
    widths = {len(row) for row in table.rows}
    if len(widths) != 1 or 0 in widths or not 0 <= table.header_rows <= len(table.rows):
        raise ValueError(f"table {table.ordinal} has no rows of equally many cells")


def _check_figure(figure: Figure) -> None:
    if figure.media_type not in _MEDIA_TYPES or figure.width_px < 1 or figure.height_px < 1:
        raise ValueError(f"figure {figure.ordinal} is no image")
    if len(figure.thumbnail) > MAX_THUMBNAIL_BYTES:
        raise ValueError(f"figure {figure.ordinal} has a thumbnail of {len(figure.thumbnail)} bytes")
    if not all(map(math.isfinite, figure.box)):
        raise ValueError(f"figure {figure.ordinal} lies nowhere")
    if not _HASH.fullmatch(figure.perceptual_hash):
        raise ValueError(f"figure {figure.ordinal} has no perceptual hash")
    if hashlib.sha256(figure.content).hexdigest() != figure.sha256:
        raise ValueError(f"figure {figure.ordinal} has another sha256")

"""A document crosses from the child unchanged; anything that is not one is refused, whatever the bytes."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import replace
from typing import Any

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.pdf.serialisation import from_bytes, to_bytes
from chapter_pipeline.documents.reasons import Reason
from chapter_pipeline.domain.document import Block, BlockKind, Figure, Metadata, Page, ParsedDocument, Table
from chapter_pipeline.errors import DocumentRejected
from tests.documents.papers import article
from tests.documents.test_extract import LEFT, RIGHT

IMAGE = b"\x89PNG image"
TABLE = Table(
    ordinal=1, page=1, box=(1.0, 2.0, 3.0, 4.0), label="Table 1", caption="Ages", header_rows=1,
    rows=(("", "Years"), ("Age", "71.2")),
)  # fmt: skip
FIGURE = Figure(
    ordinal=1, page=1, box=(1.0, 2.0, 3.0, 4.0), label="Figure 1", caption="A drain", media_type="image/png",
    width_px=10, height_px=20, sha256=hashlib.sha256(IMAGE).hexdigest(), content=IMAGE,
)  # fmt: skip
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)


def document(text: str = "Drains help.", **changes: Any) -> ParsedDocument:
    block = Block(
        index=0, kind=BlockKind.BODY, start=0, end=len(text), box=(0.0, 0.0, 1.0, 1.0), joins=(len(text) // 2,)
    )
    page = Page(number=1, width=595.0, height=842.0, text=text, blocks=(block,))
    whole = ParsedDocument(
        sha256="0" * 64, page_count=1, metadata=Metadata(title=text or None), pages=(page,), figures=(FIGURE,)
    )
    return replace(whole, **changes)


@given(texts)
def test_document__any_text__comes_back_the_same(text: str) -> None:
    assert from_bytes(to_bytes(document(text))) == document(text)


def test_document__real_pages__come_back_the_same() -> None:
    content = article(left=LEFT, right=RIGHT, pages=3)
    parsed = extract_document(pymupdf.open(stream=content, filetype="pdf"), content)
    assert from_bytes(to_bytes(parsed)) == parsed


@given(st.binary(max_size=200))
def test_from_bytes__rubbish__is_refused(data: bytes) -> None:
    with pytest.raises(DocumentRejected) as caught:
        from_bytes(data)
    assert caught.value.reason == Reason.CRASHED


@given(st.integers(0, len(to_bytes(document())) - 1))
def test_from_bytes__cut_anywhere__is_refused(length: int) -> None:
    with pytest.raises(DocumentRejected):
        from_bytes(to_bytes(document())[:length])


PAGE = document().pages[0]


@pytest.mark.parametrize(
    "wrong",
    [
        document(page_count=2),
        document(pages=(replace(PAGE, number=2),)),
        document(pages=(replace(PAGE, width=float("nan")),)),
        document(pages=(replace(PAGE, text="short"),)),
        document(pages=(replace(PAGE, text="with \x00 in it and long enough"),)),
        document(figures=(replace(FIGURE, page=9),)),
        document(figures=(replace(FIGURE, ordinal=2),)),
        document(figures=(replace(FIGURE, content=b"another image"),)),
        document(figures=(replace(FIGURE, media_type="text/html"),)),
        document(figures=(replace(FIGURE, width_px=0),)),
        document(figures=(replace(FIGURE, perceptual_hash="none"),)),
        document(tables=(replace(TABLE, page=9),)),
        document(tables=(replace(TABLE, rows=(("Age", "71.2"), ("Sex",))),)),
        document(tables=(replace(TABLE, header_rows=3),)),
    ],
)
def test_from_bytes__incoherent_document__is_refused(wrong: ParsedDocument) -> None:
    with pytest.raises(DocumentRejected):
        from_bytes(to_bytes(wrong))


def test_from_bytes__unknown_field__is_refused() -> None:
    data = to_bytes(document(figures=()))
    (size,) = struct.unpack_from(">Q", data)
    header = json.loads(data[8 : 8 + size])
    header[0]["surprise"] = 1
    changed = json.dumps(header).encode()
    with pytest.raises(DocumentRejected):
        from_bytes(struct.pack(">Q", len(changed)) + changed)

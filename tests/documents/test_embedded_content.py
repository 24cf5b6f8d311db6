"""Embedded files, scripts and actions are named wherever the file hides them, and never opened."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from chapter_pipeline.documents.pdf.embedded_content import embedded_content
from chapter_pipeline.documents.pdf.validation import open_document


def warnings_of(document: pymupdf.Document) -> list[str]:
    content = document.tobytes(garbage=0, use_objstms=1, deflate=True)
    for plain in (b"/JavaScript", b"/Launch"):
        assert plain not in content
    return open_document(content, max_pages=10)[1]


def with_action(action: str) -> pymupdf.Document:
    document = pymupdf.open()
    document.new_page()
    xref = document.get_new_xref()
    document.update_object(xref, action)
    document.xref_set_key(document.pdf_catalog(), "OpenAction", f"{xref} 0 R")
    return document


def test_embedded_content__plain_document__says_nothing() -> None:
    document = pymupdf.open()
    document.new_page().insert_text((50, 50), "A text that names /JavaScript and /Launch.")
    assert embedded_content(document) == []


@pytest.mark.parametrize("name", ["JavaScript", "JavaScr#69pt"])
def test_embedded_content__script_in_a_compressed_object__is_named(name: str) -> None:
    assert warnings_of(with_action(f"<</S/{name}/JS(app.alert(1))>>")) == ["JavaScript, not run"]


def test_embedded_content__launch_action__is_named() -> None:
    assert warnings_of(with_action("<</S/Launch/F(calc.exe)>>")) == ["an action that starts a program, not run"]


def test_embedded_content__embedded_and_attached_files__are_counted() -> None:
    document = pymupdf.open()
    page = document.new_page()
    document.embfile_add("data.csv", b"1,2,3")
    page.add_file_annot((100, 100), b"4,5,6", "notes.txt")
    assert warnings_of(document) == ["2 embedded files, not opened"]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("embedded_files_signed__corkami__attachedAnnot.pdf", "1 embedded files, not opened"),
        ("embedded_files_signed__corkami__attachedNames.pdf", "1 embedded files, not opened"),
        ("javascript_actions__corkami__javascript.pdf", "JavaScript, not run"),
        ("javascript_actions__pdfjs__js-authors.pdf", "JavaScript, not run"),
    ],
)
def test_hostile_files__what_they_carry__is_named(corpus: Path, name: str, warning: str) -> None:
    _, warnings = open_document((corpus / "hostile" / name).read_bytes(), max_pages=10)
    assert warning in warnings

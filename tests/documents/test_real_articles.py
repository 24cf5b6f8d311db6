"""Real JATS articles, through the parser's process, against what XPath says of the same files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from chapter_pipeline.documents.pdf.parser import ParserProcess
from chapter_pipeline.domain.document import BlockKind, ParsedDocument
from chapter_pipeline.settings import Settings
from tests.events import PATIENCE_S

pytestmark = pytest.mark.corpus
ARTICLES = 120


@pytest.fixture(scope="module")
def read(corpus: Path) -> Iterator[dict[Path, tuple[Any, ParsedDocument]]]:
    """Every article of the shared data: its tree by lxml, and what the parser made of it."""
    settings = Settings(home=Path("unused")).model_copy(update={"parser_timeout_s": PATIENCE_S})
    files = sorted((corpus / "findings" / "articles").glob("*.nxml"))
    with ParserProcess(settings) as parser:
        yield {
            path: (etree.parse(path, etree.XMLParser(load_dtd=False)).getroot(), parser(path.read_bytes()))
            for path in files
        }


def squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def words(root: Any, path: str) -> str:
    return "".join(root.xpath(f"string({path})").split())


def test_real_articles__all_are_read(read: dict[Path, tuple[Any, ParsedDocument]]) -> None:
    assert len(read) == ARTICLES
    assert all(document.full_text for _, document in read.values())


def test_real_articles__titles_authors_and_years__are_what_the_xml_says(
    read: dict[Path, tuple[Any, ParsedDocument]],
) -> None:
    meta = "/article/front/article-meta"
    for path, (root, document) in read.items():
        said = document.metadata
        title = words(root, f"{meta}/title-group/article-title") + words(root, f"{meta}/title-group/subtitle")
        # Raised and lowered digits are other characters in the canonical text.
        plain = (said.title or "").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789"))
        assert squeezed(plain) == squeezed(title), path.name
        people = [
            squeezed("".join(one.xpath("surname//text()|given-names//text()|suffix//text()")))
            for one in root.xpath(f"{meta}/contrib-group/contrib[@contrib-type='author']/name")
        ]
        found = [squeezed(author) for author in said.authors]
        assert [one for one in found if one in people] == list(dict.fromkeys(people)), path.name
        kinds = " or ".join(
            f"@{name}='{kind}'"
            for name in ("pub-type", "date-type")
            for kind in ("epub", "ppub", "collection", "epub-ppub", "pub")
        )
        assert said.year == min(int(year) for year in root.xpath(f"{meta}/pub-date[{kinds}]/year/text()")), path.name
        assert (said.doi or "") == words(root, f"{meta}/article-id[@pub-id-type='doi']").lower(), path.name
        assert said.pmid == (words(root, f"{meta}/article-id[@pub-id-type='pmid']") or None), path.name


def test_real_articles__no_word_of_a_paragraph_is_lost(read: dict[Path, tuple[Any, ParsedDocument]]) -> None:
    """Of the paragraphs without formulas, notes, markers and figures in them every letter stands in a page."""
    inside = "fig table-wrap list disp-formula inline-formula fn sup sub xref boxed-text supplementary-material media def-list alternatives".split()
    without = " and ".join(f"not(.//{name})" for name in inside)
    for path, (root, document) in read.items():
        text = squeezed(" ".join(page.text for page in document.pages))
        missing = [
            paragraph
            for paragraph in root.xpath(f"/article/body//sec/p[{without}]")
            if squeezed("".join(paragraph.itertext())) not in text
        ]
        assert missing == [], (path.name, "".join(missing[0].itertext())[:200])


def test_real_articles__references_tables_and_captions__are_counted_alike(
    read: dict[Path, tuple[Any, ParsedDocument]],
) -> None:
    for path, (root, document) in read.items():
        assert len({work.text for work in document.cited_works}) >= 0.95 * len(root.xpath("/article/back//ref")), (
            path.name
        )
        figures = root.xpath("/article/*[self::body or self::back or self::floats-group]//fig[caption or label]")
        assert len(document.captions) == len(figures), path.name
        tables = root.xpath(
            "/article/*[self::body or self::back or self::floats-group]//table[.//tr[normalize-space()]]"
        )
        wide = [one for one in tables if max(len(row) for row in one.iter("tr")) > 1]
        assert len(document.tables) == len(wide), path.name
        for table, one in zip(document.tables, wide, strict=True):
            # An empty row is left out, unless a cell of a row above reaches into it.
            assert len(one.xpath(".//tr[normalize-space()]")) <= len(table.rows) <= len(one.xpath(".//tr")), path.name


def test_real_articles__no_marker_is_glued(read: dict[Path, tuple[Any, ParsedDocument]]) -> None:
    """A bracketless number of the reference list is never left as a plain number behind a word."""
    glued = [
        (path.name, found.group())
        for path, (root, document) in read.items()
        for page in document.pages
        for block in page.blocks
        if block.kind is BlockKind.BODY
        for found in re.finditer(r"\b[a-z]{5,}\d{1,3}(?=[ .,;])", page.text[block.start : block.end])
        if found.group() not in "".join(root.itertext())
    ]
    assert glued == []

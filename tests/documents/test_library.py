"""The parser on real articles: metadata against a hand-checked catalogue, sentences against another PDF library."""

from __future__ import annotations

import csv
import re
import unicodedata
from pathlib import Path

import pymupdf
import pypdfium2
import pytest

from chapter_pipeline.documents.extract import extract_document
from chapter_pipeline.documents.model import Page, ParsedDocument
from chapter_pipeline.documents.passages import make_passages

pytestmark = [pytest.mark.corpus, pytest.mark.slow, pytest.mark.xdist_group("library")]
NOTE = re.compile(r" [(\[](?:Surg|bioRxiv|Manubot|v2).*$")
"""Remarks of whoever made the catalogue, behind some titles."""


def letters(text: str | None) -> str:
    return "".join(ch for ch in unicodedata.normalize("NFKC", text or "") if ch.isalnum()).casefold()


@pytest.fixture(scope="module")
def library(corpus: Path) -> list[tuple[dict[str, str], bytes, ParsedDocument]]:
    with (corpus / "library" / "CATALOGUE.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = []
    for row in rows:
        content = (corpus / row["file"]).read_bytes()
        found.append((row, content, extract_document(pymupdf.open(stream=content, filetype="pdf"), content)))
    return found


def test_library__catalogue__titles_and_years_are_right_in_nine_of_ten_and_dois_in_98_percent(
    library: list[tuple[dict[str, str], bytes, ParsedDocument]],
) -> None:
    right = {"title": 0, "year": 0, "doi": 0, "pages": 0}
    for row, _, document in library:
        found = document.metadata
        right["title"] += letters(found.title) in (letters(row["title"]), letters(NOTE.sub("", row["title"])))
        right["year"] += str(found.year or "") == row["year"]
        right["doi"] += (found.doi or "") == row["doi"].lower()
        right["pages"] += str(document.page_count) == row["pages"]
    print(right, "of", len(library))
    assert right["pages"] == len(library)
    assert min(right["title"], right["year"]) >= 0.9 * len(library)
    assert right["doi"] >= 0.98 * len(library)


def test_library__quotable_sentences__stand_on_their_pages_as_another_library_reads_them(
    library: list[tuple[dict[str, str], bytes, ParsedDocument]],
) -> None:
    total = missing = 0
    for _, content, document in library:
        other = pypdfium2.PdfDocument(content)
        texts: dict[int, str] = {}
        for passage in make_passages(document, count_tokens=lambda text: len(text) // 4, max_tokens=200):
            if passage.page not in texts:
                texts[passage.page] = letters(other[passage.page - 1].get_textpage().get_text_bounded())
            page = document.pages[passage.page - 1]
            for start, end in passage.sentences:
                total += 1
                missing += not all(letters(part) in texts[passage.page] for part in parts(page, start, end))
    print(f"{total - missing} of {total} sentences verbatim")
    assert total > 4000
    assert missing <= 0.01 * total


def parts(page: Page, start: int, end: int) -> list[str]:
    """A sentence, cut where it goes on in another column."""
    joins = sorted(join for block in page.blocks for join in block.joins if start < join < end)
    return [page.text[a:b] for a, b in zip([start, *joins], [*joins, end], strict=True)]

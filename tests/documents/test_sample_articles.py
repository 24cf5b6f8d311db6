"""The parser on the articles of examples/, against their sources: what is asked of real articles, without the shared data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pymupdf
import pypdfium2
import pytest
import rispy

from benchmarks.reading_order import letters, parts, stands
from chapter_pipeline.documents.ocr.scans import is_garbled
from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.pdf.lines import page_lines
from chapter_pipeline.documents.structure.passages import make_passages
from chapter_pipeline.domain.document import ParsedDocument
from tests.conftest import EXAMPLES

pytestmark = pytest.mark.xdist_group("samples")


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    source: str
    content: bytes
    document: ParsedDocument


@pytest.fixture(scope="module")
def articles(samples: list[Path]) -> dict[str, Article]:
    """By the name of the file."""
    found = {}
    for path in samples:
        content = path.read_bytes()
        with pymupdf.open(stream=content, filetype="pdf") as opened:
            document = extract_document(opened, content)
        source = (EXAMPLES / "library" / f"{path.stem}.typ").read_text(encoding="utf-8")
        found[path.stem] = Article(source=source, content=content, document=document)
    return found


def test_samples__metadata__is_that_of_their_reference_file(articles: dict[str, Article]) -> None:
    works = rispy.loads((EXAMPLES / "references" / "sample-articles.ris").read_text(encoding="utf-8"))
    listed = {
        work["doi"]: (
            work["title"], int(work["year"]), work["journal_name"],
            tuple(" ".join(reversed(author.split(", "))) for author in work["authors"]),
        )
        for work in works
    }  # fmt: skip
    read = [article.document.metadata for article in articles.values()]
    assert {one.doi: (one.title, one.year, one.journal, one.authors) for one in read} == listed
    assert len(read) == 10


def test_samples__quotable_sentences__stand_on_their_pages_as_another_library_reads_them(
    articles: dict[str, Article],
) -> None:
    total, missing = 0, []
    for article in articles.values():
        with pypdfium2.PdfDocument(article.content) as other:
            texts = [letters(page.get_textpage().get_text_bounded()) for page in other]
        for passage in make_passages(article.document, count_tokens=lambda text: len(text) // 4, max_tokens=200):
            for start, end in passage.sentences:
                total += 1
                for place in passage.places(start, end):
                    page = article.document.pages[place.page - 1]
                    if not stands(parts(page, place.start, place.end), texts[place.page - 1]):
                        missing.append(page.text[place.start : place.end])
    assert total > 250
    assert missing == []


def test_samples__headings__are_those_of_the_source_in_their_order(articles: dict[str, Article]) -> None:
    for name, article in articles.items():
        written = re.findall(r"(?m)^= (.+)$", article.source)
        assert len(written) >= 4, name
        found = [heading.title for heading in article.document.headings]
        assert found == ["Abstract", *written, "References"], name


def test_samples__figure__is_found_with_its_caption(articles: dict[str, Article]) -> None:
    for name, article in articles.items():
        (figure,) = article.document.figures
        caption = re.search(r"#picture\(.*?caption: \[(.*?)[@\]]", article.source, re.DOTALL)
        assert caption is not None, name
        assert figure.label == "Figure 1", name
        assert letters(figure.caption or "").startswith(letters(f"Figure 1 {caption[1]}")), name


def test_samples__table__has_its_cells_in_their_rows(articles: dict[str, Article]) -> None:
    assert [[table.label for table in article.document.tables] for article in articles.values()] == [["Table 1"]] * 10
    (table,) = articles["imaging"].document.tables
    assert table.rows[0] == ("Method", "Strength", "Limitation")
    assert ("Catheter angiography", "Dangerous anastomoses before embolisation", "Invasive") in table.rows
    (table,) = articles["middle-meningeal-artery-embolisation"].document.tables
    assert ("EMBOLISE [4]", "400", "4.1%", "11.3%") in table.rows


def test_samples__nothing_that_a_reader_sees__is_hidden_garbled_or_an_instruction(articles: dict[str, Article]) -> None:
    for name, article in articles.items():
        assert article.document.warnings == (), name
        assert [block for page in article.document.pages for block in page.blocks if block.flags] == [], name
        with pymupdf.open(stream=article.content, filetype="pdf") as opened:
            for page in opened:
                assert not is_garbled(page.get_text()), name
                assert [line.text for line in page_lines(page) if line.hidden] == [], name

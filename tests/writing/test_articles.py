"""A chapter written from JATS articles: its quotes say section and paragraph, its figures come from the PDFs of the works."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from benchmarks.written import write
from chapter_pipeline.domain import BriefRequest
from chapter_pipeline.domain.document import DocumentKind
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.publication import quotes_are_verbatim
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing.rendering import chapter_markdown
from chapter_pipeline.writing.stages import Stages
from tests.writing.conftest import ARTICLES, TOPIC, document


@pytest.fixture
def library(database: Database, embedder: Embedder) -> LibraryStore:
    """Every article twice: as a PDF with a figure, and as the JATS article of the same work without one."""
    library = LibraryStore(database)
    for number, title in enumerate(ARTICLES):
        pdf, passages = document(title)
        pdf = replace(pdf, metadata=replace(pdf.metadata, doi=f"10.5555/work.{number}", licence="CC BY 4.0"))
        article = replace(
            pdf, sha256=hashlib.sha256(title.encode()).hexdigest(), kind=DocumentKind.JATS, figures=(),
            pages=tuple(replace(page, label="Full text") for page in pdf.pages),
        )  # fmt: skip
        placed = [replace(one, page_label="Full text", paragraph=one.ordinal + 1) for one in passages]
        for parsed, cut, name in ((pdf, passages, f"{title}.pdf"), (article, placed, f"{title}.nxml")):
            stored = library.store_text(parsed, name=name, size_bytes=1000, settings_hash="test")
            library.store_figures(stored.id, parsed)
            library.store_passages(stored.id, cut)
            library.store_embeddings(stored.id, embedder.embed([one.text for one in cut]), model=embedder.name)
            library.mark_searchable(stored.id, name=name)
    return library


def test_stages__library_of_articles__quote_them_and_show_the_figures_of_their_pdfs(
    stages: Stages, library: LibraryStore
) -> None:
    written = write(stages, BriefRequest(topic=TOPIC, word_budget=600))
    chapter = written.final.chapter
    kinds = {one.key: one.record.kind for one in library.documents()}
    assert chapter.quotes
    assert {kinds[quote.document] for quote in chapter.quotes.values()} == {DocumentKind.JATS}
    assert all(quote.place == f"Full text, paragraph {quote.paragraph}" for quote in chapter.quotes.values())
    assert {quote.paragraph for quote in chapter.quotes.values()} > {1}
    pages = library.page_texts(sorted({quote.document for quote in chapter.quotes.values()}))
    assert quotes_are_verbatim(chapter, pages).problems == ()
    assert chapter.figures
    assert {kinds[one.figure.document] for one in chapter.figures} == {DocumentKind.PDF}
    assert ", Full text, paragraph " in chapter_markdown(chapter)
    unused = written.final.gap_report.unused_evidence
    assert all((one.page_label, one.paragraph is not None) == ("Full text", True) for one in unused)

"""A PDF and the JATS article of one work: whose text is found, whose figures are shown, and what an older home holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from chapter_pipeline.domain import Quote
from chapter_pipeline.domain.document import DocumentKind, Metadata
from chapter_pipeline.domain.library import RetrievedPassage
from chapter_pipeline.storage import migrate
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from tests.library_samples import HashEmbedder, parsed_from, passages_of
from tests.storage.figures_in_rows import put_into_rows
from tests.storage.test_migrations import empty

__all__ = ["empty"]


def put(library: LibraryStore, content: str, kind: DocumentKind, **said: str | None) -> int:
    """A searchable document of this kind with these identifiers; its number."""
    parsed = replace(parsed_from(content.encode()), kind=kind, metadata=Metadata(title=content[:20], **said))  # type: ignore[arg-type]
    if kind is DocumentKind.JATS:
        parsed = replace(parsed, figures=(), pages=tuple(replace(page, label="Results") for page in parsed.pages))
    passages = [
        replace(one, page_label="Results", paragraph=1) if kind is DocumentKind.JATS else one
        for one in passages_of(parsed)
    ]
    stored = library.store_text(parsed, name=content, size_bytes=1, settings_hash="h")
    library.store_figures(stored.id, parsed)
    library.store_passages(stored.id, passages)
    library.store_embeddings(stored.id, HashEmbedder().embed([one.text for one in passages]), model="hash")
    library.mark_searchable(stored.id, name=content)
    return stored.id


@pytest.fixture
def library(database: Database) -> LibraryStore:
    return LibraryStore(database)


def found(database: Database) -> set[str]:
    return {hit.text for hit in LibrarySearch(database, HashEmbedder()).search("tumour", k=10)}


@pytest.mark.parametrize("shared", [{"doi": "10.5/x"}, {"pmid": "123"}, {"pmcid": "PMC1"}])
def test_search__same_identifier__is_the_text_of_the_article(
    database: Database, library: LibraryStore, shared: dict[str, str]
) -> None:
    put(library, "tumour of the PDF", DocumentKind.PDF, **shared)
    put(library, "tumour of the article", DocumentKind.JATS, **shared)
    put(library, "tumour of another PDF", DocumentKind.PDF)
    put(library, "tumour of another article", DocumentKind.JATS)
    assert found(database) == {"tumour of the article", "tumour of another PDF", "tumour of another article"}


def test_search__identifiers_that_belong_to_another_work__hide_no_pdf(
    database: Database, library: LibraryStore
) -> None:
    number = put(library, "tumour of the PDF", DocumentKind.PDF, doi="10.5/x")
    put(library, "tumour of the article", DocumentKind.JATS, doi="10.5/x")
    library.store_metadata_check(number, {"status": "other_work"})
    assert found(database) == {"tumour of the PDF", "tumour of the article"}


def test_figures__of_an_article__are_those_of_the_pdf_of_its_work(library: LibraryStore) -> None:
    put(library, "tumour of the PDF", DocumentKind.PDF, doi="10.5/x")
    put(library, "tumour of the article", DocumentKind.JATS, doi="10.5/x")
    article = library.document("tumour of the article").key
    (pdf,) = [one.key for one in library.same_work(article)]
    (figure,) = library.figures([article])
    assert (figure.document, figure.cited_as) == (pdf, article)
    (figure,) = library.figures([pdf])
    assert (figure.document, figure.cited_as) == (pdf, None)
    assert len(library.figures([article, pdf])) == 1


def test_passages__of_an_article__say_their_place(database: Database, library: LibraryStore) -> None:
    put(library, "tumour of the article", DocumentKind.JATS)
    (hit,) = LibrarySearch(database, HashEmbedder()).search("tumour", k=10)
    (passage,) = library.passages([hit.passage_id])
    assert (hit.page_label, hit.paragraph) == (passage.page_label, passage.paragraph) == ("Results", 1)
    assert library.page(hit.document, 1).label == "Results"


def test_upgrade__documents_of_the_version_before__are_pdfs_with_their_pages(empty: Database) -> None:
    empty.migrate()
    library = LibraryStore(empty)
    put(library, "tumour of the PDF", DocumentKind.PDF)
    with empty.session() as session:
        session.execute(text("UPDATE pages SET blocks = jsonb_build_array((blocks -> 0) - 'paragraph')"))
    put_into_rows(empty)
    migrate.downgrade(empty.engine, "0009")
    empty.migrate()
    (document,) = library.documents()
    assert (document.record.kind, document.captions) == (DocumentKind.PDF, ())
    (page,) = library.pages(document.key)
    assert (page.label, page.blocks[0].paragraph) == (None, None)


def test_stored_values__of_the_version_before__have_pages() -> None:
    values = {"document": "d", "page": 4, "start": 0, "end": 1, "text": "x"}
    passage = RetrievedPassage.model_validate(
        {**values, "rank": 1, "passage_id": 1, "section": None, "score": 1, "parts": {}}
    )
    assert (passage.page_label, passage.paragraph) == (None, None)
    quote = {
        **values,
        "key": "q",
        "source": "s",
        "display": "x",
        "document_section": None,
        "evidence_level": 1,
        "year": None,
        "relevance": 1,
    }
    assert Quote.model_validate({**quote, "study_type": "not stated"}).place == "p. 4"

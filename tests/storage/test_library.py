"""The library: names, duplicates, changes, quarantine and removal leave exactly the rows they should."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from chapter_pipeline.domain.document import IngestStatus
from chapter_pipeline.errors import InvariantViolated, NotFound, TransientError, UsageError
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.library_samples import TABLES, add, parsed_from, passages_of, rows
from tests.storage.statements import statements

GLIOMA = "Glioma surgery\n\nResection of the tumour was safe.\fThe tumour grew again."
OTHER = "Meningioma\n\nThe dura was closed in all patients."


@pytest.fixture
def library(database: Database) -> LibraryStore:
    return LibraryStore(database)


def test_document__all_stages_stored__reads_back_as_it_went_in(library: LibraryStore) -> None:
    key = add(library, "library/a.pdf", GLIOMA)
    parsed = parsed_from(GLIOMA.encode())
    assert tuple(library.pages(key)) == parsed.pages
    assert library.page(key, 2) == parsed.pages[1]
    found = library.document(key)
    assert (found.names, found.passage_count, found.figure_count) == (("library/a.pdf",), 3, 1)
    (record,) = library.document_records([key, "unknown"])
    assert (record.title, record.authors, record.year, record.study_type) == (
        parsed.metadata.title, parsed.metadata.authors, parsed.metadata.year, parsed.metadata.study_type,
    )  # fmt: skip
    stored = library.passages_of([key])
    assert [(one.page, one.start, one.end, one.text, one.sentences) for one in stored] == [
        (one.page, one.start, one.end, one.text, one.sentences) for one in passages_of(parsed)
    ]
    assert library.passages([stored[2].id, -1, stored[0].id]) == [stored[2], stored[0]]
    (figure,) = library.figures([key])
    assert (figure.label, figure.page, figure.document) == ("Figure 1", 1, key)
    assert figure.sha256 == parsed.figures[0].sha256


def test_document__not_searchable_yet__is_invisible(library: LibraryStore) -> None:
    key = add(library, "library/a.pdf", GLIOMA, searchable=False)
    assert library.documents() == []
    assert [*library.document_records([key]), *library.passages_of([key]), *library.figures([key])] == []
    assert library.pages(key) == []
    with pytest.raises(NotFound):
        library.document(key)


def test_mark_searchable__a_stage_is_missing__the_database_refuses(library: LibraryStore, database: Database) -> None:
    document = library.store_text(parsed_from(b"x"), name="a", size_bytes=1, settings_hash="h1")
    with pytest.raises(Exception, match="searchable_is_complete"):
        library.mark_searchable(document.id, name="a")
    assert rows(database)["document_names"] == 0


def test_stages__called_again__store_nothing_twice(library: LibraryStore, database: Database) -> None:
    add(library, "library/a.pdf", GLIOMA)
    before = rows(database)
    add(library, "library/a.pdf", GLIOMA)
    assert rows(database) == before
    assert before == {
        "documents": 1, "document_names": 1, "pages": 2, "figures": 1, "passages": 3, "postings": 6,
        "passage_embeddings": 3, "study_records": 0, "findings": 0,
    }  # fmt: skip


def test_names__same_content_under_two__is_one_document(library: LibraryStore, database: Database) -> None:
    key = add(library, "library/a.pdf", GLIOMA)
    before = rows(database)
    assert add(library, "library/b.pdf", GLIOMA) == key
    assert rows(database) == before | {"document_names": 2}
    assert [(one.name, one.status, one.key) for one in library.names()] == [
        ("library/a.pdf", IngestStatus.INGESTED, key),
        ("library/b.pdf", IngestStatus.DUPLICATE, key),
    ]


def test_names__changed_file__replaces_the_old_content(library: LibraryStore, database: Database) -> None:
    old = add(library, "library/a.pdf", GLIOMA)
    add(library, "library/a.pdf", OTHER, searchable=False)
    assert library.document("a.pdf").key == old  # still the whole old one
    new = add(library, "library/a.pdf", OTHER)
    assert [one.key for one in library.documents()] == [new]
    only_new = rows(database)
    library.remove(new)
    add(library, "library/a.pdf", OTHER)
    assert rows(database) == only_new


def test_names__changed_file_with_another_name__old_content_stays_for_that(library: LibraryStore) -> None:
    old = add(library, "library/a.pdf", GLIOMA)
    add(library, "library/b.pdf", GLIOMA)
    new = add(library, "library/a.pdf", OTHER)
    assert {one.key: one.names for one in library.documents()} == {old: ("library/b.pdf",), new: ("library/a.pdf",)}


def test_settings__changed__new_rows_take_the_place_of_the_old(library: LibraryStore, database: Database) -> None:
    key = add(library, "library/a.pdf", GLIOMA)
    add(library, "library/b.pdf", GLIOMA)
    before, passages = rows(database), library.passages_of([key])
    add(library, "library/a.pdf", GLIOMA, settings_hash="h2", searchable=False)
    assert library.passages_of([key]) == passages
    assert add(library, "library/a.pdf", GLIOMA, settings_hash="h2") == key
    assert rows(database) == before
    assert {one.settings_hash for one in library.names()} == {"h2"}
    assert {one.id for one in library.passages_of([key])}.isdisjoint({one.id for one in passages})


def test_drafts__next_content_of_the_name__takes_their_place(library: LibraryStore, database: Database) -> None:
    add(library, "library/a.pdf", GLIOMA, searchable=False)
    add(library, "library/a.pdf", OTHER)
    assert rows(database)["documents"] == 1


def test_quarantine__name_had_a_good_content__that_goes(library: LibraryStore, database: Database) -> None:
    add(library, "library/a.pdf", GLIOMA)
    add(library, "library/a.pdf", OTHER, searchable=False)
    library.quarantine("library/a.pdf", sha256="0" * 64, settings_hash="h1", reason="encrypted", detail="a password")
    assert rows(database) == dict.fromkeys(TABLES, 0) | {"document_names": 1}
    record = library.record("library/a.pdf")
    assert record is not None
    assert (record.status, record.key, record.reason) == (IngestStatus.QUARANTINED, None, "encrypted")
    add(library, "library/a.pdf", GLIOMA)
    assert library.document("a.pdf").names == ("library/a.pdf",)


def test_remove__document_by_key__leaves_no_row_in_any_table(library: LibraryStore, database: Database) -> None:
    key = add(library, "library/a.pdf", GLIOMA)
    add(library, "library/b.pdf", GLIOMA)
    assert sorted(library.remove(key[:6])) == ["library/a.pdf", "library/b.pdf"]
    assert rows(database) == dict.fromkeys(TABLES, 0)


def test_remove__one_name_of_two__document_stays(library: LibraryStore) -> None:
    key = add(library, "library/a.pdf", GLIOMA)
    add(library, "library/b.pdf", GLIOMA)
    assert library.remove("a.pdf") == ["library/a.pdf"]
    assert library.document(key).names == ("library/b.pdf",)


def test_document__unknown_or_ambiguous__says_what_to_do(library: LibraryStore) -> None:
    keys = [add(library, f"library/{n}.pdf", f"text {n}") for n in range(3)]
    assert library.document(keys[0][:8]).key == keys[0]
    for unknown in ("ffffffff", keys[0][:3], "%", "nothing.pdf"):
        with pytest.raises(NotFound, match="holds no document"):
            library.document(unknown)
    with pytest.raises(NotFound, match="no page 9"):
        library.page(keys[0], 9)


def test_document__beginning_fits_two__is_refused(library: LibraryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chapter_pipeline.storage.library_queries.SHORTEST_PREFIX", 0)
    for n in range(2):
        add(library, f"library/{n}.pdf", f"text {n}")
    with pytest.raises(UsageError, match="fits 2 documents"):
        library.document("")


def test_store_embeddings__wrong_shape_or_value__is_refused(library: LibraryStore) -> None:
    parsed = parsed_from(GLIOMA.encode())
    document = library.store_text(parsed, name="a", size_bytes=1, settings_hash="h1")
    library.store_passages(document.id, passages_of(parsed))
    for vectors in (np.ones((2, 384), dtype=np.float32), np.full((3, 384), np.nan, dtype=np.float32)):
        with pytest.raises(InvariantViolated):
            library.store_embeddings(document.id, vectors, model="m")


def test_stages__document_was_removed_meanwhile__may_be_tried_again(library: LibraryStore) -> None:
    with pytest.raises(TransientError, match="ingest it again"):
        library.store_passages(999_999, [])


def test_page_texts__of_searchable_documents_only__by_document_and_page(library: LibraryStore) -> None:
    key = add(library, "library/a.pdf", "First page.\fSecond page.")
    draft = add(library, "library/b.pdf", "A draft.", searchable=False)
    other = add(library, "library/c.pdf", "Another one.")
    assert library.page_texts([key, draft, "unknown"]) == {(key, 1): "First page.", (key, 2): "Second page."}
    assert library.page_texts([key, other])[other, 1] == "Another one."


def test_documents__many__are_read_with_one_statement_and_one_for_all_edits(
    library: LibraryStore, database: Database
) -> None:
    for n in range(12):
        add(library, f"library/{n}.pdf", f"text {n}")
    for read in (
        library.documents,
        library.names,
        lambda: library.passages_of([one.key for one in library.documents()]),
    ):
        read()
    with statements(database) as seen:
        assert len(library.documents()) == 12
    assert len(seen) == 2, seen


def test_chapters__life_of_one(database: Database) -> None:
    from pydantic import BaseModel

    from chapter_pipeline.errors import AlreadyExists, UsageError
    from chapter_pipeline.storage.artifacts import ArtifactStore

    class Text(BaseModel):
        text: str

    chapters, artifacts = ChapterStore(database), ArtifactStore(database)
    with pytest.raises(NotFound, match="chapter-pipeline chapters new glioma"):
        chapters.get("glioma")
    chapters.create("glioma", {"topic": "Glioma"})
    with pytest.raises(AlreadyExists, match="'glioma' already"):
        chapters.create("glioma", {})
    first, second = (artifacts.put("final_chapter", "glioma", Text(text=text)) for text in ("one", "two"))
    add_version = partial(chapters.add_version, documents=(), images=())
    assert add_version("glioma", first.id, first.sha256, held=True).state == "held"
    assert add_version("glioma", first.id, first.sha256).number == 1
    made = add_version("glioma", second.id, second.sha256, origin="rollback to version 1")
    assert (made.number, made.state, made.origin) == (2, "published", "rollback to version 1")
    with pytest.raises(UsageError, match="needs a name and a reason"):
        chapters.approve("glioma", 1, by="Dr. Reader", because="  ")
    approved = chapters.approve("glioma", 1, by="Dr. Reader", because="the library holds no more")
    assert (approved.state, approved.approved_by) == ("published", "Dr. Reader")
    with pytest.raises(AlreadyExists, match="published already"):
        chapters.approve("glioma", 1, by="Dr. Reader", because="again")
    with pytest.raises(NotFound, match="no version 3: it has 1, 2"):
        chapters.version("glioma", 3)
    assert [version.sha256 for version in chapters.versions("glioma")] == [first.sha256, second.sha256]
    assert [(one.slug, one.latest_version, one.request) for one in chapters.list()] == [
        ("glioma", 2, {"topic": "Glioma"})
    ]

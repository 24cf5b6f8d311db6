"""Study records: stored, read back as they were, replaced, gone with their document, and absent in an older home."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from chapter_pipeline.domain.bibliography import RecordField
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind
from chapter_pipeline.errors import TransientError
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage import migrate
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.embedded import EmbeddedServer
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from tests.library_samples import HashEmbedder, add, parsed_from, passages_of, rows
from tests.study_records import TRIAL, series_record, trial_record


@pytest.fixture
def library(database: Database) -> LibraryStore:
    return LibraryStore(database)


def number_of(library: LibraryStore, key: str) -> int:
    found = library.find_named(library.document(key).names[0])
    assert found is not None
    return found.id


def test_study_record__stored__reads_back_as_it_went_in(library: LibraryStore, database: Database) -> None:
    key = add(library, "library/a.pdf", TRIAL)
    stored = library.store_study_record(number_of(library, key), trial_record(), fingerprint="f" * 64)
    assert library.study_records([key, "unknown"]) == {key: trial_record()}
    assert library.record_fingerprints([key, "unknown"]) == {key: "f" * 64}
    assert library.stored_record(number_of(library, key)) == stored
    assert stored.findings == {FindingKind.OWN_RESULT: 2, FindingKind.BACKGROUND: 1}
    summary = library.record_summaries([key])[key]
    assert (summary.design, summary.level, summary.count, summary.main) == (StudyType.RANDOMISED_TRIAL, 2, 3, 1)
    assert summary.notes == ("the setting is not stated",)
    found = rows(database)
    assert (found["study_records"], found["findings"]) == (1, 3)


def test_study_record__of_a_draft__is_seen_by_its_number_only(library: LibraryStore) -> None:
    add(library, "library/a.pdf", TRIAL, searchable=False)
    draft = library.find(parsed_from(TRIAL.encode()).sha256, "h1")
    assert draft is not None
    library.store_study_record(draft.id, trial_record(), fingerprint="f" * 64)
    assert library.study_record_of(draft.id) == trial_record()
    for read in (library.study_records, library.record_fingerprints, library.record_summaries):
        assert read([draft.key]) == {}


def test_study_record__stored_again__takes_the_place_of_the_first(library: LibraryStore, database: Database) -> None:
    key = add(library, "library/a.pdf", TRIAL)
    number = number_of(library, key)
    first = library.store_study_record(number, trial_record(), fingerprint="1")
    assert library.store_study_record(number, trial_record(version="2"), fingerprint="2").sha256 == first.sha256, (
        "other rules that find the same leave what follows fresh"
    )
    assert library.store_study_record(number, series_record(), fingerprint="3").sha256 != first.sha256
    assert library.study_records([key]) == {key: series_record()}
    assert rows(database)["findings"] == 2


def test_state__study_record_says_something_else__changes_with_it_and_not_with_the_version_of_its_rules(
    library: LibraryStore,
) -> None:
    number = number_of(library, add(library, "library/a.pdf", TRIAL))
    states = [library.state()]
    for made in (trial_record(), trial_record(version="2"), series_record()):
        library.store_study_record(number, made, fingerprint="1")
        states.append(library.state())
    assert states[1] == states[2]
    assert len(set(states)) == 3


def test_study_record__without_findings__is_a_record(library: LibraryStore) -> None:
    key = add(library, "library/a.pdf", TRIAL)
    empty = trial_record().model_copy(update={"findings": ()})
    library.store_study_record(number_of(library, key), empty, fingerprint="1")
    assert library.study_records([key]) == {key: empty}
    assert library.record_summaries([key])[key].count == 0


def test_study_record__document_goes__so_does_it(library: LibraryStore, database: Database) -> None:
    key = add(library, "library/a.pdf", TRIAL)
    library.store_study_record(number_of(library, key), trial_record(), fingerprint="1")
    library.remove(key)
    assert not any(rows(database).values())


def test_store_study_record__document_was_removed_meanwhile__may_be_tried_again(library: LibraryStore) -> None:
    with pytest.raises(TransientError, match="ingest it again"):
        library.store_study_record(999_999, trial_record(), fingerprint="1")


def test_study_source__stored_document__is_what_was_stored(library: LibraryStore) -> None:
    key = add(library, "library/a.pdf", TRIAL)
    number = number_of(library, key)
    source = library.study_source(number, library.bibliography(number))
    assert source.passages == list(passages_of(parsed_from(TRIAL.encode())))
    assert (source.title, source.study_type) == ("Carmustine wafers in glioma", StudyType.CASE_SERIES)
    assert [one.caption for one in source.captions] == ["A tumour"]
    assert source.title == library.bibliography(number).text(RecordField.TITLE)


@pytest.fixture
def older(postgres: EmbeddedServer, empty_database_name: str, home: Path) -> Iterator[Database]:
    """The tables of the release before study records."""
    database = Database.open(Settings(home=home, database_url=SecretStr(postgres.url(empty_database_name, "psycopg"))))
    migrate.upgrade(database.engine, "0013")
    yield database
    database.close()


def test_migration__home_of_the_release_before__is_searched_and_takes_a_record(older: Database) -> None:
    library = LibraryStore(older)
    key = add(library, "library/a.pdf", TRIAL)
    before = LibrarySearch(older, HashEmbedder()).search("wafers", k=3)
    older.migrate()
    assert LibrarySearch(older, HashEmbedder()).search("wafers", k=3) == before
    assert library.study_records([key]) == {}
    number = number_of(library, key)
    found = [[[number, key, "h1", "hash", None]], []]
    assert library.state() == hashlib.sha256(json.dumps(found).encode()).hexdigest(), "its chapters stay current"
    library.store_study_record(number, trial_record(), fingerprint="1")
    migrate.downgrade(older.engine, "0013")
    assert LibrarySearch(older, HashEmbedder()).search("wafers", k=3) == before

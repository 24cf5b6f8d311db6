"""The inventory names every delivered file, and why one cannot be searched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chapter_pipeline.domain.document import IngestStatus, ParsedDocument
from chapter_pipeline.errors import DocumentRejected, TransientError, UsageError
from chapter_pipeline.services.ingest import Ingest
from chapter_pipeline.services.inventory import FileState, inventory, summary
from chapter_pipeline.services.unchanged_files import unchanged
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.library_samples import HashEmbedder, parsed_from, passages_of
from tests.services.test_ingest import GLIOMA, OTHER, CountingParser


def made(settings: Settings, database: Database, settings_hash: str = "1") -> tuple[Ingest, LibraryStore, ObjectBucket]:
    library, bucket = LibraryStore(database), ObjectBucket.open(settings)
    ingest = Ingest(
        settings, bucket=bucket, library=library, embedder=HashEmbedder(), parser=CountingParser(),
        make_passages=passages_of, settings_hash=settings_hash,
    )  # fmt: skip
    return ingest, library, bucket


def test_inventory__one_file_of_each_kind__is_named_with_its_state_and_what_helps(
    settings: Settings, database: Database
) -> None:
    ingest, library, bucket = made(settings, database)
    bucket.put("library/stored.pdf", GLIOMA)
    bucket.put("library/gone.pdf", OTHER)
    bucket.put("library/bad.pdf", b"BAD:encrypted")
    for name in ("library/stored.pdf", "library/gone.pdf", "library/bad.pdf"):
        ingest.ingest(name)
    bucket.delete("library/gone.pdf")
    bucket.put("inbox/new.pdf", OTHER + b" New.")
    bucket.put("inbox/.being-written.pdf", b"x")
    bucket.put("library/begun.pdf", GLIOMA + b" Begun.")
    ingest.text(ingest.source("library/begun.pdf"))
    items = {item.name: item for item in inventory(library=library, bucket=bucket, settings_hash=ingest.settings_hash)}
    assert {name: item.state for name, item in items.items()} == {
        "library/stored.pdf": FileState.STORED,
        "library/gone.pdf": FileState.FILE_GONE,
        "library/bad.pdf": FileState.QUARANTINED,
        "library/begun.pdf": FileState.HALF_STORED,
        "inbox/new.pdf": FileState.WAITING,
    }
    assert "sensor new_documents" in items["inbox/new.pdf"].remedy
    assert "encrypted" in items["library/bad.pdf"].why
    assert all(item.remedy for item in items.values() if item.state is not FileState.STORED)
    assert sum(summary(list(items.values())).values()) == len(items)


def test_inventory__inbox_file_was_changed_after_it_was_read__waits(settings: Settings, database: Database) -> None:
    ingest, library, bucket = made(settings, database)
    bucket.put("inbox/a.pdf", GLIOMA)
    ingest.ingest("inbox/a.pdf")
    bucket.put("inbox/a.pdf", OTHER, overwrite=True)
    (item,) = inventory(library=library, bucket=bucket, settings_hash=ingest.settings_hash)
    assert (item.state, item.why) == (FileState.WAITING, "it was changed since it was read")
    ingest.ingest("inbox/a.pdf")
    (item,) = inventory(library=library, bucket=bucket, settings_hash=ingest.settings_hash)
    assert item.state is FileState.STORED


def test_inventory__after_a_newer_parser__says_what_is_stale(settings: Settings, database: Database) -> None:
    ingest, library, bucket = made(settings, database)
    bucket.put("library/stored.pdf", GLIOMA)
    ingest.ingest("library/stored.pdf")
    newer, _, _ = made(settings, database, settings_hash="2")
    (item,) = inventory(library=library, bucket=bucket, settings_hash=newer.settings_hash)
    assert item.state is FileState.STALE


def test_unchanged__files_as_they_were__are_answered_without_reading_a_document(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    ingest, library, bucket = made(settings, database)
    files = {"same.pdf": GLIOMA, "changed.pdf": OTHER, "bad.pdf": b"BAD:encrypted", "slow.pdf": b"BAD:timeout"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    list(ingest.ingest_files([tmp_path]))
    (tmp_path / "changed.pdf").write_bytes(OTHER.swapcase())  # as long as before
    (tmp_path / "new.pdf").write_bytes(GLIOMA + b" New.")
    paths = sorted(tmp_path.iterdir())
    found = unchanged(paths, library=library, bucket=bucket, settings_hash=ingest.settings_hash)
    assert {path.name: outcome.status for path, outcome in found.items()} == {
        "same.pdf": IngestStatus.UNCHANGED,
        "bad.pdf": IngestStatus.QUARANTINED,  # refused for what it is; a timeout may be the machine's fault
    }
    same = found[tmp_path / "same.pdf"]
    record = library.record("library/same.pdf")
    assert record is not None
    assert (same.document, same.title, same.passages) == (record.key, "Glioma surgery", 3)
    assert record.status is IngestStatus.UNCHANGED
    assert unchanged(paths, library=library, bucket=bucket, settings_hash="another parser") == {}


def test_unchanged__image_of_a_figure_lost__is_left_to_the_ingest_which_makes_it_again(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    ingest, library, bucket = made(settings, database)
    (tmp_path / "a.pdf").write_bytes(GLIOMA)
    (tmp_path / "bad.pdf").write_bytes(b"BAD:encrypted")
    list(ingest.ingest_files([tmp_path]))
    (key,) = bucket.keys("figures/")
    bucket.delete(key)
    paths = sorted(tmp_path.iterdir())
    found = unchanged(paths, library=library, bucket=bucket, settings_hash=ingest.settings_hash)
    assert [path.name for path in found] == ["bad.pdf"]
    list(ingest.ingest_files([tmp_path / "a.pdf"]))
    assert bucket.keys("figures/") == [key]
    assert len(unchanged(paths, library=library, bucket=bucket, settings_hash=ingest.settings_hash)) == 2


def test_ingest__image_lost_and_the_file_cannot_be_parsed_now__the_document_stays(
    settings: Settings, database: Database
) -> None:
    ingest, library, bucket = made(settings, database)
    bucket.put("library/a.pdf", GLIOMA)
    document = ingest.ingest("library/a.pdf").document
    (key,) = bucket.keys("figures/")
    bucket.delete(key)

    class TooSlow(CountingParser):
        def __call__(self, content: bytes) -> ParsedDocument:
            raise DocumentRejected("timeout", "not read within 60 s")

    ingest._parser = TooSlow()
    with pytest.raises(TransientError, match=r"lost images of 'library/a\.pdf'.*timeout.*ingest it again"):
        ingest.ingest("library/a.pdf")
    assert library.document("library/a.pdf").key == document


def test_ingest__image_lost_and_the_parser_makes_another_one__is_told_with_the_remedy(
    settings: Settings, database: Database
) -> None:
    ingest, library, bucket = made(settings, database)
    bucket.put("library/a.pdf", GLIOMA)
    document = ingest.ingest("library/a.pdf").document
    for key in bucket.keys("figures/"):
        bucket.delete(key)

    class Other(CountingParser):
        def __call__(self, content: bytes) -> ParsedDocument:
            return replace(parsed_from(content), figures=parsed_from(OTHER).figures)

    ingest._parser = Other()
    with pytest.raises(UsageError, match=f"makes others of it now.*documents remove {document}"):
        ingest.ingest("library/a.pdf")
    assert bucket.keys("figures/") == []
    assert library.document("library/a.pdf").figure_count == 1

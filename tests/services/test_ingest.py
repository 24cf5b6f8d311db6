"""The ingest: files in, unchanged files skipped, bad ones quarantined, and nothing done twice."""

from __future__ import annotations

import gc
import hashlib
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from chapter_pipeline.domain.bibliography import RecordField
from chapter_pipeline.domain.document import IngestStatus, ParsedDocument, StudyType
from chapter_pipeline.domain.library import RegisteredWork
from chapter_pipeline.errors import DocumentRejected, InvariantViolated, NotFound, TransientError, UsageError
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.services.file_paths import expand
from chapter_pipeline.services.ingest import Ingest, open_ingest
from chapter_pipeline.services.unchanged_files import unchanged
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from tests.library_samples import TABLES, HashEmbedder, ReadsAhead, parsed_from, passages_of, rows

GLIOMA = b"Glioma surgery\n\nResection of the tumour was safe.\fThe tumour grew again."
OTHER = b"Meningioma\n\nThe dura was closed in all patients."


class CountingParser(ReadsAhead):
    """Refuses what starts with BAD:reason, and remembers what it was asked to read."""

    def __init__(self) -> None:
        self.calls: Counter[bytes] = Counter()

    def __call__(self, content: bytes) -> ParsedDocument:
        self.calls[content] += 1
        if content.startswith(b"BAD:"):
            raise DocumentRejected(content[4:].decode(), "refused by the test")
        return parsed_from(content)


@pytest.fixture
def parser() -> CountingParser:
    return CountingParser()


@pytest.fixture
def library(database: Database) -> LibraryStore:
    return LibraryStore(database)


@pytest.fixture
def bucket(settings: Settings) -> ObjectBucket:
    return ObjectBucket.open(settings)


def _ingest(
    settings: Settings, bucket: ObjectBucket, library: LibraryStore, parser: CountingParser, settings_hash: str = "1"
) -> Ingest:
    """A new process, as it were: nothing is remembered but what is stored."""
    return Ingest(
        settings, bucket=bucket, library=library, embedder=HashEmbedder(), parser=parser, make_passages=passages_of,
        settings_hash=settings_hash,
    )  # fmt: skip


@pytest.fixture
def ingest(settings: Settings, bucket: ObjectBucket, library: LibraryStore, parser: CountingParser) -> Ingest:
    return _ingest(settings, bucket, library, parser)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "glioma.pdf").write_bytes(GLIOMA)
    return folder


def test_ingest_files__new_file__is_searchable(ingest: Ingest, folder: Path, database: Database) -> None:
    (outcome,) = ingest.ingest_files([folder])
    assert (outcome.path, outcome.status) == ("library/glioma.pdf", IngestStatus.INGESTED)
    assert outcome.sha256 == hashlib.sha256(GLIOMA).hexdigest()
    assert (outcome.document, outcome.pages, outcome.passages, outcome.figures) == (outcome.sha256[:16], 2, 3, 1)
    assert (outcome.title, outcome.year, outcome.reason) == ("Glioma surgery", 1932, None)
    hits = LibrarySearch(database, HashEmbedder()).search("tumour", k=5)
    assert {hit.document for hit in hits} == {outcome.document}


def test_ingest_files__again__is_unchanged_and_not_parsed(
    ingest: Ingest, folder: Path, parser: CountingParser, database: Database
) -> None:
    list(ingest.ingest_files([folder]))
    before = rows(database)
    (outcome,) = ingest.ingest_files([folder])
    assert (outcome.status, outcome.passages, parser.calls[GLIOMA], rows(database)) == (
        IngestStatus.UNCHANGED, 3, 1, before,
    )  # fmt: skip


def test_unchanged__record_of_other_rules_or_another_bibliographic_record__is_made_again_without_parsing_or_embedding(
    settings: Settings, bucket: ObjectBucket, library: LibraryStore, parser: CountingParser, folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    embedder = HashEmbedder()
    ingest = Ingest(
        settings, bucket=bucket, library=library, embedder=embedder, parser=parser, make_passages=passages_of,
        settings_hash="1",
    )  # fmt: skip
    (outcome,) = ingest.ingest_files([folder])
    key, path = outcome.document or "", folder / "glioma.pdf"

    def left_out() -> bool:
        return path in unchanged([path], library=library, bucket=bucket, settings_hash=ingest.settings_hash)

    assert left_out()
    monkeypatch.setattr("chapter_pipeline.services.study_records.RULES_VERSION", "next")
    before = library.record_fingerprints([key])
    assert not left_out()
    (again,) = ingest.ingest_files([folder])
    assert again.status is IngestStatus.UNCHANGED
    assert library.record_fingerprints([key]) != before
    assert left_out()
    library.edit_record(key, {RecordField.STUDY_TYPE: StudyType.RANDOMISED_TRIAL.value}, by="Ada", reason="page 1")
    assert library.study_records([key])[key].design is StudyType.CASE_SERIES
    assert not left_out()
    list(ingest.ingest_files([folder]))
    assert library.study_records([key])[key].design is StudyType.RANDOMISED_TRIAL
    assert (parser.calls[GLIOMA], embedder.calls) == (1, 1)


def test_study_record__current_one__is_kept_unless_it_is_to_be_made_again(ingest: Ingest, folder: Path) -> None:
    source = ingest.source(ingest.register(folder / "glioma.pdf"))
    with pytest.raises(InvariantViolated, match="in their order"):
        ingest.study_record(source)
    for stage in (ingest.text, ingest.figures, ingest.passages):
        stage(source)
    assert [ingest.study_record(source, again=again).reused for again in (False, False, True)] == [False, True, False]


def test_ingest__stage_by_stage__the_parsed_document_is_held_until_its_figures_are_stored(
    ingest: Ingest, folder: Path, parser: CountingParser
) -> None:
    source = ingest.source(ingest.register(folder / "glioma.pdf"))
    held = []
    gc.collect()
    for stage in (ingest.text, ingest.figures, ingest.passages, ingest.study_record, ingest.embeddings):
        stage(source)
        held.append(
            any(
                isinstance(one, ParsedDocument) and one.sha256 == source.sha256 and one.figures
                for one in gc.get_objects()
            )
        )
    assert (held, parser.calls[GLIOMA]) == ([True, False, False, False, False], 1)


def test_ingest_files__same_content_under_two_names__is_parsed_once(
    ingest: Ingest, folder: Path, parser: CountingParser
) -> None:
    (folder / "copy.pdf").write_bytes(GLIOMA)
    first, second = ingest.ingest_files([folder])
    assert (first.status, second.status) == (IngestStatus.INGESTED, IngestStatus.DUPLICATE)
    assert first.document == second.document
    assert parser.calls[GLIOMA] == 1


def test_ingest_files__changed_file__replaces(ingest: Ingest, folder: Path, library: LibraryStore) -> None:
    list(ingest.ingest_files([folder]))
    (folder / "glioma.pdf").write_bytes(OTHER)
    (outcome,) = ingest.ingest_files([folder])
    assert outcome.status is IngestStatus.INGESTED
    assert [one.key for one in library.documents()] == [hashlib.sha256(OTHER).hexdigest()[:16]]


def test_ingest_files__bad_one_among_good_ones__batch_goes_on(ingest: Ingest, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"BAD:encrypted")
    (folder / "empty.pdf").write_bytes(b"")
    outcomes = {one.path: (one.status, one.reason) for one in ingest.ingest_files([folder])}
    assert outcomes == {
        "library/a.pdf": (IngestStatus.QUARANTINED, "encrypted"),
        "library/empty.pdf": (IngestStatus.QUARANTINED, "no_text"),
        "library/glioma.pdf": (IngestStatus.INGESTED, None),
    }


@pytest.mark.parametrize(("reason", "calls"), [("encrypted", 1), ("timeout", 2)])
def test_ingest__quarantined_before__is_read_again_only_if_the_machine_may_be_to_blame(
    ingest: Ingest, folder: Path, parser: CountingParser, reason: str, calls: int
) -> None:
    content = f"BAD:{reason}".encode()
    (folder / "glioma.pdf").write_bytes(content)
    for _ in range(2):
        (outcome,) = ingest.ingest_files([folder])
        assert (outcome.status, outcome.reason) == (IngestStatus.QUARANTINED, reason)
    assert parser.calls[content] == calls


def test_ingest__good_file_turns_bad__good_content_goes(ingest: Ingest, folder: Path, database: Database) -> None:
    list(ingest.ingest_files([folder]))
    (folder / "glioma.pdf").write_bytes(b"BAD:encrypted")
    list(ingest.ingest_files([folder]))
    assert rows(database) == dict.fromkeys(TABLES, 0) | {"document_names": 1}


def test_ingest__other_settings__parses_again_and_replaces(
    ingest: Ingest, folder: Path, settings: Settings, bucket: ObjectBucket, library: LibraryStore,
    parser: CountingParser, database: Database,
) -> None:  # fmt: skip
    list(ingest.ingest_files([folder]))
    before = rows(database)
    again = _ingest(settings, bucket, library, parser, "2").ingest("library/glioma.pdf")
    assert (again.status, parser.calls[GLIOMA], rows(database)) == (IngestStatus.INGESTED, 2, before)


@pytest.mark.parametrize("done", [1, 2, 3, 4])
def test_stages__process_ends_between_two__next_one_goes_on_there(
    ingest: Ingest, folder: Path, settings: Settings, bucket: ObjectBucket, library: LibraryStore,
    parser: CountingParser, done: int,
) -> None:  # fmt: skip
    name = ingest.register(folder / "glioma.pdf")
    source = ingest.source(name)
    for stage in (ingest.text, ingest.figures, ingest.passages, ingest.study_record)[:done]:
        assert not stage(source).reused
    assert library.documents() == []
    fresh = _ingest(settings, bucket, library, parser)
    source = fresh.source(name)
    stages = (fresh.text, fresh.figures, fresh.passages, fresh.study_record, fresh.embeddings)
    assert [stage(source).reused for stage in stages] == [place < done for place in range(5)]
    assert parser.calls[GLIOMA] == (2 if done == 1 else 1)  # figures are not kept with the text
    assert fresh.outcome(name).status is IngestStatus.INGESTED


def test_stages__file_is_replaced_meanwhile__is_to_be_tried_again(
    ingest: Ingest, folder: Path, bucket: ObjectBucket
) -> None:
    source = ingest.source(ingest.register(folder / "glioma.pdf"))
    bucket.put(source.name, OTHER, overwrite=True)
    with pytest.raises(TransientError, match="was replaced while"):
        ingest.text(source)


def test_stages__out_of_order__is_our_fault(ingest: Ingest, folder: Path) -> None:
    source = ingest.source(ingest.register(folder / "glioma.pdf"))
    with pytest.raises(InvariantViolated, match="in their order"):
        ingest.passages(source)


def test_register__too_large__is_quarantined_and_never_enters_the_bucket(
    settings: Settings, bucket: ObjectBucket, library: LibraryStore, parser: CountingParser, folder: Path
) -> None:
    small = settings.model_copy(update={"document_max_bytes": 1024})
    (folder / "glioma.pdf").write_bytes(b"x" * 1025)
    (outcome,) = _ingest(small, bucket, library, parser).ingest_files([folder])
    assert (outcome.status, outcome.reason) == (IngestStatus.QUARANTINED, "too_large")
    assert bucket.keys("") == []


def test_ingest_files__name_that_no_bucket_holds__is_quarantined_and_the_batch_goes_on(
    ingest: Ingest, folder: Path, bucket: ObjectBucket
) -> None:
    (folder / "back\\slash.pdf").write_bytes(OTHER)
    outcomes = [(one.status, one.reason) for one in ingest.ingest_files([folder])]
    assert outcomes == [(IngestStatus.QUARANTINED, "unreadable"), (IngestStatus.INGESTED, None)]
    assert bucket.keys("library/") == ["library/glioma.pdf"]


def test_ingest_files__file_that_cannot_be_read__is_quarantined_and_the_batch_goes_on(
    ingest: Ingest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "locked.pdf").write_bytes(OTHER)
    real = Path.read_bytes

    def read(path: Path) -> bytes:  # root may read everything: rights alone would not refuse it
        if path.name == "locked.pdf":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    outcomes = {one.path: one.reason for one in ingest.ingest_files([folder])}
    assert outcomes == {"library/glioma.pdf": None, "library/locked.pdf": "unreadable"}


def test_remove__document__takes_its_files_along(
    ingest: Ingest, folder: Path, bucket: ObjectBucket, database: Database
) -> None:
    (folder / "copy.pdf").write_bytes(GLIOMA)
    (folder / "other.pdf").write_bytes(OTHER)
    key = next(ingest.ingest_files([folder])).document
    list(ingest.ingest_files([folder]))
    assert key is not None
    assert ingest.remove(key) == ["library/copy.pdf", "library/glioma.pdf"]
    assert bucket.keys("library/") == ["library/other.pdf"]
    assert ingest.remove("other.pdf") == ["library/other.pdf"]
    assert rows(database) == dict.fromkeys(TABLES, 0)
    with pytest.raises(NotFound):
        ingest.remove(key)


def test_outcome__never_ingested__is_not_found(ingest: Ingest) -> None:
    with pytest.raises(NotFound, match="never ingested"):
        ingest.outcome("library/x.pdf")


def test_expand__folders_and_files__pdfs_below_and_whatever_is_named(folder: Path) -> None:
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "DEEP.PDF").write_bytes(b"1")
    (folder / "notes.txt").write_bytes(b"2")
    assert expand([folder]) == [deep / "DEEP.PDF", folder / "glioma.pdf"]
    assert expand([folder / "notes.txt", folder, folder]) == [
        folder / "notes.txt",
        deep / "DEEP.PDF",
        folder / "glioma.pdf",
    ]


def test_expand__unusable_path__is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file or folder .*missing\.pdf"):
        expand([folder, tmp_path / "missing.pdf"])
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UsageError, match=r"nothing' holds no \*\.pdf"):
        expand([tmp_path / "nothing"])
    os.mkfifo(tmp_path / "pipe.pdf")
    with pytest.raises(UsageError, match="no file or folder"):
        expand([tmp_path / "pipe.pdf"])


def test_expand__one_name_twice__a_pipe_is_not_waited_for(folder: Path) -> None:
    (folder / "sub").mkdir()
    os.mkfifo(folder / "sub" / "glioma.pdf")
    assert expand([folder]) == [folder / "glioma.pdf", folder / "sub" / "glioma.pdf"]


def test_expand__one_name_twice__only_with_one_content(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "glioma.pdf").write_bytes(GLIOMA)
    assert len(expand([folder])) == 1
    (folder / "sub" / "glioma.pdf").write_bytes(OTHER)
    with pytest.raises(UsageError, match="rename one of them"):
        expand([folder])


@pytest.mark.corpus
def test_open_ingest__real_papers__are_found_by_what_they_say(
    corpus: Path, settings: Settings, database: Database, bucket: ObjectBucket
) -> None:
    """The whole way: the isolated parser, real passages, MiniLM, PostgreSQL."""
    minilm = MiniLM(batch_size=4)
    paper = next((corpus / "library").glob("neurosurgery__2021__The-Impact-of-Hydrocephalus*.pdf"))
    hostile = corpus / "hostile" / "encrypted__pypdf__r6-user-password.pdf"
    with open_ingest(settings, database=database, bucket=bucket, embedder=minilm) as ingest:
        good, bad = ingest.ingest_files([paper, hostile])
    assert (good.status, bad.status, bad.reason) == (IngestStatus.INGESTED, IngestStatus.QUARANTINED, "encrypted")
    assert good.passages > 10
    best = LibrarySearch(database, minilm).search("quality of life of patients with a hydrocephalus shunt", k=3)
    library = LibraryStore(database)
    for hit in best:
        assert library.page(hit.document, hit.page).text[hit.start : hit.end] == hit.text
    assert any("quality of life" in hit.text.lower() for hit in best)


class OtherWork:
    name = "registry"

    def work(self, doi: str) -> RegisteredWork | None:
        return RegisteredWork(title="Another title altogether", year=1999)


def test_ingest__with_a_registry__keeps_the_difference_and_what_is_printed(
    settings: Settings, bucket: ObjectBucket, library: LibraryStore
) -> None:
    class WithDoi(CountingParser):
        def __call__(self, content: bytes) -> ParsedDocument:
            parsed = super().__call__(content)
            return replace(parsed, metadata=replace(parsed.metadata, doi="10.5555/x", title="Glioma surgery"))

    ingest = Ingest(
        settings, bucket=bucket, library=library, embedder=HashEmbedder(), parser=WithDoi(),
        make_passages=passages_of, settings_hash="1", registries=[OtherWork()],
    )  # fmt: skip
    bucket.put("library/a.pdf", GLIOMA)
    assert ingest.ingest("library/a.pdf").title == "Glioma surgery"
    (document,) = library.documents()
    assert document.metadata_check is not None
    assert document.metadata_check["status"] == "other_work"
    assert document.metadata_check["fields"][1] == {
        "field": "year",
        "printed": "1932",
        "registered": "1999",
        "agrees": False,
    }

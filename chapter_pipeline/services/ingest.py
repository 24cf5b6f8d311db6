"""Owns the ingest of a file into the library, stage by stage; the Dagster assets call these methods.

Every stage is idempotent: a stage stored under the same content hash and settings hash is not repeated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from chapter_pipeline.documents.reasons import Reason
from chapter_pipeline.domain.bibliography import RecordField
from chapter_pipeline.domain.document import IngestOutcome, IngestStatus, Metadata, ParsedDocument
from chapter_pipeline.errors import DocumentRejected, InvariantViolated, NotFound, TransientError, UsageError
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.evidence.source import SourceText
from chapter_pipeline.literature.registry import check_metadata
from chapter_pipeline.ports import Bucket, Embedder, WorkRegistry
from chapter_pipeline.services.file_paths import FOLDER, expand, recorded_name
from chapter_pipeline.services.ingest_ports import ParserAhead, PassageMaker
from chapter_pipeline.services.parse_prefetcher import ParsePrefetcher
from chapter_pipeline.services.record_prefetcher import RecordPrefetcher
from chapter_pipeline.services.registries import open_registries
from chapter_pipeline.services.study_records import Filler, RecordMaker, make_record, to_fill
from chapter_pipeline.services.unchanged_files import RETRIED_REASONS, library_settings_hash
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_objects import FigureObjects
from chapter_pipeline.storage.keys import key_fault
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_writer import StoredDocument
from chapter_pipeline.storage.listing import file_fault
from chapter_pipeline.storage.reference_works import ReferenceWorks


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDocument:
    """A file of the bucket, and how the ingest treats it.

    `status`: INGESTED will be processed, DUPLICATE is stored under another name, UNCHANGED is stored already,
    QUARANTINED was refused before under these settings, for `reason`.
    """

    name: str
    sha256: str
    size_bytes: int
    status: IngestStatus
    reason: str | None = None
    detail: str | None = None
    object_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStage:
    """A stored stage of a document: the number of pages, figures, passages, findings or vectors; `reused` if stored before.

    `content`: a hash of what is stored, of a stage that may come out otherwise for the same file and settings. `whole`:
    False of a study record that a model was to fill and could not: it is made again the next time.
    """

    document: str
    count: int
    reused: bool
    content: str | None = None
    whole: bool = True


class Ingest:
    """The ingest use case. One instance per process; not for several threads at once."""

    def __init__(
        self,
        settings: Settings,
        *,
        bucket: Bucket,
        library: LibraryStore,
        embedder: Embedder,
        parser: ParserAhead,
        make_passages: PassageMaker,
        settings_hash: str,
        registries: Sequence[WorkRegistry] = (),
        make_record: RecordMaker = study_record,
        filler: Filler | None = None,
    ) -> None:
        self._settings = settings
        self._registries = registries
        self._bucket = bucket
        self._library = library
        self._embedder = embedder
        self._parser = parser
        self._make_passages = make_passages
        self._make_record = make_record
        self._filler = filler
        self.settings_hash = library_settings_hash(settings_hash, embedder.name)
        self._ahead = ParsePrefetcher(parser, self._to_parse)
        self._records_ahead = RecordPrefetcher(filler, self._to_fill) if filler is not None else None
        self._parsed: ParsedDocument | None = None  # of the present document, so that its figures need no second parse

    def register(self, path: Path) -> str:
        """Put a local file into the bucket as ``library/<file name>``, over an older one of that name; the key.

        Raises `DocumentRejected`, after the quarantine is recorded, for a file that cannot be read, has a name no
        bucket can hold, or is too large. One whose name cannot be a key is on record under its `printable` form.
        """
        name = FOLDER + path.name
        fault = key_fault(name)
        if fault is not None:
            raise self._unreadable(name, f"its name cannot be a bucket key: {fault}")
        try:
            found = path.stat()
            fault = file_fault(str(path), found)
            if fault is not None:
                raise self._unreadable(name, fault)
            size = found.st_size
            if size > self._settings.document_max_bytes:
                with path.open("rb") as file:
                    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                self._bucket.delete(name)
                detail = f"{size} bytes, the limit is {self._settings.document_max_bytes} bytes"
                raise self._quarantine(name, sha256, DocumentRejected(Reason.TOO_LARGE, detail))
            content = path.read_bytes()
        except OSError as error:
            raise self._unreadable(name, f"it cannot be read ({error.strerror}): check it and its rights") from error
        self._bucket.put(name, content, overwrite=True)
        return name

    def expect(self, names: Iterable[str]) -> None:
        """Announce the names that follow, in this order: they are parsed, and a model is asked, while others are stored."""
        announced = list(names)
        self._ahead.expect(announced)
        if self._records_ahead is not None:
            self._records_ahead.expect(announced)

    def source(self, name: str) -> SourceDocument:
        """The file of the bucket under `name`, and how it will be treated. Raises `NotFound`."""
        self._ahead.reached(name)
        content, version = self._bucket.read(name)
        sha256 = hashlib.sha256(content).hexdigest()
        record = self._library.record(name)
        status, reason, detail = IngestStatus.INGESTED, None, None
        if record is not None and (record.sha256, record.settings_hash) == (sha256, self.settings_hash):
            if record.key is not None:
                status = IngestStatus.UNCHANGED
                self._library.mark_unchanged(name)
            elif record.reason not in RETRIED_REASONS:
                status, reason, detail = IngestStatus.QUARANTINED, record.reason, record.detail
        if status is not IngestStatus.INGESTED:
            self._library.mark_seen(name, object_version=version)
        else:
            known = self._library.find(sha256, self.settings_hash)
            if known is not None and known.searchable:
                status = IngestStatus.DUPLICATE
        return SourceDocument(
            name=name, sha256=sha256, size_bytes=len(content), status=status, reason=reason, detail=detail,
            object_version=version,
        )  # fmt: skip

    def text(self, source: SourceDocument) -> StoredStage:
        """Parse and store the pages. Raises `DocumentRejected`, after the quarantine is recorded."""
        if source.status is IngestStatus.QUARANTINED:
            raise DocumentRejected(source.reason or "", source.detail or "")
        before = self._library.find(source.sha256, self.settings_hash)
        if before is not None:
            return StoredStage(document=before.key, count=before.page_count, reused=True)
        parsed = self._parse(source)
        stored = self._library.store_text(
            parsed, name=source.name, size_bytes=source.size_bytes, settings_hash=self.settings_hash
        )
        # Not what is printed alone: a person or a citation line may have given the work another DOI or title.
        record = self._library.bibliography(stored.id)
        known = replace(parsed.metadata, doi=record.text(RecordField.DOI), title=record.text(RecordField.TITLE))
        checked = check_metadata(known, self._registries)
        if checked is not None:
            self._library.store_metadata_check(stored.id, checked.model_dump(mode="json"))
        return StoredStage(document=stored.key, count=stored.page_count, reused=False)

    def figures(self, source: SourceDocument) -> StoredStage:
        """Store the figures, or the images of stored ones that the bucket has lost. Raises `DocumentRejected` as `text`."""
        document = self._stored(source)
        if document.figure_count is not None:
            if self._library.incomplete([document.key]):
                self._make_images_again(source, document)
            return StoredStage(document=document.key, count=document.figure_count, reused=True)
        parsed = self._parse(source)
        self._library.store_figures(document.id, parsed)
        self._parsed = None  # its pictures take no memory while the passages are embedded
        return StoredStage(document=document.key, count=len(parsed.figures), reused=False)

    def passages(self, source: SourceDocument) -> StoredStage:
        """Cut the pages into passages and store them. Raises `DocumentRejected` when there is nothing to search."""
        document = self._stored(source)
        if document.passage_count is not None:
            return StoredStage(document=document.key, count=document.passage_count, reused=True)
        pages = self._library.stored_pages(document.id)
        passages = self._make_passages(
            ParsedDocument(sha256=document.sha256, page_count=len(pages), metadata=Metadata(), pages=pages),
            count_tokens=self._embedder.count_tokens,
            max_tokens=self._settings.passage_tokens,
        )
        if not passages:
            detail = f"none of its {len(pages)} pages holds a paragraph of running text"
            rejected = DocumentRejected(Reason.NO_TEXT, detail)
            raise self._quarantine(source.name, source.sha256, rejected, source.object_version)
        self._library.store_passages(document.id, passages)
        return StoredStage(document=document.key, count=len(passages), reused=False)

    def study_record(self, source: SourceDocument, *, again: bool = False) -> StoredStage:
        """Make the study record from what is stored, unless a current one is; `again`: also then.

        Neither parses nor embeds, so a searchable document gets it anew as it is, also one stored under earlier settings.
        """
        document = self.recorded(source)
        if self._records_ahead is not None:
            self._records_ahead.reached(source.name)
        stored, reused = make_record(self._library, document.id, self._make_record, again=again, filler=self._filler)
        return StoredStage(
            document=document.key, count=stored.count, reused=reused, content=stored.sha256, whole=stored.whole
        )

    def recorded(self, source: SourceDocument) -> StoredDocument:
        """The document whose study record `study_record` makes: the present one, else the one that its name still means."""
        document = self._library.find(source.sha256, self.settings_hash) or self._library.find_named(source.name)
        if document is None or document.passage_count is None:
            raise InvariantViolated(f"{source.name!r} has no stored passages: call the stages in their order")
        return document

    def embeddings(self, source: SourceDocument) -> StoredStage:
        """Embed the passages and store the vectors; then, in one transaction, let search see the document."""
        document = self._stored(source)
        if document.embedding_model is None:
            vectors = self._embedder.embed(self._library.passage_texts(document.id))
            self._library.store_embeddings(document.id, vectors, model=self._embedder.name)
        if source.status is not IngestStatus.UNCHANGED:
            self._library.mark_searchable(document.id, name=source.name, object_version=source.object_version)
        reused = document.embedding_model is not None
        return StoredStage(document=document.key, count=document.passage_count or 0, reused=reused)

    def outcome(self, name: str) -> IngestOutcome:
        """How the last ingest of `name` ended. Raises `NotFound` when there was none."""
        record = self._library.record(name)
        if record is None:
            raise NotFound(f"{name!r} was never ingested: ingest it first")
        if record.key is None:
            return IngestOutcome(path=name, status=record.status, sha256=record.sha256, reason=record.reason)
        found = self._library.document(record.key)
        return IngestOutcome(
            path=name, status=record.status, sha256=record.sha256, document=found.key, pages=found.record.page_count,
            passages=found.passage_count, figures=found.figure_count, title=found.record.title,
            year=found.record.year, doi=found.record.doi, same_work_as=tuple(self._library.same_works(found)),
        )  # fmt: skip

    def refused(self, path: Path, rejected: DocumentRejected) -> IngestOutcome:
        """How the delivery of `path` ended that `register` rejected, whether it is on record or not."""
        if rejected.reason == Reason.UNREADABLE:
            return IngestOutcome(
                path=recorded_name(FOLDER + path.name), status=IngestStatus.QUARANTINED, reason=rejected.reason
            )
        return self.outcome(FOLDER + path.name)

    def ingest(self, name: str) -> IngestOutcome:
        """All stages of one object of the bucket, without Dagster; a rejected document is an outcome, no error."""
        try:
            source = self.source(name)
            for stage in (self.text, self.figures, self.passages, self.study_record, self.embeddings):
                stage(source)
        except DocumentRejected:
            pass  # recorded under its name
        return self.outcome(name)

    def ingest_files(self, paths: Sequence[Path]) -> Iterator[IngestOutcome]:
        """Register and ingest files and folders, see `expand`; one outcome each, as soon as it is known."""
        registered: dict[str, Path] = {}
        for path in expand(paths):
            try:
                registered[self.register(path)] = path
            except DocumentRejected as rejected:
                yield self.refused(path, rejected)
        self.expect(registered)
        for name in registered:
            yield self.ingest(name)

    def remove(self, wanted: str) -> list[str]:
        """Remove a document (key or its beginning) or one name, from the bucket and from the library; the names gone.

        The files are removed first: the inbox sensor would ingest a remaining file again.
        """
        for name in self._library.names_meant(wanted):
            if key_fault(name) is None:  # else it was never in the bucket
                self._bucket.delete(name)
        return self._library.remove(wanted)

    def _stored(self, source: SourceDocument) -> StoredDocument:
        document = self._library.find(source.sha256, self.settings_hash)
        if document is None:
            raise InvariantViolated(f"{source.name!r} has no stored text: call the stages in their order")
        return document

    def _make_images_again(self, source: SourceDocument, document: StoredDocument) -> None:
        """Parse a stored document once more for its images; when it cannot be parsed now, it stays in the library."""
        content = self._bucket.get(source.name)
        try:
            parsed = self._parser(content)
        except DocumentRejected as rejected:
            raise TransientError(
                f"the bucket has lost images of {source.name!r}, and they cannot be made again now ({rejected}): ingest"
                " it again, or restore the bucket from a backup"
            ) from rejected
        self._library.store_figures(document.id, parsed)
        if self._library.incomplete([document.key]):
            raise UsageError(
                f"the bucket has lost images of {source.name!r}, and the parser makes others of it now",
                f"restore the bucket from a backup, or keep a copy of the file, then chapter-pipeline documents remove"
                f" {document.key}, then ingest the file",
            )

    def _parse(self, source: SourceDocument) -> ParsedDocument:
        if self._parsed is not None and self._parsed.sha256 == source.sha256:
            return self._parsed
        self._parsed = None  # one document in memory, not two
        try:
            self._parsed = self._ahead.take(source.sha256)
            if self._parsed is None:
                content = self._bucket.get(source.name)
                if hashlib.sha256(content).hexdigest() != source.sha256:
                    raise TransientError(f"{source.name!r} was replaced while it was being ingested: ingest it again")
                self._parsed = self._parser(content)
        except DocumentRejected as rejected:
            raise self._quarantine(source.name, source.sha256, rejected, source.object_version) from rejected
        return self._parsed

    def _to_parse(self, name: str) -> tuple[str, bytes] | None:
        """sha256 and content of the object `name`; None when it is stored or refused already, or gone."""
        try:
            content = self._bucket.get(name)
        except NotFound:
            return None
        sha256 = hashlib.sha256(content).hexdigest()
        record = self._library.record(name)
        refused = (
            record is not None
            and (record.sha256, record.settings_hash, record.key) == (sha256, self.settings_hash, None)
            and record.reason not in RETRIED_REASONS
        )
        return None if refused or self._library.find(sha256, self.settings_hash) else (sha256, content)

    def _to_fill(self, name: str) -> tuple[str, SourceText] | None:
        """Key and text of the stored document of `name` when a model is to fill its record; else None.

        Not of one whose file is another by now: that document is about to be replaced.
        """
        document = self._library.find_named(name)
        if document is None or document.passage_count is None or self._filler is None:
            return None
        source = to_fill(self._library, document.id, self._filler.basis)
        if source is None:
            return None
        try:
            content = self._bucket.get(name)
        except NotFound:
            return None
        return (document.key, source) if hashlib.sha256(content).hexdigest() == document.sha256 else None

    def _quarantine(
        self, name: str, sha256: str, rejected: DocumentRejected, object_version: str | None = None
    ) -> DocumentRejected:
        """Record the rejection; the exception to raise."""
        self._library.quarantine(
            name, sha256=sha256, settings_hash=self.settings_hash, reason=str(rejected.reason), detail=rejected.detail,
            object_version=object_version,
        )  # fmt: skip
        return rejected

    def _unreadable(self, key: str, detail: str) -> DocumentRejected:
        """Record that a file could not be read, unless its name has a document, which is kept; the exception."""
        name = recorded_name(key)
        rejected = DocumentRejected(Reason.UNREADABLE, detail)
        record = self._library.record(name)
        return rejected if record is not None and record.key is not None else self._quarantine(name, "", rejected)


@contextmanager
def open_ingest(
    settings: Settings, *, database: Database, bucket: ObjectBucket, embedder: Embedder, filler: Filler | None = None
) -> Iterator[Ingest]:
    """The ingest with parser processes of its own, which end with the block. `filler`: None, and rules fill study records."""
    # Imported here: these modules take a second to load and most processes parse nothing.
    from chapter_pipeline.documents.ocr.process import RecogniserProcess
    from chapter_pipeline.documents.pdf.parser import ParserPool
    from chapter_pipeline.documents.structure.passages import make_passages
    from chapter_pipeline.documents.version import settings_hash

    library = LibraryStore(
        database,
        references=ReferenceWorks(database, lambda: bucket).index,
        figures=FigureObjects(database, lambda: bucket),
    )
    recognise = RecogniserProcess() if settings.ocr == "on" else None
    with (
        ParserPool(settings, recognise) as parser,
        recognise or nullcontext(),  # ended before the pool, whose threads may wait for it
        open_registries(settings) as registries,
    ):
        yield Ingest(
            settings, bucket=bucket, library=library, embedder=embedder, parser=parser,
            make_passages=make_passages, settings_hash=settings_hash(settings), registries=registries, filler=filler,
        )  # fmt: skip

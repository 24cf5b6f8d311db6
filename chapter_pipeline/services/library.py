"""The use cases on the library: deliveries and their state, search, and removal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chapter_pipeline.domain.bibliography import FieldConflict
from chapter_pipeline.domain.document import DocumentKind, IngestOutcome, Page
from chapter_pipeline.domain.library import FigureRecord, RetrievedPassage
from chapter_pipeline.ports import PassageSearch
from chapter_pipeline.services import inventory as inventories
from chapter_pipeline.services.citing_chapters import Departure, Departures
from chapter_pipeline.services.document_table import arranged
from chapter_pipeline.services.inventory import InventoryItem, Quarantined
from chapter_pipeline.services.study_records import RULES_ALONE, RecordBasis
from chapter_pipeline.services.unchanged_files import unchanged
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.chapters import ChapterStore, Citing
from chapter_pipeline.storage.figure_objects import FigureObjects
from chapter_pipeline.storage.keys import key_fault
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_queries import DocumentSummary
from chapter_pipeline.storage.listing import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDetail:
    """A document with its figures, the chapters whose versions cite it, and other documents of the same work.

    `captions`: section, label and text of each figure without an image. `text_of`: the document of its work whose text is
    searched and quoted in the place of this one's.
    """

    summary: DocumentSummary
    figures: tuple[FigureRecord, ...]
    citing: tuple[Citing, ...]
    same_work_as: tuple[str, ...] = ()
    captions: tuple[tuple[str | None, str | None, str], ...] = ()
    text_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The names that were removed, and the document that left the library with them; None when a name of it is left."""

    names: tuple[str, ...]
    departure: Departure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputedRecord:
    """A document whose origins disagree about fields that no person has decided."""

    document: DocumentSummary
    conflicts: tuple[FieldConflict, ...]


class Library:
    """The use cases on the library, shared by all entrances. `settings_hash` and `search` are made when needed."""

    def __init__(
        self,
        *,
        store: LibraryStore,
        chapters: ChapterStore,
        bucket: ObjectBucket,
        figures: FigureObjects,
        settings_hash: Callable[[], str],
        search: Callable[[], PassageSearch],
        basis: RecordBasis = RULES_ALONE,
    ) -> None:
        self._store = store
        self._chapters = chapters
        self._bucket = bucket
        self._figures = figures
        self._settings_hash = settings_hash
        self._search = search
        self._basis = basis

    def unchanged(self, paths: Sequence[Path]) -> dict[Path, IngestOutcome]:
        """The files that are stored unchanged, with an outcome for each; they need no run."""
        return unchanged(
            paths, library=self._store, bucket=self._bucket, settings_hash=self._settings_hash(), basis=self._basis
        )

    def inventory(self) -> list[InventoryItem]:
        """Every delivered file with its state."""
        return inventories.inventory(library=self._store, bucket=self._bucket, settings_hash=self._settings_hash())

    def quarantined(self) -> list[Quarantined]:
        """Every file that was refused, with the reason."""
        return inventories.quarantined(library=self._store, bucket=self._bucket)

    def documents(
        self, *, sort: str | None = None, reverse: bool = False, filters: Sequence[str] = ()
    ) -> Sequence[DocumentSummary]:
        """The documents that meet `filters`, by name or by the column `sort`: see `document_table.arranged`."""
        return arranged(self._store.documents(), sort=sort, reverse=reverse, filters=filters)

    def reconcile(self) -> list[DisputedRecord]:
        """The documents whose record has conflicts, by name: a person decides with an edit, see `RecordEditing`."""
        disputed = [
            DisputedRecord(document=one, conflicts=one.bibliography.conflicts()) for one in self._store.documents()
        ]
        return [one for one in disputed if one.conflicts]

    def document(self, wanted: str) -> DocumentDetail:
        """The document with this key, first digits of a key, or name. Raises `NotFound`, `UsageError`."""
        found = self._store.document(wanted)
        same_work = self._store.same_work(found.key)
        article = next((one for one in same_work if one.kind is DocumentKind.JATS and one.full_text), None)
        labels = {page.number: page.label for page in self._store.pages(found.key)} if found.captions else {}
        return DocumentDetail(
            captions=tuple((labels.get(one.page), one.label, one.caption) for one in found.captions),
            text_of=article.key if article is not None and found.record.kind is DocumentKind.PDF else None,
            summary=found,
            figures=tuple(self._store.figures([found.key])),
            citing=tuple(self._chapters.citing(found.key)),
            same_work_as=tuple(self._store.same_works(found)),
        )

    def pages(self, wanted: str) -> list[Page]:
        """The pages of the document with this key, first digits of a key, or name. Raises `NotFound`, `UsageError`."""
        return self._store.pages(self._store.document(wanted).key)

    def audited(self, names: Sequence[str]) -> dict[str, list[str]]:
        """What the audit of the text found in the documents that `names` (bucket keys) mean, by document key."""
        keys = sorted({*self._store.document_keys(names).values()})
        return {record.key: list(record.to_check) for record in self._store.document_records(keys)}

    def search(self, query: str, *, k: int) -> list[RetrievedPassage]:
        """The `k` best passages for `query`, best first. Raises `UsageError` for a blank query or an impossible `k`."""
        return self._search().search(query, k=k)

    def titles(self, documents: Iterable[str]) -> dict[str, str | None]:
        """The titles of these document keys."""
        return {record.key: record.title for record in self._store.document_records(sorted(set(documents)))}

    def left_over_images(self, *, remove: bool) -> Sequence[Entry]:
        """The images of figures in the bucket that no document and no chapter names; with `remove` they are deleted."""
        return self._figures.delete_left_over() if remove else self._figures.audit().left_over

    def departures(self, names: Iterable[str]) -> Departures:
        """The documents of these bucket keys now, to find later which of them were removed."""
        return Departures(names, library=self._store, chapters=self._chapters)

    def remove(self, wanted: str) -> Removal:
        """Remove a document, or one of its names: text, passages, vectors, and its files in the bucket.

        Versions of chapters that cite it keep what they cite. Raises `NotFound`, `UsageError`.
        """
        names = self._store.names_meant(wanted)
        departures = self.departures(names)
        # The files are removed first: a file left in the bucket would be ingested again by the sensor.
        for name in names:
            if key_fault(name) is None:  # a name that cannot be a key was never in the bucket
                self._bucket.delete(name)
        removed = self._store.remove(wanted)
        return Removal(names=tuple(removed), departure=departures.of(removed[0]))

"""Owns the names of the library: publication of a document to search, quarantine and removal.

A content is stored as a *draft*, stage by stage (`library_writer`). A last transaction makes it searchable, points its
names to it, and removes the documents that they pointed to before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chapter_pipeline.domain.document import IngestStatus
from chapter_pipeline.literature.reference_index import ReferenceIndex
from chapter_pipeline.storage.artifacts import advisory_lock
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_objects import FigureObjects, Image
from chapter_pipeline.storage.library_queries import LibraryQueries
from chapter_pipeline.storage.library_writer import (
    LibraryWriter,
    StoredDocument,
    delete_documents,
    delete_drafts,
    document_locked,
)
from chapter_pipeline.storage.record_edits import RecordEdits
from chapter_pipeline.storage.schema import Document, DocumentName
from chapter_pipeline.storage.study_records import StudyRecordStore


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRecord:
    """The state of the file delivered under a name: the `key` of its document, or the `reason` of its quarantine."""

    name: str
    sha256: str
    settings_hash: str
    status: IngestStatus
    key: str | None
    reason: str | None
    detail: str | None
    object_version: str | None = None


class LibraryStore(LibraryWriter, StudyRecordStore, RecordEdits, LibraryQueries):
    """Documents in (`LibraryWriter`), out, and read (`LibraryQueries`: implements `ports.LibraryReader`).

    `references`: the entries of reference files, whose values enter the bibliographic records; none when left out.
    `figures`: the images of figures; those in the bucket of the database's settings when left out.
    """

    def __init__(
        self,
        database: Database,
        *,
        references: Callable[[], ReferenceIndex] = ReferenceIndex,
        figures: FigureObjects | None = None,
    ) -> None:
        self._database = database
        self._references = references
        self._figures = figures or FigureObjects(database)

    def record(self, name: str) -> NameRecord | None:
        """What is known of `name`; None when nothing was delivered under it."""
        return next(iter(self._names(name)), None)

    def names(self) -> list[NameRecord]:
        """All names, sorted."""
        return self._names(None)

    def find_named(self, name: str) -> StoredDocument | None:
        """The searchable document that `name` means, under whatever settings it was stored."""
        query = select(Document.sha256, Document.settings_hash).join(DocumentName).where(DocumentName.name == name)
        with self._database.session() as session:
            found = session.execute(query).one_or_none()
        return None if found is None else self.find(found.sha256, found.settings_hash)

    def document_keys(self, names: Sequence[str]) -> dict[str, str]:
        """The key of the document that each of `names` means; names that mean none are left out."""
        query = (
            select(DocumentName.name, Document.key)
            .join(Document, Document.id == DocumentName.document_id)
            .where(DocumentName.name.in_(names))
        )
        with self._database.session() as session:
            return dict(session.execute(query).all())

    def incomplete(self, documents: Sequence[str]) -> set[str]:
        """The keys among `documents` whose figures have images that the bucket has lost: see `store_figures`."""
        return self._figures.incomplete(documents)

    def drafts(self) -> set[str]:
        """The names for which a document is begun and not finished."""
        query = select(Document.draft_of).where(Document.draft_of.is_not(None), ~Document.searchable)
        with self._database.session() as session:
            return {name for name in session.scalars(query) if name is not None}

    def settled(self, prefix: str, *, settings_hash: str) -> dict[str, str | None]:
        """The names under `prefix` that were dealt with under these settings, each with the version of its object."""
        query = select(DocumentName.name, DocumentName.object_version).where(
            DocumentName.name.startswith(prefix, autoescape=True), DocumentName.settings_hash == settings_hash
        )
        with self._database.session() as session:
            return {row.name: row.object_version for row in session.execute(query)}

    def mark_searchable(self, document_id: int, *, name: str, object_version: str | None = None) -> None:
        """Make the document searchable and point `name` to it; the earlier document is deleted with its last name.

        One transaction: a search finds either the old or the new content.
        """
        with self._deleting() as (session, gone):
            sha256 = session.scalar(select(Document.sha256).where(Document.id == document_id))
            advisory_lock(session, f"document\n{sha256}")
            document = document_locked(session, document_id)
            older = list(
                session.scalars(
                    select(Document.id).where(
                        Document.sha256 == document.sha256, Document.id != document_id, Document.searchable
                    )
                )
            )
            session.execute(
                update(DocumentName)
                .where(DocumentName.document_id.in_(older))
                .values(document_id=document_id, settings_hash=document.settings_hash)
            )
            delete_documents(session, gone, Document.id.in_(older))
            others = select(exists().where(DocumentName.document_id == document_id, DocumentName.name != name))
            status = IngestStatus.DUPLICATE if session.scalar(others) else IngestStatus.INGESTED
            document.searchable = True
            document.draft_of = None
            session.flush()
            _point(
                session, gone, name, sha256=document.sha256, settings_hash=document.settings_hash, status=status,
                document_id=document_id, reason=None, detail=None, object_version=object_version,
            )  # fmt: skip
            delete_drafts(session, name, gone)

    def mark_unchanged(self, *names: str) -> None:
        """Record that `names` were delivered again as they are."""
        with self._database.session() as session:
            session.execute(
                update(DocumentName)
                .where(DocumentName.name.in_(names), DocumentName.document_id.is_not(None))
                .values(status=IngestStatus.UNCHANGED.value)
            )

    def mark_seen(self, name: str, *, object_version: str) -> None:
        """Record that the state of `name` is valid for this version of its object too."""
        with self._database.session() as session:
            session.execute(update(DocumentName).where(DocumentName.name == name).values(object_version=object_version))

    def quarantine(
        self, name: str, *, sha256: str, settings_hash: str, reason: str, detail: str, object_version: str | None = None
    ) -> None:
        """Record why the file under `name` is quarantined. The document that `name` pointed to is removed from it."""
        with self._deleting() as (session, gone):
            delete_drafts(session, name, gone)
            _point(
                session, gone, name, sha256=sha256, settings_hash=settings_hash, status=IngestStatus.QUARANTINED,
                document_id=None, reason=reason, detail=detail, object_version=object_version,
            )  # fmt: skip

    def names_meant(self, wanted: str) -> list[str]:
        """The names that `remove` would take away: `wanted` itself, or all names of the document with that key.

        Raises `NotFound`; `UsageError` when the beginning of a key fits several documents.
        """
        known = {record.name: record.key for record in self.names()}
        for candidate in (wanted, f"library/{wanted}"):
            if candidate in known:
                return [candidate]
        key = self.document(wanted).key
        return [name for name, of in known.items() if of == key]

    def remove(self, wanted: str) -> list[str]:
        """Remove a document (by key or its beginning) with all its names, or one name; the names that are gone.

        A document is deleted with its last name. Raises as `names_meant`.
        """
        names = self.names_meant(wanted)
        with self._deleting() as (session, gone):
            for name in names:
                delete_drafts(session, name, gone)
            taken = delete(DocumentName).where(DocumentName.name.in_(names)).returning(DocumentName.document_id)
            touched = [document_id for document_id in session.scalars(taken) if document_id is not None]
            _delete_unnamed(session, gone, touched)
        return names

    def _names(self, name: str | None) -> list[NameRecord]:
        query = (
            select(DocumentName, Document.key)
            .outerjoin(Document, Document.id == DocumentName.document_id)
            .order_by(DocumentName.name)
        )
        if name is not None:
            query = query.where(DocumentName.name == name)
        with self._database.session() as session:
            return [
                NameRecord(
                    name=row.name, sha256=row.sha256, settings_hash=row.settings_hash, status=IngestStatus(row.status),
                    key=key, reason=row.reason, detail=row.detail, object_version=row.object_version,
                )
                for row, key in session.execute(query)
            ]  # fmt: skip


def _point(session: Session, gone: set[Image], name: str, **values: str | int | None) -> None:
    """Set the row of `name` to `values`; the earlier document is deleted with its last name."""
    advisory_lock(session, f"name\n{name}")
    before = session.scalar(select(DocumentName.document_id).where(DocumentName.name == name))
    statement = upsert(DocumentName).values(name=name, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={**values, "updated_at": func.now()}))
    if before is not None:
        _delete_unnamed(session, gone, [before])


def _delete_unnamed(session: Session, gone: set[Image], document_ids: Sequence[int]) -> None:
    """Delete those documents that no name points to, with their dependent rows."""
    named = exists().where(DocumentName.document_id == Document.id)
    delete_documents(session, gone, Document.id.in_(document_ids), Document.searchable, ~named)

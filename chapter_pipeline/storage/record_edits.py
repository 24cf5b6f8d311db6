"""Owns the storage of persons' edits of bibliographic records; nothing is changed or deleted, and no edit is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert

from chapter_pipeline.domain.bibliography import (
    SAME_TITLE,
    BibliographicRecord,
    RecordField,
    Value,
    shared_words,
    value_to_json,
)
from chapter_pipeline.errors import NotFound, UsageError
from chapter_pipeline.storage.artifacts import advisory_lock
from chapter_pipeline.storage.library_queries import DocumentSummary, LibraryQueries
from chapter_pipeline.storage.record_assembly import own_values, stored_edits
from chapter_pipeline.storage.schema import Document, RecordEditRow


class RecordEdits(LibraryQueries):
    """Editors take turns: each edit is stored whole, after the checks against all that was stored before it."""

    def edit_record(
        self,
        key: str,
        edits: Mapping[RecordField, Value | None],
        *,
        by: str,
        reason: str,
        metadata_check: dict[str, Any] | None = None,
    ) -> DocumentSummary:
        """Append `edits` of the document `key`, None to take a person's value back; the document as it is then.

        `metadata_check`: what a registry says of the DOI that is given (`literature.registry.MetadataCheck` as JSON).

        Raises `NotFound` when the document is gone, `UsageError` when there is no person's value to take back or the
        DOI belongs to a document of another title; then nothing is stored.
        """
        references = self._references()
        with self._database.session() as session:
            advisory_lock(session, "record edits")
            before = self._read(session, stored_edits(session), references)
            if key not in before:
                raise NotFound(f"the library holds no document {key!r}: it was removed meanwhile; ingest it again")
            row, summary = before[key]
            _require_persons_values(summary.bibliography, edits)
            rows = [
                {
                    "field": field.value, "value": None if value is None else value_to_json(value), "edited_by": by,
                    "reason": reason, "sha256": row.sha256, "names": list(summary.names), "doi": None,
                    "known_dois": [], "known_titles": [],
                }
                for field, value in edits.items()
            ]  # fmt: skip
            if metadata_check is not None:
                row.metadata_check = metadata_check
            numbers = list(session.scalars(insert(RecordEditRow).returning(RecordEditRow.id), rows))
            after = self._read(session, stored_edits(session), references)
            changed = after[key][1]
            others = [found for other, (_, found) in after.items() if other != key]
            _require_own_doi(changed, others, given=RecordField.DOI in edits)
            for number in numbers:
                edit = session.get_one(RecordEditRow, number)
                edit.doi = changed.record.doi
                edit.known_dois = _known(row, changed, RecordField.DOI)
                edit.known_titles = _known(row, changed, RecordField.TITLE)
        return changed


def _require_persons_values(record: BibliographicRecord, edits: Mapping[RecordField, Value | None]) -> None:
    given = {edit.field for edit in record.edits if _is_persons(record, edit.field)}
    for field, value in edits.items():
        if value is None and field not in given:
            raise UsageError(
                f"no person has given {field.value!r} a value, so there is none to take back: it is"
                f" {record.text(field)!r}; set it with --field {field.value}=..."
            )


def _is_persons(record: BibliographicRecord, field: RecordField) -> bool:
    found = record.in_force(field)
    return found is not None and found.origin.value == "person"


def _require_own_doi(changed: DocumentSummary, others: list[DocumentSummary], *, given: bool) -> None:
    """A DOI that a person gives must not be that of a document with another title."""
    doi = changed.record.doi
    if not given or doi is None:
        return
    for other in others:
        title, known = changed.record.title or "", other.record.title or ""
        if other.record.doi == doi and title and known and shared_words(title, known) < SAME_TITLE:
            raise UsageError(
                f"the DOI {doi!r} belongs to another work of the library, {known!r} (document {other.key}): give the DOI"
                f" of {title!r}, or correct the title first"
            )


def _known(row: Document, changed: DocumentSummary, field: RecordField) -> list[str]:
    """All values of the field by which the work is known again: in force, and what its file says."""
    found = [
        *(one.text for one in changed.bibliography.of(field)),
        *(v.text for v in own_values(row) if v.field is field),
    ]
    return [one for one in dict.fromkeys(found) if one]

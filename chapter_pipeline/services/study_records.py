"""Owns when the study record of a document is made again, and the making of one by rules."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence

from chapter_pipeline.domain.bibliography import BibliographicRecord, RecordField
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import StudyRecord
from chapter_pipeline.evidence.records import RULES_VERSION
from chapter_pipeline.evidence.source import SourceText
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.study_records import StoredRecord

RecordMaker = Callable[[SourceText], StudyRecord]
"""`chapter_pipeline.evidence.records.study_record`."""


def make_record(
    library: LibraryStore, document_id: int, make: RecordMaker, *, again: bool = False
) -> tuple[StoredRecord, bool]:
    """Make and store the record of a document, draft or not; whether the stored one was current and is kept.

    `again`: also when the stored one is current.
    """
    record = library.bibliography(document_id)
    now = _fingerprint_of(record)
    before = library.stored_record(document_id)
    if before is not None and before.fingerprint == now and not again:
        return before, True
    made = make(library.study_source(document_id, record))
    return library.store_study_record(document_id, made, fingerprint=now), False


def outdated(library: LibraryStore, documents: Sequence[str]) -> list[str]:
    """Those of these document keys whose record is of other rules or of another bibliographic record, or missing."""
    stored = library.record_fingerprints(documents)
    return [
        one.key
        for one in library.document_records(documents)
        if stored.get(one.key) != fingerprint(one.title, one.study_type, one.population, one.language)
    ]


def fingerprint(title: str | None, study_type: StudyType, population: str | None, language: str | None) -> str:
    """sha256 over the version of the rules and what they read of the bibliographic record.

    The text of a document is no part of it: a document with another text is another row.
    """
    parts = [RULES_VERSION, title, study_type.value, population, language]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _fingerprint_of(record: BibliographicRecord) -> str:
    return fingerprint(
        record.text(RecordField.TITLE), record.study_type, record.text(RecordField.POPULATION),
        record.text(RecordField.LANGUAGE),
    )  # fmt: skip

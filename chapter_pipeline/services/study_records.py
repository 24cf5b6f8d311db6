"""Owns when the study record of a document is made again, and the making of one: by rules, and by a model over them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chapter_pipeline.domain.bibliography import BibliographicRecord, RecordField
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import RULES, StudyRecord
from chapter_pipeline.evidence.records import RULES_VERSION
from chapter_pipeline.evidence.source import SourceText
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.study_records import StoredRecord
from chapter_pipeline.writing.stage_table import STAGES, code_version

RecordMaker = Callable[[SourceText], StudyRecord]
"""`chapter_pipeline.evidence.records.study_record`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBasis:
    """What a current study record is made with beside the rules: `model`, the version of prompt and models; None: nothing."""

    model: str | None = None


RULES_ALONE = RecordBasis()


def basis_of(settings: Settings) -> RecordBasis:
    """What study records are to be made with under these settings."""
    if settings.study_records == "rules":
        return RULES_ALONE
    return RecordBasis(model=code_version(STAGES["study_records"], settings))


class Filler(Protocol):
    """`services.record_filling.RecordFiller`."""

    @property
    def basis(self) -> RecordBasis: ...

    @property
    def at_once(self) -> int:
        """Most documents that it asks for at the same time."""
        ...

    @property
    def waiting(self) -> int:
        """How many documents were started and not filled yet."""
        ...

    def start(self, source: SourceText, *, document: str) -> None:
        """Ask for a document in the background; `fill` takes the answer when it is for the same request."""
        ...

    def fill(self, source: SourceText, by_rules: StudyRecord, *, document: str) -> StudyRecord:
        """The record with what a model says; that of the rules with the reason in `unfilled` when there is none now."""
        ...


def make_record(
    library: LibraryStore, document_id: int, make: RecordMaker, *, again: bool = False, filler: Filler | None = None
) -> tuple[StoredRecord, bool]:
    """Make and store the record of a document, draft or not; whether the stored one was current and is kept.

    `again`: also when the stored one is current. A record that no model could fill now is stored as one of the rules,
    which is outdated where a model is to fill it; findings that a model named before are kept in its place.
    """
    record = library.bibliography(document_id)
    document = library.document_key(document_id)
    now = _fingerprint_of(record, document, RULES_ALONE if filler is None else filler.basis)
    before = library.stored_record(document_id)
    if before is not None and before.fingerprint == now and not again:
        return before, True
    source = library.study_source(document_id, record)
    made = make(source)
    if filler is not None:
        made = filler.fill(source, made, document=document)
        if made.unfilled is not None:
            now = _fingerprint_of(record, document, RULES_ALONE)
            earlier = library.study_record_of(document_id) if before is not None else None
            if earlier is not None and before is not None and earlier.made_by != RULES:
                told = {"design": made.design, "level": made.level, "unfilled": made.unfilled}
                made, now = earlier.model_copy(update=told), before.fingerprint
    return library.store_study_record(document_id, made, fingerprint=now), False


def to_fill(library: LibraryStore, document_id: int, basis: RecordBasis) -> SourceText | None:
    """The text of a document whose record is not of `basis`; None when it is current."""
    record = library.bibliography(document_id)
    now = _fingerprint_of(record, library.document_key(document_id), basis)
    before = library.stored_record(document_id)
    return None if before is not None and before.fingerprint == now else library.study_source(document_id, record)


def outdated(library: LibraryStore, documents: Sequence[str], basis: RecordBasis = RULES_ALONE) -> list[str]:
    """Those of these document keys whose record is missing, of another basis, or of another bibliographic record."""
    stored = library.record_fingerprints(documents)
    return [
        one.key
        for one in library.document_records(documents)
        if stored.get(one.key)
        != fingerprint(one.title, one.study_type, one.population, one.language, document=one.key, basis=basis)
    ]


def fingerprint(
    title: str | None, study_type: StudyType, population: str | None, language: str | None, *, document: str,
    basis: RecordBasis,
) -> str:  # fmt: skip
    """sha256 over the version of the rules and what they read of the bibliographic record; with a model over its version too.

    The text of a document is no part of it: a document with another text is another row. `document`, a hash of its
    content, counts with a model, whose answer is for this content.
    """
    parts = [RULES_VERSION, title, study_type.value, population, language]
    if basis.model is not None:
        parts += [document, basis.model]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _fingerprint_of(record: BibliographicRecord, document: str, basis: RecordBasis) -> str:
    return fingerprint(
        record.text(RecordField.TITLE), record.study_type, record.text(RecordField.POPULATION),
        record.text(RecordField.LANGUAGE), document=document, basis=basis,
    )  # fmt: skip

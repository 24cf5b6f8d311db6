"""Owns the assembly of a document's bibliographic record from what is stored, and which persons' edits belong to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chapter_pipeline.documents.injection_patterns import without_instructions
from chapter_pipeline.domain.bibliography import (
    OF_THE_FILE,
    SAME_TITLE,
    BibliographicRecord,
    FieldValue,
    Origin,
    RecordEdit,
    RecordField,
    Value,
    edited_values,
    metadata_values,
    reference_values,
    shared_words,
    value_from_json,
)
from chapter_pipeline.domain.document import AUDIT, DocumentKind, Metadata, StudyType
from chapter_pipeline.domain.library import DocumentRecord
from chapter_pipeline.literature.reference_index import ReferenceIndex
from chapter_pipeline.literature.registry import MetadataCheck
from chapter_pipeline.storage.schema import Document, RecordEditRow

_METADATA_FIELDS = frozenset(field.name for field in fields(Metadata))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEdit:
    """An edit with what finds its document again, see `RecordEditRow`."""

    edit: RecordEdit
    sha256: str
    names: frozenset[str]
    doi: str | None
    known_dois: frozenset[str]
    known_titles: tuple[str, ...]

    def is_of_work(self, dois: set[str], titles: Sequence[str]) -> bool:
        """Whether a file under the same name is the work that was edited: by its DOI, else by its title."""
        if dois and self.known_dois:
            return bool(dois & self.known_dois)
        return self.has_title(titles)

    def has_title(self, titles: Sequence[str]) -> bool:
        """Whether one of `titles` is that of the edited work; also when one side has none."""
        if not titles or not self.known_titles:
            return True
        return any(shared_words(one, other) >= SAME_TITLE for one in titles for other in self.known_titles)


def stored_edits(session: Session) -> list[StoredEdit]:
    """All edits of all documents, oldest first."""
    return [_edit_of(row) for row in session.scalars(select(RecordEditRow).order_by(RecordEditRow.id))]


def _edit_of(row: RecordEditRow) -> StoredEdit:
    return StoredEdit(
        edit=RecordEdit(
            field=RecordField(row.field), value=None if row.value is None else value_from_json(row.value),
            by=row.edited_by, reason=row.reason, at=row.edited_at,
        ),
        sha256=row.sha256, names=frozenset(row.names), doi=row.doi, known_dois=frozenset(row.known_dois),
        known_titles=tuple(row.known_titles),
    )  # fmt: skip


def printed_metadata(row: Document) -> Metadata:
    """What the columns of the document say: its pages, and where they do not, the file's properties."""
    return Metadata(
        title=row.title, authors=tuple(row.authors), year=row.year, doi=row.doi, journal=row.journal,
        licence=row.licence, study_type=StudyType(row.study_type), pmid=row.pmid, article_type=row.article_type,
        language=row.language, volume=row.volume, issue=row.issue, pages=row.page_range, pmcid=row.pmcid,
        published=row.published,
    )  # fmt: skip


def metadata_from_json(stored: Mapping[str, Any] | None) -> Metadata:
    """The inverse of `metadata_to_json`; nothing for None."""
    known = {name: value for name, value in (stored or {}).items() if name in _METADATA_FIELDS}
    found = Metadata(**known)
    return replace(found, authors=tuple(found.authors), study_type=StudyType(found.study_type))


def own_values(row: Document) -> tuple[FieldValue, ...]:
    """What the file says of the work: its citation line, its pages, its properties."""
    properties = metadata_values(metadata_from_json(row.file_properties), Origin.FILE_PROPERTIES)
    not_printed = {one.field for one in properties}  # the columns have both
    printed = metadata_values(printed_metadata(row), Origin.PRINT)
    return (
        *metadata_values(metadata_from_json(row.citation_line), Origin.CITATION_LINE),
        *(one for one in printed if one.field not in not_printed),
        *properties,
    )


def assembled(
    row: Document, names: Sequence[str], edits: Sequence[StoredEdit], references: ReferenceIndex
) -> BibliographicRecord:
    """The record of the document `row` with these `names`. Which edits belong to it: docs/decisions/records.md."""
    own = own_values(row)
    dois, titles = _texts(own, RecordField.DOI), _texts(own, RecordField.TITLE)
    known, named = set(dois), frozenset(names)
    belonging = [
        one.sha256 == row.sha256 or (not named.isdisjoint(one.names) and one.is_of_work(known, titles)) for one in edits
    ]
    mine = BibliographicRecord(
        values=(*edited_values(one.edit for one, is_mine in zip(edits, belonging, strict=True) if is_mine), *own)
    )
    doi = mine.text(RecordField.DOI)
    all_titles = [*titles, *_texts(mine.values, RecordField.TITLE)]
    applied, aside = [], []
    for one, is_mine in zip(edits, belonging, strict=True):
        same_work = doi is not None and one.doi == doi and one.edit.field not in OF_THE_FILE
        if is_mine or (same_work and one.has_title(all_titles)):
            applied.append(one.edit)
        elif not named.isdisjoint(one.names):
            aside.append(one.edit)
    persons = edited_values(applied)
    mine = BibliographicRecord(values=(*persons, *own))
    found = references.find(
        doi=mine.text(RecordField.DOI), pmid=mine.text(RecordField.PMID),
        titles=_texts(mine.values, RecordField.TITLE),
    )  # fmt: skip
    told = _harmless(value for work in found for value in reference_values(work))
    doi = BibliographicRecord(values=(*persons, *told, *own)).text(RecordField.DOI)
    check = None if row.metadata_check is None else MetadataCheck.model_validate(row.metadata_check)
    registered = [
        value
        for value in _harmless(check.values(doi) if check else ())
        if row.citation_line is None or value.field not in OF_THE_FILE  # what is registered is the published form
    ]
    return BibliographicRecord(
        values=(*persons, *registered, *told, *own), edits=tuple(applied),
        set_aside=tuple(aside), detail=check.objection(doi) if check else "",
    )  # fmt: skip


def _to_check(warnings: Sequence[str]) -> tuple[str, ...]:
    return tuple(one.removeprefix(AUDIT) for one in warnings if one.startswith(AUDIT))


def document_record(row: Document, record: BibliographicRecord) -> DocumentRecord:
    """The values in force of a document's record."""
    return DocumentRecord(
        key=row.key, title=record.text(RecordField.TITLE), authors=record.authors, year=record.year,
        doi=record.text(RecordField.DOI), journal=record.text(RecordField.JOURNAL),
        licence=record.text(RecordField.LICENCE), study_type=record.study_type, page_count=row.page_count,
        volume=record.text(RecordField.VOLUME), issue=record.text(RecordField.ISSUE),
        pages=record.text(RecordField.PAGES), pmid=record.text(RecordField.PMID),
        pmcid=record.text(RecordField.PMCID), published=record.text(RecordField.PUBLISHED),
        article_type=record.text(RecordField.ARTICLE_TYPE), population=record.text(RecordField.POPULATION),
        language=record.text(RecordField.LANGUAGE), kind=DocumentKind(row.kind), full_text=row.full_text,
        to_check=_to_check(row.warnings), has_none=tuple(field.value for field in record.has_none),
    )  # fmt: skip


def _texts(values: Sequence[FieldValue], field: RecordField) -> list[str]:
    return list(dict.fromkeys(one.text for one in values if one.field is field and one.text))


def _harmless(values: Iterable[FieldValue]) -> list[FieldValue]:
    """`values` of registries and reference files without sentences that are addressed to a language model.

    What a document says of itself went through the same filter when it was parsed.
    """
    found = []
    for one in values:
        cleaned: Value = one.value
        if isinstance(cleaned, str):
            cleaned = without_instructions(cleaned)
        elif isinstance(cleaned, tuple):
            cleaned = tuple(author for author in cleaned if without_instructions(author.text) == author.text)
        if cleaned not in ("", ()):
            found.append(one if cleaned == one.value else replace(one, value=cleaned))
    return found

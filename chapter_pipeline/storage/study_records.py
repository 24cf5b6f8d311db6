"""Owns the storage of study records: what one is made from, the record itself, and reading it by document."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from chapter_pipeline.domain.bibliography import BibliographicRecord, RecordField
from chapter_pipeline.domain.document import FigureCaption, PageSpan, Passage, StudyType, TextSource
from chapter_pipeline.domain.evidence import RULES, EvidenceValue, Finding, FindingKind, StudyRecord
from chapter_pipeline.errors import PermanentError
from chapter_pipeline.evidence.source import SourceText
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library_queries import cited_work_of, heading_of, table_of
from chapter_pipeline.storage.library_writer import document_locked
from chapter_pipeline.storage.schema import (
    CitedWorkRow,
    Document,
    FigureRow,
    FindingRow,
    PassageRow,
    StudyRecordRow,
    TableRow,
)

_NOT_SAID = frozenset({"dropped", "unfilled"})
"""Of a body what says nothing of the study: another reason why no model answered leaves what follows fresh."""
ValueT = TypeVar("ValueT", bound=EvidenceValue)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """What is on record of a study record: `findings` by kind. `fingerprint` and `sha256` as in `StudyRecordRow`.

    `whole`: False when a model was to fill it and could not.
    """

    fingerprint: str
    sha256: str
    findings: Mapping[FindingKind, int]
    whole: bool = True

    @property
    def count(self) -> int:
        return sum(self.findings.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSummary:
    """What a study record holds, without its findings: how many of each kind, and how many are main findings.

    `made_by` and `unfilled` as in `StudyRecord`; `dropped`: how much of a model's reply did not hold.
    """

    design: StudyType
    level: int
    findings: Mapping[FindingKind, int]
    main: int
    notes: tuple[str, ...]
    made_by: str = RULES
    dropped: int = 0
    unfilled: str | None = None

    @property
    def count(self) -> int:
        return sum(self.findings.values())


class StudyRecordStore:
    """The study records of documents; drafts are read by their number, never by their key."""

    _database: Database

    def study_source(self, document_id: int, record: BibliographicRecord) -> SourceText:
        """What the study record of a document, draft or not, is made from."""

        def rows(kind: type[Any], order: Any) -> Sequence[Any]:
            return session.scalars(select(kind).where(kind.document_id == document_id).order_by(order)).all()

        with self._database.session() as session:
            document = session.scalars(select(Document).where(Document.id == document_id)).one()
            captions = [
                FigureCaption(page=row.page, label=row.label, caption=row.caption)
                for row in rows(FigureRow, FigureRow.ordinal)
                if row.caption
            ]
            return SourceText(
                title=record.text(RecordField.TITLE), study_type=record.study_type,
                passages=[_passage(row) for row in rows(PassageRow, PassageRow.ordinal)],
                headings=[heading_of(stored) for stored in document.headings],
                tables=[table_of(row) for row in rows(TableRow, TableRow.ordinal)],
                captions=[*captions, *(FigureCaption(**stored) for stored in document.captions)],
                cited_works=[cited_work_of(row) for row in rows(CitedWorkRow, CitedWorkRow.ordinal)],
                population=record.text(RecordField.POPULATION), language=record.text(RecordField.LANGUAGE),
            )  # fmt: skip

    def store_study_record(self, document_id: int, record: StudyRecord, *, fingerprint: str) -> StoredRecord:
        """Store the record in the place of an earlier one, in one transaction."""
        body = record.model_dump(mode="json", exclude={"findings"}, exclude_none=True)
        if not record.dropped:
            del body["dropped"]
        findings = [_row(document_id, finding) for finding in record.findings]
        said: list[Any] = [{name: value for name, value in {**body, "version": None}.items() if name not in _NOT_SAID}]
        said.append([one["body"] for one in findings])
        told = json.dumps(said, sort_keys=True, ensure_ascii=False)
        values = {
            "design": record.design.value, "level": record.level, "made_by": record.made_by, "version": record.version,
            "fingerprint": fingerprint, "sha256": hashlib.sha256(told.encode()).hexdigest(), "body": body,
        }  # fmt: skip
        with self._database.session() as session:
            document_locked(session, document_id)
            session.execute(delete(StudyRecordRow).where(StudyRecordRow.document_id == document_id))
            session.execute(insert(StudyRecordRow).values(document_id=document_id, **values))
            if findings:
                session.execute(insert(FindingRow), findings)
        counts = Counter(finding.kind for finding in record.findings)
        return StoredRecord(
            fingerprint=fingerprint, sha256=str(values["sha256"]), findings=counts, whole=record.unfilled is None
        )

    def document_key(self, document_id: int) -> str:
        """The key of a document, draft or not."""
        with self._database.session() as session:
            return session.scalars(select(Document.key).where(Document.id == document_id)).one()

    def stored_record(self, document_id: int) -> StoredRecord | None:
        """What is on record of the study record of a document, draft or not; None when it has none."""
        counts = (
            select(FindingRow.kind, func.count()).where(FindingRow.document_id == document_id).group_by(FindingRow.kind)
        )
        with self._database.session() as session:
            row = session.get(StudyRecordRow, document_id)
            if row is None:
                return None
            found = {FindingKind(kind): count for kind, count in session.execute(counts)}
            return StoredRecord(
                fingerprint=row.fingerprint, sha256=row.sha256, findings=found, whole="unfilled" not in row.body
            )

    def record_fingerprints(self, documents: Sequence[str]) -> dict[str, str]:
        """The fingerprints of the records of these searchable documents; those without a record are left out."""
        query = (
            select(Document.key, StudyRecordRow.fingerprint)
            .join(StudyRecordRow)
            .where(Document.key.in_(documents), Document.searchable)
        )
        with self._database.session() as session:
            return dict(session.execute(query).all())

    def record_summaries(self, documents: Sequence[str]) -> dict[str, RecordSummary]:
        """Of these searchable documents, in their order; those without a record are left out."""
        query = (
            select(Document.key, StudyRecordRow)
            .join(StudyRecordRow)
            .where(Document.key.in_(documents), Document.searchable)
        )
        counts = (
            select(FindingRow.document_id, FindingRow.kind, func.count(), func.count().filter(FindingRow.main))
            .join(Document, Document.id == FindingRow.document_id)
            .where(Document.key.in_(documents), Document.searchable)
            .group_by(FindingRow.document_id, FindingRow.kind)
        )
        kinds: dict[int, Counter[FindingKind]] = {}
        main: Counter[int] = Counter()
        with self._database.session() as session:
            for number, kind, count, mains in session.execute(counts):
                kinds.setdefault(number, Counter())[FindingKind(kind)] = count
                main[number] += mains
            found = {
                key: RecordSummary(
                    design=StudyType(row.design), level=row.level, findings=kinds.get(row.document_id, {}),
                    main=main[row.document_id], notes=tuple(row.body.get("notes", ())), made_by=row.made_by,
                    dropped=sum(one["count"] for one in row.body.get("dropped", ())), unfilled=row.body.get("unfilled"),
                )
                for key, row in session.execute(query)
            }  # fmt: skip
        return {key: found[key] for key in documents if key in found}

    def study_records(self, documents: Sequence[str]) -> dict[str, StudyRecord]:
        """The records of these searchable documents, in their order; those without one are left out."""
        query = select(Document.key, Document.id).where(Document.key.in_(documents), Document.searchable)
        with self._database.session() as session:
            ids = dict(session.execute(query).all())
            found = _records(session, ids.values())
        return {key: found[ids[key]] for key in documents if key in ids and ids[key] in found}

    def study_record_of(self, document_id: int) -> StudyRecord | None:
        """The record of a document, draft or not."""
        with self._database.session() as session:
            return _records(session, [document_id]).get(document_id)


def _records(session: Session, ids: Iterable[int]) -> dict[int, StudyRecord]:
    wanted = list(ids)
    of_findings = (
        select(FindingRow.document_id, FindingRow.body)
        .where(FindingRow.document_id.in_(wanted))
        .order_by(FindingRow.document_id, FindingRow.ordinal)
    )
    findings: dict[int, list[Any]] = {}
    for number, body in session.execute(of_findings):
        findings.setdefault(number, []).append(body)
    of_records = select(StudyRecordRow.document_id, StudyRecordRow.body).where(StudyRecordRow.document_id.in_(wanted))
    return {
        number: stored_value(StudyRecord, {**body, "findings": findings.get(number, [])})
        for number, body in session.execute(of_records)
    }


def stored_value(kind: type[ValueT], body: Mapping[str, Any]) -> ValueT:
    """The value of a stored body. Raises `PermanentError` for one that another release has written otherwise."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise PermanentError(
            f"a stored study record is of another release ({error.error_count()} of its fields are unknown or missing)",
            "chapter-pipeline findings refresh --all",
        ) from error


def _row(document_id: int, finding: Finding) -> dict[str, Any]:
    """The columns of a finding; None is left out of its body, for a later release may give a field another default."""
    body = finding.model_dump(mode="json", exclude_none=True)
    return {
        "document_id": document_id, "ordinal": finding.ordinal, "kind": finding.kind.value, "main": finding.main,
        "species": finding.species.value, "disease": finding.disease, "intervention": finding.intervention,
        "comparator": finding.comparator, "outcome": finding.outcome, "direction": finding.direction.value,
        "page": finding.statement.page, "text": finding.text, "body": body,
        "passages": sorted({span.passage for span in finding.spans if span.passage is not None}),
    }  # fmt: skip


def _passage(row: PassageRow) -> Passage:
    return Passage(
        ordinal=row.ordinal, page=row.page, start=row.start_offset, end=row.end_offset, text=row.text,
        section=row.section, sentences=tuple((start, end) for start, end in row.sentences),
        text_source=TextSource(row.text_source), confidence=row.confidence,
        continued=tuple(PageSpan(**span) for span in row.continued), page_label=row.page_label,
        paragraph=row.paragraph,
    )  # fmt: skip

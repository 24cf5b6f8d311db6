"""Owns finding the findings of study records: by what they are, and by the passages that they stand in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, any_, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind, Species, StudyRecord
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import Document, FindingRow, PassageRow, StudyRecordRow
from chapter_pipeline.storage.study_records import stored_value

_ENGLISH: ColumnElement[Any] = literal_column("'english'")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilter:
    """Which findings are meant. An empty part sets no condition; several values of a part are alternatives.

    `documents` are keys. `outcome`: a part of the outcome's words, whatever their case. `main`: main findings alone.
    """

    documents: tuple[str, ...] = ()
    designs: tuple[StudyType, ...] = ()
    levels: tuple[int, ...] = ()
    kinds: tuple[FindingKind, ...] = ()
    species: tuple[Species, ...] = ()
    directions: tuple[Direction, ...] = ()
    outcome: str | None = None
    main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFinding:
    """A finding, the key of its document, and the study that it is of, without its findings."""

    document: str
    study: StudyRecord
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingHit:
    """A finding with the passages it stands in, and the lexemes of its text and fields."""

    stored: StoredFinding
    passages: tuple[int, ...]
    lexemes: frozenset[str]


class FindingQueries:
    """The findings of searchable documents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed(self, wanted: FindingFilter) -> list[StoredFinding]:
        """All that meet the filter, by document key and in reading order."""
        query = _query(wanted, Document.key, StudyRecordRow.body, FindingRow.body)
        with self._database.session() as session:
            rows = session.execute(query.order_by(Document.key, FindingRow.ordinal)).all()
        return list(_stored((key, record, body) for key, record, body in rows))

    def passages(self, wanted: FindingFilter) -> list[int]:
        """The ids of the passages that a finding stands in that meets the filter."""
        query = _query(wanted, PassageRow.id).join(PassageRow, _stands_in()).distinct().order_by(PassageRow.id)
        with self._database.session() as session:
            return list(session.scalars(query))

    def at(self, wanted: FindingFilter, passages: Sequence[int]) -> list[FindingHit]:
        """The findings that meet the filter and stand in one of these passages."""
        query = (
            _query(
                wanted, Document.key, StudyRecordRow.body, FindingRow.body, _lexemes(_said()),
                func.array_agg(PassageRow.id),
            )
            .join(PassageRow, _stands_in())
            .where(PassageRow.id.in_(passages))
            .group_by(
                FindingRow.document_id, FindingRow.ordinal, Document.key, StudyRecordRow.document_id, StudyRecordRow.body
            )
        )  # fmt: skip
        return self._hits(query)

    def outside(self, wanted: FindingFilter, words: Collection[str]) -> list[FindingHit]:
        """The findings that meet the filter, share one of these lexemes, and stand in no passage: table rows, captions."""
        said = _lexemes(_said())
        none: ColumnElement[Any] = literal_column("ARRAY[]::bigint[]")
        query = _query(wanted, Document.key, StudyRecordRow.body, FindingRow.body, said, none).where(
            func.cardinality(FindingRow.passages) == 0, said.overlap(cast(sorted(words), ARRAY(Text)))
        )
        return self._hits(query)

    def lexemes(self, query: str) -> frozenset[str]:
        """The words of a query as the index has them."""
        with self._database.session() as session:
            return frozenset(session.scalar(select(_lexemes(query.replace("\x00", " ")))) or ())

    def _hits(self, query: Select[Any]) -> list[FindingHit]:
        with self._database.session() as session:
            rows = session.execute(query).all()
        stored = _stored((key, record, body) for key, record, body, _, _ in rows)
        return [
            FindingHit(stored=one, passages=tuple(sorted(passages)), lexemes=frozenset(lexemes))
            for one, (_, _, _, lexemes, passages) in zip(stored, rows, strict=True)
        ]


def _query(wanted: FindingFilter, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(FindingRow)
        .join(StudyRecordRow, StudyRecordRow.document_id == FindingRow.document_id)
        .join(Document, Document.id == FindingRow.document_id)
        .where(Document.searchable, *_conditions(wanted))
    )


def _conditions(wanted: FindingFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.documents:
        yield Document.key.in_(wanted.documents)
    if wanted.designs:
        yield StudyRecordRow.design.in_([one.value for one in wanted.designs])
    if wanted.levels:
        yield StudyRecordRow.level.in_(wanted.levels)
    if wanted.kinds:
        yield FindingRow.kind.in_([one.value for one in wanted.kinds])
    if wanted.species:
        yield FindingRow.species.in_([one.value for one in wanted.species])
    if wanted.directions:
        yield FindingRow.direction.in_([one.value for one in wanted.directions])
    if wanted.outcome is not None:
        yield FindingRow.outcome.icontains(wanted.outcome, autoescape=True)
    if wanted.main:
        yield FindingRow.main.is_(True)


def _stands_in() -> ColumnElement[bool]:
    return and_(PassageRow.document_id == FindingRow.document_id, PassageRow.ordinal == any_(FindingRow.passages))


def _said() -> Any:
    fields = (FindingRow.disease, FindingRow.intervention, FindingRow.comparator, FindingRow.outcome)
    return func.concat_ws(" ", FindingRow.text, *fields)


def _lexemes(text: Any) -> Any:
    return func.tsvector_to_array(func.to_tsvector(_ENGLISH, text), type_=ARRAY(Text))


def _stored(rows: Any) -> Iterator[StoredFinding]:
    studies: dict[str, StudyRecord] = {}
    for key, record, body in rows:
        if key not in studies:
            studies[key] = stored_value(StudyRecord, record)
        yield StoredFinding(document=key, study=studies[key], finding=stored_value(Finding, body))

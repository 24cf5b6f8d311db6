"""Owns reading the library: listings, pages, figures and passages of searchable documents; it changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from chapter_pipeline.domain.bibliography import BibliographicRecord, Origin, metadata_values, words
from chapter_pipeline.domain.document import (
    Block,
    BlockFlag,
    BlockKind,
    CitedWork,
    DocumentKind,
    FigureCaption,
    FigureKind,
    Heading,
    IngestOutcome,
    IngestStatus,
    OcrLine,
    Page,
    PageSpan,
    SectionKind,
    Table,
    TextSource,
)
from chapter_pipeline.domain.library import DocumentRecord, FigureRecord, PassageRecord
from chapter_pipeline.errors import NotFound, UsageError
from chapter_pipeline.literature.reference_index import SHORTEST_TITLE, ReferenceIndex
from chapter_pipeline.ports import Vectors
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.record_assembly import (
    StoredEdit,
    assembled,
    document_record,
    printed_metadata,
    stored_edits,
)
from chapter_pipeline.storage.schema import (
    CitedWorkRow,
    Document,
    DocumentName,
    FigureRow,
    PageRow,
    PassageEmbedding,
    PassageRow,
    RecordEditRow,
    StudyRecordRow,
    TableRow,
)

SHORTEST_PREFIX = 4
"""Least digits of an abbreviated document key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSummary:
    """One line of the library's listing."""

    record: DocumentRecord
    sha256: str
    size_bytes: int
    names: tuple[str, ...]
    passage_count: int
    figure_count: int
    warnings: tuple[str, ...]
    bibliography: BibliographicRecord
    metadata_check: dict[str, Any] | None = None
    differs_from_print: bool = False
    """Whether a value in force is not the printed one."""
    captions: tuple[FigureCaption, ...] = ()
    """Those of figures without an image."""

    @property
    def key(self) -> str:
        return self.record.key


class LibraryQueries:
    """Implements `chapter_pipeline.ports.LibraryReader`. Drafts are invisible here, as they are to search."""

    _database: Database
    _references: Callable[[], ReferenceIndex]

    def documents(self) -> list[DocumentSummary]:
        """All searchable documents, by their first name."""
        return sorted(self._summaries(_summary_query()), key=lambda found: found.names)

    def document(self, wanted: str) -> DocumentSummary:
        """The document with this key, unambiguous beginning of a key (4 digits or more), or file name.

        Raises `NotFound`; `UsageError` when the beginning fits several.
        """
        query = _summary_query()
        names = select(DocumentName.document_id).where(DocumentName.name.in_([wanted, f"library/{wanted}"]))
        found = self._summaries(query.where((Document.key == wanted) | Document.id.in_(names)))
        if not found and len(wanted) >= SHORTEST_PREFIX:
            found = self._summaries(query.where(Document.key.startswith(wanted, autoescape=True)))
        if len(found) > 1:
            raise UsageError(
                f"{wanted!r} fits {len(found)} documents ({', '.join(one.key for one in found)}): use a whole key"
            )
        if not found:
            raise NotFound(f"the library holds no document {wanted!r}: look into the list of documents, or ingest it")
        return found[0]

    def stored_outcomes(self, names: Sequence[str], *, settings_hash: str) -> dict[str, IngestOutcome]:
        """The state of those `names` that were ingested or refused under these settings, by name."""
        query = (
            select(
                DocumentName.name, DocumentName.status, DocumentName.sha256, DocumentName.reason, Document.key,
                Document.page_count, Document.passage_count, Document.figure_count,
            )
            .outerjoin(Document, Document.id == DocumentName.document_id)
            .where(DocumentName.name.in_(names), DocumentName.settings_hash == settings_hash)
        )  # fmt: skip
        with self._database.session() as session:
            found = session.execute(query).all()
        records = {one.key: one for one in self.document_records([row.key for row in found if row.key is not None])}
        outcomes = {}
        for row in found:
            record = records.get(row.key or "")
            outcomes[row.name] = IngestOutcome(
                path=row.name, status=IngestStatus(row.status), sha256=row.sha256, document=row.key, reason=row.reason,
                pages=row.page_count or 0, passages=row.passage_count or 0, figures=row.figure_count or 0,
                title=record.title if record else None, year=record.year if record else None,
                doi=record.doi if record else None,
            )  # fmt: skip
        return outcomes

    def document_records(self, keys: Sequence[str]) -> list[DocumentRecord]:
        """The records of these documents, with the values in force, in the order of `keys`; unknown keys are left out."""
        found = {one.key: one.record for one in self._summaries(_summary_query().where(Document.key.in_(keys)))}
        return [found[key] for key in keys if key in found]

    def bibliography(self, document_id: int) -> BibliographicRecord:
        """The bibliographic record of a document, draft or not."""
        references = self._references()
        with self._database.session() as session:
            row = session.scalars(select(Document).where(Document.id == document_id)).one()
            names = session.scalars(select(DocumentName.name).where(DocumentName.document_id == document_id)).all()
            return assembled(
                row, [*names, *([row.draft_of] if row.draft_of else [])], stored_edits(session), references
            )

    def same_works(self, document: DocumentSummary) -> list[str]:
        """Keys of the other documents that are the same work: the same DOI, or the same title where not both have one."""
        doi, title = document.record.doi, document.record.title
        alike: list[ColumnElement[bool]] = []
        if doi:
            edited = select(RecordEditRow.sha256).where(RecordEditRow.doi == doi)
            in_line = Document.citation_line["doi"].astext
            alike += [func.lower(Document.doi) == doi, in_line == doi, Document.sha256.in_(edited)]
        if title:
            alike.append(func.lower(Document.title) == func.lower(title))
        if not alike:
            return []
        found = self._summaries(_summary_query().where(or_(*alike), Document.key != document.key))
        return [one.key for one in found if _same_work(one.record, document.record)]

    def holds(self, key: str) -> bool:
        """Whether a searchable document has this key."""
        with self._database.session() as session:
            return bool(session.scalar(select(func.count()).where(Document.key == key, Document.searchable)))

    def page(self, document_key: str, number: int) -> Page:
        """One page with its blocks; pages count from 1. Raises `NotFound`."""
        found = self._pages(document_key, number)
        if not found:
            raise NotFound(f"the library holds no page {number} of document {document_key!r}: look at its page count")
        return found[0]

    def pages(self, document_key: str) -> list[Page]:
        """All pages in order; none for an unknown key."""
        return self._pages(document_key, None)

    def page_texts(self, documents: Sequence[str]) -> dict[tuple[str, int], str]:
        """The text of every page of these documents, by document key and page number; none of an unknown key."""
        query = (
            select(Document.key, PageRow.number, PageRow.text)
            .join(PageRow)
            .where(Document.key.in_(documents), Document.searchable)
        )
        with self._database.session() as session:
            return {(key, number): text for key, number, text in session.execute(query)}

    def figures(self, documents: Sequence[str]) -> list[FigureRecord]:
        """The figures of these documents in the order of `documents`, without their images.

        A JATS article has those of the PDF of its work, see `FigureRecord.cited_as`.
        """
        shown = {pdf: article for article, pdf in self._pdfs_of(documents) if pdf not in documents}
        query = (
            select(FigureRow, Document.key)
            .join(Document)
            .where(Document.key.in_([*documents, *shown]), Document.searchable)
            .order_by(Document.key, FigureRow.ordinal)
        )
        with self._database.session() as session:
            found = [
                FigureRecord(
                    id=row.id, sha256=row.sha256, document=key, page=row.page, label=row.label, caption=row.caption,
                    media_type=row.media_type, width_px=row.width_px, height_px=row.height_px,
                    kind=FigureKind(row.kind), figure_class=row.figure_class, description=row.description,
                    cited_as=shown.get(key),
                )
                for row, key in session.execute(query)
            ]  # fmt: skip
        places = {key: place for place, key in enumerate(documents)}
        return sorted(found, key=lambda figure: places[figure.cited_as or figure.document])

    def same_work(self, document_key: str) -> list[DocumentRecord]:
        """The other documents of the same work, by key: those with its DOI, PMID or PMCID."""
        one, other = aliased(Document), aliased(Document)
        query = (
            select(other)
            .join(one, _one_work(one, other))
            .where(one.key == document_key, one.searchable, other.searchable, other.id != one.id)
            .order_by(other.key)
        )
        with self._database.session() as session:
            return [document_record(row, _printed(row)) for row in session.scalars(query)]

    def _pdfs_of(self, documents: Sequence[str]) -> list[tuple[str, str]]:
        """Each JATS article of `documents` with each PDF of its work."""
        article, pdf = aliased(Document), aliased(Document)
        query = (
            select(article.key, pdf.key)
            .join(pdf, _one_work(article, pdf))
            .where(
                article.key.in_(documents), article.searchable, article.kind == DocumentKind.JATS.value,
                pdf.searchable, pdf.kind == DocumentKind.PDF.value,
            )
            .order_by(pdf.key, article.key.desc())
        )  # fmt: skip
        with self._database.session() as session:
            return [(one, other) for one, other in session.execute(query)]

    def tables(self, document_key: str) -> list[Table]:
        """The tables of a document in their order; none for an unknown key."""
        query = (
            select(TableRow).join(Document).where(Document.key == document_key, Document.searchable)
            .order_by(TableRow.ordinal)
        )  # fmt: skip
        with self._database.session() as session:
            return [table_of(row) for row in session.scalars(query)]

    def headings(self, document_key: str) -> list[Heading]:
        """The section tree of a document in reading order; none for an unknown key."""
        query = select(Document.headings).where(Document.key == document_key, Document.searchable)
        with self._database.session() as session:
            return [heading_of(stored) for stored in session.scalar(query) or ()]

    def cited_works(self, document_key: str) -> list[CitedWork]:
        """The reference list of a document in its order; none for an unknown key."""
        query = (
            select(CitedWorkRow).join(Document).where(Document.key == document_key, Document.searchable)
            .order_by(CitedWorkRow.ordinal)
        )  # fmt: skip
        with self._database.session() as session:
            return [cited_work_of(row) for row in session.scalars(query)]

    def passages(self, ids: Sequence[int]) -> list[PassageRecord]:
        """These passages in the order of `ids`; unknown ones are left out."""
        with self._database.session() as session:
            rows = session.execute(_passage_query().where(PassageRow.id.in_(ids)))
            found = {row.id: _passage(row, key) for row, key in rows}
        return [found[one] for one in ids if one in found]

    def passages_of(self, documents: Sequence[str]) -> list[PassageRecord]:
        """All passages of these documents, in the order of `documents` and of their pages."""
        query = _passage_query().where(Document.key.in_(documents)).order_by(PassageRow.ordinal)
        with self._database.session() as session:
            found = [_passage(row, key) for row, key in session.execute(query)]
        return sorted(found, key=_place_in(documents))

    def vectors(self, ids: Sequence[int], *, model: str) -> dict[int, Vectors]:
        """The stored unit vectors, of shape ``(dimension,)``, of those passages whose vector is by `model`."""
        query = select(PassageEmbedding.passage_id, PassageEmbedding.vector).where(
            PassageEmbedding.passage_id.in_(ids), PassageEmbedding.model == model
        )
        with self._database.session() as session:
            return {one: np.asarray(vector, dtype=np.float32) for one, vector in session.execute(query)}

    def state(self) -> str:
        """sha256 of the searchable content; when it changes, a chapter may change."""
        query = select(
            Document.id, Document.key, Document.settings_hash, Document.embedding_model, Document.metadata_check
        )
        figures = select(FigureRow.id, FigureRow.figure_class, FigureRow.description).where(
            FigureRow.description.is_not(None)
        )
        records = select(StudyRecordRow.document_id, StudyRecordRow.sha256).join(Document).where(Document.searchable)
        with self._database.session() as session:
            found = [*session.execute(query.where(Document.searchable).order_by(Document.id))]
            described = [*session.execute(figures.order_by(FigureRow.id))]
            recorded = [*session.execute(records.order_by(StudyRecordRow.document_id))]
        parts: list[list[Any]] = [[list(row) for row in rows] for rows in (found, described)]
        if recorded:  # a library of an earlier release has none, and its chapters stay current
            parts.append([list(row) for row in recorded])
        # Only where they differ from what is printed: chapters of a library without edits stay current.
        if changed := [_dumped(one.record) for one in self.documents() if one.differs_from_print]:
            parts.append(changed)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def embedding_models(self) -> dict[str, int]:
        """How many searchable documents have vectors by each embedder."""
        query = select(Document.embedding_model, func.count()).where(Document.searchable).group_by("embedding_model")
        with self._database.session() as session:
            return {model: count for model, count in session.execute(query) if model is not None}

    def _summaries(self, query: Select[Any]) -> list[DocumentSummary]:
        references = self._references()
        with self._database.session() as session:
            edits = stored_edits(session)
            return [_summary(row, names or (), edits, references) for row, names in session.execute(query)]

    def _read(
        self, session: Session, edits: Sequence[StoredEdit], references: ReferenceIndex
    ) -> dict[str, tuple[Document, DocumentSummary]]:
        """All searchable documents by key, within a transaction."""
        found = session.execute(_summary_query())
        return {row.key: (row, _summary(row, names or (), edits, references)) for row, names in found}

    def _pages(self, document_key: str, number: int | None) -> list[Page]:
        query = (
            select(PageRow)
            .join(Document)
            .where(Document.key == document_key, Document.searchable)
            .order_by(PageRow.number)
        )
        if number is not None:
            query = query.where(PageRow.number == number)
        with self._database.session() as session:
            return [page_of(row) for row in session.scalars(query)]


def _dumped(record: DocumentRecord) -> dict[str, Any]:
    """The record as JSON; a key of a later release only where it has a value, so that the state stays what it was."""
    return record.model_dump(mode="json", exclude=set() if record.has_none else {"has_none"})


def _same_work(one: DocumentRecord, other: DocumentRecord) -> bool:
    if one.doi and other.doi:
        return one.doi == other.doi
    titles = words(one.title), words(other.title)
    return titles[0] == titles[1] and len("".join(titles[0])) >= SHORTEST_TITLE


def _one_work(one: type[Document], other: type[Document]) -> ColumnElement[bool]:
    """Whether two documents are one work: the same DOI, PMID or PMCID, and no registry says that it is another's."""
    checked = [func.coalesce(each.metadata_check["status"].astext, "") != "other_work" for each in (one, other)]
    return and_(or_(one.doi == other.doi, one.pmid == other.pmid, one.pmcid == other.pmcid), *checked)


def _summary_query() -> Select[Any]:
    names = (
        select(func.array_agg(aggregate_order_by(DocumentName.name, DocumentName.name)))
        .where(DocumentName.document_id == Document.id)
        .scalar_subquery()
    )
    return select(Document, names).where(Document.searchable).order_by(Document.key)


def _passage_query() -> Select[PassageRow, str]:
    return select(PassageRow, Document.key).join(Document).where(Document.searchable)


def _place_in(documents: Sequence[str]) -> Any:
    places = {key: place for place, key in enumerate(documents)}
    return lambda record: places[record.document]


def _printed(row: Document) -> BibliographicRecord:
    return BibliographicRecord(values=metadata_values(printed_metadata(row), Origin.PRINT))


def _summary(
    row: Document, names: Sequence[str], edits: Sequence[StoredEdit], references: ReferenceIndex
) -> DocumentSummary:
    bibliography = assembled(row, names, edits, references)
    record = document_record(row, bibliography)
    return DocumentSummary(
        record=record, sha256=row.sha256, size_bytes=row.size_bytes, names=tuple(names),
        passage_count=row.passage_count or 0, figure_count=row.figure_count or 0, warnings=tuple(row.warnings),
        bibliography=bibliography, metadata_check=row.metadata_check,
        differs_from_print=record != document_record(row, _printed(row)),
        captions=tuple(FigureCaption(**caption) for caption in row.captions),
    )  # fmt: skip


def _passage(row: PassageRow, key: str) -> PassageRecord:
    return PassageRecord(
        id=row.id, document=key, page=row.page, start=row.start_offset, end=row.end_offset, text=row.text,
        section=row.section, sentences=tuple((start, end) for start, end in row.sentences),
        text_source=TextSource(row.text_source), confidence=row.confidence,
        continued=tuple(PageSpan(**span) for span in row.continued), page_label=row.page_label,
        paragraph=row.paragraph,
    )  # fmt: skip


def page_of(row: PageRow) -> Page:
    """The value a stored page stands for."""
    return Page(
        number=row.number, width=row.width, height=row.height, text=row.text,
        blocks=tuple(_block(block) for block in row.blocks), text_source=TextSource(row.text_source),
        ocr_lines=tuple(OcrLine(**line) for line in row.ocr_lines), label=row.label,
    )  # fmt: skip


def _block(block: dict[str, Any]) -> Block:
    x0, y0, x1, y1 = block["box"]
    return Block(
        index=block["index"], kind=BlockKind(block["kind"]), start=block["start"], end=block["end"],
        box=(x0, y0, x1, y1), section=block["section"], joins=tuple(block.get("joins", ())),
        flags=tuple(BlockFlag(flag) for flag in block.get("flags", ())), paragraph=block.get("paragraph"),
    )  # fmt: skip


def table_of(row: TableRow) -> Table:
    """The table of a row."""
    x0, y0, x1, y1 = row.box
    return Table(
        ordinal=row.ordinal, page=row.page, box=(x0, y0, x1, y1), label=row.label, caption=row.caption,
        header_rows=row.header_rows, rows=tuple(tuple(cells) for cells in row.rows),
    )  # fmt: skip


def cited_work_of(row: CitedWorkRow) -> CitedWork:
    """The entry of a reference list that a row stands for."""
    return CitedWork(
        number=row.number, text=row.text, page=row.page, title=row.title, year=row.year, doi=row.doi, pmid=row.pmid
    )


def heading_of(stored: dict[str, Any]) -> Heading:
    """The heading that a document's column `headings` holds."""
    kind = stored["kind"]
    return Heading(
        title=stored["title"], level=stored["level"], kind=None if kind is None else SectionKind(kind),
        page=stored["page"], start=stored["start"],
    )  # fmt: skip

"""Owns the storage of a draft's stages: text, figures, passages, embeddings; it never makes a document searchable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from sqlalchemy import ColumnExpressionArgument, delete, insert, not_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chapter_pipeline.domain.document import Figure, Metadata, Page, ParsedDocument, Passage
from chapter_pipeline.errors import InvariantViolated, TransientError
from chapter_pipeline.ports import Vectors
from chapter_pipeline.storage.artifacts import advisory_lock
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_objects import THUMBNAIL, FigureObjects, Image
from chapter_pipeline.storage.library_queries import page_of
from chapter_pipeline.storage.schema import (
    EMBEDDING_DIMENSION,
    CitedWorkRow,
    Document,
    FigureRow,
    PageRow,
    PassageRow,
    TableRow,
)

KEY_DIGITS = 16
"""Digits of the sha256 that make a document's key."""

# One statement: the lexemes of a text are computed once, and serve its length and its postings.
_STORE_PASSAGES = text("""
    WITH incoming AS MATERIALIZED (
        SELECT *, to_tsvector('english', body) AS lexemes
        FROM unnest(CAST(:ordinals AS int[]), CAST(:pages AS int[]), CAST(:starts AS int[]), CAST(:ends AS int[]),
                    CAST(:bodies AS text[]), CAST(:sections AS text[]), CAST(:sentences AS text[]),
                    CAST(:sources AS text[]), CAST(:confidences AS float8[]), CAST(:continued AS text[]),
                    CAST(:labels AS text[]), CAST(:paragraphs AS int[]))
             AS t (ordinal, page, start_offset, end_offset, body, section, sentences, text_source, confidence, continued,
                   page_label, paragraph)
    ), stored AS (
        INSERT INTO passages (document_id, ordinal, page, start_offset, end_offset, text, section, sentences,
                              text_source, confidence, continued, page_label, paragraph, length)
        SELECT :document_id, ordinal, page, start_offset, end_offset, body, section, CAST(sentences AS jsonb),
               text_source, confidence, CAST(continued AS jsonb), page_label, paragraph,
               (SELECT coalesce(sum(cardinality(positions)), 0) FROM unnest(lexemes))
        FROM incoming
        RETURNING id, ordinal, length
    ), posted AS (
        INSERT INTO postings (lexeme, document_id, passage_ids, frequencies, lengths)
        SELECT word.lexeme, :document_id, array_agg(stored.id ORDER BY stored.id),
               array_agg(cardinality(word.positions) ORDER BY stored.id), array_agg(stored.length ORDER BY stored.id)
        FROM stored JOIN incoming USING (ordinal), unnest(incoming.lexemes) AS word
        GROUP BY word.lexeme
    )
    UPDATE documents SET passage_count = (SELECT count(*) FROM stored),
                         lexeme_count = (SELECT coalesce(sum(length), 0) FROM stored)
    WHERE id = :document_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A content in the library; a count is None, and so is the model, while that stage is not stored."""

    id: int
    key: str
    sha256: str
    settings_hash: str
    page_count: int
    figure_count: int | None
    passage_count: int | None
    embedding_model: str | None
    searchable: bool


class LibraryWriter:
    """Each call stores one stage in one transaction, and does nothing when that stage is stored."""

    _database: Database
    _figures: FigureObjects

    @contextmanager
    def _deleting(self) -> Iterator[tuple[Session, set[Image]]]:
        """A transaction, and a set for the images of the documents that it deletes: those that nobody else names go after it."""
        gone: set[Image] = set()
        with self._database.session() as session:
            yield session, gone
        self._figures.delete_unnamed(gone)

    def find(self, sha256: str, settings_hash: str) -> StoredDocument | None:
        """The content as parsed under these settings, draft or searchable."""
        query = select(Document).where(Document.sha256 == sha256, Document.settings_hash == settings_hash)
        with self._database.session() as session:
            row = session.scalars(query).one_or_none()
            return None if row is None else _stored(row)

    def store_text(self, parsed: ParsedDocument, *, name: str, size_bytes: int, settings_hash: str) -> StoredDocument:
        """Store pages and metadata as a draft for `name`; an earlier draft for that name goes."""
        printed = metadata_to_json(parsed.metadata)
        page_range = printed.pop("pages")  # `Document.pages` are the pages of the file
        values = {
            **printed,
            "page_range": page_range,
            "citation_line": None if parsed.citation_line is None else metadata_to_json(parsed.citation_line),
            "file_properties": None if parsed.properties is None else metadata_to_json(parsed.properties),
            "key": parsed.sha256[:KEY_DIGITS], "sha256": parsed.sha256, "settings_hash": settings_hash,
            "size_bytes": size_bytes, "page_count": parsed.page_count, "warnings": list(parsed.warnings),
            "kind": parsed.kind.value, "full_text": parsed.full_text,
            "captions": [asdict(caption) for caption in parsed.captions],
            "headings": [asdict(heading) for heading in parsed.headings], "draft_of": name, "searchable": False,
        }  # fmt: skip
        with self._deleting() as (session, gone):
            advisory_lock(session, f"document\n{parsed.sha256}")
            delete_drafts(session, name, gone, but=(parsed.sha256, settings_hash))
            row = session.scalars(
                upsert(Document).values(values).on_conflict_do_nothing().returning(Document)
            ).one_or_none()
            if row is not None and parsed.pages:
                session.execute(
                    insert(PageRow),
                    [
                        {
                            "document_id": row.id, "number": page.number, "width": page.width, "height": page.height,
                            "text": page.text, "blocks": [asdict(block) for block in page.blocks],
                            "text_source": page.text_source.value,
                            "ocr_lines": [asdict(line) for line in page.ocr_lines], "label": page.label,
                        }
                        for page in parsed.pages
                    ],
                )  # fmt: skip
            if row is not None and parsed.cited_works:
                session.execute(
                    insert(CitedWorkRow),
                    [
                        {"document_id": row.id, "ordinal": ordinal, **asdict(work)}
                        for ordinal, work in enumerate(parsed.cited_works, start=1)
                    ],
                )
        found = self.find(parsed.sha256, settings_hash)
        assert found is not None
        return found

    def store_metadata_check(self, document_id: int, check: dict[str, Any]) -> None:
        """Store the comparison with the registry of its DOI (`literature.registry.MetadataCheck` as JSON)."""
        with self._database.session() as session:
            document_locked(session, document_id).metadata_check = check

    def store_figures(self, document_id: int, parsed: ParsedDocument) -> None:
        """Store the figures and the tables, unless they are stored; images that the bucket has lost are put there again."""
        with self._database.session() as session:
            document = document_locked(session, document_id)
            images = [_images(figure) for figure in parsed.figures]
            if parsed.figures:
                self._figures.hold(session)
            if document.figure_count is not None:
                self._put_again(session, document_id, images)
                return
            document.figure_count = len(parsed.figures)
            for image, content in (one for both in images for one in both):
                self._figures.put(image, content)
            if parsed.figures:
                session.execute(insert(FigureRow), [_figure_row(document_id, figure) for figure in parsed.figures])
            if parsed.tables:
                session.execute(
                    insert(TableRow), [{"document_id": document_id, **asdict(table)} for table in parsed.tables]
                )

    def _put_again(self, session: Session, document_id: int, images: Sequence[Sequence[tuple[Image, bytes]]]) -> None:
        """Put those of `images` into the bucket that the figures of the document name."""
        query = select(FigureRow.sha256, FigureRow.thumbnail_sha256).where(FigureRow.document_id == document_id)
        named = {sha256 for row in session.execute(query) for sha256 in row}
        for image, content in (one for both in images for one in both):
            if image.sha256 in named:
                self._figures.put(image, content)

    def store_passages(self, document_id: int, passages: Sequence[Passage]) -> None:
        """Store passages with their BM25 postings and lengths in one statement, unless they are stored."""
        with self._database.session() as session:
            if document_locked(session, document_id).passage_count is not None:
                return
            session.execute(
                _STORE_PASSAGES,
                {
                    "document_id": document_id,
                    "ordinals": [passage.ordinal for passage in passages],
                    "pages": [passage.page for passage in passages],
                    "starts": [passage.start for passage in passages],
                    "ends": [passage.end for passage in passages],
                    "bodies": [passage.text for passage in passages],
                    "sections": [passage.section for passage in passages],
                    "sentences": [json.dumps(passage.sentences) for passage in passages],
                    "sources": [passage.text_source.value for passage in passages],
                    "confidences": [passage.confidence for passage in passages],
                    "continued": [json.dumps([asdict(span) for span in passage.continued]) for passage in passages],
                    "labels": [passage.page_label for passage in passages],
                    "paragraphs": [passage.paragraph for passage in passages],
                },
            )

    def stored_pages(self, document_id: int) -> tuple[Page, ...]:
        """The pages of a document, draft or not, in order: what passages are made of."""
        query = select(PageRow).where(PageRow.document_id == document_id).order_by(PageRow.number)
        with self._database.session() as session:
            return tuple(page_of(row) for row in session.scalars(query))

    def passage_texts(self, document_id: int) -> list[str]:
        """The passages' texts in order: what is to be embedded."""
        query = select(PassageRow.text).where(PassageRow.document_id == document_id).order_by(PassageRow.ordinal)
        with self._database.session() as session:
            return list(session.scalars(query))

    def store_embeddings(self, document_id: int, vectors: Vectors, *, model: str) -> None:
        """Store one unit vector per passage, in their order, unless they are stored (binary COPY of halfvec)."""
        with self._database.session() as session:
            document = document_locked(session, document_id)
            if document.embedding_model is not None:
                return
            ids = list(
                session.scalars(
                    select(PassageRow.id).where(PassageRow.document_id == document_id).order_by(PassageRow.ordinal)
                )
            )
            if document.passage_count is None or vectors.shape != (len(ids), EMBEDDING_DIMENSION):
                raise InvariantViolated(
                    f"document {document.key!r} has {len(ids)} passages of {EMBEDDING_DIMENSION} dimensions, the"
                    f" vectors are {vectors.shape!r}"
                )
            if not np.isfinite(vectors).all():
                raise InvariantViolated(f"an embedding of document {document.key!r} is not finite")
            document.embedding_model = model
            connection = session.connection().connection.driver_connection
            assert connection is not None
            register_vector(connection)
            with (
                connection.cursor() as cursor,
                cursor.copy(
                    "COPY passage_embeddings (passage_id, document_id, model, vector) FROM STDIN (FORMAT BINARY)"
                ) as copy,
            ):
                copy.set_types(["int8", "int8", "text", "halfvec"])
                for passage_id, vector in zip(ids, vectors, strict=True):
                    copy.write_row((passage_id, document_id, model, HalfVector(vector)))


def metadata_to_json(metadata: Metadata) -> dict[str, Any]:
    """The fields of `metadata` as JSON has them."""
    return {**asdict(metadata), "authors": list(metadata.authors), "study_type": metadata.study_type.value}


def document_locked(session: Session, document_id: int) -> Document:
    """The document's row, held until the transaction ends."""
    row = session.scalars(select(Document).where(Document.id == document_id).with_for_update()).one_or_none()
    if row is None:
        raise TransientError(
            f"document number {document_id} is gone: its file changed or was removed meanwhile; ingest it again"
        )
    return row


def delete_documents(session: Session, gone: set[Image], *conditions: ColumnExpressionArgument[bool]) -> None:
    """Delete the documents that meet `conditions`, with their dependent rows; `gone` takes up the images they named."""
    ids = list(session.scalars(select(Document.id).where(*conditions).with_for_update()))
    if not ids:
        return
    figures = delete(FigureRow).where(FigureRow.document_id.in_(ids))
    for sha256, media_type, small in session.execute(
        figures.returning(FigureRow.sha256, FigureRow.media_type, FigureRow.thumbnail_sha256)
    ):
        gone.add(Image(sha256, media_type))
        if small is not None:
            gone.add(Image(small, THUMBNAIL))
    session.execute(delete(Document).where(Document.id.in_(ids)))


def delete_drafts(session: Session, name: str, gone: set[Image], *, but: tuple[str, str] = ("", "")) -> None:
    """Delete what was begun for `name` and never finished, except the content and settings of `but`."""
    sha256, settings_hash = but
    delete_documents(
        session, gone,
        Document.draft_of == name,
        not_(Document.searchable),
        not_((Document.sha256 == sha256) & (Document.settings_hash == settings_hash)),
    )  # fmt: skip


def _images(figure: Figure) -> list[tuple[Image, bytes]]:
    """The image of `figure`, and its thumbnail if it has one."""
    whole = (Image(figure.sha256, figure.media_type), figure.content)
    return [whole, (Image(_sha256(figure.thumbnail), THUMBNAIL), figure.thumbnail)] if figure.thumbnail else [whole]


def _figure_row(document_id: int, figure: Figure) -> dict[str, Any]:
    return {
        "document_id": document_id, "ordinal": figure.ordinal, "page": figure.page, "box": list(figure.box),
        "label": figure.label, "caption": figure.caption, "media_type": figure.media_type,
        "width_px": figure.width_px, "height_px": figure.height_px, "kind": figure.kind.value,
        "perceptual_hash": figure.perceptual_hash, "sha256": figure.sha256, "size_bytes": len(figure.content),
        "thumbnail_sha256": _sha256(figure.thumbnail) if figure.thumbnail else None,
        "thumbnail_size_bytes": len(figure.thumbnail),
    }  # fmt: skip


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stored(row: Document) -> StoredDocument:
    return StoredDocument(
        id=row.id,
        key=row.key,
        sha256=row.sha256,
        settings_hash=row.settings_hash,
        page_count=row.page_count,
        figure_count=row.figure_count,
        passage_count=row.passage_count,
        embedding_model=row.embedding_model,
        searchable=row.searchable,
    )

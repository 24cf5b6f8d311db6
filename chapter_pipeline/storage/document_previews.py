"""Owns the previews of documents for operators, drafts included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from chapter_pipeline.domain.document import Page, Table
from chapter_pipeline.errors import ImageLost
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_objects import THUMBNAIL, FigureObjects, Image
from chapter_pipeline.storage.library_queries import page_of, table_of
from chapter_pipeline.storage.schema import Document, FigureRow, PageRow, PassageRow, TableRow


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPreview:
    """What is stored of a document itself; its record is `LibraryQueries.bibliography`."""

    id: int
    title: str | None
    warnings: tuple[str, ...]
    metadata_check: Mapping[str, Any] | None
    lexeme_count: int | None
    embedding_model: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePreview:
    """A figure; its thumbnail is read by `DocumentPreviews.thumbnail`."""

    page: int
    label: str | None
    caption: str | None
    kind: str
    width_px: int
    height_px: int
    thumbnail_sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassagePreview:
    """A passage with its page and the section that it stands in."""

    page: int
    section: str | None
    text: str
    page_label: str | None = None
    paragraph: int | None = None


class DocumentPreviews:
    """The previews of the documents of `database`."""

    def __init__(self, database: Database, images: FigureObjects) -> None:
        self._database = database
        self._images = images

    def document(self, sha256: str, settings_hash: str) -> DocumentPreview:
        """The document of a file's content, as stored under these settings."""
        query = select(Document).where(Document.sha256 == sha256, Document.settings_hash == settings_hash)
        with self._database.session() as session:
            row = session.scalars(query).one()
            return DocumentPreview(
                id=row.id, title=row.title, warnings=tuple(row.warnings), metadata_check=row.metadata_check,
                lexeme_count=row.lexeme_count, embedding_model=row.embedding_model,
            )  # fmt: skip

    def figures(self, document_id: int) -> list[FigurePreview]:
        """The figures in their order."""
        names = tuple(FigurePreview.__slots__)
        query = select(*(getattr(FigureRow, name) for name in names)).where(FigureRow.document_id == document_id)
        with self._database.session() as session:
            return [FigurePreview(**row._mapping) for row in session.execute(query.order_by(FigureRow.ordinal))]

    def thumbnail(self, figure: FigurePreview) -> bytes | None:
        """The thumbnail, a JPEG; None when the figure has none, or the bucket has lost it."""
        if figure.thumbnail_sha256 is None:
            return None
        try:
            return self._images.content(Image(figure.thumbnail_sha256, THUMBNAIL))
        except ImageLost:
            return None

    def pages(self, document_id: int) -> list[Page]:
        """The pages in their order."""
        query = select(PageRow).where(PageRow.document_id == document_id).order_by(PageRow.number)
        with self._database.session() as session:
            return [page_of(row) for row in session.scalars(query)]

    def tables(self, document_id: int) -> list[Table]:
        """The tables in their order."""
        query = select(TableRow).where(TableRow.document_id == document_id).order_by(TableRow.ordinal)
        with self._database.session() as session:
            return [table_of(row) for row in session.scalars(query)]

    def passages(self, document_id: int, *, limit: int) -> list[PassagePreview]:
        """The first `limit` passages."""
        query = (
            select(PassageRow.page, PassageRow.section, PassageRow.text, PassageRow.page_label, PassageRow.paragraph)
            .where(PassageRow.document_id == document_id)
            .order_by(PassageRow.ordinal)
            .limit(limit)
        )
        with self._database.session() as session:
            return [PassagePreview(**row._mapping) for row in session.execute(query)]

"""Owns the descriptions of the library's figures by text models; the figures are stored by `library_writer`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update

from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_objects import FigureObjects, Image
from chapter_pipeline.storage.schema import Document, FigureRow


@dataclass(frozen=True, slots=True, kw_only=True)
class UndescribedFigure:
    """A figure without a description."""

    id: int
    label: str | None
    caption: str | None
    content: bytes


class FigureDescriptions:
    """Descriptions by figure. Each is stored in a transaction of its own, so that no paid reply is lost."""

    def __init__(self, database: Database, figures: FigureObjects) -> None:
        self._database = database
        self._figures = figures

    def undescribed(self, document_key: str) -> list[int]:
        """The figures of a searchable document without a description, in their order."""
        query = (
            select(FigureRow.id)
            .join(Document)
            .where(Document.key == document_key, Document.searchable, FigureRow.description.is_(None))
            .order_by(FigureRow.ordinal)
        )
        with self._database.session() as session:
            return list(session.scalars(query))

    def figure(self, figure_id: int) -> UndescribedFigure | None:
        """The figure with its picture; None when its document is gone. Raises `ImageLost`."""
        query = select(FigureRow.id, FigureRow.label, FigureRow.caption, FigureRow.sha256, FigureRow.media_type).where(
            FigureRow.id == figure_id
        )
        with self._database.session() as session:
            row = session.execute(query).one_or_none()
        if row is None:
            return None
        content = self._figures.content(Image(row.sha256, row.media_type))
        return UndescribedFigure(id=row.id, label=row.label, caption=row.caption, content=content)

    def store(self, figure_id: int, *, figure_class: str, description: str, described_by: str) -> None:
        """Store the description of a figure by the model `described_by`."""
        values = {"figure_class": figure_class, "description": description, "described_by": described_by}
        with self._database.session() as session:
            session.execute(update(FigureRow).where(FigureRow.id == figure_id).values(values))

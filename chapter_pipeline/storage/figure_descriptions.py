"""Owns what text models say of the library's figures; the figures themselves are stored by `library_drafts`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update

from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import Document, FigureRow


@dataclass(frozen=True, slots=True, kw_only=True)
class UndescribedFigure:
    """A figure that no text model was asked about yet."""

    id: int
    label: str | None
    caption: str | None
    content: bytes


class FigureDescriptions:
    """Descriptions by figure. Each is stored by itself: what is paid for is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        """The figure with its picture; None when its document is gone."""
        query = select(FigureRow.id, FigureRow.label, FigureRow.caption, FigureRow.content).where(
            FigureRow.id == figure_id
        )
        with self._database.session() as session:
            row = session.execute(query).one_or_none()
        if row is None:
            return None
        return UndescribedFigure(id=row.id, label=row.label, caption=row.caption, content=row.content)

    def store(self, figure_id: int, *, figure_class: str, description: str, described_by: str) -> None:
        """Keep what `described_by` said of a figure."""
        values = {"figure_class": figure_class, "description": description, "described_by": described_by}
        with self._database.session() as session:
            session.execute(update(FigureRow).where(FigureRow.id == figure_id).values(values))

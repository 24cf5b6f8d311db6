"""Owns the images of chapters by their sha256, independent of the library's figures, which may be removed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from chapter_pipeline.errors import NotFound
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_objects import FigureObjects, Image
from chapter_pipeline.storage.schema import Document, FigureImage, FigureRow


class FigureImages:
    """A chapter keeps its images from the moment it is planned: its versions need no library to be exported.

    `figures`: where their bytes are; in the bucket of the database's settings when left out.
    """

    def __init__(self, database: Database, figures: FigureObjects | None = None) -> None:
        self._database = database
        self._figures = figures or FigureObjects(database)

    def keep(self, hashes: Collection[str]) -> None:
        """Keep the images with these sha256 that a searchable document has now. Raises `NotFound` when there is no such image."""
        wanted = set(hashes)
        found = (
            select(FigureRow.sha256, FigureRow.media_type, FigureRow.size_bytes, FigureRow.content)
            .join(Document)
            .where(FigureRow.sha256.in_(wanted), Document.searchable)
            .ext(distinct_on(FigureRow.sha256))
        )
        kept = select(FigureImage.sha256).where(FigureImage.sha256.in_(wanted))
        statement = insert(FigureImage).from_select(["sha256", "media_type", "size_bytes", "content"], found)
        with self._database.session() as session:
            missing = wanted - set(session.scalars(kept))
            if missing:
                self._figures.hold(session)
                session.execute(statement.on_conflict_do_nothing())
                missing = wanted - set(session.scalars(kept))
        if missing:
            raise NotFound(
                f"no document of the library has the figure {min(missing)!r} any more ({len(missing)} are missing):"
                " write the chapter again, so that it is planned with the figures there are"
            )

    def kept(self, hashes: Collection[str]) -> set[str]:
        """The sha256 among these whose image is kept and there."""
        query = select(
            FigureImage.sha256, FigureImage.media_type, FigureImage.size_bytes, FigureImage.content.is_not(None)
        ).where(FigureImage.sha256.in_(set(hashes)))
        with self._database.session() as session:
            rows = list(session.execute(query))
        in_rows = {sha256 for sha256, _, _, in_row in rows if in_row}
        stored = self._figures.stored(
            [(Image(sha256, media_type), size) for sha256, media_type, size, in_row in rows if not in_row]
        )
        return in_rows | {image.sha256 for image in stored}

    def content(self, sha256: str) -> bytes:
        """The image itself. Raises `NotFound`, and `ImageLost` when the bucket does not hold its bytes."""
        with self._database.session() as session:
            media_type = session.scalar(select(FigureImage.media_type).where(FigureImage.sha256 == sha256))
        if media_type is None:
            raise NotFound(f"no chapter keeps a figure {sha256!r}: look at the versions there are")
        return self._figures.content(Image(sha256, media_type))

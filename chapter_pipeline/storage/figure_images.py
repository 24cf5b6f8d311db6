"""Owns the images of chapters by their sha256, independent of the library's figures, which may be removed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from chapter_pipeline.errors import InvariantViolated, NotFound
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import Document, FigureImage, FigureRow


class FigureImages:
    """A chapter keeps its images from the moment it is planned: its versions need no library to be exported."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, hashes: Collection[str]) -> None:
        """Keep the images with these sha256 that a searchable document has now. Raises `NotFound` when there is no such image."""
        wanted = set(hashes)
        found = (
            select(FigureRow.sha256, FigureRow.media_type, FigureRow.content)
            .join(Document)
            .where(FigureRow.sha256.in_(wanted), Document.searchable)
            .ext(distinct_on(FigureRow.sha256))
        )
        kept = select(FigureImage.sha256).where(FigureImage.sha256.in_(wanted))
        statement = insert(FigureImage).from_select(["sha256", "media_type", "content"], found)
        with self._database.session() as session:
            missing = wanted - set(session.scalars(kept))
            if missing:
                session.execute(statement.on_conflict_do_nothing())
                missing = wanted - set(session.scalars(kept))
        if missing:
            raise NotFound(
                f"no document of the library has the figure {min(missing)!r} any more ({len(missing)} are missing):"
                " write the chapter again, so that it is planned with the figures there are"
            )

    def kept(self, hashes: Collection[str]) -> set[str]:
        """The sha256 among these whose image is stored."""
        with self._database.session() as session:
            return set(session.scalars(select(FigureImage.sha256).where(FigureImage.sha256.in_(set(hashes)))))

    def content(self, sha256: str) -> bytes:
        """The image itself. Raises `NotFound`, and `InvariantViolated` when its bytes are not those of its hash."""
        with self._database.session() as session:
            content = session.scalar(select(FigureImage.content).where(FigureImage.sha256 == sha256))
        if content is None:
            raise NotFound(f"no chapter keeps a figure {sha256!r}: look at the versions there are")
        if hashlib.sha256(content).hexdigest() != sha256:
            raise InvariantViolated(f"the kept figure {sha256!r} was altered: restore the database from a backup")
        return content

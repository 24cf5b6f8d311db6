"""Owns the chapters that were asked for and their published versions; the text itself lies in the artifacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chapter_pipeline.errors import AlreadyExists, NotFound
from chapter_pipeline.storage.artifacts import take_turns
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import Chapter, ChapterVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredChapter:
    """A chapter as it was asked for. `latest_version` is None before the first is published."""

    slug: str
    request: dict[str, Any]
    created_at: datetime
    latest_version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedVersion:
    """A published version: `artifact_id` names the value in the artifacts it was made from."""

    number: int
    artifact_id: int
    sha256: str
    created_at: datetime


class ChapterStore:
    """Chapters by slug."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, slug: str, request: Mapping[str, Any]) -> StoredChapter:
        """Store a new chapter's request. Raises `AlreadyExists`."""
        statement = insert(Chapter).values(slug=slug, request=dict(request)).on_conflict_do_nothing()
        with self._database.session() as session:
            row = session.execute(statement.returning(Chapter.created_at)).one_or_none()
        if row is None:
            raise AlreadyExists(f"there is a chapter {slug!r} already: choose another slug")
        return StoredChapter(slug=slug, request=dict(request), created_at=row.created_at, latest_version=None)

    def get(self, slug: str) -> StoredChapter:
        """The chapter `slug`. Raises `NotFound`."""
        found = self._read(slug)
        if not found:
            raise NotFound(f"there is no chapter {slug!r}: make it with `chapter-pipeline chapters new {slug} ...`")
        return found[0]

    def list(self) -> Sequence[StoredChapter]:
        """All chapters by slug."""
        return self._read(None)

    def publish(self, slug: str, artifact_id: int, sha256: str) -> int:
        """Publish the value `artifact_id` as the next version; its number.

        Content identical to the latest version makes no new one: then that number. Raises `NotFound`.
        """
        self.get(slug)
        with self._database.session() as session:
            take_turns(session, f"publish\n{slug}")
            query = select(ChapterVersion).where(ChapterVersion.slug == slug).order_by(ChapterVersion.number.desc())
            latest = session.scalars(query.limit(1)).first()
            if latest is not None and latest.sha256 == sha256:
                return latest.number
            number = 1 if latest is None else latest.number + 1
            session.add(ChapterVersion(slug=slug, number=number, artifact_id=artifact_id, sha256=sha256))
            return number

    def versions(self, slug: str) -> Sequence[PublishedVersion]:
        """Published versions, oldest first. Raises `NotFound` for an unknown chapter."""
        self.get(slug)
        query = select(ChapterVersion).where(ChapterVersion.slug == slug).order_by(ChapterVersion.number)
        with self._database.session() as session:
            return [
                PublishedVersion(
                    number=row.number, artifact_id=row.artifact_id, sha256=row.sha256, created_at=row.created_at
                )
                for row in session.scalars(query)
            ]

    def _read(self, slug: str | None) -> Sequence[StoredChapter]:
        latest = select(func.max(ChapterVersion.number)).where(ChapterVersion.slug == Chapter.slug).scalar_subquery()
        query = select(Chapter.slug, Chapter.request, Chapter.created_at, latest.label("latest")).order_by(Chapter.slug)
        if slug is not None:
            query = query.where(Chapter.slug == slug)
        with self._database.session() as session:
            return [
                StoredChapter(slug=row.slug, request=row.request, created_at=row.created_at, latest_version=row.latest)
                for row in session.execute(query)
            ]

"""Owns the tables of requested chapters and their versions; the text is in `artifacts`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from chapter_pipeline.errors import AlreadyExists, NotFound, UsageError
from chapter_pipeline.storage.artifacts import advisory_lock
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import Chapter, ChapterVersion, VersionDocument, VersionFigure


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredChapter:
    """A requested chapter. `latest_version` is None before there is one."""

    slug: str
    request: dict[str, Any]
    created_at: datetime
    latest_version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A version: `artifact_id` names the value in the artifacts it was made from.

    Without `published_at` it is held until a person approves it: `approved_by`, for the reason `approved_because`.
    """

    number: int
    artifact_id: int
    sha256: str
    created_at: datetime
    origin: str
    published_at: datetime | None
    approved_by: str | None
    approved_because: str | None

    @property
    def state(self) -> str:
        """``published`` or ``held``."""
        return "held" if self.published_at is None else "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citing:
    """A chapter with the `versions` that cite a document, oldest first; `newest`: the chapter's newest one is among them."""

    chapter: str
    versions: tuple[int, ...]
    newest: bool


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

    def add_version(
        self,
        slug: str,
        artifact_id: int,
        sha256: str,
        *,
        documents: Collection[str],
        images: Collection[str],
        held: bool = False,
        origin: str = "written",
    ) -> StoredVersion:
        """The value `artifact_id` as the next version, published unless it is to be `held`.

        `documents`: the keys of those that it cites; `images`: the hashes of those it shows, all kept by
        `FigureImages`. Content identical to the latest version makes no new one: then that. Raises `NotFound`.
        """
        self.get(slug)
        with self._database.session() as session:
            advisory_lock(session, f"publish\n{slug}")
            query = select(ChapterVersion).where(ChapterVersion.slug == slug).order_by(ChapterVersion.number.desc())
            latest = session.scalars(query.limit(1)).first()
            if latest is not None and latest.sha256 == sha256:
                return _version(latest)
            row = ChapterVersion(
                slug=slug, number=1 if latest is None else latest.number + 1, artifact_id=artifact_id, sha256=sha256,
                origin=origin, published_at=None if held else func.now(),
            )  # fmt: skip
            session.add(row)
            session.flush()
            session.add_all(VersionDocument(slug=slug, number=row.number, document=key) for key in documents)
            session.add_all(VersionFigure(slug=slug, number=row.number, sha256=image) for image in images)
            session.flush()
            session.refresh(row)
            return _version(row)

    def citing(self, document: str) -> Sequence[Citing]:
        """The chapters with a version, held or published, that cites the document with this key, by slug."""
        newest = select(func.max(ChapterVersion.number)).where(ChapterVersion.slug == VersionDocument.slug)
        query = (
            select(
                VersionDocument.slug,
                func.array_agg(aggregate_order_by(VersionDocument.number, VersionDocument.number)),
                newest.scalar_subquery(),
            )
            .where(VersionDocument.document == document)
            .group_by(VersionDocument.slug)
            .order_by(VersionDocument.slug)
        )
        with self._database.session() as session:
            return [
                Citing(chapter=slug, versions=tuple(numbers), newest=last in numbers)
                for slug, numbers, last in session.execute(query)
            ]

    def approve(self, slug: str, number: int, *, by: str, because: str) -> StoredVersion:
        """Publish a held version, with who decided so and why. Raises `NotFound`, `AlreadyExists` when it is published."""
        by, because = by.strip(), because.strip()
        if not by or not because:
            raise UsageError("an approval needs a name and a reason: give --by NAME and --reason TEXT")
        self.version(slug, number)
        with self._database.session() as session:
            query = select(ChapterVersion).where(ChapterVersion.slug == slug, ChapterVersion.number == number)
            row = session.scalars(query.with_for_update()).one()
            if row.published_at is not None:
                raise AlreadyExists(f"version {number} of chapter {slug!r} is published already: nothing to approve")
            row.approved_by, row.approved_because = by, because
            row.published_at = func.now()
            session.flush()
            session.refresh(row)
            return _version(row)

    def version(self, slug: str, number: int) -> StoredVersion:
        """The version `number`. Raises `NotFound`."""
        versions = {one.number: one for one in self.versions(slug)}
        if not versions:
            raise NotFound(f"chapter {slug!r} has no version yet: chapter-pipeline chapters write {slug}")
        if number not in versions:
            raise NotFound(f"chapter {slug!r} has no version {number}: it has {', '.join(map(str, sorted(versions)))}")
        return versions[number]

    def versions(self, slug: str) -> Sequence[StoredVersion]:
        """All versions, held ones too, oldest first. Raises `NotFound` for an unknown chapter."""
        self.get(slug)
        query = select(ChapterVersion).where(ChapterVersion.slug == slug).order_by(ChapterVersion.number)
        with self._database.session() as session:
            return [_version(row) for row in session.scalars(query)]

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


def _version(row: ChapterVersion) -> StoredVersion:
    return StoredVersion(
        number=row.number, artifact_id=row.artifact_id, sha256=row.sha256, created_at=row.created_at,
        origin=row.origin, published_at=row.published_at, approved_by=row.approved_by,
        approved_because=row.approved_because,
    )  # fmt: skip

"""Owns the images of figures in the bucket: each once, under the sha256 of its bytes, as long as a row names it.

An image is put before the row that names it is committed, and is deleted after the last such row is gone. What a killed
process leaves behind is an object that no row names, never a row without its object.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, func, literal, null, select, union_all
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute, Session

from chapter_pipeline.errors import BucketRefused, BucketUnavailable, DatabaseUnavailable, ImageLost, NotFound
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.listing import Entry
from chapter_pipeline.storage.schema import (
    Document,
    DocumentName,
    FigureImage,
    FigureRow,
    VersionFigure,
)

Key = TypeVar("Key", int, str)
FOLDER = "figures/"
THUMBNAIL = "image/jpeg"
"""The media type of thumbnails."""
_SUFFIXES = {"image/jpeg": "jpg"}
_LOCK = func.hashtextextended("images of figures in the bucket", 0)
"""Shared by transactions that put images and name them; held alone by one that deletes images nobody names."""
_AT_ONCE = 20
"""Rows that are moved in one transaction."""
_ASKED_ONE_BY_ONE = 200
"""Up to so many images the bucket is asked for each; for more its whole listing is quicker."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image by the sha256 of its bytes."""

    sha256: str
    media_type: str

    @property
    def key(self) -> str:
        """Its key in the bucket: ``figures/3f/3f4a….png``."""
        suffix = _SUFFIXES.get(self.media_type, self.media_type.removeprefix("image/"))
        return f"{FOLDER}{self.sha256[:2]}/{self.sha256}.{suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LostImage:
    """An image that a row names and the bucket does not hold: `what` and `remedy` are sentences for people."""

    key: str
    what: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAudit:
    """The images that rows name, those of them that are lost, and the objects that no row names.

    `in_rows`: how many are still in rows of the database, see `FigureObjects.move_rows`.
    """

    images: int
    size_bytes: int
    in_rows: int
    lost: tuple[LostImage, ...]
    left_over: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    image: Image
    size_bytes: int
    in_row: bool


class FigureObjects:
    """The images of the figures of `database` in its bucket; `bucket`: that of the database's settings when left out.

    A bucket has the images of one database.
    """

    def __init__(self, database: Database, bucket: Callable[[], ObjectBucket] | None = None) -> None:
        self._database = database
        self._open = bucket or (lambda: ObjectBucket.open(database.settings))

    @cached_property
    def _bucket(self) -> ObjectBucket:
        return self._open()

    @staticmethod
    def hold(session: Session) -> None:
        """Let no image be deleted until the transaction ends: call it before the first `put` and the row that names it."""
        session.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))

    def put(self, image: Image, content: bytes) -> None:
        """Put the bytes of `image` on the disk; equal ones stay as they are, damaged ones are replaced."""
        if not self._bucket.put(image.key, content) and self._bucket.get(image.key) != content:
            self._bucket.put(image.key, content, overwrite=True)
        self._bucket.sync(image.key)

    def content(self, image: Image) -> bytes:
        """The bytes of `image`. Raises `ImageLost`, which names its figure and the remedy."""
        # In this order: it is in the bucket before its row is emptied.
        content = self._in_row(image) or self._in_bucket(image)
        if content is None or hashlib.sha256(content).hexdigest() != image.sha256:
            lost = self._lost(image, "is not in the bucket" if content is None else "is damaged")
            raise ImageLost(lost.what, lost.remedy)
        return content

    def stored(self, images: Collection[tuple[Image, int]]) -> set[Image]:
        """Those of `images`, given with their sizes in bytes, whose objects are in the bucket in that size."""
        if len(images) <= _ASKED_ONE_BY_ONE:
            return {image for image, size in images if self._bucket.size_bytes(image.key) == size}
        sizes = {entry.key: entry.size_bytes for entry in self._bucket.entries(FOLDER)}
        return {image for image, size in images if sizes.get(image.key) == size}

    def incomplete(self, documents: Sequence[str]) -> set[str]:
        """The keys among `documents` whose figures have images that the bucket does not hold."""
        owner = {
            (name.image, name.size_bytes): key
            for key, name in self._named_by(Document.key.in_(documents))
            if not name.in_row
        }
        stored = self.stored(list(owner))
        return {key for (image, _), key in owner.items() if image not in stored}

    def delete_unnamed(self, images: Collection[Image]) -> None:
        """Delete those of `images` that no row names; where that fails they stay, and `audit` finds them.

        Their rows are gone: whoever removed a document is not told that it failed.
        """
        if not images or self._database.schema is not None:  # the rows of a scratch schema are not all there are
            return
        with suppress(BucketUnavailable, BucketRefused, DatabaseUnavailable), self._database.session() as session:
            session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            named = _named_among(session, {image.sha256 for image in images})
            for image in images:
                if image.sha256 not in named:
                    self._bucket.delete(image.key)

    def delete_left_over(self) -> list[Entry]:
        """Delete all objects below `FOLDER` that no row names, and return them."""
        with self._database.session() as session:
            session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            named = {name.image.key for _, name in self._rows(session)}
            left_over = [entry for entry in self._bucket.entries(FOLDER) if entry.key not in named]
            for entry in left_over:
                self._bucket.delete(entry.key)
        return left_over

    def audit(self) -> ImageAudit:
        """Compare what rows name with what the bucket holds, by name and size; no image is read."""
        with self._database.session() as session:
            self.hold(session)  # what a row names now is not deleted before the listing
            named = {name.image: name for _, name in self._rows(session)}
            found = {entry.key: entry for entry in self._bucket.entries(FOLDER)}
        lost = [
            self._lost(one.image, "is damaged" if one.image.key in found else "is not in the bucket")
            for one in named.values()
            if not one.in_row and (one.image.key not in found or found[one.image.key].size_bytes != one.size_bytes)
        ]
        keys = {image.key for image in named}
        return ImageAudit(
            images=len(named),
            size_bytes=sum(one.size_bytes for one in named.values()),
            in_rows=sum(one.in_row for one in named.values()),
            lost=tuple(lost),
            left_over=tuple(entry for key, entry in found.items() if key not in keys),
        )

    def move_rows(self) -> int:
        """Move images that an earlier release stored in rows into the bucket; how many rows are done.

        A few rows at a time, each image in memory alone: a killed move goes on where it was, and several processes share
        it. Rows whose bytes are not those of their sha256 keep them. Without the bucket nothing is moved: reading finds
        the images in the rows.
        """
        moved = 0
        with suppress(BucketUnavailable, BucketRefused):
            for batch in (self._move_figures, self._move_kept):
                last: int | str | None = None
                while True:
                    last, done = batch(last)
                    moved += done
                    if last is None:
                        break
        return moved

    def _move_figures(self, after: int | str | None) -> tuple[int | None, int]:
        """Move the next figures; the last row looked at, None at the end, and how many were moved."""
        stored = FigureRow.content.is_not(None) | FigureRow.thumbnail.is_not(None)
        with self._database.session() as session:
            ids = self._next_rows(
                session, select(FigureRow.id).where(stored, FigureRow.id > (after or 0)), FigureRow.id
            )
            done = 0
            for number in ids:
                row = session.get_one(FigureRow, number)
                whole = self._moved(row.content, Image(row.sha256, row.media_type))
                small = row.thumbnail_sha256 is None or self._moved(
                    row.thumbnail, Image(row.thumbnail_sha256, THUMBNAIL)
                )
                if whole:
                    row.content = None
                if small:
                    row.thumbnail = None
                done += whole and small
                session.flush()
                session.expunge(row)  # one image in memory, not all
        return (ids[-1] if ids else None), done

    def _move_kept(self, after: int | str | None) -> tuple[str | None, int]:
        left = select(FigureImage.sha256).where(FigureImage.content.is_not(None), FigureImage.sha256 > (after or ""))
        with self._database.session() as session:
            names = self._next_rows(session, left, FigureImage.sha256)
            done = 0
            for sha256 in names:
                row = session.get_one(FigureImage, sha256)
                if self._moved(row.content, Image(sha256, row.media_type)):
                    row.content = None
                    done += 1
                session.flush()
                session.expunge(row)
        return (names[-1] if names else None), done

    def _next_rows(self, session: Session, query: Select[Key], key: InstrumentedAttribute[Key]) -> list[Key]:
        """The keys of the next rows, locked; those that another process moves are left to it."""
        found = list(session.scalars(query.order_by(key).limit(_AT_ONCE).with_for_update(skip_locked=True)))
        if found:
            self.hold(session)
        return found

    def _moved(self, content: bytes | None, image: Image) -> bool:
        if content is not None:
            if hashlib.sha256(content).hexdigest() != image.sha256:
                return False
            self.put(image, content)
        return True

    def _in_bucket(self, image: Image) -> bytes | None:
        try:
            return self._bucket.get(image.key)
        except NotFound:
            return None

    def _in_row(self, image: Image) -> bytes | None:
        rows = union_all(
            select(FigureRow.content).where(FigureRow.sha256 == image.sha256, FigureRow.content.is_not(None)),
            select(FigureRow.thumbnail).where(
                FigureRow.thumbnail_sha256 == image.sha256, FigureRow.thumbnail.is_not(None)
            ),
            select(FigureImage.content).where(FigureImage.sha256 == image.sha256, FigureImage.content.is_not(None)),
        )
        with self._database.session() as session:
            content: bytes | None = session.scalar(rows.limit(1))
            return content

    def _named_by(self, *conditions: ColumnElement[bool]) -> list[tuple[str, _Named]]:
        with self._database.session() as session:
            return list(self._rows(session, *conditions))

    @staticmethod
    def _rows(session: Session, *conditions: ColumnElement[bool]) -> Iterator[tuple[str, _Named]]:
        """What each row names, with the key of its document; for all rows also what chapters keep, without a key."""
        for key, sha256, media_type, size_bytes, in_row in session.execute(_names(*conditions)):
            yield key, _Named(image=Image(sha256, media_type), size_bytes=size_bytes, in_row=in_row)

    def _lost(self, image: Image, what: str) -> LostImage:
        """Who names `image`, of which `what` is said, and what helps."""
        of_document = (
            select(
                Document.key,
                FigureRow.label,
                FigureRow.ordinal,
                FigureRow.page,
                FigureRow.sha256 == image.sha256,
                select(func.min(DocumentName.name))
                .where(DocumentName.document_id == Document.id)
                .scalar_subquery()
                .label("name"),
            )
            .join(Document)
            .where((FigureRow.sha256 == image.sha256) | (FigureRow.thumbnail_sha256 == image.sha256))
            .order_by(Document.searchable.desc(), Document.id)
            .limit(1)
        )
        of_version = (
            select(VersionFigure.slug, func.array_agg(aggregate_order_by(VersionFigure.number, VersionFigure.number)))
            .where(VersionFigure.sha256 == image.sha256)
            .group_by(VersionFigure.slug)
            .order_by(VersionFigure.slug)
            .limit(1)
        )
        with self._database.session() as session:
            figure = session.execute(of_document).one_or_none()
            version = session.execute(of_version).one_or_none()
        if figure is not None:
            key, label, ordinal, page, whole, name = figure
            part = "image" if whole else "thumbnail"
            return LostImage(
                key=image.key,
                what=f"the {part} of {label or f'figure {ordinal}'} on page {page} of document {key!r} {what}"
                f" (key {image.key!r})",
                remedy=f"ingest {'its file' if name is None else repr(name)} again, or restore the bucket from a backup",
            )
        where = f"version {version[1][-1]} of chapter {version[0]!r}" if version else "the plan of a chapter"
        return LostImage(
            key=image.key,
            what=f"the image that {where} shows {what} (key {image.key!r}), and no document of the library has it",
            remedy="restore the bucket from a backup, or ingest the document again that it is from",
        )


def _names(*conditions: ColumnElement[bool]) -> Select[str, str, str, int, bool]:
    figures = select(
        Document.key.label("key"), FigureRow.sha256.label("sha256"), FigureRow.media_type.label("media_type"),
        FigureRow.size_bytes.label("size_bytes"), FigureRow.content.is_not(None).label("in_row"),
    ).join(Document)  # fmt: skip
    thumbnails = (
        select(
            Document.key, FigureRow.thumbnail_sha256, literal(THUMBNAIL), FigureRow.thumbnail_size_bytes,
            FigureRow.thumbnail.is_not(None),
        )
        .join(Document)
        .where(FigureRow.thumbnail_sha256.is_not(None))
    )  # fmt: skip
    parts = [part.where(*conditions) for part in (figures, thumbnails)]
    if not conditions:
        parts.append(
            select(
                null(),
                FigureImage.sha256,
                FigureImage.media_type,
                FigureImage.size_bytes,
                FigureImage.content.is_not(None),
            )
        )
    every = union_all(*parts).subquery()
    return select(every.c.key, every.c.sha256, every.c.media_type, every.c.size_bytes, every.c.in_row)


def _named_among(session: Session, hashes: Collection[str]) -> set[str]:
    """Those of `hashes` that a row names."""
    columns = (FigureRow.sha256, FigureRow.thumbnail_sha256, FigureImage.sha256)
    return {
        found
        for column in columns
        for found in session.scalars(select(column).where(column.in_(hashes)))
        if found is not None
    }

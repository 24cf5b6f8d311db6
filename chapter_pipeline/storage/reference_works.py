"""Owns the entries of the bucket's reference files: each file is read once for each of its versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from chapter_pipeline.domain.research import Work
from chapter_pipeline.errors import BucketUnavailable, NotFound, PermanentError, UsageError
from chapter_pipeline.literature import REFERENCE_SUFFIXES, REFERENCES
from chapter_pipeline.literature.reference_index import ReferenceIndex
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import ReferenceFileRow

READER_VERSION = "1"
"""Raise it when the same file would give other entries: files are then read again."""


class ReferenceWorks:
    """The works that the files under ``references/`` name, for bibliographic records."""

    def __init__(self, database: Database, bucket: Callable[[], ObjectBucket]) -> None:
        self._database = database
        self._bucket = bucket
        self._known: tuple[Mapping[str, str], ReferenceIndex] = ({}, ReferenceIndex())

    def index(self) -> ReferenceIndex:
        """The entries of the files as they lie there now; a file that cannot be read has none.

        Without the bucket they are those that were read last: records, and with them every search, do without it.
        """
        try:
            versions = {
                entry.key: f"{READER_VERSION} {entry.version}"
                for entry in self._bucket().entries(REFERENCES)
                if entry.key.lower().endswith(REFERENCE_SUFFIXES)
            }
        except (BucketUnavailable, PermanentError, UsageError):
            with self._database.session() as session:
                columns = select(ReferenceFileRow.key, ReferenceFileRow.version)
                versions = {row.key: row.version for row in session.execute(columns)}
        known, index = self._known
        if versions != known:
            index = ReferenceIndex(self._works(versions))
            self._known = (versions, index)
        return index

    def _works(self, versions: Mapping[str, str]) -> list[Work]:
        with self._database.session() as session:
            stored = {row.key: row for row in session.scalars(select(ReferenceFileRow))}
        works = {
            key: [Work.model_validate(one) for one in row.works]
            for key, row in stored.items()
            if versions.get(key) == row.version
        }
        for key in versions.keys() - works.keys():
            works[key] = self._read(key)
            values = {
                "version": versions[key],
                "works": [one.model_dump(mode="json", exclude_defaults=True) for one in works[key]],
            }
            with self._database.session() as session:
                statement = upsert(ReferenceFileRow).values(key=key, **values)
                session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))
        if stored.keys() - versions.keys():
            with self._database.session() as session:
                session.execute(delete(ReferenceFileRow).where(ReferenceFileRow.key.not_in(versions)))
        return [work for key in sorted(works) for work in works[key]]

    def _read(self, key: str) -> list[Work]:
        # Imported here: the readers of BibTeX take long to load, and files seldom change.
        from chapter_pipeline.literature.reference_files import read_references

        try:
            found = read_references(key, self._bucket().get(key)).works
        except (UsageError, NotFound):  # `literature_research` reports the file; NotFound: it went while we looked
            return []
        return [work.model_copy(update={"abstract": None}) for work in found]

"""Owns the append-only table of stage values: every version of every stage stays readable and unchanged."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Connection, Select, bindparam, func, select
from sqlalchemy.orm import Session

from chapter_pipeline.errors import NotFound
from chapter_pipeline.storage.database import WITHOUT_WAITING_FOR_THE_DISK, Database
from chapter_pipeline.storage.schema import Artifact

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArtifact:
    """One version of one value, without its body. `created` is false when `put` found it as the latest already."""

    id: int
    asset: str
    partition: str
    version: int
    sha256: str
    fingerprint: str | None
    run_id: str | None
    created_at: datetime
    created: bool = False


class ArtifactStore:
    """Values of assets by asset name and partition; versions run from 1 without holes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self,
        asset: str,
        partition: str,
        body: BaseModel,
        *,
        run_id: str | None = None,
        fingerprint: str | None = None,
        anew: bool = False,
    ) -> StoredArtifact:
        """Append `body` and return it, or the latest version when that has the same content and fingerprint.

        `anew`: append it in any case. Writers of one (asset, partition) are serialised, so that version numbers have no
        holes.
        """
        value = body.model_dump(mode="json")
        sha256 = content_hash(value)
        with self._database.session() as session:
            advisory_lock(session, f"{asset}\n{partition}")
            latest = session.scalars(_newest_first(asset, partition).limit(1)).first()
            if (
                latest is not None
                and latest.sha256 == sha256
                and fingerprint in (None, latest.fingerprint)
                and not anew
            ):
                return _stored(latest)
            row = Artifact(
                asset=asset, partition=partition, version=1 if latest is None else latest.version + 1, run_id=run_id,
                sha256=sha256, fingerprint=fingerprint, body=value,
            )  # fmt: skip
            session.add(row)
            session.flush()
            session.refresh(row, ["created_at"])
            return _stored(row, created=True)

    def get(self, asset: str, partition: str, model: type[M], version: int | None = None) -> M:
        """The value of `version`, or the latest. Raises `NotFound`."""
        query = _newest_first(asset, partition)
        if version is not None:
            query = query.where(Artifact.version == version)
        with self._database.session() as session:
            row = session.scalars(query.limit(1)).first()
        if row is None:
            wanted = "no value" if version is None else f"no version {version}"
            raise NotFound(
                f"there is {wanted} of {asset!r} for {partition!r}: run the stage first, or list the versions there are"
            )
        return model.model_validate(row.body)

    def by_id(self, id: int, model: type[M]) -> M:
        """The value with this number, whatever its version. Raises `NotFound`."""
        with self._database.session() as session:
            row = session.get(Artifact, id)
        if row is None:
            raise NotFound(f"there is no stored value {id}: list the versions there are")
        return model.model_validate(row.body)

    def latest(self, asset: str, partition: str) -> StoredArtifact | None:
        with self._database.session() as session:
            row = session.scalars(_newest_first(asset, partition).limit(1)).first()
            return None if row is None else _stored(row)

    def by_fingerprint(self, asset: str, partition: str, fingerprint: str) -> StoredArtifact | None:
        """The newest version that was made from the inputs with this `fingerprint`."""
        query = _newest_first(asset, partition).where(Artifact.fingerprint == fingerprint)
        with self._database.session() as session:
            row = session.scalars(query.limit(1)).first()
            return None if row is None else _stored(row)

    def versions(self, asset: str, partition: str) -> list[StoredArtifact]:
        """All versions, newest first."""
        with self._database.session() as session:
            return [_stored(row) for row in session.scalars(_newest_first(asset, partition))]


def content_hash(value: Any) -> str:
    """sha256 of the canonical JSON of `value`: keys sorted, no spaces, Unicode as it is, no NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def advisory_lock(session: Session | Connection, name: str, *, durable: bool = True) -> None:
    """Take the advisory lock `name` until the transaction ends; its commit waits for the disk if `durable`."""
    session.execute(_TURN if durable else _TURN_IN_MEMORY, {"name": name})


_LOCK = func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0))
_TURN = select(_LOCK)
_TURN_IN_MEMORY = select(_LOCK, WITHOUT_WAITING_FOR_THE_DISK)


def _newest_first(asset: str, partition: str) -> Select[Artifact]:
    return (
        select(Artifact)
        .where(Artifact.asset == asset, Artifact.partition == partition)
        .order_by(Artifact.version.desc())
    )


def _stored(row: Artifact, *, created: bool = False) -> StoredArtifact:
    return StoredArtifact(
        id=row.id, asset=row.asset, partition=row.partition, version=row.version, sha256=row.sha256,
        fingerprint=row.fingerprint, run_id=row.run_id, created_at=row.created_at, created=created,
    )  # fmt: skip

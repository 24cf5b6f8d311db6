"""Owns the inventory of the library: every file that was delivered, whether it can be searched, and why not if not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chapter_pipeline.operations.paths import FOLDER, INBOX
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.library import LibraryStore, NameRecord


class FileState(StrEnum):
    """What became of a delivered file."""

    STORED = "in the library"
    STALE = "stored by an earlier version"
    QUARANTINED = "quarantined"
    WAITING = "waiting"
    HALF_STORED = "half stored"
    FILE_GONE = "file gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryItem:
    """A file of the bucket, or of the record: its `state`, why it is not simply in the library, and what helps."""

    name: str
    state: FileState
    document: str | None = None
    why: str = ""
    remedy: str = ""


def inventory(*, library: LibraryStore, bucket: ObjectBucket, settings_hash: str) -> list[InventoryItem]:
    """All files of ``library/`` and ``inbox/``, and all on record, by name; nothing is opened.

    `settings_hash` is that of `redelivery.library_settings_hash`.
    """
    delivered = {entry.key for folder in (FOLDER, INBOX) for entry in bucket.entries(folder)}
    known = {record.name: record for record in library.names()}
    begun = library.drafts()
    return [
        _item(name, known.get(name), delivered=name in delivered, begun=name in begun, settings_hash=settings_hash)
        for name in sorted(delivered | known.keys() | begun)
        if not name.rpartition("/")[2].startswith(".")
    ]


def summary(items: Sequence[InventoryItem]) -> dict[FileState, int]:
    """How many files are in which state; states without a file are left out."""
    counts = Counter(item.state for item in items)
    return {state: counts[state] for state in FileState if counts[state]}


def _item(name: str, record: NameRecord | None, *, delivered: bool, begun: bool, settings_hash: str) -> InventoryItem:
    if record is None and begun:
        return InventoryItem(
            name=name, state=FileState.HALF_STORED, why="it is being stored, or its ingest was broken off",
            remedy="if no run is under way, ingest it again: what is stored is kept",
        )  # fmt: skip
    if record is None:
        return InventoryItem(
            name=name, state=FileState.WAITING, why="no run has looked at it yet",
            remedy="wait for the sensor new_documents, or materialize its partition",
        )  # fmt: skip
    if record.key is None:
        return InventoryItem(
            name=name, state=FileState.QUARANTINED, why=f"{record.reason}: {record.detail}",
            remedy="deliver it mended under the same name, or remove it",
        )  # fmt: skip
    if not delivered:
        return InventoryItem(
            name=name, state=FileState.FILE_GONE, document=record.key,
            why="its text can be found, and the file to check it against is not in the bucket",
            remedy="deliver the file again, or remove the document",
        )  # fmt: skip
    if record.settings_hash != settings_hash:
        return InventoryItem(
            name=name, state=FileState.STALE, document=record.key,
            why="it was read by another parser version, embedder or setting", remedy="ingest it again",
        )  # fmt: skip
    return InventoryItem(name=name, state=FileState.STORED, document=record.key)

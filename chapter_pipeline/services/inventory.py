"""Owns the inventory of the library: every file that was delivered, whether it can be searched, and why not if not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chapter_pipeline.documents.reasons import Reason
from chapter_pipeline.literature import REFERENCES
from chapter_pipeline.services.file_paths import FOLDER, INBOX, is_delivery
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.library import LibraryStore, NameRecord
from chapter_pipeline.storage.listing import Entry, Unusable


class FileState(StrEnum):
    """The state of a delivered file."""

    STORED = "in the library"
    STALE = "stored by an earlier version"
    QUARANTINED = "quarantined"
    WAITING = "waiting"
    HALF_STORED = "half stored"
    FILE_GONE = "file gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryItem:
    """A file of the bucket or of the record: its `state`, the reason for it, and the remedy."""

    name: str
    state: FileState
    document: str | None = None
    why: str = ""
    remedy: str = ""


def inventory(*, library: LibraryStore, bucket: ObjectBucket, settings_hash: str) -> list[InventoryItem]:
    """All files of ``library/`` and ``inbox/``, and all on record, by name; nothing is opened.

    Files there and in ``references/`` that cannot be objects of the bucket are included. `settings_hash` is that of
    `unchanged_files.library_settings_hash`.
    """
    listings = [bucket.listing(folder) for folder in (FOLDER, INBOX)]
    delivered = {entry.key: entry for listing in listings for entry in listing.entries}
    unusable = {
        one.name: _unusable(one) for listing in [*listings, bucket.listing(REFERENCES)] for one in listing.unusable
    }
    known = {record.name: record for record in library.names()}
    begun = library.drafts()
    items = {
        name: _item(name, known.get(name), delivered.get(name), begun=name in begun, settings_hash=settings_hash)
        for name in delivered.keys() | known.keys() | begun
    }
    items |= {name: item for name, item in unusable.items() if known.get(name) is None or known[name].key is None}
    return [items[name] for name in sorted(items) if is_delivery(name)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A file that is not in the library: its printable `name`, a stable `reason`, and a sentence for people."""

    name: str
    reason: str
    detail: str


def quarantined(*, library: LibraryStore, bucket: ObjectBucket) -> list[Quarantined]:
    """All refused files by name: those on record, and files of a local bucket that cannot be objects of it.

    An S3 bucket is not listed: it has no links, no pipes and no names that are not UTF-8.
    """
    found = {
        record.name: Quarantined(name=record.name, reason=record.reason or "", detail=record.detail or "")
        for record in library.names()
        if record.key is None
    }
    if bucket.folder is not None:
        for folder in (FOLDER, INBOX, REFERENCES):
            for one in bucket.listing(folder).unusable:
                if is_delivery(one.name):
                    found[one.name] = Quarantined(name=one.name, reason=Reason.UNREADABLE.value, detail=one.detail)
    return [found[name] for name in sorted(found)]


def summary(items: Sequence[InventoryItem]) -> dict[FileState, int]:
    """How many files are in which state; states without a file are left out."""
    counts = Counter(item.state for item in items)
    return {state: counts[state] for state in FileState if counts[state]}


def _unusable(one: Unusable) -> InventoryItem:
    return InventoryItem(
        name=one.name, state=FileState.QUARANTINED, why=f"{Reason.UNREADABLE.value}: {one.detail}",
        remedy="mend it where it lies, or take it away",
    )  # fmt: skip


def _item(
    name: str, record: NameRecord | None, entry: Entry | None, *, begun: bool, settings_hash: str
) -> InventoryItem:
    if record is None and begun:
        return InventoryItem(
            name=name, state=FileState.HALF_STORED, why="it is being stored, or its ingest was broken off",
            remedy="if no run is under way, ingest it again: what is stored is kept",
        )  # fmt: skip
    if record is None:
        return InventoryItem(
            name=name, state=FileState.WAITING, why="no run has stored or refused it yet", remedy=_to_have_it_taken(name),
        )  # fmt: skip
    if entry is not None and name.startswith(INBOX) and record.object_version not in {None, entry.version}:
        return InventoryItem(
            name=name, state=FileState.WAITING, document=record.key, why="it was changed since it was read",
            remedy=_to_have_it_taken(name),
        )  # fmt: skip
    if record.key is None:
        return InventoryItem(
            name=name, state=FileState.QUARANTINED, why=f"{record.reason}: {record.detail}",
            remedy="deliver it mended under the same name, or remove it",
        )  # fmt: skip
    if entry is None:
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


def _to_have_it_taken(name: str) -> str:
    if name.startswith(INBOX):
        return "wait for the sensor new_documents, or materialize its partition"
    return "ingest it again, or materialize its partition: no sensor looks here"

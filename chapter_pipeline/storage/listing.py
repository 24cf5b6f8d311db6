"""Owns the listing of a bucket: its objects, and the files of a local bucket that cannot be objects, with the reason.

A local bucket is a folder that people copy files into, so anything may lie there. The listing of `obstore` ends with an
error at the first name that is not UTF-8 or holds a control character and at a loop of links, follows links out of the
bucket, and says nothing of pipes and dangling links; hence this one.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chapter_pipeline.storage.keys import key_fault, printable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEING_PUT = re.compile(r"#\d+$")
"""The end of the name under which obstore writes an object before it moves it to its own name."""
_KINDS = {
    stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object of a listing. `etag` changes with the content where the store gives one.

    `delivered`: when it came under its key, where that is known to be later than `modified`.
    """

    key: str
    size_bytes: int
    modified: datetime
    etag: str | None
    delivered: datetime | None = None

    @property
    def version(self) -> str:
        """Changes whenever the object under the same key does."""
        return (self.etag or "").strip('"') or f"{self.size_bytes}-{self.modified.isoformat()}"

    @property
    def since(self) -> datetime:
        """Since when the object has been there as it is."""
        return self.modified if self.delivered is None else max(self.modified, self.delivered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A file that cannot be an object of the bucket: its printable `name`, and the reason."""

    name: str
    detail: str


@dataclass(slots=True)
class Listing:
    """Objects and unusable files under a prefix, each sorted by name."""

    entries: list[Entry] = field(default_factory=list)
    unusable: list[Unusable] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Take `entry` up by what its key is."""
        fault = key_fault(entry.key)
        if fault is None:
            self.entries.append(entry)
        else:
            self.refuse(entry.key, f"its name cannot be a bucket key: {fault}")

    def refuse(self, key: str, detail: str) -> None:
        """Add `key` to the unusable files."""
        shown = printable(key)
        # Only then is it not clear how to name the file to a shell.
        hint = "" if shown == key else " (bash: $'" + shown.replace("'", "\\'") + "')"
        self.unusable.append(Unusable(name=key if shown == key else shown, detail=detail + hint))

    def under(self, prefix: str) -> Listing:
        """What begins with `prefix`, sorted."""
        return Listing(
            sorted((one for one in self.entries if one.key.startswith(prefix)), key=lambda one: one.key),
            sorted((one for one in self.unusable if one.name.startswith(printable(prefix))), key=lambda one: one.name),
        )


def entry_of(key: str, found: os.stat_result) -> Entry:
    """The object that a local file is."""
    etag = f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"
    return Entry(
        key=key, size_bytes=found.st_size, modified=_time(found.st_mtime_ns), etag=etag,
        delivered=_time(max(found.st_mtime_ns, found.st_ctime_ns)),
    )  # fmt: skip


def list_folder(root: Path, folder: str) -> Listing:
    """All that lies below ``root/folder``; `folder` may be empty. Raises `OSError` when it is not a folder.

    Files are objects, also through a link to a file of the bucket. Links that lead out of it, to nothing or to a
    folder, pipes, sockets, devices, what may not be read, and a folder called ``x.pdf`` that holds no file are unusable.
    """
    listing = Listing()
    top = os.path.join(root, folder) if folder else str(root)
    inside = tuple({os.path.realpath(root), os.path.realpath(top)})
    try:
        os.stat(top)
    except FileNotFoundError:
        return listing
    with os.scandir(top):
        pass  # that the folder itself cannot be read is an error
    _walk(listing, top, f"{folder}/" if folder else "", inside)
    return listing


def _walk(listing: Listing, top: str, prefix: str, inside: tuple[str, ...]) -> None:
    pending = [(top, prefix)]
    while pending:
        path, key = pending.pop()
        empty = True
        try:
            with os.scandir(path) as found:
                for one in found:
                    empty = False
                    if one.is_dir(follow_symlinks=False):
                        pending.append((one.path, f"{key}{one.name}/"))
                    elif not _BEING_PUT.search(one.name):
                        _take(listing, one, key + one.name, inside)
        except FileNotFoundError:
            continue  # it went while we looked
        except OSError as error:
            listing.refuse(key.rstrip("/"), f"the folder cannot be read ({error.strerror}): check its rights and name")
        if empty and key != prefix and key.lower().endswith(".pdf/"):
            listing.refuse(key.rstrip("/"), "it is an empty folder, not a file: put the file itself there")


def _take(listing: Listing, one: os.DirEntry[str], key: str, inside: tuple[str, ...]) -> None:
    try:
        fault = _link_fault(one.path, inside) if one.is_symlink() else None
        found = None if fault else one.stat()
    except FileNotFoundError:
        return  # it went while we looked
    except OSError as error:
        fault, found = f"it cannot be read ({error.strerror}): put the file itself there", None
    fault = fault or file_fault(one.path, found)
    if fault or found is None:
        listing.refuse(key, fault or "")
    else:
        listing.add(entry_of(key, found))


def file_fault(path: str, found: os.stat_result | None) -> str | None:
    """Why `path`, with the state `found`, is not a readable file; None when it is one."""
    if found is None:
        return None
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        return f"it is {kind}, not a file: put the file itself there"
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        return "it may not be read: check its rights"
    return None


def _link_fault(path: str, inside: tuple[str, ...]) -> str | None:
    target = os.path.realpath(path)
    if not os.path.exists(path):
        return f"it is a link to {os.readlink(path)!r}, which is not there: put the file itself there"
    if not any(os.path.commonpath((target, folder)) == folder for folder in inside):
        return f"it is a link out of the bucket, to {target!r}: put the file itself there"
    if os.path.isdir(target):
        return f"it is a link to the folder {target!r}, which is not followed: put the files themselves there"
    return None


def _time(ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ns // 1000)

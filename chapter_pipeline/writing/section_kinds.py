"""Owns the record of section kinds: which sections can be assets, those of the package and those of authors' templates.

The record is a text file with one kind on a line. It is read when definitions load, without a database.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from chapter_pipeline.domain import ChapterKind, SectionKind
from chapter_pipeline.errors import UsageError
from chapter_pipeline.writing.templates import template

RECORD = "section_kinds.txt"
_LOCK = "section_kinds.lock"
_KIND: TypeAdapter[str] = TypeAdapter(SectionKind)


@cache
def packaged_kinds() -> tuple[str, ...]:
    """Every section kind of every packaged template, in the order of first mention."""
    return tuple(dict.fromkeys(section.kind for kind in ChapterKind for section in template(kind).sections))


def section_kinds(folder: Path) -> tuple[str, ...]:
    """The kinds of all section assets: the packaged ones, and those that are on record in `folder`.

    Raises `UsageError` when the record cannot be read, naming the line.
    """
    return tuple(dict.fromkeys([*packaged_kinds(), *_recorded(folder / RECORD)]))


def record_kinds(folder: Path, kinds: Sequence[str]) -> tuple[str, ...]:
    """Put section kinds on record that are not yet; those that are new. Definitions have them from their next load on.

    Safe to call from several processes at once. Raises `UsageError` when the record cannot be read or written.
    """
    if set(kinds) <= set(section_kinds(folder)):
        return ()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            known = section_kinds(folder)
            new = tuple(kind for kind in dict.fromkeys(kinds) if kind not in known)
            _replace(folder / RECORD, [*_recorded(folder / RECORD), *new])
    except OSError as error:
        raise UsageError(
            f"cannot put section kinds on record in {str(folder)!r} ({error.strerror}): make the folder writable, or set"
            " CHAPTER_TEMPLATES to another"
        ) from error
    return new


def _recorded(record: Path) -> list[str]:
    """The lines of the record; empty ones do not count."""
    try:
        lines = record.read_text("utf-8").split("\n")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(record, f"cannot be read as text ({error})") from error
    kinds = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            kinds.append(_KIND.validate_python(line.strip()))
        except ValidationError as error:
            raise _damaged(record, f"has in line {number} {line[:80]!r}, which is no section kind") from error
    return kinds


def _damaged(record: Path, what: str) -> UsageError:
    return UsageError(
        f"the record of section kinds {str(record)!r} {what}: correct the line or delete the file; `chapter-pipeline"
        " chapters write SLUG` puts the kinds of a chapter on record again"
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Wait until no other process changes the record; the kernel frees the lock with this process."""
    with (folder / _LOCK).open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _replace(record: Path, kinds: Sequence[str]) -> None:
    """Readers see the old record or the new one, never a part of it."""
    handle, name = tempfile.mkstemp(dir=record.parent, prefix=f".{record.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("".join(f"{kind}\n" for kind in kinds))
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, record)
    except BaseException:  # also on an interrupt: the partial file is removed, the error is raised again
        Path(name).unlink(missing_ok=True)
        raise

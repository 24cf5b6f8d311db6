"""Owns the resolution of a list of files and folders to the files of documents; it reads no document."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from chapter_pipeline.errors import UsageError
from chapter_pipeline.storage.keys import key_fault, printable
from chapter_pipeline.storage.listing import file_fault

SUFFIXES = (".pdf", ".nxml", ".xml")
"""Names of files that are taken from a folder; what they are is told by their content."""
FOLDER = "library/"
"""The bucket folder of files that the command line delivers."""
INBOX = "inbox/"
"""Where people and programs drop files into the bucket."""


def is_delivery(name: str) -> bool:
    """Whether an object is a delivery; hidden names are temporary files of programs (rsync, an editor)."""
    return not any(part.startswith(".") for part in name.split("/"))


def recorded_name(key: str) -> str:
    """The name under which `key` is on record: itself, or its printable form when it cannot be a bucket key."""
    return key if key_fault(key) is None else printable(key)


def shown(path: Path) -> str:
    """`path` for people and JSON: bytes that are not UTF-8 as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def expand(paths: Sequence[Path]) -> list[Path]:
    """Files as they are given, and all ``*.pdf``, ``*.nxml`` and ``*.xml`` below given folders, sorted and each once.

    One below a folder that is not a readable file is included: the ingest refuses it with a reason.
    Raises `UsageError` for a missing path, a folder without such files, or two different files of one name: the library
    knows a file by its name.
    """
    found: dict[str, Path] = {}
    for given in paths:
        if given.is_dir():
            files = _documents_below(given)
            if not files:
                raise UsageError(
                    f"the folder {str(given)!r} holds no *.pdf, *.nxml or *.xml: name another folder, or a file"
                )
        elif given.is_file():
            files = [given]
        else:
            raise UsageError(f"there is no file or folder {str(given)!r}: check the path")
        for path in files:
            other = found.setdefault(path.name, path)
            if other == path:
                continue
            if not (_is_readable(other) and _is_readable(path)):
                found[f"\0{path}"] = path  # they cannot be compared: the ingest reports each of them
            elif other.read_bytes() != path.read_bytes():
                raise UsageError(
                    f"{str(other)!r} and {str(path)!r} have one name and other content: rename one of them"
                )
    return list(found.values())


def _documents_below(folder: Path) -> list[Path]:
    found = [Path(path, name) for path, _, names in os.walk(folder) for name in names]
    return sorted(path for path in found if path.suffix.lower() in SUFFIXES)


def _is_readable(path: Path) -> bool:
    try:
        return file_fault(str(path), path.stat()) is None
    except OSError:
        return False

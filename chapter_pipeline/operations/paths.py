"""Owns what a person's list of files and folders means; it reads no document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chapter_pipeline.errors import UsageError

FOLDER = "library/"
"""Where files that the command line delivers lie in the bucket."""
INBOX = "inbox/"
"""Where people and programs drop files into the bucket."""


def expand(paths: Sequence[Path]) -> list[Path]:
    """Files as they are given, and all ``*.pdf`` below given folders, sorted and each once.

    Raises `UsageError` for a missing path, a folder without PDFs, or two different files of one name: the library
    knows a file by its name.
    """
    found: dict[str, Path] = {}
    for given in paths:
        if given.is_dir():
            files = sorted(path for path in given.rglob("*") if path.suffix.lower() == ".pdf" and path.is_file())
            if not files:
                raise UsageError(f"the folder {str(given)!r} holds no *.pdf: name another folder, or a file")
        elif given.is_file():
            files = [given]
        else:
            raise UsageError(f"there is no file or folder {str(given)!r}: check the path")
        for path in files:
            other = found.setdefault(path.name, path)
            if other != path and other.read_bytes() != path.read_bytes():
                raise UsageError(
                    f"{str(other)!r} and {str(path)!r} have one name and other content: rename one of them"
                )
    return list(found.values())

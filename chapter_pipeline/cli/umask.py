"""Owns the umask: what the program keeps is for its user alone, what a person asks to have written follows theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

PRIVATE = 0o077
_persons: list[int] = []


def be_private() -> None:
    """From here on, what this process and its children write is readable for its user alone."""
    _persons[:] = [os.umask(PRIVATE)]


@contextmanager
def of_the_person() -> Iterator[None]:
    """The umask that the person has set, for files that are theirs; unchanged where `be_private` was not called."""
    if not _persons:
        yield
        return
    private = os.umask(_persons[0])
    try:
        yield
    finally:
        os.umask(private)

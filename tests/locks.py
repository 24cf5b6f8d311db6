"""Owns making the program wait at a certain point: the test holds the lock that the program has to take there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chapter_pipeline.storage.artifacts import advisory_lock
from chapter_pipeline.storage.database import Database


@contextmanager
def document_waits(database: Database, path: Path) -> Iterator[None]:
    """While the block runs, the text of this file cannot be stored: whoever tries waits until its end."""
    with database.session() as session:
        advisory_lock(session, f"document\n{hashlib.sha256(path.read_bytes()).hexdigest()}")
        yield


@contextmanager
def stage_waits(database: Database, stage: str, slug: str) -> Iterator[None]:
    """While the block runs, no value of this stage can be stored for the chapter: whoever tries waits until its end."""
    with database.session() as session:
        advisory_lock(session, f"{stage}\n{slug}")
        yield

"""Owns the search for orphaned runs (unfinished, their process gone) in plain SQL, which takes a tenth of a second.

Dagster itself, which takes seconds to load, is needed only to report one.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import DAGSTER_DATABASE, Database

IN_PROCESS_TAG = "chapter_pipeline/in_process"
"""Tag of runs of the command line: the name of the advisory lock of its process, which is the run's id.

A re-execution from the Dagster UI copies the tag, with the id of the first run: it is no run of the command line.
"""
CODE_SERVER_TAG = ".dagster/grpc_info"
"""Tag of runs of a code server: the server's address."""
CONNECT_TIMEOUT_S = 1.0
_UNFINISHED = text(
    "SELECT tag.key, tag.value FROM runs JOIN run_tags AS tag USING (run_id)"
    " WHERE (tag.key = :in_process AND tag.value = runs.run_id"
    " AND runs.status IN ('NOT_STARTED', 'STARTING', 'STARTED', 'CANCELING'))"
    " OR (tag.key = :code_server AND runs.status IN ('STARTING', 'STARTED', 'CANCELING'))"
)


def has_orphans(database: Database, settings: Settings) -> bool:
    """Whether a run is unfinished on record and its process is gone. Raises `DatabaseUnavailable`.

    A run of a code server that answers is not counted: the daemon of that server monitors it.
    """
    with database.session() as session, _dagster(session, settings) as connection:
        if connection is None:
            return False
        wanted = {"in_process": IN_PROCESS_TAG, "code_server": CODE_SERVER_TAG}
        return any(
            not _listens(json.loads(value)) if key == CODE_SERVER_TAG else not is_held(session, value)
            for key, value in connection.execute(_UNFINISHED, wanted)
        )


def is_held(session: Session, name: str) -> bool:
    """Whether a process holds the advisory lock called `name`."""
    free = session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
    return not free


@contextmanager
def _dagster(session: Session, settings: Settings) -> Iterator[Connection | None]:
    """A connection to where Dagster keeps its runs; None when there are none yet."""
    ours = session.connection()
    if settings.database_url is not None:  # the same database
        yield ours if _has_runs(ours) else None
        return
    known = session.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": DAGSTER_DATABASE})
    if known is None:
        yield None
        return
    engine = create_engine(ours.engine.url.set(database=DAGSTER_DATABASE), poolclass=NullPool)
    with closing(engine.connect()) as theirs:
        yield theirs if _has_runs(theirs) else None


def _has_runs(connection: Connection) -> bool:
    return (
        connection.scalar(text("SELECT to_regclass('runs') IS NOT NULL AND to_regclass('run_tags') IS NOT NULL"))
        is True
    )


def _listens(where: dict[str, Any]) -> bool:
    try:
        if where.get("socket"):
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(CONNECT_TIMEOUT_S)
                probe.connect(where["socket"])
        else:
            socket.create_connection((where["host"], where["port"]), CONNECT_TIMEOUT_S).close()
    except OSError:
        return False
    return True

"""Owns scratch schemas: temporary copies of the tables in the same database, for a measurement."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import Base

PREFIX = "scratch_"


@contextmanager
def scratch_schema(database: Database) -> Iterator[Database]:
    """A `Database` whose tables are empty and its own; dropped at the end, also when the block raises.

    Scratch schemas of killed processes are dropped by the next user: a running process holds an advisory lock.
    """
    schema = f"{PREFIX}{uuid.uuid4().hex[:12]}"
    with database.engine.connect() as guard:
        guard = guard.execution_options(isolation_level="AUTOCOMMIT")
        for name in guard.scalars(
            text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :prefix)"), {"prefix": PREFIX}
        ).all():
            if guard.scalar(text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"), {"name": name}):
                guard.execute(text(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'))
                guard.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": name})
        guard.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), {"name": schema})
        guard.execute(text(f'CREATE SCHEMA "{schema}"'))
        scratch = database.in_schema(schema)
        try:
            # Not "if missing": the search path would find the real tables and make none.
            Base.metadata.create_all(scratch.engine, checkfirst=False)
            yield scratch
        finally:
            scratch.close()
            guard.execute(text(f'DROP SCHEMA "{schema}" CASCADE'))
            guard.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": schema})

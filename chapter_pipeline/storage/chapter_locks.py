"""Owns the locks of chapters: one run or command writes a chapter at a time, over all processes of the database.

A lock is a session lock on a connection of its own; PostgreSQL releases it when the process ends, however that happens.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from chapter_pipeline.errors import DatabaseUnavailable, UsageError
from chapter_pipeline.storage.database import Database

WAIT_S = 2.0
"""Longest wait for a lock: a run that is over gives its lock back a moment later."""
RUN, COMMAND = "chapter run ", "chapter command"
"""What the connection of a holder is called, so that others can name it: a run by its id, a command before its run."""
_NO_LOCK_WITHIN_THE_TIME = "55P03"
_NAMED = text("SELECT set_config('application_name', :name, false)")
_WAITING = text("SELECT set_config('lock_timeout', :milliseconds, false)")
_TAKE = text("SELECT pg_advisory_lock(hashtextextended(:lock, 0))")
_GIVE = text("SELECT pg_advisory_unlock(hashtextextended(:lock, 0))")
_HOLDER = text(
    "SELECT holder.application_name FROM pg_locks JOIN pg_stat_activity AS holder USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(:lock, 0)"
)


@dataclass(slots=True, kw_only=True)
class _Held:
    connection: Connection
    thread: int


class ChapterLocks:
    """The locks that this process holds. For several threads; a thread may take a lock that it holds once more."""

    def __init__(self, database: Database, *, wait_s: float | None = None) -> None:
        self._database = database
        self._wait_s = WAIT_S if wait_s is None else wait_s
        self._turn = threading.Lock()
        self._held: dict[str, _Held] = {}

    @contextmanager
    def held(self, slug: str, *, run_id: str | None = None) -> Iterator[None]:
        """Hold the lock of the chapter `slug` for the run `run_id`, or for a command that starts runs.

        Another process of the same run is let in. Raises `UsageError` naming the run that writes the chapter,
        `DatabaseUnavailable`.
        """
        connection = None if self._again(slug, run_id) else self._taken(slug, run_id)
        if connection is None:
            yield
            return
        self._held[slug] = _Held(connection=connection, thread=threading.get_ident())
        try:
            yield
        finally:
            del self._held[slug]
            self._give(connection, slug)

    def _again(self, slug: str, run_id: str | None) -> bool:
        """Whether this thread holds the lock already; the run `run_id` is then the one that others are told."""
        with self._turn:
            held = self._held.get(slug)
            if held is None or held.thread != threading.get_ident():
                return False
            if run_id is not None:
                with self._database.unavailable_is_transient():
                    held.connection.execute(_NAMED, {"name": RUN + run_id})
            return True

    def _taken(self, slug: str, run_id: str | None) -> Connection | None:
        """A connection that holds the lock; None when another process of the same run does. Raises as `held`."""
        with self._database.unavailable_is_transient():
            connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # a run of hours takes no place in the pool
        try:
            with self._database.unavailable_is_transient():
                connection.execute(_NAMED, {"name": COMMAND if run_id is None else RUN + run_id})
                connection.execute(_WAITING, {"milliseconds": f"{self._wait_s * 1000:.0f}"})
                try:
                    connection.execute(_TAKE, {"lock": _name(slug)})
                except DBAPIError as error:
                    if getattr(error.orig, "sqlstate", None) != _NO_LOCK_WITHIN_THE_TIME:
                        raise
                    holder = connection.scalar(_HOLDER, {"lock": _name(slug)}) or COMMAND
                else:
                    return connection
        except BaseException:  # an interruption too: nobody else can close a detached connection
            connection.close()
            raise
        connection.close()
        if run_id is not None and holder == RUN + run_id:
            return None
        who = f"run {holder.removeprefix(RUN)}" if holder.startswith(RUN) else "another command"
        raise UsageError(f"chapter {slug!r} is being written by {who}: wait for it, or cancel it")

    def _give(self, connection: Connection, slug: str) -> None:
        try:
            with suppress(DatabaseUnavailable), self._database.unavailable_is_transient():
                connection.execute(_GIVE, {"lock": _name(slug)})
        finally:
            connection.close()


def _name(slug: str) -> str:
    return f"writing\n{slug}"

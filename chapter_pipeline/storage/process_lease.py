"""Owns the lease of a process in the database: a session lock that PostgreSQL releases when the process ends."""

from __future__ import annotations

import os
import secrets
import threading
import time
from functools import cache
from typing import Any

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError

from chapter_pipeline.storage.database import Database

LEASE = 0x43505052  # any fixed number: the class of the locks that say who lives
SEEN_S = 1.0
_LIVE = text(
    "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = :lease AND objsubid = 2"
    " AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_MARK = text("SELECT pg_try_advisory_lock(:lease, :owner)")


@cache
def _built(statement: str) -> TextClause:
    return text(statement)


class ProcessLease:
    """One connection of this process, open for its lifetime, that holds its session locks. For several threads.

    `owner` is the number of this process for others. It stays when the connection is lost, and changes after a fork.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._owner = 0
        self._marked = False
        self._connections = 0
        self._pid = 0
        self._seen_at = -SEEN_S

    @property
    def owner(self) -> int:
        """This process's number, after making sure, once a second, that the others see it.

        Raises `DatabaseUnavailable`.
        """
        with self._lock:
            if self._pid != os.getpid() or time.monotonic() - self._seen_at > SEEN_S:
                self.execute("SELECT 1")
                self._mark()
            return self._owner

    def live_owners(self, connection: Connection) -> frozenset[int]:
        """The numbers of all processes that live now."""
        return frozenset(connection.scalars(_LIVE, {"lease": LEASE}))

    def execute(self, statement: str, **values: Any) -> Any:
        """Run a statement on the connection and return its first value. What locks it takes, the process holds.

        Raises `DatabaseUnavailable`. When the connection was lost meanwhile, so were its locks: the statement runs on a
        new one.
        """
        with self._lock, self._database.unavailable_is_transient():
            if self._connection is not None and self._pid == os.getpid():
                try:
                    value = self._connection.execute(_built(statement), values).scalar()
                    self._seen_at = time.monotonic()
                    return value
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
            value = self._opened().execute(_built(statement), values).scalar()
            self._seen_at = time.monotonic()
            return value

    @property
    def generation(self) -> int:
        """Changes when the connection, and with it every lock, was lost."""
        return self._connections

    def close(self) -> None:
        """Give all locks back."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.invalidate()
                self._connection.close()
            self._connection = None
            self._marked = False
            self._seen_at = -SEEN_S

    def _opened(self) -> Connection:
        # A forked child must not use or close its parent's connection.
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if self._pid != os.getpid():
            self._owner = secrets.randbelow(2**31 - 1) + 1
        self._connection, self._pid, self._marked = connection, os.getpid(), False
        self._connections += 1
        self._mark()
        return connection

    def _mark(self) -> None:
        """Hold the lock that says that this process lives.

        The server may still hold it for a connection that was lost: so long it says what it should, and it is asked for
        again when the process looks the next time.
        """
        if not self._marked and self._connection is not None:
            values = {"lease": LEASE, "owner": self._owner}
            self._marked = bool(self._connection.execute(_MARK, values).scalar())

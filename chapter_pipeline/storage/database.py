"""Owns the connections to PostgreSQL: address, pool, sessions, health and schema version; it knows no table."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from chapter_pipeline.errors import DatabaseRefused, DatabaseUnavailable
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.address import given_url, place_of
from chapter_pipeline.storage.embedded import EmbeddedServer, embedded_server
from chapter_pipeline.storage.home import close_home
from chapter_pipeline.storage.refusals import explained

DATABASE = "chapter_pipeline"
DAGSTER_DATABASE = "dagster"
WITHOUT_WAITING_FOR_THE_DISK = func.set_config("synchronous_commit", "off", True)
"""Selected in a transaction: its commit does not wait for the disk, so that others do not wait for its locks. A crash of
the server within a second may undo it; whatever is committed later and does wait brings it to the disk as well."""
CONNECT_TIMEOUT_S = 10

# The vector search asks for up to 200 neighbours and filters them: the index goes on until it has found as many
# (pgvector 0.8). Set when a connection is made, so that a search is one statement.
# jit: compiling costs more than any of our queries takes.
SESSION_SETTINGS = {
    "hnsw.ef_search": "200",
    "hnsw.iterative_scan": "strict_order",
    "jit": "off",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What `Database.health_check` found; `detail` says in words why `ok` is false."""

    ok: bool
    server_version: str | None = None
    pgvector_version: str | None = None
    migration: str | None = None
    latency_ms: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStatus:
    """`size` connections are kept; `overflow` more are open now; `checked_out` are in use."""

    size: int
    checked_out: int
    overflow: int


class Database:
    """Sessions on the project's PostgreSQL. Thread-safe; one per process is enough."""

    def __init__(
        self, url: URL, settings: Settings, *, server: EmbeddedServer | None = None, schema: str | None = None
    ) -> None:
        self.url = url
        self.settings = settings
        self.schema = schema
        self._server = server
        self.engine = self._make_engine()

    @classmethod
    def open(cls, settings: Settings) -> Database:
        """The database of `settings`: the given one, or the embedded one, started and created when needed.

        Call `migrate` before the first use. Raises `UsageError` for an unusable address, `DatabaseUnavailable` when
        the embedded server does not start. A given server is not contacted before the first session.
        """
        if settings.database_url is not None:
            close_home(settings.home)
            return cls(given_url(settings), settings)
        server = embedded_server(settings.home)
        server.create_database(DATABASE)
        return cls(make_url(server.url(DATABASE, "psycopg")), settings, server=server)

    def in_schema(self, schema: str) -> Database:
        """The same database with another schema in front of the search path."""
        return Database(self.url, self.settings, server=self._server, schema=schema)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: committed at the end of the block, rolled back when it raises.

        Raises `DatabaseUnavailable` when there is no connection, or the server breaks off the transaction,
        `DatabaseRefused` when the server does not let us in or do it: the password, the role, the rights.
        """
        with self.unavailable_is_transient(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A transaction as `session`, without objects: half its cost, for what runs with every call to a provider."""
        with self.unavailable_is_transient(), self.engine.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the schema to the newest revision; several processes may call it at once.

        Raises `DatabaseRefused` when the extension cannot be had, or a newer program has written the schema.
        """
        from chapter_pipeline.storage.migrate import upgrade

        with self.unavailable_is_transient():
            upgrade(self.engine)

    def health_check(self) -> Health:
        """Ask the server for its versions; never raises, `detail` describes a failure."""
        from chapter_pipeline.storage.migrate import current_revision, newest_revision, require_known

        started = time.perf_counter()
        try:
            with self.session() as session:
                server_version = session.scalar(text("SHOW server_version"))
                latency_ms = (time.perf_counter() - started) * 1000
                vector = session.scalar(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
                migration = current_revision(session.connection())
                require_known(migration)
        except (DatabaseUnavailable, DatabaseRefused) as error:
            return Health(ok=False, detail=str(error))
        detail = ""
        if migration != newest_revision():
            detail = f"the schema is at revision {migration!r}, the program needs {newest_revision()!r}: run migrations"
        return Health(
            ok=not detail, server_version=server_version, pgvector_version=vector, migration=migration,
            latency_ms=latency_ms, detail=detail,
        )  # fmt: skip

    def pool_status(self) -> PoolStatus:
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)
        return PoolStatus(size=pool.size(), checked_out=pool.checkedout(), overflow=max(pool.overflow(), 0))

    def close(self) -> None:
        """Close the connections. The embedded server stops when the last process that uses it ends."""
        self.engine.dispose()

    def _make_engine(self) -> Engine:
        settings = self.settings
        engine = create_engine(
            self.url,
            poolclass=QueuePool,
            pool_size=settings.pool_size,
            max_overflow=settings.pool_overflow,
            pool_timeout=settings.pool_timeout_s,
            pool_recycle=settings.pool_recycle_s,
            pool_pre_ping=True,
            hide_parameters=True,  # source text and passwords stay out of messages
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "chapter_pipeline"},
        )
        event.listen(engine, "connect", self._prepare_connection)
        if self._server is not None:
            event.listen(engine, "do_connect", self._wake_server)
        return engine

    def _wake_server(self, *_args: Any) -> None:
        """Start the embedded server again, should it have died under us; SQLAlchemy then connects as usual."""
        assert self._server is not None
        self._server.start()

    def _prepare_connection(self, connection: Any, _record: Any) -> None:
        wanted = dict(SESSION_SETTINGS)
        if self.schema is not None:
            wanted["search_path"] = f'"{self.schema}", public'
        columns = ", ".join(["set_config(%s, %s, false)"] * len(wanted))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns}", [part for item in wanted.items() for part in item])
        connection.commit()

    @contextmanager
    def unavailable_is_transient(self) -> Iterator[None]:
        """Convert errors of the server in the block to `DatabaseUnavailable` or `DatabaseRefused`."""
        place = place_of(self.url)
        try:
            yield
        except PoolTimeout as error:
            raise DatabaseUnavailable(
                f"all {self.settings.pool_size + self.settings.pool_overflow} connections to {place} were in use for"
                f" {self.settings.pool_timeout_s:g} s: try again, or raise CHAPTER_POOL_SIZE"
            ) from error
        except DBAPIError as error:
            interrupted = _interruption(error)
            if interrupted is not None:
                raise interrupted from None
            converted = explained(error, self.url, place)
            if converted is None:  # a matter of the statement, such as a broken constraint
                raise
            raise converted from error


def _interruption(error: BaseException) -> BaseException | None:
    """The interruption that caused `error`: a connection interrupted in its work cannot roll back."""
    before: BaseException | None = error
    while before is not None:
        if not isinstance(before, Exception):
            return before
        before = before.__cause__ or before.__context__
    return None


def dagster_database_url(settings: Settings) -> str:
    """The address for Dagster's own tables, for psycopg2 (dagster-postgres does not work with psycopg 3).

    Embedded: a database of its own in the same server. Given: the given database; the table names do not clash.
    """
    if settings.database_url is not None:
        return given_url(settings).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    server = embedded_server(settings.home)
    server.create_database(DAGSTER_DATABASE)
    return server.url(DAGSTER_DATABASE, "psycopg2")

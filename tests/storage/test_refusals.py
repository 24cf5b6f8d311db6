"""Refusals of a real PostgreSQL server: each is one line of its own with the remedy that fits, and shows no password."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import URL, text

from chapter_pipeline.errors import ChapterPipelineError, DatabaseRefused, DatabaseUnavailable, UsageError
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage import migrate
from chapter_pipeline.storage.address import place_of
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.embedded import EmbeddedServer
from tests.events import PATIENCE_S

ROLES = """
local all postgres trust
local all absent trust
local all author scram-sha-256
local all crowded trust
local all guest trust
"""
SETUP = (
    "CREATE ROLE author LOGIN PASSWORD 'sesame'",
    "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0",
    "CREATE ROLE guest LOGIN",
    "CREATE ROLE stranger LOGIN",
    "CREATE DATABASE book",
    "CREATE DATABASE without_pgvector",
    "ALTER DATABASE without_pgvector SET extension_control_path = '/nowhere'",
    "CREATE DATABASE replica",
    "ALTER DATABASE replica SET default_transaction_read_only = on",
    "CREATE DATABASE closed",
    "REVOKE CONNECT ON DATABASE closed FROM PUBLIC",
)


@pytest.fixture(scope="module")
def strict() -> Iterator[EmbeddedServer]:
    """A server of this module alone, with passwords, roles and databases to be refused by."""
    home = Path(tempfile.mkdtemp(prefix="chapter-refusals-"))
    server = EmbeddedServer(home / "postgres")
    server.start()
    with psycopg.connect(server.connection_string("postgres"), autocommit=True) as connection:
        for statement in SETUP:
            connection.execute(statement.encode())
        (server.folder / "pg_hba.conf").write_text(ROLES)
        connection.execute("SELECT pg_reload_conf()")
    yield server
    server.release()
    shutil.rmtree(home)


class Refused(NamedTuple):
    user: str
    password: str | None
    database: str
    error: type[ChapterPipelineError]
    what: str
    remedy: str


CASES = {
    "wrong password": Refused(
        "author", "wrong-sesame", "book", DatabaseRefused, "refuses the user 'author' with this password",
        "set CHAPTER_DATABASE_URL to the right user and password",
    ),
    "no password": Refused(
        "author", None, "book", DatabaseRefused, "wants a password for the user 'author'",
        "postgresql://user:password@host/db",
    ),
    "no such role": Refused(
        "absent", "wrong-sesame", "book", DatabaseRefused, "has no role 'absent'", "create it there with CREATE ROLE"
    ),
    "no line in pg_hba.conf": Refused(
        "stranger", "wrong-sesame", "book", DatabaseRefused, "does not admit the user 'stranger' from here",
        "add a line for it to pg_hba.conf",
    ),
    "no such database": Refused(
        "guest", None, "nowhere", DatabaseRefused, "has no database 'nowhere'", "create it there with CREATE DATABASE"
    ),
    "no right to connect": Refused(
        "guest", None, "closed", DatabaseRefused, "does not let the user 'guest' do this", "have its administrator GRANT"
    ),
    "no connection left": Refused(
        "crowded", None, "book", DatabaseUnavailable, "has no connection left", "raise max_connections there"
    ),
    "extension not on the server": Refused(
        "postgres", None, "without_pgvector", DatabaseRefused, "does not have the extension 'vector'",
        "install pgvector on its machine",
    ),
    "extension not for this user": Refused(
        "guest", None, "book", DatabaseRefused, "its user may not create it", "CREATE EXTENSION vector"
    ),
    "read-only": Refused(
        "postgres", None, "replica", DatabaseRefused, "only lets us read", "name the primary server"
    ),
}  # fmt: skip


def _opened(server: EmbeddedServer, user: str, password: str | None, database: str, **query: str) -> Database:
    address = URL.create("postgresql", user, password, database=database, query={"host": str(server.folder), **query})
    return Database.open(Settings(database_url=SecretStr(address.render_as_string(hide_password=False))))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_migrate__server_refuses__says_what_and_the_remedy_that_fits(strict: EmbeddedServer, case: Refused) -> None:
    database = _opened(strict, case.user, case.password, case.database)
    with pytest.raises(case.error) as raised:
        database.migrate()
    assert type(raised.value) is case.error
    assert case.what in str(raised.value)
    assert case.remedy in (raised.value.remedy or "")
    assert "sesame" not in str(raised.value)
    health = database.health_check()
    assert health.ok is False
    database.close()


@contextmanager
def _forwarded(server: EmbeddedServer) -> Iterator[int]:
    """A port of the loopback interface that leads to the server's socket, which speaks no TLS."""

    ends: list[socket.socket] = []
    pumps: list[threading.Thread] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(str(server.folder / ".s.PGSQL.5432"))
            ends.extend((client, upstream))
            for pair in ((client, upstream), (upstream, client)):
                pumps.append(threading.Thread(target=pump, args=pair, daemon=True))
                pumps[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        for thread in (acceptor, *pumps):
            thread.join(PATIENCE_S)
    for end in ends:
        end.close()


@pytest.mark.parametrize(
    ("sslmode", "what", "remedy"),
    [
        ("require", "we agree on no TLS connection", "switch TLS on at the server"),
        ("disable", "does not admit the user 'stranger' without TLS", "sslmode=require instead of sslmode=disable"),
        ("prefer", "does not admit the user 'stranger' from here", "pg_hba.conf"),
    ],
)
def test_session__tls_is_not_as_wanted__says_so(strict: EmbeddedServer, sslmode: str, what: str, remedy: str) -> None:
    with _forwarded(strict) as port:
        url = SecretStr(f"postgresql://stranger:sesame@127.0.0.1:{port}/book?sslmode={sslmode}")
        database = Database.open(Settings(database_url=url))
        with pytest.raises(DatabaseRefused, match=what) as raised, database.session() as session:
            session.execute(text("SELECT 1"))
        database.close()
    assert remedy in str(raised.value)
    assert "sesame" not in str(raised.value)


def test_session__name_of_no_machine__says_so() -> None:
    database = Database.open(Settings(database_url=SecretStr("postgresql://author:sesame@nowhere.invalid/book")))
    with pytest.raises(DatabaseUnavailable, match=r"no machine is known by the name 'nowhere\.invalid'"):
        database.migrate()


def test_session__parameter_that_libpq_does_not_know__is_refused_without_showing_it() -> None:
    database = Database.open(Settings(database_url=SecretStr("postgresql://author@127.0.0.1:1/book?passwort=sesame")))
    with pytest.raises(DatabaseRefused, match="has a parameter after its '\\?'") as raised:
        database.migrate()
    assert "sesame" not in str(raised.value)


def test_session__no_right_to_a_table__is_refused(database: Database) -> None:
    with pytest.raises(DatabaseRefused, match="does not let the user"), database.session() as session:
        session.execute(text("SET LOCAL ROLE pg_monitor; SELECT * FROM documents"))


def test_migrate__newer_schema__is_refused_and_left_as_it_is(database: Database) -> None:
    with database.session() as session:
        session.execute(text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9001'"))
    with pytest.raises(DatabaseRefused, match=r"a newer chapter_pipeline has .*'9001'") as raised:
        database.migrate()
    assert "upgrade the program" in str(raised.value)
    health = database.health_check()
    assert (health.ok, health.detail) == (False, str(raised.value))
    with database.session() as session:
        assert migrate.current_revision(session.connection()) == "9001"


AMBIGUOUS = [
    "postgresql://user:pa@sesame/barley@host/db",
    "postgresql://user:sesame/word@host/db",
    "postgresql://user:sesame#1@host/db",
    "postgresql://user:sesame?1@host/db",
    "postgresql://user:se@same@host/db",
    "postgresql://user:sesame%1@host/db",
    "postgresql://user:sesame[@host/db",
    "postgresql://user:sesame 1@host/db",
    "postgresql://host/db?password=sesame@1",
    "postgresql://user:sesame@",
    "postgres://user:pa@sesame@host/db",
]


@pytest.mark.parametrize("url", AMBIGUOUS)
def test_open__unescaped_character__is_refused_with_nothing_shown(url: str) -> None:
    with pytest.raises(UsageError, match="percent-encode") as raised:
        Database.open(Settings(database_url=SecretStr(url)))
    told = str(raised.value)
    assert not any(part in told for part in ("sesame", "barley", "pa@"))
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:p%40ss%2Fw@host:5433/db", "host:5433/db"),
        ("postgresql://u:p:ss!$&'()*+,;=~@host/db?sslmode=require", "host/db"),
        ("postgresql://u@[::1]:5433/db", "::1:5433/db"),
        ("postgresql://u:p@/db?host=/var/run/postgresql", "/var/run/postgresql/db"),
        ("postgresql://host/db", "host/db"),
        ("postgresql://host:1/u:sesame", "host:1/(not shown)"),
    ],
)
def test_open__escaped_address__is_read_as_meant(url: str, place: str) -> None:
    assert place_of(Database.open(Settings(database_url=SecretStr(url))).url) == place

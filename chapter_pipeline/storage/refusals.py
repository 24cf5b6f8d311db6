"""Owns the classification of PostgreSQL errors by SQLSTATE, each with its message and remedy.

The text of an error is not used: it is in the server's language. psycopg keeps no SQLSTATE of a failed connection, so a
second attempt is made and the code is read from libpq's trace, which is written to an unnamed file.
"""

from __future__ import annotations

import re
import select
import socket
import tempfile
import time
from dataclasses import dataclass
from os import dup

import psycopg
from psycopg import pq
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from chapter_pipeline.errors import ChapterPipelineError, DatabaseRefused, DatabaseUnavailable

VARIABLE = "CHAPTER_DATABASE_URL"
ASK_AGAIN_S = 5.0
_CODE = re.compile(rb'ErrorResponse\t.*? C "(?P<state>[0-9A-Z]{5})"')
_ROUTINE = re.compile(rb'.* R "(?P<routine>\w+)"')
_UNKNOWN_ROLE = "InitializeSessionUserId"
"""The function of the server that finds no role: 28000 is the code of that and of a line missing in pg_hba.conf."""

PASSING: dict[str, tuple[str, str]] = {
    "53100": ("has no disk space left", "free some on its machine, then try again"),
    "53200": ("has no memory left", "free some on its machine, then try again"),
    "53300": ("has no connection left", "wait or close other programs, or raise max_connections there"),
    "57P01": ("was shut down or ended our connection", "try again once it runs"),
    "57P02": ("crashed and is starting again", "try again in a moment"),
    "57P03": ("is starting or shutting down", "try again in a moment"),
}
"""Errors that pass without any change on our side, by SQLSTATE: what the server does, and the remedy."""
LASTING: dict[str, tuple[str, str]] = {
    "25006": ("only lets us read", f"name the primary server in {VARIABLE}, not a replica or a read-only database"),
    "28P01": ("refuses the user {user!r} with this password", f"set {VARIABLE} to the right user and password"),
    "3D000": (
        "has no database {database!r}",
        f"create it there with CREATE DATABASE, or name another one in {VARIABLE}",
    ),
    "42501": (
        "does not let the user {user!r} do this ({reason})",
        "have its administrator GRANT it, or make that user the database's owner",
    ),
}
"""Errors that stay until something is changed."""
NO_PASSWORD = (
    "wants a password for the user {user!r}",
    f"write it into {VARIABLE}: postgresql://user:password@host/db",
)
NO_ROLE = ("has no role {user!r}", f"create it there with CREATE ROLE, or name another user in {VARIABLE}")
NOT_ADMITTED = (
    "does not admit the user {user!r} from here ({reason})",
    "have its administrator add a line for it to pg_hba.conf",
)
WITHOUT_TLS = (
    "does not admit the user {user!r} without TLS ({reason})",
    f"write sslmode=require instead of sslmode=disable in {VARIABLE}",
)
NO_TLS = (
    "and we agree on no TLS connection ({reason})",
    f"switch TLS on at the server, or choose another sslmode and sslrootcert in {VARIABLE}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How an attempt to connect ended: the server's SQLSTATE and the function that raised it, if it said so."""

    sqlstate: str | None = None
    routine: str | None = None
    needs_password: bool = False
    stopped_at_tls: bool = False


def explained(error: DBAPIError, url: URL, place: str) -> ChapterPipelineError | None:
    """The exception of this project for `error` of the database at `place`; None when the statement is at fault."""
    raised = error.orig
    state: str | None = getattr(raised, "sqlstate", None)
    broken = isinstance(raised, psycopg.OperationalError | psycopg.InterfaceError)
    if state is None and not broken:
        return _unusable_parameter(place) if _has_unknown_parameter(url) else None
    start = Start(sqlstate=state) if state is not None or not _worth_asking(raised) else asked_again(url)
    if (lasting := _lasting(start, url)) is not None:
        return DatabaseRefused(*_filled(lasting, url, place, raised))
    if start.sqlstate in PASSING:
        return DatabaseUnavailable(*_filled(PASSING[start.sqlstate], url, place, raised))
    return _unreachable(raised, url, place) if broken else None


def asked_again(url: URL) -> Start:
    """Connect once more and read in libpq's trace why the server refuses; nothing is known when it lets us in."""
    _, arguments = url.get_dialect()().create_connect_args(url)
    attempt = pq.PGconn.connect_start(psycopg.conninfo.make_conninfo("", **arguments).encode())
    with tempfile.TemporaryFile() as file:
        try:
            if attempt.status != pq.ConnStatus.BAD:
                attempt.trace(dup(file.fileno()))
                _connect(attempt)
                attempt.untrace()
            needs_password = bool(attempt.needs_password)
        finally:
            attempt.finish()
        file.seek(0)
        return _read(file.read(), needs_password=needs_password)


def _connect(attempt: pq.abc.PGconn) -> None:
    """Go on with `attempt` until it has ended or `ASK_AGAIN_S` have passed."""
    deadline = time.monotonic() + ASK_AGAIN_S
    state = pq.PollingStatus.WRITING
    while state in (pq.PollingStatus.READING, pq.PollingStatus.WRITING) and time.monotonic() < deadline:
        ready = select.poll()
        ready.register(attempt.socket, select.POLLIN if state is pq.PollingStatus.READING else select.POLLOUT)
        ready.poll(ASK_AGAIN_S * 1000)
        state = pq.PollingStatus(attempt.connect_poll())


def _read(trace: bytes, *, needs_password: bool) -> Start:
    code = next(iter(reversed(list(_CODE.finditer(trace)))), None)
    routine = None if code is None else _ROUTINE.match(trace, code.end())
    return Start(
        sqlstate=None if code is None else code["state"].decode(),
        routine=None if routine is None else routine["routine"].decode(),
        needs_password=needs_password,
        stopped_at_tls=b"SSLRequest" in trace and b"StartupMessage" not in trace,
    )


def _lasting(start: Start, url: URL) -> tuple[str, str] | None:
    """What is wrong until something is changed; None when nothing like that was said."""
    if start.needs_password and start.sqlstate is None:
        return NO_PASSWORD
    if start.sqlstate == "28000":
        if start.routine == _UNKNOWN_ROLE:
            return NO_ROLE
        return WITHOUT_TLS if url.query.get("sslmode") == "disable" else NOT_ADMITTED
    if start.sqlstate is None:
        return NO_TLS if start.stopped_at_tls else None
    return LASTING.get(start.sqlstate)


def _filled(known: tuple[str, str], url: URL, place: str, raised: BaseException | None) -> tuple[str, str]:
    what, remedy = known
    text = what.format(user=url.username or "", database=url.database or "", reason=_reason(raised))
    return f"the database server at {place} {text}", remedy


def _worth_asking(raised: BaseException | None) -> bool:
    """False when no server answered: the name is unknown, or the time is up."""
    return not isinstance(raised, psycopg.errors.ConnectionTimeout) and getattr(raised, "pgconn", None) is not None


def _unreachable(raised: BaseException | None, url: URL, place: str) -> DatabaseUnavailable:
    if getattr(raised, "pgconn", None) is None and not _known_host(url):
        return DatabaseUnavailable(
            f"the database at {place} did not answer: no machine is known by the name {url.host!r}",
            f"correct the name in {VARIABLE}, or look at this machine's network",
        )
    return DatabaseUnavailable(
        f"the database at {place} did not answer ({_reason(raised)})",
        f"check that it runs and that {VARIABLE} is right, then try again",
    )


def _has_unknown_parameter(url: URL) -> bool:
    """Whether libpq refuses the address itself; asked of libpq, for psycopg raises the same of other mistakes."""
    _, arguments = url.get_dialect()().create_connect_args(url)
    try:
        psycopg.conninfo.make_conninfo("", **arguments)
    except psycopg.ProgrammingError:
        return True
    return False


def _unusable_parameter(place: str) -> DatabaseRefused:
    return DatabaseRefused(
        f"{VARIABLE}, an address at {place}, has a parameter after its '?' that PostgreSQL does not know",
        "use only parameters of libpq, such as sslmode=require",
    )


def _known_host(url: URL) -> bool:
    if not url.host:
        return True
    try:
        socket.getaddrinfo(url.host, url.port or 5432)
    except (OSError, UnicodeError):
        return False
    return True


def _reason(raised: BaseException | None) -> str:
    """The first line of what the driver says, in the server's language."""
    return next(iter(str(raised).strip().splitlines()), type(raised).__name__)

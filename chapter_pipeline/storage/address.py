"""Owns the parsing of CHAPTER_DATABASE_URL, and its form in messages, which never contains a password."""

from __future__ import annotations

import re

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from chapter_pipeline.errors import UsageError
from chapter_pipeline.settings import Settings

FORM = "postgresql://user:password@host:5432/database"
_ESCAPES = "percent-encode it (@ as %40, / as %2F, # as %23, ? as %3F, % as %25)"
_USER_INFO = re.compile(r"(?:[^\s/?#\[\]@%]|%[0-9A-Fa-f]{2})*")
_PLACE = re.compile(r"[^\s@#]*")


def given_url(settings: Settings) -> URL:
    """The address of the given database, for psycopg. Raises `UsageError`, whose message contains no part of it.

    User and password have to be percent-encoded (RFC 3986): with a reserved character in them, parsers disagree on
    where the host begins, and a message could show the password as a host.
    """
    assert settings.database_url is not None
    given = settings.database_url.get_secret_value()
    user_info, at, place = given.partition("://")[2].rpartition("@")
    if not (_USER_INFO.fullmatch(user_info) and _PLACE.fullmatch(place)) or (at and not place.strip("/")):
        raise UsageError(
            "CHAPTER_DATABASE_URL holds a character in its user, password or query that has a meaning in addresses (not"
            " shown, it may be part of the password)",
            f"{_ESCAPES}; the form is {FORM}",
        )
    url = _parsed(given.replace("postgres://", "postgresql://", 1))
    if url is None or url.get_backend_name() != "postgresql" or not url.database:
        raise UsageError(
            "CHAPTER_DATABASE_URL is not a usable address (not shown, it may hold a password)", f"write {FORM}"
        )
    return url.set(drivername="postgresql+psycopg")


def place_of(url: URL) -> str:
    """Where `url` points, for messages: host, port and database, never a password."""
    host = url.host or url.query.get("host") or "localhost"
    # A colon in it: user and password were written after the host.
    database = "(not shown)" if ":" in (url.database or "") else url.database or ""
    return f"{host}{f':{url.port}' if url.port else ''}/{database}"


def _parsed(address: str) -> URL | None:
    # The errors of the parser quote the address: none of them is kept as a cause.
    try:
        return make_url(address)
    except (ArgumentError, ValueError):
        return None

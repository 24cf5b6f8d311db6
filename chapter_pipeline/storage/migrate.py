"""Owns moving a database between schema revisions; the revisions themselves lie in `migrations/versions`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from chapter_pipeline.errors import DatabaseRefused

# Alembic takes a third of a second to load, and all but one command in a thousand find their tables as they should be.
if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "chapter_pipeline_version"
"""Not Alembic's default name: Dagster keeps its own `alembic_version`, perhaps in the same database."""
_FOLDER = Path(__file__).parent / "migrations"
LOCK_KEY = 0x43484150  # any fixed number; all processes that migrate agree on it


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Upgrade to `revision`; concurrent processes wait for each other."""
    with engine.connect() as connection:
        current = current_revision(connection)
        require_known(current)
        if revision == "head" and current == newest_revision():
            return
        from alembic import command

        connection.rollback()
        with connection.begin():
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            _require_extension(connection)
            command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Go back to `revision` (``base``: no tables at all)."""
    from alembic import command

    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        command.downgrade(_config(connection), revision)


def check(engine: Engine) -> None:
    """Raise `alembic.util.CommandError` when the tables differ from `schema.py`."""
    from alembic import command

    with engine.connect() as connection:
        command.check(_config(connection))


def generate(engine: Engine, message: str, number: str) -> None:
    """Write a new revision from the difference between the database and `schema.py` (for developers)."""
    from alembic import command

    with engine.connect() as connection:
        command.revision(_config(connection), message=message, autogenerate=True, rev_id=number)


def current_revision(connection: Connection) -> str | None:
    """The revision of the database; None when it has no tables of this project."""
    if connection.scalar(text("SELECT to_regclass(:table)"), {"table": VERSION_TABLE}) is None:
        return None
    revision: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return revision


@lru_cache(maxsize=1)
def newest_revision() -> str:
    """The revision that the code is written for: its files are named by number, ``0001_...py``."""
    return max(_revisions())


@lru_cache(maxsize=1)
def _revisions() -> frozenset[str]:
    return frozenset(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*_*.py"))


def require_known(revision: str | None) -> None:
    """Raise `DatabaseRefused` when a database has a revision that this program has no file of."""
    if revision is not None and revision not in _revisions():
        raise DatabaseRefused(
            f"a newer chapter_pipeline has written this database: its schema is at revision {revision!r}, this program"
            f" knows those up to {newest_revision()!r}",
            "upgrade the program, or name another database in CHAPTER_DATABASE_URL",
        )


def _require_extension(connection: Connection) -> None:
    try:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    except DBAPIError as error:
        match getattr(error.orig, "sqlstate", None):
            case "0A000" | "58P01":
                raise DatabaseRefused(
                    "the PostgreSQL server does not have the extension 'vector'",
                    "install pgvector on its machine (Debian: postgresql-18-pgvector), then try again",
                ) from error
            case "42501":
                raise DatabaseRefused(
                    "the database has no extension 'vector', and its user may not create it",
                    "have the administrator run CREATE EXTENSION vector in this database, then try again",
                ) from error
        raise


def _config(connection: Connection | None) -> Config:
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config

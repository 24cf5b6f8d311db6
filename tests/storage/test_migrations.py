"""Migrations: they make exactly what `schema.py` says, from nothing and back, also when several start at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import inspect, text

from chapter_pipeline.settings import Settings
from chapter_pipeline.storage import migrate
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.embedded import EmbeddedServer
from chapter_pipeline.storage.schema import Base


@pytest.fixture
def empty(postgres: EmbeddedServer, empty_database_name: str, home: Path) -> Iterator[Database]:
    database = Database.open(Settings(home=home, database_url=SecretStr(postgres.url(empty_database_name, "psycopg"))))
    yield database
    database.close()


def test_migrate__empty_database__gets_what_the_schema_says(empty: Database) -> None:
    empty.migrate()
    migrate.check(empty.engine)
    assert set(Base.metadata.tables) <= set(inspect(empty.engine).get_table_names())
    with empty.session() as session:
        definition = session.scalar(
            text("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_passage_embeddings_vector'")
        )
    assert "USING hnsw (vector halfvec_cosine_ops)" in definition


def test_migrate__down_to_nothing_and_up_again__works(empty: Database) -> None:
    empty.migrate()
    migrate.downgrade(empty.engine, "base")
    assert inspect(empty.engine).get_table_names() == [migrate.VERSION_TABLE]
    empty.migrate()
    migrate.check(empty.engine)


def test_migrate__several_at_once__take_turns(empty: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(empty.migrate) for _ in range(4)]:
            done.result()
    assert empty.health_check().migration == migrate.newest_revision()


def test_check__foreign_tables_in_the_same_database__are_not_ours(empty: Database) -> None:
    """Dagster's tables and its `alembic_version` may lie beside ours in a given database."""
    with empty.session() as session:
        session.execute(text("CREATE TABLE alembic_version (version_num text)"))
        session.execute(text("CREATE TABLE runs (id int)"))
    empty.migrate()
    migrate.check(empty.engine)


def test_newest_revision__read_from_the_names_of_the_files__is_alembics_head() -> None:
    script = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert script.get_heads() == [migrate.newest_revision()]

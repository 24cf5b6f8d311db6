"""The database: transactions, pool, health, and errors that say what to do without a password."""

from __future__ import annotations

import socket

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError

from chapter_pipeline.errors import DatabaseUnavailable, UsageError
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import Database, PoolStatus, dagster_database_url
from chapter_pipeline.storage.schema import Base, Chapter, Document


def test_session__block_ends__is_committed(database: Database) -> None:
    with database.session() as session:
        session.add(Chapter(slug="glioma", request={}))
    with database.session() as session:
        assert session.get(Chapter, "glioma") is not None


def test_session__block_raises__is_rolled_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.session() as session:
        session.add(Chapter(slug="glioma", request={"size": 1 // 0}))
    with database.session() as session:
        assert session.get(Chapter, "glioma") is None


def test_session__broken_constraint__stays_a_program_error(database: Database) -> None:
    with pytest.raises(IntegrityError), database.session() as session:
        session.execute(text("INSERT INTO chapter_versions VALUES ('no-such-chapter', 1, 1, 'x')"))


def test_schema__relationship_not_loaded_by_name__raises(database: Database) -> None:
    row = {"key": "k", "sha256": "s", "settings_hash": "h", "size_bytes": 1, "page_count": 1, "authors": []}
    with database.session() as session:
        session.add(Document(**row, study_type="not stated", warnings=[]))
    with database.session() as session:
        document = session.scalars(select(Document)).one()
        with pytest.raises(InvalidRequestError, match="lazy='raise'"):
            len(document.pages)


def test_schema__every_relationship__is_raise() -> None:
    loaders = {
        f"{mapper.class_.__name__}.{relation.key}": relation.lazy
        for mapper in Base.registry.mappers
        for relation in mapper.relationships
    }
    assert loaders
    assert set(loaders.values()) == {"raise"}


def test_pool_status__connections_in_use__are_counted(settings: Settings) -> None:
    database = Database.open(settings.model_copy(update={"pool_size": 1, "pool_overflow": 1}))
    assert database.pool_status() == PoolStatus(size=1, checked_out=0, overflow=0)
    with database.session() as first, database.session() as second:
        first.execute(text("SELECT 1"))
        second.execute(text("SELECT 1"))
        assert database.pool_status() == PoolStatus(size=1, checked_out=2, overflow=1)
    assert database.pool_status() == PoolStatus(size=1, checked_out=0, overflow=0)
    database.close()


def test_session__pool_is_exhausted__is_unavailable_after_the_timeout(settings: Settings) -> None:
    small = settings.model_copy(update={"pool_size": 1, "pool_overflow": 0, "pool_timeout_s": 0.05})
    database = Database.open(small)
    with database.session() as first:
        first.execute(text("SELECT 1"))
        message = r"all 1 connections .* for 0\.05 s.*CHAPTER_POOL_SIZE"
        with pytest.raises(DatabaseUnavailable, match=message), database.session() as second:
            second.execute(text("SELECT 1"))
    database.close()


def test_session__server_breaks_the_connection__next_session_gets_a_new_one(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable), database.session() as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with database.session() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_session__nobody_listens__says_where_and_hides_the_password() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = SecretStr(f"postgresql://author:sesame@127.0.0.1:{port}/book")
    database = Database.open(Settings(database_url=url))
    message = rf"127\.0\.0\.1:{port}/book did not answer"
    with pytest.raises(DatabaseUnavailable, match=message) as raised, database.session() as session:
        session.execute(text("SELECT 1"))
    assert "sesame" not in str(raised.value)
    health = database.health_check()
    assert not health.ok
    assert "did not answer" in health.detail
    assert "sesame" not in repr(health)


@pytest.mark.parametrize("url", ["mysql://u:sesame@h/d", "not an address sesame", "postgresql://u:sesame@host:port/d"])
def test_open__unusable_address__is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(UsageError, match="CHAPTER_DATABASE_URL") as raised:
        Database.open(Settings(database_url=SecretStr(url)))
    assert "sesame" not in str(raised.value)


def test_health_check__all_is_well__gives_versions(database: Database) -> None:
    health = database.health_check()
    assert health.ok, health.detail
    assert health.server_version is not None
    assert health.server_version.startswith("18")
    assert health.pgvector_version is not None
    assert health.latency_ms is not None


def test_health_check__schema_is_behind__says_so(
    postgres: object, empty_database_name: str, settings: Settings
) -> None:
    url = settings.database_url
    assert url is not None
    empty = url.get_secret_value().replace(Database.open(settings).url.database or "", empty_database_name)
    database = Database.open(settings.model_copy(update={"database_url": SecretStr(empty)}))
    health = database.health_check()
    database.close()
    assert (health.ok, health.migration) == (False, None)
    assert "run migrations" in health.detail


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_dagster_database_url__given_database__is_the_same_for_psycopg2(scheme: str) -> None:
    given = Settings(database_url=SecretStr(f"{scheme}://author:p%40ss@host:5433/book"))
    assert dagster_database_url(given) == "postgresql+psycopg2://author:p%40ss@host:5433/book"


def _no_end(*_: object) -> None:
    raise psycopg.ProgrammingError("the connection is in the middle of a statement")


def test_session__interrupted_and_then_unable_to_roll_back__is_interrupted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        with database.session() as session:
            session.execute(text("SELECT 1"))
            monkeypatch.setattr(database.engine.dialect, "do_rollback", _no_end)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    monkeypatch.undo()
    with database.session() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_session__mistake_of_ours_without_a_statement__is_no_fault_of_the_address(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken() -> None:
        with database.session() as session:
            session.execute(text("SELECT 1"))
            monkeypatch.setattr(database.engine.dialect, "do_commit", _no_end)

    with pytest.raises(DBAPIError, match="in the middle of a statement"):
        mistaken()

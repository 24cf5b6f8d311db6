"""Dagster's own tables: in our PostgreSQL, by the three lines of dagster.yaml, beside ours without a clash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import event, text
from sqlalchemy.pool import Pool

from chapter_pipeline.settings import Settings, current_settings
from chapter_pipeline.storage import migrate
from chapter_pipeline.storage.database import Database

DAGSTER_YAML = """
storage: {custom: {module: resources.dagster_storage, class: ChapterStorage, config: {}}}
telemetry: {enabled: false}
"""


@pytest.fixture
def instance(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    assert settings.database_url is not None
    monkeypatch.setenv("CHAPTER_DATABASE_URL", settings.database_url.get_secret_value())
    current_settings.cache_clear()
    (tmp_path / "dagster.yaml").write_text(DAGSTER_YAML)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance
    current_settings.cache_clear()


def test_chapter_storage__partitions_and_a_run__are_kept(instance: dg.DagsterInstance) -> None:
    @dg.asset
    def brief() -> int:
        return 1

    instance.add_dynamic_partitions("chapter", ["glioma", "meningioma"])
    assert dg.materialize([brief], instance=instance).success
    assert list(instance.get_dynamic_partitions("chapter")) == ["glioma", "meningioma"]
    assert instance.get_latest_materialization_event(dg.AssetKey("brief")) is not None


def test_chapter_storage__beside_our_tables__migrations_stay_clean(
    instance: dg.DagsterInstance, database: Database
) -> None:
    instance.add_dynamic_partitions("chapter", ["glioma"])
    migrate.check(database.engine)
    assert database.health_check().ok


def test_chapter_storage__a_run__opens_a_few_connections_and_not_one_for_each_statement(
    instance: dg.DagsterInstance,
) -> None:
    opened: list[object] = []

    def count(connection: object, _record: object) -> None:
        opened.append(connection)

    @dg.asset
    def brief() -> int:
        return 1

    event.listen(Pool, "connect", count)
    try:
        assert dg.materialize([brief], instance=instance).success
        assert list(instance.get_ticks("origin", "selector")) == []  # of the third store
    finally:
        event.remove(Pool, "connect", count)
    assert len(opened) <= 5  # it is forty with an engine that keeps none


def test_chapter_storage__its_connection_was_cut__the_next_statement_has_another(
    instance: dg.DagsterInstance, database: Database
) -> None:
    instance.add_dynamic_partitions("chapter", ["glioma"])
    with database.session() as session:
        session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert list(instance.get_dynamic_partitions("chapter")) == ["glioma"]

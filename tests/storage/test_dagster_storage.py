"""Dagster's own tables: in our PostgreSQL, by the three lines of dagster.yaml, beside ours without a clash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from chapter_pipeline.settings import Settings, current_settings
from chapter_pipeline.storage import migrate
from chapter_pipeline.storage.database import Database

DAGSTER_YAML = """
storage: {custom: {module: chapter_pipeline.storage.dagster, class: ChapterStorage, config: {}}}
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

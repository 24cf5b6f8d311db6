"""Owns where Dagster keeps its runs and events: our PostgreSQL.

``dagster.yaml``: ``storage: {custom: {module: resources.dagster_storage, class: ChapterStorage, config: {}}}``
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage
from sqlalchemy import create_engine

from chapter_pipeline.settings import current_settings
from chapter_pipeline.storage.database import dagster_database_url


class ChapterStorage(DagsterPostgresStorage):  # type: ignore[misc, unused-ignore]  # ships no type information
    """Dagster's PostgreSQL storage with the address from our settings: `env:` in dagster.yaml knows no default.

    It keeps one connection of a process open for its three stores. As it comes, it opens one for every statement,
    1,900 of them for one chapter, and that was half the time of a chapter's run without its writing. Further
    connections, as many as threads want, are closed when they are given back; one that died is replaced.
    """

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url, inst_data=inst_data)
        engine = create_engine(
            postgres_url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=-1, pool_pre_ping=True
        )
        for store in (self.run_storage, self.event_log_storage, self.schedule_storage):
            store._engine = engine  # there is no public way; tests/storage/test_dagster_storage.py holds it

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> ChapterStorage:
        return cls(dagster_database_url(current_settings()), inst_data)

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

    Its three stores share one pooled connection for each process. dagster-postgres opens one for every statement, 1,900
    for one chapter, which took half the time of a chapter's run without the writing. Further connections for threads
    are closed when they are returned; a dead connection is replaced.
    """

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url, inst_data=inst_data)
        engine = create_engine(
            postgres_url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=-1, pool_pre_ping=True
        )
        for store in (self.run_storage, self.event_log_storage, self.schedule_storage):
            store._engine = engine  # not public in dagster-postgres; tested by tests/storage/test_dagster_storage.py

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> ChapterStorage:
        return cls(dagster_database_url(current_settings()), inst_data)

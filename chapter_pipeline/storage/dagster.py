"""Owns where Dagster keeps its runs and events: our PostgreSQL. The one module of this room that imports Dagster.

``dagster.yaml``: ``storage: {custom: {module: chapter_pipeline.storage.dagster, class: ChapterStorage, config: {}}}``
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage

from chapter_pipeline.settings import current_settings
from chapter_pipeline.storage.database import dagster_database_url


class ChapterStorage(DagsterPostgresStorage):  # type: ignore[misc, unused-ignore]  # ships no type information
    """Dagster's PostgreSQL storage with the address from our settings: `env:` in dagster.yaml knows no default."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> ChapterStorage:
        return cls(postgres_url=dagster_database_url(current_settings()), inst_data=inst_data)

"""The container of one command, closed at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chapter_pipeline.container import Container
from chapter_pipeline.settings import Settings, settings_from_environment

if TYPE_CHECKING:
    from chapter_pipeline.storage.database import Database


def command_container(settings: Settings) -> Container:
    """A container that reports orphaned runs as failed when its database is opened."""

    def report_orphans(database: Database) -> None:
        from chapter_pipeline.storage.dagster_runs import has_orphans

        if has_orphans(database, settings):  # only then is Dagster loaded, which takes seconds
            from chapter_pipeline.orchestration.runs import report_orphans

            report_orphans(settings, database)

    return Container(settings, on_database=report_orphans)


@contextmanager
def context() -> Iterator[Container]:
    """The container as the environment configures it. Raises `UsageError` for a wrong setting."""
    opened = command_container(settings_from_environment())
    try:
        yield opened
    finally:
        opened.close()

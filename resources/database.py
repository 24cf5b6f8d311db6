"""The database as a Dagster resource."""

import dagster as dg

from chapter_pipeline.container import Container
from chapter_pipeline.storage.database import Database


class DatabaseResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """PostgreSQL: the embedded one, or that of CHAPTER_DATABASE_URL."""

    container: dg.ResourceDependency[Container]

    def open(self) -> Database:
        """The database, migrated."""
        return self.container.database

"""The present time as a Dagster resource."""

from datetime import datetime

import dagster as dg

from chapter_pipeline.container import Container


class ClockResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The present time."""

    container: dg.ResourceDependency[Container]

    def now(self) -> datetime:
        """The present time, in UTC."""
        return self.container.clock.now()

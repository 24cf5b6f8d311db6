"""The fourteen stages as a Dagster resource."""

import dagster as dg

from chapter_pipeline.container import Container
from chapter_pipeline.writing.stages import Stages


class StagesResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The fourteen stages with their ports bound."""

    container: dg.ResourceDependency[Container]

    @property
    def section_concurrency(self) -> int:
        """How many sections may be written at a time."""
        return self.container.settings.section_concurrency

    def open(self) -> Stages:
        """The stages."""
        return self.container.stages

"""The fourteen stages as a Dagster resource."""

import dagster as dg

from chapter_pipeline.container import Container
from chapter_pipeline.writing.stages import Stages
from resources.run_context import run_id_of


class StagesResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The fourteen stages with their ports bound."""

    container: dg.ResourceDependency[Container]

    @property
    def section_concurrency(self) -> int:
        """How many sections may be written at a time."""
        return self.container.settings.section_concurrency

    def open(self) -> Stages:
        """The stages; their calls to text models are on record under the run."""
        return self.container.stages(run_id_of(self))

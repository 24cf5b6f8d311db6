"""The stored chapters as a Dagster resource."""

import dagster as dg

from chapter_pipeline.container import Container
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_images import FigureImages


class ChaptersResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The requested chapters, every version of every stage's value, and the images that chapters show."""

    container: dg.ResourceDependency[Container]

    def database(self) -> Database:
        """Where they are stored, and the ledger of what they cost."""
        return self.container.database

    def requests(self) -> ChapterStore:
        """The requests and the versions."""
        return self.container.chapter_store

    def artifacts(self) -> ArtifactStore:
        """The values of the stages."""
        return self.container.artifacts

    def images(self) -> FigureImages:
        """The images."""
        return self.container.figure_images

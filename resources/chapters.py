"""The stored chapters as a Dagster resource; a run that uses it holds the lock of its chapter."""

from contextlib import ExitStack

import dagster as dg
from pydantic import PrivateAttr

from chapter_pipeline.container import Container
from chapter_pipeline.errors import ChapterPipelineError
from chapter_pipeline.services.chapters import Chapters
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.figure_images import FigureImages

PARTITION = "dagster/partition"
"""The tag of a run with its chapter."""


class ChaptersResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The requested chapters, every version of every stage's value, and the images that chapters show.

    A run holds the lock of its chapter from its first step to its end, whatever launched it. When another run holds it,
    each use raises `UsageError`, so that the first step fails with the reason.
    """

    container: dg.ResourceDependency[Container]
    _lock: ExitStack = PrivateAttr(default_factory=ExitStack)
    _refused: ChapterPipelineError | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Take the lock of the chapter that the run makes; outside of a run there is none."""
        run = context.run
        slug = run.tags.get(PARTITION) if run is not None else None
        if run is None or slug is None:
            return
        try:
            self._lock.enter_context(self.container.chapter_locks.held(slug, run_id=run.run_id))
        except ChapterPipelineError as refused:
            self._refused = refused

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Give the lock back."""
        self._lock.close()

    def database(self) -> Database:
        """Where they are stored, and the ledger of what they cost."""
        return self._of_this_run().database

    def use_cases(self) -> Chapters:
        """What is done with chapters from every entrance."""
        return self._of_this_run().chapters

    def requests(self) -> ChapterStore:
        """The requests and the versions."""
        return self._of_this_run().chapter_store

    def artifacts(self) -> ArtifactStore:
        """The values of the stages."""
        return self._of_this_run().artifacts

    def images(self) -> FigureImages:
        """The images."""
        return self._of_this_run().figure_images

    def _of_this_run(self) -> Container:
        if self._refused is not None:
            raise self._refused
        return self.container

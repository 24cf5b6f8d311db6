"""Owns what a command needs of the rooms, opened once, on first use, and closed at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chapter_pipeline.settings import Settings, settings_from_environment

if TYPE_CHECKING:
    from chapter_pipeline.domain.document import IngestOutcome
    from chapter_pipeline.orchestration.runs import Runs
    from chapter_pipeline.ports import Embedder
    from chapter_pipeline.services.inventory import InventoryItem, Quarantined
    from chapter_pipeline.services.text_model_factory import TextModelFactory
    from chapter_pipeline.storage.artifacts import ArtifactStore
    from chapter_pipeline.storage.bucket import ObjectBucket
    from chapter_pipeline.storage.chapters import ChapterStore
    from chapter_pipeline.storage.database import Database
    from chapter_pipeline.storage.figure_images import FigureImages
    from chapter_pipeline.storage.library import LibraryStore
    from chapter_pipeline.storage.library_search import LibrarySearch


class Context:
    """The rooms behind one command. Heavy imports happen where a command first needs them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def database(self) -> Database:
        from chapter_pipeline.storage.database import Database

        database = Database.open(self.settings)
        database.migrate()
        self._report_orphans(database)
        return database

    def _report_orphans(self, database: Database) -> None:
        """Report the runs as failed whose process was killed. Dagster is loaded only when there is one."""
        from chapter_pipeline.storage.dagster_runs import has_orphans

        if has_orphans(database, self.settings):
            from chapter_pipeline.orchestration.runs import report_orphans

            report_orphans(self.settings)

    @cached_property
    def bucket(self) -> ObjectBucket:
        from chapter_pipeline.storage.bucket import ObjectBucket

        return ObjectBucket.open(self.settings)

    @cached_property
    def library_embedder(self) -> Embedder:
        from chapter_pipeline.retrieval.minilm import MiniLM

        local = MiniLM(batch_size=self.settings.embedding_batch)
        return local if self.settings.embedder == "minilm" else self.models.library_embedder(local)

    @cached_property
    def library(self) -> LibraryStore:
        from chapter_pipeline.storage.library import LibraryStore

        return LibraryStore(self.database)

    @cached_property
    def search(self) -> LibrarySearch:
        from chapter_pipeline.storage.library_search import LibrarySearch

        return LibrarySearch(self.database, self.library_embedder)

    @cached_property
    def chapters(self) -> ChapterStore:
        from chapter_pipeline.storage.chapters import ChapterStore

        return ChapterStore(self.database)

    @cached_property
    def artifacts(self) -> ArtifactStore:
        from chapter_pipeline.storage.artifacts import ArtifactStore

        return ArtifactStore(self.database)

    @cached_property
    def images(self) -> FigureImages:
        from chapter_pipeline.storage.figure_images import FigureImages

        return FigureImages(self.database)

    @cached_property
    def models(self) -> TextModelFactory:
        from chapter_pipeline.services.text_model_factory import TextModelFactory

        return TextModelFactory(self.settings, self.database)

    @cached_property
    def runs(self) -> Runs:
        from chapter_pipeline.orchestration.runs import Runs

        # First, for their clear errors: Dagster tries a database that is down for a minute, and says so each time.
        _ = self.database, self.bucket
        return Runs(self.settings)

    def runs_of(self, slug: str) -> Runs:
        """The runs, with the chapter's own section kinds among the assets."""
        from chapter_pipeline.services.chapter_sections import record_chapter_kinds

        # Before the definitions load: they read which kinds there are.
        record_chapter_kinds(self.settings, slug, chapters=self.chapters, artifacts=self.artifacts)
        return self.runs

    def unchanged(self, paths: Sequence[Path]) -> dict[Path, IngestOutcome]:
        """The files that are in the library as they are, one outcome each; no run is needed for them."""
        from chapter_pipeline.services.unchanged_files import unchanged

        return unchanged(paths, library=self.library, bucket=self.bucket, settings_hash=self._settings_hash)

    def inventory(self) -> list[InventoryItem]:
        """Every delivered file with its state."""
        from chapter_pipeline.services.inventory import inventory

        return inventory(library=self.library, bucket=self.bucket, settings_hash=self._settings_hash)

    def quarantined(self) -> list[Quarantined]:
        """Every file that was refused, with the reason."""
        from chapter_pipeline.services.inventory import quarantined

        return quarantined(library=self.library, bucket=self.bucket)

    @property
    def _settings_hash(self) -> str:
        from chapter_pipeline.documents.version import settings_hash
        from chapter_pipeline.services.unchanged_files import library_settings_hash

        return library_settings_hash(settings_hash(self.settings), self.library_embedder.name)

    def close(self) -> None:
        """Release the database, if a command opened it."""
        if "models" in self.__dict__:
            self.models.close()
        opened = self.__dict__.get("database")
        if opened is not None:
            opened.close()


@contextmanager
def context() -> Iterator[Context]:
    """The rooms as the environment configures them. Raises `UsageError` for a wrong setting."""
    opened = Context(settings_from_environment())
    try:
        yield opened
    finally:
        opened.close()

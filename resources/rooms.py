"""Owns the Dagster resources that open the rooms a run needs; each is opened once per process, on first use.

Definitions load without a connection: nothing here runs before an asset, check or sensor asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import dagster as dg

from chapter_pipeline.settings import Settings, current_settings

if TYPE_CHECKING:
    from chapter_pipeline.ports import Embedder, TextModel
    from chapter_pipeline.services.figure_descriptions import Described
    from chapter_pipeline.services.ingest import Ingest
    from chapter_pipeline.services.inventory import InventoryItem
    from chapter_pipeline.services.text_model_factory import TextModelFactory
    from chapter_pipeline.storage.artifacts import ArtifactStore
    from chapter_pipeline.storage.bucket import ObjectBucket
    from chapter_pipeline.storage.chapters import ChapterStore
    from chapter_pipeline.storage.database import Database
    from chapter_pipeline.storage.figure_images import FigureImages
    from chapter_pipeline.storage.library import LibraryStore
    from chapter_pipeline.writing.stages import Stages


@cache
def _database(settings: Settings) -> Database:
    from chapter_pipeline.storage.database import Database

    database = Database.open(settings)
    database.migrate()
    return database


@cache
def _bucket(settings: Settings) -> ObjectBucket:
    from chapter_pipeline.storage.bucket import ObjectBucket

    return ObjectBucket.open(settings)


@cache
def _embedder(settings: Settings) -> Embedder:
    from chapter_pipeline.retrieval.minilm import MiniLM

    return MiniLM(batch_size=settings.embedding_batch)


@cache
def _models(settings: Settings) -> TextModelFactory:
    from chapter_pipeline.services.text_model_factory import TextModelFactory

    return TextModelFactory(settings, _database(settings))


def close_rooms() -> None:
    """Forget all that was opened, and close the database's connections."""
    if _models.cache_info().currsize:
        _models(current_settings()).close()
    if _database.cache_info().currsize:
        _database(current_settings()).close()
    for opened in (_models, _database, _bucket, _embedder):
        opened.cache_clear()


class DatabaseResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """PostgreSQL: the embedded one, or that of CHAPTER_DATABASE_URL."""

    def open(self) -> Database:
        return _database(current_settings())


class BucketResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The files: a local folder, or the S3 bucket of CHAPTER_BUCKET_URL."""

    def open(self) -> ObjectBucket:
        return _bucket(current_settings())


class EmbedderResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The embedding model: MiniLM-L6 on onnxruntime."""

    def open(self) -> Embedder:
        return _embedder(current_settings())


class LibraryEmbedderResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The model whose vectors the library is searched by: MiniLM-L6, or a provider's, behind all that guards a call."""

    database: DatabaseResource
    embedder: EmbedderResource

    def open(self) -> Embedder:
        settings = current_settings()
        local = self.embedder.open()
        if settings.embedder == "minilm":
            return local
        _ = self.database.open()
        return _models(settings).library_embedder(local)


class ClockResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The present time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ProviderResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One provider of text, behind ledger, budget, slots and breaker: ``claude``, ``gpt``, ``gemini`` or ``local``."""

    provider: str
    database: DatabaseResource

    def open(self) -> TextModel:
        """Its models, with no other provider to stand in. Raises `UsageError` when its key or address is missing."""
        _ = self.database.open()
        return _models(current_settings()).only(self.provider)


class TextModelResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The provider that writes, and those that stand in for it, each behind ledger, budget, slots and breaker."""

    database: DatabaseResource
    embedder: EmbedderResource

    def open(self) -> TextModel:
        return _models(current_settings()).text_model(self.embedder.open())


class LibraryResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The library: its tables, and the way of a file into them."""

    database: DatabaseResource
    bucket: BucketResource
    embedder: LibraryEmbedderResource

    def store(self) -> LibraryStore:
        from chapter_pipeline.storage.library import LibraryStore

        return LibraryStore(self.database.open())

    def settings_hash(self) -> str:
        """That of `Ingest`: under which settings documents are stored now."""
        from chapter_pipeline.documents.version import settings_hash
        from chapter_pipeline.services.unchanged_files import library_settings_hash

        return library_settings_hash(settings_hash(current_settings()), self.embedder.open().name)

    def inventory(self, settings_hash: str) -> list[InventoryItem]:
        """Every delivered file with its state; `settings_hash` is that of `Ingest`."""
        from chapter_pipeline.services.inventory import inventory

        return inventory(library=self.store(), bucket=self.bucket.open(), settings_hash=settings_hash)

    @contextmanager
    def ingest(self) -> Iterator[Ingest]:
        """The ingest use case with parser processes of its own, which end with the block."""
        from chapter_pipeline.services.ingest import open_ingest

        with open_ingest(
            current_settings(), database=self.database.open(), bucket=self.bucket.open(), embedder=self.embedder.open()
        ) as ingest:
            yield ingest


class FiguresResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The figures of the library as a text model sees them."""

    database: DatabaseResource
    text_model: TextModelResource

    def describe(self, name: str) -> Described:
        """Have the figures described of what lies in the bucket under `name`. Raises `NotFound`."""
        from chapter_pipeline.errors import NotFound
        from chapter_pipeline.services.figure_descriptions import describe_figures
        from chapter_pipeline.storage.figure_descriptions import FigureDescriptions
        from chapter_pipeline.storage.library import LibraryStore

        database = self.database.open()
        record = LibraryStore(database).record(name)
        if record is None or record.key is None:
            raise NotFound(f"{name!r} is not in the library: ingest it first, or see why it is in quarantine")
        return describe_figures(record.key, figures=FigureDescriptions(database), model=self.text_model.open())


class ChaptersResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What was asked for, every version of every stage, and what is published."""

    database: DatabaseResource

    def requests(self) -> ChapterStore:
        from chapter_pipeline.storage.chapters import ChapterStore

        return ChapterStore(self.database.open())

    def artifacts(self) -> ArtifactStore:
        from chapter_pipeline.storage.artifacts import ArtifactStore

        return ArtifactStore(self.database.open())

    def images(self) -> FigureImages:
        from chapter_pipeline.storage.figure_images import FigureImages

        return FigureImages(self.database.open())


class StagesResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The fourteen stages with their ports bound."""

    database: DatabaseResource
    bucket: BucketResource
    embedder: EmbedderResource
    library_embedder: LibraryEmbedderResource
    text_model: TextModelResource
    clock: ClockResource

    @property
    def section_concurrency(self) -> int:
        """How many sections may be written at a time."""
        return current_settings().section_concurrency

    def open(self) -> Stages:
        from chapter_pipeline.storage.library import LibraryStore
        from chapter_pipeline.storage.library_search import LibrarySearch
        from chapter_pipeline.writing.stages import Stages

        database = self.database.open()
        return Stages(
            search=LibrarySearch(database, self.library_embedder.open()),
            library=LibraryStore(database),
            embedder=self.embedder.open(),
            bucket=self.bucket.open(),
            model=self.text_model.open(),
            clock=self.clock,
        )

"""The composition root: one object graph from one `Settings`, for the command line, the Dagster resources and services.

Every part is made on first use and once. Heavy imports happen there too, so that a command loads what it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from chapter_pipeline.settings import Settings

if TYPE_CHECKING:
    from chapter_pipeline.ports import Clock, Embedder, TextModel
    from chapter_pipeline.services.chapter_currency import ChapterCurrency
    from chapter_pipeline.services.chapter_writing import ChapterWriting
    from chapter_pipeline.services.chapters import Chapters
    from chapter_pipeline.services.circuit_breakers import CircuitBreakers
    from chapter_pipeline.services.costs import Costs
    from chapter_pipeline.services.editorial import Editorial, Manuscripts
    from chapter_pipeline.services.findings import Findings
    from chapter_pipeline.services.ingest import Ingest
    from chapter_pipeline.services.library import Library
    from chapter_pipeline.services.record_editing import RecordEditing
    from chapter_pipeline.services.record_filling import RecordCosts, RecordFiller
    from chapter_pipeline.services.run_report import ChapterRuns, DocumentActs
    from chapter_pipeline.services.text_model_factory import TextModelFactory
    from chapter_pipeline.storage.artifacts import ArtifactStore
    from chapter_pipeline.storage.bucket import ObjectBucket
    from chapter_pipeline.storage.chapter_locks import ChapterLocks
    from chapter_pipeline.storage.chapters import ChapterStore
    from chapter_pipeline.storage.database import Database
    from chapter_pipeline.storage.figure_descriptions import FigureDescriptions
    from chapter_pipeline.storage.figure_images import FigureImages
    from chapter_pipeline.storage.figure_objects import FigureObjects
    from chapter_pipeline.storage.library import LibraryStore
    from chapter_pipeline.storage.library_search import LibrarySearch
    from chapter_pipeline.writing.stages import Stages


class SystemClock:
    """Implements `ports.Clock` with the clock of the machine."""

    def now(self) -> datetime:
        """The present time, in UTC."""
        return datetime.now(UTC)


class Container:
    """The parts of the system behind one entrance. `on_database` is called once, with the database just migrated.

    Not for several threads before its parts are made: a run makes them before it starts threads.
    """

    def __init__(self, settings: Settings, *, on_database: Callable[[Database], None] | None = None) -> None:
        self.settings = settings
        self._on_database = on_database

    @cached_property
    def database(self) -> Database:
        """PostgreSQL, migrated; images that an earlier release stored in rows are moved into the bucket.

        Raises `DatabaseUnavailable`, `UsageError`.
        """
        from chapter_pipeline.storage.database import Database
        from chapter_pipeline.storage.figure_objects import FigureObjects

        database = Database.open(self.settings)
        try:
            database.migrate()
            FigureObjects(database, lambda: self.bucket).move_rows()
            if self._on_database is not None:
                self._on_database(database)
        except BaseException:  # an interruption too: nobody else can close it
            database.close()
            raise
        return database

    @cached_property
    def bucket(self) -> ObjectBucket:
        """The files: a local folder, or the S3 bucket of CHAPTER_BUCKET_URL."""
        from chapter_pipeline.storage.bucket import ObjectBucket

        return ObjectBucket.open(self.settings)

    @cached_property
    def clock(self) -> Clock:
        """The present time."""
        return SystemClock()

    @cached_property
    def embedder(self) -> Embedder:
        """The embedding model of this machine, MiniLM-L6."""
        from chapter_pipeline.retrieval.minilm import MiniLM

        return MiniLM(batch_size=self.settings.embedding_batch)

    @cached_property
    def library_embedder(self) -> Embedder:
        """The model by whose vectors the library is searched: MiniLM-L6, or a provider's behind ledger and breaker.

        Raises `UsageError` when the provider's key is missing.
        """
        if self.settings.embedder == "minilm":
            return self.embedder
        return self.text_models.library_embedder(self.embedder)

    @cached_property
    def text_models(self) -> TextModelFactory:
        """The providers of text with their ledger, budget, semaphore and circuit breakers."""
        from chapter_pipeline.services.text_model_factory import TextModelFactory

        return TextModelFactory(self.settings, self.database)

    def text_model(self, run_id: str | None = None) -> TextModel:
        """The writing provider with its fallbacks; its calls are recorded in the ledger under the run `run_id`.

        Raises `UsageError` when its key is missing.
        """
        return self.text_models.text_model(self.embedder, run_id=run_id)

    @cached_property
    def library_store(self) -> LibraryStore:
        """The tables of documents, passages and figures."""
        from chapter_pipeline.storage.library import LibraryStore
        from chapter_pipeline.storage.reference_works import ReferenceWorks

        return LibraryStore(
            self.database,
            references=ReferenceWorks(self.database, lambda: self.bucket).index,
            figures=self.figure_objects,
        )

    @cached_property
    def search(self) -> LibrarySearch:
        """Search of passages."""
        from chapter_pipeline.storage.library_search import LibrarySearch

        return LibrarySearch(self.database, self.library_embedder)

    @cached_property
    def figure_objects(self) -> FigureObjects:
        """The images of figures in the bucket."""
        from chapter_pipeline.storage.figure_objects import FigureObjects

        return FigureObjects(self.database, lambda: self.bucket)

    @cached_property
    def figure_images(self) -> FigureImages:
        """The images that chapters and their versions show."""
        from chapter_pipeline.storage.figure_images import FigureImages

        return FigureImages(self.database, self.figure_objects)

    @cached_property
    def figure_descriptions(self) -> FigureDescriptions:
        """The descriptions of the library's figures by text models."""
        from chapter_pipeline.storage.figure_descriptions import FigureDescriptions

        return FigureDescriptions(self.database, self.figure_objects)

    @cached_property
    def chapter_store(self) -> ChapterStore:
        """The tables of requested chapters and their versions."""
        from chapter_pipeline.storage.chapters import ChapterStore

        return ChapterStore(self.database)

    @cached_property
    def artifacts(self) -> ArtifactStore:
        """Every version of every stage's value."""
        from chapter_pipeline.storage.artifacts import ArtifactStore

        return ArtifactStore(self.database)

    @cached_property
    def chapter_locks(self) -> ChapterLocks:
        """The locks of the chapters that this process writes."""
        from chapter_pipeline.storage.chapter_locks import ChapterLocks

        return ChapterLocks(self.database)

    def stages(self, run_id: str | None = None) -> Stages:
        """The fourteen stages with their ports bound, for the run `run_id`."""
        return self.stages_with(self.text_model(run_id), run_id)

    def stages_with(self, model: TextModel, run_id: str | None = None) -> Stages:
        """The fourteen stages with another text model than that of the settings."""
        from chapter_pipeline.services.costs import AnswersInForce
        from chapter_pipeline.writing.stages import Stages

        return Stages(
            search=self.search,
            library=self.library_store,
            embedder=self.embedder,
            bucket=self.bucket,
            model=model,
            answers=AnswersInForce(self.database, run_id=run_id),
            clock=self.clock,
        )

    @property
    def library_settings_hash(self) -> str:
        """The settings and parser version under which documents are stored now."""
        from chapter_pipeline.documents.version import settings_hash
        from chapter_pipeline.services.unchanged_files import library_settings_hash

        return library_settings_hash(settings_hash(self.settings), self.library_embedder.name)

    def record_filler(self, run_id: str | None = None) -> RecordFiller | None:
        """What fills study records by a model, its calls recorded under the run `run_id`; None when rules do.

        Raises `UsageError` when no provider is set.
        """
        from chapter_pipeline.services.record_filling import RecordFiller, require_writer
        from chapter_pipeline.services.study_records import basis_of

        if self.settings.study_records == "rules":
            return None
        require_writer(self.settings)
        return RecordFiller(
            lambda: self.text_model(run_id), basis_of(self.settings), at_once=self.settings.section_concurrency
        )

    @contextmanager
    def ingest(self, run_id: str | None = None) -> Iterator[Ingest]:
        """The ingest of documents, with parser processes of its own, which end with the block."""
        from chapter_pipeline.services.ingest import open_ingest

        filler = self.record_filler(run_id)
        with (
            closing(filler) if filler is not None else nullcontext(),
            open_ingest(
                self.settings, database=self.database, bucket=self.bucket, embedder=self.library_embedder, filler=filler
            ) as ingest,
        ):
            yield ingest

    @cached_property
    def library(self) -> Library:
        """The use cases on the library."""
        from chapter_pipeline.services.library import Library
        from chapter_pipeline.services.study_records import basis_of

        return Library(
            store=self.library_store,
            chapters=self.chapter_store,
            bucket=self.bucket,
            figures=self.figure_objects,
            settings_hash=lambda: self.library_settings_hash,
            search=lambda: self.search,
            basis=basis_of(self.settings),
        )

    @cached_property
    def findings(self) -> Findings:
        """The use cases on the findings of study records."""
        from chapter_pipeline.services.findings import Findings
        from chapter_pipeline.services.study_records import basis_of
        from chapter_pipeline.storage.findings import FindingQueries

        return Findings(
            store=self.library_store, queries=FindingQueries(self.database), search=lambda: self.search,
            inventory=self.library.inventory, basis=basis_of(self.settings),
        )  # fmt: skip

    @cached_property
    def record_costs(self) -> RecordCosts:
        """What study records by a model will cost and have cost."""
        from chapter_pipeline.services.record_filling import RecordCosts

        return RecordCosts(self.settings, database=self.database, library=self.library_store)

    def record_editing(self, acts: DocumentActs) -> RecordEditing:
        """The correction of bibliographic records; `acts` reports them."""
        from chapter_pipeline.services.record_editing import RecordEditing
        from chapter_pipeline.services.registries import open_registries

        return RecordEditing(
            store=self.library_store,
            clock=self.clock,
            open_registries=lambda: open_registries(self.settings),
            acts=acts,
        )

    @cached_property
    def chapters(self) -> Chapters:
        """The use cases on chapters."""
        from chapter_pipeline.services.chapters import Chapters

        return Chapters(self.settings, store=self.chapter_store, artifacts=self.artifacts)

    @cached_property
    def currency(self) -> ChapterCurrency:
        """The present fingerprints of the stages, and whether chapters are current."""
        from chapter_pipeline.services.chapter_currency import ChapterCurrency

        return ChapterCurrency(
            self.settings,
            chapters=self.chapter_store,
            artifacts=self.artifacts,
            library=self.library_store,
            bucket=self.bucket,
            today=lambda: self.clock.now().date(),
        )

    def chapter_writing(self, open_runs: Callable[[str], AbstractContextManager[ChapterRuns]]) -> ChapterWriting:
        """The writing of chapters; `open_runs` opens the runs of the chapter that it is called with."""
        from chapter_pipeline.services.chapter_writing import ChapterWriting

        return ChapterWriting(
            chapters=self.chapters,
            artifacts=self.artifacts,
            currency=self.currency,
            costs=self.costs,
            images=self.figure_images,
            bucket=lambda: self.bucket,
            open_runs=open_runs,
        )

    @cached_property
    def manuscripts(self) -> Manuscripts:
        """The texts of chapters, to read and export."""
        from chapter_pipeline.services.editorial import Manuscripts

        return Manuscripts(chapters=self.chapters, artifacts=self.artifacts, images=self.figure_images)

    def editorial(self, runs: ChapterRuns) -> Editorial:
        """The editorial use cases on a chapter; `runs` runs the assets after a change."""
        from chapter_pipeline.services.editorial import Editorial
        from chapter_pipeline.services.publication import PublicationGates

        return Editorial(
            chapters=self.chapters,
            manuscripts=self.manuscripts,
            store=self.chapter_store,
            artifacts=self.artifacts,
            images=self.figure_images,
            currency=self.currency,
            gates=PublicationGates(library=self.library_store, images=self.figure_images),
            bucket=self.bucket,
            runs=runs,
        )

    @cached_property
    def costs(self) -> Costs:
        """What chapters will cost and have cost."""
        from chapter_pipeline.services.costs import Costs

        return Costs(
            self.settings,
            database=self.database,
            chapters=self.chapter_store,
            stages=self.stages_with,
            embedder=lambda: self.embedder,
        )

    @cached_property
    def circuit_breakers(self) -> CircuitBreakers:
        """The circuit breakers of the providers."""
        from chapter_pipeline.services.circuit_breakers import CircuitBreakers

        return CircuitBreakers(self.text_models.breakers, order=self.text_models.order)

    def close(self) -> None:
        """Close what was opened: clients of providers, then the database's connections."""
        opened = self.__dict__
        for name in ("text_models", "database"):
            if name in opened:
                opened.pop(name).close()

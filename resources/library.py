"""The library as a Dagster resource."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg

from chapter_pipeline.container import Container
from chapter_pipeline.services.ingest import Ingest
from chapter_pipeline.services.inventory import InventoryItem
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.document_previews import DocumentPreviews
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.study_records import RecordSummary
from resources.run_context import run_id_of


class LibraryResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The library: its tables, and the ingest of a file into them."""

    container: dg.ResourceDependency[Container]

    def database(self) -> Database:
        """Where its tables lie."""
        return self.container.database

    def previews(self) -> DocumentPreviews:
        """What is shown of its documents while they are stored."""
        return DocumentPreviews(self.container.database, self.container.figure_objects)

    def store(self) -> LibraryStore:
        """Documents, passages and figures."""
        return self.container.library_store

    def chapters(self) -> ChapterStore:
        """The chapters that cite its documents."""
        return self.container.chapter_store

    def settings_hash(self) -> str:
        """The settings and parser version under which documents are stored now."""
        return self.container.library_settings_hash

    def inventory(self) -> list[InventoryItem]:
        """Every delivered file with its state."""
        return self.container.library.inventory()

    def audited(self, names: Sequence[str]) -> dict[str, list[str]]:
        """What the audit of the text found in the documents that `names` (bucket keys) mean, by document."""
        return self.container.library.audited(names)

    def recorded(self, names: Sequence[str]) -> dict[str, RecordSummary | None]:
        """What the study records of the documents that `names` (bucket keys) mean hold, by document; None without one."""
        store = self.store()
        keys = sorted({*store.document_keys(names).values()})
        return {**dict.fromkeys(keys), **store.record_summaries(keys)}

    def cost_usd(self, document: str) -> float:
        """What text models were paid for the study record of a document, over all runs."""
        return float(self.container.record_costs.spent(document).cost_usd)

    @contextmanager
    def ingest(self) -> Iterator[Ingest]:
        """The ingest of documents, with parser processes of its own, which end with the block."""
        with self.container.ingest(run_id_of(self)) as ingest:
            yield ingest

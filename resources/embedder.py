"""The embedding models as Dagster resources."""

import dagster as dg

from chapter_pipeline.container import Container
from chapter_pipeline.ports import Embedder


class EmbedderResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The embedding model of this machine: MiniLM-L6."""

    container: dg.ResourceDependency[Container]

    def open(self) -> Embedder:
        """The model."""
        return self.container.embedder


class LibraryEmbedderResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The model by whose vectors the library is searched: MiniLM-L6, or a provider's behind ledger and breaker."""

    container: dg.ResourceDependency[Container]

    def open(self) -> Embedder:
        """The model. Raises `UsageError` when a provider's key is missing."""
        return self.container.library_embedder

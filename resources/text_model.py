"""The providers of text as Dagster resources, each behind ledger, budget, semaphore and circuit breaker."""

import dagster as dg

from chapter_pipeline.container import Container
from chapter_pipeline.ports import TextModel
from resources.run_context import run_id_of


class ProviderResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One provider of text: ``claude``, ``gpt``, ``gemini`` or ``local``."""

    provider: str
    container: dg.ResourceDependency[Container]

    def open(self) -> TextModel:
        """Its models; no other provider stands in. Raises `UsageError` when its key or address is missing."""
        return self.container.text_models.only(self.provider)


class TextModelResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The provider that writes, and those that stand in for it."""

    container: dg.ResourceDependency[Container]

    def open(self) -> TextModel:
        """The text model of the settings. Raises `UsageError` when its key or address is missing."""
        return self.container.text_model(run_id_of(self))

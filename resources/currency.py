"""Whether chapters are current, as a Dagster resource."""

import dagster as dg

from chapter_pipeline.container import Container
from chapter_pipeline.services.chapter_currency import ChapterCurrency


class CurrencyResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What the stages of chapters are made from now."""

    container: dg.ResourceDependency[Container]

    def open(self) -> ChapterCurrency:
        """The currency of all chapters."""
        return self.container.currency

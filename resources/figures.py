"""The figures of the library, as a text model describes them, as a Dagster resource."""

import dagster as dg

from chapter_pipeline.container import Container
from chapter_pipeline.errors import NotFound
from chapter_pipeline.services.figure_descriptions import Described, describe_figures
from chapter_pipeline.storage.database import Database
from resources.run_context import run_id_of


class FiguresResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The figures of the library, and the text model that describes them."""

    container: dg.ResourceDependency[Container]

    def database(self) -> Database:
        """Where they are stored, and the ledger of what their descriptions cost."""
        return self.container.database

    @property
    def enabled(self) -> bool:
        """Whether CHAPTER_VISION allows that figures are sent to a provider."""
        return self.container.settings.vision == "on"

    def describe(self, name: str) -> Described:
        """Have the figures described of the document under the bucket key `name`. Raises `NotFound`."""
        record = self.container.library_store.record(name)
        if record is None or record.key is None:
            raise NotFound(f"{name!r} is not in the library: ingest it first, or see why it is in quarantine")
        return describe_figures(
            record.key, figures=self.container.figure_descriptions, model=self.container.text_model(run_id_of(self))
        )

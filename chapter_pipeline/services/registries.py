"""Owns which registries of DOIs are asked, by the settings, and their clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from chapter_pipeline.ports import WorkRegistry
from chapter_pipeline.settings import Settings


@contextmanager
def open_registries(settings: Settings) -> Iterator[list[WorkRegistry]]:
    """The registries that are on, in the order in which they are asked; their clients end with the block."""
    # Imported here: most processes ask none.
    from chapter_pipeline.literature.crossref import Crossref
    from chapter_pipeline.literature.pubmed import PubMed

    with ExitStack() as opened:
        registries: list[WorkRegistry] = []
        if settings.crossref == "on":
            registries.append(opened.enter_context(closing(Crossref(contact=settings.contact_email))))
        if settings.pubmed == "on":
            registries.append(opened.enter_context(closing(PubMed(contact=settings.contact_email))))
        yield registries

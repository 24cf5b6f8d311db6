"""The roof: builds the `dagster.Definitions` of the code location. Imported by nobody but the workspace."""

from __future__ import annotations

import dagster as dg

from assets import figure_descriptions, library, quality, research, sections, writing
from chapter_pipeline.settings import Settings, current_settings
from chapter_pipeline.writing.section_kinds import section_kinds
from resources.artifacts_io import ArtifactsIOManager
from resources.rooms import (
    BucketResource,
    ChaptersResource,
    ClockResource,
    DatabaseResource,
    EmbedderResource,
    FiguresResource,
    LibraryEmbedderResource,
    LibraryResource,
    ProviderResource,
    StagesResource,
    TextModelResource,
)
from sensors.inbox import new_documents
from sensors.jobs import describe_figures, ingest_library, write_chapter
from sensors.orphans import orphaned_runs
from sensors.revision import revision


def build(settings: Settings, **other_resources: object) -> dg.Definitions:
    """The code location, with the section kinds that are on record now; tests put resources of their own into it.

    Raises `UsageError` when the record of the section kinds is damaged.
    """
    kinds = section_kinds(settings.templates_folder)
    database, bucket, embedder, clock = DatabaseResource(), BucketResource(), EmbedderResource(), ClockResource()
    text_model = TextModelResource(database=database, embedder=embedder)
    library_embedder = LibraryEmbedderResource(database=database, embedder=embedder)
    chapters = ChaptersResource(database=database)
    resources: dict[str, object] = {
        "database": database,
        "bucket": bucket,
        "embedder": embedder,
        "library_embedder": library_embedder,
        "clock": clock,
        "text_model": text_model,
        **{name: ProviderResource(provider=name, database=database) for name in ("claude", "gpt", "gemini", "local")},
        "chapters": chapters,
        "figures": FiguresResource(database=database, text_model=text_model),
        "library": LibraryResource(database=database, bucket=bucket, embedder=library_embedder),
        "stages": StagesResource(
            database=database,
            bucket=bucket,
            embedder=embedder,
            library_embedder=library_embedder,
            text_model=text_model,
            clock=clock,
        ),
        "artifacts_io": ArtifactsIOManager(chapters=chapters),
    }
    return dg.Definitions(
        assets=[
            *dg.load_assets_from_modules([library, figure_descriptions, research, writing, sections, quality]),
            sections.section_assets(kinds),
            writing.draft_asset(kinds),
        ],
        asset_checks=quality.CHECKS,
        jobs=[ingest_library, write_chapter, describe_figures],
        sensors=[new_documents(settings.inbox_interval_s), revision(settings.max_revisions), orphaned_runs],
        executor=dg.in_process_executor,
        resources={**resources, **other_resources},
    )


defs = build(current_settings())

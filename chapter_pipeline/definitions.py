"""The Dagster code location: builds `dagster.Definitions` from a container."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg

from assets import figure_descriptions, library, publication, quality, research, sections, writing
from chapter_pipeline.container import Container
from chapter_pipeline.settings import PROVIDERS, Settings, settings_from_environment
from chapter_pipeline.writing.section_kinds import section_kinds
from chapter_pipeline.writing.stage_table import code_version, stage_of
from resources.artifacts_io import ArtifactsIOManager, asset_name
from resources.bucket import BucketResource
from resources.chapters import ChaptersResource
from resources.clock import ClockResource
from resources.currency import CurrencyResource
from resources.database import DatabaseResource
from resources.embedder import EmbedderResource, LibraryEmbedderResource
from resources.figures import FiguresResource
from resources.library import LibraryResource
from resources.stages import StagesResource
from resources.text_model import ProviderResource, TextModelResource
from sensors.inbox import new_documents
from sensors.jobs import describe_figures, ingest_library, write_chapter
from sensors.orphans import orphaned_runs
from sensors.revision import revision


def build(container: Container) -> dg.Definitions:
    """The code location on `container`, with the section kinds that are on record now.

    Nothing of the container is opened. Raises `UsageError` when the record of the section kinds is damaged.
    """
    settings = container.settings
    kinds = section_kinds(settings.templates_folder)
    chapters = ChaptersResource(container=container)
    currency = CurrencyResource(container=container)
    return dg.Definitions(
        assets=_versioned(
            settings,
            [
                *dg.load_assets_from_modules(
                    [library, figure_descriptions, research, writing, sections, quality, publication]
                ),
                sections.section_assets(kinds),
                writing.draft_asset(kinds),
            ],
        ),
        asset_checks=[*quality.CHECKS, *publication.CHECKS],
        jobs=[ingest_library, write_chapter, describe_figures],
        sensors=[new_documents(settings.inbox_interval_s), revision(settings.max_revisions), orphaned_runs],
        executor=dg.in_process_executor,
        resources={
            "database": DatabaseResource(container=container),
            "bucket": BucketResource(container=container),
            "embedder": EmbedderResource(container=container),
            "library_embedder": LibraryEmbedderResource(container=container),
            "clock": ClockResource(container=container),
            "text_model": TextModelResource(container=container),
            **{name: ProviderResource(provider=name, container=container) for name in PROVIDERS},
            "chapters": chapters,
            "figures": FiguresResource(container=container),
            "library": LibraryResource(container=container),
            "stages": StagesResource(container=container),
            "currency": currency,
            "artifacts_io": ArtifactsIOManager(chapters=chapters, currency=currency),
        },
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What the workspace loads: the code location of the settings in the environment."""
    return build(Container(settings_from_environment()))


def _versioned(settings: Settings, assets: Sequence[Any]) -> Sequence[Any]:
    """The assets with the code versions that the table of stages derives from `settings`; others keep their own."""

    def versioned(spec: dg.AssetSpec) -> dg.AssetSpec:
        stage = stage_of(asset_name(spec.key))
        return spec if stage is None else spec.replace_attributes(code_version=code_version(stage, settings))

    return dg.map_asset_specs(versioned, assets)

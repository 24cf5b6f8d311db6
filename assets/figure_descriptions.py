"""Owns the asset `figure_descriptions`: a text model describes the figures, only with CHAPTER_VISION=on."""

from collections.abc import Iterator
from decimal import Decimal

import dagster as dg

from assets.failures import failed, failure
from assets.metadata import bullets, md
from assets.partitions import DOCUMENTS, bucket_key
from assets.stage_assets import OWNERS
from chapter_pipeline.domain.usage import total
from chapter_pipeline.errors import ChapterPipelineError
from chapter_pipeline.services.costs import usage
from chapter_pipeline.writing.rendering import escaped
from resources.figures import FiguresResource

VISION = "8_vision"


@dg.multi_asset(
    name="figure_vision",
    partitions_def=DOCUMENTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    specs=[
        dg.AssetSpec(
            "figure_descriptions",
            deps=["passage_embeddings"],
            group_name=VISION,
            code_version="1",
            kinds={"llm"},
            owners=OWNERS,
            description="What a text model sees in each figure of a searchable document, and of what kind it is. An aid to "
            "choose and to read figures, never a source of a claim.",
        )
    ],
)
def figure_vision(context: dg.AssetExecutionContext, figures: FiguresResource) -> Iterator[dg.AssetMaterialization]:
    """Descriptions of the figures of every document in the range; each is stored as soon as the model returns it."""
    if not figures.enabled:
        raise failed("the figures are not sent to anybody: set CHAPTER_VISION=on", transient=False, metadata={})
    for partition in context.partition_keys:
        try:
            before = _cost_usd(context, figures)
            described = figures.describe(bucket_key(partition))
        except ChapterPipelineError as error:
            raise failure(error) from error
        yield dg.AssetMaterialization(
            "figure_descriptions",
            partition=partition,
            metadata={
                "described now": described.described,
                "cost (USD)": float(_cost_usd(context, figures) - before),
                "providers": ", ".join(described.providers) or "none",
                "refused": md(bullets([escaped(line) for line in described.refused]) or "none"),
            },
        )


def _cost_usd(context: dg.AssetExecutionContext, figures: FiguresResource) -> Decimal:
    """What the run has cost so far."""
    return total(usage(figures.database(), run_ids=[context.run.run_id])).cost_usd

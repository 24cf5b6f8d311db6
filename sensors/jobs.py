"""Owns the jobs, their retry tags, and the hook that stops run retries after permanent errors."""

from __future__ import annotations

import dagster as dg

from assets.figure_descriptions import VISION
from assets.library import LIBRARY
from chapter_pipeline.errors import TransientError

INGEST, WRITE, DESCRIBE = "ingest_library", "write_chapter", "describe_figures"
MAX_RETRIES = "2"
RETRY_AFTER_FAILURE_TAG = "dagster/retry_on_asset_or_op_failure"


def may_be_retried(error: BaseException | None) -> bool:
    """Whether a retry may help: only after a transient error."""
    if isinstance(error, dg.Failure):
        return error.allow_retries
    return isinstance(error, TransientError)


@dg.failure_hook(name="stop_retries_of_permanent_errors")
def stop_retries_of_permanent_errors(context: dg.HookContext) -> None:
    """Tag the run, because `Failure(allow_retries=False)` stops step retries but not run retries."""
    if not may_be_retried(context.op_exception):
        context.instance.add_run_tags(context.run_id, {RETRY_AFTER_FAILURE_TAG: "false"})


# The whole range again: stored documents are skipped by their hash.
ingest_library = dg.define_asset_job(
    INGEST,
    selection=dg.AssetSelection.groups(LIBRARY),
    description="The six stages of a range of documents, then the checks of the library's tables.",
    executor_def=dg.in_process_executor,
    hooks={stop_retries_of_permanent_errors},
    tags={"dagster/max_retries": MAX_RETRIES, "dagster/retry_strategy": "ALL_STEPS"},
)
# After a crash only assets without a materialization: finished sections are not written again.
write_chapter = dg.define_asset_job(
    WRITE,
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups(LIBRARY, VISION),
    description="The fourteen stages of one chapter, from the brief to the published version, with their gates. "
    "Launched as it stands, it also passes the section assets of all other templates, which then have the status "
    "`unused`. `chapter-pipeline chapters write SLUG` selects the chapter's own sections. In the Dagster UI, select in the "
    "asset graph all stages and, of `section/...`, the kinds that the chapter's template names, then “Materialize "
    "selected”; a re-execution keeps its selection.",
    executor_def=dg.in_process_executor,
    hooks={stop_retries_of_permanent_errors},
    tags={"dagster/max_retries": MAX_RETRIES, "dagster/retry_strategy": "FROM_ASSET_FAILURE"},
)
describe_figures = dg.define_asset_job(
    DESCRIBE,
    selection=dg.AssetSelection.groups(VISION),
    description="What a text model sees in the figures of a range of documents; needs CHAPTER_VISION=on.",
    executor_def=dg.in_process_executor,
    hooks={stop_retries_of_permanent_errors},
    tags={"dagster/max_retries": MAX_RETRIES, "dagster/retry_strategy": "ALL_STEPS"},
)

"""Owns the border between our rooms and Dagster: errors become failures that say what to do, values become results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import dagster as dg

from assets.partitions import CHAPTERS
from chapter_pipeline.errors import ChapterPipelineError, TransientError
from chapter_pipeline.storage.artifacts import content_hash
from chapter_pipeline.writing.model import Artifact

ValueT = TypeVar("ValueT", bound=Artifact)

OWNERS = ["team:authors"]
TRANSIENT = "transient"
REVISION_TAG = "chapter_pipeline/revision"
"""On a run of the revision loop: which round it is, from 1."""
REWRITE_TAG = "chapter_pipeline/rewrite"
"""On a run that somebody asked for by section: the kinds to write again even when their inputs are the same."""


@contextmanager
def reported() -> Iterator[None]:
    """Errors raised on purpose become a `dg.Failure` with their message; only transient ones may be retried."""
    try:
        yield
    except ChapterPipelineError as error:
        raise failure(error) from error


def failure(error: ChapterPipelineError) -> dg.Failure:
    """The failure that tells `error`."""
    return failed(str(error), transient=isinstance(error, TransientError), metadata={"error": type(error).__name__})


def failed(description: str, *, transient: bool, metadata: Mapping[str, Any]) -> dg.Failure:
    """A failure that says in its metadata too whether a retry may help: only that is kept in the event log."""
    return dg.Failure(description, metadata={**metadata, TRANSIENT: transient}, allow_retries=transient)


def stage_asset(
    *, number: int, group: str, kinds: set[str], code_version: str = "1", deps: Sequence[dg.AssetKey] = ()
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`dg.asset` for stage `number` of the fourteen: partitioned by chapter, kept in `artifacts`."""
    return dg.asset(
        deps=deps,
        partitions_def=CHAPTERS,
        group_name=group,
        io_manager_key="artifacts_io",
        code_version=code_version,
        kinds=kinds,
        owners=OWNERS,
        tags={"chapter_pipeline/stage": f"{number:02}"},
    )


def stage_result(value: ValueT, metadata: Mapping[str, Any]) -> dg.MaterializeResult[ValueT]:
    """`value` with its content hash as data version, so that an identical rewrite leaves all below it fresh."""
    return dg.MaterializeResult(
        value=value, data_version=dg.DataVersion(content_hash(value.model_dump(mode="json"))), metadata=metadata
    )


def md(text: str) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(text)


def bullets(lines: Sequence[str], *, limit: int = 20) -> str:
    """A Markdown list of at most `limit` lines, saying how many were left out."""
    shown = [f"- {line}" for line in lines[:limit]]
    if len(lines) > limit:
        shown.append(f"- and {len(lines) - limit} more")
    return "\n".join(shown) or "none"

"""Owns the border between our rooms and Dagster: errors become failures that say what to do, values become results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import dagster as dg

from assets.partitions import CHAPTERS
from chapter_pipeline.domain import StageValue
from chapter_pipeline.errors import ChapterPipelineError, TransientError
from chapter_pipeline.storage.artifacts import content_hash
from chapter_pipeline.writing.rendering import escaped, table

ValueT = TypeVar("ValueT", bound=StageValue)

OWNERS = ["team:authors"]
TRANSIENT = "transient"
REVISION_TAG = "chapter_pipeline/revision"
"""On a run of the revision loop: which round it is, from 1."""
REVISED_TAG = "chapter_pipeline/revised"
"""On a run of the revision loop: the section kinds whose gaps it is to close."""
ORIGIN_TAG = "chapter_pipeline/origin"
"""On a run that makes a version: what brought it about, as people read it."""
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
    *, number: int, group: str, kinds: set[str], code_version: str = "1", deps: Sequence[dg.AssetKey | dg.AssetDep] = ()
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`dg.asset` for stage `number` of the fourteen: partitioned by chapter, kept in `artifacts`.

    The code version of what is in the table of stages comes from there, see `chapter_pipeline.definitions`.
    """
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


def or_none(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dg.MarkdownMetadataValue:
    """`rows` as a table; the word none instead of a table without a row."""
    return md(table(header, rows) if rows else "none")


def linked_work(title: str, year: int | None, doi: str | None) -> str:
    """A work in Markdown; its title leads to its DOI when it has one."""
    shown = escaped(title) or "untitled"
    # A DOI comes out of somebody's PDF: what is not plain in an address is encoded.
    return (f"[{shown}](https://doi.org/{quote(doi, safe='/')})" if doi else shown) + f" ({year or 'no year'})"


def bullets(lines: Sequence[str], *, limit: int = 20) -> str:
    """A Markdown list of at most `limit` lines, saying how many were left out."""
    shown = [f"- {line}" for line in lines[:limit]]
    if len(lines) > limit:
        shown.append(f"- and {len(lines) - limit} more")
    return "\n".join(shown) or "none"

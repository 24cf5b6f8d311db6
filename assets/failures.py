"""How an error of a service becomes a `dg.Failure`: what happened, the remedy, and whether a retry may help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dagster as dg

from chapter_pipeline.errors import ChapterPipelineError, TransientError

TRANSIENT = "transient"
"""Metadata of a failure: whether a retry may help."""


@contextmanager
def reported() -> Iterator[None]:
    """Convert each `ChapterPipelineError` to a `dg.Failure` with its message; only transient ones are retried."""
    try:
        yield
    except ChapterPipelineError as error:
        raise failure(error) from error


def failure(error: ChapterPipelineError) -> dg.Failure:
    """The `dg.Failure` for `error`."""
    return failed(str(error), transient=isinstance(error, TransientError), metadata={"error": type(error).__name__})


def failed(description: str, *, transient: bool, metadata: Mapping[str, Any]) -> dg.Failure:
    """A failure with `allow_retries` repeated in its metadata, because the event log keeps only the metadata."""
    return dg.Failure(description, metadata={**metadata, TRANSIENT: transient}, allow_retries=transient)

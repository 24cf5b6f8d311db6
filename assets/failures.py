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

"""Owns the report of what persons do to documents: observations on the Dagster instance, without a run."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from assets.partitions import partition_key
from chapter_pipeline.orchestration.instance import open_instance
from chapter_pipeline.settings import Settings

ASSET = "document_text"


class ObservedActs:
    """Implements `services.run_report.DocumentActs`.

    An edit of a record is an observation and no materialization: the text of the document is as it was, and a new
    materialization would show all that is made of it as stale.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def record_edited(self, names: Sequence[str], what: str) -> None:
        """Report an observation of each name's partition."""
        with open_instance(self._settings) as instance:
            for name in names:
                instance.report_runless_asset_event(
                    dg.AssetObservation(
                        ASSET, partition=partition_key(name), description=what, metadata={"record edited": what}
                    )
                )

"""Owns the run requests (job, tags, asset selection), shared by the sensors and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import dagster as dg
from dagster import DagsterEventType

from assets.failures import TRANSIENT
from assets.library import FAILED, LAST_STAGE, RECORDS
from assets.partitions import CHAPTERS, add_documents, bucket_key, ranges
from assets.run_tags import ORIGIN_TAG, RECORDS_TAG, REWRITE_TAG
from assets.sections import section_key
from chapter_pipeline.writing.stage_table import CHAPTER_STAGES, SECTION
from sensors.jobs import INGEST, WRITE

_NAMES = tuple(stage.name for stage in CHAPTER_STAGES)
LEADING = _NAMES[: _NAMES.index(SECTION)]
"""The assets before the sections."""
FOLLOWING = (*_NAMES[_NAMES.index(SECTION) + 1 :], "published_version", "chapter_exports")
"""The assets after the sections, made again whenever a section is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A run to start. `selection` None: all assets of the job."""

    job: str
    tags: Mapping[str, str] = field(default_factory=dict)
    selection: tuple[dg.AssetKey, ...] | None = None


def ingest_requests(instance: dg.DagsterInstance, bucket_keys: Sequence[str]) -> list[Request]:
    """The fewest range runs that cover these documents; new documents need only one."""
    return [
        Request(
            job=INGEST,
            tags={"dagster/asset_partition_range_start": start, "dagster/asset_partition_range_end": end},
        )
        for start, end in ranges(instance, add_documents(instance, bucket_keys))
    ]


def record_requests(instance: dg.DagsterInstance, bucket_keys: Sequence[str], *, again: bool) -> list[Request]:
    """The fewest range runs that make the study records of these documents; `again`: also those that are current."""
    tags = {RECORDS_TAG: "again"} if again else {}
    return [
        replace(request, tags={**request.tags, **tags}, selection=(dg.AssetKey(RECORDS),))
        for request in ingest_requests(instance, bucket_keys)
    ]


def write_request(
    instance: dg.DagsterInstance, slug: str, sections: Sequence[str] | None = None, *, kinds: Sequence[str]
) -> Request:
    """A run that writes the whole chapter, or only `sections` again with the assets after them.

    `kinds`: the section kinds of the chapter; a run of the whole chapter selects these, not those of other templates.
    """
    instance.add_dynamic_partitions(str(CHAPTERS.name), [slug])
    tags = {"dagster/partition": slug}
    if sections is None:
        leading = (dg.AssetKey(name) for name in LEADING)
        return Request(job=WRITE, tags=tags, selection=(*leading, *selection_for(kinds)))
    origin = f"{', '.join(sections)} written again"
    return Request(
        job=WRITE, tags={**tags, REWRITE_TAG: ",".join(sections), ORIGIN_TAG: origin}, selection=selection_for(sections)
    )


def revision_request(instance: dg.DagsterInstance, slug: str, wanted: dg.RunRequest) -> Request:
    """The run that the revision sensor requests, with the sections that it selects."""
    instance.add_dynamic_partitions(str(CHAPTERS.name), [slug])
    assert wanted.asset_selection, "without a selection the run would pass the sections of all templates"
    return Request(job=WRITE, tags={"dagster/partition": slug, **wanted.tags}, selection=tuple(wanted.asset_selection))


def following_request(instance: dg.DagsterInstance, slug: str, *, origin: str) -> Request:
    """A run of the assets after the sections, without writing any; `origin`: what changed the sections."""
    instance.add_dynamic_partitions(str(CHAPTERS.name), [slug])
    return Request(job=WRITE, tags={"dagster/partition": slug, ORIGIN_TAG: origin}, selection=selection_for(()))


def selection_for(sections: Sequence[str]) -> tuple[dg.AssetKey, ...]:
    """The assets of a run that writes `sections` again: the sections and all assets after them."""
    return (*(section_key(kind) for kind in sections), *(dg.AssetKey(name) for name in FOLLOWING))


def recorded_document(event: dg.DagsterEvent) -> str | None:
    """The bucket key of the document whose study record this event reports; None for any other event."""
    if event.partition is None or not event.is_step_materialization or event.asset_key != dg.AssetKey(RECORDS):
        return None
    return bucket_key(event.partition)


def finished_document(event: dg.DagsterEvent) -> str | None:
    """The bucket key of the document whose ingest this event ends, stored or quarantined; None for any other event."""
    if event.partition is None or event.asset_key is None:
        return None
    stored = event.is_step_materialization and event.asset_key == dg.AssetKey(LAST_STAGE)
    refused = event.event_type is DagsterEventType.ASSET_OBSERVATION
    return bucket_key(event.partition) if stored or refused else None


def only_quarantined(failure: Mapping[str, Any]) -> bool:
    """Whether the metadata of a failed step reports quarantined files only."""
    return failure.get(FAILED) == 0


def may_succeed_later(failure: Mapping[str, Any]) -> bool:
    """Whether the metadata of a failed step reports a transient error."""
    return bool(failure.get(TRANSIENT))

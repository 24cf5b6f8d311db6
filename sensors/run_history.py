"""Owns what the stored runs say of documents: those in unfinished runs, and the failed runs of each document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.partitions import DOCUMENTS, bucket_key, partition_key
from sensors.jobs import INGEST

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
NEWEST = 500
"""Most finished runs that are read: the wait is at its longest before that."""
CLOCKS_DIFFER = timedelta(seconds=2)
"""Tolerance for clocks that differ: a run may seem older than its file by this."""
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
_PARTITION = "dagster/partition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """The number of runs that ended without storing or refusing a document, and when the last of them ended."""

    count: int
    ended: datetime


class RunHistory:
    """The runs of an instance by bucket key. Reads the partition set once."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._partitions = instance.get_dynamic_partitions(str(DOCUMENTS.name))
        self._places = {key: place for place, key in enumerate(self._partitions)}

    def under_way(self) -> set[str]:
        """The documents of all queued and running runs, of any job."""
        runs = self._instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
        return {bucket_key(partition) for run in runs for partition in self._of(run.tags)}

    def tries(self, since: Mapping[str, datetime]) -> dict[str, Tries]:
        """How often these documents were in a finished ingest that was made after the time given for each.

        All of them are not in the library as they are now: a run that had one has failed with it, whatever its status.
        """
        wanted = {partition_key(name): moment - CLOCKS_DIFFER for name, moment in since.items()}
        if not wanted:
            return {}
        records = self._instance.get_run_records(
            dg.RunsFilter(job_name=INGEST, statuses=FINISHED, created_after=min(wanted.values())), limit=NEWEST
        )
        found: dict[str, Tries] = {}
        for record in records:
            ended = _ended(record)
            for partition in self._of(record.dagster_run.tags):
                moment = wanted.get(partition)
                if moment is None or _aware(record.create_timestamp) < moment:
                    continue
                name = bucket_key(partition)
                before = found.get(name, Tries(count=0, ended=ended))
                found[name] = Tries(count=before.count + 1, ended=max(before.ended, ended))
        return found

    def _of(self, tags: Mapping[str, str]) -> Sequence[str]:
        first, last = (tags.get(tag, tags.get(_PARTITION, "")) for tag in _RANGE)
        if first not in self._places or last not in self._places:
            return ()
        return self._partitions[self._places[first] : self._places[last] + 1]


def _ended(record: dg.RunRecord) -> datetime:
    if record.end_time is not None:
        return datetime.fromtimestamp(record.end_time, UTC)
    return _aware(record.update_timestamp)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

"""Owns the way from a file dropped into ``inbox/`` to a run: one for all that is new, none twice for one version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg

from chapter_pipeline.operations.paths import INBOX
from chapter_pipeline.storage.bucket import Entry
from resources.rooms import BucketResource, ClockResource
from sensors.jobs import INGEST
from sensors.requests import ingest_requests

SETTLED = timedelta(seconds=2)
"""A file whose last change is younger may still be being written."""
BATCH = 500
"""Documents of one run at most; the rest is taken at the next look, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the sensor knows from its earlier looks: versions requested, and versions seen but too young then."""

    requested: Mapping[str, str]
    young: Mapping[str, str]

    @classmethod
    def read(cls, cursor: str | None) -> Memory:
        known = json.loads(cursor) if cursor else {}
        return cls(requested=known.get("requested", {}), young=known.get("young", {}))

    def written(self) -> str:
        return json.dumps({"requested": self.requested, "young": self.young}, separators=(",", ":"))


def version_of(entry: Entry) -> str:
    """Changes whenever the object under the same key does."""
    parts = f"{entry.etag}\n{entry.size_bytes}\n{entry.modified.isoformat()}"
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


def is_visible(key: str) -> bool:
    """Whether this is a delivery: hidden names are files that a program (rsync, an editor) is still making."""
    return not any(part.startswith(".") for part in key.removeprefix(INBOX).split("/"))


def look(entries: Sequence[Entry], memory: Memory, *, now: datetime) -> tuple[list[Entry], Memory]:
    """Which objects are to be processed now, oldest first, and what to remember.

    An object is ripe when it rests for `SETTLED`, or (clocks differ) when the last look saw the very same version.
    """
    versions = {entry.key: version_of(entry) for entry in entries if is_visible(entry.key)}
    new = [
        entry for entry in entries if entry.key in versions and memory.requested.get(entry.key) != versions[entry.key]
    ]
    ripe = [
        entry for entry in new if now - entry.modified >= SETTLED or memory.young.get(entry.key) == versions[entry.key]
    ]
    chosen = sorted(ripe, key=lambda entry: (entry.modified, entry.key))[:BATCH]
    taken = {entry.key for entry in chosen}
    return chosen, Memory(
        # What left the inbox is forgotten: delivered again, it is new.
        requested={
            key: version for key, version in versions.items() if key in taken or memory.requested.get(key) == version
        },
        young={entry.key: versions[entry.key] for entry in new if entry.key not in taken},
    )


def new_documents(interval_s: int) -> dg.SensorDefinition:
    """The sensor, looking every `interval_s`."""

    @dg.sensor(
        name="new_documents",
        job_name=INGEST,
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Ingests what is dropped into inbox/ of the bucket: one run for all that is new or changed.",
    )
    def sensor(
        context: dg.SensorEvaluationContext, bucket: BucketResource, clock: ClockResource
    ) -> dg.SensorResult | dg.SkipReason:
        memory = Memory.read(context.cursor)
        chosen, remembered = look(bucket.open().entries(INBOX), memory, now=clock.now())
        if not chosen:
            if remembered != memory:
                context.update_cursor(remembered.written())
            waiting = f", {len(remembered.young)} still being written" if remembered.young else ""
            return dg.SkipReason(f"nothing new in {INBOX}{waiting}")
        # Partitions are added here, in one statement: a request to Dagster to add them takes 5 ms for each.
        versions = {entry.key: remembered.requested[entry.key] for entry in chosen}
        requests = [
            dg.RunRequest(run_key=_run_key(request.tags, versions), tags=request.tags)
            for request in ingest_requests(context.instance, list(versions))
        ]
        return dg.SensorResult(run_requests=requests, cursor=remembered.written())

    return sensor


def _run_key(tags: Mapping[str, str], versions: Mapping[str, str]) -> str:
    """The same for the same versions: should the cursor be lost, the same run is not requested again."""
    return hashlib.sha256(json.dumps([sorted(tags.items()), sorted(versions.items())]).encode()).hexdigest()[:32]

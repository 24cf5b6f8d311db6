"""Owns the sensor `new_documents`, which requests ingest runs for the objects of ``inbox/``.

The outstanding objects are derived at every tick: all objects of the inbox except those whose present version is
stored or quarantined, those in an unfinished run, and those whose run failed a short time ago. No request is stored,
so no file is lost after a killed run, a lost cursor or a restored database.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg

from chapter_pipeline.services.file_paths import INBOX, is_delivery
from chapter_pipeline.storage.listing import Entry
from resources.bucket import BucketResource
from resources.clock import ClockResource
from resources.library import LibraryResource
from sensors.jobs import INGEST
from sensors.requests import ingest_requests
from sensors.run_history import RunHistory, Tries

SETTLED = timedelta(seconds=2)
"""A file that changed within this time may still be being written."""
BATCH = 500
"""Most documents of one tick, oldest first; later ticks take the others."""
RUNS = 20
"""Most runs of one tick: documents that are not adjacent in the partition set need a run each."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
"""Wait after the first failed run of a document, and the longest wait; it doubles with each failed run."""
NAMED = 5
"""Most waiting documents that a message names."""


def outstanding(entries: Iterable[Entry], settled: Mapping[str, str | None]) -> list[Entry]:
    """The deliveries that are neither stored nor refused as they are now; `settled` as `LibraryStore.settled`."""
    return [entry for entry in entries if is_delivery(entry.key) and settled.get(entry.key) != entry.version]


def next_try(tries: Tries) -> datetime:
    """When a document is to be tried again."""
    doubled: int = 2 ** min(tries.count - 1, 16)  # no overflow, and longer than `LONGEST_WAIT` by far
    return tries.ended + min(FIRST_WAIT * doubled, LONGEST_WAIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The outstanding objects of one tick: those to ingest now, and why the others wait."""

    chosen: Sequence[Entry]
    under_way: int
    young: Mapping[str, str]
    """Versions by key: the next tick compares."""
    failed: Mapping[str, Tries]
    later: int

    def waiting(self) -> str:
        """Why what is not taken waits, in words; empty when nothing does."""
        parts = [
            f"{self.under_way} in runs that are not finished" if self.under_way else "",
            f"{len(self.young)} still being written" if self.young else "",
            f"{self.later} more than one tick takes" if self.later else "",
            self._failed() if self.failed else "",
        ]
        return ", ".join(part for part in parts if part)

    def _failed(self) -> str:
        soonest = sorted(self.failed, key=lambda name: (next_try(self.failed[name]), name))
        named = "; ".join(
            f"{name!r}: {self.failed[name].count}, again at {next_try(self.failed[name]):%H:%M:%S} UTC"
            for name in soonest[:NAMED]
        )
        more = f"; and {len(soonest) - NAMED} more" if len(soonest) > NAMED else ""
        return f"{len(soonest)} after failed runs ({named}{more})"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxCursor:
    """What the sensor keeps from one tick to the next: the versions, by key, of files that may still be being written."""

    young: Mapping[str, str]

    @classmethod
    def parse(cls, text: str | None) -> InboxCursor:
        """The cursor that `text` holds; an empty one for the first tick."""
        return cls(young=json.loads(text or "{}").get("young", {}))

    def text(self) -> str:
        """The form in which Dagster keeps it."""
        return json.dumps({"young": dict(self.young)}, separators=(",", ":"))


def select_new_files(
    entries: Sequence[Entry],
    *,
    under_way: Collection[str],
    tries: Mapping[str, Tries],
    young: Mapping[str, str],
    now: datetime,
) -> Selection:
    """Which of the outstanding `entries` are to be processed now, oldest first, and why the others are not.

    An object is ripe when it rests for `SETTLED`, or (clocks differ) when the last tick, which left `young`, saw the
    very same version.
    """
    idle = [entry for entry in entries if entry.key not in under_way]
    ripe = [entry for entry in idle if now - entry.modified >= SETTLED or young.get(entry.key) == entry.version]
    failed = {e.key: tries[e.key] for e in ripe if e.key in tries and next_try(tries[e.key]) > now}
    due = sorted((entry for entry in ripe if entry.key not in failed), key=lambda entry: (entry.modified, entry.key))
    known = {entry.key for entry in ripe}
    return Selection(
        chosen=due[:BATCH],
        under_way=len(entries) - len(idle),
        young={entry.key: entry.version for entry in idle if entry.key not in known},
        failed=failed,
        later=max(0, len(due) - BATCH),
    )


def new_documents(interval_s: int) -> dg.SensorDefinition:
    """The sensor, looking every `interval_s`."""

    @dg.sensor(
        name="new_documents",
        job_name=INGEST,
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Ingests what lies in inbox/ of the bucket and is neither stored, refused nor in a run.",
    )
    def sensor(
        context: dg.SensorEvaluationContext, bucket: BucketResource, library: LibraryResource, clock: ClockResource
    ) -> dg.SensorResult | dg.SkipReason:
        listing = bucket.open().listing(INBOX)
        work = outstanding(listing.entries, library.store().settled(INBOX, settings_hash=library.settings_hash()))
        found = _select(work, context, clock.now())
        unusable = sum(is_delivery(one.name) for one in listing.unusable)
        refused = f"{unusable} that cannot be used (chapter-pipeline documents inventory)" if unusable else ""
        waiting = ", ".join(part for part in (found.waiting(), refused) if part)
        cursor = InboxCursor(young=found.young).text()
        if not found.chosen:
            if cursor != context.cursor:
                context.update_cursor(cursor)
            return dg.SkipReason(f"nothing new in {INBOX}" + (f", {waiting}" if waiting else ""))
        if waiting:
            context.log.info(f"not taken from {INBOX}: {waiting}")
        # Partitions are added here, in one statement: a request to Dagster to add them takes 5 ms for each.
        requests = ingest_requests(context.instance, [entry.key for entry in found.chosen])[:RUNS]
        # No run key: with one, Dagster would never run the same files again.
        return dg.SensorResult(run_requests=[dg.RunRequest(tags=one.tags) for one in requests], cursor=cursor)

    return sensor


def _select(work: Sequence[Entry], context: dg.SensorEvaluationContext, now: datetime) -> Selection:
    young = InboxCursor.parse(context.cursor).young
    if not work:  # the usual case: no query of Dagster's tables is needed
        return select_new_files(work, under_way=(), tries={}, young=young, now=now)
    history = RunHistory(context.instance)
    under_way = history.under_way()
    tries = history.tries({entry.key: entry.since for entry in work if entry.key not in under_way})
    return select_new_files(work, under_way=under_way, tries=tries, young=young, now=now)

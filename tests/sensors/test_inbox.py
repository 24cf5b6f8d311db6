"""The inbox: what lies there and is neither stored nor refused is asked for when it is whole, until it is."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterEvent

from chapter_pipeline.documents.jats.extract import extract_article
from chapter_pipeline.domain.document import DocumentKind, IngestStatus
from chapter_pipeline.storage.listing import Entry
from resources.bucket import BucketResource
from resources.clock import ClockResource
from resources.library import LibraryResource
from sensors.inbox import BATCH, FIRST_WAIT, LONGEST_WAIT, next_try, outstanding, select_new_files
from sensors.run_history import Tries
from tests.code_location import Location, TextParser
from tests.documents.articles import jats

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER_S = 2 * LONGEST_WAIT.total_seconds()
"""Whatever has failed before is due again by then."""
GLIOMA = "Glioma surgery in adults\n\nResection of the tumour was safe."


class LaterClock(ClockResource):
    """The present time and a while."""

    later_s: float = 0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.later_s)


@dataclass
class Tick:
    """What one tick came to: the runs it asked for, as they are on record now, or the reason why it did not."""

    runs: list[dg.DagsterRun]
    reason: str

    @property
    def ranges(self) -> list[tuple[str, str]]:
        return [
            (run.tags["dagster/asset_partition_range_start"], run.tags["dagster/asset_partition_range_end"])
            for run in self.runs
        ]


class Inbox:
    """The inbox folder of a location's bucket, and the sensor that looks at it, with the daemon's part in it."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self.folder = location.settings.home / "bucket" / "inbox"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cursor: str | None = None
        self.job = location.definitions.resolve_job_def("ingest_library")

    def drop(self, name: str, content: str = "text", *, age_s: float = 60) -> Path:
        path = self.folder / name
        path.write_text(content)
        then = path.stat().st_mtime - age_s
        os.utime(path, (then, then))
        return path

    def tick(self, *, later_s: float = 0) -> Tick:
        """One tick, `later_s` after now; the runs that it asks for are put on record, as the daemon does."""
        with dg.build_sensor_context(
            instance=self.location.instance,
            cursor=self.cursor,
            resources={
                "bucket": BucketResource(container=self.location.container),
                "library": LibraryResource(container=self.location.container),
                "clock": LaterClock(later_s=later_s, container=self.location.container),
            },
        ) as context:
            found = self.location.definitions.resolve_sensor_def("new_documents").evaluate_tick(context)
        self.cursor = found.cursor
        assert all(request.run_key is None for request in found.run_requests or ())
        runs = [
            # Without the announcement of 2,500 materializations that comes with each batch.
            self.location.instance.add_run(
                dg.DagsterRun(job_name=self.job.name, run_id=str(uuid.uuid4()), tags={**self.job.tags, **request.tags})
            )
            for request in found.run_requests or ()
        ]
        return Tick(runs, found.skip_message or "")

    def execute(self, run: dg.DagsterRun) -> bool:
        """Carry out what `run` was asked for, and put its end on record."""
        done = self.job.execute_in_process(instance=self.location.instance, tags=run.tags, raise_on_error=False)
        self.end(run, dg.DagsterRunStatus.SUCCESS if done.success else dg.DagsterRunStatus.FAILURE)
        return done.success

    def end(self, run: dg.DagsterRun, status: dg.DagsterRunStatus = dg.DagsterRunStatus.FAILURE) -> None:
        """`run` is over, and never began."""
        instance = self.location.instance
        if status is dg.DagsterRunStatus.FAILURE:
            instance.report_run_failed(run)
        elif status is dg.DagsterRunStatus.CANCELED:
            instance.report_run_canceled(run)
        else:
            event = DagsterEvent(event_type_value="PIPELINE_SUCCESS", job_name=run.job_name)
            instance.report_dagster_event(event, run.run_id)


@pytest.fixture
def reads_articles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser of the tests reads JATS articles as the real one does."""
    monkeypatch.setattr(TextParser, "__call__", lambda _self, content: extract_article(content, max_pages=100))


@pytest.mark.usefixtures("reads_articles")
def test_inbox__jats_article__is_in_the_library_after_its_run(inbox: Inbox) -> None:
    inbox.drop("PMC7654321.nxml", jats().decode())
    (run,) = inbox.tick().runs
    assert inbox.execute(run)
    (document,) = inbox.location.library.documents()
    assert (document.names, document.record.kind) == (("inbox/PMC7654321.nxml",), DocumentKind.JATS)
    assert inbox.tick() == Tick([], "nothing new in inbox/")


@pytest.fixture
def inbox(location: Location) -> Inbox:
    return Inbox(location)


def test_inbox__empty__asks_for_nothing_and_says_so(inbox: Inbox) -> None:
    assert inbox.tick() == Tick([], "nothing new in inbox/")


def test_inbox__several_files__are_one_run_and_partitions_of_their_own(inbox: Inbox) -> None:
    names = ["b.pdf", "a.pdf", "c.pdf"]
    for name in names:
        inbox.drop(name)
    assert inbox.tick().ranges == [("inbox/a.pdf", "inbox/c.pdf")]
    assert set(inbox.location.instance.get_dynamic_partitions("document")) == {f"inbox/{name}" for name in names}


def test_inbox__run_waits_or_works__nothing_is_asked_for_twice_also_without_a_cursor(inbox: Inbox) -> None:
    inbox.drop("a.pdf")
    assert len(inbox.tick().runs) == 1
    assert inbox.tick() == Tick([], "nothing new in inbox/, 1 in runs that are not finished")
    inbox.cursor = None
    assert inbox.tick().runs == []


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED])
def test_inbox__every_start_fails__is_asked_for_again_and_again_after_longer_and_longer(
    inbox: Inbox, status: dg.DagsterRunStatus
) -> None:
    inbox.drop("a.pdf", GLIOMA)
    waited_s = 0.0
    for failed in range(1, 5):
        (run,) = inbox.tick(later_s=waited_s).runs
        inbox.end(run, status)
        said = inbox.tick(later_s=1).reason
        assert said.startswith(f"nothing new in inbox/, 1 after failed runs ('inbox/a.pdf': {failed}, again at ")
        waited_s = FIRST_WAIT.total_seconds() * 2 ** (failed - 1) + 2
        assert inbox.tick(later_s=waited_s - 12).runs == []
    (run,) = inbox.tick(later_s=waited_s).runs
    assert inbox.execute(run)
    assert inbox.tick(later_s=10 * waited_s) == Tick([], "nothing new in inbox/")


def test_inbox__run_ends_well_without_its_file_being_dealt_with__it_is_still_work(inbox: Inbox) -> None:
    inbox.drop("a.pdf", GLIOMA)
    inbox.end(inbox.tick().runs[0], dg.DagsterRunStatus.SUCCESS)
    assert inbox.tick(later_s=1).runs == []
    assert inbox.tick(later_s=LATER_S).ranges == [("inbox/a.pdf", "inbox/a.pdf")]


def test_inbox__run_stops_half_way__only_what_it_left_is_asked_for(inbox: Inbox) -> None:
    inbox.drop("a.pdf", GLIOMA)
    inbox.drop("b.pdf", "ERROR: a defect")
    inbox.drop("c.pdf", "BAD:encrypted")
    assert not inbox.execute(inbox.tick().runs[0])
    assert inbox.tick(later_s=LATER_S).ranges == [("inbox/b.pdf", "inbox/b.pdf")]


def test_inbox__file_that_grows__waits_until_two_looks_see_the_same(inbox: Inbox) -> None:
    inbox.drop("a.pdf", "half", age_s=-3600)  # a clock that goes an hour ahead: it stays "young"
    assert inbox.tick() == Tick([], "nothing new in inbox/, 1 still being written")
    inbox.drop("a.pdf", "half and more", age_s=-3600)
    assert inbox.tick().runs == []
    assert inbox.tick().ranges == [("inbox/a.pdf", "inbox/a.pdf")]


def test_inbox__hidden_name__is_left_to_the_program_that_is_making_it(inbox: Inbox) -> None:
    inbox.drop(".a.pdf.Xy12")
    assert inbox.tick().runs == []


def test_inbox__name_that_is_not_utf8_and_a_dangling_link__hide_no_other_file(inbox: Inbox) -> None:
    (inbox.folder / os.fsdecode(b"b\xe9.pdf")).write_bytes(b"x")
    (inbox.folder / "l.pdf").symlink_to("nothing")
    assert inbox.tick().reason == (
        "nothing new in inbox/, 2 that cannot be used (chapter-pipeline documents inventory)"
    )
    inbox.drop("a.pdf")
    assert inbox.tick().ranges == [("inbox/a.pdf", "inbox/a.pdf")]


def test_inbox__file_is_stored__only_other_content_under_its_name_is_work(inbox: Inbox) -> None:
    path = inbox.drop("a.pdf", GLIOMA)
    assert inbox.execute(inbox.tick().runs[0])
    assert inbox.tick().runs == []
    inbox.cursor = None
    assert inbox.tick().runs == []
    inbox.drop("a.pdf", GLIOMA + " Second edition.")
    (run,) = inbox.tick(later_s=LATER_S).runs
    assert inbox.execute(run)
    record = inbox.location.library.record("inbox/a.pdf")
    assert record is not None
    assert record.status is IngestStatus.INGESTED
    path.unlink()
    inbox.drop("a.pdf", GLIOMA + " Second edition.")  # delivered again as it was: looked at once
    assert inbox.execute(inbox.tick(later_s=LATER_S).runs[0])
    assert inbox.tick(later_s=LATER_S).runs == []
    assert inbox.location.parser.calls.total() == 2


def test_inbox__file_is_refused__is_no_work_until_it_is_mended(inbox: Inbox) -> None:
    inbox.drop("a.pdf", "BAD:encrypted")
    inbox.execute(inbox.tick().runs[0])
    assert inbox.tick(later_s=LATER_S) == Tick([], "nothing new in inbox/")
    os.utime(inbox.folder / "a.pdf", (1, 1))  # other dates, the same content: looked at once more, and no more
    inbox.execute(inbox.tick(later_s=LATER_S).runs[0])
    assert inbox.tick(later_s=LATER_S).runs == []
    inbox.drop("a.pdf", GLIOMA)
    assert inbox.execute(inbox.tick(later_s=LATER_S).runs[0])
    assert inbox.tick(later_s=LATER_S).runs == []


def test_inbox__document_is_removed_and_its_file_delivered_again__is_work(inbox: Inbox) -> None:
    inbox.drop("a.pdf", GLIOMA)
    inbox.execute(inbox.tick().runs[0])
    inbox.location.library.remove("inbox/a.pdf")
    assert inbox.tick(later_s=LATER_S).ranges == [("inbox/a.pdf", "inbox/a.pdf")]


def test_inbox__new_among_known__asks_for_no_other_document(inbox: Inbox) -> None:
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        inbox.drop(name, f"{GLIOMA} {name}")
    inbox.execute(inbox.tick().runs[0])
    inbox.drop("a.pdf", "changed")
    inbox.drop("d.pdf")
    assert inbox.tick(later_s=LATER_S).ranges == [("inbox/a.pdf", "inbox/a.pdf"), ("inbox/d.pdf", "inbox/d.pdf")]


def test_inbox__ten_thousand_files_at_once__are_taken_batch_by_batch_and_each_once(inbox: Inbox) -> None:
    for number in range(10_000):
        inbox.drop(f"{number:05}.pdf", "")
    taken: list[tuple[str, str]] = []
    for batch in range(1, 21):
        tick = inbox.tick()
        assert len(tick.ranges) == 1, batch
        taken += tick.ranges
    assert inbox.tick().reason == "nothing new in inbox/, 10000 in runs that are not finished"
    assert sorted(taken) == [(f"inbox/{n:05}.pdf", f"inbox/{n + 499:05}.pdf") for n in range(0, 10_000, 500)]


def _entry(number: int, **changes: object) -> Entry:
    given: dict[str, Any] = {
        "key": f"inbox/{number:04}.pdf", "size_bytes": 1, "etag": str(number),
        "modified": NOW - timedelta(minutes=number + 1), **changes,
    }  # fmt: skip
    return Entry(**given)


def test_look__more_than_a_batch__oldest_first_and_the_rest_is_named() -> None:
    entries = [_entry(number) for number in range(BATCH + 1)]
    found = select_new_files(entries, under_way=(), tries={}, young={}, now=NOW)
    assert (len(found.chosen), found.later) == (BATCH, 1)
    assert found.chosen[0].key == f"inbox/{BATCH:04}.pdf"
    assert found.waiting() == "1 more than one tick takes"


def test_look__many_failed__names_those_that_are_tried_soonest() -> None:
    entries = [_entry(number) for number in range(7)]
    tries = {entry.key: Tries(count=1, ended=NOW - timedelta(seconds=place)) for place, entry in enumerate(entries)}
    said = select_new_files(entries, under_way=(), tries=tries, young={}, now=NOW).waiting()
    assert said.startswith("7 after failed runs ('inbox/0006.pdf': 1, again at 12:00:24 UTC; 'inbox/0005.pdf': 1,")
    assert said.endswith("; and 2 more)")


@pytest.mark.parametrize(
    ("count", "wait"),
    [(1, FIRST_WAIT), (2, 2 * FIRST_WAIT), (7, 64 * FIRST_WAIT), (8, LONGEST_WAIT), (10_000, LONGEST_WAIT)],
)
def test_next_try__failed_runs__doubles_up_to_an_hour_and_never_ends(count: int, wait: timedelta) -> None:
    assert next_try(Tries(count=count, ended=NOW)) == NOW + wait


@pytest.mark.parametrize(
    ("settled", "is_work"),
    [({}, True), ({"inbox/0001.pdf": "1"}, False), ({"inbox/0001.pdf": "0"}, True), ({"inbox/0001.pdf": None}, True)],
    ids=["unknown", "as it is", "another version", "version not on record"],
)
def test_outstanding__what_is_known_of_a_file__decides(settled: dict[str, str | None], is_work: bool) -> None:
    assert bool(outstanding([_entry(1)], settled)) is is_work


def test_run_history__file_was_delivered_after_its_failed_run__is_a_new_one(inbox: Inbox) -> None:
    inbox.drop("a.pdf", "first")
    inbox.end(inbox.tick().runs[0])
    inbox.drop("a.pdf", "second", age_s=-3600)
    inbox.tick()  # seen once: its clock goes ahead
    assert inbox.tick().ranges == [("inbox/a.pdf", "inbox/a.pdf")]

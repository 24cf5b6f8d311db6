"""The inbox: what is dropped there is asked for once, when it is whole, in one run for all of it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from chapter_pipeline.documents.model import IngestStatus
from chapter_pipeline.storage.bucket import Entry
from resources.rooms import BucketResource, ClockResource
from sensors.inbox import BATCH, Memory, look
from tests.orchestration import Location

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Inbox:
    """The inbox folder of a location's bucket, and the sensor that looks at it with its own cursor."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self.folder = location.settings.home / "bucket" / "inbox"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cursor: str | None = None

    def drop(self, name: str, content: str = "text", *, age_s: float = 60) -> Path:
        path = self.folder / name
        path.write_text(content)
        then = path.stat().st_mtime - age_s
        os.utime(path, (then, then))
        return path

    def tick(self) -> tuple[list[dg.RunRequest], str]:
        """The requested runs and, when there are none, the reason."""
        context = dg.build_sensor_context(
            instance=self.location.instance,
            cursor=self.cursor,
            resources={"bucket": BucketResource(), "clock": ClockResource()},
        )
        found = self.location.definitions.resolve_sensor_def("new_documents").evaluate_tick(context)
        self.cursor = found.cursor
        return list(found.run_requests or []), found.skip_message or ""


@pytest.fixture
def inbox(location: Location) -> Inbox:
    return Inbox(location)


def _range(request: dg.RunRequest) -> tuple[str, str]:
    tags = request.tags
    return tags["dagster/asset_partition_range_start"], tags["dagster/asset_partition_range_end"]


def test_inbox__empty__asks_for_nothing_and_says_so(inbox: Inbox) -> None:
    assert inbox.tick() == ([], "nothing new in inbox/")


def test_inbox__several_files__are_one_run_and_partitions_of_their_own(inbox: Inbox) -> None:
    names = ["b.pdf", "a.pdf", "c.pdf"]
    for name in names:
        inbox.drop(name)
    (request,), _ = inbox.tick()
    assert _range(request) == ("inbox/a.pdf", "inbox/c.pdf")
    assert set(inbox.location.instance.get_dynamic_partitions("document")) == {f"inbox/{name}" for name in names}


def test_inbox__looked_at_again__nothing_is_asked_for_twice(inbox: Inbox) -> None:
    inbox.drop("a.pdf")
    assert len(inbox.tick()[0]) == 1
    assert inbox.tick() == ([], "nothing new in inbox/")


def test_inbox__file_that_grows__waits_until_two_looks_see_the_same(inbox: Inbox) -> None:
    inbox.drop("a.pdf", "half", age_s=0)
    assert inbox.tick() == ([], "nothing new in inbox/, 1 still being written")
    inbox.drop("a.pdf", "half and more", age_s=-3600)  # a clock that goes an hour ahead: it stays "young"
    assert inbox.tick()[0] == []
    (request,), _ = inbox.tick()
    assert _range(request) == ("inbox/a.pdf", "inbox/a.pdf")


def test_inbox__hidden_name__is_left_to_the_program_that_is_making_it(inbox: Inbox) -> None:
    inbox.drop(".a.pdf.Xy12")
    assert inbox.tick()[0] == []


def test_inbox__other_content_under_the_same_name__is_asked_for_as_another_run(inbox: Inbox) -> None:
    inbox.drop("a.pdf", "first")
    (first,), _ = inbox.tick()
    inbox.drop("a.pdf", "second edition")
    (second,), _ = inbox.tick()
    assert _range(first) == _range(second)
    assert first.run_key != second.run_key


def test_inbox__taken_away_and_delivered_again__is_new(inbox: Inbox) -> None:
    inbox.drop("a.pdf", age_s=120)
    assert len(inbox.tick()[0]) == 1
    (inbox.folder / "a.pdf").unlink()
    assert inbox.tick()[0] == []
    inbox.drop("a.pdf", age_s=60)
    assert len(inbox.tick()[0]) == 1


def test_inbox__cursor_lost__the_same_run_key_keeps_dagster_from_running_it_twice(inbox: Inbox) -> None:
    inbox.drop("a.pdf")
    (first,), _ = inbox.tick()
    inbox.cursor = None
    (again,), _ = inbox.tick()
    assert again.run_key == first.run_key


def test_inbox__new_among_known__asks_for_no_other_document(inbox: Inbox) -> None:
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        inbox.drop(name)
    inbox.tick()
    inbox.drop("a.pdf", "changed")
    inbox.drop("d.pdf")
    requests, _ = inbox.tick()
    assert [_range(one) for one in requests] == [("inbox/a.pdf", "inbox/a.pdf"), ("inbox/d.pdf", "inbox/d.pdf")]
    assert len({one.run_key for one in requests}) == 2


def test_inbox__requested_run__brings_the_file_into_the_library(inbox: Inbox) -> None:
    inbox.drop("a.pdf", "Glioma surgery in adults\n\nResection of the tumour was safe.")
    (request,), _ = inbox.tick()
    job = inbox.location.definitions.resolve_job_def("ingest_library")
    assert job.execute_in_process(instance=inbox.location.instance, tags=request.tags).success
    record = inbox.location.library.record("inbox/a.pdf")
    assert record is not None
    assert record.status is IngestStatus.INGESTED


def test_look__more_than_a_batch__oldest_first_and_the_rest_at_the_next_look() -> None:
    entries = [
        Entry(key=f"inbox/{n:04}.pdf", size_bytes=1, modified=NOW - timedelta(minutes=n + 1), etag=str(n))
        for n in range(BATCH + 1)
    ]
    first, memory = look(entries, Memory.read(None), now=NOW)
    assert len(first) == BATCH
    assert first[0].key == f"inbox/{BATCH:04}.pdf"
    rest, memory = look(entries, Memory.read(memory.written()), now=NOW)
    assert [one.key for one in rest] == ["inbox/0000.pdf"]
    assert look(entries, memory, now=NOW)[0] == []

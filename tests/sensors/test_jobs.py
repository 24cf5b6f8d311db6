"""The retry hook: a run is tried again only when what failed may succeed later."""

from __future__ import annotations

import dagster as dg
import pytest

from chapter_pipeline.errors import (
    BucketUnavailable,
    ChapterPipelineError,
    DatabaseUnavailable,
    InvalidBrief,
    InvariantViolated,
    ModelUnavailable,
    PermanentError,
)
from chapter_pipeline.storage import chapter_locks
from chapter_pipeline.storage.chapter_locks import ChapterLocks
from sensors.jobs import RETRY_AFTER_FAILURE_TAG, may_be_retried
from tests.code_location import GLIOMA, SLUG, Location, failure_told


def _retry_tag(location: Location, run_id: str) -> str | None:
    run = location.instance.get_run_by_id(run_id)
    assert run is not None
    return run.tags.get(RETRY_AFTER_FAILURE_TAG)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DatabaseUnavailable("down"), True),
        (BucketUnavailable("down"), True),
        (ModelUnavailable("busy"), True),
        (PermanentError("refused"), False),
        (InvalidBrief("no topic"), False),
        (InvariantViolated("a bug"), False),
        (RuntimeError("a bug"), False),
        (dg.Failure("known", allow_retries=True), True),
        (dg.Failure("known", allow_retries=False), False),
        (None, False),
    ],
    ids=repr,
)
def test_may_be_retried__kind_of_error__only_transient_ones(error: Exception | None, expected: bool) -> None:
    assert may_be_retried(error) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ModelUnavailable("busy"), None), (PermanentError("refused"), "false")],
    ids=["transient", "permanent"],
)
def test_hook__failed_section__stamps_the_run_that_no_retry_can_help(
    location: Location, error: ChapterPipelineError, expected: str | None
) -> None:
    location.add_documents(GLIOMA)
    location.stages.failing = {"diagnosis": error}
    assert _retry_tag(location, location.write().run_id) == expected


def test_hook__quarantined_file__stamps_the_run(location: Location) -> None:
    assert _retry_tag(location, location.ingest({"library/a.pdf": b"BAD:encrypted"}).run_id) == "false"


def test_hook__successful_run__is_left_alone(location: Location) -> None:
    assert _retry_tag(location, location.ingest({"library/a.pdf": GLIOMA.encode()}).run_id) is None


@pytest.mark.parametrize(
    ("job", "strategy"), [("ingest_library", "ALL_STEPS"), ("write_chapter", "FROM_ASSET_FAILURE")]
)
def test_jobs__retried__with_the_strategy_that_loses_nothing(location: Location, job: str, strategy: str) -> None:
    tags = location.definitions.resolve_job_def(job).tags
    assert (tags["dagster/retry_strategy"], tags["dagster/max_retries"]) == (strategy, "2")


def test_write_chapter__while_another_run_writes_the_chapter__fails_at_its_first_step_and_stores_nothing(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chapter_locks, "WAIT_S", 0.05)
    location.add_documents(GLIOMA)
    with ChapterLocks(location.database).held(SLUG, run_id="r1"):
        refused = location.write()
        told, _ = failure_told(refused)
        assert told == f"chapter {SLUG!r} is being written by run r1: wait for it, or cancel it"
        assert _retry_tag(location, refused.run_id) == "false"
        # From the sections on, without a step that reads a value of an earlier stage.
        assert not location.write(sections=["diagnosis"]).success
        assert location.write(slug="another-chapter").success
    assert [one.slug for one in location.chapters.list()] == ["another-chapter"]
    assert location.write().success
    with ChapterLocks(location.database).held(SLUG, run_id="r2"):
        pass  # the run gave it back

"""The reaper: a run whose process is gone is over, one whose process lives is left alone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

import dagster as dg
import pytest
from dagster._core.storage.tags import GRPC_INFO_TAG

from chapter_pipeline.orchestration.execution import _held
from chapter_pipeline.storage.dagster_runs import IN_PROCESS_TAG
from resources.database import DatabaseResource
from sensors.orphans import reap
from tests.code_location import Location


def _run(
    location: Location, status: dg.DagsterRunStatus, tags: Mapping[str, str] | None = None, *, ours: bool = False
) -> str:
    """A run on record; with `ours` one of the command line."""
    run_id = str(uuid.uuid4())
    own = {IN_PROCESS_TAG: run_id} if ours else {}
    return location.instance.create_run_for_job(
        location.definitions.resolve_job_def("ingest_library"),
        run_id=run_id,
        status=status,
        tags={**(tags or {}), **own},
    ).run_id


def _status(location: Location, run_id: str) -> dg.DagsterRunStatus:
    run = location.instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_reap__command_line_run__lives_as_long_as_its_lock(location: Location, status: dg.DagsterRunStatus) -> None:
    run_id = _run(location, status, ours=True)
    with _held(location.database.engine, run_id):
        assert reap(location.instance, location.database) == []
        assert _status(location, run_id) is status
    assert reap(location.instance, location.database) == [run_id]
    assert _status(location, run_id) is dg.DagsterRunStatus.FAILURE
    assert reap(location.instance, location.database) == []


@pytest.mark.parametrize(
    "status", [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING]
)
def test_reap__code_server_gone__its_run_is_over(location: Location, status: dg.DagsterRunStatus) -> None:
    where = {"host": "localhost", "socket": str(location.settings.home / "gone.sock")}
    run_id = _run(location, status, {GRPC_INFO_TAG: json.dumps(where)})
    assert reap(location.instance, location.database) == [run_id]
    assert _status(location, run_id) is dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize(
    ("status", "tags"),
    [
        (dg.DagsterRunStatus.STARTING, {}),  # its launcher has not said yet where it runs
        (dg.DagsterRunStatus.NOT_STARTED, {}),  # waits for its turn
        (dg.DagsterRunStatus.SUCCESS, {}),
        # A re-execution, in the Dagster UI, of a run of the command line: Dagster copies its tags.
        (dg.DagsterRunStatus.NOT_STARTED, {IN_PROCESS_TAG: "the first run"}),
        (dg.DagsterRunStatus.STARTED, {IN_PROCESS_TAG: "the first run"}),
    ],
    ids=["launching", "waiting", "finished", "made again and waiting", "made again"],
)
def test_reap__run_that_is_not_under_way__is_left_alone(
    location: Location, status: dg.DagsterRunStatus, tags: dict[str, str]
) -> None:
    run_id = _run(location, status, tags)
    assert reap(location.instance, location.database) == []
    assert _status(location, run_id) is status


def test_orphaned_runs__a_tick__names_what_it_ended_and_starts_nothing(location: Location) -> None:
    run_id = _run(location, dg.DagsterRunStatus.STARTED, ours=True)
    sensor = location.definitions.resolve_sensor_def("orphaned_runs")
    database = DatabaseResource(container=location.container)
    with dg.build_sensor_context(instance=location.instance, resources={"database": database}) as context:
        ticks = [sensor.evaluate_tick(context) for _ in range(2)]
    assert [tick.skip_message for tick in ticks] == [f"reported as failed: {run_id}", "no orphaned run"]
    assert not any(tick.run_requests for tick in ticks)

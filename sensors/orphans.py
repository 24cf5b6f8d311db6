"""Owns the reaper: it reports runs whose process is gone as failed.

A run of a code server is alive while that server reports it. A run of the command line holds an advisory lock in the
database, which PostgreSQL releases with the process. The sensor checks every minute; a command (`cli/context.py`) does
when `storage/dagster_runs.py` finds an orphaned run.
"""

from __future__ import annotations

import json

import dagster as dg

from chapter_pipeline.storage.dagster_runs import CODE_SERVER_TAG, IN_PROCESS_TAG, is_held
from chapter_pipeline.storage.database import Database
from resources.database import DatabaseResource
from sensors.run_history import UNFINISHED

EVERY_S = 60
# A run that is queued has no process yet.
_WITH_A_PROCESS = [status for status in UNFINISHED if status is not dg.DagsterRunStatus.QUEUED]


def reap(instance: dg.DagsterInstance, database: Database) -> list[str]:
    """Report every orphaned run as failed; their ids."""
    reaped = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_WITH_A_PROCESS)):
        if _is_alive(run, database):
            continue
        now = instance.get_run_by_id(run.run_id)
        if now is None or now.is_finished:
            continue  # it ended between the two queries
        instance.report_run_failed(now, "The process that executed this run is gone: the run is over.")
        reaped.append(run.run_id)
    return reaped


def _is_alive(run: dg.DagsterRun, database: Database) -> bool:
    if run.tags.get(IN_PROCESS_TAG) == run.run_id:  # a re-execution from the Dagster UI copies the tag
        return _is_locked(run.run_id, database)
    if CODE_SERVER_TAG in run.tags and run.status is not dg.DagsterRunStatus.NOT_STARTED:
        return _server_runs(run)
    # Being launched now, or by another launcher: run monitoring has a time limit for it.
    return True


def _is_locked(name: str, database: Database) -> bool:
    with database.session() as session:
        return is_held(session, name)


def _server_runs(run: dg.DagsterRun) -> bool:
    from dagster import deserialize_value
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient
    from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult

    where = json.loads(run.tags[CODE_SERVER_TAG])
    client = DagsterGrpcClient(
        host=where["host"],
        port=where.get("port"),
        socket=where.get("socket"),
        use_ssl=bool(where.get("use_ssl")),
    )
    try:
        answer = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), timeout=10)
    except DagsterUserCodeUnreachableError:
        return False
    return deserialize_value(answer, CanCancelExecutionResult).can_cancel


@dg.sensor(
    name="orphaned_runs",
    minimum_interval_seconds=EVERY_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reports runs as failed whose process is gone: they would stay started for ever.",
)
def orphaned_runs(context: dg.SensorEvaluationContext, database: DatabaseResource) -> dg.SkipReason:
    """Check all unfinished runs; never request one."""
    reaped = reap(context.instance, database.open())
    return dg.SkipReason(f"reported as failed: {', '.join(reaped)}" if reaped else "no orphaned run")

"""Owns the execution of one job in this process: its events as they happen, its failures as sentences."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterEvent, DagsterEventType
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.errors import DagsterAssetCheckFailedError
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.workspace.load import location_origins_from_yaml_paths
from sqlalchemy import Engine, text

from chapter_pipeline.storage.dagster_runs import IN_PROCESS_TAG

REPOSITORY = "__repository__"
# The person at the terminal reads our own messages; Dagster's are in the event log, which the Dagster UI shows.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(kw_only=True)
class Executed:
    """The result of a run. `failed_steps`: the first line of each failed step's error, `failures`: its metadata.

    `refusals`: by step, the messages of its failed blocking checks.
    """

    run_id: str
    success: bool = False
    failed_steps: dict[str, str] = field(default_factory=dict)
    failures: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    refusals: dict[str, list[str]] = field(default_factory=dict)


class Executor:
    """Executes jobs on an instance so that they look there like any other run."""

    def __init__(self, instance: dg.DagsterInstance, workspace: Path, engine: Engine) -> None:
        self._instance = instance
        self._workspace = workspace
        self._engine = engine

    def execute(
        self,
        job: dg.JobDefinition,
        *,
        tags: Mapping[str, str],
        selection: Sequence[dg.AssetKey] | None,
        on_event: Callable[[DagsterEvent], None],
    ) -> Executed:
        """Run `job` to its end. Raises `KeyboardInterrupt` on Ctrl-C, after the run is recorded as failed."""
        run_id = str(uuid.uuid4())
        # No automatic retry: the person is present, and the next command continues from the stored values.
        own_tags = {"dagster/max_retries": "0", IN_PROCESS_TAG: run_id}
        with _held(self._engine, run_id):
            run = self._instance.create_run_for_job(
                job,
                run_id=run_id,
                run_config=_QUIET,
                tags={**job.tags, **tags, **own_tags},
                asset_selection=None if selection is None else frozenset(selection),
                remote_job_origin=self._origin(job.name),
            )
            executed = Executed(run_id=run_id)
            try:
                for event in execute_run_iterator(InMemoryJob(job), run, self._instance):
                    _note(event, executed)
                    on_event(event)
            finally:
                left = self._instance.get_run_by_id(run_id)
                if left is not None and not left.is_finished:
                    self._instance.report_run_failed(left, "The command was interrupted.")
        return executed

    def _origin(self, job_name: str) -> RemoteJobOrigin:
        """The remote origin of the job: without it the Dagster UI cannot re-execute the run."""
        location = location_origins_from_yaml_paths([str(self._workspace)])[0]
        return RemoteJobOrigin(RemoteRepositoryOrigin(location, REPOSITORY), job_name)


def _note(event: DagsterEvent, executed: Executed) -> None:
    if event.is_step_failure and event.step_key is not None:
        data = event.step_failure_data
        refused = data.error is not None and data.error.cls_name == DagsterAssetCheckFailedError.__name__
        messages = executed.refusals.get(event.step_key) if refused else None
        executed.failed_steps[event.step_key] = "; ".join(messages) if messages else _reason(data)
        raised = data.user_failure_data
        executed.failures[event.step_key] = {
            name: value.value for name, value in (raised.metadata if raised is not None else {}).items()
        }
    elif event.event_type is DagsterEventType.ASSET_CHECK_EVALUATION and event.step_key is not None:
        check = event.asset_check_evaluation_data
        if check.blocking and not check.passed and check.severity is dg.AssetCheckSeverity.ERROR:
            asset = "/".join(check.asset_key.path)
            said = check.description or f"the check {check.check_name!r} of {asset!r} failed"
            executed.refusals.setdefault(event.step_key, []).append(next(iter(said.splitlines()), ""))
    elif event.is_job_success:
        executed.success = True
    elif event.is_job_failure and _was_interrupted(event):
        raise KeyboardInterrupt


def _was_interrupted(event: DagsterEvent) -> bool:
    reason = event.job_failure_data.failure_reason
    return reason is not None and reason.name == "UNEXPECTED_TERMINATION"


def _reason(data: Any) -> str:
    raised = data.user_failure_data
    if raised is not None and raised.description:
        return next(iter(raised.description.splitlines()), "")
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return next(iter(error.message.strip().splitlines()), "") if error is not None else "no reason given"


@contextmanager
def _held(engine: Engine, name: str) -> Iterator[None]:
    """Hold the advisory lock `name` until this process ends, so that the reaper can tell that it ended."""
    arguments = {"name": name}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), arguments)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))"), arguments)

"""Owns where the command line finds the Dagster instance and the workspace, so that its runs show up in the pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from dagster._core.instance.ref import InstanceRef

from chapter_pipeline.errors import InvariantViolated
from chapter_pipeline.settings import Settings, current_settings

INSTANCE, WORKSPACE = "dagster.yaml", "workspace.yaml"
EVENT_BATCH = "200"
# For an installation without a checkout beside it. A test holds these against the files of the checkout.
WITHOUT_CHECKOUT: dict[str, Any] = {
    "storage": {"custom": {"module": "resources.dagster_storage", "class": "ChapterStorage", "config": {}}},
    "local_artifact_storage": {"module": "resources.dagster_folders", "class": "HomeArtifactStorage", "config": {}},
    "compute_logs": {"module": "resources.dagster_folders", "class": "HomeComputeLogs", "config": {}},
    "concurrency": {
        "runs": {
            "max_concurrent_runs": 4,
            "tag_concurrency_limits": [
                {"key": "dagster/partition", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
            ],
        }
    },
    "run_coordinator": {
        "module": "dagster.core.run_coordinator",
        "class": "QueuedRunCoordinator",
        "config": {"dequeue_interval_seconds": 2},
    },
    "run_retries": {"enabled": True, "max_retries": 0, "retry_on_asset_or_op_failure": True},
    "run_monitoring": {
        "enabled": True,
        "start_timeout_seconds": 180,
        "cancel_timeout_seconds": 180,
        "poll_interval_seconds": 30,
    },
    "telemetry": {"enabled": False},
    "nux": {"enabled": False},
}
WORKSPACE_WITHOUT_CHECKOUT: dict[str, Any] = {
    "load_from": [
        {"python_module": {"module_name": "chapter_pipeline.definitions", "location_name": "chapter_pipeline"}}
    ]
}
# A step's output would be captured by redirecting our own standard streams: the progress bars are on them.
_NO_CAPTURE = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
        "config": {},
    }
}


def adopt(settings: Settings) -> None:
    """Make `settings` those of this process: Dagster's storage and our resources ask `current_settings`.

    Raises `InvariantViolated` when they are not what the environment says.
    """
    if current_settings() != settings:
        current_settings.cache_clear()
    if current_settings() != settings:
        raise InvariantViolated(
            "runs were asked for with settings that are not those of the environment: set CHAPTER_*"
        )


def dagster_home(settings: Settings) -> Path:
    """The folder with dagster.yaml and workspace.yaml: the checkout's, or ``HOME/dagster`` with files made for it."""
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / INSTANCE).is_file() and (checkout / WORKSPACE).is_file():
        return checkout
    folder = settings.home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ((INSTANCE, WITHOUT_CHECKOUT), (WORKSPACE, WORKSPACE_WITHOUT_CHECKOUT)):
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return folder


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance that the pages show, for runs in this process. Starts the embedded database when needed."""
    adopt(settings)
    # Only the announcement of a run's assets is written in batches; Dagster reads this nowhere but here.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", EVENT_BATCH)
    ref = InstanceRef.from_dir(str(dagster_home(settings)), overrides=_NO_CAPTURE)
    with dg.DagsterInstance.from_ref(ref) as instance:
        yield instance

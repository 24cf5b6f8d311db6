"""Owns the Dagster instance and workspace of the command line, so that its runs are shown in the Dagster UI."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from chapter_pipeline.errors import InvariantViolated
from chapter_pipeline.settings import Settings, current_settings
from resources.dagster_folders import HomeComputeLogs

INSTANCE, WORKSPACE = "dagster.yaml", "workspace.yaml"
EVENT_BATCH = "200"
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "chapter-pipeline"
"""Where an installation without a checkout has the two files (`[tool.setuptools.data-files]`)."""


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
    """The folder with dagster.yaml and workspace.yaml: the checkout's, or ``HOME/dagster`` with the installed ones.

    Raises `InvariantViolated` when the installation is not whole.
    """
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / INSTANCE).is_file() and (checkout / WORKSPACE).is_file():
        return checkout
    folder = settings.home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    for name in (INSTANCE, WORKSPACE):
        try:
            shutil.copyfile(INSTALLED / name, folder / name)
        except OSError as error:
            raise InvariantViolated(f"{str(INSTALLED / name)!r} is missing: install the package again") from error
    return folder


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance that the Dagster UI shows, for runs in this process. Starts the embedded database when needed."""
    adopt(settings)
    # Only the announcement of a run's assets is written in batches; Dagster reads this nowhere but here.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", EVENT_BATCH)
    captured, HomeComputeLogs.captures = HomeComputeLogs.captures, False
    try:
        with dg.DagsterInstance.from_config(str(dagster_home(settings)), INSTANCE) as instance:
            yield instance
    finally:
        HomeComputeLogs.captures = captured

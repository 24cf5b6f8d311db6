"""Owns the folders of Dagster's own files: below CHAPTER_HOME, whatever the working directory is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from dagster._core.storage.compute_log_manager import CapturedLogContext
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.root import LocalArtifactStorage
from dagster._serdes import ConfigurableClassData

from chapter_pipeline.settings import current_settings


class HomeArtifactStorage(LocalArtifactStorage):
    """``HOME/dagster``; the chapter values themselves lie in the database."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> HomeArtifactStorage:
        return cls(str(current_settings().home / "dagster"), inst_data=inst_data)


class HomeComputeLogs(LocalComputeLogManager):
    """``HOME/logs/runs``: what the steps of a run print."""

    captures: ClassVar[bool] = True
    """Off in the command line: capturing redirects stdout and stderr, which show the progress bars."""

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        """Capture the output of a step, when capturing is on in this process."""
        captured = super().capture_logs(log_key) if self.captures else NoOpComputeLogManager().capture_logs(log_key)
        with captured as context:
            yield context

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> HomeComputeLogs:
        return cls(str(current_settings().log_folder / "runs"), inst_data=inst_data)

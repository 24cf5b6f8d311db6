"""How a run of a chapter ended, as the entrances report it, and what a service needs of who runs chapters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from chapter_pipeline.storage.artifacts import StoredArtifact


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """The end of a run: reasons by failed step, the newest version of every stage it stored, rounds of revision."""

    run_id: str
    success: bool
    failed_steps: Mapping[str, str]
    versions: Mapping[str, int]
    revisions: int = 0

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each failed step."""
        return tuple(f"{step}: {reason}" for step, reason in self.failed_steps.items())


class ChapterRuns(Protocol):
    """Runs of chapters, and their history of materializations; `orchestration.runs.Runs` implements it with Dagster."""

    def require_idle(self, slug: str) -> None:
        """Raise `UsageError` when a run is writing the chapter."""
        ...

    def record_act(self, slug: str, asset: str, what: str, stored: StoredArtifact | None = None) -> None:
        """Record in the history of `asset` what a person did to it."""
        ...

    def follow(self, slug: str, *, origin: str) -> RunReport:
        """Make the chapter of its sections as they are; `origin` says what was done to them."""
        ...

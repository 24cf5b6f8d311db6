"""Owns the report on a run of a chapter, and the port through which services start runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from chapter_pipeline.storage.artifacts import StoredArtifact

OnProgress = Callable[[int, int, str], None]
"""Called with (assets done, assets in all, name of the newest)."""


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

    def writing(self, slug: str) -> AbstractContextManager[None]:
        """Keep everybody else from writing the chapter. Raises `UsageError` when a run or another command is doing so."""
        ...

    def write_chapter(
        self, slug: str, *, sections: Sequence[str] | None = None, on_progress: OnProgress | None = None
    ) -> RunReport:
        """Write the whole chapter with its revisions, or only `sections` (kinds) again and what follows them."""
        ...

    def record_act(self, slug: str, asset: str, what: str, stored: StoredArtifact | None = None) -> None:
        """Report a materialization of `asset` for a change that a person made."""
        ...

    def follow(self, slug: str, *, origin: str) -> RunReport:
        """Run the assets after the sections, without writing any; `origin`: what changed the sections."""
        ...


class DocumentActs(Protocol):
    """What persons do to documents, on record in the Dagster UI; `orchestration.document_acts` implements it."""

    def record_edited(self, names: Sequence[str], what: str) -> None:
        """Report an observation of the text of the document with these names: a person has edited its record."""
        ...

"""Owns the runs of the command line: the jobs of the code location, executed in this process on the real instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import dagster as dg
from dagster import DagsterEvent, DagsterEventType

from chapter_pipeline.container import Container
from chapter_pipeline.definitions import build
from chapter_pipeline.domain.document import IngestOutcome
from chapter_pipeline.errors import DocumentRejected, PermanentError, TransientError, UsageError
from chapter_pipeline.orchestration.execution import Executed, Executor
from chapter_pipeline.orchestration.instance import WORKSPACE, dagster_home, open_instance
from chapter_pipeline.services.chapter_sections import kinds_asked
from chapter_pipeline.services.file_paths import FOLDER, shown
from chapter_pipeline.services.run_report import OnProgress, RunReport
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.artifacts import StoredArtifact
from chapter_pipeline.storage.database import Database
from resources.chapters import ChaptersResource
from sensors import requests
from sensors.orphans import reap
from sensors.revision import decide
from sensors.run_history import UNFINISHED

OnOutcome = Callable[[IngestOutcome], None]


def report_orphans(settings: Settings, database: Database) -> list[str]:
    """Report the unfinished runs as failed whose process is gone; their ids."""
    with open_instance(settings) as instance:
        return reap(instance, database)


@contextmanager
def open_runs(container: Container, *, chapter: str | None = None) -> Iterator[Runs]:
    """Runs on the Dagster instance, for the time of one command; with `chapter`, its section kinds are on record.

    Raises `DatabaseUnavailable`, `BucketUnavailable`, `UsageError`.
    """
    # First, for their clear errors: Dagster tries a database that is down for a minute, and says so each time.
    _ = container.database, container.bucket
    if chapter is not None:
        container.chapters.record_kinds(chapter)  # before the definitions are built: they read which kinds there are
    with open_instance(container.settings) as instance:
        yield Runs(container, instance)


class Runs:
    """Runs jobs in this process, one at a time. Implements `services.run_report.ChapterRuns`."""

    def __init__(self, container: Container, instance: dg.DagsterInstance) -> None:
        self._container = container
        self._instance = instance
        self._definitions = build(container)
        workspace = dagster_home(container.settings) / WORKSPACE
        self._executor = Executor(instance, workspace, container.database.engine)

    def ingest(self, paths: Sequence[Path], *, on_outcome: OnOutcome | None = None) -> list[IngestOutcome]:
        """Put files into the library; one outcome per file in the order of `paths`, quarantined files among them.

        `on_outcome` is called with each as soon as it is known. Raises `TransientError` or `PermanentError` when a
        document met an error that is not its own fault (the others are stored).
        """
        outcomes: dict[Path, IngestOutcome] = {}
        departures = self._container.library.departures(FOLDER + path.name for path in paths)

        def finish(path: Path, outcome: IngestOutcome) -> None:
            if path not in outcomes:
                gone = departures.of(FOLDER + path.name)
                if gone is not None:
                    outcome = replace(outcome, replaced=gone.document, cited_by=gone.chapters)
                outcomes[path] = replace(outcome, path=shown(path))
                if on_outcome is not None:
                    on_outcome(outcomes[path])

        with self._container.ingest() as ingest:
            names: dict[str, Path] = {}
            for path in paths:
                try:
                    names[ingest.register(path)] = path
                except DocumentRejected as rejected:
                    finish(path, ingest.refused(path, rejected))
            self._ingest(list(names), lambda name: finish(names[name], ingest.outcome(name)))
        return [outcomes[path] for path in paths]

    def _ingest(self, names: Sequence[str], finish: Callable[[str], None]) -> None:
        wanted = set(names)

        def note(event: DagsterEvent) -> None:
            name = requests.finished_document(event)
            if name in wanted:
                assert name is not None
                finish(name)

        for request in requests.ingest_requests(self._instance, names):
            run = self._execute(request, note)
            if not run.success and not all(map(requests.only_quarantined, run.failures.values())):
                raise _run_error(run, "the ingest did not finish")

    def refresh_records(self, names: Sequence[str], *, again: bool, on_document: Callable[[str], None]) -> None:
        """Make the study records of the documents with these names, see `requests.record_requests`.

        `on_document` is called with each name as soon as its record is stored. Raises as `ingest`, after all runs.
        """

        def note(event: DagsterEvent) -> None:
            name = requests.recorded_document(event)
            if name is not None:
                on_document(name)

        made = [self._execute(one, note) for one in requests.record_requests(self._instance, names, again=again)]
        for run in made:
            if not run.success:
                raise _run_error(run, "the study records are not all made")

    def write_chapter(
        self, slug: str, *, sections: Sequence[str] | None = None, on_progress: OnProgress | None = None
    ) -> RunReport:
        """Write a chapter through its fourteen stages, or only `sections` (kinds) again and what follows them.

        A whole chapter whose gates fail is revised, as often as the settings allow. `on_progress` is called with
        (assets done, assets in all, name of the newest). Raises `UsageError` when the chapter is being written already,
        or sections are asked for before there is a chapter.
        """
        with self.writing(slug):
            return self._written(slug, sections, on_progress or (lambda *_: None))

    def _written(self, slug: str, sections: Sequence[str] | None, tell: OnProgress) -> RunReport:
        if sections is not None and self._container.artifacts.latest("chapter_draft", slug) is None:
            raise UsageError(
                f"chapter {slug!r} has no text yet, so none of its sections can be written again:"
                f" chapter-pipeline chapters write {slug}"
            )
        kinds = kinds_asked(slug, self._container.chapter_store)
        report = self._run(slug, requests.write_request(self._instance, slug, sections, kinds=kinds), tell)
        return report if sections is not None else self._revised(slug, report, tell)

    def _revised(self, slug: str, report: RunReport, tell: OnProgress) -> RunReport:
        """Run the revision rounds, as the revision sensor does for runs of other processes."""
        chapters = ChaptersResource(container=self._container)
        while report.success:
            run = self._instance.get_run_by_id(report.run_id)
            assert run is not None
            decision = decide(run, chapters, max_revisions=self._container.settings.max_revisions)
            if not isinstance(decision, dg.RunRequest):
                break
            request = requests.revision_request(self._instance, slug, decision)
            report = replace(self._run(slug, request, tell), revisions=report.revisions + 1)
        return report

    @contextmanager
    def writing(self, slug: str) -> Iterator[None]:
        """Hold the chapter's lock: nobody else writes or changes it while the block runs.

        Raises `UsageError` when a run or another command is writing the chapter.
        """
        self._require_idle(slug)
        with self._container.chapter_locks.held(slug):
            yield

    def _require_idle(self, slug: str) -> None:
        """Raise `UsageError` when a run of the chapter is queued or under way."""
        reap(self._instance, self._container.database)
        unfinished = dg.RunsFilter(tags={"dagster/partition": slug}, statuses=UNFINISHED)
        for run in self._instance.get_runs(unfinished, limit=1):
            raise UsageError(f"chapter {slug!r} is being written by run {run.run_id}: wait for it, or cancel it")

    def record_act(self, slug: str, asset: str, what: str, stored: StoredArtifact | None = None) -> None:
        """Report a materialization of `asset` for a change that a person made, without a run."""
        tags = {"dagster/data_version": stored.sha256} if stored is not None else {}
        self._instance.report_runless_asset_event(
            dg.AssetMaterialization(
                asset_key=dg.AssetKey(asset.split("/")), partition=slug, description=what, metadata={"what": what},
                tags=tags,
            )
        )  # fmt: skip

    def follow(self, slug: str, *, origin: str) -> RunReport:
        """Run the assets after the sections, without writing any; `origin`: what changed the sections."""
        request = requests.following_request(self._instance, slug, origin=origin)
        return self._run(slug, request, lambda *_: None)

    def _run(self, slug: str, request: requests.Request, tell: OnProgress) -> RunReport:
        job = self._definitions.resolve_job_def(request.job)
        progress = _Progress(tell, planned=len(request.selection or job.asset_layer.selected_asset_keys))
        run = self._execute(request, progress.note)
        stored = {name: self._container.artifacts.latest(name, slug) for name in progress.done}
        return RunReport(
            run_id=run.run_id,
            success=run.success,
            failed_steps=run.failed_steps,
            versions={name: found.version for name, found in stored.items() if found is not None},
        )

    def _execute(self, request: requests.Request, on_event: Callable[[DagsterEvent], None]) -> Executed:
        job = self._definitions.resolve_job_def(request.job)
        return self._executor.execute(job, tags=request.tags, selection=request.selection, on_event=on_event)


def _run_error(run: Executed, what: str) -> TransientError | PermanentError:
    reasons = "; ".join(run.failed_steps.values()) or "the run ended without a reason"
    message = f"{what}: {reasons} (run {run.run_id})"
    if any(map(requests.may_succeed_later, run.failures.values())):
        return TransientError(f"{message}; try again")
    return PermanentError(message)


class _Progress:
    """Counts what is materialized of what the run planned."""

    def __init__(self, tell: OnProgress, *, planned: int) -> None:
        self._tell = tell
        self._planned = planned
        self.done: list[str] = []

    def note(self, event: DagsterEvent) -> None:
        if event.event_type is DagsterEventType.STEP_START:
            self._tell(len(self.done), self._planned, event.step_key or "")
        if event.is_step_materialization and event.asset_key is not None:
            self.done.append("/".join(event.asset_key.path))
            self._tell(len(self.done), self._planned, self.done[-1])

"""Owns the runs of the command line: the jobs of the code location, executed in this process on the real instance.

The code location is loaded as a workspace loads it, by name: the one exception to "imported by nobody".
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType

from chapter_pipeline.domain import FinalChapter, Section
from chapter_pipeline.domain.document import IngestOutcome
from chapter_pipeline.errors import DocumentRejected, PermanentError, TransientError, UsageError
from chapter_pipeline.orchestration.execution import Executed, Executor
from chapter_pipeline.orchestration.instance import WORKSPACE, dagster_home, open_instance
from chapter_pipeline.services.chapter_sections import kinds_asked, kinds_planned
from chapter_pipeline.services.citing_chapters import Departures
from chapter_pipeline.services.file_paths import FOLDER, shown
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.artifacts import StoredArtifact
from chapter_pipeline.storage.chapters import StoredVersion
from chapter_pipeline.writing.markup import with_own_evidence

OnOutcome = Callable[[IngestOutcome], None]
OnProgress = Callable[[int, int, str], None]

_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """How a run ended: reasons by failed step, the newest version of every stage it stored, rounds of revision."""

    run_id: str
    success: bool
    failed_steps: Mapping[str, str]
    versions: Mapping[str, int]
    revisions: int = 0

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each failed step."""
        return tuple(f"{step}: {reason}" for step, reason in self.failed_steps.items())


def report_orphans(settings: Settings) -> list[str]:
    """Report the unfinished runs as failed whose process is gone; their ids."""
    with open_instance(settings) as instance:
        rooms: Any = importlib.import_module("resources.rooms")
        orphans: Any = importlib.import_module("sensors.orphans")
        reaped: list[str] = orphans.reap(instance, rooms.DatabaseResource())
        return reaped


class Runs:
    """Runs jobs for a person who waits for them. One run at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def ingest(self, paths: Sequence[Path], *, on_outcome: OnOutcome | None = None) -> list[IngestOutcome]:
        """Put files into the library; one outcome per file in the order of `paths`, quarantined files among them.

        `on_outcome` hears of each as soon as it is known. Raises `TransientError`
        or `PermanentError` when a document met an error that is not its own fault (the others are stored).
        """
        outcomes: dict[Path, IngestOutcome] = {}
        with self._location() as location, location.library.ingest() as ingest:
            departures = location.departures(FOLDER + path.name for path in paths)

            def finish(path: Path, outcome: IngestOutcome) -> None:
                if path not in outcomes:
                    gone = departures.of(FOLDER + path.name)
                    if gone is not None:
                        outcome = replace(outcome, replaced=gone.document, cited_by=gone.chapters)
                    outcomes[path] = replace(outcome, path=shown(path))
                    if on_outcome is not None:
                        on_outcome(outcomes[path])

            names: dict[str, Path] = {}
            for path in paths:
                try:
                    names[ingest.register(path)] = path
                except DocumentRejected as rejected:
                    finish(path, ingest.refused(path, rejected))
            location.ingest(list(names), lambda name: finish(names[name], ingest.outcome(name)))
        return [outcomes[path] for path in paths]

    def write_chapter(
        self, slug: str, *, sections: Sequence[str] | None = None, on_progress: OnProgress | None = None
    ) -> RunReport:
        """Write a chapter through its fourteen stages, or only `sections` (kinds) again and what follows them.

        A whole chapter whose gates fail is revised, as often as the settings allow.

        `on_progress` hears (assets done, assets in all, name of the newest). Raises `UsageError` when the chapter is
        being written already, or sections are asked for before there is a chapter.
        """
        with self._location() as location:
            return location.write(slug, sections, on_progress or (lambda *_: None))

    def approve(self, slug: str, number: int, *, by: str, because: str) -> StoredVersion:
        """Publish a held version, and put its exports into the bucket. Raises what `ChapterStore.approve` raises."""
        with self._location() as location:
            return location.approve(slug, number, by=by, because=because)

    def rollback(self, slug: str, number: int) -> StoredVersion:
        """The text of version `number` as the newest version. Raises `NotFound`, `UsageError` when it is the newest."""
        with self._location() as location:
            return location.rollback(slug, number)

    def replace_section(self, slug: str, section: Section) -> RunReport:
        """Put `section` in the place of the one of its kind and make the chapter around it again."""
        with self._location() as location:
            return location.replace_section(slug, section)

    @contextmanager
    def _location(self) -> Iterator[_Location]:
        with open_instance(self._settings) as instance:
            yield _Location(self._settings, instance)


class _Location:
    """The code location on an instance, for the time of one command."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._definitions: dg.Definitions = importlib.import_module("chapter_pipeline.definitions").defs
        self._requests: Any = importlib.import_module("sensors.requests")
        self._orphans: Any = importlib.import_module("sensors.orphans")
        resources: Any = self._definitions.resources
        self.library = resources["library"]
        self._chapters = resources["chapters"]
        self._bucket = resources["bucket"]
        self._revision: Any = importlib.import_module("sensors.revision")
        self._writing: Any = importlib.import_module("assets.writing")
        self._max_revisions = settings.max_revisions
        self._database = resources["database"]
        self._executor = Executor(instance, dagster_home(settings) / WORKSPACE, self._database.open().engine)

    def departures(self, names: Iterable[str]) -> Departures:
        """What the documents behind these bucket keys are now, to see later which of them are gone."""
        return Departures(names, library=self.library.store(), chapters=self._chapters.requests())

    def ingest(self, names: Sequence[str], finish: Callable[[str], None]) -> None:
        """Ingest these bucket keys; `finish` hears of each that is stored or quarantined. Raises as `Runs.ingest`."""
        wanted = set(names)

        def hear(event: DagsterEvent) -> None:
            name = self._requests.finished_document(event)
            if name in wanted:
                finish(name)

        for request in self._requests.ingest_requests(self._instance, names):
            run = self._execute(request, hear)
            if not run.success and not all(map(self._requests.only_quarantined, run.failures.values())):
                raise self._error(run)

    def write(self, slug: str, sections: Sequence[str] | None, tell: OnProgress) -> RunReport:
        """See `Runs.write_chapter`."""
        self._refuse_second_writing(slug)
        artifacts = self._chapters.artifacts()
        if sections is not None and artifacts.latest("chapter_draft", slug) is None:
            raise UsageError(
                f"chapter {slug!r} has no text yet, so none of its sections can be written again:"
                f" chapter-pipeline chapters write {slug}"
            )
        kinds = kinds_asked(slug, self._chapters.requests())
        report = self._run(slug, self._requests.write_request(self._instance, slug, sections, kinds=kinds), tell)
        return report if sections is not None else self._revised(slug, report, tell)

    def _revised(self, slug: str, report: RunReport, tell: OnProgress) -> RunReport:
        """Go on as the revision sensor does: this process waits for its own runs."""
        while report.success:
            run = self._instance.get_run_by_id(report.run_id)
            assert run is not None
            decision = self._revision.decide(run, self._chapters, max_revisions=self._max_revisions)
            if not isinstance(decision, dg.RunRequest):
                break
            request = self._requests.revision_request(self._instance, slug, decision)
            done = report.revisions
            report = replace(self._run(slug, request, tell), revisions=done + 1)
        return report

    def _run(self, slug: str, request: Any, tell: OnProgress) -> RunReport:
        job = self._definitions.resolve_job_def(request.job)
        progress = _Progress(tell, planned=len(request.selection or job.asset_layer.selected_asset_keys))
        run = self._execute(request, progress.hear)
        artifacts = self._chapters.artifacts()
        stored = {name: artifacts.latest(name, slug) for name in progress.done}
        return RunReport(
            run_id=run.run_id,
            success=run.success,
            failed_steps=run.failed_steps,
            versions={name: found.version for name, found in stored.items() if found is not None},
        )

    def approve(self, slug: str, number: int, *, by: str, because: str) -> StoredVersion:
        """See `Runs.approve`."""
        version: StoredVersion = self._chapters.requests().approve(slug, number, by=by, because=because)
        final = self._chapters.artifacts().by_id(version.artifact_id, FinalChapter)
        self._writing.put_exports(final, number, self._bucket, self._chapters)
        self._report(slug, "final_chapter", f"version {number} approved by {by}: {because}")
        return version

    def rollback(self, slug: str, number: int) -> StoredVersion:
        """See `Runs.rollback`."""
        self._refuse_second_writing(slug)
        artifacts, requests = self._chapters.artifacts(), self._chapters.requests()
        wanted, newest = requests.version(slug, number), requests.versions(slug)[-1]
        if newest.sha256 == wanted.sha256:
            raise UsageError(f"version {newest.number} of chapter {slug!r} says what version {number} says already")
        final = artifacts.by_id(wanted.artifact_id, FinalChapter)
        origin = f"rollback to version {number}"
        sources = {reference.source.key: reference.source for reference in final.chapter.references}
        present = {section.kind: section for section in final.chapter.sections}
        for kind in dict.fromkeys([*kinds_planned(slug, artifacts), *present]):
            section = present.get(kind, Section(kind=kind, title=kind.replace("_", " ").capitalize(), status="unused"))
            own = with_own_evidence(section, final.chapter.quotes, sources).model_copy(update={"origin": origin})
            self._report(slug, f"section/{kind}", origin, artifacts.put(f"section/{kind}", slug, own))
        stored = artifacts.put("final_chapter", slug, final)
        version: StoredVersion = requests.add_version(
            slug, stored.id, stored.sha256, documents=final.documents, images=final.images,
            held=wanted.state == "held", origin=origin,
        )  # fmt: skip
        if version.state == "published":
            self._writing.put_exports(final, version.number, self._bucket, self._chapters)
        self._report(slug, "final_chapter", origin, stored)
        return version

    def replace_section(self, slug: str, section: Section) -> RunReport:
        """See `Runs.replace_section`."""
        self._refuse_second_writing(slug)
        name = f"section/{section.kind}"
        stored = self._chapters.artifacts().put(name, slug, section)
        self._report(slug, name, section.origin, stored)
        return self._run(
            slug,
            self._requests.following_request(self._instance, slug, origin=f"{section.kind} {section.origin}"),
            lambda *_: None,
        )

    def _report(self, slug: str, asset: str, what: str, stored: StoredArtifact | None = None) -> None:
        """Tell Dagster what a person did, so that the asset's history is whole."""
        tags = {"dagster/data_version": stored.sha256} if stored is not None else {}
        self._instance.report_runless_asset_event(
            dg.AssetMaterialization(
                asset_key=dg.AssetKey(asset.split("/")), partition=slug, description=what, metadata={"what": what},
                tags=tags,
            )
        )  # fmt: skip

    def _error(self, run: Executed) -> TransientError | PermanentError:
        reasons = "; ".join(run.failed_steps.values()) or "the run ended without a reason"
        message = f"the ingest did not finish: {reasons} (run {run.run_id})"
        if any(map(self._requests.may_succeed_later, run.failures.values())):
            return TransientError(f"{message}; try again")
        return PermanentError(message)

    def _refuse_second_writing(self, slug: str) -> None:
        self._orphans.reap(self._instance, self._database)
        unfinished = dg.RunsFilter(tags={"dagster/partition": slug}, statuses=_UNFINISHED)
        for run in self._instance.get_runs(unfinished, limit=1):
            raise UsageError(f"chapter {slug!r} is being written by run {run.run_id}: wait for it, or cancel it")

    def _execute(self, request: Any, on_event: Callable[[DagsterEvent], None]) -> Executed:
        job = self._definitions.resolve_job_def(request.job)
        return self._executor.execute(job, tags=request.tags, selection=request.selection, on_event=on_event)


class _Progress:
    """Counts what is materialized of what the run planned."""

    def __init__(self, tell: OnProgress, *, planned: int) -> None:
        self._tell = tell
        self._planned = planned
        self.done: list[str] = []

    def hear(self, event: DagsterEvent) -> None:
        if event.event_type is DagsterEventType.STEP_START:
            self._tell(len(self.done), self._planned, event.step_key or "")
        if event.is_step_materialization and event.asset_key is not None:
            self.done.append("/".join(event.asset_key.path))
            self._tell(len(self.done), self._planned, self.done[-1])

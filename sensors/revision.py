"""Owns the revision sensor: after a gap report that asks for a revision it requests a run of the sections with gaps.

The loop ends after CHAPTER_MAX_REVISIONS rounds, after a round that closes no gap, or when no gap has evidence."""

from __future__ import annotations

import dagster as dg

from assets.run_tags import ORIGIN_TAG, REVISED_TAG, REVISION_TAG
from chapter_pipeline.domain import GapReport, RevisionLog, Section, SectionPlans
from chapter_pipeline.errors import NotFound
from chapter_pipeline.quality.revision_rule import sections_to_revise
from chapter_pipeline.storage.dagster_runs import IN_PROCESS_TAG
from resources.chapters import ChaptersResource
from sensors.jobs import WRITE, write_chapter
from sensors.requests import selection_for


def makes_gap_report(run: dg.DagsterRun) -> bool:
    """Whether `run` made a gap report."""
    if run.asset_selection:
        return dg.AssetKey("gap_report") in run.asset_selection
    return run.job_name == WRITE and not run.asset_check_selection


def decide(run: dg.DagsterRun, chapters: ChaptersResource, *, max_revisions: int) -> dg.RunRequest | dg.SkipReason:
    """The next run of the loop after the successful `run`, or the reason why there is none."""
    if not makes_gap_report(run):
        return dg.SkipReason(f"run {run.run_id} made no gap report")
    slug = run.tags.get("dagster/partition", "")
    done = int(run.tags.get(REVISION_TAG, "0"))
    artifacts = chapters.artifacts()
    try:
        report = artifacts.get("gap_report", slug, GapReport)
        plans = artifacts.get("section_plans", slug, SectionPlans)
    except NotFound:
        return dg.SkipReason(f"chapter {slug!r} has no gap report")
    if not report.requires_revision:
        return dg.SkipReason(f"chapter {slug!r} needs no revision")
    if done >= max_revisions:
        return dg.SkipReason(f"chapter {slug!r} was revised {done} times: what remains is for a person")
    latest, *before = artifacts.versions("gap_report", slug)
    # The same report may have been stored again for another text.
    if done and (latest.run_id != run.run_id or (before and before[0].sha256 == latest.sha256)):
        return dg.SkipReason(f"revision {done} of chapter {slug!r} closed no gap: what remains is for a person")
    if not done and artifacts.latest("revision_log", slug) is not None:
        log = artifacts.get("revision_log", slug, RevisionLog)
        if log.report == latest.sha256 and log.rounds:
            return dg.SkipReason(f"chapter {slug!r} is as its last revision left it: what remains is for a person")
    sections = [
        kind
        for kind in sections_to_revise(report, plans)
        if not artifacts.get(f"section/{kind}", slug, Section).kept  # a section that a person wrote is not rewritten
    ]
    if not sections:
        return dg.SkipReason(f"the gaps of chapter {slug!r} name no section with evidence: documents are missing")
    return dg.RunRequest(
        run_key=f"{run.run_id}/revision-{done + 1}",
        job_name=WRITE,
        partition_key=slug,
        # The section plans first: they take the recommendations of the gaps.
        asset_selection=[dg.AssetKey("section_plans"), *selection_for(sections)],
        tags={
            REVISION_TAG: str(done + 1),
            REVISED_TAG: ",".join(sections),
            ORIGIN_TAG: f"revision {done + 1} of {', '.join(sections)}",
        },
    )


def revision(max_revisions: int) -> dg.SensorDefinition:
    """The sensor that reads every successful run."""

    @dg.run_status_sensor(
        name="revision",
        run_status=dg.DagsterRunStatus.SUCCESS,
        # All jobs: the button "Materialize" of the Dagster UI runs a job of Dagster's own.
        request_job=write_chapter,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Writes the sections that a failed gap gate names once more, at most {max_revisions} times.",
    )
    def sensor(context: dg.RunStatusSensorContext, chapters: ChaptersResource) -> dg.RunRequest | dg.SkipReason:
        if context.dagster_run.tags.get(IN_PROCESS_TAG) == context.dagster_run.run_id:
            return dg.SkipReason("the command that made this run goes on by itself")
        return decide(context.dagster_run, chapters, max_revisions=max_revisions)

    return sensor

"""Owns the revision sensor: after a gap report that asks for a revision it requests a run of the sections with gaps.

When the loop ends is decided by `services/revision.py`."""

from __future__ import annotations

import dagster as dg

from assets.run_tags import ORIGIN_TAG, REVISED_TAG, REVISION_TAG, REWRITE_TAG
from chapter_pipeline.domain import GapReport, RevisionLog, Section, SectionPlans
from chapter_pipeline.services.revision import NoRound, next_round, rounds_to
from chapter_pipeline.storage.dagster_runs import IN_PROCESS_TAG
from resources.chapters import PARTITION, ChaptersResource
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
    if REWRITE_TAG in run.tags:
        return dg.SkipReason(f"run {run.run_id} wrote the sections that a person named, and only these")
    slug = run.tags.get(PARTITION, "")
    artifacts = chapters.artifacts()
    stored = artifacts.latest("gap_report", slug)
    if stored is None or artifacts.latest("section_plans", slug) is None:
        return dg.SkipReason(f"chapter {slug!r} has no gap report")
    known = artifacts.latest("revision_log", slug) is not None
    log = artifacts.get("revision_log", slug, RevisionLog) if known else None
    decided = next_round(
        artifacts.get("gap_report", slug, GapReport),
        artifacts.get("section_plans", slug, SectionPlans),
        rounds_to(log, stored.sha256),
        max_revisions=max_revisions,
        is_kept=lambda kind: artifacts.get(f"section/{kind}", slug, Section).kept,
    )
    if isinstance(decided, NoRound):
        return dg.SkipReason(f"chapter {slug!r} {decided.reason}")
    # The other sections too: their own plans are the same, so their texts are used again, and in Dagster, which knows
    # the section plans as a whole, they are made of the new ones.
    others = [kind for kind in chapters.use_cases().kinds_written(slug) if kind not in decided.sections]
    return dg.RunRequest(
        run_key=f"{run.run_id}/revision-{decided.number}",
        job_name=WRITE,
        partition_key=slug,
        # The section plans first: they take the recommendations of the gaps.
        asset_selection=[dg.AssetKey("section_plans"), *selection_for([*decided.sections, *others])],
        tags={
            REVISION_TAG: str(decided.number),
            REVISED_TAG: ",".join(decided.sections),
            ORIGIN_TAG: decided.origin,
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

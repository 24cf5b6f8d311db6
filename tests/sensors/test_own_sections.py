"""An anatomy chapter, by each way to start a run: no section asset of another template has a value for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dagster as dg
import pytest

from chapter_pipeline.domain import Gap, GapType, Severity
from chapter_pipeline.errors import ModelUnavailable
from resources.chapters import ChaptersResource
from sensors.requests import Request, following_request, revision_request, write_request
from sensors.revision import decide
from tests.code_location import GLIOMA, SLUG, Location

ANATOMY = ("gross_anatomy", "microanatomy", "variants")
NO_VARIANT = Gap(
    type=GapType.CRITICAL_INFORMATION, severity=Severity.CRITICAL, description="No variant is described.",
    recommendation="Describe one.", section="variants", evidence=("q1",),
)  # fmt: skip


@pytest.fixture
def location(location: Location) -> Location:
    """The code location, with a library and an anatomy chapter that was asked for."""
    location.add_documents(GLIOMA)
    location.chapters.create(SLUG, {"topic": "Anatomy of the insula", "kind": "anatomy"})
    location.stages.planned = ANATOMY
    return location


def _run(location: Location, tags: Mapping[str, str], selection: Sequence[dg.AssetKey] | None) -> dg.DagsterRun:
    result = location.definitions.resolve_job_def("write_chapter").execute_in_process(
        instance=location.instance, tags=tags, asset_selection=selection, raise_on_error=False
    )
    run = location.instance.get_run_by_id(result.run_id)
    assert run is not None
    return run


def _made(location: Location, run: dg.DagsterRun) -> set[str]:
    """The sections that the run materialized."""
    records = location.instance.get_records_for_run(
        run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    ).records
    keys = [record.asset_key for record in records]
    return {key.path[1] for key in keys if key is not None and key.path[0] == "section"}


def _request(location: Location, request: Request) -> dg.DagsterRun:
    run = _run(location, request.tags, request.selection)
    assert run.is_success
    return run


def test_own_sections__written_by_section_revised_and_made_again__none_of_another_template(location: Location) -> None:
    own, instance = set(location.kinds(SLUG)), location.instance
    assert set(ANATOMY) < own
    location.stages.requires_revision, location.stages.gaps = True, (NO_VARIANT,)
    whole = _request(location, write_request(instance, SLUG, kinds=location.kinds(SLUG)))
    assert _made(location, whole) == own
    wanted = decide(whole, ChaptersResource(container=location.container), max_revisions=2)
    assert isinstance(wanted, dg.RunRequest)
    by_sensor = _run(location, {**wanted.tags, "dagster/partition": SLUG}, list(wanted.asset_selection or ()))
    by_command = _request(location, revision_request(instance, SLUG, wanted))
    for revised in (by_sensor, by_command):  # the sections without gaps are passed with the new plans
        assert _made(location, revised) == own
    assert {kind for kind, times in location.stages.written.items() if times > 1} == {"variants"}
    again = _request(location, write_request(instance, SLUG, ["microanatomy"], kinds=location.kinds(SLUG)))
    assert _made(location, again) == {"microanatomy"}
    assert _made(location, _request(location, following_request(instance, SLUG, origin="edited"))) == set()
    assert location.sections() == own


def test_own_sections__run_again_from_the_failed_assets__keeps_its_selection(location: Location) -> None:
    location.stages.failing = {"variants": ModelUnavailable("busy")}
    run = location.instance.get_run_by_id(location.write().run_id)
    assert run is not None
    plan = location.instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id or "")
    missing, checks = location.instance.run_domain.get_keys_to_reexecute(run.run_id, plan)
    assert {key.path[1] for key in missing if key.path[0] == "section"} == {"variants"}
    location.stages.failing = {}
    job = location.definitions.resolve_job_def("write_chapter")
    again = job.get_subset(asset_selection=set(missing), asset_check_selection=set(checks)).execute_in_process(
        instance=location.instance, partition_key=SLUG
    )
    assert again.success
    assert location.sections() == set(location.kinds(SLUG))


def test_own_sections__whole_job_of_the_ui__passes_the_others_as_unused_and_tells_how_to_select(
    location: Location,
) -> None:
    job = location.definitions.resolve_job_def("write_chapter")
    assert "select in the asset graph" in " ".join((job.description or "").split())
    location.instance.add_dynamic_partitions("chapter", [SLUG])
    run = _run(location, {"dagster/partition": SLUG}, None)
    assert run.is_success
    others = _made(location, run) - set(location.kinds(SLUG))
    assert "outcomes" in others
    for kind in others:
        event = location.instance.get_latest_materialization_event(dg.AssetKey(["section", kind]))
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["status"].value == "unused"
    assert set(location.stages.written) == set(ANATOMY)  # no text was asked for

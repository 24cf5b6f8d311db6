"""The revision loop: a failed gate becomes a run of just the sections it names, and the loop ends by itself."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
import pytest
from dagster import ExecuteInProcessResult

from assets.run_tags import REVISED_TAG, REVISION_TAG
from chapter_pipeline.domain import Gap, GapType, Severity
from resources.chapters import ChaptersResource
from sensors.requests import FOLLOWING
from sensors.revision import decide
from tests.code_location import GLIOMA, SLUG, Location


def _gap(section: str | None, severity: Severity = Severity.CRITICAL) -> Gap:
    return Gap(
        type=GapType.CRITICAL_INFORMATION,
        severity=severity,
        description="no risks",
        recommendation=f"cover the risks of {section}",
        section=section,
        evidence=("q1",),
    )


def _without_evidence(section: str) -> Gap:
    return _gap(section).model_copy(update={"evidence": ()})


def _needs_revision(location: Location, *gaps: Gap) -> None:
    location.add_documents(GLIOMA)
    location.stages.gaps = gaps
    location.stages.requires_revision = True


def _decide(location: Location, result: ExecuteInProcessResult, *, most: int = 2) -> dg.RunRequest | dg.SkipReason:
    run = location.instance.get_run_by_id(result.run_id)
    assert run is not None
    return decide(run, ChaptersResource(container=location.container), max_revisions=most)


def _execute(location: Location, request: dg.RunRequest) -> ExecuteInProcessResult:
    return location.definitions.resolve_job_def("write_chapter").execute_in_process(
        instance=location.instance,
        partition_key=request.partition_key,
        tags=request.tags,
        asset_selection=request.asset_selection,
        raise_on_error=False,
    )


def _reason(decision: dg.RunRequest | dg.SkipReason) -> str:
    assert isinstance(decision, dg.SkipReason)
    return decision.skip_message or ""


def _names(keys: Sequence[dg.AssetKey] | None) -> set[str]:
    return {"/".join(key.path) for key in keys or ()}


def test_revision__gate_passed__nothing_is_written_again(location: Location) -> None:
    location.add_documents(GLIOMA)
    assert "needs no revision" in _reason(_decide(location, location.write()))


def test_revision__gate_failed__asks_for_the_named_sections_their_plans_and_what_follows(location: Location) -> None:
    _needs_revision(location, _gap("outcomes"), _gap("diagnosis", Severity.LOW), _gap("complications"), _gap(None))
    request = _decide(location, location.write())
    assert isinstance(request, dg.RunRequest)
    # complications has no plan; the sections that are not revised are passed with the new plans, and not written.
    assert request.tags[REVISED_TAG] == "outcomes"
    sections = {f"section/{kind}" for kind in location.sections()}
    assert _names(request.asset_selection) == {"section_plans", *sections, *FOLLOWING}
    assert (request.partition_key, request.tags[REVISION_TAG]) == (SLUG, "1")


def test_revision__that_closes_no_gap__is_the_last(location: Location) -> None:
    _needs_revision(location, _gap("outcomes"))
    request = _decide(location, location.write())
    assert isinstance(request, dg.RunRequest)
    result = _execute(location, request)
    assert result.success
    assert location.stages.written == {"introduction": 1, "diagnosis": 1, "outcomes": 2}
    assert location.stages.recommended[-1] == ("cover the risks of outcomes",)
    assert "closed no gap" in _reason(_decide(location, result))


def test_revision__that_closes_one_of_two_gaps__is_followed_by_another_up_to_the_limit(location: Location) -> None:
    _needs_revision(location, _gap("outcomes"), _gap("diagnosis"), _gap("introduction"))
    result = location.write()
    for round_number in (1, 2):
        request = _decide(location, result)
        assert isinstance(request, dg.RunRequest)
        assert request.tags[REVISION_TAG] == str(round_number)
        location.stages.gaps = location.stages.gaps[1:]
        result = _execute(location, request)
    assert "was revised 2 times" in _reason(_decide(location, result))


def test_revision__none_allowed__leaves_the_gaps_to_a_person(location: Location) -> None:
    _needs_revision(location, _gap("outcomes"))
    assert "for a person" in _reason(_decide(location, location.write(), most=0))


@pytest.mark.parametrize("gap", [_gap("complications"), _gap(None), _without_evidence("outcomes")])
def test_revision__gaps_that_no_new_text_can_close__says_that_documents_are_missing(
    location: Location, gap: Gap
) -> None:
    _needs_revision(location, gap)
    assert "documents are missing" in _reason(_decide(location, location.write()))


def test_revision__a_section_alone_was_made__says_nothing_new_about_the_gaps(location: Location) -> None:
    _needs_revision(location, _gap("outcomes"))
    location.write()
    alone = location.definitions.resolve_job_def("write_chapter").execute_in_process(
        instance=location.instance, partition_key=SLUG, asset_selection=[dg.AssetKey(["section", "diagnosis"])]
    )
    assert "made no gap report" in _reason(_decide(location, alone))


def test_revision__materialized_by_the_button_of_the_pages__is_revised_like_any_other(location: Location) -> None:
    _needs_revision(location, _gap("outcomes"))
    location.write()
    button = location.definitions.resolve_implicit_global_asset_job_def()
    result = button.execute_in_process(
        instance=location.instance,
        partition_key=SLUG,
        asset_selection=[dg.AssetKey(name) for name in ("gap_report", "final_chapter")],
    )
    sensor = location.definitions.resolve_sensor_def("revision")
    run = location.instance.get_run_by_id(result.run_id)
    assert run is not None
    with dg.build_run_status_sensor_context(
        sensor_name="revision",
        dagster_event=next(event for event in result.all_events if event.is_job_success),
        dagster_instance=location.instance,
        dagster_run=run,
        resources={"chapters": ChaptersResource(container=location.container)},
    ) as context:
        request = sensor(context)
    assert isinstance(request, dg.RunRequest)
    assert "section/outcomes" in _names(request.asset_selection)


def test_revision__person_had_a_section_written_again__starts_no_loop(location: Location) -> None:
    """As `chapters write --section` does, whatever launched the run."""
    _needs_revision(location, _gap("outcomes"))
    location.write()
    again = location.write(sections=["diagnosis"])
    assert again.success
    assert "sections that a person named" in _reason(_decide(location, again))


def test_revision__its_run_is_retried_after_its_report__goes_on_where_it_began(location: Location) -> None:
    _needs_revision(location, _gap("outcomes"), _gap("diagnosis"))
    request = _decide(location, location.write())
    assert isinstance(request, dg.RunRequest)
    location.stages.gaps = location.stages.gaps[1:]
    for _ in range(2):
        result = _execute(location, request)
    following = _decide(location, result)
    assert isinstance(following, dg.RunRequest)
    assert following.tags[REVISION_TAG] == "2"


def test_revision__ingest__is_none_of_its_business(location: Location) -> None:
    assert "made no gap report" in _reason(_decide(location, location.ingest({"library/a.pdf": GLIOMA.encode()})))

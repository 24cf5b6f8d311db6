"""Sections: each an asset of its own, none lost by another's error, none written twice for the same inputs."""

from __future__ import annotations

from dagster import ExecuteInProcessResult

from assets.run_tags import REVISED_TAG, REVISION_TAG
from chapter_pipeline.domain import Gap, GapType, Section, Severity
from chapter_pipeline.errors import ModelUnavailable, PermanentError
from tests.code_location import GLIOMA, SLUG, Location, failure_told


def _statuses(result: ExecuteInProcessResult) -> dict[str, str]:
    """Status by kind, of the sections that the run materialized."""
    return {
        event.asset_key.path[1]: str(event.materialization.metadata["status"].value)
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None and event.asset_key.path[0] == "section"
    }


def test_sections__no_plan_for_most__the_unused_do_not_stop_what_follows(location: Location) -> None:
    location.add_documents(GLIOMA)
    result = location.write()
    assert result.success
    statuses = _statuses(result)
    assert {kind for kind, status in statuses.items() if status == "written"} == set(location.stages.planned)
    assert set(statuses.values()) == {"written", "unused"}
    assert location.materialized("final_chapter") == {SLUG}


def test_sections__one_fails__the_others_stay_materialized(location: Location) -> None:
    location.add_documents(GLIOMA)
    location.stages.failing = {"diagnosis": PermanentError("the model refuses: ask for something else")}
    result = location.write()
    assert not result.success
    assert location.materialized(["section", "introduction"]) == {SLUG}
    assert location.materialized(["section", "outcomes"]) == {SLUG}
    assert location.materialized(["section", "diagnosis"]) == set()
    assert location.materialized("chapter_draft") == set()
    _, metadata = failure_told(result)
    assert str(metadata["diagnosis"]).startswith("the model refuses")


def test_sections__written_again_after_a_failure__only_the_missing_one_is_written(location: Location) -> None:
    location.add_documents(GLIOMA)
    location.stages.failing = {"diagnosis": ModelUnavailable("busy")}
    location.write()
    location.stages.failing = {}
    result = location.write()
    assert result.success
    assert dict(location.stages.written) == {"introduction": 1, "diagnosis": 1, "outcomes": 1}
    assert {k: v for k, v in _statuses(result).items() if v != "unused"} == {
        "introduction": "reused",
        "diagnosis": "written",
        "outcomes": "reused",
    }


def test_sections__asked_for_again__are_written_though_nothing_changed(location: Location) -> None:
    location.add_documents(GLIOMA)
    location.write()
    result = location.write(sections=["outcomes"])
    assert result.success
    assert _statuses(result) == {"outcomes": "written"}
    assert location.stages.written["outcomes"] == 2


def test_sections__inputs_as_two_writings_ago__that_text_is_the_newest_again(location: Location) -> None:
    location.add_documents(GLIOMA)
    for edition in ("first", "second", "first"):
        location.stages.edition = edition
        assert location.write().success
    name = "section/introduction"
    newest = location.artifacts.latest(name, SLUG)
    assert newest is not None
    assert newest.version == 3
    assert location.artifacts.get(name, SLUG, Section) == location.artifacts.get(name, SLUG, Section, 1)
    assert location.stages.written["introduction"] == 2


def test_sections__many__no_more_at_once_than_the_settings_allow(location: Location) -> None:
    location.add_documents(GLIOMA)
    location.write()
    assert 1 <= location.stages.most_at_once <= 2


def test_section_plans__gaps_on_record__are_recommended_in_a_revision_only(location: Location) -> None:
    location.add_documents(GLIOMA)
    location.stages.gaps = tuple(
        Gap(
            type=GapType.CRITICAL_INFORMATION,
            severity=Severity.HIGH,
            description="no risks",
            recommendation=f"cover the risks ({section})",
            section=section,
        )
        for section in ("outcomes", None)
    )
    for tags in ({}, {}, {REVISION_TAG: "1", REVISED_TAG: "outcomes"}):
        assert location.write(tags=tags).success
    assert location.stages.recommended == [(), (), ("cover the risks (outcomes)",)]


def test_sections__identical_rewriting__leaves_the_data_version_of_the_text(location: Location) -> None:
    location.add_documents(GLIOMA)
    versions = []
    for sections in (None, ["outcomes"]):
        result = location.write(sections=sections)
        (event,) = [
            event
            for event in result.get_asset_materialization_events()
            if event.asset_key is not None and event.asset_key.path == ["section", "outcomes"]
        ]
        versions.append((event.materialization.tags or {})["dagster/data_version"])
    assert versions[0] == versions[1]

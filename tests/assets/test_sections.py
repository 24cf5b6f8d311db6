"""Sections: each an asset of its own, none lost by another's error, none written twice for the same inputs."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import pytest
from dagster import ExecuteInProcessResult

from assets.run_tags import REVISED_TAG, REVISION_TAG
from chapter_pipeline.domain import Gap, GapType, Section, SectionPlans, Severity
from chapter_pipeline.errors import BudgetExceeded, ModelUnavailable, PermanentError
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing.section_kinds import packaged_kinds
from tests.code_location import GLIOMA, SLUG, Location, failure_told
from tests.fake_stages import FakeStages


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


def test_sections__fail_for_one_reason__it_is_told_once_with_the_command_that_goes_on(location: Location) -> None:
    location.add_documents(GLIOMA)
    location.stages.failing = {
        kind: BudgetExceeded(f"not sent: the call can cost {usd} USD: raise CHAPTER_BUDGET_CHAPTER_USD")
        for kind, usd in (("introduction", "0.12"), ("diagnosis", "0.34"))
    } | {"outcomes": PermanentError("the model refuses")}
    told, metadata = failure_told(location.write())
    assert told.count("raise CHAPTER_BUDGET_CHAPTER_USD") == 1
    assert re.search(r"(introduction, diagnosis|diagnosis, introduction): not sent: ", told)
    assert "outcomes: the model refuses" in told
    assert told.endswith(f"; go on with: chapter-pipeline chapters write {SLUG}")
    assert "0.34" in str(metadata["diagnosis"])


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


class Together(FakeStages):
    """No section is finished before `number` of them are being written."""

    number = 16

    def __init__(self, library: LibraryStore) -> None:
        super().__init__(library)
        self._barrier = threading.Barrier(self.number, timeout=60)

    def _section(self, kind: str, plans: SectionPlans) -> Section:
        self._barrier.wait()
        return super()._section(kind, plans)


@contextmanager
def location_of(
    settings: Settings, database: Database, *, section_concurrency: int, stages: FakeStages
) -> Iterator[Location]:
    with dg.DagsterInstance.ephemeral() as instance:
        made = Location(settings, database, instance, section_concurrency=section_concurrency, stages=stages)
        yield made
        made.container.close()


def test_sections__as_many_as_the_settings_allow__are_written_at_once_whatever_the_processors(
    environment: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    with location_of(
        environment, database, section_concurrency=Together.number, stages=Together(LibraryStore(database))
    ) as location:
        kinds = packaged_kinds()[: Together.number]
        location.write_sections(kinds)
        assert location.stages.most_at_once == Together.number
        assert dict(location.stages.written) == dict.fromkeys(kinds, 1)


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

"""Requests: what a run is asked for with, and what its events tell the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest

from chapter_pipeline.errors import ModelUnavailable, PermanentError
from sensors.requests import (
    FOLLOWING,
    finished_document,
    ingest_requests,
    may_succeed_later,
    only_quarantined,
    record_requests,
    recorded_document,
    revision_request,
    write_request,
)
from tests.code_location import GLIOMA, SLUG, Location, failure_told


def test_ingest_requests__old_documents_between_new_ones__no_request_holds_one() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert len(ingest_requests(instance, ["a", "b", "c"])) == 1
        requests = ingest_requests(instance, ["a", "c", "d"])
        ranges = [tuple(request.tags.values()) for request in requests]
    assert ranges == [("a", "a"), ("c", "d")]


def test_ingest_requests__no_document__no_run() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert ingest_requests(instance, []) == []


def test_record_requests__documents__select_the_study_records_alone(location: Location) -> None:
    files = {"library/good.pdf": GLIOMA.encode(), "library/bad.pdf": b"BAD:encrypted"}
    told = [recorded_document(event) for event in location.ingest(files).all_events]
    assert [name for name in told if name] == ["library/good.pdf"]
    (one,) = record_requests(location.instance, ["library/good.pdf"], again=False)
    assert one.selection == (dg.AssetKey("study_records"),)
    (again,) = record_requests(location.instance, ["library/good.pdf"], again=True)
    assert set(again.tags) - set(one.tags) == {"chapter_pipeline/records"}

    def reused(tags: Mapping[str, str]) -> object:
        job = location.definitions.resolve_job_def("ingest_library")
        made = job.execute_in_process(instance=location.instance, tags=tags, asset_selection=list(one.selection or ()))
        (event,) = made.get_asset_materialization_events()
        return event.materialization.metadata["stored"].value

    assert [reused(one.tags), reused(again.tags)] == ["earlier", "now"]


def test_write_request__kinds_left_out__is_no_request() -> None:
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(TypeError, match="kinds"):
        write_request(instance, SLUG)  # type: ignore[call-arg]


def test_write_request__sections__selects_them_and_what_follows_and_asks_for_new_text() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        request = write_request(
            instance, SLUG, ["outcomes", "diagnosis"], kinds=["introduction", "outcomes", "diagnosis"]
        )
    assert request.selection is not None
    assert {"/".join(key.path) for key in request.selection} == {"section/outcomes", "section/diagnosis", *FOLLOWING}
    assert request.tags["chapter_pipeline/rewrite"] == "outcomes,diagnosis"


def test_following__every_asset_after_a_section__is_made_again(location: Location) -> None:
    graph = location.definitions.resolve_asset_graph()
    after = set(graph.get(dg.AssetKey(["section", "outcomes"])).child_keys)
    for _ in graph.get_all_asset_keys():
        after |= {child for key in after for child in graph.get(key).child_keys}
    assert after == {dg.AssetKey(name) for name in FOLLOWING}


def test_finished_document__stored_and_refused_ones__each_is_told_once(location: Location) -> None:
    names = {"library/bad ... 5%.pdf": b"BAD:encrypted", "library/good.pdf": GLIOMA.encode()}
    result = location.ingest(names)
    told = [name for event in result.all_events if (name := finished_document(event)) is not None]
    assert sorted(told) == sorted(names)


@pytest.mark.parametrize(
    ("content", "expected"), [(b"BAD:encrypted", True), (b"ERROR:division by zero", False)], ids=["refused", "bug"]
)
def test_only_quarantined__failed_ingest__tells_a_refused_file_from_a_bug(
    location: Location, content: bytes, expected: bool
) -> None:
    _, failure = failure_told(location.ingest({"library/a.pdf": content}))
    assert only_quarantined(failure) is expected
    assert not may_succeed_later(failure)


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ModelUnavailable("busy"), True), (PermanentError("refused"), False), (RuntimeError("a bug"), False)],
    ids=lambda value: type(value).__name__,
)
def test_may_succeed_later__failed_section__only_a_transient_error_says_so(
    location: Location, error: Exception, expected: bool
) -> None:
    location.add_documents(GLIOMA)
    location.stages.failing = {"diagnosis": error}
    _, failure = failure_told(location.write())
    assert may_succeed_later(failure) is expected


def test_write_request__whole_chapter__makes_its_partition_and_selects_every_stage_and_its_own_sections(
    location: Location,
) -> None:
    whole = location.definitions.resolve_job_def("write_chapter").asset_layer.selected_asset_keys
    request = write_request(location.instance, SLUG, kinds=["outcomes"])
    assert location.instance.get_dynamic_partitions("chapter") == [SLUG]
    assert dict(request.tags) == {"dagster/partition": SLUG}
    assert set(request.selection or ()) == {
        key for key in whole if key.path[0] != "section" or key.path == ["section", "outcomes"]
    }


def test_revision_request__nothing_selected__is_no_request() -> None:
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(AssertionError, match="sections of all templates"):
        revision_request(instance, SLUG, dg.RunRequest(partition_key=SLUG))


@pytest.mark.parametrize("config", [None, {"topic": "Surgery of glioma"}], ids=["topic of the slug", "topic given"])
@pytest.mark.parametrize("slug", ["../../evil", "Bad Slug"])
def test_write_chapter__partition_that_is_no_slug__is_refused_and_leaves_nothing_on_record(
    location: Location, slug: str, config: dict[str, object] | None
) -> None:
    location.add_documents(GLIOMA)
    result = location.write(slug=slug, config=config)
    told, _ = failure_told(result)
    assert told.startswith(f"chapter slug {slug!r} is not usable")
    assert location.chapters.list() == []
    assert location.artifacts.latest("chapter_brief", slug) is None


def test_write_chapter__chapter_that_nobody_asked_for__is_put_on_record_as_by_the_command(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[tuple[str, ...]] = []

    def record_kinds(_: Path, kinds: tuple[str, ...]) -> tuple[str, ...]:
        recorded.append(kinds)
        return ()

    monkeypatch.setattr("chapter_pipeline.services.chapters.record_kinds", record_kinds)
    location.add_documents(GLIOMA)
    assert location.write(config={"topic": "Surgery of glioma"}).success
    (chapter,) = location.chapters.list()
    assert (chapter.slug, chapter.request["topic"]) == (SLUG, "Surgery of glioma")
    (kinds,) = recorded
    assert set(location.stages.planned) < set(kinds)

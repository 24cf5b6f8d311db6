"""What the Dagster UI says of a stage: stale with its cause when its code version changed, fresh when nothing did."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest
from pydantic import SecretStr

from chapter_pipeline.container import Container
from chapter_pipeline.definitions import build
from chapter_pipeline.domain import Gap, GapType, Severity
from chapter_pipeline.settings import Settings
from chapter_pipeline.writing import stage_table
from chapter_pipeline.writing.stage_table import CHAPTER_STAGES, STAGES, code_version, content_of, stage_of
from resources.chapters import ChaptersResource
from sensors.requests import record_requests
from sensors.revision import decide
from tests.code_location import GLIOMA, SLUG, Location

SECTION_PROMPT = "providers/prompt_files/section.md"
NEW_CODE, NEW_DATA = "has a new code version", "has a new dependency data version"


def stale(location: Location, settings: Settings, partition: str = SLUG) -> dict[str, set[str]]:
    """What the Dagster UI of a code location built under `settings` says: the stale assets, each with its causes."""
    resolver = CachingStaleStatusResolver(
        location.instance, build(Container(settings)).resolve_asset_graph(), LoadingContextForTest(location.instance)
    )
    found = {}
    for key in resolver.asset_graph.get_all_asset_keys():
        if resolver.get_status(key, partition) is StaleStatus.STALE:
            causes = resolver.get_stale_causes(key, partition)
            found["/".join(key.path)] = {cause.reason for cause in causes}
    return found


def test_staleness__chapter__is_fresh_until_a_setting_or_prompt_changes_and_then_says_so(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    location.add_documents(GLIOMA)
    settings = location.settings
    assert location.write().success
    assert stale(location, settings) == {}
    assert location.write().success
    assert stale(location, settings) == {}
    searching = settings.model_copy(update={"embedder": "gpt"})
    assert stale(location, searching) == {"key_concepts": {NEW_CODE}, "library_research": {NEW_CODE}}
    by_claude = settings.model_copy(update={"anthropic_api_key": SecretStr("sk-canary"), "text_model": "claude"})
    asked = stale(location, by_claude)
    assert {name for name in asked if "/" not in name} == {s.name for s in CHAPTER_STAGES if s.work} - {"section"}
    assert {f"section/{kind}" for kind in location.stages.planned} < set(asked)
    monkeypatch.setattr(stage_table, "content_of", lambda name: content_of(name) + b"." * (name == SECTION_PROMPT))
    assert stale(location, settings) == {}, "the extractive writer reads no prompt"


def test_staleness__a_rule_changes__what_follows_is_stale_when_the_new_value_is_another(
    location: Location,
) -> None:
    location.add_documents(GLIOMA)
    assert location.write().success
    location.stages.edition = "second"
    job = location.definitions.resolve_job_def("write_chapter")
    made = job.execute_in_process(
        instance=location.instance, partition_key=SLUG, asset_selection=[dg.AssetKey("section_plans")]
    )
    assert made.success
    found = stale(location, location.settings)
    sections = {name for name in found if name.startswith("section/")}
    assert {f"section/{kind}" for kind in location.stages.planned} < sections
    assert found == {name: {NEW_DATA} for name in (*sections, "chapter_draft", "gap_report")}


def test_staleness__revised_chapter__is_fresh_as_chapters_write_says(location: Location) -> None:
    location.add_documents(GLIOMA)
    location.stages.requires_revision = True
    location.stages.gaps = (
        Gap(
            type=GapType.CRITICAL_INFORMATION, severity=Severity.HIGH, description="no risks",
            recommendation="cover them", section="outcomes", evidence=("q1",),
        ),
    )  # fmt: skip
    run = location.instance.get_run_by_id(location.write().run_id)
    assert run is not None
    request = decide(run, ChaptersResource(container=location.container), max_revisions=1)
    assert isinstance(request, dg.RunRequest)
    revised = location.definitions.resolve_job_def("write_chapter").execute_in_process(
        instance=location.instance, partition_key=SLUG, tags=request.tags, asset_selection=request.asset_selection
    )
    assert revised.success
    assert location.stages.written == {"introduction": 1, "diagnosis": 1, "outcomes": 2}
    assert location.container.currency.of(SLUG).current
    assert stale(location, location.settings) == {}


def test_staleness__document__is_fresh_until_the_parser_or_its_settings_change(
    location: Location,
) -> None:
    assert location.ingest({"library/a.pdf": GLIOMA.encode()}).success
    (partition,) = location.materialized("document_text")
    settings = location.settings
    assert stale(location, settings, partition) == {}
    assert stale(location, settings.model_copy(update={"ocr": "off"}), partition) == {"document_text": {NEW_CODE}}
    assert stale(location, settings.model_copy(update={"passage_tokens": 100}), partition) == {"passages": {NEW_CODE}}
    # A file that is another one: its text follows from it no more until it is made again.
    location.bucket.put("library/a.pdf", GLIOMA.upper().encode(), overwrite=True)
    job = location.definitions.resolve_job_def("ingest_library")
    assert job.execute_in_process(
        instance=location.instance, partition_key=partition, asset_selection=[dg.AssetKey("source_document")]
    ).success
    assert stale(location, settings, partition) == {"document_text": {NEW_DATA}}
    assert location.ingest({"library/a.pdf": GLIOMA.upper().encode()}).success
    assert stale(location, settings, partition) == {}
    event = location.instance.get_latest_materialization_event(dg.AssetKey("document_text"))
    assert event is not None
    assert event.asset_materialization is not None
    tags = event.asset_materialization.tags or {}
    assert tags["dagster/code_version"] == code_version(STAGES["document_text"], settings)


def test_staleness__study_record__is_stale_alone_when_its_rules_change_and_fresh_when_they_find_the_same(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert location.ingest({"library/a.pdf": GLIOMA.encode()}).success
    (partition,) = location.materialized("study_records")
    monkeypatch.setitem(stage_table.STAGES, "study_records", replace(STAGES["study_records"], version="next"))
    monkeypatch.setattr("chapter_pipeline.services.study_records.RULES_VERSION", "next")
    assert stale(location, location.settings, partition) == {"study_records": {NEW_CODE}}
    (request,) = record_requests(location.instance, ["library/a.pdf"], again=False)
    made = (
        build(location.container)
        .resolve_job_def(request.job)
        .execute_in_process(
            instance=location.instance, tags=request.tags, asset_selection=list(request.selection or ())
        )
    )
    assert [event.asset_key for event in made.get_asset_materialization_events()] == [dg.AssetKey("study_records")]
    assert {one.check_name for one in made.get_asset_check_evaluations()} == {"study_records_have_findings"}
    assert stale(location, location.settings, partition) == {}
    assert location.parser.calls[GLIOMA.encode()] == 1


def test_code_versions__of_all_stages__are_those_of_the_table(location: Location) -> None:
    seen = set()
    for spec in location.definitions.resolve_all_asset_specs():
        stage = stage_of("/".join(spec.key.path))
        if stage is not None:
            assert spec.code_version == code_version(stage, location.settings), spec.key
            seen.add(stage.name)
    assert seen == set(STAGES)

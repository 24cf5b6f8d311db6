"""Is a chapter current? The stored values tell, whatever made them; a cause is named for every stage that is not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, time
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from assets.run_tags import REVISED_TAG, REVISION_TAG
from chapter_pipeline.container import Container
from chapter_pipeline.domain import ChapterBrief, EvidenceMap, Gap, GapType, Section, Severity
from chapter_pipeline.domain.bibliography import RecordField
from chapter_pipeline.errors import PermanentError
from chapter_pipeline.services.editorial import Editorial
from chapter_pipeline.writing import stage_table
from chapter_pipeline.writing.stage_table import CHAPTER_STAGES, SECTION, Outside, content_of
from sensors.requests import write_request
from tests.code_location import GLIOMA, SLUG, Location
from tests.library_samples import add

TOPIC = "Surgery of glioma"
WITH_CLAUDE: dict[str, Any] = {"anthropic_api_key": SecretStr("sk-canary"), "text_model": "claude"}
RECORD = {"topic": TOPIC, "word_budget": 2000}


class FixedClock:
    """Noon of a day."""

    def __init__(self, day: date) -> None:
        self._day = day

    def now(self) -> datetime:
        return datetime.combine(self._day, time(12), UTC)


def stale(location: Location, *, today: date | None = None, **settings: Any) -> dict[str, str]:
    """The stages that are not current, each with its cause; under these settings and on this day."""
    container = Container(location.settings.model_copy(update=settings))
    if today is not None:
        container.clock = FixedClock(today)
    asked = container.currency
    found = asked.of(SLUG)
    assert found.current is (not found.stale)
    container.close()
    return {one.stage: one.cause for one in found.stale}


def from_the_command_line(location: Location) -> None:
    request = write_request(location.instance, SLUG, kinds=[*location.stages.planned, "epidemiology"])
    _run(location, request.tags, request.selection)


def from_the_ui(location: Location, **config: object) -> None:
    assert location.write(config=config or None).success


def from_a_sensor(location: Location) -> None:
    request = write_request(location.instance, SLUG, kinds=location.kinds(SLUG))
    _run(location, request.tags, request.selection)


def _run(location: Location, tags: Any, selection: Any) -> None:
    job = location.definitions.resolve_job_def("write_chapter")
    assert job.execute_in_process(instance=location.instance, tags=dict(tags), asset_selection=selection).success


@pytest.fixture
def asked(location: Location) -> Location:
    location.add_documents(GLIOMA)
    location.chapters.create(SLUG, RECORD)
    return location


WAYS: list[Callable[[Location], None]] = [from_the_command_line, from_the_ui, from_a_sensor]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_currency__written_in_any_way__is_current_until_a_run_takes_another_request(
    asked: Location, way: Callable[[Location], None]
) -> None:
    assert set(stale(asked).values()) == {"there is none yet"}
    way(asked)
    assert stale(asked) == {}
    from_the_ui(asked, topic="Radiotherapy of glioma")
    assert stale(asked) == {"chapter_brief": "it was made from another request than the one on record"}
    way(asked)
    assert stale(asked) == {}
    assert asked.artifacts.get("chapter_brief", SLUG, ChapterBrief).topic == TOPIC


def test_currency__every_stage_of_a_run__is_stored_with_what_it_was_made_from(asked: Location) -> None:
    result = asked.write()
    assert result.success
    planned = [f"section/{kind}" for kind in asked.stages.planned]
    names = [stage.name for stage in CHAPTER_STAGES if stage.name != SECTION]
    fingerprints: dict[str, str] = {}
    for name in (*names, *planned):
        stored = asked.artifacts.latest(name, SLUG)
        assert stored is not None, name
        assert stored.fingerprint is not None, name
        fingerprints[name] = stored.fingerprint
    told = {
        event.step_key: event.materialization.metadata["made from"].value
        for event in result.get_asset_materialization_events()
        if event.step_key in names
    }
    assert told == {name: fingerprints[name] for name in names}


def test_currency__a_record_is_edited__what_reads_the_library_is_stale_until_it_is_taken_back(asked: Location) -> None:
    asked.write()
    (key, *_) = [document.key for document in asked.library.documents()]
    asked.library.edit_record(key, {RecordField.YEAR: 2017}, by="Ada", reason="printed on page 1")
    changed = stale(asked)
    assert set(changed) == {stage.name for stage in CHAPTER_STAGES if Outside.LIBRARY in stage.outside}
    assert set(changed.values()) == {"the library changed since"}
    asked.library.edit_record(key, {RecordField.YEAR: None}, by="Ada", reason="the print was right")
    assert stale(asked) == {}


def test_currency__a_reference_file_gives_a_record_its_volume__the_chapter_is_stale(asked: Location) -> None:
    asked.write()
    title = asked.library.documents()[0].record.title
    asked.bucket.put("references/a.ris", f"TY  - JOUR\nTI  - {title}\nVL  - 4\nER  -\n".encode())
    assert stale(asked)["research_set"] == "the library changed since"


def test_currency__configuration_that_says_what_is_on_record__is_the_same_request(asked: Location) -> None:
    from_the_ui(asked, **RECORD)
    assert stale(asked) == {}


def test_currency__settings_prompts_and_days__make_exactly_what_depends_on_them_stale(
    asked: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.write()
    sections = {f"section/{kind}" for kind in asked.stages.planned}
    changed = stale(asked, embedder="gpt")
    assert set(changed) == {"key_concepts", "library_research"}
    assert changed["key_concepts"].startswith("its rules, a prompt, a model or a setting changed (now 3-")
    assert stale(asked, ocr="off", passage_tokens=100, budget_day_usd=0, section_concurrency=1) == {}
    assert stale(asked, today=date(2020, 1, 1)) == {
        "chapter_brief": "it was made on another day, and the request has no cut-off date"
    }
    asking = {stage.name for stage in CHAPTER_STAGES if stage.work is not None} - {SECTION}
    assert set(stale(asked, **WITH_CLAUDE)) == asking | sections
    changed_prompt = "providers/prompt_files/section.md"
    monkeypatch.setattr(stage_table, "content_of", lambda name: content_of(name) + b"." * (name == changed_prompt))
    assert stale(asked) == {}, "the extractive writer reads no prompt"


def test_currency__another_server_answers_under_the_same_name__what_it_answers_is_stale(asked: Location) -> None:
    local: dict[str, Any] = {"text_model": "local", "local_url": "http://127.0.0.1:8080/v1"}
    asked.container.settings = asked.container.settings.model_copy(update=local)
    asked.write()
    for same in ("http://127.0.0.1:8080/v1", "http://someone:secret@127.0.0.1:8080/v1/"):
        assert stale(asked, **{**local, "local_url": same}) == {}
    found = set(stale(asked, **{**local, "local_url": "http://127.0.0.1:8081/v1"}))
    asking = {stage.name for stage in CHAPTER_STAGES if stage.work is not None} - {SECTION}
    assert found == {*asking, *(f"section/{kind}" for kind in asked.stages.planned)}


def test_currency__a_section_prompt_changes__its_sections_are_stale_and_what_follows_once_they_are_written(
    asked: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values stored under a language writer: which one it is, is a matter of the settings that the run has."""
    asked.container.settings = asked.container.settings.model_copy(update=WITH_CLAUDE)
    asked.write()
    assert stale(asked, **WITH_CLAUDE) == {}
    prompt = "providers/prompt_files/section.md"
    monkeypatch.setattr(stage_table, "content_of", lambda name: content_of(name) + b"." * (name == prompt))
    assert set(stale(asked, **WITH_CLAUDE)) == {f"section/{kind}" for kind in asked.stages.planned}
    kinds = list(asked.stages.planned)
    alone = [dg.AssetKey(["section", kind]) for kind in kinds]
    monkeypatch.setattr(asked.stages, "section", _reworded(asked))
    _run(asked, {"dagster/partition": SLUG}, alone)
    found = stale(asked, **WITH_CLAUDE)
    assert set(found) == {"chapter_draft"}
    assert found["chapter_draft"].startswith("it was made from another section/")
    assert all(f"section/{kind}" in found["chapter_draft"] for kind in kinds)
    asked.write()
    assert stale(asked, **WITH_CLAUDE) == {}


def _reworded(location: Location) -> Any:
    made = type(location.stages).section

    def section(kind: str, plans: Any, *, variant: str = "", earlier: Section | None = None) -> Section:
        found = made(location.stages, kind, plans, variant=variant)
        return found.model_copy(update={"title": f"{found.title}, reworded"})

    return section


def test_currency__library_and_reference_files_change__the_stages_that_read_them_are_stale(asked: Location) -> None:
    asked.write()
    asked.bucket.put("references/list.ris", b"TY  - JOUR\nTI  - A trial\nER  - \n")
    assert stale(asked) == {"literature_research": "the reference files changed since"}
    add(asked.library, "library/shunts.pdf", "A shunt was placed in 40 patients with hydrocephalus.")
    read = {
        "key_concepts",
        "library_research",
        "research_set",
        "evidence_map",
        "section_plans",
        "chapter_draft",
        "gap_report",
    }
    found = stale(asked)
    assert {name for name, cause in found.items() if cause == "the library changed since"} == read
    assert set(found) == {*read, "literature_research"}


def test_currency__library_changes_while_a_stage_works__its_value_is_stale(
    asked: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = asked.stages.evidence_map

    def evidence_map(*arguments: Any) -> EvidenceMap:
        found = made(*arguments)
        add(asked.library, "library/late.pdf", "A shunt was placed in 40 patients with hydrocephalus.")
        return found

    monkeypatch.setattr(asked.stages, "evidence_map", evidence_map)
    asked.write()
    found = stale(asked)
    assert "evidence_map" in found
    assert "section_plans" not in found, "it began after the change"


def test_currency__a_cut_off_date_in_the_request__the_day_does_not_count(location: Location) -> None:
    location.add_documents(GLIOMA)
    location.chapters.create(SLUG, {**RECORD, "cutoff_date": "2024-12-31"})
    location.write()
    assert stale(location, today=date(2020, 1, 1)) == {}


def test_currency__writing_that_broke_off__is_not_current_until_one_comes_to_its_end(asked: Location) -> None:
    asked.stages.failing["diagnosis"] = PermanentError("the words ran out")
    asked.write()
    assert stale(asked)["section/diagnosis"] == "there is none yet"
    asked.stages.failing.clear()
    asked.write()
    assert stale(asked) == {}
    # One that breaks off later leaves the values of the last one behind it.
    asked.stages.failing["diagnosis"] = PermanentError("the words ran out")
    asked.stages.edition = "second"
    asked.write()
    found = stale(asked)
    assert found["section/diagnosis"] == "it was made from another section_plans"
    assert "section_plans" in found["chapter_draft"]


def test_currency__values_of_an_earlier_release__are_made_again_once(asked: Location) -> None:
    asked.write()
    known = asked.artifacts.get("evidence_map", SLUG, EvidenceMap)
    asked.artifacts.put("evidence_map", SLUG, known.model_copy(update={"sentences_read": 7}))
    assert stale(asked)["evidence_map"] == "what it was made from is not on record"
    asked.write()
    assert stale(asked) == {}


def test_currency__gates_ask_for_a_revision__is_current_once_it_was_made_or_none_is_allowed(asked: Location) -> None:
    asked.stages.requires_revision = True
    asked.stages.gaps = (
        Gap(
            type=GapType.CRITICAL_INFORMATION, severity=Severity.HIGH, description="no risks",
            recommendation="cover them", section="outcomes", evidence=("q1",),
        ),
    )  # fmt: skip
    asked.write()
    assert stale(asked) == {"gap_report": "it asks for a revision that was not made"}
    assert stale(asked, max_revisions=0) == {}
    tags = {REVISION_TAG: "1", REVISED_TAG: "outcomes", "dagster/partition": SLUG}
    following = ("chapter_draft", "reviewed_chapter", "gap_report", "final_chapter")
    names = [["section_plans"], ["section", "outcomes"], *([name] for name in following)]
    _run(asked, tags, [dg.AssetKey(name) for name in names])
    assert asked.stages.recommended[-1] == ("cover them",)
    assert stale(asked) == {}


class NoRuns:
    """Implements `services.run_report.ChapterRuns` for acts that start no run."""

    def writing(self, slug: str) -> AbstractContextManager[None]:
        return nullcontext()

    def record_act(self, *_: object) -> None:
        pass


def test_currency__rolled_back_section__counts_as_written_under_the_rules_in_force(
    asked: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After another section was written, a changed prompt makes all of them stale: the run writes all of them."""
    asked.container.settings = asked.container.settings.model_copy(update=WITH_CLAUDE)
    asked.write()
    asked.stages.edition = "second"
    asked.write(sections=["diagnosis"])
    editorial: Editorial = asked.container.editorial(NoRuns())  # type: ignore[arg-type]
    editorial.rollback(SLUG, 1)
    assert stale(asked, **WITH_CLAUDE) == {}
    asked.stages.edition = "first"
    asked.write(sections=["outcomes"])
    assert stale(asked, **WITH_CLAUDE) == {}
    prompt = "providers/prompt_files/section.md"
    monkeypatch.setattr(stage_table, "content_of", lambda name: content_of(name) + b"." * (name == prompt))
    assert set(stale(asked, **WITH_CLAUDE)) == {f"section/{kind}" for kind in asked.stages.planned}

"""The table of stages: what a change makes stale, exactly, and what changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from chapter_pipeline.documents.version import settings_hash
from chapter_pipeline.domain import SectionPlan, SectionPlans
from chapter_pipeline.providers.fallback_router import KINDS
from chapter_pipeline.settings import Settings
from chapter_pipeline.writing import stage_table
from chapter_pipeline.writing.stage_table import (
    CHAPTER_STAGES,
    SECTION,
    STAGES,
    Outside,
    Stage,
    code_version,
    content_of,
    differences,
    fingerprint,
    section_fingerprint,
)

WITH_CLAUDE: dict[str, Any] = {"anthropic_api_key": SecretStr("sk-canary"), "text_model": "claude", "fallback": "off"}
ASKING = {stage.name for stage in CHAPTER_STAGES if stage.work is not None}
OUTSIDE: dict[Outside, str | None] = {
    Outside.REQUEST: "r",
    Outside.LIBRARY: "l",
    Outside.REFERENCES: "f",
    Outside.TODAY: "t",
}


def versions(**values: Any) -> dict[str, str]:
    return {name: code_version(stage, Settings(**values)) for name, stage in STAGES.items()}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"document_max_pages": 10}, {"document_text"}),
        ({}, {"ocr": "off"}, {"document_text"}),
        ({}, {"ocr_max_pages": 10}, {"document_text"}),
        ({"ocr": "off"}, {"ocr": "off", "ocr_max_pages": 10}, set()),
        ({}, {"passage_tokens": 100}, {"passages"}),
        ({}, {"embedder": "gpt"}, {"passage_embeddings", "key_concepts", "library_research"}),
        ({}, {"embedding_model": "other"}, set()),
        ({"embedder": "gpt"}, {"embedder": "gpt", "embedding_model": "other"},
         {"passage_embeddings", "key_concepts", "library_research"}),
        ({}, WITH_CLAUDE, ASKING),
        ({}, {"study_records": "model"}, {"study_records"}),
        (WITH_CLAUDE, {**WITH_CLAUDE, "study_records": "model"}, {"study_records"}),
        ({**WITH_CLAUDE, "study_records": "model"},
         {**WITH_CLAUDE, "study_records": "model", "claude_models": {"writing": "other"}},
         {"section", "chapter_draft"}),
        ({}, {"claude_models": {"writing": "other"}}, set()),
        (WITH_CLAUDE, {**WITH_CLAUDE, "claude_models": {"writing": "other"}}, {"section", "chapter_draft"}),
        (WITH_CLAUDE, {**WITH_CLAUDE, "claude_models": {"vision": "other"}}, set()),
        (WITH_CLAUDE, {**WITH_CLAUDE, "gpt_models": {"writing": "other"}}, set()),
        (WITH_CLAUDE, {**WITH_CLAUDE, "anthropic_api_key": SecretStr("sk-another")}, set()),
        (WITH_CLAUDE, {**WITH_CLAUDE, "openai_api_key": SecretStr("sk-second")}, set()),
        (WITH_CLAUDE, {**WITH_CLAUDE, "fallback": "on"}, set()),
        ({**WITH_CLAUDE, "fallback": "on"}, {**WITH_CLAUDE, "fallback": "on", "openai_api_key": SecretStr("sk-second")},
         ASKING),
        ({"anthropic_api_key": SecretStr("a"), "text_model": "extractive"}, {"text_model": "extractive"}, set()),
        ({}, {"budget_day_usd": 1, "section_concurrency": 1, "max_revisions": 0, "model_deadline_s": 5}, set()),
    ],
)  # fmt: skip
def test_code_version__a_setting_changes__exactly_the_stages_that_it_counts_for_have_another(
    before: dict[str, Any], after: dict[str, Any], expected: set[str]
) -> None:
    assert changed(versions(**before), versions(**after)) == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("providers/prompt_files/section_queries.md", {"chapter_brief"}),
        ("providers/prompt_files/key_concepts.md", {"key_concepts"}),
        ("providers/prompt_files/literature_queries.md", {"literature_research"}),
        ("providers/prompt_files/relations.md", {"evidence_map"}),
        ("providers/prompt_files/outline.md", {"chapter_outline"}),
        ("providers/prompt_files/section.md", {"section"}),
        ("providers/prompt_files/section_repair.md", {"section"}),
        ("providers/prompt_files/key_points.md", {"chapter_draft"}),
        ("providers/prompt_files/review.md", {"reviewed_chapter"}),
        ("providers/prompt_files/claim_check.md", {"reviewed_chapter"}),
        ("providers/prompt_files/critical_information.md", {"gap_report"}),
        ("providers/prompt_files/final_review.md", {"final_chapter"}),
        ("providers/prompt_files/figure.md", set()),
        ("writing/chapter_templates/disease.yaml", {"chapter_brief"}),
    ],
)
def test_code_version__a_packaged_file_changes__only_its_stage_has_another_and_none_without_a_model_reads_prompts(
    monkeypatch: pytest.MonkeyPatch, file: str, expected: set[str]
) -> None:
    before, by_claude = versions(), versions(**WITH_CLAUDE)
    monkeypatch.setattr(stage_table, "content_of", lambda name: content_of(name) + b"." * (name == file))
    assert changed(by_claude, versions(**WITH_CLAUDE)) == expected
    assert changed(before, versions()) == (set() if "prompt_files" in file else expected)


def test_code_version__prompt_of_study_records__counts_where_a_model_fills_them_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filling = {**WITH_CLAUDE, "study_records": "model"}
    by_rules, by_model = versions(**WITH_CLAUDE), versions(**filling)
    changed_file = "providers/prompt_files/study_record.md"
    monkeypatch.setattr(stage_table, "content_of", lambda name: content_of(name) + b"." * (name == changed_file))
    assert changed(by_rules, versions(**WITH_CLAUDE)) == set()
    assert changed(by_model, versions(**filling)) == {"study_records"}
    assert by_rules["study_records"] == STAGES["study_records"].version, "an upgrade leaves records of rules current"


def test_code_version__any_stage__is_short_and_begins_with_its_declared_version() -> None:
    for name, version in {**versions(), **versions(**WITH_CLAUDE)}.items():
        assert version.split("-")[0] == STAGES[name].version
        assert len(version) <= 12
    assert "canary" not in "".join(versions(**WITH_CLAUDE).values())


def test_table__prompts__are_those_of_the_tasks_with_the_work_whose_models_are_asked() -> None:
    declared = {
        prompt: stage.work for stage in STAGES.values() for prompt in stage.prompts if prompt != "section_repair"
    }
    assert declared == {kind: work for kind, work in KINDS.items() if kind != "figure"}


def test_table__inputs__are_earlier_stages() -> None:
    seen: set[str] = set()
    for name, stage in STAGES.items():
        assert set(stage.inputs) <= seen, name
        seen.add(name)


@pytest.mark.parametrize("stage", CHAPTER_STAGES, ids=lambda stage: stage.name)
def test_fingerprint__one_part_changes__is_told_apart_from_the_others(stage: Stage) -> None:
    inputs = dict.fromkeys(stage.inputs, "a")
    outside = {name: OUTSIDE[name] for name in stage.outside}

    def made(of: Stage = stage, **changes: Any) -> str:
        return fingerprint(of, Settings(), **{"inputs": inputs, "outside": outside, **changes})

    assert len(made()) == 64
    assert differences(stage, made(), made()) == ()
    assert differences(stage, made(), made(replace(stage, version="next"))) == ("code",)
    for name in stage.inputs:
        assert differences(stage, made(), made(inputs={**inputs, name: "b"})) == ("inputs",)
    for name in stage.outside:
        assert differences(stage, made(), made(outside={**outside, name: None})) == (name,)


def _plans(change: Callable[[SectionPlan], SectionPlan] = lambda plan: plan, **changes: Any) -> SectionPlans:
    plans = [
        SectionPlan(kind=kind, title=kind, purpose="to tell", word_budget=100, subsections=(), quotes=())
        for kind in ("outcomes", "diagnosis")
    ]
    return SectionPlans(slug="glioma", topic="Glioma", audience="all", plans=(change(plans[0]), plans[1])).model_copy(
        update=changes
    )


def test_section_fingerprint__a_plan_changes__only_its_section_is_made_from_something_else() -> None:
    before, after = _plans(), _plans(lambda plan: plan.model_copy(update={"recommendations": ("more",)}))
    kinds = ("outcomes", "diagnosis", "anatomy")
    assert [
        section_fingerprint(kind, before, Settings()) == section_fingerprint(kind, after, Settings()) for kind in kinds
    ] == [False, True, True]
    assert len({section_fingerprint(kind, before, Settings()) for kind in kinds}) == 3


@pytest.mark.parametrize("changes", [{"topic": "Meningioma"}, {"audience": "students"}])
def test_section_fingerprint__topic_or_audience_changes__so_does_it(changes: dict[str, Any]) -> None:
    made = [section_fingerprint("outcomes", plans, Settings()) for plans in (_plans(), _plans(**changes))]
    assert differences(STAGES[SECTION], *made) == ("inputs",)


def test_settings_hash__settings_of_every_library_there_is__is_what_it_was() -> None:
    """Another hash has every document of a library parsed again."""
    assert settings_hash(Settings()) == "81f754abd5dd31dde7e8ce447e86f7f2cddb15e98a10f1dc0590e3da237dc990"


@pytest.mark.parametrize(
    ("values", "same"),
    [
        ({"ocr_max_pages": 200}, True), ({"ocr_max_pages": 10}, False), ({"ocr": "off"}, False),
        ({"passage_tokens": 100}, False), ({"document_max_pages": 10}, False), ({"embedding_batch": 8}, True),
    ],
)  # fmt: skip
def test_settings_hash__a_setting_changes__counts_when_documents_come_out_otherwise(
    values: dict[str, Any], same: bool
) -> None:
    assert (settings_hash(Settings(**values)) == settings_hash(Settings())) is same


def test_settings_hash__no_page_is_recognised__their_limit_does_not_count() -> None:
    limits = (10, 20)
    assert len({settings_hash(Settings(ocr="off", ocr_max_pages=limit)) for limit in limits}) == 1
    assert len({settings_hash(Settings(ocr_max_pages=limit)) for limit in limits}) == 2

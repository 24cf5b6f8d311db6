"""Stored values: those of earlier releases load without the keys that nobody reads any more; other keys are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from chapter_pipeline import domain
from chapter_pipeline.domain import ChapterDraft, KeyConcepts, Section, StageValue
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.database import Database

USED = {
    "cost_usd": "0.0125", "input_tokens": 1000, "output_tokens": 500, "latency_s": 1.5, "fallbacks": ["claude: busy"],
}  # fmt: skip
USE = {"stage": "key_points", "provider": "gpt", "model": "gpt-5", **USED}
SECTION = {
    "kind": "outcomes", "title": "Outcomes", "status": "written", "subsections": [{"title": None, "paragraphs": [{
    "label": None, "sentences": [{"text": "It helps.", "quotes": ["q1"]}]}]}], "evidence_table": [], "figures": [],
    "dropped": [], "kept": False, "origin": "", "quotes": [], "sources": [], "provider": "gpt", "model": "gpt-5", **USED,
}  # fmt: skip
CHAPTER = {
    "slug": "glioma", "title": "Glioma", "topic": "Glioma", "sections": [SECTION], "references": [], "figures": [],
    "quotes": {}, "key_points": [], "abbreviations": [],
}  # fmt: skip
CONCEPTS = {
    "concepts": [{"key": "c1", "name": "Glioma", "synonyms": [], "importance": 1.0, "queries": []}],
    "provider": "gpt", "model": "gpt-5", **USED,
}  # fmt: skip
REPORT = {
    "completeness_score": 0.9, "requires_revision": False, "gaps": [], "unused_evidence": [],
    "statistics": {"critical_gaps": 0, "high_gaps": 0, "medium_gaps": 0, "low_gaps": 0}, "uses": [USE],
}  # fmt: skip
FINAL = {
    "chapter": CHAPTER, "gap_report": REPORT, "support": [], "cutoff_date": "2026-06-01", "providers": ["gpt"],
    "cost_usd": "0.0375", "notes": ["The outline came from 'gpt'."], "differences": [],
}  # fmt: skip
OLDER: dict[str, tuple[type[StageValue], dict[str, Any], str]] = {
    # As the release before wrote them, with the hash that it stored.
    "key_concepts": (KeyConcepts, CONCEPTS, "9cca36078fc15bfcfaf5cc0f6d7d1c6b7711c33c72bf524b60c092124c0a48c3"),
    "section/outcomes": (Section, SECTION, "91c90cbf3ffa59441adae07b854362cbbc4fafb07879b431c4167f92f91026de"),
    "chapter_draft": (
        ChapterDraft, {"chapter": CHAPTER, "uses": [USE]},
        "b1a5d69bc3bace6f01276bad9224ae38a15ae194a9b34d81d1437c87b2702626",
    ),
}  # fmt: skip
RETIRED: dict[str, tuple[type[StageValue], set[str]]] = {
    "chapter_brief": (domain.ChapterBrief, {"uses"}),
    "key_concepts": (KeyConcepts, set(USED)),
    "literature_research": (domain.LiteratureResearch, {"uses"}),
    "research_set": (domain.ResearchSet, {"uses"}),
    "evidence_map": (domain.EvidenceMap, {"uses"}),
    "chapter_outline": (domain.ChapterOutline, {"uses"}),
    "section": (Section, set(USED)),
    "chapter_draft": (ChapterDraft, {"uses"}),
    "reviewed_chapter": (domain.ReviewedChapter, {"uses"}),
    "gap_report": (domain.GapReport, {"uses"}),
    "final_chapter": (domain.FinalChapter, {"cost_usd"}),
}


@pytest.mark.parametrize("asset", OLDER)
def test_stored_value__of_the_release_before__loads_and_keeps_its_hash_until_it_is_made_again(
    asset: str, database: Database
) -> None:
    kind, body, sha256 = OLDER[asset]
    with database.session() as session:
        session.execute(
            text(
                "INSERT INTO artifacts (asset, partition, version, sha256, body)"
                " VALUES (:asset, 'glioma', 1, :sha256, CAST(:body AS jsonb))"
            ),
            {"asset": asset, "sha256": sha256, "body": json.dumps(body)},
        )
    artifacts = ArtifactStore(database)
    value = artifacts.get(asset, "glioma", kind)
    assert not kind.retired & set(value.model_dump())
    assert [one.sha256 for one in artifacts.versions(asset, "glioma")] == [sha256]
    # Made again it is a new version, once.
    stored = [artifacts.put(asset, "glioma", value) for _ in range(2)]
    assert [(one.version, one.created) for one in stored] == [(2, True), (2, False)]


def test_final_chapter__of_the_release_before__loads_with_all_that_lies_in_it() -> None:
    final = domain.FinalChapter.model_validate(FINAL)
    (section,) = final.chapter.sections
    assert (section.provider, section.model, section.sentences[0].text) == ("gpt", "gpt-5", "It helps.")
    assert (final.providers, final.notes) == (("gpt",), ("The outline came from 'gpt'.",))
    shown = final.model_dump_json()
    for key in (*USED, "uses"):
        assert f'"{key}"' not in shown


@pytest.mark.parametrize("asset", RETIRED)
def test_retired_keys__of_a_stage__are_those_that_it_once_had(asset: str) -> None:
    kind, keys = RETIRED[asset]
    assert kind.retired == keys
    assert not keys & set(kind.model_fields)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Section, {**SECTION, "cost": 1}),
        (Section, {**SECTION, "uses": []}),
        (ChapterDraft, {"chapter": CHAPTER, "cost_usd": 1}),
        (domain.Sentence, {"text": "It helps.", "quotes": ["q1"], "fallbacks": []}),
        (domain.SectionPlan, {"uses": []}),
    ],
)
def test_stored_value__any_other_unknown_key__is_refused(kind: type[StageValue], body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        kind.model_validate(body)

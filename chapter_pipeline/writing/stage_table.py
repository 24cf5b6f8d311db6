"""Owns the table of stages: inputs, version, and the prompts, files and settings that change a stage's outcome.

Dagster's code version, the fingerprint of a stored value and the currency of a chapter are derived from it. It knows no
run, no partition and no database table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Literal

from chapter_pipeline import domain
from chapter_pipeline.documents.version import PARSER_VERSION, ocr_pages_that_count
from chapter_pipeline.evidence.records import RULES_VERSION
from chapter_pipeline.settings import Settings

EXTRACTIVE = "extractive"
"""The writer without a model: what belongs to models does not count for it."""
CODE_DIGITS, INPUT_DIGITS, OUTSIDE_DIGITS = 16, 24, 24


class Outside(StrEnum):
    """What a stage reads beside the values of earlier stages. `TODAY` counts when the request has no cut-off date."""

    REQUEST = "request"
    TODAY = "today"
    LIBRARY = "library"
    REFERENCES = "references"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What one stage is made of.

    `value`: the type that a chapter's stage stores; None for the library. `version`: raised by hand when the stage's
    rules change. `inputs`: earlier stages, whose stored values count. `prompts`: files of ``providers/prompt_files``,
    and `work`: the kind of work whose models answer them; both count with a language model only. `files`: other
    packaged files that it reads. `settings`: fields of `Settings`. `model_if`: the field of `Settings` that is ``model``
    when a model is asked at all; None: whenever one writes.
    """

    name: str
    value: type[domain.StageValue] | None = None
    version: str = "1"
    inputs: tuple[str, ...] = ()
    outside: tuple[Outside, ...] = ()
    prompts: tuple[str, ...] = ()
    work: Literal["planning", "writing", "review"] | None = None
    files: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    model_if: str | None = None


SECTION = "section"
"""The name of the stage of all ``section/<kind>`` assets. Of the section plans, a section reads its own plan only."""
_INDEX = ("embedder", "embedding_model")

CHAPTER_STAGES: tuple[Stage, ...] = (
    Stage(
        name="chapter_brief", value=domain.ChapterBrief, version="2",
        outside=(Outside.REQUEST, Outside.TODAY), prompts=("section_queries",), work="planning",
        files=tuple(f"writing/chapter_templates/{kind}.yaml" for kind in domain.ChapterKind),
    ),
    Stage(
        name="key_concepts", value=domain.KeyConcepts,
        version="3", inputs=("chapter_brief",), outside=(Outside.LIBRARY,), prompts=("key_concepts",),
        work="planning", settings=_INDEX,
    ),
    Stage(
        name="library_research", value=domain.LibraryResearch, version="2",
        inputs=("chapter_brief", "key_concepts"), outside=(Outside.LIBRARY,), settings=_INDEX,
    ),
    Stage(
        name="literature_research", value=domain.LiteratureResearch,
        version="2", inputs=("chapter_brief", "key_concepts"), outside=(Outside.REFERENCES,),
        prompts=("literature_queries",), work="planning",
    ),
    Stage(name="open_access_documents", value=domain.OpenAccessDocuments, inputs=("literature_research",)),
    Stage(
        name="research_set", value=domain.ResearchSet,
        version="3",
        inputs=(
            "chapter_brief", "key_concepts", "library_research", "literature_research", "open_access_documents",
        ),
        outside=(Outside.LIBRARY,),
    ),
    Stage(
        name="evidence_map", value=domain.EvidenceMap,
        version="4", inputs=("chapter_brief", "key_concepts", "research_set"), outside=(Outside.LIBRARY,),
        prompts=("relations",), work="review",
        files=tuple(f"writing/section_statements/{name}" for name in ("statements.csv", "weights.npz")),
    ),
    Stage(
        name="chapter_outline", value=domain.ChapterOutline,
        version="3", inputs=("chapter_brief", "evidence_map"), prompts=("outline",), work="planning",
    ),
    # What a revision asks for is no input: a revised chapter is current.
    Stage(
        name="section_plans", value=domain.SectionPlans,
        version="5", inputs=("chapter_brief", "chapter_outline", "evidence_map", "research_set"),
        outside=(Outside.LIBRARY,),
    ),
    Stage(
        name=SECTION, value=domain.Section,
        version="4", inputs=("section_plans",), prompts=("section", "section_repair"), work="writing",
    ),
    Stage(
        name="chapter_draft", value=domain.ChapterDraft,
        version="4", inputs=("chapter_brief", "chapter_outline", "section_plans", SECTION, "research_set"),
        outside=(Outside.LIBRARY,), prompts=("key_points",), work="writing",
    ),
    Stage(
        name="reviewed_chapter", value=domain.ReviewedChapter, version="2",
        inputs=("chapter_brief", "chapter_draft"), prompts=("review", "claim_check"), work="review",
    ),
    Stage(
        name="gap_report", value=domain.GapReport,
        version="5",
        inputs=(
            "chapter_brief", "chapter_outline", "section_plans", "evidence_map", "research_set", "reviewed_chapter",
        ),
        outside=(Outside.LIBRARY,), prompts=("critical_information",), work="review",
    ),
    Stage(
        name="final_chapter", value=domain.FinalChapter,
        version="3", inputs=("chapter_brief", "key_concepts", "reviewed_chapter", "gap_report"),
        prompts=("final_review",), work="review",
    ),
)  # fmt: skip
"""In the order in which they are made."""

# A document is parsed as a whole: its stages have one version, see `documents.version`.
LIBRARY_STAGES: tuple[Stage, ...] = (
    Stage(name="source_document"),
    Stage(
        name="document_text", version=PARSER_VERSION, inputs=("source_document",),
        settings=("document_max_pages", "ocr", "ocr_max_pages"),
    ),
    Stage(name="document_figures", version=PARSER_VERSION, inputs=("document_text",)),
    Stage(name="passages", version=PARSER_VERSION, inputs=("document_figures",), settings=("passage_tokens",)),
    Stage(
        name="study_records", version=RULES_VERSION, inputs=("passages",), prompts=("study_record",), work="review",
        model_if="study_records",
    ),
    Stage(name="passage_embeddings", inputs=("passages",), settings=_INDEX),
)  # fmt: skip

STAGES: Mapping[str, Stage] = {stage.name: stage for stage in (*LIBRARY_STAGES, *CHAPTER_STAGES)}


def stage_of(asset: str) -> Stage | None:
    """The stage that makes ``evidence_map`` or ``section/outcomes``; None for what is no stage."""
    return STAGES.get(SECTION if asset.startswith(f"{SECTION}/") else asset)


def code_version(stage: Stage, settings: Settings) -> str:
    """The stage's version, and a hash of the prompts, files, models and settings that count for it.

    Short enough to read: ``2-9f3c1a7b``; without any of these only the version.
    """
    parts: dict[str, Any] = {name: _sha256(content_of(name)) for name in stage.files}
    if stage.work is not None and (stage.model_if is None or getattr(settings, stage.model_if) == "model"):
        parts["writers"] = _writers(stage.work, settings)
        if settings.writer != EXTRACTIVE:
            parts |= {name: _sha256(content_of(f"providers/prompt_files/{name}.md")) for name in stage.prompts}
    parts |= {name: _setting(name, settings) for name in stage.settings}
    return f"{stage.version}-{_hash(parts)[:8]}" if parts else stage.version


def _writers(work: str, settings: Settings) -> list[list[str]]:
    """The providers in the order of fallback, each with its model, and its address where the name is not enough.

    Keys are not part of it.
    """
    if settings.writer == EXTRACTIVE:
        return [[EXTRACTIVE]]
    return [
        [name, getattr(settings.models_of(name), work), *filter(None, [settings.server_of(name)])]
        for name in settings.writers
    ]


def _setting(name: str, settings: Settings) -> Any:
    """The value of a setting; None when the feature that it belongs to is off."""
    if name == "embedding_model":
        return settings.embedding_model if settings.embedder == "gpt" else None
    if name == "ocr_max_pages":
        return ocr_pages_that_count(settings)
    return getattr(settings, name)


def fingerprint(
    stage: Stage, settings: Settings, *, inputs: Mapping[str, str], outside: Mapping[Outside, str | None]
) -> str:
    """The fingerprint of a value of the stage: 64 hexadecimal digits over code version and inputs.

    `inputs`: the sha256 of the stored values it reads, `outside`: the inputs outside of them. Each part has digits of
    its own, so that `differences` can compare them.
    """
    parts = [_hash(code_version(stage, settings))[:CODE_DIGITS], _hash(dict(inputs))[:INPUT_DIGITS]]
    digits = OUTSIDE_DIGITS // max(1, len(stage.outside))
    parts += [_hash(outside[one])[:digits] for one in stage.outside]
    return "".join(parts).ljust(CODE_DIGITS + INPUT_DIGITS + OUTSIDE_DIGITS, "0")


def differences(stage: Stage, before: str, now: str) -> tuple[Literal["code", "inputs"] | Outside, ...]:
    """The parts in which two fingerprints of a stage differ."""
    names: tuple[Literal["code", "inputs"] | Outside, ...] = ("code", "inputs", *stage.outside)
    return tuple(name for name, a, b in zip(names, _parts(stage, before), _parts(stage, now), strict=True) if a != b)


def _parts(stage: Stage, value: str) -> list[str]:
    digits = OUTSIDE_DIGITS // max(1, len(stage.outside))
    ends = [CODE_DIGITS, CODE_DIGITS + INPUT_DIGITS]
    ends += [ends[-1] + place * digits for place, _ in enumerate(stage.outside, start=1)]
    return [value[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def section_fingerprint(kind: str, plans: domain.SectionPlans, settings: Settings) -> str:
    """The fingerprint of the section `kind`: its plan, the chapter's topic and audience, and the code version."""
    plan = plans.plan(kind)
    made_from = [kind, plans.topic, plans.audience, plan.model_dump(mode="json") if plan else None]
    return fingerprint(STAGES[SECTION], settings, inputs={"section_plans": _hash(made_from)}, outside={})


@cache
def content_of(name: str) -> bytes:
    """A file of the package by its path in it."""
    return (resources.files("chapter_pipeline") / name).read_bytes()


def _hash(value: Any) -> str:
    return _sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

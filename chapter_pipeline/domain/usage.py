"""Owns what calls of text models consume, and the same by task, section, provider and model; it counts no call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal

STAGES = {
    "section_queries": "chapter_brief",
    "key_concepts": "key_concepts",
    "literature_queries": "literature_research",
    "relations": "evidence_map",
    "outline": "chapter_outline",
    "section": "section",
    "section_repair": "section",
    "key_points": "chapter_draft",
    "review": "reviewed_chapter",
    "claim_check": "reviewed_chapter",
    "critical_information": "gap_report",
    "final_review": "final_chapter",
    "figure": "figure_descriptions",
    "study_record": "study_records",
}
"""The stage that asks for each task. The value of a section's stage is ``section/<kind>``."""

NAMED_BY_VALUE = frozenset({"key_concepts", "section", "section_repair"})
"""Tasks whose stored value names its provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What calls consumed. `input_tokens` includes `cached_tokens`, those read from a provider's cache.

    `ambiguous` calls are those whose answer never came; `ambiguous_usd` is the most that they may have cost.
    """

    calls: int = 0
    failed: int = 0
    ambiguous: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    ambiguous_usd: Decimal = Decimal(0)
    latency_s: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Usage)})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUsage:
    """What one kind of task has used with one provider's model, for a section or for none, in a run or over all.

    `answer` is the number in the ledger of the newest answer among these calls, 0 without one; a replayed answer has a
    number of its own and costs nothing. `fallbacks`: the providers asked before that answer, each with why it gave none.
    """

    task: str
    section: str | None
    provider: str
    model: str
    run_id: str | None
    usage: Usage
    answer: int = 0
    fallbacks: tuple[str, ...] = ()

    @property
    def stage(self) -> str:
        """The name of the stage's value in `artifacts`; the task itself when no stage asks for it."""
        stage = STAGES.get(self.task, self.task)
        return f"{stage}/{self.section}" if stage == "section" else stage


@dataclass(frozen=True, slots=True, kw_only=True)
class StageUsage:
    """What one stage, for a section or for none, has used with one provider's model; `tasks`: the kinds of its calls.

    `fallbacks`: the providers asked before its newest answers, each with why it gave none.
    """

    stage: str
    section: str | None
    provider: str
    model: str
    tasks: tuple[str, ...]
    usage: Usage
    fallbacks: tuple[str, ...] = ()


def total(lines: Iterable[TaskUsage | StageUsage]) -> Usage:
    """The sum over `lines`."""
    return sum((line.usage for line in lines), Usage())


def by_stage(lines: Iterable[TaskUsage]) -> tuple[StageUsage, ...]:
    """`lines` summed by stage, provider and model, in the order of the first of each."""
    merged: dict[tuple[str, str, str], StageUsage] = {}
    for line in lines:
        key = (line.stage, line.provider, line.model)
        before = merged.get(key)
        merged[key] = StageUsage(
            stage=line.stage, section=line.section, provider=line.provider, model=line.model,
            tasks=(line.task,) if before is None else tuple(dict.fromkeys((*before.tasks, line.task))),
            usage=line.usage if before is None else before.usage + line.usage,
            fallbacks=tuple(dict.fromkeys((*(before.fallbacks if before is not None else ()), *line.fallbacks))),
        )  # fmt: skip
    return tuple(merged.values())


def over_runs(lines: Iterable[TaskUsage]) -> tuple[TaskUsage, ...]:
    """`lines` with those that differ in nothing but their run made one, in the order of the first of each."""
    merged: dict[tuple[str, str | None, str, str], TaskUsage] = {}
    for line in lines:
        key = (line.task, line.section, line.provider, line.model)
        before = merged.get(key)
        newest = line if before is None or line.answer > before.answer else before
        merged[key] = TaskUsage(
            task=line.task, section=line.section, provider=line.provider, model=line.model, run_id=None,
            usage=line.usage if before is None else before.usage + line.usage,
            answer=newest.answer, fallbacks=newest.fallbacks,
        )  # fmt: skip
    return tuple(merged.values())

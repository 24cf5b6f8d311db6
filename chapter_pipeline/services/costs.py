"""Owns the usage of text models, read from the ledger, and the cost estimate of a chapter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from chapter_pipeline.domain import ChapterBrief, SectionPlans
from chapter_pipeline.domain.tasks import SectionRequest
from chapter_pipeline.domain.usage import NAMED_BY_VALUE, STAGES, TaskUsage, Usage, over_runs, total
from chapter_pipeline.ports import Clock
from chapter_pipeline.providers.gateway import CallPolicy
from chapter_pipeline.providers.language_concepts import MAX_OUTPUT_TOKENS
from chapter_pipeline.providers.language_sections import section_prompt
from chapter_pipeline.providers.prices import cost_usd
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.ledger_reader import LedgerReader
from chapter_pipeline.writing.brief import chapter_brief, request_from

CHARACTERS_PER_TOKEN = 4
"""Of English prose, about, for all providers."""
REPLY_TOKENS_PER_WORD = 3
"""Of a section: its words, their keys and what surrounds them."""
CONCEPTS_TOKENS = (4000, 2500)
"""A request for key concepts and its reply: sixty candidate terms, a dozen concepts with their queries."""
UNPLANNED_TOKENS = 9000
"""A request for a section before its quotes are chosen: about sixty of them."""


def usage(
    database: Database, *, chapter: str | None = None, stage: str | None = None, run_ids: Collection[str] | None = None
) -> tuple[TaskUsage, ...]:
    """Usage of text models by task, section, provider, model and run; a replayed reply adds nothing.

    Filtered by `chapter`, by `stage` (the name of its value: ``chapter_outline``, ``section/outcomes``) and by runs,
    where they are given. The extractive writer calls no provider and has no usage.
    """
    lines = LedgerReader(database).usage(chapter=chapter, run_ids=run_ids)
    return lines if stage is None else tuple(line for line in lines if line.stage == stage)


def used_today(database: Database) -> Usage:
    """Usage of all calls of this day (UTC)."""
    return LedgerReader(database).today()


class AnswersInForce:
    """Implements `ports.ChapterAnswers` for the chapter that the run `run_id` makes; None outside of a run.

    The answers of a stage are those of the run that stored its newest value. A stage that called no model in that run
    has none.
    """

    def __init__(self, database: Database, *, run_id: str | None) -> None:
        self._database = database
        self._run_id = run_id

    def of(self, slug: str) -> tuple[TaskUsage, ...]:
        """See `ports.ChapterAnswers`; in the order of the stages."""
        answers = [line for line in usage(self._database, chapter=slug) if line.answer]
        found: dict[tuple[str, str | None, str | None], TaskUsage] = {}
        for task, stage in STAGES.items():
            given = [line for line in answers if line.task == task]
            if task not in NAMED_BY_VALUE and given:
                runs = self._runs(stage, slug)
                given = [line for line in given if line.run_id in runs]
            for line in sorted(given, key=lambda line: line.answer):
                found[task, line.section, line.provider if task in NAMED_BY_VALUE else None] = line
        return tuple(found.values())

    def _runs(self, stage: str, slug: str) -> set[str | None]:
        """The runs whose answers can be in the value of a stage; for the final chapter the present run."""
        stored = ArtifactStore(self._database).latest(stage, slug) if stage != "final_chapter" else None
        return {self._run_id} if stored is None else {self._run_id, stored.run_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One call that is `expected`. `most_usd`: with the longest reply that is asked for, three times."""

    expected: TaskUsage
    most_usd: Decimal


def estimates(brief: ChapterBrief, plans: SectionPlans | None, *, settings: Settings, attempts: int) -> list[Estimate]:
    """The calls for writing the chapter, without replayed ones. Empty with the extractive writer.

    With `plans` the prompts of the sections are those that will be sent; without, their size is assumed.
    Raises `UnknownPrice`.
    """
    provider = settings.writer
    if provider == "extractive":
        return []
    models = settings.models_of(provider)
    tokens_in, tokens_out = CONCEPTS_TOKENS
    found = [
        _estimate("key_concepts", None, provider, models.planning, tokens_in, tokens_out, MAX_OUTPUT_TOKENS, attempts)
    ]
    if plans is not None:
        for plan in plans.plans:
            if plan.quotes:
                request = SectionRequest(topic=plans.topic, audience=plans.audience, plan=plan)
                prompt, filled, longest = section_prompt(request)
                size = (len(prompt.system) + len(filled)) // CHARACTERS_PER_TOKEN
                words = REPLY_TOKENS_PER_WORD * plan.word_budget
                found.append(_estimate("section", plan.kind, provider, models.writing, size, words, longest, attempts))
        return found
    for section in brief.sections:
        words = round(REPLY_TOKENS_PER_WORD * section.share * brief.word_budget)
        found.append(
            _estimate("section", section.kind, provider, models.writing, UNPLANNED_TOKENS, words, 2 * words, attempts)
        )
    return found


def _estimate(
    task: str, section: str | None, provider: str, model: str, tokens_in: int, tokens_out: int, longest: int,
    attempts: int,
) -> Estimate:  # fmt: skip
    def price(output: int) -> Decimal:
        return cost_usd(provider, model, Usage(input_tokens=tokens_in, output_tokens=output))

    expected = Usage(calls=1, input_tokens=tokens_in, output_tokens=tokens_out, cost_usd=price(tokens_out))
    return Estimate(
        expected=TaskUsage(task=task, section=section, provider=provider, model=model, run_id=None, usage=expected),
        most_usd=attempts * price(longest),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterEstimate:
    """What writing a chapter will cost: the expected calls, the provider that writes, and the cap of a chapter."""

    provider: str
    cap_usd: Decimal
    calls: tuple[Estimate, ...]

    @property
    def usd(self) -> Decimal:
        """The expected cost."""
        return total(one.expected for one in self.calls).cost_usd

    @property
    def most_usd(self) -> Decimal:
        """The most that these calls can cost."""
        return sum((one.most_usd for one in self.calls), Decimal(0))


class Costs:
    """The use cases on what chapters cost."""

    def __init__(
        self, settings: Settings, *, database: Database, chapters: ChapterStore, artifacts: ArtifactStore, clock: Clock
    ) -> None:
        self._settings = settings
        self._database = database
        self._chapters = chapters
        self._artifacts = artifacts
        self._clock = clock

    def estimate(self, slug: str) -> ChapterEstimate:
        """What writing the chapter will cost. Raises `NotFound`, `InvalidBrief`, `UnknownPrice`."""
        request = request_from(self._chapters.get(slug).request)
        brief = chapter_brief(slug, request, today=self._clock.now().date())
        planned = self._artifacts.latest("section_plans", slug) is not None
        plans = self._artifacts.get("section_plans", slug, SectionPlans) if planned else None
        found = estimates(brief, plans, settings=self._settings, attempts=CallPolicy().attempts)
        return ChapterEstimate(
            provider=self._settings.writer, cap_usd=self._settings.budget_chapter_usd, calls=tuple(found)
        )

    def of_chapter(self, slug: str) -> tuple[TaskUsage, ...]:
        """What the chapter has used so far, by task, section, provider and model. Raises `NotFound`."""
        self._chapters.get(slug)
        return over_runs(usage(self._database, chapter=slug))

    def today(self) -> Usage:
        """What all calls of this day (UTC) have used."""
        return used_today(self._database)

"""Owns the usage of text models, read from the ledger, and the cost estimate of a chapter."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from chapter_pipeline.domain.usage import NAMED_BY_VALUE, STAGES, TaskUsage, Usage, over_runs, total
from chapter_pipeline.ports import Embedder, TextModel
from chapter_pipeline.providers.call import ModelCall
from chapter_pipeline.providers.extractive import Extractive
from chapter_pipeline.providers.fallback_router import KINDS, ModelNames, model_for
from chapter_pipeline.providers.forecast import Forecast, ForeseenCall
from chapter_pipeline.providers.gateway import CallPolicy
from chapter_pipeline.providers.language_sections import ROUNDS as REWRITINGS
from chapter_pipeline.providers.prices import Prices, cost_usd, most_usd
from chapter_pipeline.services.cost_forecast import Foreseen, foresee
from chapter_pipeline.services.text_model_factory import call_policy
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.ledger_reader import LedgerReader
from chapter_pipeline.writing.brief import request_from, section_kinds_of
from chapter_pipeline.writing.stages import Stages

BYTES_PER_TOKEN = 4
"""Of English prose, about, for all providers."""
LARGER_REQUESTS = 2
"""A request is never larger than this many times the one that is foreseen: its quotations are limited, and what models write
for it too."""
CHAPTER_TASKS = tuple(kind for kind in KINDS if kind != "figure")
OF_A_ROUND = frozenset({"section", "section_repair", "key_points", "review", "critical_information", "final_review"})
"""The tasks that a round of revision may ask for again."""


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
    """The calls of one task, for a section or none. `expected` is without calls where only more rounds would ask.

    `most_usd`: what they can cost, in all rounds, with all attempts of all providers, each with its longest reply.
    """

    expected: TaskUsage
    most_usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterEstimate:
    """What writing a chapter will cost: the calls, the provider that writes, and what the cap leaves of a chapter.

    `rounds`: the expected rounds of revision. `stopped`: why the writing will stop early, or empty.
    """

    provider: str
    cap_usd: Decimal
    left_usd: Decimal
    calls: tuple[Estimate, ...] = ()
    rounds: int = 0
    stopped: str = ""

    @property
    def usd(self) -> Decimal:
        """The expected cost."""
        return total(one.expected for one in self.calls).cost_usd

    @property
    def most_usd(self) -> Decimal:
        """The most that it can cost: no call is sent that could pass the cap."""
        return min(self.left_usd, sum((one.most_usd for one in self.calls), Decimal(0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """How foreseen calls are priced: the models by provider, in the order of fallback, and what the ledger knows.

    `seen`: the mean tokens of the replies to a task by a model, where there were some.
    """

    order: Sequence[str]
    models: Mapping[str, ModelNames]
    policy: CallPolicy
    prices: Prices
    max_revisions: int
    seen: Mapping[tuple[str, str], int]

    def expected(self, foreseen: ForeseenCall) -> TaskUsage:
        """What the call will use when the first provider answers it at once. Raises `UnknownPrice`."""
        call, provider = self.policy.applied(foreseen.call), self.order[0]
        model = self._model(provider, call)
        size = len(call.system.encode()) + len(call.prompt.encode()) + len(json.dumps(call.schema))
        counted = Usage(
            calls=1,
            input_tokens=size // BYTES_PER_TOKEN,
            output_tokens=min(self.seen.get((call.purpose, model), foreseen.reply_tokens), call.max_output_tokens),
        )
        return TaskUsage(
            task=call.purpose, section=foreseen.section, provider=provider, model=model, run_id=None,
            usage=replace(counted, cost_usd=cost_usd(provider, model, counted, own=self.prices)),
        )  # fmt: skip

    def most_usd(self, foreseen: ForeseenCall) -> Decimal:
        """The most that the call can cost over all rounds. Raises `UnknownPrice`."""
        call = self.policy.applied(foreseen.call).longer()
        larger = replace(call, prompt=call.prompt * LARGER_REQUESTS)
        rounds = 1 + (self.max_revisions if call.purpose in OF_A_ROUND else 0)
        if call.purpose == "section_repair":
            rounds *= REWRITINGS
        once = sum(
            (most_usd(name, self._model(name, call), larger, own=self.prices) for name in self.order), Decimal(0)
        )
        return rounds * self.policy.attempts * once

    def _model(self, provider: str, call: ModelCall) -> str:
        return model_for(self.models[provider], "section" if call.purpose == "section_repair" else call.purpose)


def priced(foreseen: Foreseen, kinds: Sequence[str], pricing: Pricing) -> tuple[Estimate, ...]:
    """The cost of what is foreseen, one line a task and section, in their order.

    `kinds`: the sections of the brief; one without evidence now may have some when models ask for more.
    """
    found: dict[tuple[str, str | None], Estimate] = {}
    for one in foreseen.first:
        expected = pricing.expected(one)
        found[expected.task, expected.section] = Estimate(expected=expected, most_usd=pricing.most_usd(one))
    for one in foreseen.revised:
        again = pricing.expected(one)
        before = found.get((again.task, again.section))
        if before is None:
            found[again.task, again.section] = Estimate(expected=again, most_usd=pricing.most_usd(one))
        else:
            usage = before.expected.usage + again.usage
            found[again.task, again.section] = replace(before, expected=replace(before.expected, usage=usage))
    for task in ("section", "section_repair"):
        written = [line for line in found.values() if line.expected.task == task]
        largest = max(written, key=lambda line: line.most_usd, default=None)
        for kind in kinds if largest is not None else ():
            if (task, kind) not in found:
                assert largest is not None
                nothing = replace(largest.expected, section=kind, usage=Usage())
                found[task, kind] = replace(largest, expected=nothing)
    return tuple(found.values())


class Costs:
    """The use cases on what chapters cost. `stages` makes the stages with another text model."""

    def __init__(
        self,
        settings: Settings,
        *,
        database: Database,
        chapters: ChapterStore,
        stages: Callable[[TextModel], Stages],
        embedder: Callable[[], Embedder],
    ) -> None:
        self._settings = settings
        self._database = database
        self._chapters = chapters
        self._stages = stages
        self._embedder = embedder

    def estimate(self, slug: str) -> ChapterEstimate:
        """What writing the chapter will cost, replies that are paid for already left out.

        The stages run on the library, with a text model that sends nothing. Raises `NotFound`, `InvalidBrief`,
        `UnknownPrice`.
        """
        settings, reader = self._settings, LedgerReader(self._database)
        request = request_from(self._chapters.get(slug).request)
        cap, spent = settings.budget_chapter_usd, total(usage(self._database, chapter=slug))
        left = max(Decimal(0), cap - spent.cost_usd - spent.ambiguous_usd)
        if settings.writer == "extractive":
            return ChapterEstimate(provider=settings.writer, cap_usd=cap, left_usd=left)
        order, policy = settings.writers, call_policy(settings)

        def stored(provider: str, name: str, call: ModelCall) -> str | None:
            return reader.reply(policy.applied(call).key(provider, name, settings.server_of(provider)))

        for name in order:
            for kind in CHAPTER_TASKS:
                cost_usd(name, model_for(settings.models_of(name), kind), Usage())  # also when it would stop before
        pricing = Pricing(
            order=order,
            models={name: settings.models_of(name) for name in order},
            policy=policy,
            prices=settings.prices,
            max_revisions=settings.max_revisions,
            seen=reader.mean_output_tokens(),
        )
        model = Forecast(
            order[0],
            pricing.models[order[0]],
            stand_in=Extractive(self._embedder()),
            stored=stored,
        )
        foreseen = foresee(slug, request, self._stages(model), model, max_revisions=settings.max_revisions)
        return ChapterEstimate(
            provider=order[0],
            cap_usd=cap,
            left_usd=left,
            calls=priced(foreseen, section_kinds_of(request), pricing),
            rounds=foreseen.rounds,
            stopped=foreseen.stopped,
        )

    def of_chapter(self, slug: str) -> tuple[TaskUsage, ...]:
        """What the chapter has used so far, by task, section, provider and model. Raises `NotFound`."""
        self._chapters.get(slug)
        return over_runs(usage(self._database, chapter=slug))

    def told(self, slug: str, stage: str, *, before_usd: Decimal) -> str:
        """`stage` for a line of progress: with the provider of its newest answer, and what was spent since `before_usd`."""
        lines = usage(self._database, chapter=slug)
        answers = [line for line in lines if line.stage == stage and line.answer]
        newest = max(answers, key=lambda line: line.answer, default=None)
        spent = total(lines).cost_usd - before_usd
        who = f" by {newest.provider}" if newest is not None else ""
        return f"{stage}{who}" + (f", {spent:.2f} USD so far" if lines else "")

    def today(self) -> Usage:
        """What all calls of this day (UTC) have used."""
        return used_today(self._database)

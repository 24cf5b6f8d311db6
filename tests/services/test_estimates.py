"""The estimate of a chapter against what it really costs with a served model: near it, and its maximum never passed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from benchmarks.written import write
from chapter_pipeline.domain import BriefRequest
from chapter_pipeline.domain.usage import TaskUsage, total
from chapter_pipeline.ports import Embedder, TextModel
from chapter_pipeline.providers.fallback_router import FallbackRouter
from chapter_pipeline.services.costs import AnswersInForce, ChapterEstimate, Costs, usage
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from chapter_pipeline.storage.schema import ModelCallRow
from chapter_pipeline.writing.stages import Stages
from tests.providers.conftest import gateway
from tests.providers.fault_server import Behaviour, FaultServer, Plan, Request, answer
from tests.providers.obedient import Mischief, Sentence, data_of, honest, prompt_of, reply_to
from tests.providers.test_adapters import adapter
from tests.writing.conftest import ARTICLES, TOPIC, Today, embedder, store

__all__ = ["embedder"]

SLUG = "chapter"
BYTES_PER_TOKEN = 4
OF_A_REPLY = 3
"""Bytes per token of JSON with keys that are no words."""


def a_quarter_wrong(number: int, sentence: Sentence) -> Sentence:
    """As models do: one sentence in four is not what its quotation says."""
    return {**sentence, "text": f"{sentence['text']} It is 99% fatal."} if number % 4 == 0 else sentence


def at_length(reply: dict[str, Any], prompt: str) -> dict[str, Any]:
    """`reply` with as much as a model writes: three queries a section, some edits and remarks."""
    data = data_of(prompt)
    for section in reply.get("sections", ()):
        if "queries" in section:
            section["queries"] = [f"{section['kind']}, aspect {number} of it in older adults" for number in range(3)]
    for name, count in (("missing", 5), ("remarks", 4)):
        if name in reply:
            reply[name] = [{**reply[name][0], **_words(reply[name][0], number)} for number in range(count)]
    if "edits" in reply:
        reply["edits"] = [
            {"number": number, "action": "replace", "text": text, "reason": "It is said twice."}
            for number, _, text in data["chapter"][::5]
        ]
    return reply


def _words(one: dict[str, Any], number: int) -> dict[str, str]:
    long = f"No. {number}: the age of the patients and the size of the collection are not told anywhere in the text."
    return {name: long for name in ("why", "text") if name in one}


def written_to_measure(mischief: Mischief) -> Plan:
    """A model that writes what it is asked, and counts the tokens of what it was sent and says."""

    def plan(request: Request) -> Behaviour:
        prompt = prompt_of(request)
        reply = json.dumps(at_length(reply_to(prompt, mischief=mischief), prompt))
        return answer(reply, tokens=(len(request.text) // BYTES_PER_TOKEN, len(reply) // OF_A_REPLY))

    return plan


class Bench:
    """A library, a requested chapter, and the use case of its estimate."""

    def __init__(self, settings: Settings, database: Database, embedder: Embedder) -> None:
        self.settings = settings.model_copy(update={"text_model": "claude", "fallback": "off"})
        self.database = database
        self.embedder = embedder
        self.library = LibraryStore(database)
        store(self.library, embedder, list(ARTICLES))
        self.chapters = ChapterStore(database)
        self.chapters.create(SLUG, {"topic": TOPIC})

    def stages(self, model: TextModel) -> Stages:
        return Stages(
            search=LibrarySearch(self.database, self.embedder), library=self.library, embedder=self.embedder,
            bucket=ObjectBucket.open(self.settings), model=model,
            answers=AnswersInForce(self.database, run_id=None), clock=Today(),
        )  # fmt: skip

    def costs(self, settings: Settings | None = None) -> Costs:
        return Costs(
            settings or self.settings, database=self.database, chapters=self.chapters, stages=self.stages,
            embedder=lambda: self.embedder,
        )  # fmt: skip

    def estimate(self, settings: Settings | None = None) -> ChapterEstimate:
        return self.costs(settings).estimate(SLUG)

    def write(self, plan: Plan) -> tuple[TaskUsage, ...]:
        """Write the chapter by a served model; what it used."""
        with FaultServer(plan) as server, gateway(self.database, adapter("claude", server.url)) as asked:
            models = {"claude": self.settings.models_of("claude")}
            stages = self.stages(FallbackRouter(asked, order=["claude"], models=models))
            write(stages, BriefRequest(topic=TOPIC))
        return usage(self.database, chapter=SLUG)


@pytest.fixture
def bench(settings: Settings, database: Database, embedder: Embedder) -> Bench:
    return Bench(settings, database, embedder)


def test_estimate__of_a_chapter__is_near_its_cost_and_its_maximum_above(bench: Bench) -> None:
    before = bench.estimate(bench.settings.model_copy(update={"max_revisions": 0}))
    lines = bench.write(written_to_measure(a_quarter_wrong))
    cost = total(lines).cost_usd
    assert {(line.task, line.section) for line in lines} <= {
        (one.expected.task, one.expected.section) for one in before.calls
    }
    assert Decimal("0.8") <= before.usd / cost <= Decimal("1.3"), told(before, lines)
    assert cost <= before.most_usd


def told(estimate: ChapterEstimate, lines: Sequence[TaskUsage]) -> str:
    shown = [one.expected for one in estimate.calls]
    return "\n".join(
        f"{one.task} {one.section}: {one.usage.input_tokens} {one.usage.output_tokens} {one.usage.cost_usd}"
        for one in (*shown, *lines)
    )


def test_estimate__every_task_fails_twice_at_its_longest__stays_under_the_maximum(bench: Bench) -> None:
    """The longest replies that are asked for, and all attempts but the last one in vain."""
    before = bench.estimate(bench.settings.model_copy(update={"max_revisions": 0}))
    writes, failed = written_to_measure(a_quarter_wrong), Counter[str]()

    def plan(request: Request) -> Behaviour:
        longest = (len(request.text) // 2, request.body["max_tokens"])
        failed[request.text] += 1
        if failed[request.text] < 3:
            return answer('{"odd": 1}', tokens=longest)
        return replace(writes(request), tokens=longest)

    cost = total(bench.write(plan)).cost_usd
    assert cost > 2 * before.usd
    assert cost <= before.most_usd


def test_estimate__chapter_written_already__has_only_what_is_not_answered_yet(bench: Bench) -> None:
    before = bench.estimate()
    bench.write(written_to_measure(honest))
    after = bench.estimate()
    assert after.usd < before.usd / 10
    assert after.left_usd < before.left_usd


def test_estimate__earlier_replies_of_the_models__say_how_long_the_next_are(bench: Bench) -> None:
    plain = bench.estimate()
    with bench.database.session() as session:
        for number in range(5):
            session.add(
                ModelCallRow(
                    request_key=str(number), attempt=1, provider="claude", purpose="section", state="committed",
                    model=bench.settings.models_of("claude").writing, owner=1, reply="{}", output_tokens=4321,
                    reserved_usd=0,
                )
            )  # fmt: skip
    sections = [one.expected for one in bench.estimate().calls if one.expected.task == "section"]
    assert {one.usage.output_tokens for one in sections if one.usage.calls} == {4321}
    assert plain.usd < bench.estimate().usd


def test_estimate__library_without_the_topic__is_of_what_is_asked_before_it_stops(bench: Bench) -> None:
    with bench.database.session() as session:
        session.execute(text("TRUNCATE documents CASCADE"))
    found = bench.estimate()
    assert "ingest documents first" in found.stopped
    assert [one.expected.task for one in found.calls] == ["section_queries"]


def test_estimate__cap_that_is_nearly_spent__is_the_most_that_can_be_paid(bench: Bench) -> None:
    found = bench.estimate(bench.settings.model_copy(update={"budget_chapter_usd": Decimal("0.05")}))
    assert (found.left_usd, found.most_usd) == (Decimal("0.05"), Decimal("0.05"))


def test_told__line_of_progress__names_the_provider_and_what_was_spent_since(bench: Bench) -> None:
    costs = bench.costs()
    assert costs.told(SLUG, "section/outcomes", before_usd=Decimal(0)) == "section/outcomes"
    with bench.database.session() as session:
        for number, (provider, task, section) in enumerate(
            [("claude", "outline", None), ("claude", "section", "outcomes"), ("gpt", "section", "outcomes")]
        ):
            session.add(
                ModelCallRow(
                    request_key=str(number), attempt=1, provider=provider, purpose=task, section=section, model="m",
                    state="committed", owner=1, reply="{}", reserved_usd=0, cost_usd=Decimal("0.25"), chapter=SLUG,
                )
            )  # fmt: skip
    assert costs.told(SLUG, "section/outcomes", before_usd=Decimal("0.25")) == (
        "section/outcomes by gpt, 0.50 USD so far"
    )
    assert costs.told(SLUG, "chapter_draft", before_usd=Decimal(0)) == "chapter_draft, 0.75 USD so far"

"""The way of a request to a provider, over real HTTP and a real database: retries, deadline, record, budget, secrets."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from chapter_pipeline.background_loop import LoopThread
from chapter_pipeline.domain.tasks import LiteratureQueriesReply, LiteratureQueriesRequest, NamedConcept
from chapter_pipeline.domain.usage import Usage, over_runs, total
from chapter_pipeline.errors import (
    BreakerOpen,
    BudgetExceeded,
    ModelRefused,
    ModelUnavailable,
    UnknownPrice,
)
from chapter_pipeline.ports import Task
from chapter_pipeline.providers.call import ModelCall, ModelReply
from chapter_pipeline.providers.fallback_router import FallbackRouter
from chapter_pipeline.providers.gateway import CallPolicy
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.providers.prices import cost_usd
from chapter_pipeline.services.costs import usage, used_today
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.ledger import Caps
from chapter_pipeline.storage.schema import ModelCallRow
from tests.providers.conftest import gateway
from tests.providers.fault_server import (
    Behaviour,
    FaultServer,
    answer,
    cut_off,
    drip,
    half_body,
    html,
    in_turn,
    quota_exhausted,
    redirect,
    refusal,
    status,
)
from tests.providers.test_adapters import APIS, FAULTS, KEY, MODELS, Finding, adapter, call, sample

GOOD = answer('{"value": "the haematoma"}')
CONTEXT = CallContext(chapter="glioma", section="surgery")
BUSY = status(503, {"error": {"message": "busy"}})


def rows(database: Database) -> list[ModelCallRow]:
    with database.session() as session:
        return list(session.scalars(select(ModelCallRow).order_by(ModelCallRow.id)))


@pytest.mark.parametrize("api", APIS)
def test_ask__answer__is_typed_paid_for_and_on_record(api: str, database: Database) -> None:
    with FaultServer(in_turn(GOOD)) as server, gateway(database, adapter(api, server.base_url(api))) as asked:
        found = asked.ask(api, MODELS[api], call(), reply_type=Finding, context=CONTEXT)
    assert found.value.value == "the haematoma"
    price = cost_usd(api, MODELS[api], Usage(input_tokens=1000, output_tokens=500))
    assert (price > 0) == (api != "local")
    (row,) = rows(database)
    assert (row.state, row.provider, row.chapter, row.section, row.cost_usd) == (
        "committed", api, "glioma", "surgery", price.quantize(Decimal("0.00000001")),
    )  # fmt: skip


@pytest.mark.parametrize("api", ["gpt", "gemini"])
def test_ask__answer_without_counts__costs_what_was_reserved_for_it(api: str, database: Database) -> None:
    without = {name: value for name, value in sample(api).items() if name not in ("usage", "usageMetadata")}
    with (
        FaultServer(in_turn(status(200, without))) as server,
        gateway(database, adapter(api, server.base_url(api))) as asked,
    ):
        asked.ask(api, MODELS[api], call(), reply_type=Finding, context=CONTEXT)
    (row,) = rows(database)
    assert (row.state, row.cost_usd) == ("committed", row.reserved_usd)
    assert used_today(database).cost_usd == row.reserved_usd > 0


@pytest.mark.parametrize("api", APIS)
def test_ask__nobody_listens__reserves_nothing_afterwards(api: str, database: Database) -> None:
    with FaultServer(in_turn(GOOD)) as gone:
        address = gone.base_url(api)
    with gateway(database, adapter(api, address)) as asked, pytest.raises(ModelUnavailable, match="nothing sent"):
        asked.ask(api, MODELS[api], call(), reply_type=Finding, context=CONTEXT)
    assert [row.state for row in rows(database)] == ["failed"] * 3
    spent = used_today(database)
    assert (spent.ambiguous, spent.ambiguous_usd, spent.cost_usd) == (0, Decimal(0), Decimal(0))


def test_ask__same_request_again__is_replayed_and_not_paid_for(database: Database) -> None:
    with FaultServer(in_turn(GOOD)) as server, gateway(database, adapter("claude", server.url)) as asked:
        first, again = (
            asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT) for _ in range(2)
        )
    assert (again.replayed, again.attempts) == (True, 0)
    assert (again.value, again.model) == (first.value, first.model)
    assert len(server.requests) == 1
    paid, replay = rows(database)
    assert (paid.state, replay.state) == ("committed", "replayed")
    assert (replay.provider, replay.purpose, replay.section, replay.reply_model) == (
        "claude", "test", "surgery", paid.reply_model,
    )  # fmt: skip
    assert (replay.cost_usd, replay.reserved_usd, replay.input_tokens, replay.output_tokens) == (
        Decimal(0), Decimal(0), 0, 0,
    )  # fmt: skip


def test_ask__replayed_for_another_chapter_or_for_nobody__is_paid_by_the_first(database: Database) -> None:
    with FaultServer(in_turn(GOOD)) as server, gateway(database, adapter("claude", server.url)) as asked:
        for context in (CONTEXT, replace(CONTEXT, chapter="another"), CallContext(), CallContext()):
            asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=context)
    assert [(row.state, row.chapter) for row in rows(database)] == [("committed", "glioma"), ("replayed", "another")]
    first, second = (total(usage(database, chapter=slug)) for slug in ("glioma", "another"))
    assert first == used_today(database)
    assert second == Usage()


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("name", FAULTS)
def test_ask__nothing_but_one_fault__ends_in_our_own_error_after_three_attempts_at_most(
    api: str, name: str, database: Database
) -> None:
    behaviour = FAULTS[name][0](api)
    with (
        FaultServer(in_turn(behaviour)) as server,
        gateway(database, adapter(api, server.base_url(api))) as asked,
        pytest.raises((ModelUnavailable, ModelRefused)) as caught,
    ):
        asked.ask(api, MODELS[api], call(), reply_type=Finding, context=CONTEXT)
    assert 1 <= len(server.requests) <= 3
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None  # what an SDK says may hold the key
    assert {row.state for row in rows(database)} <= {"failed", "ambiguous"}
    assert sum(row.cost_usd for row in rows(database)) == pytest.approx(
        sum(cost_usd(api, model, Usage(input_tokens=i, output_tokens=o)) for model, i, o in server.bill)
    )


@pytest.mark.parametrize("api", APIS)
def test_ask__one_fault_that_passes__is_asked_again(api: str, database: Database) -> None:
    for number, fault in enumerate((BUSY, html(), half_body(), answer('{"worth": 3}'))):
        with (
            FaultServer(in_turn(fault, GOOD)) as server,
            gateway(database, adapter(api, server.base_url(api))) as asked,
        ):
            one = replace(call(), variant=str(number))
            found = asked.ask(api, MODELS[api], one, reply_type=Finding, context=CONTEXT)
            assert (found.attempts, found.value.value) == (2, "the haematoma")


def test_ask__each_attempt__has_what_is_left_of_the_deadline_of_the_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, given = LoopThread.run, list[float]()

    def run(thread: LoopThread, work: Any, *, timeout_s: float | None = None) -> Any:
        if timeout_s is not None:
            given.append(timeout_s)
        return real(thread, work, timeout_s=timeout_s)

    monkeypatch.setattr(LoopThread, "run", run)
    with (
        FaultServer(in_turn(BUSY)) as server,
        gateway(database, adapter("gpt", server.base_url("gpt")), policy=CallPolicy(deadline_s=50.0)) as asked,
        pytest.raises(ModelUnavailable, match="asked 3 times"),
    ):
        asked.ask("gpt", MODELS["gpt"], call(), reply_type=Finding, context=CONTEXT)
    given.pop()  # closing the clients
    assert len(given) == 3
    assert 50.0 > given[0] > given[1] > given[2] > 0


def test_ask__between_attempts__waits_twice_as_long_each_time_up_to_the_longest_wait(database: Database) -> None:
    policy, waits = CallPolicy(first_wait_s=4.0, longest_wait_s=10.0, attempts=4), list[float]()
    with (
        FaultServer(in_turn(BUSY, BUSY, BUSY, GOOD)) as server,
        gateway(database, adapter("gpt", server.base_url("gpt")), policy=policy, pause=waits.append) as asked,
    ):
        assert asked.ask("gpt", MODELS["gpt"], call(), reply_type=Finding, context=CONTEXT).attempts == 4
    assert len(waits) == 3
    assert all(0.5 * most <= wait_s <= most for wait_s, most in zip(waits, (4.0, 8.0, 10.0), strict=True)), waits


@pytest.mark.parametrize(("asks_s", "left_s"), [(7, 60), (600, 60), (59.99, 60)])
def test_ask__retry_after__is_obeyed_and_beyond_the_deadline_not_waited_for(
    asks_s: float, left_s: float, database: Database
) -> None:
    wait, waits = status(429, {"error": {"message": "slow down"}}, {"Retry-After": str(asks_s)}), list[float]()
    with (
        FaultServer(in_turn(wait, GOOD)) as server,
        gateway(database, adapter("gpt", server.base_url("gpt")), policy=CallPolicy(deadline_s=left_s), pause=waits.append) as asked,
    ):  # fmt: skip
        if asks_s < left_s - 1:
            assert asked.ask("gpt", MODELS["gpt"], call(), reply_type=Finding, context=CONTEXT).attempts == 2
            assert waits == [asks_s]
        else:
            with pytest.raises(ModelUnavailable, match=f"asked once: .* wait {asks_s:.0f} s"):
                asked.ask("gpt", MODELS["gpt"], call(), reply_type=Finding, context=CONTEXT)
            assert (waits, len(server.requests)) == ([], 1)


@pytest.mark.parametrize("api", APIS)
def test_ask__answer_that_never_ends__is_given_up_at_the_deadline_and_may_have_been_paid_for(
    api: str, database: Database
) -> None:
    with FaultServer(in_turn(GOOD, drip())) as server:
        client = adapter(api, server.base_url(api))
        with gateway(database, client) as asked:  # the client's package is loaded, and it is connected
            asked.ask(api, MODELS[api], call(), reply_type=Finding, context=CONTEXT)
        with (
            gateway(database, client, policy=CallPolicy(deadline_s=1.5)) as asked,
            pytest.raises(ModelUnavailable, match="timeout: no whole answer within the time given"),
        ):
            asked.ask(api, MODELS[api], replace(call(), variant="2"), reply_type=Finding, context=CONTEXT)
    assert len(server.requests) == 2
    assert [row.state for row in rows(database)] == ["committed", "ambiguous"]


def test_ask__provider_that_hangs__opens_the_breaker_after_five_attempts_each_shorter_than_the_whole(
    database: Database, breakers: BreakerStore
) -> None:
    with (
        FaultServer(in_turn(GOOD, drip())) as server,
        gateway(database, adapter("claude", server.url), policy=CallPolicy(attempt_s=0.5)) as asked,
    ):
        asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)  # its package is loaded
        for number in range(2):
            with pytest.raises(ModelUnavailable, match=r"asked 3 times: timeout|left alone"):
                asked.ask(
                    "claude", MODELS["claude"], replace(call(), variant=str(number)), reply_type=Finding,
                    context=CONTEXT,
                )  # fmt: skip
    assert len(server.requests) == 6
    assert breakers.status()["claude"].state == "OPEN"


@pytest.mark.parametrize(
    ("behaviour", "remedy"),
    [
        (
            status(401, {"error": {"message": "bad key" * 100}}),
            "check the key of gpt .*, then `chapter-pipeline providers close gpt`",
        ),
        (quota_exhausted("gpt"), "put money on the account of gpt .* providers close gpt`"),
        (status(404, {"error": {"message": "no such model"}}), "check the models that CHAPTER_GPT_MODELS names"),
        (answer("prose"), "keeps to a JSON schema in CHAPTER_GPT_MODELS"),
        (refusal(), "another provider in CHAPTER_TEXT_MODEL"),
        (redirect(307, "/elsewhere"), "check CHAPTER_GPT_URL, then"),
    ],
)
def test_ask__fault_that_a_person_can_mend__is_told_with_the_remedy_that_fits(
    behaviour: Behaviour, remedy: str, database: Database
) -> None:
    """Also through the router, which cuts the words of providers."""
    with FaultServer(in_turn(behaviour)) as server, gateway(database, adapter("gpt", server.base_url("gpt"))) as asked:
        router = FallbackRouter(asked, order=["gpt"], models={"gpt": Settings().models_of("gpt")})
        request = LiteratureQueriesRequest(
            topic="glioma", audience="surgeons", concepts=(NamedConcept(name="glioma", synonyms=()),)
        )
        with pytest.raises(ModelRefused, match=remedy):
            router.complete(Task(kind="literature_queries", request=request, reply_type=LiteratureQueriesReply))


class SlowToLoad:
    """An adapter whose package takes longer to load than a call may last."""

    name = "claude"
    loaded = False

    def load(self) -> None:
        if not self.loaded:
            time.sleep(1.0)
            self.loaded = True

    async def send(self, call: ModelCall, *, model: str, timeout_s: float) -> ModelReply:
        assert self.loaded
        return ModelReply(text='{"value": "it"}', model=model, usage=Usage(input_tokens=1, output_tokens=1))

    async def close(self) -> None:
        return


def test_ask__package_of_the_client__is_loaded_before_the_deadline_begins(database: Database) -> None:
    with gateway(database, SlowToLoad(), policy=CallPolicy(deadline_s=0.9)) as asked:
        found = asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)
    assert found.attempts == 1


@pytest.mark.parametrize("api", APIS)
def test_adapter__loaded__has_its_client_and_its_package(api: str) -> None:
    package = {"claude": "anthropic", "gpt": "openai", "local": "openai", "gemini": "google.genai"}[api]
    made = (
        "import sys; from tests.providers.test_adapters import adapter; one = adapter({0!r}, 'http://127.0.0.1:1/v1')"
    )
    seen = f"print({package!r} in sys.modules); one.load(); print({package!r} in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", f"{made.format(api)}; {seen}"], capture_output=True, text=True, check=True
    )  # fmt: skip
    assert run.stdout.split() == ["False", "True"]


def limits(server: FaultServer) -> list[int]:
    return [request.body["max_tokens"] for request in server.requests]


def test_ask__reply_cut_off__is_asked_for_with_a_larger_limit_and_never_paid_for_in_vain_again(
    database: Database, breakers: BreakerStore
) -> None:
    base = call().max_output_tokens
    cut = replace(cut_off(), tokens=(1000, 2 * base))
    with (
        FaultServer(in_turn(replace(cut, tokens=(1000, base)), cut)) as server,
        gateway(database, adapter("claude", server.url)) as asked,
    ):
        with pytest.raises(ModelRefused, match=r"asked 2 times: reply cut off.*CHAPTER_MODEL_OUTPUT_FACTOR"):
            asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)
        with pytest.raises(ModelRefused, match=f"not sent: .* cut off before at {2 * base} tokens: raise"):
            asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)
    assert limits(server) == [base, 2 * base]
    first, second = rows(database)
    assert second.reserved_usd > first.reserved_usd
    assert breakers.status()["claude"].total_failures == 0
    policy = CallPolicy(output_factor=3.0)
    with FaultServer(in_turn(GOOD)) as server, gateway(database, adapter("claude", server.url), policy=policy) as asked:
        asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)
    assert limits(server) == [3 * base]


def test_ask__reply_cut_off_in_an_earlier_run__begins_with_the_larger_limit(database: Database) -> None:
    base = call().max_output_tokens
    with (
        FaultServer(in_turn(cut_off(), GOOD)) as server,
        gateway(database, adapter("claude", server.url), policy=CallPolicy(attempts=1)) as asked,
    ):
        with pytest.raises(ModelRefused):
            asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)
        for _ in range(2):
            assert asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT).value
    assert limits(server) == [base, 2 * base]


def test_ask__prose_instead_of_json__is_no_failure_of_the_provider(database: Database, breakers: BreakerStore) -> None:
    with (
        FaultServer(in_turn(answer("The haematoma."))) as server,
        gateway(database, adapter("claude", server.url)) as asked,
    ):
        for number in range(3):
            with pytest.raises(ModelRefused, match="no JSON"):
                asked.ask(
                    "claude",
                    MODELS["claude"],
                    replace(call(), variant=str(number)),
                    reply_type=Finding,
                    context=CONTEXT,
                )
    assert len(server.requests) == 9
    assert (breakers.status()["claude"].state, breakers.status()["claude"].total_failures) == ("CLOSED", 0)


def test_ask__refused_key__isolates_the_provider_until_a_person_closes_it(
    database: Database, breakers: BreakerStore
) -> None:
    with (
        FaultServer(in_turn(status(401, {"error": {"message": f"bad key {KEY}"}}), GOOD)) as server,
        gateway(database, adapter("claude", server.url)) as asked,
    ):
        with pytest.raises(ModelRefused):
            asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)
        with pytest.raises(BreakerOpen, match="providers close claude"):
            asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)
        assert len(server.requests) == 1
        assert KEY not in str(breakers.status())
        breakers.close("claude")
        asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)
    assert [row.state for row in rows(database)] == ["failed", "committed"]


def test_ask__five_failures__open_the_breaker_for_all(database: Database, breakers: BreakerStore) -> None:
    with (
        FaultServer(in_turn(BUSY)) as server,
        gateway(database, adapter("claude", server.url)) as asked,
    ):
        for _ in range(2):
            with pytest.raises(ModelUnavailable):
                asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)
    assert len(server.requests) == 5
    status_now = breakers.status()["claude"]
    assert (status_now.state, status_now.total_failures) == ("OPEN", 5)


@pytest.mark.parametrize("cap", ["call_usd", "chapter_usd", "day_usd"])
def test_ask__cap_that_could_be_passed__nothing_is_sent(cap: str, database: Database) -> None:
    caps = Caps(**{"call_usd": Decimal(9), "chapter_usd": Decimal(9), "day_usd": Decimal(9), cap: Decimal("0.001")})
    with (
        FaultServer(in_turn(GOOD)) as server,
        gateway(database, adapter("claude", server.url), caps=caps) as asked,
        pytest.raises(BudgetExceeded, match="CHAPTER_BUDGET_"),
    ):
        asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)
    assert server.requests == []
    assert rows(database) == []


def test_ask__model_without_a_price__is_refused_with_the_remedy(database: Database) -> None:
    with (
        FaultServer(in_turn(GOOD)) as server,
        gateway(database, adapter("gpt", server.base_url("gpt"))) as asked,
        pytest.raises(UnknownPrice, match="CHAPTER_GPT_MODELS"),
    ):
        asked.ask("gpt", "gpt-from-nowhere", call(), reply_type=Finding, context=CONTEXT)
    assert server.requests == []


def test_ask__any_fault__no_key_and_no_prompt_in_a_log(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "canary-haematoma-of-the-left-side"
    for number, behaviour in enumerate((GOOD, BUSY, status(401, {"error": {"message": f"bad key {KEY}"}}), html())):
        spoken = replace(call(), prompt=canary, variant=str(number))  # else it would be replayed
        for api in APIS:
            with (
                FaultServer(in_turn(behaviour)) as server,
                gateway(database, adapter(api, server.base_url(api))) as asked,
                suppress(ModelUnavailable, ModelRefused, BreakerOpen),
            ):
                asked.ask(api, MODELS[api], spoken, reply_type=Finding, context=CONTEXT)
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "chapter_pipeline" in {record.name.partition(".")[0] for record in caplog.records}
    assert KEY not in logged
    assert canary not in logged
    assert canary not in str([row.detail for row in rows(database)])


def test_ledger__totals__are_by_task_section_provider_and_model(database: Database) -> None:
    plan = in_turn(BUSY, GOOD)
    with FaultServer(plan) as server, gateway(database, adapter("claude", server.url)) as asked:
        asked.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CONTEXT)
    (line,) = usage(database, chapter="glioma")
    assert (line.task, line.section, line.provider, line.model) == ("test", "surgery", "claude", MODELS["claude"])
    assert (line.usage.calls, line.usage.failed, line.usage.input_tokens) == (2, 1, 1000)
    assert used_today(database).cost_usd == line.usage.cost_usd > 0
    assert usage(database, chapter="another") == ()


def test_ledger__calls_of_runs__are_told_apart_and_summed_over_them(database: Database) -> None:
    with FaultServer(in_turn(GOOD)) as server, gateway(database, adapter("claude", server.url)) as asked:
        for run_id in ("first", "second", None):
            asked.ask(
                "claude", MODELS["claude"], replace(call(), variant=str(run_id)), reply_type=Finding,
                context=replace(CONTEXT, run_id=run_id),
            )  # fmt: skip
    lines = usage(database, chapter="glioma")
    assert [line.run_id for line in lines] == ["first", "second", None]
    assert usage(database, run_ids=["second"]) == lines[1:2]
    assert usage(database, chapter="glioma", run_ids=[]) == ()
    (line,) = over_runs(lines)
    assert (line.usage, line.answer) == (total(lines), lines[-1].answer)
    assert (line.usage.calls, line.usage.input_tokens, line.usage.output_tokens) == (3, 3000, 1500)

"""`providers`, `chapters estimate` and `chapters cost`: what is paid for can be seen, and stopped, by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from chapter_pipeline.providers.faults import Effect
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.process_lease import ProcessLease
from chapter_pipeline.storage.schema import ModelCallRow
from tests.cli.conftest import Cli
from tests.code_location import GLIOMA
from tests.fake_stages import FakeStages
from tests.library_samples import add
from tests.providers.conftest import gateway
from tests.providers.fault_server import Behaviour, FaultServer, Request, answer, in_turn, status
from tests.providers.test_adapters import MODELS, Finding, adapter, call

SLUG = "glioma-surgery"


@pytest.fixture
def breakers(database: Database) -> Iterator[BreakerStore]:
    lease = ProcessLease(database)
    yield BreakerStore(database, lease)
    lease.close()


def test_status__providers_that_were_asked__are_told_with_their_figures(cli: Cli, breakers: BreakerStore) -> None:
    assert cli("providers", "status", "--json").done().value == {}
    for effect in (Effect.SUCCESS, Effect.FAILURE, Effect.SUCCESS, Effect.SUCCESS):
        breakers.record("claude", breakers.admit("claude"), effect, "busy")
    found = cli("providers", "status", "--json").done().value["claude"]
    assert (found["state"], found["success_rate"], found["total_failures"]) == ("CLOSED", 0.75, 1)
    assert found["state_duration_s"] >= 0
    assert "75%" in cli("providers", "status").done().out
    assert cli("providers", "status", "gpt", "--json").done().value == {}


def test_open_close_reset__by_hand__are_what_the_next_call_meets(cli: Cli) -> None:
    for command, state in (("open", "ISOLATED"), ("close", "CLOSED"), ("open", "ISOLATED"), ("reset", "CLOSED")):
        assert cli("providers", command, "gemini", "--json").done().value["gemini"]["state"] == state
    assert "opened by hand" not in cli("providers", "status").done().out
    cli("providers", "open", "gemini").done()
    assert "opened by hand" in cli("providers", "status").done().out


def test_providers__unknown_name__is_refused_with_the_known_ones(cli: Cli) -> None:
    for command in ("status", "open", "close", "reset"):
        assert "claude, gpt, gemini, local" in cli("providers", command, "claud").refused(2)


def test_estimate__by_writer__is_nothing_or_a_sum_of_its_calls(
    cli: Cli, library: LibraryStore, stages: FakeStages, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(library, "library/glioma.pdf", GLIOMA)
    cli("chapters", "new", SLUG, "--topic", "Surgery of glioma").done()
    assert "nothing" in cli("chapters", "estimate", SLUG).done().out
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-000000000000")
    found = cli("chapters", "estimate", SLUG, "--json").done().value
    assert found["provider"] == "gpt"
    assert [one["purpose"] for one in found["calls"]] == ["section_queries", "key_concepts", "literature_queries"]
    assert [one["stage"] for one in found["calls"]] == ["chapter_brief", "key_concepts", "literature_research"]
    assert found["stopped"] in cli("chapters", "estimate", SLUG).done().out
    assert 0 < found["usd"] == pytest.approx(sum(one["usd"] for one in found["calls"]))
    assert found["most_usd"] > found["usd"]
    monkeypatch.setenv("CHAPTER_GPT_MODELS", json.dumps({"writing": "gpt-from-nowhere"}))
    assert "gpt-from-nowhere" in cli("chapters", "estimate", SLUG).refused(2)


def test_cost__calls_of_the_chapter__are_told_by_stage_and_section(
    cli: Cli, library: LibraryStore, stages: FakeStages, database: Database
) -> None:
    cli("chapters", "new", SLUG, "--topic", "Surgery of glioma").done()
    assert "nothing" in cli("chapters", "cost", SLUG).done().out
    with (
        FaultServer(in_turn(answer('{"value": "it"}'))) as server,
        gateway(database, adapter("claude", server.url)) as asked,
    ):
        asked.ask(
            "claude", MODELS["claude"], call(), reply_type=Finding, context=CallContext(chapter=SLUG, section="surgery")
        )
    found = cli("chapters", "cost", SLUG, "--json").done().value
    assert found["usd"] > 0
    assert [(one["stage"], one["section"], one["calls"]) for one in found["calls"]] == [("test", "surgery", 1)]
    assert f"{found['usd']:.4f}" in cli("chapters", "cost", SLUG).done().out
    assert "no chapter" in cli("chapters", "cost", "another").refused(2)


def test_cost__of_a_stage__sums_its_tasks_and_tells_failures_seconds_and_fallbacks(
    cli: Cli, stages: FakeStages, database: Database
) -> None:
    cli("chapters", "new", SLUG, "--topic", "Surgery of glioma").done()
    calls = [
        ("section_queries", None, "committed", 2.0, ["gpt: busy"]),
        ("section_queries", None, "failed", 1.0, []),
        ("section", "surgery", "committed", 4.0, []),
        ("section_repair", "surgery", "ambiguous", 0.5, []),
    ]  # fmt: skip
    with database.session() as session:
        for number, (task, section, state, latency_s, fallbacks) in enumerate(calls):
            session.add(
                ModelCallRow(
                    request_key=f"{number:064}", attempt=1, provider="claude", model="claude-1", purpose=task,
                    chapter=SLUG, section=section, state=state, latency_s=latency_s, fallbacks=fallbacks, owner=1,
                    reply="{}" if state == "committed" else None,
                    reserved_usd=Decimal(0), cost_usd=Decimal("0.25"), input_tokens=10, output_tokens=5,
                )
            )  # fmt: skip
    found = cli("chapters", "cost", SLUG, "--json").done().value["calls"]
    assert [(one["stage"], one["section"], one["tasks"]) for one in found] == [
        ("chapter_brief", None, ["section_queries"]),
        ("section/surgery", "surgery", ["section", "section_repair"]),
    ]
    brief, section = found
    assert (brief["calls"], brief["failed"], brief["latency_s"], brief["fallbacks"]) == (2, 1, 3.0, ["gpt: busy"])
    assert (section["calls"], section["ambiguous"], section["latency_s"], section["cost_usd"]) == (2, 1, 4.5, 0.5)
    told = cli("chapters", "cost", SLUG).done().out.splitlines()
    assert told[1] == "# Stage\tModel\tCalls\tFailed\tTokens in, out\tSeconds\tUSD\tFallbacks"
    assert told[2] == "chapter_brief\tclaude-1\t2\t1\t20, 10\t3.0\t0.5000\tgpt: busy"
    assert told[3].startswith("section/surgery\tclaude-1\t2\t1\t20, 10\t4.5\t0.5000")


def test_cost__unknown_chapter__is_refused(cli: Cli) -> None:
    assert "no chapter" in cli("chapters", "cost", "another").refused(2)


def test_doctor__key_and_isolated_provider__are_told_with_the_remedy(
    cli: Cli, breakers: BreakerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary-000000000000")
    breakers.record("claude", breakers.admit("claude"), Effect.ISOLATE, "unauthorised: HTTP 401")
    said = cli("doctor")
    assert "unauthorised" in said.out
    assert "providers close claude" in said.out
    assert "sk-canary" not in said.out + said.err


def test_doctor__online__tries_every_model_of_every_provider_that_is_set_once_and_again(
    cli: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is refused and a model that does not exist are told, each with its remedy."""

    def plan(request: Request) -> Behaviour:
        if request.api == "gpt":
            return status(401, {"error": {"message": "Incorrect API key provided"}})
        if request.model == "absent":
            return status(404, {"error": {"message": "model 'absent' not found"}})
        return answer('{"ready": true}')

    with FaultServer(plan) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-000000000000")
        monkeypatch.setenv("CHAPTER_GPT_URL", server.base_url("gpt"))
        monkeypatch.setenv("CHAPTER_LOCAL_URL", server.base_url("local"))
        monkeypatch.setenv("CHAPTER_LOCAL_MODELS", json.dumps({"vision": "absent"}))
        monkeypatch.setattr("chapter_pipeline.cli.operate.run_checks", lambda _: [])
        first, again = (cli("doctor", "--online") for _ in range(2))
        asked = [(request.api, request.model) for request in server.requests]
    assert first.code == again.code == 1
    assert asked.count(("local", "local")) == asked.count(("local", "absent")) == 2
    assert [name for api, name in asked if api == "gpt"] == [Settings().gpt_models.planning]  # isolated by the first
    for told in ("answers, as local", "check the models that CHAPTER_LOCAL_MODELS names", "check the key of gpt"):
        assert told in first.out

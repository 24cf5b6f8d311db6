"""`providers`, `chapters estimate` and `chapters cost`: what is paid for can be seen, and stopped, by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from chapter_pipeline.providers.faults import Effect
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.process_lease import ProcessLease
from tests.cli.conftest import Cli
from tests.code_location import GLIOMA
from tests.fake_stages import FakeStages
from tests.library_samples import add
from tests.providers.conftest import gateway
from tests.providers.fault_server import FaultServer, answer, in_turn
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
    assert {one["purpose"] for one in found["calls"]} == {"key_concepts", "section"}
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


def test_doctor__key_and_isolated_provider__are_told_with_the_remedy(
    cli: Cli, breakers: BreakerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary-000000000000")
    breakers.record("claude", breakers.admit("claude"), Effect.ISOLATE, "unauthorised: HTTP 401")
    said = cli("doctor")
    assert "unauthorised" in said.out
    assert "providers close claude" in said.out
    assert "sk-canary" not in said.out + said.err

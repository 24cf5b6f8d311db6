"""What all processes share: breakers, slots, the ledger and its caps. Real processes, killed for real."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text, update

from chapter_pipeline.errors import BreakerOpen, DatabaseUnavailable, ModelUnavailable
from chapter_pipeline.providers.breaker import Admission, BreakerPolicy
from chapter_pipeline.providers.call import TokenUsage
from chapter_pipeline.providers.faults import Effect
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.providers.prices import cost_usd, most_usd
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.ledger import CallLedger, Caps
from chapter_pipeline.storage.presence import Presence
from chapter_pipeline.storage.schema import ModelCallRow
from chapter_pipeline.storage.slots import CallSlots
from tests.clock import least
from tests.providers.callers import numbered, process, said, twenty_calls
from tests.providers.conftest import PLENTY, gateway
from tests.providers.fault_server import FaultServer, Request, answer, half_json, in_turn, status
from tests.providers.test_adapters import MODELS, Finding, adapter

GOOD = answer('{"value": "the haematoma"}')
SOON = BreakerPolicy(recovery_s=0.0)
"""Half open as soon as it opened."""


def opened(store: BreakerStore, provider: str = "claude") -> None:
    for _ in range(5):
        store.record(provider, store.admit(provider), Effect.FAILURE, "busy")


def test_breaker__two_processes__see_one_state(database: Database, presence: Presence) -> None:
    first, second = (BreakerStore(database, presence) for _ in range(2))
    opened(first)
    with pytest.raises(BreakerOpen, match="left alone"):
        second.admit("claude")
    found = second.status()["claude"]
    assert (found.state, found.success_rate, found.total_failures, found.reason) == ("OPEN", 0.0, 5, "busy")
    assert found.retry_after_s == pytest.approx(60, abs=2)
    second.close("claude")
    first.record("claude", first.admit("claude"), Effect.SUCCESS)
    assert first.status()["claude"].success_rate == pytest.approx(1 / 6)
    first.reset("claude")
    assert second.status()["claude"].total_calls == 0
    second.open("claude")
    with pytest.raises(BreakerOpen, match="providers close claude"):
        first.admit("claude")


@pytest.mark.slow
def test_breaker__fifty_half_open_callers_at_once__exactly_two_are_let_through_200_times(
    database: Database, presence: Presence
) -> None:
    store = BreakerStore(database, presence, SOON)
    barrier = threading.Barrier(50)

    def come(_: int) -> Admission | None:
        barrier.wait()
        try:
            return store.admit("claude")
        except BreakerOpen:
            return None

    with ThreadPoolExecutor(50) as pool:
        for round_ in range(200):
            opened(store)
            admitted = [one for one in pool.map(come, range(50)) if one is not None]
            assert len(admitted) == 2, f"round {round_}"
            for one in admitted:
                store.record("claude", one, Effect.SUCCESS)
            assert store.status()["claude"].state == "CLOSED"


def test_breaker__killed_half_open_caller__gives_its_place_back(database: Database, presence: Presence) -> None:
    store = BreakerStore(database, presence, BreakerPolicy(recovery_s=0.0, successes=1))
    opened(store)
    with process(database, "probe") as other:
        # The other process has the usual policy: it must find the breaker half open.
        with database.session() as session:
            session.execute(
                text("UPDATE breakers SET state = jsonb_set(state, '{changed_at}', '\"2020-01-01T00:00:00Z\"')")
            )
        assert said(other) == "in"
        with pytest.raises(BreakerOpen):
            store.admit("claude")
    deadline = time.monotonic() + 20
    while True:
        try:
            store.admit("claude")
            break
        except BreakerOpen:
            assert time.monotonic() < deadline, "the dead caller keeps its place"
            time.sleep(0.02)


def test_breaker__database_away__each_process_goes_by_itself() -> None:
    away = Database.open(Settings(home=Path("unused"), database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none")))
    store = BreakerStore(away, Presence(away))
    opened(store)
    with pytest.raises(BreakerOpen):
        store.admit("claude")
    with pytest.raises(DatabaseUnavailable):
        store.status()


def test_slots__over_processes__never_more_than_the_limit_and_the_killed_give_theirs_back(
    database: Database, presence: Presence
) -> None:
    slots = CallSlots(presence)
    with process(database, "slot", 2) as other:
        assert said(other) == "held"
        with slots.slot("claude", 2, deadline_s=10):

            def wait_in_vain() -> None:
                with (
                    pytest.raises(ModelUnavailable, match="CHAPTER_SECTION_CONCURRENCY"),
                    slots.slot("claude", 2, deadline_s=0.3),
                ):
                    pass

            assert 0.3 <= least(wait_in_vain, below_s=0.5) < 0.5
            with slots.slot("gpt", 2, deadline_s=10):
                pass  # another provider has slots of its own
    with slots.slot("claude", 2, deadline_s=10), slots.slot("claude", 2, deadline_s=10):
        pass


def test_slots__eight_threads_of_half_a_second__end_together(presence: Presence) -> None:
    slots = CallSlots(presence)
    slots_taken = Counter[str]()

    def work(_: int) -> None:
        with slots.slot("claude", 8, deadline_s=20):
            slots_taken["now"] += 1
            slots_taken["most"] = max(slots_taken["most"], slots_taken["now"])
            time.sleep(0.5)
            slots_taken["now"] -= 1

    with ThreadPoolExecutor(8) as pool:
        assert least(lambda: list(pool.map(work, range(8))), below_s=0.8) < 0.8
    assert slots_taken["most"] == 8


@pytest.mark.slow
@pytest.mark.parametrize(("slots", "expected_s"), [(5, 4.0), (20, 1.0)])
def test_calls__twenty_of_one_second__run_as_many_at_once_as_there_are_slots(
    slots: int, expected_s: float, database: Database
) -> None:
    """Through the whole gateway. How close it comes is `benchmarks.calls`: here other tests run beside it."""
    limit_s = 1.6 * expected_s
    assert expected_s <= twenty_calls(database, slots, below_s=limit_s) < limit_s


def bill_usd(server: FaultServer) -> Decimal:
    providers = {model: provider for provider, model in MODELS.items()}
    return sum(
        (
            cost_usd(providers[model], model, TokenUsage(input_tokens=tokens_in, output_tokens=tokens_out))
            for model, tokens_in, tokens_out in server.bill
        ),
        Decimal(0),
    )


@pytest.mark.slow
def test_ledger__five_hundred_calls_of_four_processes__is_the_bill_to_the_cent(
    database: Database, ledger: CallLedger
) -> None:
    """One in ten is answered with a fault; numbers overlap, so that some requests are asked by two processes."""
    numbers = count()

    def plan(request: Request) -> object:
        match next(numbers) % 20:
            case 3:
                return status(503, {"error": {"message": "busy"}})
            case 11:
                return answer('{"worth": 1}', tokens=(900, 20))
        return answer('{"value": "it"}', tokens=(len(request.text), 37))

    with FaultServer(plan) as server:  # type: ignore[arg-type]
        others = [process(database, "ask", server.url, first, 125, "1000") for first in (0, 125, 250, 300)]
        outcomes: Counter[str] = Counter()
        started = [other.__enter__() for other in others]
        for one in started:
            assert one.stdout is not None
            outcomes.update(line.strip() for line in one.stdout)
        for other in others:
            other.__exit__(None, None, None)
    assert outcomes["ready"] == 4
    assert outcomes["answered"] >= 490, outcomes
    spent = ledger.of_today()
    assert spent.ambiguous == 0
    assert round(spent.cost_usd, 2) == round(bill_usd(server), 2)
    assert spent.cost_usd == pytest.approx(bill_usd(server))
    # 425 different requests, one in ten of the answers a fault: sent at most 1.1 times as often as needed, and a bit.
    assert len(server.requests) <= 1.15 * 425


@pytest.mark.slow
def test_ledger__eight_writers__never_pass_the_daily_cap_by_one_call(database: Database) -> None:
    most = most_usd("claude", MODELS["claude"], numbered(0))
    cap = 20 * most
    caps = Caps(call_usd=PLENTY.call_usd, chapter_usd=PLENTY.chapter_usd, day_usd=cap)
    with FaultServer(in_turn(GOOD)) as server, gateway(database, adapter("claude", server.url), caps=caps) as asked:

        def work(number: int) -> str:
            try:
                asked.ask(
                    "claude", MODELS["claude"], numbered(number), reply_type=Finding, context=CallContext(chapter="c")
                )
            except Exception as error:  # noqa: BLE001 - counted
                return type(error).__name__
            return "answered"

        with ThreadPoolExecutor(8) as pool:
            outcomes = Counter(pool.map(work, range(400)))
    assert set(outcomes) == {"answered", "BudgetExceeded"}
    assert bill_usd(server) <= cap
    assert bill_usd(server) > cap - 2 * most


def test_ledger__killed_between_reply_and_commit__is_asked_once_more_and_recorded_as_ambiguous(
    database: Database, ledger: CallLedger
) -> None:
    arrived = threading.Event()

    def plan(_request: Request) -> object:
        arrived.set()
        return answer('{"value": "it"}', delay_s=0.3)

    with FaultServer(plan) as server:  # type: ignore[arg-type]
        with process(database, "ask", server.url, 0, 1, "1000") as other:
            assert said(other) == "ready"
            assert arrived.wait(10)
            other.kill()
            other.wait()
        with gateway(database, adapter("claude", server.url)) as asked:
            found = asked.ask(
                "claude", MODELS["claude"], numbered(0), reply_type=Finding, context=CallContext(chapter="chapter-0")
            )
            assert not found.replayed
            again = asked.ask(
                "claude", MODELS["claude"], numbered(0), reply_type=Finding, context=CallContext(chapter="chapter-0")
            )
            assert again.replayed
    assert len(server.requests) == 2
    spent = ledger.of_today()
    assert (spent.calls, spent.ambiguous) == (2, 1)
    assert spent.ambiguous_usd == pytest.approx(most_usd("claude", MODELS["claude"], numbered(0)))


def test_ledger__killed_after_commit__is_never_paid_again(database: Database, ledger: CallLedger) -> None:
    with FaultServer(in_turn(GOOD)) as server:
        with process(database, "ask", server.url, 0, 1, "1000") as other:
            assert [said(other), said(other)] == ["ready", "answered"]
            other.kill()
        with gateway(database, adapter("claude", server.url)) as asked:
            found = asked.ask("claude", MODELS["claude"], numbered(0), reply_type=Finding, context=CallContext())
    assert found.replayed
    assert len(server.requests) == 1
    assert ledger.of_today().calls == 1


def test_ledger__unsent_reservation_of_a_dead_process__counts_for_nothing(
    database: Database, ledger: CallLedger
) -> None:
    with FaultServer(in_turn(half_json(), GOOD)) as server, gateway(database, adapter("claude", server.url)) as asked:
        asked.ask("claude", MODELS["claude"], numbered(0), reply_type=Finding, context=CallContext())
    with database.session() as session:
        session.execute(update(ModelCallRow).values(state="reserved", reply=None, owner=1))
    with FaultServer(in_turn(GOOD)) as server, gateway(database, adapter("claude", server.url)) as asked:
        asked.ask("claude", MODELS["claude"], numbered(0), reply_type=Finding, context=CallContext())
    with database.session() as session:
        assert session.scalars(select(ModelCallRow.state)).all() == ["committed"]

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

from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.errors import BreakerOpen, DatabaseUnavailable, ModelUnavailable
from chapter_pipeline.providers.breaker import Admission, BreakerPolicy
from chapter_pipeline.providers.faults import Effect
from chapter_pipeline.providers.gateway import CallPolicy
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.providers.prices import cost_usd, most_usd
from chapter_pipeline.services.costs import used_today
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.ledger import Caps
from chapter_pipeline.storage.process_lease import ProcessLease
from chapter_pipeline.storage.schema import ModelCallRow
from chapter_pipeline.storage.semaphore import CallSemaphore
from tests.events import eventually
from tests.providers.callers import numbered, process, said
from tests.providers.conftest import PLENTY, gateway
from tests.providers.fault_server import (
    ONE_MORE_S,
    Behaviour,
    FaultServer,
    Request,
    answer,
    half_json,
    in_turn,
    status,
    together,
)
from tests.providers.test_adapters import MODELS, Finding, adapter
from tests.soak import times

GOOD = answer('{"value": "the haematoma"}')
SOON = BreakerPolicy(recovery_s=0.0)
"""Half open as soon as it opened."""


def opened(store: BreakerStore, provider: str = "claude") -> None:
    for _ in range(5):
        store.record(provider, store.admit(provider), Effect.FAILURE, "busy")


def admitted(store: BreakerStore) -> bool:
    try:
        store.admit("claude")
    except BreakerOpen:
        return False
    return True


def test_breaker__two_processes__see_one_state(database: Database, lease: ProcessLease) -> None:
    first, second = (BreakerStore(database, lease) for _ in range(2))
    opened(first)
    with pytest.raises(BreakerOpen, match="left alone"):
        second.admit("claude")
    found = second.status()["claude"]
    assert (found.state, found.success_rate, found.total_failures, found.reason) == ("OPEN", 0.0, 5, "busy")
    assert found.retry_after_s is not None
    assert 0 < found.retry_after_s <= 60  # to the second in the breaker's own tests: the clock here is the database's
    second.close("claude")
    first.record("claude", first.admit("claude"), Effect.SUCCESS)
    assert first.status()["claude"].success_rate == pytest.approx(1 / 6)
    first.reset("claude")
    assert second.status()["claude"].total_calls == 0
    second.open("claude")
    with pytest.raises(BreakerOpen, match="providers close claude"):
        first.admit("claude")


@pytest.mark.soak
def test_breaker__fifty_half_open_callers_at_once__exactly_two_are_let_through_every_time(
    database: Database, lease: ProcessLease
) -> None:
    store = BreakerStore(database, lease, SOON)
    barrier = threading.Barrier(50)

    def come(_: int) -> Admission | None:
        barrier.wait()
        try:
            return store.admit("claude")
        except BreakerOpen:
            return None

    with ThreadPoolExecutor(50) as pool:
        for round_ in range(times(15, soak=200)):
            opened(store)
            admitted = [one for one in pool.map(come, range(50)) if one is not None]
            assert len(admitted) == 2, f"round {round_}"
            for one in admitted:
                store.record("claude", one, Effect.SUCCESS)
            assert store.status()["claude"].state == "CLOSED"


def test_breaker__killed_half_open_caller__gives_its_place_back(database: Database, lease: ProcessLease) -> None:
    store = BreakerStore(database, lease, BreakerPolicy(recovery_s=0.0, successes=1))
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
    assert eventually(lambda: admitted(store)), "the dead caller keeps its place"


def test_breaker__database_away__each_process_goes_by_itself() -> None:
    away = Database.open(Settings(home=Path("unused"), database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none")))
    store = BreakerStore(away, ProcessLease(away))
    opened(store)
    with pytest.raises(BreakerOpen):
        store.admit("claude")
    with pytest.raises(DatabaseUnavailable):
        store.status()


def test_slots__over_processes__never_more_than_the_limit_and_the_killed_give_theirs_back(
    database: Database, lease: ProcessLease
) -> None:
    slots = CallSemaphore(lease)
    with process(database, "slot", 2) as other:
        assert said(other) == "held"
        with slots.slot("claude", 2, deadline_s=60):
            with (
                pytest.raises(ModelUnavailable, match="CHAPTER_SECTION_CONCURRENCY"),
                slots.slot("claude", 2, deadline_s=0.3),
            ):
                pass
            with slots.slot("gpt", 2, deadline_s=60):
                pass  # another provider has slots of its own
    with slots.slot("claude", 2, deadline_s=60), slots.slot("claude", 2, deadline_s=60):
        pass


def test_slots__sixteen_threads__eight_hold_a_slot_at_once(lease: ProcessLease) -> None:
    slots, all_in = CallSemaphore(lease), threading.Barrier(8, timeout=60)
    counted, held, most = threading.Lock(), 0, 0

    def work(_: int) -> None:
        nonlocal held, most
        with slots.slot("claude", 8, deadline_s=60):
            with counted:
                held += 1
                most = max(most, held)
            all_in.wait()
            time.sleep(ONE_MORE_S)
            with counted:
                held -= 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert most == 8


@pytest.mark.parametrize("slots", [5, 20])
def test_calls__twenty__run_as_many_at_once_as_there_are_slots(slots: int, database: Database) -> None:
    """Through the whole gateway. What that means in seconds: `benchmarks.calls`."""
    plan = together(slots, GOOD)
    with (
        FaultServer(plan) as server,
        gateway(database, adapter("claude", server.url), policy=CallPolicy(slots=slots)) as asked,
        ThreadPoolExecutor(20) as pool,
    ):

        def work(number: int) -> None:
            asked.ask("claude", MODELS["claude"], numbered(number), reply_type=Finding, context=CallContext())

        list(pool.map(work, range(20)))
    assert (server.most_at_once, len(server.requests)) == (slots, 20)


def bill_usd(server: FaultServer) -> Decimal:
    providers = {model: provider for provider, model in MODELS.items()}
    return sum(
        (
            cost_usd(providers[model], model, Usage(input_tokens=tokens_in, output_tokens=tokens_out))
            for model, tokens_in, tokens_out in server.bill
        ),
        Decimal(0),
    )


@pytest.mark.slow
@pytest.mark.soak
def test_ledger__many_calls_of_four_processes__is_the_bill_to_the_cent(database: Database) -> None:
    """One in ten is answered with a fault; numbers overlap, so that some requests are asked by two processes."""
    numbers, each = count(), times(40, soak=125)
    firsts = (0, each, 2 * each, 2 * each + each // 2)

    def plan(request: Request) -> Behaviour:
        match next(numbers) % 20:
            case 3:
                return status(503, {"error": {"message": "busy"}})
            case 11:
                return answer('{"worth": 1}', tokens=(900, 20))
        return answer('{"value": "it"}', tokens=(len(request.text), 37))

    with FaultServer(plan) as server:
        others = [process(database, "ask", server.url, first, each, "1000") for first in firsts]
        outcomes: Counter[str] = Counter()
        started = [other.__enter__() for other in others]
        for one in started:
            assert one.stdout is not None
            outcomes.update(line.strip() for line in one.stdout)
        for other in others:
            other.__exit__(None, None, None)
    assert outcomes["ready"] == 4
    assert outcomes["answered"] >= 0.98 * 4 * each, outcomes
    spent = used_today(database)
    assert spent.ambiguous == 0
    assert round(spent.cost_usd, 2) == round(bill_usd(server), 2)
    assert spent.cost_usd == pytest.approx(bill_usd(server))
    # One in ten of the answers is a fault: different requests are sent at most 1.1 times as often as needed, and a bit.
    assert len(server.requests) <= 1.15 * (firsts[-1] + each)


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
    database: Database,
) -> None:
    arrived, killed = threading.Event(), threading.Event()

    def plan(_request: Request) -> Behaviour:
        arrived.set()
        killed.wait(60)
        return answer('{"value": "it"}')

    with FaultServer(plan) as server:
        with process(database, "ask", server.url, 0, 1, "1000") as other:
            assert said(other) == "ready"
            assert arrived.wait(60)
            other.kill()
            other.wait()
            killed.set()
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
    spent = used_today(database)
    assert (spent.calls, spent.ambiguous) == (2, 1)
    assert spent.ambiguous_usd == pytest.approx(most_usd("claude", MODELS["claude"], numbered(0)))


def test_ledger__killed_after_commit__is_never_paid_again(database: Database) -> None:
    with FaultServer(in_turn(GOOD)) as server:
        with process(database, "ask", server.url, 0, 1, "1000") as other:
            assert [said(other), said(other)] == ["ready", "answered"]
            other.kill()
        with gateway(database, adapter("claude", server.url)) as asked:
            found = asked.ask("claude", MODELS["claude"], numbered(0), reply_type=Finding, context=CallContext())
    assert found.replayed
    assert len(server.requests) == 1
    assert used_today(database).calls == 1


def test_ledger__unsent_reservation_of_a_dead_process__counts_for_nothing(database: Database) -> None:
    with FaultServer(in_turn(half_json(), GOOD)) as server, gateway(database, adapter("claude", server.url)) as asked:
        asked.ask("claude", MODELS["claude"], numbered(0), reply_type=Finding, context=CallContext())
    with database.session() as session:
        session.execute(update(ModelCallRow).values(state="reserved", reply=None, owner=1))
    with FaultServer(in_turn(GOOD)) as server, gateway(database, adapter("claude", server.url)) as asked:
        asked.ask("claude", MODELS["claude"], numbered(0), reply_type=Finding, context=CallContext())
    with database.session() as session:
        assert session.scalars(select(ModelCallRow.state)).all() == ["committed"]

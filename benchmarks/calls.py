"""Owns the figures of calls to language models: what slots, deadlines and asked-for waits mean in seconds.

``python -m benchmarks.calls``, on an embedded database of its own; each figure is the least of three rounds. Twenty
sections by their asset, each of one call that is answered after one second, by slots; an answer that never ends, by provider; a wait that a provider asks
for; a slot that does not come free. What the tests hold of the same: who is asked, how often and how many at once.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import dagster as dg

from chapter_pipeline.domain import Section, SectionPlans
from chapter_pipeline.errors import ModelUnavailable
from chapter_pipeline.providers.gateway import CallPolicy, Gateway
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.process_lease import ProcessLease
from chapter_pipeline.storage.semaphore import CallSemaphore
from chapter_pipeline.writing.section_kinds import packaged_kinds
from tests.code_location import Location
from tests.fake_stages import FakeStages
from tests.providers.callers import numbered, process, said
from tests.providers.conftest import gateway
from tests.providers.fault_server import FaultServer, Plan, answer, drip, in_turn, status
from tests.providers.test_adapters import APIS, MODELS, Finding, adapter

ROUNDS = 3
TWENTY_WANTED_S = {5: 4.0 * 1.05, 20: 1.0 * 1.15}
DEADLINE_S = 2.0
ASKED_WAIT_S = 1
SLOT_WAIT_S = 0.3
GOOD = answer('{"value": "it"}')
_numbers = count()  # a request that was answered before would be replayed


def least_s(action: Callable[[], object]) -> float:
    """Seconds that `action` takes, the least of some rounds: others may use the machine too."""
    took = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        action()
        took.append(time.monotonic() - began)
    return min(took)


def ask(asked: Gateway, api: str) -> None:
    """One request that nobody made before."""
    call = numbered(next(_numbers))
    asked.ask(api, MODELS[api], call, reply_type=Finding, context=CallContext())


class AskingStages(FakeStages):
    """A section is one call to a provider. `began` and `ended` are the moments of the first and the last of a round."""

    def __init__(self, library: LibraryStore, asked: Gateway) -> None:
        super().__init__(library)
        self._asked = asked
        self.began, self.ended = float("inf"), 0.0

    def _section(self, kind: str, plans: SectionPlans) -> Section:
        began = time.monotonic()
        ask(self._asked, "claude")
        section = super()._section(kind, plans)
        with self._lock:
            self.began, self.ended = min(self.began, began), max(self.ended, time.monotonic())
        return section


def twenty_sections_s(database: Database, slots: int) -> float:
    """Twenty sections by their asset, each one call that is answered after a second in another process."""
    with (
        process(database, "serve", 1.0) as server,
        gateway(database, adapter("claude", said(server)), policy=CallPolicy(slots=slots)) as asked,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        took = []
        for _ in range(ROUNDS):
            stages = AskingStages(LibraryStore(database), asked)
            location = Location(database.settings, database, instance, section_concurrency=slots, stages=stages)
            location.write_sections(packaged_kinds()[:20], slug=f"chapter-{next(_numbers)}")
            assert sum(stages.written.values()) == 20
            took.append(stages.ended - stages.began)
            location.container.close()
        return min(took)


@contextmanager
def served(database: Database, api: str, plan: Plan, policy: CallPolicy) -> Iterator[Gateway]:
    """A gateway to a server on loopback, whose client is loaded, that waits between attempts for real."""
    with FaultServer(lambda request: plan(request) if len(server.requests) > 1 else GOOD) as server:
        client = adapter(api, server.base_url(api))
        with gateway(database, client) as asked:  # loads the client's package
            ask(asked, api)
        with gateway(database, client, policy=policy, pause=time.sleep) as asked:
            yield asked


def given_up_s(database: Database, api: str) -> float:
    """An answer that never ends."""
    breakers = BreakerStore(database, ProcessLease(database))
    with served(database, api, in_turn(drip()), CallPolicy(deadline_s=DEADLINE_S)) as asked:

        def in_vain() -> None:
            with suppress(ModelUnavailable):
                ask(asked, api)
            breakers.reset(api)  # an open one would end the next round at once

        return least_s(in_vain)


def asked_wait_s(database: Database) -> float:
    """An answer after one refusal that asks to wait."""
    wait = status(429, {"error": {"message": "slow down"}}, {"Retry-After": str(ASKED_WAIT_S)})
    with served(database, "gpt", in_turn(*[wait, GOOD] * ROUNDS), CallPolicy()) as asked:
        return least_s(lambda: ask(asked, "gpt"))


def slot_in_vain_s(database: Database) -> float:
    """Waiting for the only slot, which is held."""
    slots = CallSemaphore(ProcessLease(database))

    def in_vain() -> None:
        with suppress(ModelUnavailable), slots.slot("claude", 1, deadline_s=SLOT_WAIT_S):
            pass

    with slots.slot("claude", 1, deadline_s=SLOT_WAIT_S):
        return least_s(in_vain)


def told(what: str, took_s: float, least_wanted_s: float, most_wanted_s: float) -> None:
    print(f"{what:45} {took_s:6.3f} s (wanted: {least_wanted_s:.2f} to {most_wanted_s:.2f})")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        database = Database.open(Settings(home=Path(name)))
        try:
            database.migrate()
            for slots, wanted_s in TWENTY_WANTED_S.items():
                told(
                    f"twenty sections of a second, {slots} slots",
                    twenty_sections_s(database, slots),
                    20 / slots,
                    wanted_s,
                )
            for api in APIS:
                told(f"{api}: no end of the answer", given_up_s(database, api), DEADLINE_S, 1.1 * DEADLINE_S)
            told("a wait that is asked for", asked_wait_s(database), ASKED_WAIT_S, ASKED_WAIT_S + 0.6)
            told("a slot that does not come free", slot_in_vain_s(database), SLOT_WAIT_S, SLOT_WAIT_S + 0.2)
        finally:
            database.close()


if __name__ == "__main__":
    main()

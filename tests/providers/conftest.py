"""Owns the fixtures of the providers' tests: the guards around a call, on a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from chapter_pipeline.providers.call import Adapter
from chapter_pipeline.providers.gateway import CallPolicy, Gateway
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.home import KEPT_FOLDER
from chapter_pipeline.storage.kept_outcomes import KeptOutcomes
from chapter_pipeline.storage.ledger import CallLedger, Caps
from chapter_pipeline.storage.process_lease import ProcessLease
from chapter_pipeline.storage.semaphore import CallSemaphore

PLENTY = Caps(call_usd=Decimal(100), chapter_usd=Decimal(1000), day_usd=Decimal(1000))


@pytest.fixture
def lease(database: Database) -> Iterator[ProcessLease]:
    one = ProcessLease(database)
    yield one
    one.close()


@pytest.fixture
def breakers(database: Database, lease: ProcessLease) -> BreakerStore:
    return BreakerStore(database, lease)


@contextmanager
def gateway(
    database: Database,
    *adapters: Adapter,
    policy: CallPolicy | None = None,
    caps: Caps = PLENTY,
    pause: Callable[[float], None] | None = None,
) -> Iterator[Gateway]:
    """A gateway to `adapters` with all its guards. Between attempts it waits with `pause`; without one, not at all."""
    lease = ProcessLease(database)
    made = Gateway(
        {adapter.name: adapter for adapter in adapters},
        ledger=CallLedger(database, lease, caps, KeptOutcomes(database.settings.home / KEPT_FOLDER)),
        slots=CallSemaphore(lease),
        breakers=BreakerStore(database, lease),
        policy=policy or CallPolicy(),
        pause=pause or (lambda _seconds: None),
    )
    try:
        yield made
    finally:
        made.close()
        lease.close()

"""Owns the circuit breakers that all processes share: one row a provider, changed under its lock by its own clock."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from chapter_pipeline.errors import BreakerOpen, DatabaseUnavailable
from chapter_pipeline.providers.breaker import Admission, Breaker, BreakerPolicy, Circuit
from chapter_pipeline.providers.faults import Effect
from chapter_pipeline.storage.database import WITHOUT_WAITING_FOR_THE_DISK, Database
from chapter_pipeline.storage.process_lease import ProcessLease
from chapter_pipeline.storage.schema import BreakerRow

log = logging.getLogger(__name__)
_ADAPTER = TypeAdapter(Breaker)
T = TypeVar("T")
Live = Callable[[], frozenset[int]]
Change = Callable[[Breaker, datetime, Live], tuple[Breaker, T]]
_ALONE = 0  # the owner of a call that was let through while the database was away
BY_HAND = "opened by hand"


class BreakerStatus(BaseModel):
    """A circuit breaker as `providers status` shows it. `retry_after_s` None: a person has to close it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Circuit
    success_rate: float | None
    total_calls: int
    total_successes: int
    total_failures: int
    state_duration_s: float
    retry_after_s: float | None
    reason: str


class BreakerStore:
    """Implements `providers.gateway.Breakers`. Without the database, each process keeps a breaker of its own."""

    def __init__(self, database: Database, lease: ProcessLease, policy: BreakerPolicy | None = None) -> None:
        self._database = database
        self._lease = lease
        self._policy = policy or BreakerPolicy()
        self._local: dict[str, Breaker] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def admit(self, provider: str) -> Admission:
        """Let one call through. Raises `BreakerOpen`."""
        claim = secrets.token_hex(8)
        try:
            owner = self._lease.owner
            seen, admission = self._shared(provider, self._admission(claim, owner))
        except DatabaseUnavailable as error:
            seen, admission = self._alone(provider, self._admission(claim, _ALONE), error)
        if admission is None:
            raise BreakerOpen(_refusal(provider, seen, self._policy))
        return admission

    def record(self, provider: str, admission: Admission, effect: Effect, detail: str = "") -> None:
        """Record the outcome of the call."""

        def change(breaker: Breaker, now: datetime, _live: Live) -> tuple[Breaker, None]:
            return breaker.record(now, self._policy, admission, effect, detail), None

        if effect is Effect.ISOLATE:
            log.error("%s is isolated until a person closes its breaker: %s", provider, detail)
        try:
            self._shared(provider, change)
        except DatabaseUnavailable as error:
            self._alone(provider, change, error)

    def open(self, provider: str) -> None:
        """Refuse all calls until it is closed or reset. Raises `DatabaseUnavailable`, as do the next two."""
        self._shared(provider, lambda breaker, now, _: (breaker.opened(now, BY_HAND), None))

    def close(self, provider: str) -> None:
        """Allow all calls."""
        self._shared(provider, lambda breaker, now, _: (breaker.closed(now), None))

    def reset(self, provider: str) -> None:
        """Allow all calls and reset the statistics."""
        self._shared(provider, lambda breaker, now, _: (breaker.reset(now), None))

    def status(self) -> dict[str, BreakerStatus]:
        """All breakers that were ever used, by provider."""
        with self._database.session() as session:
            now = session.execute(_NOW).scalar_one()
            rows = session.scalars(select(BreakerRow).order_by(BreakerRow.provider)).all()
        return {row.provider: _status(_ADAPTER.validate_python(row.state), now, self._policy) for row in rows}

    def _admission(self, claim: str, owner: int) -> Change[Admission | None]:
        def change(breaker: Breaker, now: datetime, live: Live) -> tuple[Breaker, Admission | None]:
            alive = live() | {owner} if breaker.probes else frozenset({owner})
            return breaker.admit(now, self._policy, claim=claim, owner=owner, live=alive)

        return change

    def _shared(self, provider: str, change: Change[T]) -> tuple[Breaker, T]:
        # Threads wait for their turn here, not each with a connection at the database.
        with self._turn, self._database.connection() as connection:
            found = connection.execute(_ROW, {"of": provider}).one_or_none()
            if found is None:
                now = connection.execute(_NOW).scalar_one()
                fresh = _ADAPTER.dump_python(Breaker(changed_at=now), mode="json")
                connection.execute(insert(BreakerRow).values(provider=provider, state=fresh).on_conflict_do_nothing())
                found = connection.execute(_ROW, {"of": provider}).one()
            stored, now, _ = found
            before = _ADAPTER.validate_python(stored)
            after, result = change(before, now, lambda: self._lease.live_owners(connection))
            if after != before:
                connection.execute(_CHANGE, {"of": provider, "state": _ADAPTER.dump_python(after, mode="json")})
        return after, result

    def _alone(self, provider: str, change: Change[T], error: DatabaseUnavailable) -> tuple[Breaker, T]:
        with self._lock:
            now = datetime.now(UTC)
            before = self._local.get(provider)
            if before is None:
                log.warning("the breaker of %s is this process's own until the database is back: %s", provider, error)
                before = Breaker(changed_at=now)
            self._local[provider], result = change(before, now, lambda: frozenset({_ALONE}))
            return self._local[provider], result


# Built once: to build a statement takes longer than to run it.
_NOW = select(func.clock_timestamp())
_ROW = (
    select(BreakerRow.state, func.clock_timestamp(), WITHOUT_WAITING_FOR_THE_DISK)
    .where(BreakerRow.provider == bindparam("of"))
    .with_for_update()
)
_CHANGE = (
    update(BreakerRow)
    .where(BreakerRow.provider == bindparam("of"))
    .values(state=bindparam("state", type_=BreakerRow.__table__.c.state.type))
)


def _refusal(provider: str, seen: Breaker, policy: BreakerPolicy) -> str:
    reason = f" after {seen.reason!r}" if seen.reason else ""
    if seen.circuit is Circuit.ISOLATED:
        return f"nothing is sent to {provider!r}{reason}: mend that, then run `chapter-pipeline providers close {provider}`"
    return f"{provider!r} is left alone for up to {policy.recovery_s:.0f} s{reason}: see `chapter-pipeline providers status`"


def _status(stored: Breaker, now: datetime, policy: BreakerPolicy) -> BreakerStatus:
    seen = stored.as_seen(now, policy)
    counted = seen.statistics
    return BreakerStatus(
        state=seen.circuit, success_rate=counted.success_rate,
        total_calls=counted.successes + counted.failures + counted.neutral, total_successes=counted.successes,
        total_failures=counted.failures, state_duration_s=round((now - seen.changed_at).total_seconds(), 3),
        retry_after_s=seen.retry_after_s(now, policy), reason=seen.reason,
    )  # fmt: skip

"""Owns the circuit breaker of a provider as a pure state machine: no clock, no lock, no table.

CLOSED allows all calls, and opens after five failures in a row within a minute, or after five time-outs without a
success between them, however long they took. OPEN refuses all calls for a
minute, then is HALF_OPEN: as many callers as it needs successes are let through, two successes close it, one failure
opens it again. ISOLATED, after a refused key or an empty account, refuses all calls until a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chapter_pipeline.providers.faults import Effect


class Circuit(StrEnum):
    """The state of a circuit breaker."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"
    ISOLATED = "ISOLATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """Failures in a row within `window_s`, or time-outs in a row, that open; seconds until it is tried again; successes
    that close."""

    failures: int = 5
    window_s: float = 60.0
    recovery_s: float = 60.0
    successes: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A caller that was let through, and the `generation` of the state that let it."""

    claim: str
    owner: int
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """All calls since the last reset; neutral ones say nothing of the provider."""

    successes: int = 0
    failures: int = 0
    neutral: int = 0

    @property
    def success_rate(self) -> float | None:
        """Of the calls that say something; None without one."""
        judged = self.successes + self.failures
        return self.successes / judged if judged else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """One breaker at one moment. `failed_at` are the failures of the present run, `timeouts` those of them that took all
    of their time, `probes` the half-open callers."""

    circuit: Circuit = Circuit.CLOSED
    generation: int = 0
    changed_at: datetime
    failed_at: tuple[datetime, ...] = ()
    timeouts: int = 0
    probes: tuple[Admission, ...] = ()
    probe_successes: int = 0
    statistics: Statistics = Statistics()
    reason: str = ""

    def as_seen(self, now: datetime, policy: BreakerPolicy) -> Breaker:
        """The state at `now`: OPEN is HALF_OPEN when its time is over."""
        if self.circuit is Circuit.OPEN and now - self.changed_at >= timedelta(seconds=policy.recovery_s):
            return self._turned(Circuit.HALF_OPEN, now, self.reason)
        return self

    def admit(
        self, now: datetime, policy: BreakerPolicy, *, claim: str, owner: int, live: frozenset[int]
    ) -> tuple[Breaker, Admission | None]:
        """Admit a call, or refuse it (None). The probes of half-open owners that are not `live` are freed."""
        seen = self.as_seen(now, policy)
        admission = Admission(claim=claim, owner=owner, generation=seen.generation)
        if seen.circuit is Circuit.CLOSED:
            return seen, admission
        if seen.circuit is not Circuit.HALF_OPEN:
            return seen, None
        waiting = tuple(probe for probe in seen.probes if probe.owner in live)
        seen = replace(seen, probes=waiting)
        if len(waiting) + seen.probe_successes >= policy.successes:
            return seen, None
        return replace(seen, probes=(*waiting, admission)), admission

    def record(
        self, now: datetime, policy: BreakerPolicy, admission: Admission, effect: Effect, detail: str
    ) -> Breaker:
        """Record the outcome of a call. A call admitted by an earlier state can isolate, and changes nothing else."""
        seen = replace(self.as_seen(now, policy), statistics=self._counted(effect))
        if effect is Effect.ISOLATE:
            return seen._turned(Circuit.ISOLATED, now, detail)
        if admission.generation != seen.generation:
            return seen
        seen = replace(seen, probes=tuple(probe for probe in seen.probes if probe.claim != admission.claim))
        if effect is Effect.SUCCESS:
            return seen._succeeded(now, policy)
        if effect in (Effect.FAILURE, Effect.TIMEOUT):
            return seen._failed(now, policy, detail, timeouts=seen.timeouts + (effect is Effect.TIMEOUT))
        return seen

    def opened(self, now: datetime, reason: str) -> Breaker:
        """Opened by a person: all calls are refused until it is closed or reset."""
        return self._turned(Circuit.ISOLATED, now, reason)

    def closed(self, now: datetime) -> Breaker:
        """Closed by a person."""
        return self._turned(Circuit.CLOSED, now, "")

    def reset(self, now: datetime) -> Breaker:
        """Closed, and its statistics begun anew."""
        return replace(self.closed(now), statistics=Statistics())

    def retry_after_s(self, now: datetime, policy: BreakerPolicy) -> float | None:
        """Seconds until a caller may be let through; None when a person has to decide, 0 when one may come now."""
        if self.circuit is Circuit.ISOLATED:
            return None
        if self.circuit is Circuit.OPEN:
            return max(0.0, policy.recovery_s - (now - self.changed_at).total_seconds())
        return 0.0

    def _succeeded(self, now: datetime, policy: BreakerPolicy) -> Breaker:
        if self.circuit is Circuit.HALF_OPEN:
            successes = self.probe_successes + 1
            if successes >= policy.successes:
                return self._turned(Circuit.CLOSED, now, "")
            return replace(self, probe_successes=successes)
        return replace(self, failed_at=(), timeouts=0)

    def _failed(self, now: datetime, policy: BreakerPolicy, detail: str, *, timeouts: int) -> Breaker:
        if self.circuit is Circuit.HALF_OPEN:
            return self._turned(Circuit.OPEN, now, detail)
        window = timedelta(seconds=policy.window_s)
        recent = (*(at for at in self.failed_at if now - at <= window), now)
        if len(recent) >= policy.failures or timeouts >= policy.failures:
            return self._turned(Circuit.OPEN, now, detail)
        return replace(self, failed_at=recent, timeouts=timeouts)

    def _turned(self, circuit: Circuit, now: datetime, reason: str) -> Breaker:
        return replace(
            self, circuit=circuit, generation=self.generation + 1, changed_at=now, failed_at=(), timeouts=0, probes=(),
            probe_successes=0, reason=reason,
        )  # fmt: skip

    def _counted(self, effect: Effect) -> Statistics:
        counted = self.statistics
        match effect:
            case Effect.SUCCESS:
                return replace(counted, successes=counted.successes + 1)
            case Effect.NEUTRAL:
                return replace(counted, neutral=counted.neutral + 1)
            case Effect.FAILURE | Effect.TIMEOUT | Effect.ISOLATE:
                return replace(counted, failures=counted.failures + 1)

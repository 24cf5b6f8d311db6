"""Owns the only path of a request to a provider: ledger, semaphore, circuit breaker, attempt, in this order.

Ledger and budget, then a slot, the breaker, one attempt under the deadline of the whole, the fault's name, and the
reply on record before anybody sees it. All retries are here: the SDKs make none.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from chapter_pipeline.background_loop import LoopThread
from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.errors import ModelRefused, ModelUnavailable
from chapter_pipeline.providers.call import Adapter, ModelCall, ModelReply
from chapter_pipeline.providers.faults import CallFailed, Effect, Fault, classify
from chapter_pipeline.providers.ledger import Attempt, CallContext, InFlight, Ledger, Replayed
from chapter_pipeline.providers.prices import Prices, cost_usd, most_usd
from chapter_pipeline.providers.structured_output import read_reply
from chapter_pipeline.settings import Effort

log = logging.getLogger(__name__)
ValueT = TypeVar("ValueT", bound=BaseModel)
IN_FLIGHT_POLL_S = 0.05
LONGER = "raise CHAPTER_MODEL_OUTPUT_FACTOR, or lower CHAPTER_MODEL_EFFORT"
CUT_AT_LARGER = 1.25
"""A reply that was cut off at more than this many times the first limit had the larger one."""
LEAST_USEFUL_S = 0.05
"""With less time left no attempt is begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPolicy:
    """`deadline_s` is for a request with all its attempts and waits, `attempt_s` for one of them; `slots` is how many of one
    provider run at once. `effort` and `output_factor` change every request for a text."""

    deadline_s: float = 600.0
    attempt_s: float = 240.0
    attempts: int = 3
    slots: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 20.0
    effort: Effort | None = None
    output_factor: float = 1.0

    def applied(self, call: ModelCall) -> ModelCall:
        """`call` with the effort and the limit of its reply that the policy has; a call for vectors stays as it is."""
        if not call.max_output_tokens:
            return call
        return replace(
            call, effort=self.effort, max_output_tokens=round(self.output_factor * call.max_output_tokens)
        )  # fmt: skip


class Slots(Protocol):
    """How many calls to one provider run at the same time, over all processes."""

    def slot(self, provider: str, limit: int, *, deadline_s: float) -> AbstractContextManager[None]:
        """Hold one of `limit` slots. Raises `ModelUnavailable` when none is free in time."""
        ...


class Breakers(Protocol):
    """The circuit breakers of the providers, shared by all processes."""

    def admit(self, provider: str) -> Any:
        """A ticket to send one call. Raises `BreakerOpen`."""
        ...

    def record(self, provider: str, admission: Any, effect: Effect, detail: str = "") -> None:
        """Record the outcome of the call."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[ValueT]):
    """A typed reply: the same when it is `replayed`. What it and the failed attempts have cost is in the ledger."""

    value: ValueT
    provider: str
    model: str
    attempts: int
    replayed: bool = False


class Gateway:
    """Asks providers, for several threads at once. `pause` waits the seconds between two attempts.

    `servers`: the addresses of the providers whose models are names of a server's own, see `ModelCall.key`; `prices`: what
    providers cost that no catalogue knows.
    """

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        *,
        ledger: Ledger,
        slots: Slots,
        breakers: Breakers,
        policy: CallPolicy,
        servers: Mapping[str, str | None] | None = None,
        prices: Prices | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._adapters = adapters
        self._ledger = ledger
        self._slots = slots
        self._breakers = breakers
        self._policy = policy
        self._servers = servers or {}
        self._prices = prices or {}
        self._pause = pause
        self._loop = LoopThread()

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers that can be asked."""
        return tuple(self._adapters)

    def ask(
        self, provider: str, model: str, call: ModelCall, *, reply_type: type[ValueT], context: CallContext
    ) -> Answer[ValueT]:
        """A reply of `provider` that is a `reply_type`.

        Raises `ModelUnavailable` when it has none now, `ModelRefused` when it never will, `BudgetExceeded` and
        `UnknownPrice` before anything is sent, `DatabaseUnavailable` when nothing can be put on record.
        """
        self._adapters[provider].load()  # before the deadline begins
        call = self._policy.applied(call)
        request = _Request(
            call=call, provider=provider, model=model, key=call.key(provider, model, self._servers.get(provider)),
            context=context, prices=self._prices,
            deadline=time.monotonic() + self._policy.deadline_s,
        )  # fmt: skip
        most_usd(provider, model, call, own=self._prices)  # raises for a model without a price
        tally = _Tally(call=call)
        cut_off = self._ledger.longest_cut_off(request.key) if call.max_output_tokens else None
        if cut_off is not None:
            if cut_off > CUT_AT_LARGER * call.max_output_tokens:
                raise ModelRefused(
                    f"not sent: the reply of {provider} ({model}) was cut off before at {cut_off} tokens", LONGER
                )
            tally.enlarge()
        while True:
            begun = self._ledger.begin(request.attempt(tally))
            if isinstance(begun, Replayed):
                return _replayed(request, begun, reply_type)
            if isinstance(begun, InFlight):
                request.wait(IN_FLIGHT_POLL_S, "the same request is being answered elsewhere")
                continue
            try:
                return self._attempt(begun.id, request, tally, reply_type)
            except _ReservationGone:
                request.wait(0.0, "its reservation was deleted by another process")
            except CallFailed as failed:
                log.warning("%s: attempt %d: %s", provider, tally.attempts, failed)
                self._pause(self._wait_s(failed, request, tally))
                if failed.fault is Fault.CUT_OFF:
                    tally.enlarge()

    def close(self) -> None:
        """Close the clients and their thread."""
        for adapter in self._adapters.values():
            self._loop.run(adapter.close(), timeout_s=5)
        self._loop.close()

    def _attempt(self, id: int, request: _Request, tally: _Tally, reply_type: type[ValueT]) -> Answer[ValueT]:
        sent = False
        try:
            with self._slots.slot(request.provider, self._policy.slots, deadline_s=request.left_s):
                admission = self._breakers.admit(request.provider)
                effect, detail = Effect.NEUTRAL, ""
                try:
                    if not self._ledger.sending(id):
                        raise _ReservationGone
                    sent = True
                    answer = self._send(id, request, tally, reply_type)
                    effect = Effect.SUCCESS
                    return answer
                except CallFailed as failed:
                    effect, detail = failed.verdict.effect, str(failed)
                    raise
                finally:
                    self._breakers.record(request.provider, admission, effect, detail)
        finally:
            if not sent:
                self._ledger.withdraw(id)

    def _send(self, id: int, request: _Request, tally: _Tally, reply_type: type[ValueT]) -> Answer[ValueT]:
        """One attempt, and its outcome on record. Raises `CallFailed`."""
        tally.attempts += 1
        started = time.monotonic()
        reply: ModelReply | None = None
        try:
            adapter = self._adapters[request.provider]
            limit_s = max(min(request.left_s, self._policy.attempt_s), 0.0)
            sending = adapter.send(tally.call, model=request.model, timeout_s=limit_s)
            reply = self._loop.run(sending, timeout_s=limit_s)
            value = read_reply(reply.text, reply_type)
        except BaseException as error:  # also an interrupt: a sent attempt has to be recorded
            failed = _as_failed(error, reply)
            self._ledger.fail(
                id, failed, cost_usd=self._cost(request, failed.usage), latency_s=time.monotonic() - started
            )
            if isinstance(error, Exception):
                raise failed from None  # an SDK's own error may hold the key, or the prompt
            raise
        latency_s = time.monotonic() - started
        # A reply that tells no tokens was paid for all the same: it counts as what was reserved for it.
        cost = request.most_usd(tally) if reply.usage is None else self._cost(request, reply.usage)
        self._ledger.commit(id, reply, cost_usd=cost, latency_s=latency_s)
        return Answer(value=value, provider=request.provider, model=reply.model, attempts=tally.attempts)

    def _cost(self, request: _Request, usage: Usage | None) -> Decimal:
        if usage is None:
            return Decimal(0)
        return cost_usd(request.provider, request.model, usage, own=self._prices)

    def _wait_s(self, failed: CallFailed, request: _Request, tally: _Tally) -> float:
        """Seconds until the next attempt. Raises the error for the caller when there is none."""
        policy = self._policy
        backoff = min(policy.longest_wait_s, policy.first_wait_s * 2.0 ** (tally.attempts - 1))
        wait_s = backoff * random.uniform(0.5, 1.0)
        if failed.retry_after_s is not None:
            wait_s = failed.retry_after_s
        elif failed.fault is Fault.CUT_OFF:
            wait_s = 0.0
        last = not failed.verdict.retry or tally.attempts >= policy.attempts
        last = last or (failed.fault is Fault.CUT_OFF and tally.is_enlarged)
        if last or wait_s > request.left_s - LEAST_USEFUL_S:
            raise _given_up(failed, request, tally) from None
        return wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    call: ModelCall
    provider: str
    model: str
    key: str
    context: CallContext
    prices: Prices
    deadline: float

    @property
    def left_s(self) -> float:
        return self.deadline - time.monotonic()

    def most_usd(self, tally: _Tally) -> Decimal:
        return most_usd(self.provider, self.model, tally.call, own=self.prices)

    def attempt(self, tally: _Tally) -> Attempt:
        return Attempt(
            request_key=self.key, number=tally.attempts + 1, provider=self.provider, model=self.model,
            purpose=self.call.purpose, context=self.context, most_usd=self.most_usd(tally),
        )  # fmt: skip

    def wait(self, seconds: float, why: str) -> None:
        if seconds > self.left_s:
            raise ModelUnavailable(f"{self.provider}: {why}; try again")
        time.sleep(seconds)


class _ReservationGone(Exception):
    """Another process took this one for dead, and deleted the reservation of an attempt that was not sent yet."""


@dataclass(slots=True)
class _Tally:
    """How many attempts at one request were made, and the request as the next one sends it."""

    call: ModelCall
    attempts: int = 0
    is_enlarged: bool = False

    def enlarge(self) -> None:
        """Ask for a longer reply from now on."""
        if not self.is_enlarged:
            self.call, self.is_enlarged = self.call.longer(), True


def _as_failed(error: BaseException, reply: ModelReply | None) -> CallFailed:
    """The fault of an attempt; what its reply counted is known when there was one."""
    if not isinstance(error, Exception):
        return CallFailed(Fault.TIMEOUT, "interrupted while it waited")
    try:
        failed = classify(error)
    except Exception as odd:  # noqa: BLE001 - an answer may make a client fail in any way
        log.error("an answer could not be read: %s", type(odd).__name__)
        failed = CallFailed(Fault.BAD_REPLY, f"{type(odd).__name__} while the answer was read")
    if failed.usage is None and reply is not None:
        failed = CallFailed(failed.fault, failed.detail, usage=reply.usage)
    return failed


def _given_up(failed: CallFailed, request: _Request, tally: _Tally) -> ModelUnavailable | ModelRefused:
    tries = "once" if tally.attempts == 1 else f"{tally.attempts} times"
    later = f"; it asks to wait {failed.retry_after_s:.0f} s" if failed.retry_after_s else ""
    detail = f"{request.provider} ({request.model}), asked {tries}: {failed}{later}"
    if failed.verdict.retry and failed.fault not in (Fault.SCHEMA, Fault.CUT_OFF):
        return ModelUnavailable(detail, "try again later")
    return ModelRefused(detail, _remedy(failed.fault, request.provider))


def _remedy(fault: Fault, provider: str) -> str:
    """What makes the same request succeed."""
    name = provider.upper()
    again = f"then `chapter-pipeline providers close {provider}`"
    match fault:
        case Fault.UNAUTHORISED:
            return f"check the key of {provider} and the rights of its account, {again}"
        case Fault.QUOTA_EXHAUSTED:
            return f"put money on the account of {provider} or wait for its next period, {again}"
        case Fault.BAD_REQUEST:
            return f"check the models that CHAPTER_{name}_MODELS names"
        case Fault.SCHEMA:
            return f"name a model that keeps to a JSON schema in CHAPTER_{name}_MODELS"
        case Fault.REFUSED:
            return f"name another model in CHAPTER_{name}_MODELS, or another provider in CHAPTER_TEXT_MODEL"
        case Fault.CUT_OFF:
            return LONGER
        case Fault.REDIRECTED:
            return f"check CHAPTER_{name}_URL, {again}"
        case Fault.TOO_LARGE:
            return f"it may have been paid for; check CHAPTER_{name}_URL and CHAPTER_REPLY_MAX_BYTES"
        case _:
            return "see `chapter-pipeline providers status`"


def _replayed(request: _Request, begun: Replayed, reply_type: type[ValueT]) -> Answer[ValueT]:
    return Answer(
        value=read_reply(begun.text, reply_type), provider=request.provider, model=begun.model, attempts=0,
        replayed=True,
    )  # fmt: skip

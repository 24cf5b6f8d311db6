"""Owns the protocol of the ledger of paid calls; `storage.ledger` implements it in PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from chapter_pipeline.providers.call import ModelReply
from chapter_pipeline.providers.faults import CallFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """The chapter and section, or the document of the library, and the run of a call; None where there is none.

    `fallbacks`: the providers that failed before for the same request, each with the reason.
    """

    chapter: str | None = None
    section: str | None = None
    document: str | None = None
    run_id: str | None = None
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt that is about to be made: what it is for and the most it can cost."""

    request_key: str
    number: int
    provider: str
    model: str
    purpose: str
    context: CallContext
    most_usd: Decimal


@dataclass(frozen=True, slots=True)
class Reserved:
    """The attempt may be made; `id` is its row in the ledger."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The same request was answered before, with `text` by `model`: it is not sent, and not paid for, again."""

    text: str
    model: str


@dataclass(frozen=True, slots=True)
class InFlight:
    """Another living process is waiting for the answer to the same request."""


class Ledger(Protocol):
    """Every attempt is on record before it is made, and its outcome before anybody sees the reply."""

    def begin(self, attempt: Attempt) -> Reserved | Replayed | InFlight:
        """Reserve the most that the attempt can cost, or return the stored reply. Raises `BudgetExceeded`."""
        ...

    def longest_cut_off(self, request_key: str) -> int | None:
        """The most tokens of a reply to the request that was cut off at its limit; None without one."""
        ...

    def sending(self, id: int) -> bool:
        """The attempt is sent now: from here on it may be paid for. False: its reservation is gone, begin anew."""
        ...

    def withdraw(self, id: int) -> None:
        """The attempt was never sent."""
        ...

    def commit(self, id: int, reply: ModelReply, *, cost_usd: Decimal, latency_s: float) -> None:
        """The reply, which is given out only afterwards."""
        ...

    def fail(self, id: int, failed: CallFailed, *, cost_usd: Decimal, latency_s: float) -> None:
        """The attempt failed: with the cost of its reply, without cost, or ambiguous when the cost is unknown."""
        ...

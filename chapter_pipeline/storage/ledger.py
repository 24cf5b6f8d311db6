"""Owns the ledger of paid calls, and the budget caps, which are checked in the reserving transaction.

Usage is read by `storage.ledger_reader`.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, bindparam, case, delete, func, insert, select, update

from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.errors import BudgetExceeded, DatabaseUnavailable, InvariantViolated
from chapter_pipeline.providers.call import ModelReply
from chapter_pipeline.providers.faults import CallFailed, Fault
from chapter_pipeline.providers.ledger import Attempt, InFlight, Replayed, Reserved
from chapter_pipeline.shown import shown_text
from chapter_pipeline.storage.artifacts import advisory_lock
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.kept_outcomes import KeptOutcome, KeptOutcomes
from chapter_pipeline.storage.process_lease import ProcessLease
from chapter_pipeline.storage.schema import ModelCallRow as Row

log = logging.getLogger(__name__)
_OPEN = ("reserved", "sent")
_WAITED_FOR = ("sent", "ambiguous")
"""States of an attempt whose process may still have its outcome: another one calls it ambiguous when the connection
that marks the process alive was lost for a moment."""
_BUDGET = "model budget"
MOST_USD = Decimal("999999.99999999")
MOST_TOKENS = 2**31 - 1
"""The most that the columns hold. A provider that counts more is wrong, and its reply is kept all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most US dollars that a call, a chapter, a document and a day (UTC) may cost; None: no cap of its own."""

    call_usd: Decimal
    chapter_usd: Decimal
    day_usd: Decimal
    document_usd: Decimal | None = None


class CallLedger:
    """Implements `providers.ledger.Ledger`. For several threads and processes at once.

    `kept`: where an outcome stays while the database is away.
    """

    def __init__(self, database: Database, lease: ProcessLease, caps: Caps, kept: KeptOutcomes) -> None:
        self._database = database
        self._lease = lease
        self._caps = caps
        self._kept = kept
        self._turn = threading.Lock()
        self._keys: dict[int, str] = {}

    def begin(self, attempt: Attempt) -> Reserved | Replayed | InFlight:
        """Reserve the most that the attempt can cost; or return the stored reply, or that another process waits.

        Raises `BudgetExceeded` when a cap could be passed.
        """
        owner = self._lease.owner
        self._take_up()
        # Threads wait for their turn here, not each with a connection at the database.
        with self._turn, self._database.connection() as connection:
            # One at a time: what one reserves the next one sees. The transaction is a few statements long. Nothing is
            # sent before `sending` is on the disk, and with it all that was committed before.
            advisory_lock(connection, _BUDGET, durable=False)
            self._settle_dead(connection, owner)
            known = connection.execute(_KNOWN, {"key": attempt.request_key}).all()
            for row in known:
                if row.state == "committed":
                    if attempt.context.chapter is not None:
                        connection.execute(_REPLAY, {**_of(attempt), "owner": owner, "reply_model": row.reply_model})
                    return Replayed(text=row.reply, model=row.reply_model)
            if known:
                return InFlight()
            self._check_caps(connection, attempt)
            values = {**_of(attempt), "state": "reserved", "owner": owner, "reserved_usd": attempt.most_usd}
            id = connection.execute(_RESERVE, values).scalar_one()
        self._keys[id] = attempt.request_key
        return Reserved(id)

    def longest_cut_off(self, request_key: str) -> int | None:
        """The most tokens of a reply to the request that was cut off at its limit; None without one, or with a whole one."""
        with self._database.connection() as connection:
            found: int | None = connection.scalar(_CUT_OFF, {"key": request_key})
        return found

    def sending(self, id: int) -> bool:
        """Record that the attempt is being sent: from now on it may cost money.

        False when another process deleted the reservation, because this one seemed to be gone.
        """
        with self._database.connection() as connection:
            if connection.execute(_SENDING, {"of": id, "before": ["reserved"], "state": "sent"}).one_or_none():
                return True
            left = connection.scalar(select(Row.state).where(Row.id == id))
        if left is not None:
            raise _out_of_order(id, "reserved")
        self._keys.pop(id, None)
        return False

    def withdraw(self, id: int) -> None:
        """Delete the reservation of an attempt that was not sent."""
        self._keys.pop(id, None)
        with self._database.connection() as connection:
            connection.execute(delete(Row).where(Row.id == id, Row.state == "reserved"))

    def commit(self, id: int, reply: ModelReply, *, cost_usd: Decimal, latency_s: float) -> None:
        """Store the reply and its cost, its tokens as far as they were told; on the disk of this machine while the database is away."""
        self._end(
            id, state="committed", reply=reply.text, reply_model=shown_text(reply.model), cost_usd=_stored(cost_usd),
            latency_s=latency_s,
            **_tokens(reply.usage or Usage()),
        )  # fmt: skip

    def fail(self, id: int, failed: CallFailed, *, cost_usd: Decimal, latency_s: float) -> None:
        """Store the fault; ambiguous when the provider may have charged for it and reported no usage."""
        unknown = failed.usage is None and failed.verdict.sent
        self._end(
            id, state="ambiguous" if unknown else "failed", fault=failed.fault.value, detail=failed.detail,
            cost_usd=_stored(cost_usd), latency_s=latency_s,
            **_tokens(failed.usage or Usage()),
        )  # fmt: skip

    def _end(self, id: int, **values: Any) -> None:
        """Store the outcome of a sent attempt, here or in a file. Only a bug, or a full disk, loses it."""
        key = self._keys.pop(id, None)
        try:
            with self._database.connection() as connection:
                changed = _ended(connection, id, values)
        except InvariantViolated:
            raise
        except BaseException as error:  # an interruption too: the reply is paid for
            if key is not None:
                self._kept.keep(KeptOutcome(id=id, request_key=key, **values))
            if key is None or not isinstance(error, DatabaseUnavailable):
                raise
            log.warning("call %d is kept on the disk until the database is back: %s", id, error)
            return
        if not changed:
            raise _out_of_order(id, "sent")

    def _take_up(self) -> None:
        """Store the outcomes that were kept while the database was away, those of ended processes too."""
        waiting = list(self._kept.all())
        if not waiting:
            return
        with self._turn, self._database.connection() as connection:
            advisory_lock(connection, _BUDGET, durable=True)
            done = [path for path, outcome in waiting if _take_up(connection, outcome)]
        for path in done:
            self._kept.drop(path)

    def _settle_dead(self, connection: Connection, owner: int) -> None:
        """Settle the rows of ended processes: unsent reservations are deleted, sent attempts become ambiguous."""
        others = set(connection.scalars(_OTHERS, {"owner": owner}))
        dead = others - self._lease.live_owners(connection) if others else set()
        if not dead:
            return
        connection.execute(delete(Row).where(Row.owner.in_(dead), Row.state == "reserved"))
        connection.execute(
            update(Row)
            .where(Row.owner.in_(dead), Row.state == "sent")
            .values(state="ambiguous", detail="the process that waited is gone", ended_at=func.clock_timestamp())
        )

    def _check_caps(self, connection: Connection, attempt: Attempt) -> None:
        """Raises `BudgetExceeded` when the attempt could pass a cap."""
        chapter, caps = attempt.context.chapter, self._caps
        if attempt.most_usd > MOST_USD:
            raise BudgetExceeded(
                f"not sent: a call to {attempt.model!r} can cost {attempt.most_usd:.0f} USD, more than the ledger counts: "
                "name another model, or lower CHAPTER_MODEL_OUTPUT_FACTOR"
            )
        document = attempt.context.document
        asked = {"key": attempt.request_key, "chapter": chapter, "document": document}
        spent = connection.execute(_SPENT, asked).one()
        checks = [("this call", caps.call_usd, spent[0], "CALL"), ("this day", caps.day_usd, spent[2], "DAY")]
        if chapter is not None:
            checks.insert(1, (f"the chapter {chapter!r}", caps.chapter_usd, spent[1], "CHAPTER"))
        if document is not None and caps.document_usd is not None:
            checks.insert(1, (f"the document {document!r}", caps.document_usd, spent[3], "DOCUMENT"))
        for what, cap, so_far, name in checks:
            if so_far + attempt.most_usd > cap:
                raise BudgetExceeded(
                    f"not sent: {what} may cost {cap} USD, {so_far:.4f} are spent or promised, and a call to "
                    f"{attempt.model!r} can cost {attempt.most_usd:.4f}: raise CHAPTER_BUDGET_{name}_USD, or wait"
                )


def _sum_of(which: ColumnElement[bool]) -> ColumnElement[Decimal]:
    return func.coalesce(func.sum(_counted()).filter(which), 0)


def _counted() -> ColumnElement[Decimal]:
    """What a row counts against the caps: its cost, or the most it may cost while that is not known."""
    return case((Row.state.in_((*_OPEN, "ambiguous")), Row.reserved_usd), else_=Row.cost_usd)


def _ended(connection: Connection, id: int, values: dict[str, Any]) -> bool:
    """Whether the attempt was waited for, and now has ended with `values`."""
    change = _changing(frozenset(values))
    return connection.execute(change, {"of": id, "before": _WAITED_FOR, **values}).one_or_none() is not None


def _take_up(connection: Connection, outcome: KeptOutcome) -> bool:
    """Put a kept outcome on record. False: this database does not know the call."""
    key = connection.scalar(select(Row.request_key).where(Row.id == outcome.id))
    if key != outcome.request_key:
        return False
    values = {
        name: value for name, value in outcome.model_dump(exclude={"id", "request_key"}).items() if value is not None
    }
    if _ended(connection, outcome.id, values):
        log.warning("the outcome of call %d, kept while the database was away, is on record", outcome.id)
    return True  # else its commit arrived all the same


def _out_of_order(id: int, before: str) -> InvariantViolated:
    return InvariantViolated(f"call {id} of the ledger is not {before!r} any more: one process, one call")


def _of(attempt: Attempt) -> dict[str, Any]:
    context = attempt.context
    return {
        "request_key": attempt.request_key, "attempt": attempt.number, "provider": attempt.provider,
        "model": attempt.model, "purpose": attempt.purpose, "chapter": context.chapter, "section": context.section,
        "run_id": context.run_id, "document": context.document, "fallbacks": list(context.fallbacks),
    }  # fmt: skip


def midnight() -> ColumnElement[datetime]:
    return func.date_trunc("day", func.clock_timestamp(), "UTC")


def _tokens(usage: Usage) -> dict[str, int]:
    counted = {
        "input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens, "cached_tokens": usage.cached_tokens,
    }  # fmt: skip
    return {name: min(count, MOST_TOKENS) for name, count in counted.items()}


def _stored(cost_usd: Decimal) -> Decimal:
    return min(cost_usd, MOST_USD)


@cache
def _changing(columns: frozenset[str]) -> Update:
    """A change of `columns` of the call `of` that is still in one of the states `before`; with a reply or a fault it has ended."""
    values: dict[str, Any] = {name: bindparam(name, type_=Row.__table__.c[name].type) for name in columns}
    if columns != {"state"}:
        values["ended_at"] = func.clock_timestamp()
    return (
        update(Row)
        .where(Row.id == bindparam("of"), Row.state.in_(bindparam("before", expanding=True)))
        .values(values)
        .returning(Row.id)
    )


# Built once: to build a statement takes longer than to run it.
_KNOWN = (
    select(Row.__table__).where(Row.request_key == bindparam("key"), Row.state.in_(("committed", *_OPEN)))
    .order_by(Row.id)
)  # fmt: skip
_CUT_OFF = (
    select(func.max(Row.output_tokens).filter(Row.fault == Fault.CUT_OFF.value))
    .where(Row.request_key == bindparam("key"))
    .having(~func.bool_or(Row.state == "committed"))
)
_SENDING = _changing(frozenset({"state"}))
_RESERVE = insert(Row).returning(Row.id)
_REPLAY = insert(Row).values(state="replayed", reserved_usd=Decimal(0), ended_at=func.clock_timestamp())
"""The row of a replayed reply: it names the provider and the run, and costs nothing."""
_OTHERS = select(Row.owner).where(Row.state.in_(_OPEN), Row.owner != bindparam("owner")).distinct()
_TODAY = Row.created_at >= midnight()
_OF_CHAPTER = Row.chapter == bindparam("chapter")
_OF_DOCUMENT = Row.document == bindparam("document")
_SPENT = select(
    _sum_of(_TODAY & (Row.request_key == bindparam("key"))),
    _sum_of(_OF_CHAPTER),
    _sum_of(_TODAY),
    _sum_of(_OF_DOCUMENT),
).where(_TODAY | _OF_CHAPTER | _OF_DOCUMENT)

"""The ledger of paid calls: what counts against which cap, to the last digit, and what becomes of every call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, func, select, text, update

from chapter_pipeline.domain.usage import TaskUsage, Usage, over_runs
from chapter_pipeline.errors import BudgetExceeded, InvariantViolated
from chapter_pipeline.providers.call import ModelReply
from chapter_pipeline.providers.faults import CallFailed, Fault
from chapter_pipeline.providers.ledger import Attempt, CallContext, InFlight, Replayed, Reserved
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.home import KEPT_FOLDER
from chapter_pipeline.storage.kept_outcomes import KeptOutcomes
from chapter_pipeline.storage.ledger import MOST_TOKENS, MOST_USD, CallLedger, Caps
from chapter_pipeline.storage.ledger_reader import LedgerReader
from chapter_pipeline.storage.process_lease import LEASE, ProcessLease
from chapter_pipeline.storage.schema import ModelCallRow
from tests.events import eventually

PLENTY = Decimal(1000)
CAP = Decimal("1.00")
LEAST = Decimal("0.00000001")
"""The least amount that the ledger tells apart."""
MOST = Decimal("0.40")
"""The most that each earlier call can cost; committed it cost 0.30, failed with a count 0.20."""
USAGE = Usage(input_tokens=100, output_tokens=20, cached_tokens=7)
GLIOMA = CallContext(chapter="glioma", section="surgery")


class End(StrEnum):
    """What became of a call."""

    RESERVED = "reserved"
    SENT = "sent"
    COMMITTED = "committed"
    AMBIGUOUS = "ambiguous"
    FAILED_COUNTED = "failed, counted"
    FAILED_UNSENT = "failed, not counted"
    WITHDRAWN = "withdrawn"


COUNTS = {
    End.RESERVED: MOST,
    End.SENT: MOST,
    End.COMMITTED: Decimal("0.30"),
    End.AMBIGUOUS: MOST,
    End.FAILED_COUNTED: Decimal("0.20"),
    End.FAILED_UNSENT: Decimal(0),
    End.WITHDRAWN: Decimal(0),
}
"""What a call counts against the caps."""


def attempt(key: str, *, most: Decimal = MOST, context: CallContext = GLIOMA, purpose: str = "section") -> Attempt:
    return Attempt(
        request_key=key, number=1, provider="claude", model="opus", purpose=purpose, context=context, most_usd=most
    )


def caps(call: Decimal = PLENTY, chapter: Decimal = PLENTY, day: Decimal = PLENTY) -> Caps:
    return Caps(call_usd=call, chapter_usd=chapter, day_usd=day)


def kept_of(database: Database) -> KeptOutcomes:
    return KeptOutcomes(database.settings.home / KEPT_FOLDER)


@contextmanager
def ledger_of(database: Database, limits: Caps) -> Iterator[CallLedger]:
    """The ledger of a living process."""
    lease = ProcessLease(database)
    yield CallLedger(database, lease, limits, kept_of(database))
    lease.close()


@pytest.fixture
def database(module_database: Database) -> Database:
    """One for all tests here, without a call in it."""
    with module_database.session() as session:
        session.execute(delete(ModelCallRow))
    return module_database


@pytest.fixture
def ledger(database: Database) -> Iterator[CallLedger]:
    with ledger_of(database, caps()) as made:
        yield made


def reserved(ledger: CallLedger, one: Attempt) -> int:
    begun = ledger.begin(one)
    assert isinstance(begun, Reserved)
    return begun.id


def ended(ledger: CallLedger, one: Attempt, end: End) -> int:
    """Make the call `one` with this end."""
    id = reserved(ledger, one)
    if end is End.WITHDRAWN:
        ledger.withdraw(id)
    elif end is not End.RESERVED:
        ledger.sending(id)
    match end:
        case End.COMMITTED:
            reply = ModelReply(text="{}", model="opus-1", usage=USAGE)
            ledger.commit(id, reply, cost_usd=COUNTS[end], latency_s=1.5)
        case End.AMBIGUOUS:
            ledger.fail(id, CallFailed(Fault.TIMEOUT, "late"), cost_usd=Decimal(0), latency_s=2.0)
        case End.FAILED_COUNTED:
            ledger.fail(id, CallFailed(Fault.SCHEMA, "odd", usage=USAGE), cost_usd=COUNTS[end], latency_s=3.0)
        case End.FAILED_UNSENT:
            ledger.fail(id, CallFailed(Fault.OVERLOADED, "busy"), cost_usd=COUNTS[end], latency_s=0.25)
    return id


def row(database: Database, id: int) -> ModelCallRow:
    with database.session() as session:
        return session.scalars(select(ModelCallRow).where(ModelCallRow.id == id)).one()


def all_made(database: Database, when: object) -> None:
    with database.session() as session:
        session.execute(update(ModelCallRow).values(created_at=when))


@pytest.mark.parametrize("end", End)
@pytest.mark.parametrize(
    ("limits", "name"),
    [(caps(chapter=CAP), "CHAPTER"), (caps(day=CAP), "DAY")],
    ids=["the chapter's cap", "the day's cap"],
)
def test_cap__an_earlier_call__counts_by_what_became_of_it(
    database: Database, limits: Caps, name: str, end: End
) -> None:
    with ledger_of(database, limits) as ledger:
        ended(ledger, attempt("first"), end)
        left = CAP - COUNTS[end]
        with pytest.raises(BudgetExceeded, match=f"raise CHAPTER_BUDGET_{name}_USD, or wait"):
            ledger.begin(attempt("second", most=left + LEAST))
        ledger.withdraw(reserved(ledger, attempt("second", most=left)))
        with pytest.raises(BudgetExceeded):
            ledger.begin(attempt("third", most=left + LEAST))


@pytest.mark.parametrize("end", [End.AMBIGUOUS, End.FAILED_COUNTED, End.FAILED_UNSENT])
def test_cap__of_a_call__counts_earlier_attempts_at_the_same_request(database: Database, end: End) -> None:
    with ledger_of(database, caps(call=CAP)) as ledger:
        ended(ledger, attempt("first"), end)
        left = CAP - COUNTS[end]
        with pytest.raises(BudgetExceeded, match=r"not sent: this call may cost .* raise CHAPTER_BUDGET_CALL_USD"):
            ledger.begin(attempt("first", most=left + LEAST))
        reserved(ledger, attempt("first", most=left))
        for other in ("a request before", "the request after"):
            reserved(ledger, attempt(other, most=CAP))


@pytest.mark.parametrize(
    "limits", [caps(call=CAP), caps(chapter=CAP), caps(day=CAP)], ids=["of a call", "of a chapter", "of a day"]
)
def test_cap__the_first_call__may_cost_all_of_it_and_no_more(database: Database, limits: Caps) -> None:
    with ledger_of(database, limits) as ledger:
        with pytest.raises(BudgetExceeded):
            ledger.begin(attempt("first", most=CAP + LEAST))
        reserved(ledger, attempt("first", most=CAP))


def test_cap__calls_of_every_end__add_up(database: Database) -> None:
    total = sum(COUNTS.values())
    with ledger_of(database, caps(chapter=total + MOST, day=total + MOST)) as ledger:
        for end in End:
            ended(ledger, attempt(end), end)
        with pytest.raises(BudgetExceeded):
            ledger.begin(attempt("last", most=MOST + LEAST))
        reserved(ledger, attempt("last", most=MOST))


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """An earlier call for somebody else or of another day, and the caps that it counts against."""

    what: str
    context: CallContext = GLIOMA
    days_ago: int = 0
    counted_by: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.what)
        for case in (
            Elsewhere(what="another section of the chapter", context=CallContext(chapter="glioma", section="outcomes"),
                      counted_by=("chapter", "day", "call")),
            Elsewhere(what="another chapter", context=CallContext(chapter="stroke"), counted_by=("day", "call")),
            Elsewhere(
                what="another chapter that comes before it", context=CallContext(chapter="aneurysm"),
                counted_by=("day", "call"),
            ),
            Elsewhere(what="no chapter", context=CallContext(), counted_by=("day", "call")),
            Elsewhere(what="the same chapter on another day", days_ago=1, counted_by=("chapter",)),
            Elsewhere(what="another chapter on another day", context=CallContext(chapter="stroke"), days_ago=1),
        )
    ],
)  # fmt: skip
@pytest.mark.parametrize("cap", ["call", "chapter", "day"])
def test_cap__a_call_for_somebody_else__counts_where_it_belongs(database: Database, case: Elsewhere, cap: str) -> None:
    with ledger_of(database, caps(**{cap: CAP})) as ledger:
        ended(ledger, attempt("same", context=case.context), End.AMBIGUOUS)
        all_made(database, func.clock_timestamp() - func.make_interval(0, 0, 0, case.days_ago))
        if cap in case.counted_by:
            with pytest.raises(BudgetExceeded, match=r"0\.4000 are spent or promised"):
                ledger.begin(attempt("same", most=CAP))
        else:
            reserved(ledger, attempt("same", most=CAP))


@pytest.mark.parametrize(("microseconds_before", "counts"), [(0, True), (1, False)])
def test_day__begins_at_midnight_utc(database: Database, microseconds_before: int, counts: bool) -> None:
    with ledger_of(database, caps(day=CAP)) as ledger:
        ended(ledger, attempt("first"), End.COMMITTED)
        midnight = func.date_trunc("day", func.clock_timestamp(), "UTC")
        all_made(database, midnight - func.make_interval(0, 0, 0, 0, 0, 0, microseconds_before / 1e6))
        assert LedgerReader(database).today().calls == int(counts)
        if counts:
            with pytest.raises(BudgetExceeded):
                ledger.begin(attempt("second", most=CAP))
        else:
            reserved(ledger, attempt("second", most=CAP))


def test_cap__of_a_document__counts_its_calls_of_all_days_and_no_others(database: Database) -> None:
    limits = Caps(call_usd=PLENTY, chapter_usd=PLENTY, day_usd=PLENTY, document_usd=CAP)
    mine, other = CallContext(document="d1"), CallContext(document="d2")
    with ledger_of(database, limits) as ledger:
        ended(ledger, attempt("first", context=mine), End.AMBIGUOUS)
        all_made(database, func.clock_timestamp() - func.make_interval(0, 0, 0, 3))
        with pytest.raises(BudgetExceeded, match=r"the document 'd1' may cost .* raise CHAPTER_BUDGET_DOCUMENT_USD"):
            ledger.begin(attempt("second", most=CAP - MOST + LEAST, context=mine))
        reserved(ledger, attempt("second", most=CAP - MOST, context=mine))
        for key, context in {"third": other, "fourth": GLIOMA, "fifth": CallContext()}.items():
            reserved(ledger, attempt(key, most=CAP, context=context))


def test_usage__of_a_document__is_that_of_its_calls_and_its_answers_are_known_by_their_requests(
    database: Database,
) -> None:
    with ledger_of(database, caps()) as ledger:
        ended(ledger, attempt("mine", context=CallContext(document="d1"), purpose="study_record"), End.COMMITTED)
        ended(ledger, attempt("failed", context=CallContext(document="d1"), purpose="study_record"), End.FAILED_COUNTED)
        ended(ledger, attempt("other", context=CallContext(document="d2"), purpose="study_record"), End.COMMITTED)
    reader = LedgerReader(database)
    (line,) = reader.usage(document="d1")
    assert (line.stage, line.usage.calls, line.usage.cost_usd) == ("study_records", 2, Decimal("0.50"))
    assert reader.answered(["mine", "failed", "unknown"]) == {"mine"}
    assert reader.answered([]) == frozenset()


def test_cap__of_a_chapter__does_not_bind_a_call_for_no_chapter(database: Database) -> None:
    with ledger_of(database, caps(chapter=CAP)) as ledger:
        ended(ledger, attempt("first", context=CallContext()), End.AMBIGUOUS)
        reserved(ledger, attempt("second", most=CAP + CAP, context=CallContext()))


def test_cap__passed__says_which_how_much_is_spent_and_what_to_do(database: Database) -> None:
    with ledger_of(database, caps(chapter=CAP)) as ledger:
        ended(ledger, attempt("first"), End.COMMITTED)
        with pytest.raises(BudgetExceeded) as refused:
            ledger.begin(attempt("second", most=Decimal("0.71")))
    assert str(refused.value) == (
        "not sent: the chapter 'glioma' may cost 1.00 USD, 0.3000 are spent or promised, and a call to 'opus' can cost "
        "0.7100: raise CHAPTER_BUDGET_CHAPTER_USD, or wait"
    )


@pytest.mark.parametrize(
    ("limits", "name"),
    [(caps(CAP, CAP, CAP), "CALL"), (caps(chapter=CAP, day=CAP), "CHAPTER"), (caps(day=CAP), "DAY")],
    ids=["of the call before all", "of the chapter before the day", "of the day"],
)
def test_cap__several_passed__the_narrowest_is_told(database: Database, limits: Caps, name: str) -> None:
    with ledger_of(database, limits) as ledger, pytest.raises(BudgetExceeded, match=f"raise CHAPTER_BUDGET_{name}_USD"):
        ledger.begin(attempt("first", most=CAP + LEAST))


@pytest.mark.parametrize(
    ("end", "again"),
    [
        (End.RESERVED, InFlight),
        (End.SENT, InFlight),
        (End.COMMITTED, Replayed),
        (End.AMBIGUOUS, Reserved),
        (End.FAILED_COUNTED, Reserved),
        (End.FAILED_UNSENT, Reserved),
        (End.WITHDRAWN, Reserved),
    ],
)
def test_begin__the_same_request_again__is_sent_only_when_nobody_has_or_awaits_a_reply(
    ledger: CallLedger, end: End, again: type
) -> None:
    ended(ledger, attempt("first"), end)
    assert type(ledger.begin(attempt("first"))) is again
    for other in ("a request before", "the request after"):
        assert type(ledger.begin(attempt(other))) is Reserved


def test_begin__committed__gives_the_reply_even_when_the_budget_is_spent(database: Database) -> None:
    with ledger_of(database, caps(day=MOST)) as ledger:
        ended(ledger, attempt("first"), End.COMMITTED)
        assert ledger.begin(attempt("first")) == Replayed(text="{}", model="opus-1")


def test_begin__answered_after_another_attempt__the_reply_wins_over_the_one_in_flight(
    database: Database, ledger: CallLedger
) -> None:
    pending, answered = (ended(ledger, attempt(key), end) for key, end in (("a", End.SENT), ("b", End.COMMITTED)))
    assert pending < answered
    with database.session() as session:
        session.execute(update(ModelCallRow).values(request_key="same"))
    assert isinstance(ledger.begin(attempt("same")), Replayed)


def test_begin__reserved__keeps_whom_and_what_it_is_for(database: Database, ledger: CallLedger) -> None:
    kept = row(database, reserved(ledger, attempt("first")))
    assert (kept.request_key, kept.attempt, kept.provider, kept.model, kept.purpose, kept.chapter, kept.section) == (
        "first", 1, "claude", "opus", "section", "glioma", "surgery",
    )  # fmt: skip
    assert (kept.state, kept.reserved_usd, kept.cost_usd, kept.ended_at) == (
        "reserved", MOST, Decimal(0), None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the ledger holds of a call with some end."""

    end: End
    state: str
    tokens: tuple[int, int, int] = (0, 0, 0)
    reply: tuple[str, str] | None = None
    fault: tuple[str, str] | None = None
    latency_s: float | None = None
    over: bool = True


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.end)
        for case in (
            Stored(end=End.SENT, state="sent", over=False),
            Stored(end=End.COMMITTED, state="committed", tokens=(100, 20, 7), reply=("{}", "opus-1"), latency_s=1.5),
            Stored(end=End.AMBIGUOUS, state="ambiguous", fault=("timeout", "late"), latency_s=2.0),
            Stored(
                end=End.FAILED_COUNTED, state="failed", tokens=(100, 20, 7), fault=("reply not as asked", "odd"),
                latency_s=3.0,
            ),
            Stored(end=End.FAILED_UNSENT, state="failed", fault=("overloaded", "busy"), latency_s=0.25),
        )
    ],
)  # fmt: skip
def test_call__every_end__is_on_record(database: Database, ledger: CallLedger, case: Stored) -> None:
    kept = row(database, ended(ledger, attempt("first"), case.end))
    assert kept.state == case.state
    assert (kept.input_tokens, kept.output_tokens, kept.cached_tokens) == case.tokens
    assert (kept.reply, kept.reply_model) == (case.reply or (None, None))
    assert (kept.fault, kept.detail) == (case.fault or (None, None))
    assert kept.latency_s == case.latency_s
    assert kept.cost_usd == (0 if case.end in (End.SENT, End.AMBIGUOUS) else COUNTS[case.end])
    assert (kept.ended_at is not None) == case.over


def test_call__out_of_order__is_an_error_of_ours_and_changes_nothing(database: Database, ledger: CallLedger) -> None:
    id = reserved(ledger, attempt("first"))
    with pytest.raises(InvariantViolated, match=f"call {id} of the ledger is not 'sent' any more"):
        ledger.commit(id, ModelReply(text="{}", model="m", usage=USAGE), cost_usd=Decimal(1), latency_s=1)
    ledger.sending(id)
    with pytest.raises(InvariantViolated, match="is not 'reserved' any more"):
        ledger.sending(id)
    ledger.withdraw(id)
    assert row(database, id).state == "sent"


@pytest.mark.parametrize("end", [one for one in End if one not in (End.RESERVED, End.WITHDRAWN)])
def test_withdraw__what_was_sent__stays(database: Database, ledger: CallLedger, end: End) -> None:
    id = ended(ledger, attempt("first"), end)
    before = row(database, id).state
    ledger.withdraw(id)
    assert row(database, id).state == before


def test_call__one_of_several__changes_alone(database: Database, ledger: CallLedger) -> None:
    first, middle, last = (reserved(ledger, attempt(key)) for key in "abc")

    def states() -> list[str]:
        with database.session() as session:
            return list(session.scalars(select(ModelCallRow.state).order_by(ModelCallRow.id)))

    ledger.sending(middle)
    assert states() == ["reserved", "sent", "reserved"]
    ledger.sending(first)
    ledger.sending(last)
    ledger.commit(middle, ModelReply(text="{}", model="m", usage=USAGE), cost_usd=Decimal(0), latency_s=1)
    assert states() == ["sent", "committed", "sent"]
    first, middle, last = (reserved(ledger, attempt(key)) for key in "def")
    ledger.withdraw(middle)
    assert states() == ["sent", "committed", "sent", "reserved", "reserved"]


@pytest.mark.parametrize("offset", [-1, 1], ids=["with a lower number", "with a higher number"])
def test_calls__of_a_dead_process__are_found_whatever_its_number(database: Database, offset: int) -> None:
    lease = ProcessLease(database)
    ledger = CallLedger(database, lease, caps(), kept_of(database))
    id = ended(ledger, attempt("first"), End.SENT)
    with database.session() as session:
        session.execute(update(ModelCallRow).values(owner=lease.owner + offset))
    reserved(ledger, attempt("first"))
    assert row(database, id).state == "ambiguous"
    lease.close()


def test_calls__of_a_dead_process__go_when_unsent_and_are_ambiguous_when_sent(database: Database) -> None:
    ends = (End.RESERVED, End.SENT, End.COMMITTED)
    with ledger_of(database, caps()) as living, ledger_of(database, caps()) as own:
        lease = ProcessLease(database)
        dying = CallLedger(database, lease, caps(), kept_of(database))
        dead = {end: ended(dying, attempt(f"dead {end}"), end) for end in ends}
        others = {end: ended(living, attempt(f"living {end}"), end) for end in ends}
        ours = {end: ended(own, attempt(f"own {end}"), end) for end in ends}
        assert isinstance(own.begin(attempt("dead reserved")), InFlight)
        number = lease.owner
        lease.close()
        # The server sees a connection end when it comes to it.
        with database.connection() as connection:
            assert eventually(lambda: number not in lease.live_owners(connection))
        reserved(own, attempt("dead reserved"))
        reserved(own, attempt("dead sent"))
        found = row(database, dead[End.SENT])
        assert (found.state, found.detail) == ("ambiguous", "the process that waited is gone")
        assert found.ended_at is not None
        with database.session() as session:
            states = {one.id: one.state for one in session.scalars(select(ModelCallRow))}
        assert dead[End.RESERVED] not in states
        assert states[dead[End.COMMITTED]] == "committed"
        for alive in (others, ours):
            assert {end: states[id] for end, id in alive.items()} == {end: end.value for end in ends}


def _of_chapter(database: Database, chapter: str) -> list[TaskUsage]:
    """What the chapter has used, without the numbers of the answers."""
    return [replace(line, answer=0) for line in over_runs(LedgerReader(database).usage(chapter=chapter))]


def test_sums__of_a_chapter_and_of_today(database: Database, ledger: CallLedger) -> None:
    plan = CallContext(chapter="glioma")
    ended(ledger, attempt("p1", context=plan, purpose="outline"), End.COMMITTED)
    for number, end in enumerate((End.COMMITTED, End.AMBIGUOUS, End.FAILED_COUNTED, End.SENT)):
        ended(ledger, attempt(f"s{number}"), end)
    for chapter in ("aneurysm", "stroke"):
        ended(ledger, attempt(chapter, context=CallContext(chapter=chapter)), End.COMMITTED)
    outline = Usage(
        calls=1, failed=0, ambiguous=0, input_tokens=100, output_tokens=20, cached_tokens=7, cost_usd=Decimal("0.30"),
        ambiguous_usd=Decimal(0), latency_s=1.5,
    )  # fmt: skip
    section = Usage(
        calls=4, failed=1, ambiguous=1, input_tokens=200, output_tokens=40, cached_tokens=14, cost_usd=Decimal("0.50"),
        ambiguous_usd=MOST, latency_s=6.5,
    )  # fmt: skip
    assert _of_chapter(database, "glioma") == [
        TaskUsage(run_id=None, task="outline", section=None, provider="claude", model="opus", usage=outline),
        TaskUsage(run_id=None, task="section", section="surgery", provider="claude", model="opus", usage=section),
    ]
    assert _of_chapter(database, "none") == []
    today = LedgerReader(database).today()
    assert (today.calls, today.cost_usd, today.ambiguous_usd) == (7, Decimal("1.40"), MOST)
    all_made(database, func.clock_timestamp() - func.make_interval(0, 0, 0, 1))
    assert LedgerReader(database).today() == Usage(
        calls=0, failed=0, ambiguous=0, input_tokens=0, output_tokens=0, cost_usd=Decimal(0), ambiguous_usd=Decimal(0),
        latency_s=0.0,
    )  # fmt: skip
    assert len(_of_chapter(database, "glioma")) == 2


REPLY = ModelReply(text='{"kept": true}', model="opus-1", usage=USAGE)


def test_commit__counts_and_names_beyond_what_a_column_holds__the_reply_is_kept(
    database: Database, ledger: CallLedger
) -> None:
    id = ended(ledger, attempt("first"), End.SENT)
    usage = Usage(input_tokens=10**12, output_tokens=10**12, cached_tokens=10**12)
    reply = ModelReply(text="{}", model="opus\x00-1", usage=usage)
    ledger.commit(id, reply, cost_usd=Decimal("1e9"), latency_s=1.0)
    kept = row(database, id)
    assert (kept.state, kept.reply_model, kept.cost_usd) == ("committed", "opus\\x00-1", MOST_USD)
    assert (kept.input_tokens, kept.output_tokens, kept.cached_tokens) == (MOST_TOKENS,) * 3


def test_begin__more_than_the_ledger_counts__is_refused_whatever_the_caps(database: Database) -> None:
    endless = Decimal("1e12")
    with ledger_of(database, caps(endless, endless, endless)) as ledger:
        with pytest.raises(BudgetExceeded, match="more than the ledger counts"):
            ledger.begin(attempt("first", most=Decimal(1_000_000)))
        reserved(ledger, attempt("first", most=MOST_USD))


def cut_connection_of(lease: ProcessLease, database: Database) -> None:
    """The server ends the connection that says that the process lives, as after a failed switch or a restart."""
    owner = lease.owner
    with database.connection() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = :lease"
                " AND objid::bigint = :owner AND objsubid = 2"
            ),
            {"lease": LEASE, "owner": owner},
        )
        assert eventually(lambda: owner not in lease.live_owners(connection))


def test_lease__connection_lost__has_the_same_number_again(database: Database) -> None:
    lease = ProcessLease(database)
    before, connections = lease.owner, lease.generation
    cut_connection_of(lease, database)
    lease.execute("SELECT 1")
    assert lease.owner == before
    assert lease.generation != connections
    with database.connection() as connection:
        assert before in lease.live_owners(connection)
    lease.close()


def test_commit__another_process_took_this_one_for_dead__keeps_the_reply(database: Database) -> None:
    lease = ProcessLease(database)
    waiting = CallLedger(database, lease, caps(), kept_of(database))
    with ledger_of(database, caps()) as other:
        id = ended(waiting, attempt("first"), End.SENT)
        cut_connection_of(lease, database)
        reserved(other, attempt("second"))
        assert row(database, id).state == "ambiguous"
        waiting.commit(id, REPLY, cost_usd=Decimal("0.30"), latency_s=1.5)
        kept = row(database, id)
        assert (kept.state, kept.reply, kept.cost_usd) == ("committed", REPLY.text, Decimal("0.30"))
        assert other.begin(attempt("first")) == Replayed(text=REPLY.text, model="opus-1")
    lease.close()


def test_sending__reservation_deleted_by_another_process__is_begun_anew(database: Database) -> None:
    lease = ProcessLease(database)
    waiting = CallLedger(database, lease, caps(), kept_of(database))
    with ledger_of(database, caps()) as other:
        id = reserved(waiting, attempt("first"))
        cut_connection_of(lease, database)
        reserved(other, attempt("second"))
        assert not waiting.sending(id)
        assert waiting.sending(reserved(waiting, attempt("first")))
    lease.close()


@pytest.fixture
def away() -> Iterator[Database]:
    """A database that nobody can connect to."""
    url = SecretStr("postgresql://nobody@127.0.0.1:1/none")
    database = Database.open(Settings(home=Path("unused"), database_url=url))
    yield database
    database.close()


def test_commit__database_away__the_reply_waits_on_the_disk_and_is_taken_up_by_the_next_process(
    database: Database, away: Database
) -> None:
    with ledger_of(database, caps()) as waiting:
        id = ended(waiting, attempt("first"), End.SENT)
        waiting._database = away
        waiting.commit(id, REPLY, cost_usd=Decimal("0.30"), latency_s=1.5)
    assert row(database, id).state == "sent"
    ((path, _),) = kept_of(database).all()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    with ledger_of(database, caps()) as next_process:
        assert next_process.begin(attempt("first")) == Replayed(text=REPLY.text, model="opus-1")
    kept = row(database, id)
    assert (kept.cost_usd, kept.latency_s, kept.input_tokens) == (Decimal("0.30"), 1.5, USAGE.input_tokens)
    assert list(kept_of(database).all()) == []


def test_fail__database_away__the_same_process_may_ask_again_when_it_is_back(
    database: Database, away: Database
) -> None:
    with ledger_of(database, caps()) as waiting:
        id = ended(waiting, attempt("first"), End.SENT)
        waiting._database = away
        waiting.fail(id, CallFailed(Fault.OVERLOADED, "busy"), cost_usd=Decimal(0), latency_s=1.0)
        waiting._database = database
        reserved(waiting, attempt("first"))
    assert (row(database, id).state, row(database, id).fault) == ("failed", "overloaded")


def test_kept__outcome_of_a_call_of_another_database__stays_on_the_disk(database: Database, away: Database) -> None:
    with ledger_of(database, caps()) as waiting:
        id = ended(waiting, attempt("first"), End.SENT)
        waiting._database = away
        waiting.commit(id, REPLY, cost_usd=Decimal(0), latency_s=1.0)
        with database.session() as session:
            session.execute(update(ModelCallRow).where(ModelCallRow.id == id).values(request_key="of another one"))
        waiting._database = database
        reserved(waiting, attempt("second"))
    assert row(database, id).state == "sent"
    ((path, _),) = kept_of(database).all()
    path.unlink()


def test_kept__damaged_file__is_told_of_and_does_not_stop_the_calls(
    database: Database, ledger: CallLedger, caplog: pytest.LogCaptureFixture
) -> None:
    folder = database.settings.home / KEPT_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    damaged = folder / "1-damaged.json"
    damaged.write_text('{"id": 1')
    reserved(ledger, attempt("first"))
    assert str(damaged) in caplog.text
    damaged.unlink()

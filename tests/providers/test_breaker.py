"""The circuit breaker: each sentence of its specification, long random lives beside a plain model, and its mutants."""

from __future__ import annotations

import random
import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chapter_pipeline.providers import breaker as breaker_module
from chapter_pipeline.providers.faults import Effect
from tests.providers.breaker_model import PlainBreaker
from tests.soak import times

START = datetime(2026, 1, 1, tzinfo=UTC)
OWNERS = ("a", "b", "c")
NUMBERS = {name: number for number, name in enumerate(OWNERS, start=1)}
EFFECTS = (Effect.SUCCESS, Effect.FAILURE, Effect.NEUTRAL, Effect.TIMEOUT, Effect.ISOLATE)


class Pair:
    """The real breaker, of any module that has one, and the plain one, led through the same life."""

    def __init__(self, module: Any = breaker_module) -> None:
        self.policy = module.BreakerPolicy()
        self.real = module.Breaker(changed_at=START)
        self.plain = PlainBreaker()
        self.now = 0.0
        self.callers: dict[int, Any] = {}
        self.admitted = 0
        self.living = set(OWNERS)

    @property
    def moment(self) -> datetime:
        return START + timedelta(seconds=self.now)

    def admit(self, owner: str) -> bool:
        self.admitted += 1
        live = frozenset(NUMBERS[one] for one in self.living)
        self.real, admission = self.real.admit(
            self.moment, self.policy, claim=str(self.admitted), owner=NUMBERS[owner], live=live
        )
        expected = self.plain.admit(self.admitted, owner, self.living, self.now)
        assert (admission is not None) == expected, "let through"
        if admission is not None:
            self.callers[self.admitted] = admission
        return expected

    def record(self, caller: int, effect: Effect) -> None:
        admission = self.callers.pop(caller)
        self.real = self.real.record(self.moment, self.policy, admission, effect, "why")
        self.plain.record(caller, effect, self.now)

    def by_hand(self, what: str) -> None:
        self.real = {
            "open": lambda: self.real.opened(self.moment, "by hand"),
            "close": lambda: self.real.closed(self.moment),
            "reset": lambda: self.real.reset(self.moment),
        }[what]()
        self.plain.turn("ISOLATED" if what == "open" else "CLOSED", self.now)
        if what == "reset":
            self.plain.counts = dict.fromkeys(self.plain.counts, 0)

    def compare(self) -> None:
        seen = self.real.as_seen(self.moment, self.policy)
        assert seen.circuit.value == self.plain.look(self.now), "state"
        counted = seen.statistics
        assert (counted.successes, counted.failures, counted.neutral) == (
            self.plain.counts["success"], self.plain.counts["failure"], self.plain.counts["neutral"],
        ), "statistics"  # fmt: skip
        wait = seen.retry_after_s(self.moment, self.policy)
        if self.plain.state == "OPEN":
            assert wait == pytest.approx(60 - (self.now - self.plain.since)), "wait"
        else:
            assert wait == (None if self.plain.state == "ISOLATED" else 0.0), "wait"


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()

    @rule(owner=st.sampled_from(OWNERS))
    def somebody_calls(self, owner: str) -> None:
        self.pair.admit(owner)

    @precondition(lambda self: self.pair.callers)
    @rule(data=st.data(), effect=st.sampled_from(EFFECTS[:4]))
    def somebody_returns(self, data: st.DataObject, effect: Effect) -> None:
        self.pair.record(data.draw(st.sampled_from(sorted(self.pair.callers))), effect)

    @rule(
        owner=st.sampled_from(OWNERS), effect=st.sampled_from((Effect.SUCCESS, *(Effect.FAILURE, Effect.TIMEOUT) * 3))
    )
    def somebody_calls_and_returns(self, owner: str, effect: Effect) -> None:
        if self.pair.admit(owner):
            self.pair.record(self.pair.admitted, effect)

    @precondition(lambda self: self.pair.callers)
    @rule()
    def a_key_is_refused(self) -> None:
        self.pair.record(min(self.pair.callers), Effect.ISOLATE)

    @rule(seconds=st.sampled_from((1.0, 14.0, 15.0, 30.0, 59.0, 60.0, 61.0)))
    def time_passes(self, seconds: float) -> None:
        self.pair.now += seconds

    @rule(owner=st.sampled_from(OWNERS))
    def a_process_dies_or_comes_back(self, owner: str) -> None:
        self.pair.living ^= {owner}

    @rule(what=st.sampled_from(("open", "close", "reset")))
    def a_person_decides(self, what: str) -> None:
        self.pair.by_hand(what)

    @invariant()
    def both_are_the_same(self) -> None:
        self.pair.compare()


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=times(150, soak=2000), stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLife = pytest.mark.soak(TestLife)


def random_lives(module: Any, *, lives: int = 300, steps: int = 60, seed: int = 7) -> None:
    """Lives like those above, without hypothesis: the same ones for every module. Raises `AssertionError`."""
    chance = random.Random(seed)
    for life in range(lives):
        pair, slow = Pair(module), life % 3 == 0
        for _ in range(steps):
            match chance.choices(range(6), weights=(20, 30, 35, 1, 12, 4))[0]:
                case 0:
                    pair.admit(chance.choice(OWNERS))
                case 1 if pair.callers:
                    pair.record(chance.choice(sorted(pair.callers)), chance.choice(EFFECTS[:4]))
                case 2:
                    if pair.admit(chance.choice(OWNERS)):
                        effect = chance.choice((Effect.SUCCESS, *(Effect.TIMEOUT if slow else Effect.FAILURE,) * 5))
                        pair.now += 61.0 if effect is Effect.TIMEOUT else 0.0
                        pair.record(pair.admitted, effect)
                case 3 if pair.callers:
                    pair.record(min(pair.callers), Effect.ISOLATE)
                case 4:
                    pair.now += chance.choice((1.0, 14.0, 15.0, 30.0, 59.0, 60.0, 61.0))
                case 5:
                    if chance.random() < 0.6:
                        pair.living ^= {chance.choice(OWNERS)}
                    else:
                        pair.by_hand(chance.choice(("open", "close", "close", "reset", "reset")))
            pair.compare()


def test_random_lives__the_breaker_itself__passes() -> None:
    random_lives(breaker_module)


MUTANTS: dict[str, tuple[str, str]] = {
    "opens after four": ("failures: int = 5", "failures: int = 4"),
    "opens after six": ("failures: int = 5", "failures: int = 6"),
    "closes after one": ("successes: int = 2", "successes: int = 1"),
    "wakes too early": ("now - self.changed_at >= timedelta", "now - self.changed_at >= 0.5 * timedelta"),
    "never wakes": ("if self.circuit is Circuit.OPEN and now", "if False and now"),
    "forgets the window": ("if now - at <= window)", "if True)"),
    "a success does not end the run": ("return replace(self, failed_at=(), timeouts=0)", "return replace(self, timeouts=0)"),
    "a success does not end the time-outs": (
        "return replace(self, failed_at=(), timeouts=0)", "return replace(self, failed_at=())",
    ),
    "time-outs are not counted by sequence": (" or timeouts >= policy.failures", ""),
    "every failure counts as a time-out": ("(effect is Effect.TIMEOUT)", "1"),
    "half-open lets everybody in": ("if len(waiting) + seen.probe_successes >= policy.successes:", "if False:"),
    "half-open forgets successes": ("len(waiting) + seen.probe_successes", "len(waiting)"),
    "the dead keep their place": ("if probe.owner in live)", "if True)"),
    "neutral keeps its place": ("if probe.claim != admission.claim)", "if effect is Effect.NEUTRAL or probe.claim != admission.claim)"),
    "late outcomes decide": ("if admission.generation != seen.generation:", "if False:"),
    "one failure does not reopen": (
        "if self.circuit is Circuit.HALF_OPEN:\n            return self._turned(Circuit.OPEN, now, detail)",
        "if self.circuit is Circuit.HALF_OPEN:\n            return self",
    ),
    "isolation does not hold": ("return seen._turned(Circuit.ISOLATED, now, detail)", "return seen._turned(Circuit.OPEN, now, detail)"),
    "reset keeps the statistics": ("return replace(self.closed(now), statistics=Statistics())", "return self.closed(now)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_random_lives__mutant__is_caught(name: str) -> None:
    before, after = MUTANTS[name]
    source = Path(breaker_module.__file__).read_text()
    assert source.count(before) == 1, "the mutant does not fit the source any more"
    mutant = types.ModuleType("mutant")
    mutant.__dict__["__name__"] = breaker_module.__name__
    exec(compile(source.replace(before, after), name, "exec"), mutant.__dict__)
    with pytest.raises(AssertionError):
        random_lives(mutant)


def through(*steps: tuple[str, float] | float) -> Pair:
    """A life given as outcomes of calls, each with the seconds before it."""
    pair = Pair()
    for step in steps:
        what, seconds = step if isinstance(step, tuple) else ("", step)
        pair.now += seconds
        if what and pair.admit("a"):
            pair.record(pair.admitted, Effect(what))
    return pair


@pytest.mark.parametrize(
    ("life", "state"),
    [
        ([("failure", 1)] * 4, "CLOSED"),
        ([("failure", 1)] * 5, "OPEN"),
        ([*[("failure", 1)] * 4, ("success", 1), *[("failure", 1)] * 4], "CLOSED"),
        ([*[("failure", 1)] * 4, ("neutral", 1), ("failure", 1)], "OPEN"),
        ([("failure", 16)] * 5, "CLOSED"),
        ([("failure", 15)] * 5, "OPEN"),
        ([("timeout", 300)] * 4, "CLOSED"),
        ([("timeout", 300)] * 5, "OPEN"),
        ([*[("timeout", 300)] * 4, ("success", 1), ("timeout", 300)], "CLOSED"),
        ([*[("timeout", 300)] * 4, ("failure", 300), ("timeout", 300)], "OPEN"),
        ([*[("timeout", 300)] * 5, ("success", 60), ("timeout", 1)], "OPEN"),
        ([*[("failure", 1)] * 5, 59.0], "OPEN"),
        ([*[("failure", 1)] * 5, 60.0], "HALF_OPEN"),
        ([*[("failure", 1)] * 5, ("success", 60), ("success", 1)], "CLOSED"),
        ([*[("failure", 1)] * 5, ("success", 60), ("failure", 1)], "OPEN"),
        ([*[("failure", 1)] * 5, ("neutral", 60), ("neutral", 1), ("neutral", 1)], "HALF_OPEN"),
        ([("isolate", 1), 9999.0], "ISOLATED"),
    ],
)
def test_life__as_specified__ends_in_its_state(life: list[tuple[str, float] | float], state: str) -> None:
    pair = through(*life)
    pair.compare()
    assert pair.real.as_seen(pair.moment, pair.policy).circuit.value == state


def test_half_open__callers_at_once__two_are_let_through_and_a_dead_one_makes_room() -> None:
    pair = through(*[("failure", 1.0)] * 5, 60.0)
    assert [pair.admit(owner) for owner in ("a", "b", "c")] == [True, True, False]
    pair.living.discard("b")
    assert [pair.admit("c"), pair.admit("c")] == [True, False]


@pytest.mark.parametrize("late", [Effect.SUCCESS, Effect.FAILURE])
def test_late_outcome__of_an_older_state__decides_nothing(late: Effect) -> None:
    pair = Pair()
    assert pair.admit("a")
    for _ in range(5):
        assert pair.admit("b")
        pair.record(pair.admitted, Effect.FAILURE)
    pair.now = 61
    assert pair.admit("b")
    pair.record(1, late)
    pair.compare()
    assert pair.real.circuit.value == "HALF_OPEN"


def test_reason__tells_why_it_is_as_it_is_until_it_closes() -> None:
    pair = through(*[("failure", 1.0)] * 5)
    assert (pair.real.circuit.value, pair.real.reason, pair.real.changed_at) == ("OPEN", "why", pair.moment)
    half_open = pair.real.as_seen(pair.moment + timedelta(seconds=60), pair.policy)
    assert (half_open.circuit.value, half_open.reason) == ("HALF_OPEN", "why")
    for what, reason in (("open", "by hand"), ("close", ""), ("open", "by hand"), ("reset", "")):
        pair.by_hand(what)
        assert pair.real.reason == reason
    assert through(("isolate", 1.0)).real.reason == "why"
    recovered = through(*[("failure", 1.0)] * 5, ("success", 60.0), ("success", 1.0)).real
    assert (recovered.circuit.value, recovered.reason) == ("CLOSED", "")


@pytest.mark.parametrize(("seconds", "wait"), [(0, 60.0), (59.5, 0.5), (60, 0.0), (3600, 0.0)])
def test_retry_after__open__is_what_is_left_of_its_minute_and_never_negative(seconds: float, wait: float) -> None:
    pair = through(*[("failure", 1.0)] * 5)
    assert pair.real.retry_after_s(pair.moment + timedelta(seconds=seconds), pair.policy) == wait


def test_generation__every_turn__is_a_new_one() -> None:
    pair = through(*[("failure", 1.0)] * 5)
    assert (Pair().real.generation, pair.real.generation) == (0, 1)
    pair.by_hand("close")
    assert pair.real.generation == 2


@pytest.mark.parametrize(
    ("successes", "failures", "neutral", "rate"),
    [(0, 0, 0, None), (0, 0, 3, None), (1, 0, 0, 1.0), (0, 1, 5, 0.0), (3, 1, 9, 0.75)],
)
def test_statistics__success_rate__is_of_the_calls_that_say_something(
    successes: int, failures: int, neutral: int, rate: float | None
) -> None:
    counted = breaker_module.Statistics(successes=successes, failures=failures, neutral=neutral)
    assert counted.success_rate == rate
    assert breaker_module.Statistics() == breaker_module.Statistics(successes=0, failures=0, neutral=0)


def test_breaker__new__has_no_success_of_a_probe_and_takes_names_only() -> None:
    assert breaker_module.Breaker(changed_at=START).probe_successes == 0
    kinds: tuple[Callable[..., object], ...] = (breaker_module.BreakerPolicy, breaker_module.Breaker)
    for kind in kinds:
        with pytest.raises(TypeError):
            kind(START)


def test_policy__other_numbers__are_kept_to() -> None:
    """More failures than are needed can stand in the state of a breaker whose policy was laxer; so can successes."""
    at = tuple(START + timedelta(seconds=n) for n in range(6))
    lax = breaker_module.Breaker(changed_at=START, failed_at=at)
    admission = breaker_module.Admission(claim="1", owner=1, generation=0)
    strict = breaker_module.BreakerPolicy(failures=3, successes=1)
    assert lax.record(at[-1], strict, admission, Effect.FAILURE, "why").circuit.value == "OPEN"
    lately = breaker_module.Breaker(changed_at=START, failed_at=at[:4])
    assert (
        lately.record(at[5], breaker_module.BreakerPolicy(), admission, Effect.FAILURE, "why").circuit.value == "OPEN"
    )
    probed = breaker_module.Breaker(
        circuit=breaker_module.Circuit.HALF_OPEN, changed_at=START, probe_successes=3, probes=(admission,)
    )
    assert probed.admit(START, strict, claim="2", owner=1, live=frozenset({1}))[1] is None
    assert probed.record(START, strict, admission, Effect.SUCCESS, "").circuit.value == "CLOSED"

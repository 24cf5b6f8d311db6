"""Owns the rule on intervals: both ends stand together in a passage, and behind the estimate that they are told of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chapter_pipeline.quality.checking.verdict import Claim, Fault

_N = r"\d+(?:\.\d+)?"
_PAIR = re.compile(
    rf"(?P<s1>(?<![\w.%])[-+]\s?)?(?<![\w.])(?P<a>{_N})\s?(?:%|°C|[a-zµA-Z]{{1,7}}(?:/[a-z]+)?)?"
    rf"\s?(?:\bto\b|-|,|;|\band\b)\s?(?P<s2>[-+]\s?)?(?P<b>{_N})(?![\w.]*\d)"
)
_INTERVAL_OF = re.compile(
    r"(?:\bCIs?\b|confidence intervals?|credible intervals?|\branges?\b|\branging\b|\bIQR\b|interquartile|intervals?)[^.;()]{0,14}?[\s:=(\[,]*$",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"\b9[059]\s?%?\s?(?=[(\[]?(?:CI|confidence|CL|credib))", re.IGNORECASE)
_NUMBER = re.compile(rf"(?<![\w.]){_N}")
_SPREAD = re.compile(r"(?:±|\+/?-)\s?$")


@dataclass(frozen=True, slots=True)
class Interval:
    """Two ends as printed, with sign; `estimates`: the numbers right before them; `named`: it is called an interval."""

    low: str
    high: str
    start: int
    text: str
    named: bool
    estimates: tuple[str, ...]


def _sign(sign: str | None) -> str:
    return "-" if sign and "-" in sign else ""


@lru_cache(maxsize=4096)
def intervals(text: str) -> tuple[Interval, ...]:
    """Pairs of numbers that may be the ends of an interval, overlapping ones included."""
    blank = _LEVEL.sub(lambda match: " " * len(match.group()), text)
    found: list[Interval] = []
    at = 0
    while (match := _PAIR.search(blank, at)) is not None:
        before = blank[: match.start()]
        bracketed = before.rstrip().endswith(("(", "[")) and blank[match.end() :].lstrip(" %")[:1] in (")", "]", ";")
        named = _INTERVAL_OF.search(before) is not None
        numbers = list(_NUMBER.finditer(before[-70:]))
        estimates: list[str] = []
        for number in reversed(numbers):
            estimates.append(number.group())
            if not _SPREAD.search(before[-70:][: number.start()]):
                break
        found.append(
            Interval(
                _sign(match["s1"]) + match["a"], _sign(match["s2"]) + match["b"], match.start(), match.group(),
                named or (bracketed and bool(estimates)), tuple(estimates),
            )
        )  # fmt: skip
        at = match.start("a") + len(match["a"])
    return tuple(found)


def _rounds(said: str, printed: str) -> bool:
    """Whether `said` is `printed`, or an honest rounding of it."""
    if said.startswith("-") != printed.startswith("-"):
        return False
    decimals = len(said.partition(".")[2])
    return float(said) == float(printed) or (
        len(printed.partition(".")[2]) > decimals and abs(float(said) - float(printed)) <= 0.501 * 10.0**-decimals
    )


def _has(said: str, text: str) -> bool:
    return any(_rounds(said.lstrip("-"), number.group()) for number in _NUMBER.finditer(text))


def interval_faults(claim: Claim) -> Iterator[Fault]:
    """Intervals of the claim that no passage has, and those that stand behind another estimate there."""
    held = [pair for passage in claim.passages for pair in intervals(passage.text)]
    for said in intervals(claim.text):
        if not said.named:
            continue
        same = [pair for pair in held if _rounds(said.low, pair.low) and _rounds(said.high, pair.high)]
        if not same:
            if any(_has(said.low, passage.text) and _has(said.high, passage.text) for passage in claim.passages):
                yield Fault(rule="interval", words=said.text, says="these two ends stand together in no passage")
            continue
        wanted = said.estimates[-1:] if said.estimates else ()
        others = [pair for pair in same if pair.estimates and pair.named]
        if not (wanted and others and len(others) == len(same) and _has(wanted[0], claim.joined)):
            continue
        if not any(_rounds(wanted[0], estimate) for pair in others for estimate in pair.estimates):
            yield Fault(
                rule="interval", words=f"{wanted[0]} … {said.text}",
                says=f"its passages give this interval to {others[0].estimates[-1]}",
            )  # fmt: skip

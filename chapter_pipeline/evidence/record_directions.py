"""Owns what rules and numbers say of a direction that a language model's reply gives."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chapter_pipeline.domain.evidence import Direction, Effect, Finding
from chapter_pipeline.evidence.direction import turned

TWO_NUMBERS = re.compile(
    r"^\s*(?P<one>[-−–]?\d+(?:[.·]\d+)?)(?!\s?[/±])\s?%?[^\d]{0,12}?\b(?:vs\.?|versus)\s+(?P<two>[-−–]?\d+(?:[.·]\d+)?)(?!\s?/)"
)
"""Two numbers, that of the intervention first."""


def of_outcome(finding: Finding, of_rules: Sequence[Finding]) -> Sequence[Finding]:
    """What rules read of the finding's outcome: of several outcomes of a sentence those that share a word with it."""
    if len(of_rules) <= 1 or finding.outcome is None:
        return of_rules
    return [one for one in of_rules if _shares(one.outcome, finding.outcome)]


def seen_from(finding: Finding, of_rules: Finding) -> Direction:
    """The direction that rules read, as seen from the finding's intervention."""
    straight = _shares(finding.intervention, of_rules.intervention) or _shares(finding.comparator, of_rules.comparator)
    crossed = _shares(finding.intervention, of_rules.comparator) or _shares(finding.comparator, of_rules.intervention)
    if straight and crossed:
        return Direction.NOT_STATED  # the two sides share words: not sure
    return turned(of_rules.direction) if crossed else of_rules.direction


def _shares(one: str | None, other: str | None) -> bool:
    return bool(_words(one) & _words(other))


def _words(name: str | None) -> set[str]:
    return {word[:6] for word in re.findall(r"\w{3,}", (name or "").casefold())} - {"group", "groups", "patien", "the"}


def by_two_numbers(effect: Effect) -> Direction:
    """The direction that "13.9 vs 11.6" says: of the first number as seen from the second."""
    match = TWO_NUMBERS.match(effect.value)
    if match is None:
        return Direction.NOT_STATED
    one, two = (float(re.sub(r"[−–]", "-", match[name]).replace("·", ".")) for name in ("one", "two"))
    return Direction.NOT_STATED if one == two else Direction.INCREASED if one > two else Direction.DECREASED

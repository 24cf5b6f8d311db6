"""Owns the deterministic test of a sentence against its quotes: numbers, units, comparators and negation."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(
    r"(?P<comparator>[<>≤≥=~≈±]\s?|(?:less|more|fewer|greater) than |at least |at most |up to )?"
    r"(?P<number>\d+(?:[.,·]\d+)*)(?P<unit>\s?(?:%|‰|°C|[µμmkc]?[gGlLmM]\b|mg/kg|Gy|mm|cm|mL|ml|IU|years?|months?|weeks?|"
    r"days?|hours?|minutes?|h\b|kDa|Hz|mmHg|mmol/L))?",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:no|not|never|neither|nor|none|without|cannot|fail(?:s|ed)? to|absence of|lack(?:s|ed)?(?: of)?|"
    r"\w+n['’]t)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W\d_]{3,}")
_FUNCTION_WORDS = frozenset(
    "and are for from has have had its that the their then there these this those was were which with".split()
)
MIN_SUPPORT = 0.6
"""Least share of a sentence's content words that its quotes must hold."""


def numbers(text: str) -> set[str]:
    """Each number of `text` with its comparator and unit, normalised: ``≥ 5 mg`` gives ``≥5mg``."""
    found = set()
    for match in _NUMBER.finditer(" ".join(text.split())):
        comparator = (match["comparator"] or "").strip().lower()
        unit = (match["unit"] or "").strip().replace("μ", "µ")
        found.add(f"{comparator}{match['number']}{unit}")
    return found


def negations(text: str) -> int:
    """How many negating words `text` has."""
    return len(_NEGATION.findall(text))


def support_problems(sentence: str, quotes: Sequence[str]) -> list[str]:
    """What `sentence` says that its `quotes` (their texts) do not; an empty list when it is supported.

    Every number must stand in a quote with the same comparator and unit, the count of negations must be that of the
    quotes together or of one of them, and at least 60% of the content words must be the quotes' own.
    """
    if not quotes:
        return ["has no quote"]
    joined = " ".join(quotes)
    problems = [
        f"has the number {number!r} that its quotes do not" for number in sorted(numbers(sentence) - numbers(joined))
    ]
    allowed = {negations(quote) for quote in quotes} | {negations(joined)}
    if negations(sentence) not in allowed:
        problems.append("negates what its quotes state, or states what they negate")
    content = {word.lower() for word in _WORDS.findall(sentence)} - _FUNCTION_WORDS
    known = {word.lower() for word in _WORDS.findall(joined)}
    if content and len(content & known) < MIN_SUPPORT * len(content):
        problems.append("says more than its quotes: fewer than 60% of its words are theirs")
    return problems

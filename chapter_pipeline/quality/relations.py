"""Owns what two sentences of different sources have to do with each other: the same, opposed, or with other numbers.

Closeness of meaning alone does not tell: within one topic all sentences are near each other. So words decide, those of
the topic left out, with direction, negation and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chapter_pipeline.quality.grounding import direction, negations, numbers

_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 6
"""Letters of a word that stand for it: *recurrence*, *recurrent* and *recurred* are one."""
_GENERAL = frozenset(
    "about after also although among been before being between both compared could does during each either from group "
    "groups have however into more most much only other others over overall patient patients people reported respectively "
    "result results same shown showed significant significantly some studies study such than that their them there "
    "therefore these they this those through trial trials under until using very were what when where whether which "
    "while with within without would year years month months".split()
)
LEAST_SHARED = 3
SAME_SHARE = 0.75
"""Share of the shorter sentence's words that the other has, from which on they say the same."""
ONE_MATTER = 0.5
"""The same, from which on they speak of one matter."""
ONE_FINDING = 0.6
"""The same, from which on they tell one finding, so that another direction or number is a difference."""
ONE_CLAIM = 0.75
"""The same, from which on one contradicts the other when only one of them negates."""
AROUND = 5
"""Words before and after a number that name what it measures."""
DENIED = 3
"""Words behind a denial that it denies."""
_MEASURED = re.compile(r"(?:%|‰|mg|Gy|mm|cm|mL|ml|months?|years?|weeks?|days?|hours?|minutes?|h)")
_MEASURE = re.compile(rf"\d+(?:[.,·]\d+)*\s?(?:{_MEASURED.pattern})(?![\w/])")
_DENIAL = re.compile(
    r"\b(?:not|never|neither|cannot|fail(?:s|ed)? to|no (?:\w+ )?(?:effect|difference|benefit|association|increase|"
    r"decrease|reduction|improvement|change|evidence))\b|n['’]t\b",
    re.IGNORECASE,
)


class Kind(StrEnum):
    """How two sentences on one matter stand to each other."""

    AGREES = "agrees"
    OPPOSES = "opposes"
    OTHER_NUMBERS = "gives other numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence taken apart: its words without the topic's, in their order, and their stems.

    `denied` are stems of what a denial denies. `measures` are numbers with a unit: the number, the unit, and the stems around it, which tell what it measures.
    """

    text: str
    words: tuple[str, ...]
    stems: frozenset[str]
    numbers: frozenset[str]
    direction: int
    negated: bool
    denied: frozenset[str]
    measures: tuple[tuple[str, str, frozenset[str]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two statements have to do with each other, and the words that they share."""

    kind: Kind
    about: str
    shared: float


def topic_stems(topic: str) -> frozenset[str]:
    """The stems that every sentence of a chapter may have."""
    return frozenset(_stems(topic))


def statement(text: str, topic: frozenset[str]) -> Statement:
    """`text` taken apart, the words of the topic left out."""
    words = tuple(word.lower() for word in _WORD.findall(text))
    kept = tuple(word for word in words if word not in _GENERAL and word[:_STEM] not in topic)
    return Statement(
        text=text, words=kept, stems=frozenset(word[:_STEM] for word in kept), numbers=frozenset(numbers(text)),
        direction=direction(text), negated=_DENIAL.search(text) is not None,
        denied=frozenset(_denied(text)), measures=tuple(_measures(text, topic)),
    )  # fmt: skip


def says_the_same(lesser: Statement, better: Statement) -> bool:
    """Whether nothing is lost without `lesser`: its words and all its numbers stand in `better`."""
    if not loses_nothing(lesser.text, better.text):
        return False
    shared = lesser.stems & better.stems
    return len(shared) >= LEAST_SHARED and len(shared) >= SAME_SHARE * len(lesser.stems)


def loses_nothing(lesser: str, better: str) -> bool:
    """Whether `better` has every number of `lesser`, as many negations, and no other direction."""
    return (
        numbers(lesser) <= numbers(better)
        and negations(lesser) == negations(better)
        and direction(lesser) * direction(better) >= 0
    )


def compare(first: Statement, second: Statement) -> Comparison | None:
    """How two statements stand to each other; None when they do not speak of one matter."""
    shared = first.stems & second.stems
    smaller = min(len(first.stems), len(second.stems))
    if len(shared) < LEAST_SHARED or len(shared) < ONE_MATTER * smaller:
        return None
    share = len(shared) / smaller
    about = ", ".join(dict.fromkeys(word for word in first.words if word[:_STEM] in shared))
    turned = share >= ONE_FINDING and first.direction * second.direction < 0
    denied = share >= ONE_CLAIM and first.negated != second.negated and len(shared) > LEAST_SHARED
    denied = denied and bool((first.denied | second.denied) & shared)  # what both speak of, not something beside it
    if turned or denied:
        return Comparison(kind=Kind.OPPOSES, about=about, shared=share)
    if share >= ONE_FINDING and _other_numbers(first, second):
        return Comparison(kind=Kind.OTHER_NUMBERS, about=about, shared=share)
    if first.negated != second.negated or first.direction * second.direction < 0:
        return None  # neither clear
    return Comparison(kind=Kind.AGREES, about=about, shared=share)


def relations(texts: Sequence[str], sources: Sequence[str], *, topic: str) -> Iterable[tuple[int, int, Comparison]]:
    """Every pair of texts of different sources that speak of one matter, the nearest first."""
    stems = topic_stems(topic)
    taken = [statement(text, stems) for text in texts]
    found = [
        (i, j, compared)
        for j in range(len(taken))
        for i in range(j)
        if sources[i] != sources[j] and (compared := compare(taken[i], taken[j])) is not None
    ]
    return sorted(found, key=lambda one: (-one[2].shared, one[0], one[1]))


def _other_numbers(first: Statement, second: Statement) -> bool:
    """Whether they give one measure, in one unit, other numbers, and no number is the same."""
    if {number for number, _, _ in first.measures} & {number for number, _, _ in second.measures}:
        return False
    return any(
        unit == other_unit and len(around & other_around) >= 2
        for _, unit, around in first.measures
        for _, other_unit, other_around in second.measures
    )


def _denied(text: str) -> Iterable[str]:
    """The stems of the few words behind each denial, within its clause."""
    for found in _DENIAL.finditer(text):
        clause = re.split(r"[,;:.]", text[found.end() :], maxsplit=1)[0]
        yield from (word.lower()[:_STEM] for word in _WORD.findall(clause)[:DENIED])


def _measures(text: str, topic: frozenset[str]) -> Iterable[tuple[str, str, frozenset[str]]]:
    for found in _MEASURE.finditer(text):
        before = _WORD.findall(text[: found.start()])[-AROUND:]
        after = _WORD.findall(text[found.end() :])[:AROUND]
        words = [word.lower() for word in (*before, *after)]
        stems = frozenset(word[:_STEM] for word in words if word not in _GENERAL and word[:_STEM] not in topic)
        unit = _MEASURED.search(found.group())
        assert unit is not None
        yield found.group(), unit.group().removesuffix("s"), stems


def _stems(text: str) -> Iterable[str]:
    return (word.lower()[:_STEM] for word in _WORD.findall(text))

"""Owns what a clause compares with what: its intervention and its comparator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from chapter_pipeline.evidence.arms import CONTROL, Arms, tidy
from chapter_pipeline.evidence.mentions import mentions
from chapter_pipeline.evidence.text import lowered

_I = re.IGNORECASE
_NOT_IN_NAME = (
    r"(?:the|a|an|in|on|at|of|for|to|by|was|were|is|are|be|been|had|has|have|did|do|does|not|than|that|which|who|whose|this|these|those|showed|shows|showing|show|when|while|whereas|but|or|as|from|"
    r"between|among|within|both|all|each|either|any|no|only|there|it|they|we|compared|versus|vs|after|before|during|over|significantly|significant|higher|lower|greater|more|less|longer|shorter|reduced|increased|decreased|"
    r"improved|received|receiving|experienced|reported|occurred|achieved|demonstrated|revealed|found|observed|differed|differences?|however|respectively|patients?|participants?|subjects?|treated|sedated|who|groups?|arms?|per|mean|median|two|three|four|same|other|study|treatment|intervention-control|\d+)"
)
_TOKEN = rf"(?!{_NOT_IN_NAME}\b)[A-Za-z0-9α-ωΑ-Ω][^\s,;()\[\]{{}}=]*"
_ARM = rf"{_TOKEN}(?:\s(?:and\s|plus\s|\+\s|with\s|or\s)?{_TOKEN}){{0,4}}"
BASELINE = r"(?:in |at |on |the |that |those |values? |levels? |observed |seen |found |measured |recorded |obtained |their |its )*(?:before|baseline|pre[- ]?\w*|initial|day 0|week 0|previous|start\b)"
"""What follows "than" where a value is compared with an earlier one of the same people."""
_COMPARATOR = re.compile(
    r"\b(?:than|compared (?:with|to)|in comparison (?:with|to)|versus|vs\.?|relative to|over|against|as opposed to|in contrast to|rather than|different from)\s+"
    r"(?:(?:in|for|among|with|after|on|at|during|by|that|those|of|the|a|an|patients|participants|subjects|women|men|children|who|were|did|received|receiving|treated|sedated|given|taking|undergoing|assigned|randomi[sz]ed|to|not|had)\s+)*"
    rf"(?P<name>(?!baseline\b|\d){_ARM})",
)
_IN_ARM = re.compile(
    rf"\b(?P<name>{_ARM})[- ](?P<what>groups?|arms?|condition|recipients|users)\b(?! differences?| by| ×| x | effect)",
)
_RECEIVING = re.compile(
    r"\b(?:patients?|participants?|subjects?|women|men|children|those|mice|rats|animals|infants|individuals|people|adults|volunteers)\s+(?:who (?:were |had )?)?(?:receiv(?:ing|ed)|treated with|given|taking|on|assigned to|randomi[sz]ed to|undergoing|allocated to|sedated with|using)\s+(?:the |an? )?"
    rf"(?P<name>{_ARM})",
)
_GROUP_HEAD = re.compile(
    rf"\b(?P<name>{_ARM})[- ](?P<what>treatment|therapy|patients|participants|subjects|mice|rats|animals|side|diet|conditions?)\b",
)
_LETTERED = re.compile(r"\b(?P<name>(?:group|arm) (?:[a-d]|i{1,3}|iv|[1-4]))\b")
_HEADS = {
    _IN_ARM: re.compile("group|arm|condition|recipients|users"),
    _RECEIVING: re.compile("receiv|treated|given|taking| on |assigned|randomi|undergoing|allocated|sedated|using"),
    _GROUP_HEAD: re.compile("treat|therap|patients|partic|subjects|mice|rats|animals|side|diet|cond"),
    _LETTERED: re.compile("group|arm"),
}
"""What a text holds in which the pattern is found: searched for first, for the patterns themselves take long."""
_BETWEEN = re.compile(
    rf"\bbetween\s+(?:the\s+)?(?P<one>{_TOKEN}(?:\s{_TOKEN}){{0,4}}?)(?:\s(?:groups?|arms?))?\s+(?:and|vs\.?|versus)\s+(?:the\s+)?(?P<two>{_ARM})",
)
_NO_ARM = re.compile(
    r"^(?:the|two|three|four|both|all|each|either|neither|none|no|these|those|this|other|same|study|treatment|any|no|groups?|time|baseline|between|patients?|participants?|subjects?|randomi[sz]ed|first|second|third|our|such|\d+|of|most|some|more|fewer|\W)+$",
    _I,
)


def sides_of(text: str, arms: Arms) -> tuple[str | None, str | None, bool]:
    """Intervention, comparator, and whether they were exchanged, for the control is told as the comparator."""
    low = lowered(text)
    told = _known_sides(text, low, arms)
    if told is not None:
        return told
    between = _BETWEEN.search(low)
    one = two = None
    if between and not _NO_ARM.match(between["one"]) and not _NO_ARM.match(between["two"]):
        one, two = (tidy(text[slice(*between.span(name))]) for name in ("one", "two"))
    else:
        match = _COMPARATOR.search(low)
        rest = text
        if match and not _NO_ARM.match(match["name"]):
            two = tidy(text[slice(*match.span("name"))])
            rest = text[: match.start()] + " , " + text[match.end() :]
        named = list(dict.fromkeys(_arms_named(rest, arms)))
        named = [name for name in named if not two or name.casefold() not in two.casefold()]
        one = named[0] if named else None
        if two is None and len(named) > 1:
            two = named[1]
    exchanged = bool(one and two and CONTROL.search(one) and not CONTROL.search(two)) or bool(
        one and not two and CONTROL.search(one) and arms.intervention
    )
    if exchanged:
        one, two = two or arms.intervention, one
    if one and not two:
        two = next((name for name in (arms.control, *arms.names) if name and not _shares(one, name)), None)
    elif two and not one:
        known = CONTROL.search(two) or any(_shares(two, name) for name in arms.names)
        one = next(
            (name for name in (arms.intervention, *arms.names) if known and name and not _shares(two, name)), None
        )
    elif not one and not two and not _OF_A_SUBGROUP.search(low) and not _IN_BOTH.search(low):
        one, two = arms.intervention, arms.control
    return one, two, exchanged


def _known_sides(text: str, low: str, arms: Arms) -> tuple[str | None, str | None, bool] | None:
    """The arms of the study that a text compares; None where it names none of them, or another one that is not known."""
    known = [mention for mention in mentions(text, arms) if mention.arm >= 0]
    named = list({mention.arm: mention for mention in reversed(known)}.values())[::-1]
    if not named:
        return None
    if len(named) == 1 and _THAN_BASELINE.search(low):
        return arms.told(named[0].arm, named[0].name), "baseline", False
    marker = _MARKER.search(low)
    behind = [mention for mention in named if marker is not None and 0 <= mention.start - marker.end() < 60]
    if len(named) == 1:
        if (marker is not None and not behind) or _BETWEEN.search(low) or _OF_A_SUBGROUP.search(low):
            return None
        other = arms.against(named[0].arm)
        if other < 0:
            return None
        one, two = (other, named[0].arm) if behind else (named[0].arm, other)
        names = {named[0].arm: named[0].name, other: arms.groups[other][0]}
    else:
        first, second = named[0], named[1]
        if behind:
            second = behind[0]
            others = [mention for mention in named if mention is not second]
            first = next((mention for mention in others if marker and mention.start < marker.start()), others[0])
        one, two = first.arm, second.arm
        names = {one: first.name, two: second.name}
    crossed = not arms.first_is_told(one, two)
    if crossed:
        one, two = two, one
    return arms.told(one, names[one]), arms.told(two, names[two]), crossed


_THAN_BASELINE = re.compile(rf"\b(?:than|compared (?:with|to)|versus|vs\.?|relative to) {BASELINE}")
_MARKER = re.compile(
    r"\b(?:than|compared (?:with|to)|in comparison (?:with|to)|versus|vs\.?|relative to|as opposed to|in contrast to|rather than|different from|against|over|compar\w+ (?:[\w-]+ ){0,8}?(?:with|to))\s"
    rf"(?!{BASELINE})"
)


_OF_A_SUBGROUP = re.compile(
    r"\b(?:in|among|for) (?:the )?(?:patients|those|women|men|participants|subjects|children|people|cases) (?:with|without|who|aged|older|younger|over|under)\b"
    r"|\b(?:associated|correlated?|correlation) with\b|\bcorrelation between\b"
)
"""What tells of others than the arms, or of the same people at two times."""
_IN_BOTH = re.compile(
    r"\b(?:improved|increased|decreased|rose|fell|declined|reduced) (?:\w+ly )?in (?:both|all) (?:the )?(?:groups|arms)\b"
)
_WITHOUT = re.compile(r"\b(?:without|no|not (?:receiving|given|treated with|taking))\s(?:an? |the |any )?$")


def _arms_named(text: str, arms: Arms) -> Iterator[str]:
    """The arms that a text names, those of its groups first, in reading order."""
    found: list[tuple[int, int, str]] = []
    low = lowered(text)
    for pattern in (_IN_ARM, _RECEIVING, _GROUP_HEAD, _LETTERED):
        if _HEADS[pattern].search(low) is None:
            continue
        for match in pattern.finditer(low):
            name = text[slice(*match.span("name"))]
            name = name if pattern is _LETTERED else tidy(name)
            sure = pattern is not _GROUP_HEAD
            known = any(_shares(name, arm) for arm in arms.names) or CONTROL.search(name)
            if name and (sure or known) and not _NO_ARM.match(name) and len(name.split()) <= 8:
                found.append((0, match.start("name"), name))
    for name in arms.names:
        place = _place(lowered(name), low)
        if place >= 0 and not any(abs(place - at) < 30 and _shares(name, other) for _, at, other in found):
            without = _WITHOUT.search(low, max(0, place - 30), place)
            found.append(
                (1, without.start(), text[without.start() : place + len(name)]) if without else (1, place, name)
            )
    yield from (name for *_, name in sorted(found))


def _place(name: str, text: str) -> int:
    """Where a name stands in a text as whole words; -1 where it does not."""
    at = text.find(name)
    while at >= 0 and (_is_word(text[at - 1 : at]) or _is_word(text[at + len(name) : at + len(name) + 1])):
        at = text.find(name, at + 1)
    return at


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


@lru_cache(maxsize=4096)
def _shares(one: str, other: str) -> bool:
    """Whether two names have a word in common that is more than a word of form."""
    return not _words(one).isdisjoint(_words(other)) or one.casefold() == other.casefold()


@lru_cache(maxsize=4096)
def _words(name: str) -> frozenset[str]:
    found = {word for word in re.findall(r"\w+", name.casefold()) if len(word) > 2 or word.isupper()}
    return frozenset(found - {"the", "and", "with", "treatment", "therapy", "group"})

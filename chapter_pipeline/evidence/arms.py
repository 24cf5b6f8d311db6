"""Owns the arms of a study: what was given to whom, as its title, abstract and methods name them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chapter_pipeline.evidence.text import LONGEST, readable

_I = re.IGNORECASE
CONTROL = re.compile(
    r"\b(?:placebo\w*|controls?|usual care|standard (?:care|treatment|therapy|of care)|sham|no treatment|untreated|vehicle|wait(?:ing)?[- ]?list|treatment[- ]as[- ]usual|TAU|"
    r"conventional|routine|non-?intervention|no intervention|saline|observation|baseline|alone|healthy|wild[- ]?type|non-?users?|unexposed|without|not (?:receiving|given|treated|taking)|^no)\b",
    _I,
)
_STOP = r"(?=\s+(?:was|were|is|are|had|have|has|did|in|on|at|for|and|or|to|than|who|that|which|with|from|after|during|by|showed|experienced|received|compared|versus|vs|reported|reduced|increased|improved|led|resulted|significantly|between|as|but|while|whereas|of)\b|\s*[,.;:()\[\]{}]|\s*$)"
_NAME = r"(?P<{name}>[A-Za-z0-9α-ω][^\s,.;:()\[\]{{}}]*(?:\s+(?!(?:was|were|is|are|had|have|has|did|in|on|at|for|and|or|to|than|who|that|which|with|from|after|during|by|showed|experienced|received|compared|versus|vs|reported|reduced|increased|improved|led|resulted|significantly|between|as|but|while|whereas|of|the|a|an)\b)[^\s,.;:()\[\]{{}}]+){{0,4}})"
_GROUP = re.compile(
    r"\b(?:the |both |an? )?(?P<name>(?:[A-Za-z0-9][\w+/.-]{0,40} ){0,3}?[A-Za-z0-9][\w+/.-]{0,40})[- ](?:groups?|arms?|condition|cohort|recipients|users)\b",
    _I,
)
_ASSIGNED = re.compile(
    r"\b(?:randomi[sz]ed|randomly|assigned|allocated|receiv\w+|randomi[sz]ation)\b[^.]{0,80}?\b(?:to|into|receive[sd]?|receiving|either)\s+(?P<arms>[^.;]{4,220})",
    _I,
)
_SPLIT = re.compile(r"\s*(?:,|;)?\s+\b(?:or|and|versus|vs\.?|plus either)\b\s+|\s*[,;]\s+", _I)
_VERSUS = re.compile(
    r"(?P<one>[^:.;,()]{3,90}?),?\s+(?:versus|vs\.?|compared (?:with|to)|or|and)\s+(?P<two>[^:.;,()]{3,80})", _I
)
_TITLE_VERSUS = re.compile(
    r"(?P<one>[^:.;,()?]{3,90}?),?\s+(?:versus|vs\.?|compared (?:with|to))\s+(?P<two>[^:.;,()?]{3,80})", _I
)
_EFFECT_OF = re.compile(
    r"\b(?:effects?|efficacy|effectiveness|impact|safety|influence|benefits?|role|tolerability|evaluation|comparison|trial|use|outcomes?) (?:and (?:\w+ )?\w+ )?(?:of|with) (?:an? |the )?(?P<one>[^:.;,()?]{3,100}?)"
    r"(?= (?:on|in|for|versus|vs|compared|among|to|with|as|at|during|after|by|following)\b|[:.;,()?]|$)",
    _I,
)
_TITLE_HEAD = re.compile(
    r"^(?:an? |the )?(?P<one>[^:.;,()?]{3,90}?) (?:for|in|improves?|reduces?|increases?|decreases?|prevents?|does|enhances?|attenuates?|prolongs?|lowers?|is|are|as|to|after|during|before|inhibits?|provides?|augments?|promotes?)\b",
    _I,
)
_TRIM = re.compile(
    r"^(?:(?:the|a|an|either|both|receive|receiving|one of|two|three|four|to|treatment with|therapy with|groups?|group of|of|with|by|who|those|patients?|participants?|subjects|women|men|children|only|single|dose of|twice|daily|received|an?|their|its|in|into|a total of|use of|using|adding|addition of|administration of|oral|intravenous) )+",
    _I,
)
_TAIL = re.compile(
    r"\s+(?:groups?|arms?|group\)?|condition|for \d.*|daily.*|once.*|twice.*|every.*|per day.*|\(?n\s?=.*|in addition.*|over \d.*|from .*|at \d.*|on \w+ \d.*|(?:in|among) (?:adults?|patients|children|women|men|people|subjects|participants)\b.*)$",
    _I,
)
_NO_ARM = frozenset(
    "two three four five both all each other same study treatment between among within per age the this these no different first second third intervention-control randomized randomised control-intervention"
    " age-matched sex subgroup sub work focus risk peer support patient patients blood ethnic reference parallel whole large small single active dose three-arm two-arm"
    " entire total either another remaining several various such and or of in".split()
)
_FUNCTION_WORDS = frozenset(
    "and or while showing when that between the of in for to with a an both were was is than as by on at from which who but not no only".split()
)
_VERBS = re.compile(
    r"\b(?:was|were|is|are|had|has|have|did|showed|received|allocated|improved|reduced|increased|needing|participate|different|outcomes|following)\b",
    _I,
)


@dataclass(frozen=True, slots=True)
class Arms:
    """The arms of a study, the experimental ones first; `names` as printed."""

    names: tuple[str, ...] = ()

    @property
    def intervention(self) -> str | None:
        """The first experimental arm."""
        return next((name for name in self.names if not CONTROL.search(name)), None)

    @property
    def control(self) -> str | None:
        """The control; the second arm where none is named so."""
        named = next((name for name in self.names if CONTROL.search(name)), None)
        others = [name for name in self.names if name != self.intervention]
        return named or (others[0] if others else None)


def tidy(name: str) -> str:
    """An arm's name without articles, doses over time and the word "group"."""
    text = " ".join(name.split()).strip(" ,;:-–—")
    text = re.split(r"\s*[(\[{]", text)[0]
    text = re.sub(r"^\d+ (?:\w+ )?(?:to|as(?: the)?) ", "", text)
    text = _TRIM.sub("", text)
    text = _TAIL.sub("", text)
    return text.strip(" .,;:-–—")


def arms_of(title: str | None, abstract: Sequence[str], methods: Iterable[str], results: Iterable[str]) -> Arms:
    """The arms that title, abstract and methods name, else the names of groups that the results use most."""
    abstract, methods, results = map(readable, (abstract, methods, results))
    title = " ".join((title or "").split())[:LONGEST]
    found: list[str] = []
    for pattern in (_TITLE_VERSUS, _EFFECT_OF, _TITLE_HEAD):
        match = pattern.search(title)
        if match:
            if pattern is not _TITLE_HEAD or _is_treatment(match["one"]):
                found.extend(tidy(match[name]) for name in pattern.groupindex)
            break
    for sentence in (*abstract, *methods):
        match = _ASSIGNED.search(sentence)
        if match:
            parts = [tidy(part) for part in _SPLIT.split(re.sub(r"\([^()]*\)", "", match["arms"]))]
            found.extend(part for part in parts[:4] if _is_name(part))
            break
    counted = Counter(
        tidy(_BEFORE_NAME.split(match["name"])[-1])
        for sentence in (*abstract, *results)
        for match in _GROUP.finditer(sentence)
    )
    found.extend(name for name, count in counted.most_common(6) if count >= 2 and _is_name(name))
    unique: dict[str, str] = {}
    for name in found:
        if _is_name(name):
            unique.setdefault(name.casefold(), name)
    return Arms(tuple(unique.values())[:8])


_BEFORE_NAME = re.compile(r"\b(?:the|an?|in|of|to|with|for|than|from|by)\s", _I)
"""What may stand between other words and the name of a group: "fell in the drain group"."""


def _is_treatment(title: str) -> bool:
    """Whether the beginning of a title may be the name of a treatment, no clause about one."""
    return len(title.split()) <= 6 and not re.search(
        r"\b(?:and|of|\w+ing|study|trial|associations?|prevalence|incidence|comparison|outcomes?|management|review|analysis)\b",
        title,
        _I,
    )


def _is_name(name: str) -> bool:
    words = name.casefold().split()
    if words and (words[0] in _FUNCTION_WORDS or words[-1] in _FUNCTION_WORDS or _VERBS.search(name)):
        return False
    return 0 < len(words) <= 14 and not all(word in _NO_ARM or word.isdigit() for word in words) and len(name) > 1

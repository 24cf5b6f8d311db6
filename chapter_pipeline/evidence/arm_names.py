"""Owns what the name of an arm is: its form, whether it is a control's, and the words that tell it from others."""

from __future__ import annotations

import re
from collections.abc import Sequence

_I = re.IGNORECASE
CONTROL = re.compile(
    r"\b(?:placebo\w*|controls?|usual care|standard (?:care|treatment|therapy|of care)|sham|no treatment|untreated|vehicle|wait(?:ing)?[- ]?list|treatment[- ]as[- ]usual|TAU|"
    r"conventional|routine|usual (?:treatment|management|practice|mobili[sz]ation|medical|diet|activit\w+|therapy)|non-?intervention|no intervention|saline|observation|baseline|alone|healthy|wild[- ]?type|non-?users?|unexposed|without|not (?:receiving|given|treated|taking)|^no)\b",
    _I,
)
_TRIM = re.compile(
    r"^(?:(?:the|a|an|either|both|receive|receiving|one of|two|three|four|to|treatment with|therapy with|groups?|group of|of|with|by|who|those|patients?|participants?|subjects|women|men|children|only|single|dose of|twice|daily|received|an?|their|its|in|into|a total of|use of|using|adding|addition of|administration of) )+",
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
    r"\b(?:was|were|is|are|had|has|have|did|would|could|should|may|might|whether|showed|received|allocated|improved|reduced|increased|needing|participate|different|outcomes|following|followed)\b",
    _I,
)


def is_control(group: Sequence[str]) -> bool:
    """Whether the names of an arm are those of a control."""
    return any(CONTROL.search(name) for name in group)


def tidy(name: str) -> str:
    """An arm's name without articles, doses over time and the word "group"."""
    text = " ".join(name.split()).strip(" ,;:-–—")
    text = re.split(r"\s*[(\[{]", text)[0]
    text = re.sub(r"^\d+ (?:\w+ )?(?:to|as(?: the)?) ", "", text)
    text = _TRIM.sub("", text.split(")")[0])
    text = _TAIL.sub("", text)
    return text.strip(" .,;:-–—")


def stems(name: str) -> frozenset[str]:
    """The beginnings of a name's words that tell it from other names."""
    return frozenset(word[:6] for word in re.findall(r"[^\W_]{2,}", name.casefold()) if word not in _FORM)


_FORM = frozenset(
    "the and with of to in for or mg ml kg daily weekly day days week weeks treatment therapy group groups arm only dose doses twice once per plus an by either iu oral standard alone use using".split()
)


def is_name(name: str) -> bool:
    words = name.casefold().split()
    if words and (words[0] in _FUNCTION_WORDS or words[-1] in _FUNCTION_WORDS or _VERBS.search(name)):
        return False
    return 0 < len(words) <= 14 and not all(word in _NO_ARM or word.isdigit() for word in words) and len(name) > 1

"""Owns the words that tell which way an outcome goes, by scale: only two words of one scale can contradict each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SCALES: dict[str, tuple[str, str]] = {
    "amount": (
        r"increas(?:e|es|ed|ing)|rise|rises|rose|risen|rising|raise[sd]?|raising|higher|highest|elevated?|elevates|elevation|"
        r"upregulat\w+|more|greater|greatest|larger|largest|commoner|gain(?:s|ed)?|grew|climb(?:s|ed)?|augment\w*|doubl(?:ed|es)|most often",
        r"decreas(?:e|es|ed|ing)|reduc(?:e|es|ed|ing|tions?)|fall|falls|fell|fallen|falling|lower(?:s|ed|ing)?|lowest|"
        r"downregulat\w+|less(?! than)|fewer(?! than)|smaller|smallest|rarer|declin(?:e|es|ed|ing)|diminish\w*|drop(?:s|ped)?|"
        r"lessen\w*|halv(?:ed|es)|attenuat\w+",
    ),
    "worth": (
        r"improv(?:e|es|ed|ing|ements?)|better|best|superior(?:ity)?|ameliorat\w+|benefi(?:ts?|ted|cial)|enhanc\w+|favou?rable",
        r"worse(?:n|ns|ned|ning)?|worst|inferior(?:ity)?|impair(?:s|ed|ing|ment)?|deteriorat\w+|harmful|detriment\w+|poorer",
    ),
    "duration": (
        r"longer|longest|prolong(?:s|ed|ing|ation)?|lengthen(?:s|ed|ing)?|extend(?:s|ed|ing)?|outlast\w*",
        r"shorter|shortest|shorten(?:s|ed|ing)?|curtail\w*",
    ),
    "speed": (
        r"faster|fastest|accelerat\w+|quicker|speed(?:s|ed)? up|earlier|sooner|hasten\w*",
        r"slower|slowest|slow(?:s|ed)|delay(?:s|ed|ing)?|decelerat\w+|later(?! than)|retard\w*",
    ),
    "activity": (
        r"activat(?:e|es|ed|ing)|stimulat(?:e|es|ed|ing)|promot(?:e|es|ed|ing)|induc(?:e|es|ed|ing)",
        r"inhibit(?:s|ed|ing|ion)?|suppress(?:es|ed|ing|ion)?|block(?:s|ed|ing|ade)?|prevent(?:s|ed|ing|ion)?",
    ),
}  # fmt: skip
_PATTERNS = [
    (scale, sign, re.compile(rf"(?<![\w-])(?:{words})(?![\w])", re.IGNORECASE))
    for scale, (up, down) in _SCALES.items()
    for sign, words in ((1, up), (-1, down))
]
_TIME_NOUN = re.compile(
    r"^\s?(?:the |its |their |in |of )?(?:\w+ ){0,2}(?:time|times|duration|length|period|delay|interval)\b",
    re.IGNORECASE,
)
_NOT_COMPARED = re.compile(r"\b(?:no|any|or|once|the) $|\d (?:or |and )?$", re.IGNORECASE)
_QUANTIFIED = re.compile(
    r"^ (?:than (?:\d|one|two|three|four|five|half|a (?:third|quarter|day|week|month|year))|precisely|specifically|recently|importantly|at\b)",
    re.IGNORECASE,
)
_ADJECTIVE = re.compile(
    r"^ (?!frequent|common|often|rapid)(?:severe|advanced|complex|intense|mild|modest|[a-z]+(?:ive|able|ible|ful|ent|ant|ous|ate|ely|ibly|tic|cal|ial|some)\b|likely|prone)"
    r"(?=\s(?:than|in|to|for|at|with|on|by|as|and|or|when|among|after|but)\b|[.,;:)]|$)"
)
_MORE = frozenset({"more", "less", "greater"})
DENIED = re.compile(
    r"\b(?:no|not|never|neither|nor|none|without|fail(?:s|ed)?(?: to)?|failure to|unable to|cannot|lack(?:s|ed)?(?: of)?|absence of|"
    r"hardly|barely|un(?:changed|affected|altered)|did little|too small|insufficient)\b|n't\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Way:
    """A word of direction: its `scale`, the `sign` on it, and where it stands; `denied`: the text denies it."""

    scale: str
    sign: int
    word: str
    start: int
    end: int
    denied: bool


@lru_cache(maxsize=8192)
def ways(text: str) -> tuple[Way, ...]:
    """The words of direction of `text` in their order."""
    found: list[Way] = []
    for scale, sign, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            behind = text[match.end() : match.end() + 30]
            if _QUANTIFIED.match(behind) or (match.group().lower() in _MORE and _ADJECTIVE.match(behind)):
                continue
            before = text[max(0, match.start() - 80) : match.start()]
            if _NOT_COMPARED.search(before) and match.group().lower() in (
                "more",
                "less",
                "longer",
                "greater",
                "higher",
            ):
                continue
            before = re.split(r"[;,.]\s|\bbut\b|\bwhereas\b|\band\b|\bthan\b", before)[-1]
            own = scale
            if scale == "amount" and _TIME_NOUN.match(text[match.end() : match.end() + 40]):
                own = "duration"
            found.append(Way(own, sign, match.group(), match.start(), match.end(), DENIED.search(before) is not None))
    found.sort(key=lambda way: way.start)
    return tuple(
        way
        for index, way in enumerate(found)
        if not (index and way.word.lower() in _MORE and text[found[index - 1].end : way.start].strip() == "")
    )

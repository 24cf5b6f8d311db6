"""Owns whether a clause states a significant difference by its numbers: p values, and intervals against their null value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from chapter_pipeline.evidence.statistics import P_VALUE

_I = re.IGNORECASE
SIGNIFICANT = 0.05
"""The level below which a p value counts as a difference, where the sentence itself says neither."""
_P = re.compile(
    r"(?P<sign>[=<>≤≥⩽⩾])\s?(?P<value>\d?[.·,]\d+|\d)(?:(?:\s?[×x*]\s?10\s?|e)[⁻−–-]\s?(?P<exponent>[\d⁰¹²³⁴⁵⁶⁷⁸⁹]+))?",
    _I,
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_NUMBER = r"[-−–+]?(?:\d+[.·]\d+|\d+|[.·]\d+)"
_RATIO = (
    r"(?:[Hh]azards?|[Oo]dds|[Rr]isk|[Rr]ate|[Rr]elative|[Pp]revalence|[Ii]ncidence|[Mm]ean|[Tt]reatment|[Ee]vent) (?:rate )?(?:ratios?|risks?|hazards?)|[Rr]atios?"
    r"|[asc]?(?:HR|OR|RR)|IRR|SHR|PR"
)
_DIFFERENCE = (
    r"[Dd]ifferences?|S?MD|WMD|A?RD|ARR|ETD|EDOM|[Ee]ffect sizes?|[Cc]oefficients?|[βΔ]|[Bb]eta"
    r"|(?:reduced|increased|decreased|improved|lowered|raised) (?:\w+ )?by"
)
_MEASURE = re.compile(rf"\b(?:(?P<ratio>{_RATIO})|(?P<difference>{_DIFFERENCE}))(?![A-Za-z])")
_LIMITS = re.compile(
    rf"(?<![\d.·\w])(?P<low>{_NUMBER})\s?%?\s?(?:(?:to|and|-|–|−|—|‐)\s?|(?P<comma>[,;])\s?(?={_NUMBER}\s?%?\s?(?:[)\]]|;|, ?p\b|$)))(?P<high>{_NUMBER})(?![\d.·])\s?%?(?P<closed>\s?[)\]])?",
)
_LEVEL = re.compile(
    r"(?:\bC\.?I\.?(?:\s?9\d\s?%)?|confidence intervals?(?:\s?[(\[]CI[)\]])?|credible intervals?|\bCrI)[^\w()\[\]+−–-]{0,3}(?:(?:of|from|was|limits?)\s)?[(\[:]?\s?[−–-]?$",
    _I,
)
_VALUE_BEFORE = re.compile(rf"(?P<value>{_NUMBER})\s?%?[^\d()\[\]]{{0,30}}?[\s,;:(\[]*(?:9\d(?:\.\d)?\s?%?\s?-?\s?)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An interval of a comparison: its null value is 1 for a ratio, 0 for a difference."""

    value: float | None
    low: float
    high: float
    null: float

    @property
    def holds_null(self) -> bool:
        """Whether the null value lies inside, so that nothing differs."""
        return self.low <= self.null <= self.high


def number(text: str) -> float:
    """The value of a printed number."""
    return float(text.replace("−", "-").replace("–", "-").replace("·", ".").replace(",", "."))


def p_is_small(text: str) -> bool | None:
    """Whether all p values of a text are below `SIGNIFICANT`, or none is; None where there is none, or both."""
    small = {is_small for match in P_VALUE.finditer(text) if (is_small := _small(match.group())) is not None}
    return small.pop() if len(small) == 1 else None


def _small(printed: str) -> bool | None:
    said = _P.search(printed)
    if said is None:
        return None
    value = number(said["value"])
    if said["exponent"]:
        value *= 10.0 ** -int(said["exponent"].translate(_RAISED))
    if said["sign"] in ">≥⩾":
        return False if value >= 0.01 else None
    return value < SIGNIFICANT or (value == SIGNIFICANT and said["sign"] != "=")


@lru_cache(maxsize=64)
def intervals(text: str) -> tuple[Interval, ...]:
    """The intervals of ratios and differences that a text states, in order; those of one arm's value are left out."""
    if _DIGIT.search(text) is None:
        return ()
    measures = list(_MEASURE.finditer(text))
    if not measures:
        return ()
    found: list[Interval] = []
    for match in _LIMITS.finditer(text, measures[0].end()):
        measure = [one for one in measures if one.end() <= match.start()][-1]
        gap = text[measure.end() : match.start()]
        named = _LEVEL.search(gap[-60:]) is not None or _LEVEL_BEFORE.search(gap[-30:]) is not None
        opened = gap.rstrip()[-1:] in ("(", "[", ",", ";")
        if match["comma"] and not named and not (match["closed"] and opened):
            continue
        if len(gap) > (140 if named else 90) or not (named or opened):
            continue
        low, high = sorted((number(match["low"]), number(match["high"])))
        value = _VALUE_BEFORE.search(_WITHOUT_LEVEL.sub("", gap))
        middle = number(value["value"]) if value else None
        if middle is not None and not low <= middle <= high:
            middle = None
        if (middle is None and not named) or (measure["ratio"] and (low < 0 or high > 200)):
            continue
        found.append(Interval(value=middle, low=low, high=high, null=1.0 if measure["ratio"] else 0.0))
    return tuple(found)


_DIGIT = re.compile(r"\d")
_LEVEL_BEFORE = re.compile(r"\bCI|onfidence interval|CrI|redible interval|EDOM", _I)


_WITHOUT_LEVEL = re.compile(
    r"[(\[,;]?\s?9\d(?:\.\d)?\s?%\s?-?\s?(?:CI|Cr?I|confidence|credible).*$|[(\[,;]\s?CI\b.*$", _I | re.DOTALL
)


@lru_cache(maxsize=64)
def is_significant(text: str) -> bool | None:
    """Whether what a clause states is significant: by its p values, else by its intervals; None where they say neither."""
    if P_VALUE.search(text):
        return p_is_small(text)
    held = {interval.holds_null for interval in intervals(text)}
    return not held.pop() if len(held) == 1 else None

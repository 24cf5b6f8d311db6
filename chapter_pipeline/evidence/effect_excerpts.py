"""Owns the excerpts of a sentence that state an effect: the values of two sides, a ratio or difference with its interval.

An excerpt is as printed, but for a bracket that is closed behind it; nothing is computed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chapter_pipeline.evidence.statistics import INTERVAL, P_VALUE, ratios

_I = re.IGNORECASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The values of two sides; `names_sides`: both are told which side they are of (``9% in the drain group``)."""

    text: str
    values: tuple[float, float]
    names_sides: bool


_NUMBER = r"[-−–+]?(?:\d{1,3}(?:[ ,]\d{3})+|\d+)(?:[.·]\d+)?"
_UNIT = r"(?:\s?(?:%|mm ?Hg|mmol/[lL]|m[gl]/d[lL]|mg/kg|[µμun]g/[mdlL]+|ug/L|kg/m[²2]|kg|mg|g|cm[²³]?|mm[²³]?|m[lL]|months?|weeks?|days?|years?|hours?|h|min(?:utes)?|s|points?|L)(?:/[a-z]{1,4}){0,2})?(?![\w²³/])"
_BRACKET = r"(?:\s?(?:\([^()]{1,30}\)|\[[^\[\]]{1,30}\]))?"
_SPREAD = r"(?:\s?(?:±|\+/-)\s?\d+(?:[.·]\d+)?|,? SD \d+(?:[.·]\d+)?)?"
_BARE_VALUE = rf"(?:\d+/\d+(?!\d)|{_NUMBER}){_BRACKET}{_UNIT}{_SPREAD}{_UNIT}{_BRACKET}"
_VALUE = rf"(?<![\w.·,/=<>–-]){_BARE_VALUE}"
_ARM = r"\s(?:in|for|with|among) (?:the )?(?:[\w+/.’'-]+ ){0,4}?[\w+/.’'-]+?(?: (?:groups?|arms?|patients|condition|sides?))?"
_PAIR = re.compile(
    rf"(?P<one>{_VALUE})(?P<arm>{_ARM})?,?\s(?P<link>vs?\.?|versus|and|compared (?:with|to)|against)\s(?:only |in the |the )?(?P<two>{_VALUE})"
    r"(?P<behind>\s(?:in|for|with|among) (?:the )?(?:[\w+/’'-]+ ){0,4}?(?:[\w+/’'-]+ (?:groups?|arms?)|(?:[Aa]rm|[Gg]roup) \w+|[\w+/’'-]+(?=\s?(?:[;,)\]}]|\.?$))))?"
)
_LABEL = (
    r"(?!(?:[pPtFrnNM]|CI|OR|RR|HR|SD|SE|df|IQR|mean|median|range|difference|ratio|versus|vs|and|[Tt]ables?|[Ff]ig\w*|[Aa]ppendix|[Ss]uppl\w*|[Ff]iles?|[Aa]dditional|[Gg]roups?|[Aa]rms?|[Gg]rades?|[Dd]ays?|[Ww]eeks?|[Pp]anels?)\b)"
    r"[A-Za-z][\w+/’'-]*(?: (?!(?:and|vs|versus|CI|was|were)\b)[\w+/’'-]+){0,3}?"
)
_LABELLED = re.compile(
    rf"(?<=[(\[])(?:{_LABEL}\s?[=:]\s?|{_LABEL}\s)(?P<one>{_BARE_VALUE}(?:,\s?\d[\d.]*\s?%)?)\s?(?:[;,]|,?\s?vs?\.?|,?\s?versus)\s"
    rf"(?:{_LABEL}\s?[=:]\s?|{_LABEL}\s)(?P<two>{_BARE_VALUE}(?:,\s?\d[\d.]*\s?%)?)(?=\s?(?:[;,]\s?(?:log[- ]rank )?[Pp]\b|[)\]]))"
)
"""In brackets, each value behind the name of its side: ``(drain: 9/23, 39% vs placebo: 6/16, 38%, p = 0.92)``."""
_MEASURED = re.compile(r"[.·%/±]")
_TIMES = re.compile(
    r"\b(?:at|after|during|within|over|from|between|and|to|for|day|week|month|year|days|weeks|months|years|t|aged|age|visit|grade|stage|type|group|arm|table|fig\.?|figure)\s$",
    _I,
)


def pair_of(part: str) -> Pair | None:
    """``13.9 months with wafers and 11.6 months with placebo``: two values, and nothing else that could be one."""
    labelled = list(_LABELLED.finditer(part))
    if len(labelled) == 1 and _alike(labelled[0]["one"], labelled[0]["two"]) and _MEASURED.search(labelled[0]["one"]):
        text = _balanced(labelled[0].group().strip())
        values = (_value(labelled[0]["one"]), _value(labelled[0]["two"]))
        return Pair(text=text, values=values, names_sides=True) if text else None
    taken = [match.span() for match in P_VALUE.finditer(part)]
    found = [
        match
        for match in _PAIR.finditer(part)
        if not _TIMES.search(part[: match.start()])
        and all(match.end() <= start or end <= match.start() for start, end in taken)
        and (match["link"] != "and" or match["arm"])
        and _alike(match["one"], match["two"])
    ]
    if len(found) != 1 or _further_values(part, found[0]):
        return None
    text = _balanced(found[0].group().strip())
    if text is None:
        return None
    return Pair(
        text=text, values=(_value(found[0]["one"]), _value(found[0]["two"])),
        names_sides=bool(found[0]["arm"] and found[0]["behind"]),
    )  # fmt: skip


def _value(text: str) -> float:
    fraction = re.match(r"(\d+)/(\d+)$", text)
    if fraction:
        return int(fraction[1]) / max(1, int(fraction[2]))
    number = re.match(_NUMBER, text)
    assert number is not None, text
    return float(re.sub(r"[ ,]", "", number.group()).replace("·", ".").replace("−", "-").replace("–", "-"))


def _alike(one: str, two: str) -> bool:
    """Whether two values can be of one measure: both with a per cent sign, or neither."""
    return ("%" in one) == ("%" in two) and ("±" in one) == ("±" in two)


def _further_values(part: str, pair: re.Match[str]) -> bool:
    """Whether another arm may follow: ``3.3 ± 2.6, 3.6 ± 2.4 and 4.4 ± 2.4``."""
    before, behind = part[: pair.start()], part[pair.end() :]
    return bool(
        re.search(rf"{_VALUE}(?:{_ARM})?,\s?(?:and )?$", before)
        or re.match(rf"\s?(?:,|,? and|,? vs\.?|,? versus)\s{_VALUE}(?!\s?CI)", behind)
    )


def _balanced(text: str) -> str | None:
    """`text`, with a closing bracket that it opens completed; None where it closes one that it does not open."""
    for opening, closing in ("()", "[]", "{}"):
        if text.count(closing) != text.count(opening):
            return None
    return text


def ratio_of(part: str, *, is_frequency: bool, beside: Pair | None) -> str | None:
    """A ratio or difference with its interval; of a frequency or where no sides are told, a value with its interval."""
    measured = ratios(part)
    intervals = list(INTERVAL.finditer(part))
    if len(measured) == 1 and len(intervals) <= 1:
        start, end = measured[0]
        return _closed(part[start:end])
    if measured or len(intervals) != 1:
        return None
    before = re.search(rf"(?P<value>{_NUMBER}{_UNIT})[\s,;:(\[]*$", part[: intervals[0].start()])
    if before is None or re.search(r"(?:SD|SE|n)\s?=?\s?$", part[: before.start()]) or beside:
        return None
    if part[: before.start()].rstrip().endswith("=") or not (is_frequency or _DIFFERENCE.search(part)):
        return None
    percent = "%" if part[intervals[0].end() :].startswith("%") else ""
    behind = part[intervals[0].end() + len(percent) :]
    if re.search(r"\d\s?%", part[: before.start()]) or re.search(rf"{_NUMBER}{_UNIT}\s?[(\[]\s?{_NUMBER}", behind):
        return None
    return _closed(part[before.start("value") : intervals[0].end()] + percent)


_DIFFERENCE = re.compile(
    r"\b(?:differ\w*|reductions?|changes?|increases?|decreases?|improvements?|declines?|gains?|loss|benefit)\b", _I
)


def _closed(text: str) -> str | None:
    """`text` with its one open bracket closed."""
    for opening, closing in ("()", "[]", "{}"):
        if text.count(opening) == text.count(closing) + 1:
            text += closing
    return _balanced(text.strip())


_UP = re.compile(r"\b(?:higher|greater|longer|larger|more|increased|rose)\b", _I)
_DOWN = re.compile(r"\b(?:lower|shorter|smaller|fewer|less|decreased|fell|reduced)\b", _I)
_LESS_IS_MORE = re.compile(r"\b(?:reductions?|loss|losses|decreases?|declines?|improve\w*|drops?)\b", _I)
_RATIO_VALUE = re.compile(r"(?:RR|OR|HR|ratio|risk)\)?\s?[=:,]?\s?(?P<value>\d+[.·]\d+)", _I)


def contradicts(part: str, pair: Pair | None, ratio: str | None) -> bool:
    """Whether the numbers go another way than the words on the side that is named first, as far as both are sure.

    ``higher in A (0% vs 25%)`` and ``higher with A than with B (RR 0.8)`` are of B against A.
    """
    up, down = _UP.search(part) is not None, _DOWN.search(part) is not None
    if up is down or _LESS_IS_MORE.search(part):
        return False
    if pair is not None and not pair.names_sides and min(pair.values) >= 0:
        one, two = pair.values
        if one != two and (one > two) is not up:
            return True
    found = _RATIO_VALUE.search(ratio or "")
    if found is None:
        return False
    value = float(found["value"].replace("·", "."))
    return value != 1 and (value > 1) is not up

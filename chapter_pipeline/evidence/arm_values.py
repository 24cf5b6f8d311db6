"""Owns the numbers that a clause states for each arm, and in which arm the number is larger."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chapter_pipeline.domain.evidence import Direction
from chapter_pipeline.evidence.mentions import Mention
from chapter_pipeline.evidence.significance import number
from chapter_pipeline.evidence.statistics import P_VALUE
from chapter_pipeline.evidence.text import lowered

_DECIMAL = r"\d+(?:,\d{3}(?!\d))*(?:[.·]\d+)?"
_SIGNED = rf"(?:(?<![\w.)\]])[-−–+±])?{_DECIMAL}"
_UNITS_OF_TIME = r"(?:days?|weeks?|wks?|months?|mo|years?|yrs?|hours?|hrs?|h|min(?:utes?)?|seconds?|s)\b"
_NO_VALUE = re.compile(
    # intervals and spreads
    rf"[(\[,;]?\s?\b9\d(?:\.\d+)?\s?%\s?-?\s?(?:c\.?i\.?|cri|confidence intervals?(?: \[ci\]| \(ci\))?|credible intervals?)[^\d()\[\]]{{0,12}}[(\[]?\s?{_SIGNED}\s?%?\s?(?:to|-|–|−|—|,|;|and)\s?{_SIGNED}\s?%?\s?[)\]]?"
    rf"|\bci\s?9?5?\s?%?[:=,]?\s?[(\[]?\s?{_SIGNED}\s?%?\s?(?:to|-|–|−|—|,|;|and)\s?{_SIGNED}\s?[)\]]?"
    rf"|(?:±|\+/-|\+/−)\s?{_DECIMAL}|\b(?:sd|se|sem|s\.d\.|iqr|interquartile range|range)[\s:=,]{{0,3}}[(\[]?\s?{_SIGNED}(?:\s?(?:to|-|–|−|,|and)\s?{_SIGNED})?"
    rf"|[(\[]\s?{_SIGNED}\s?%?\s?(?:to|-|–|−|—|‐|,|;)\s?{_SIGNED}\s?%?\s?[)\]]"
    # numbers of people, ages, times, places, doses, thresholds, tests
    rf"|\bn\s?=\s?{_DECIMAL}|\b(?:table|figure|fig\.?|group|grade|type|phase|day|week|month|year|visit|stage|class|level|aged?|time|t|version|supplement|dose|trial|study|cycle|quartile)s?\s\d+(?:\.\d+)?(?:\s?(?:-|–|to|and|or)\s?\d+)?\b(?!\s?%)"
    rf"|\b(?:at|after|during|over|within|by|through|until|past|last|first|next|every|following|before|baseline to|up to|least)\s(?:the\s|a\s|least\s)?(?:{_DECIMAL}(?:\s?(?:-|–|to|and|or|,)\s?)?)+[\s-]?{_UNITS_OF_TIME}"
    rf"|{_DECIMAL}-(?:[a-z]+)\b|{_DECIMAL}\s?(?:st|nd|rd|th)\b|[<>≥≤⩾⩽]\s?{_SIGNED}(?:/\d+)?\s?%?|{_DECIMAL}\s?(?:years? of age|years old)"
    rf"|\b(?:score|scale|range|rating|grades?)s? (?:of |from )?{_DECIMAL}(?: to |-|–){_DECIMAL}(?! (?:in|with|for)\b)|\b{_DECIMAL} to {_DECIMAL}(?=\))"
    rf"|\b[tfzrχdb]\d?\s?(?:\(\s?\d[\d., ]*\))?\s?=\s?[-−–]?{_DECIMAL}|χ2?²?\s?(?:\(\d+\))?\s?=\s?{_DECIMAL}|\bdf\s?=\s?\d+"
    rf"|\b(?:hazard|odds|risk|rate|relative|incidence|prevalence|treatment) (?:rate )?(?:ratios?|risks?|hazards?)\b[^\d;)]{{0,30}}?{_SIGNED}|\b(?:a?hr|a?or|a?rr|irr|smr|nnt|nnh|md|smd|rd|es|etd|edom|β|d|κ|r2|r)\b[\s,:=]{{0,3}}{_SIGNED}"
    rf"|\b(?:differences?|effect sizes?|ratio)\b[^\d;()]{{0,40}}?{_SIGNED}(?:\s?%|\spercentage points?)?"
    rf"|(?:reduction|increase|decrease|improvement|weight loss) of (?:at least )?{_DECIMAL}\s?%|\b(?:at least )?{_DECIMAL}\s?% (?:or more |or greater )?(?:reduction|improvement|increase|decrease|weight loss)"
    rf"|\b(?:(?:out )?of|among) (?:the )?{_DECIMAL} (?:patients|participants|subjects|women|men|children|infants|cases|eyes|people|adults)",
)
_P_VALUES = re.compile(rf"(?:{P_VALUE.pattern})(?:\s?(?:,|and|or|, and)\s?[<>=≤≥]?\s?0?[.·]\d+)*", re.IGNORECASE)
_CUBED = re.compile(r"(?<=[a-z/])[23](?!\d)|(?<=10)[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[×x]\s?10\d+\b")
_FRACTION = re.compile(
    rf"(?<![\w.])(?P<part>{_DECIMAL})\s?(?:/|(?:out )?of)\s?(?:the )?(?P<whole>{_DECIMAL})(?![\w/]|\s?%)"
)
_COUNT_BEFORE_SHARE = re.compile(
    rf"(?<![\w.]){_DECIMAL}(?P<gap>\s?(?:[a-z]+ ){{0,4}}[(\[]\s?)(?={_DECIMAL}\s?(?:%|per ?cent\b))"
)
_VALUE = re.compile(rf"(?<![\w.])(?P<sign>[-−–+](?=[\d]))?(?P<number>{_DECIMAL})\s?(?P<share>%|per ?cent\b)?")
_RANGE = re.compile(r"\bfrom\b")
_NO_COMPARISON = re.compile(
    r"\b(?:randomi[sz]ed|allocated|assigned|enrolled|recruited|screened|were (?:included|analy[sz]ed|women|men|male|female|excluded)|mean age|aged|withdrew|lost to follow|completed the (?:study|trial)|power)\b|\b(?:received|had received|underwent|were given)\b(?!.*\bp\s?[<=>])"
)
_DIGITS = re.compile(r"\d+")
_AND = re.compile(r"\band\b|,|;|\bor\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two numbers of a clause: the direction is that of `one` as against `two`; None for an arm that is not named.

    `sure`: each number stands beside its own arm.
    """

    direction: Direction
    one: Mention | None = None
    two: Mention | None = None
    sure: bool = False
    signed: bool = False


@dataclass(frozen=True, slots=True)
class _Number:
    start: int
    value: float
    share: bool
    signed: bool


def compared_values(text: str, named: Sequence[Mention], before: Sequence[Mention] = ()) -> list[Compared]:
    """The comparisons of numbers that a clause states between arms; of three arms or more each with the last or the control.

    `before`: the arms as a sentence before named them, for "12% and 20%, respectively" without a name.
    """
    low = lowered(text)
    if len(_DIGITS.findall(low)) < 2 and (not named or _IN_WORDS.search(low) is None):
        return []
    if _NO_COMPARISON.search(low) and not P_VALUE.search(text):
        return []
    numbers = _numbers(low, named)
    if not 2 <= len(numbers) <= 8:
        return []
    shares = [one for one in numbers if one.share]
    if before and "respectively" in low and len({_key(mention) for mention in named}) < 2:
        order = _first_of_each(before)
        for values in (shares, numbers):
            if len(order) == len(values) >= 2 and not _apart(values, low):
                return _paired(values, order, sure=True)
    for values in ([shares] if len(shares) >= 2 and len(shares) < len(numbers) else []) + [numbers]:
        if (found := _of_arms(values, named, low)) is not None:
            return found
    return []


def _of_arms(values: Sequence[_Number], named: Sequence[Mention], low: str) -> list[Compared] | None:
    """The comparisons of the numbers given; None where they fit no arms."""
    arms = len({_key(mention) for mention in named})
    if arms >= 2 and _TOGETHER.search(low):
        return None
    changes = _changes(values, low)
    for given in (changes, values) if changes else (values,):
        count = len(given)
        if count >= 2 and arms >= count and (order := _beside(given, named, low)):
            return _paired(given, order, sure=True)
        if _apart(given, low):
            continue
        if count >= 2 and arms >= count and (order := _listed(given, named, low)):
            return _paired(given, order, sure=True)
        if count == 2 and _opposed(low, given):
            one, two = _subject_first(named, low, before=given[1].start)
            return _paired(given, [one, two], sure=False)
    if len(values) == 4 and arms == 2:
        return _of_four(values, named, low)
    return None


def _changes(values: Sequence[_Number], low: str) -> list[_Number]:
    """What four numbers say as two changes, "from 10 to 5 ... from 11 to 9"; empty where they do not."""
    if len(values) != 4:
        return []
    one, two, three, four = values
    if _TO.search(low[one.start : two.start]) is None or _TO.search(low[three.start : four.start]) is None:
        return []
    return [
        _Number(one.start, round(two.value - one.value, 6), False, True),
        _Number(three.start, round(four.value - three.value, 6), False, True),
    ]


_TO = re.compile(r"^\S+[^;,.]{0,30}\bto\b|\bat baseline\b|→")
_TOGETHER = re.compile(r"\bas well as\b")


def _apart(values: Sequence[_Number], low: str) -> bool:
    """Whether a p value stands between numbers, so that each of them is of an outcome of its own."""
    return any(P_VALUE.search(low, one.start, two.start) is not None for one, two in pairwise(values))


def _beside(values: Sequence[_Number], named: Sequence[Mention], low: str) -> list[Mention] | None:
    """The arm that stands beside each number, behind it ("12 in A and 20 in B") or before it ("A had 12, B had 20")."""
    behind, before = [], []
    ends = [*(value.start for value in values[1:]), len(low) + 1]
    for value, end in zip(values, ends, strict=True):
        behind.append(next((one for one in named if value.start < one.start < end), None))
    starts = [-1, *(value.start for value in values[:-1])]
    for value, start in zip(values, starts, strict=True):
        before.append(next((one for one in reversed(named) if start < one.start < value.start), None))
    both = []
    for found in (behind, before):
        arms = [one for one in found if one is not None]
        if len(arms) == len(values) == len({_key(one) for one in arms}):
            both.append(arms)
    if len(both) == 2 and not all(_IN.search(low, max(0, one.start - 14), one.start) for one in both[0]):
        return both[1]
    return both[0] if both else None


_IN = re.compile(
    r"\b(?:in|with|on|of|for|among|under|by|after|at|to|given|receiving|taking)\s(?:the\s|an?\s|those\s\w+\s)?$"
)


def _listed(values: Sequence[_Number], named: Sequence[Mention], low: str) -> list[Mention] | None:
    """The arms in one list behind all numbers or before them: "12 and 20 in A and B", "A had more than B (20 vs 12)"."""
    behind = _first_of_each([one for one in named if one.start > values[-1].start])
    if len(behind) == len(values) and (len(behind) > 2 or _LISTS.search(low[behind[0].end : behind[1].start])):
        return behind
    before = [one for one in named if one.start < values[0].start]
    if len(values) == 2 and len(before) == len(named) and _opposed(low, values):
        one, two = _subject_first(before, low, before=values[0].start)
        return [one, two] if one is not None and two is not None else None
    last = _first_of_each(list(reversed(before)))[::-1]
    return last[-len(values) :] if len(last) >= len(values) > 2 and "respectively" in low else None


_LISTS = re.compile(r"^[^.;]{0,30}\b(?:and|versus|vs\.?|or)\b")


def _first_of_each(named: Sequence[Mention]) -> list[Mention]:
    return list({_key(mention): mention for mention in reversed(named)}.values())[::-1]


def _subject_first(named: Sequence[Mention], low: str, *, before: int) -> tuple[Mention | None, Mention | None]:
    """What a clause tells of and what it compares that with; None for what it does not name."""
    arms = _first_of_each(named)
    compared = next((one for one in arms if _than(low, one)), None)
    others = [one for one in arms if one is not compared and one.start < before]
    if compared is not None:
        return (others[0] if others else None), compared
    return (others[0] if others else None), (others[1] if len(others) > 1 else None)


def _numbers(low: str, named: Sequence[Mention]) -> list[_Number]:
    """The numbers of a text that measure an arm, each once: a share stands for the count before it."""
    kept = list(low)
    for mention in named:
        kept[mention.start : mention.end] = " " * (mention.end - mention.start)
    bare = "".join(kept)
    bare = _CUBED.sub(_blank, _P_VALUES.sub(_blank, bare))
    if sum(1 for _ in _VALUE.finditer(bare)) < 2 and not _IN_WORDS.search(bare):
        return []
    bare = _NO_VALUE.sub(_blank, bare)
    bare = _IN_WORDS.sub(lambda match: f"{_WORDS.index(match.group())}".ljust(len(match.group())), bare)
    fractions: list[_Number] = []

    def fraction(match: re.Match[str]) -> str:
        part, whole = _float(match["part"]), _float(match["whole"])
        if 0 <= part <= whole and whole >= 5 and _SHARE_NEAR.search(bare, match.end(), match.end() + 60) is None:
            fractions.append(_Number(match.start(), 100 * part / whole, True, False))
        return " " * len(match.group())

    bare = _FRACTION.sub(fraction, bare)
    bare = _COUNT_BEFORE_SHARE.sub(lambda match: " " * (len(match.group()) - len(match["gap"])) + match["gap"], bare)
    found = [
        _Number(
            match.start(),
            number((match["sign"] or "").replace("+", "") + match["number"].replace(",", "")),
            match["share"] is not None,
            match["sign"] is not None,
        )
        for match in _VALUE.finditer(bare)
        if not _SPREAD_BEFORE.search(bare, max(0, match.start() - 12), match.start()) or match["share"]
    ]
    return sorted([*found, *fractions], key=lambda one: one.start)


_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_IN_WORDS = re.compile(
    rf"\b(?:{'|'.join(_WORDS)})\b(?=(?: \w+)? (?:in|with|on|under|of (?:the )?\d) )(?! (?:of the |patients? with))"
)
_SHARE_NEAR = re.compile(r"[(\[]\s?\d+(?:[.·]\d+)?\s?(?:%|per ?cent)")
_SPREAD_BEFORE = re.compile(r"\d\s?[(\[]$")
"""A number in a bracket right behind another is its spread, unless it is a share."""


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _float(printed: str) -> float:
    return number(printed.replace(",", ""))


def _key(mention: Mention) -> object:
    return mention.arm if mention.arm >= 0 else ("control" if mention.control else mention.name.casefold())


def _than(low: str, mention: Mention) -> bool:
    """Whether an arm is named as what the other is compared with."""
    return _THAN.search(low, max(0, mention.start - 50), mention.start) is not None


_THAN = re.compile(r"\b(?:than|compared (?:with|to)|versus|vs\.?|against|relative to|over)\s(?:[\w-]+\s){0,4}$")


def _opposed(low: str, values: Sequence[_Number]) -> bool:
    """Whether two numbers are those of two arms: "12 vs 20", "12 and 20, respectively"."""
    between = low[values[0].start : values[1].start]
    return _OPPOSED.search(between) is not None or (
        _AND.search(between) is not None
        and ("respectively" in low or P_VALUE.search(low) is not None)
        and not _RANGE.search(low)
    )


_OPPOSED = re.compile(
    r"\bvs?\b\.?|\bversus\b|\bcompared (?:with|to)\b|\bagainst\b|\bas opposed to\b|\bthan\b|\bwhereas\b"
)


def _compare(one: _Number, two: _Number, first: Mention | None, second: Mention | None, *, sure: bool) -> Compared:
    direction = (
        Direction.NO_DIFFERENCE
        if one.value == two.value
        else Direction.INCREASED
        if one.value > two.value
        else Direction.DECREASED
    )
    return Compared(direction=direction, one=first, two=second, sure=sure, signed=one.signed or two.signed)


def _paired(values: Sequence[_Number], arms: Sequence[Mention | None], *, sure: bool) -> list[Compared]:
    """Numbers in the order of their arms."""
    if len(arms) == 2:
        return [_compare(values[0], values[1], arms[0], arms[1], sure=sure)]
    last = next((place for place, arm in enumerate(arms) if arm is not None and arm.control), len(arms) - 1)
    return [
        _compare(values[place], values[last], arms[place], arms[last], sure=sure)
        for place in range(len(arms))
        if place != last
    ]


def _of_four(values: Sequence[_Number], named: Sequence[Mention], low: str) -> list[Compared] | None:
    """Two numbers of each arm, of two outcomes or times that go the same way."""
    one, two, three, four = values
    if _OPPOSED.search(low[one.start : two.start]) and _OPPOSED.search(low[three.start : four.start]):
        first, second = _subject_first(named, low, before=one.start)
        pairs = [_compare(one, two, first, second, sure=False), _compare(three, four, first, second, sure=False)]
    else:
        arms = _first_of_each(named)
        pairs = [_compare(one, three, arms[0], arms[1], sure=True), _compare(two, four, arms[0], arms[1], sure=True)]
    return pairs[:1] if pairs[0].direction is pairs[1].direction else None

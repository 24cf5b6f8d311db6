"""Owns the rule on numbers: each number of a sentence stands in its passages, or follows from what stands in one.

What follows: another unit of the same measure, honest rounding, a share from two counts, a difference or a sum, a
multiple from two values. The rule is silent where it cannot tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from chapter_pipeline.quality.checking.quantities import Quantity, quantities
from chapter_pipeline.quality.checking.scales import ways
from chapter_pipeline.quality.checking.text import sentences
from chapter_pipeline.quality.checking.units import same_measure
from chapter_pipeline.quality.checking.verdict import Claim, Fault

LOOSE = 0.12
"""Share of a value that "about", a number in words or another unit may be off."""
BEYOND = 1.6
"""How far beyond a round number the printed one may be: "more than 100" of 148."""
SHARE = 0.16
"""Share of a value that a fraction in words may be off: a third of 31%, one in seven of 14.5%."""
_CHANGE = re.compile(
    r"\b(?:differ\w*|longer|shorter|less|more|higher|lower|fewer|greater|smaller|fell|rose|rise|fall|gain\w*|lost|gap|by|change\w*|"
    r"increas\w*|decreas\w*|reduc\w*|improv\w*|dropp?\w*|declin\w*|sooner|later|earlier|faster|saved|added?|points?|sum|total|together|"
    r"altogether|all|combined|both|remaining|other|rest)\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:in relative terms|relative(?:ly)? (?:reduction|risk|increase|decrease)|proportionally)\b", re.IGNORECASE
)
_RATIO = re.compile(
    r"\b(?:hr|or|rr|hazard ratio|odds ratio|risk ratio|relative risk|irr|ratio)s?\b[^.;]{0,12}?[\s:=(]\s?(\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
_UNIT_OF = re.compile(r"\bin (seconds|minutes|hours|days|weeks|months|years)\b", re.IGNORECASE)
_HOUR_UNITS = {
    "seconds": 1 / 86400,
    "minutes": 1 / 1440,
    "hours": 1 / 24,
    "days": 1.0,
    "weeks": 7.0,
    "months": 30.44,
    "years": 365.25,
}
_ROMAN = {1: "I", 2: "II", 3: "III", 4: "IV", 5: "V", 6: "VI"}
_OPPOSED = {"more": ("less", "most"), "less": ("more", "least"), "least": ("less", "most"), "most": ("more", "least")}
_RARE_TIME = re.compile(r"\b(?:annual\w*|year\w*|yr|12[ -]?mo\w*|12[ -]months?|52[ -]w\w*|twelve months|one-year|1-year|daily|day|24 ?h\w*|hourly|"
                        r"hour|week\w*|7 days|seven days|month\w*|30 days|four weeks|4 weeks|decade|ten years|10[ -]years?)\b", re.IGNORECASE)  # fmt: skip
_AFTER_TIME = re.compile(
    r"\b(?:after|for|over|at|within|during|throughout|first)\s(?:the\s|only\s|about\s)?$", re.IGNORECASE
)


@lru_cache(maxsize=4096)
def _known(text: str) -> tuple[tuple[Quantity, ...], ...]:
    """The quantities of each sentence of a passage."""
    return tuple(quantities(sentence) for sentence in sentences(text))


def number_faults(claim: Claim) -> Iterator[Fault]:
    """Numbers of the claim that no passage has and that follow from none."""
    told = [
        *(passage.text for passage in claim.passages),
        *(passage.record for passage in claim.passages if passage.record),
    ]
    held = [quantities(text) for text in told]
    everything = [one for part in held for one in part]
    for one in quantities(claim.text):
        if one.kind == "word" and not _counts_people(one, everything):
            continue
        if one.kind == "time":
            if _is_another_time(one, claim, everything):
                yield _missing(one, everything)
            continue
        if _is_of_a_name(one, claim) or _is_a_year_of_none(one, everything):
            continue
        if not any(_is_said(one, part, text, claim.text) for part, text in zip(held, told, strict=True)):
            yield _missing(one, everything)
        elif any(_same(one, other) for other in everything) and (
            turned := _turned_comparator(one, everything, claim.text)
        ):
            yield Fault(rule="comparator", words=_around(claim.text, one), says=f"its passages give {turned!r}")
        elif _lost_its_sign(one, everything, claim):
            yield Fault(rule="sign", words=one.text, says=f"its passages give -{one.text}")
    yield from _relative(claim, held)


def _lost_its_sign(one: Quantity, everything: Sequence[Quantity], claim: Claim) -> bool:
    """Whether a near quotation tells a negative number as a positive one."""
    equal = [other for other in everything if other.value == one.value and other.kind == one.kind]
    near = any(len(claim.stems & passage.stems) >= 0.85 * len(claim.stems) for passage in claim.passages)
    return bool(near and equal and not one.negative and all(other.negative for other in equal) and not ways(claim.text))


def _around(text: str, one: Quantity) -> str:
    return text[max(0, text.rfind(" ", 0, max(0, one.start - 12)) + 1) : one.end].strip(" (")


def _missing(one: Quantity, everything: Sequence[Quantity]) -> Fault:
    near = [other for other in everything if other.value == one.value and other.kind == one.kind]
    if near:
        return Fault(rule="unit", words=one.text, says=f"its passages have {near[0].text!r}")
    return Fault(rule="number", words=one.text, says="its passages do not have this number")


def _counts_people(one: Quantity, everything: Sequence[Quantity]) -> bool:
    """Whether a small number in words counts people where the passages count them too."""
    return (
        one.value > 1
        and one.unit is not None
        and one.unit.kind == "people"
        and any(other.unit is not None and other.unit.kind == "people" for other in everything)
    )


def _is_of_a_name(one: Quantity, claim: Claim) -> bool:
    """Whether a bare number belongs to a name (``BRCA 1``, ``growth factor 21``) or is a mark of citation behind the sentence."""
    if one.unit is not None or one.decimals or one.kind != "number":
        return False
    number = int(one.value)
    if re.search(rf"[A-Za-z]{{2,}}-?{number}(?!\d)|/{number}(?!\d)|\bq{number}[wd]\b", claim.known):
        return True
    if number in _ROMAN and re.search(rf"\b{_ROMAN[number]}[abc]?\b", claim.known):
        return True
    before = claim.text[: one.start]
    return before.endswith("+") or (
        re.search(r"[a-z]{4,}s $", before) is not None and claim.text[one.end :].strip() in (".", "")
    )


def _is_a_year_of_none(one: Quantity, everything: Sequence[Quantity]) -> bool:
    """Whether it is a year where the passages name none: when a study was done is not what they are quoted for."""
    return _is_year(one) and not any(map(_is_year, everything))


def _is_year(one: Quantity) -> bool:
    return one.unit is None and one.decimals == 0 and one.kind == "number" and 1900 <= one.value <= 2100


def _is_another_time(one: Quantity, claim: Claim, everything: Sequence[Quantity]) -> bool:
    """Whether "a year" or the like is a time that the passages put otherwise."""
    if not _AFTER_TIME.search(claim.text[max(0, one.start - 20) : one.start]) or one.unit is None:
        return False
    if one.text.lower().startswith("half") and re.search(r"\b(?:30 ?min|half|6 ?mo|12 ?h|0\.5)", claim.known):
        return False
    times = [
        other for other in everything if other.unit is not None and other.unit.kind == "time" and not other.unit.over
    ]
    if not times or re.search(r"\b(?:annual|per year|yearly|a year|year(?:s)? apart)", claim.known, re.IGNORECASE):
        return False
    days = one.value * one.unit.factor
    before = claim.text[max(0, one.start - 20) : one.start].lower()
    if "over" in before and any(other.value * other.unit.factor >= days for other in times if other.unit is not None):
        return False
    if "within" in before and any(other.value * other.unit.factor <= days for other in times if other.unit is not None):
        return False
    return not any(
        abs(other.value * other.unit.factor - days) <= 0.25 * days for other in times if other.unit is not None
    ) and not any(other.kind == "time" for other in everything)


def _is_said(one: Quantity, part: Sequence[Quantity], text: str, sentence: str) -> bool:
    if one.kind == "p":
        return any(_same(one, other) for other in part if other.kind == "p") or any(
            other.value == one.value for other in part
        )
    if any(_same(one, other) or _is_beyond(one, other) for other in part):
        return True
    if one.kind == "share":
        return _is_share(one, part, text)
    if one.kind == "multiple":
        return _is_multiple(one.value, part, text, loose=one.loose)
    if one.unit is not None and one.unit.kind == "percent" and (_is_percent(one, part) or _is_excess(one, text)):
        return True
    if one.unit is not None and one.unit.kind == "time" and _in_stated_unit(one, part, text):
        return True
    if one.unit is not None and one.unit.kind == "percent" and _is_relative_change(one, part):
        return True
    return bool(_CHANGE.search(sentence)) and _is_difference_or_sum(one, part)


def _is_beyond(one: Quantity, other: Quantity) -> bool:
    """Whether "more than 100" or "less than half" is an honest round number for a printed one on that side of it."""
    if not one.comparator or not one.value or other.kind not in ("number", "share"):
        return False
    printed = other.value
    if one.kind == "share":
        if other.kind == "number":
            if other.unit is not None and other.unit.kind not in ("percent", "points of percent"):
                return False
            printed /= 100
    elif one.kind != "number" or other.kind == "share" or not same_measure(one.unit, other.unit):
        return False
    elif one.unit is not None and other.unit is not None:
        printed *= other.unit.factor / one.unit.factor
    ratio = printed / one.value
    return 1 <= ratio <= BEYOND if one.comparator in ("more", "least") else 1 / BEYOND <= ratio <= 1


def _slack(one: Quantity, other: float) -> float:
    """How far a printed value may be from `other` and still be an honest rounding of it."""
    rounded = 0.5 * 10.0**-one.decimals
    if one.loose:
        return max(rounded, LOOSE * abs(other))
    return rounded


def _same(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities are one: the same measure and, in one of its units, the same value as far as printed."""
    if one.kind == "share" or other.kind == "share":
        return one.pair is not None and one.pair == other.pair
    if (one.kind == "multiple") != (other.kind == "multiple") or (one.kind == "p") != (other.kind == "p"):
        return False
    if not same_measure(one.unit, other.unit):
        return False
    if one.unit is None or other.unit is None or one.unit.factor == other.unit.factor:
        if one.value == other.value:
            return True
        finer = other.decimals > one.decimals or (one.loose and other.value >= 3)
        return finer and abs(one.value - other.value) <= _slack(one, other.value) * 1.001
    ours, theirs = one.value * one.unit.factor, other.value * other.unit.factor
    off = max(1e-9, 0.5 * 10.0**-one.decimals * one.unit.factor * 0.999 if one.unit.kind != "time" else 0.0)
    if one.unit.kind == "time":
        off = 0.12 * theirs if one.loose or one.unit.factor > other.unit.factor or one.decimals == 0 else 0.04 * theirs
    if one.loose:
        off = max(off, LOOSE * theirs)
    return abs(ours - theirs) <= max(off, 1e-6 * theirs)


def _is_share(one: Quantity, part: Sequence[Quantity], text: str) -> bool:
    values = [other.value for other in part]
    if one.pair is not None and all(
        count in values or any(count in (p.pair or ()) for p in part) for count in one.pair
    ):
        return True
    wanted = one.value
    if one.value == 0.5 and re.search(r"\bhal(?:f|v)", text, re.IGNORECASE):
        return True
    off = max(SHARE * wanted, 0.012) if not one.loose else max(0.2 * wanted, 0.015)
    if one.comparator:
        off = 0.02 * wanted  # what is beyond it is compared elsewhere
    percents = [
        other.value / 100 for other in part if other.unit is None or other.unit.kind in ("percent", "points of percent")
    ]
    shares = [other.value for other in part if other.kind == "share"]
    if any(abs(share - wanted) <= off for share in (*percents, *shares)):
        return True
    if wanted >= 0.25 and any(abs(1 - share - wanted) <= 0.03 for share in percents):
        return True
    counts = [
        other.value for other in part if other.unit is None or other.unit.kind == "people" or other.kind == "share"
    ]
    counts += [count for other in part for count in other.pair or ()]
    if one.comparator:
        low, high = (1.0, BEYOND) if one.comparator in ("more", "least") else (1 / BEYOND, 1.0)
        measured = [other for other in part if other.kind == "number" and other.value]
        return any(b and a < b and low <= a / b / wanted <= high for a in counts for b in counts) or any(
            a.value < b.value and same_measure(a.unit, b.unit) and low <= a.value / b.value / wanted <= high
            for a in measured
            for b in measured
        )
    return any(b and a < b and abs(a / b - wanted) <= 0.08 * wanted for a in counts for b in counts) or _is_multiple(
        wanted, part, text, loose=True
    )


def _is_multiple(wanted: float, part: Sequence[Quantity], text: str, *, loose: bool) -> bool:
    if any(other.kind == "multiple" and abs(other.value - wanted) <= 0.13 * wanted for other in part):
        return True
    if wanted == 2 and re.search(r"\b(?:twice|two ?times|double|doubl\w+|100%)", text, re.IGNORECASE):
        return True
    if wanted == 0.5 and re.search(r"\bhal(?:f|v)", text, re.IGNORECASE):
        return True
    off = 0.2 * wanted
    ratios = [float(match[1]) for match in _RATIO.finditer(text)]
    plain = [other for other in part if other.kind in ("number", "word") and other.value]
    if any(abs(value - wanted) <= off for value in ratios) or any(
        value and abs(1 / value - wanted) <= off for value in ratios
    ):
        return True
    if any(other.unit is None and abs(other.value - wanted) <= off * 0.6 for other in plain):
        return True
    if wanted < 1 and any(
        other.unit is not None
        and other.unit.kind == "percent"
        and abs(other.value / 100 - wanted) <= 0.1 * wanted + 0.02
        for other in plain
    ):
        return True
    return any(
        one is not other
        and one.value
        and same_measure(one.unit, other.unit)
        and abs(other.value / one.value - wanted) <= off
        for one in plain
        for other in plain
    )


def _is_percent(one: Quantity, part: Sequence[Quantity]) -> bool:
    """Whether a percentage follows from counts: ``12 of 24``, or two numbers of which one is a part of the other."""
    off = max(0.5 * 10.0**-one.decimals * 1.001, LOOSE * one.value if one.loose else 0.0)
    if any(
        other.kind == "share" and abs(100 * other.value - one.value) <= max(off, 0.02 * one.value) for other in part
    ):
        return True
    counts = [
        other
        for other in part
        if other.kind == "number" and other.decimals == 0 and (other.unit is None or other.unit.kind == "people")
    ]
    return any(
        a.value < b.value and abs(100 * a.value / b.value - one.value) <= off for a, b in pairwise(counts)
    ) or any(b.value > a.value and abs(100 * a.value / b.value - one.value) <= off for b, a in pairwise(counts))


def _is_excess(one: Quantity, text: str) -> bool:
    """Whether a percentage is what a printed ratio means: 30% more for 1.29, 28% fewer for 0.72."""
    off = max(0.55, LOOSE * one.value if one.loose else 0.0)
    return any(abs(abs(float(match[1]) - 1) * 100 - one.value) <= off for match in _RATIO.finditer(text))


def _is_relative_change(one: Quantity, part: Sequence[Quantity]) -> bool:
    """Whether a percentage is what is left of a printed one, or the change from one printed value to another."""
    off = max(0.6 * 10.0**-one.decimals, LOOSE * one.value if one.loose else 0.0)
    usable = [other for other in part if other.kind == "number" and other.value]
    if any(
        other.unit is not None and other.unit.kind == "percent" and abs(100 - other.value - one.value) <= off
        for other in usable
    ):
        return True
    return any(
        a is not b and same_measure(a.unit, b.unit) and abs(abs(a.value / b.value - 1) * 100 - one.value) <= off
        for a, b in (*pairwise(usable), *((b, a) for a, b in pairwise(usable)))
    )


def _in_stated_unit(one: Quantity, part: Sequence[Quantity], text: str) -> bool:
    assert one.unit is not None
    ours = one.value * one.unit.factor
    for match in _UNIT_OF.finditer(text):
        factor = _HOUR_UNITS[match[1].lower()]
        if any(other.unit is None and abs(other.value * factor - ours) <= LOOSE * ours for other in part):
            return True
    return False


def _is_difference_or_sum(one: Quantity, part: Sequence[Quantity]) -> bool:
    usable = [other for other in part if other.kind in ("number", "word") and same_measure(one.unit, other.unit)]
    for index, first in enumerate(usable):
        for second in usable[index + 1 :]:
            if not same_measure(first.unit, second.unit):
                continue
            factor = 1.0
            known = first.unit or second.unit
            if one.unit is not None and known is not None and known.kind == one.unit.kind:
                factor = known.factor / one.unit.factor
            difference = abs(first.value - second.value) * factor
            total = (first.value + second.value) * factor
            off = max(0.5 * 10.0**-one.decimals, 0.15 * difference if one.loose or factor != 1.0 else 0.0) * 1.001
            exact = max(first.decimals, second.decimals) <= one.decimals
            if difference and abs(difference - one.value) <= (
                1e-6 if exact and not one.loose and factor == 1.0 else off
            ):
                return True
            if first.decimals == second.decimals == 0 and abs(total - one.value) < 1e-6:
                return True
    return False


def _turned_comparator(one: Quantity, everything: Sequence[Quantity], text: str) -> str:
    """The passage's number with the opposite comparator, where every equal number of the passages has such a one."""
    if not one.comparator:
        return ""
    equal = [other for other in everything if other.value == one.value and same_measure(one.unit, other.unit)]
    turned = [other for other in equal if other.comparator in _OPPOSED[one.comparator]]
    if equal and len(turned) == len(equal):
        return f"{turned[0].comparator} {turned[0].text}"
    printed = text[: one.start].rstrip().endswith(("<", ">"))
    exact = all(not other.comparator and not other.loose for other in equal)
    return equal[0].text if printed and equal and exact else ""


def _relative(claim: Claim, held: Sequence[Sequence[Quantity]]) -> Iterator[Fault]:
    """A difference of percentages told as a relative one."""
    if not _RELATIVE.search(claim.text) or any(_RELATIVE.search(passage.text) for passage in claim.passages):
        return
    for one in quantities(claim.text):
        if one.unit is None or one.unit.kind != "percent":
            continue
        percents = [
            other.value for part in held for other in part if other.unit is not None and other.unit.kind == "percent"
        ]
        if one.value not in percents and any(abs(abs(a - b) - one.value) < 0.06 for a in percents for b in percents):
            yield Fault(rule="relative", words=one.text, says="this is the difference in percentage points")

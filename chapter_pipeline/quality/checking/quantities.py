"""Owns how the quantities of a text are read: numbers in digits and words, shares, multiples, units, intervals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from chapter_pipeline.quality.checking.units import Unit, unit_at

_ONES = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen".split()
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_NAMED = {**_ONES, **_TENS, "dozen": 12}
_TIMES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "twentieth": 20,
}  # fmt: skip
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12,
}  # fmt: skip
_HUNDRED = re.compile(r"(?P<hundreds>\w+) hundred (?:and )?(?P<rest>.+)", re.IGNORECASE)
_WORDS = "|".join(sorted(_NAMED, key=len, reverse=True))
_DIGITS = r"(?<![\w.])\d+(?:\.\d+)?|(?<![\w.])\.\d+"
_TOKEN = re.compile(
    rf"(?P<digits>{_DIGITS})(?:\s(?P<power>hundred|thousand|million|billion)\b|(?P<letters>[A-Za-z]\w*)?)|"
    rf"\b(?P<named>(?:(?:{_WORDS}) hundred (?:and )?)?(?:(?:{'|'.join(_TENS)})[- ](?:{'|'.join(list(_ONES)[1:10])})|{_WORDS}))\b"
    rf"(?:\s(?P<scaled>hundred|thousand|million))?",
    re.IGNORECASE,
)
_SHARE = re.compile(
    rf"(?P<a>\b(?:{_WORDS})\b|{_DIGITS})(?:\s(?!in\b|of\b|out\b|and\b|or\b|to\b|groups?\b|studies\b|trials\b|thirds?\b|quarters?\b|fourths?\b|fifths?\b|sixths?\b|tenths?\b|times\b|points?\b)[A-Za-z-]+){{0,2}}?"
    rf"\s(?:in|(?:out\s)?of)\s(?:the\s|every\s|these\s|those\s|all\s)?(?P<b>\b(?:{_WORDS})\b|\d+)(?![\d.%])",
    re.IGNORECASE,
)
_SLASH = re.compile(r"(?<![\w./])(?P<a>\d{1,6})\s?/\s?(?P<b>\d{1,6})(?![\d./])")
_FRACTION = re.compile(
    r"\b(?P<count>(?:one|a|two|three|four|five|seven)[ -])?(?P<part>half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|"
    r"sevenths?|eighths?|ninths?|tenths?|twentieth)\b",
    re.IGNORECASE,
)
_MULTIPLE = re.compile(
    rf"\b(?P<twice>twice)\b(?!\s(?:a|per|daily|weekly|each)\b|-daily)|\b(?P<once>one and a half|one-and-a-half) times\b|"
    rf"\b(?P<double>doubl(?:e|ed|es|ing))\b(?![- ](?:blind|masked|dummy|time|dose|strand))|\b(?P<triple>tripl(?:e|ed|es|ing)|trebl(?:e|ed|es|ing))\b(?![- ](?:negative|therapy|blind))|"
    rf"\b(?P<halved>halv(?:e|ed|es|ing))\b|\b(?P<quarter>quadrupl(?:e|ed|es|ing))\b|"
    rf"(?P<fold>\b(?:{_WORDS})|{_DIGITS})[- ]?fold\b|"
    rf"(?P<times>\b(?:{_WORDS})|{_DIGITS})[ -]+times\b(?!\s(?:a|per|daily|weekly|each|every)\b|-daily)",
    re.IGNORECASE,
)
_OFTEN = re.compile(
    rf"\b(?:once|twice|(?:{_WORDS}|(?<![\d.])\d+) times)[ -](?:a|per|daily|weekly|each|every)(?:\s(?:day|week|month|year))?\b",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"\b(?P<nth>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)\s"
    r"(?P<unit>day|week|month|year)\b|\b(?P<after>day|week|month|year)\s(?P<number>\d{1,3})\b",
    re.IGNORECASE,
)
_A_TIME = re.compile(
    r"\b(?P<half>half an?|a|an|one)\s(?P<unit>hour|day|week|month|year|decade)\b(?!\w*[- ]old)", re.IGNORECASE
)
_ABOUT = re.compile(
    r"\b(?:about|around|approximately|roughly|some|nearly|almost|over|more than|less than|fewer than|under|below|above|"
    r"close to|up to|at least|at most|just|slightly|a little|little|hardly|well|circa|ca\.?|on average|only|between|estimated|"
    r"exceed\w*|greater than|not quite|as many as|upwards of|further|than)\s(?:\w+\s){0,2}?$|[~≈±<>≤≥]\s?$",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"(?:^|[\s(\[=,:/])-\s?$")
_COMPARATOR = re.compile(
    r"(?:(?P<less>[<]|less than|fewer than|lower than|below|under)|(?P<more>[>]|more than|greater than|higher than|over|above|"
    r"exceeding)|(?P<least>≥|at least|no less than|not less than|no fewer than)|(?P<most>≤|at most|up to|no more than|"
    r"not more than|as high as|as many as))\s?$",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"\s?%?\s?[(\[]?(?:ci|confidence|cl\b|credib)", re.IGNORECASE)
_LABEL = re.compile(
    r"\b(?:type|figure|fig\.|table|arm|reference|version|part|appendix|section|chapter)\s$", re.IGNORECASE
)
_P = re.compile(r"\bp(?:-?values?)?(?: of| was| is)?\s?[=<>≤≥]{0,2}\s?=?\s?$", re.IGNORECASE)
_LINKS = re.compile(
    r"[\s,;:()\[\]±+/'°]*(?:(?:and|or|to|vs\.?|versus|against|as|through|with|compared|rather|than|not|-|mean|sd|in|iqr|range|ci|"
    r"of|mg|%|around|about|nearly|almost|respectively|for|between|\d+(?:\.\d+)?)[\s,;:()\[\]±+/.-]*){0,7}",
    re.IGNORECASE,
)
_CARRIES = re.compile(
    r"^\s*(?:[-,/±]|\+/?-|and|or|to|vs\.?|versus|against|as against|rather than|through|\[)[\s\[(±]*"
    r"(?:and|or|to|about|nearly|almost|around|only|±|-)?\s?$",
    re.IGNORECASE,
)
_HANGING = re.compile(r"^-\s")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number of a text. `kind`: ``number``, ``share`` (`value` of 1), ``multiple``, ``p``, ``time`` or ``word``.

    `decimals` are those printed; `loose`: said to be about that. `pair`: the two counts that a share is made of.
    """

    kind: str
    value: float
    text: str
    start: int
    end: int
    unit: Unit | None = None
    decimals: int = 0
    loose: bool = False
    negative: bool = False
    comparator: str = ""
    pair: tuple[float, float] | None = None


def number_of(word: str) -> float:
    """The value of a number in digits or words."""
    word = word.lower()
    if word in _NAMED:
        return float(_NAMED[word])
    if (hundreds := _HUNDRED.fullmatch(word)) is not None:
        return 100 * number_of(hundreds["hundreds"]) + number_of(hundreds["rest"])
    tens, _, ones = word.replace(" ", "-").partition("-")
    if tens in _TENS and ones in _ONES:
        return float(_TENS[tens] + _ONES[ones])
    return float(word)


@lru_cache(maxsize=8192)
def quantities(text: str) -> tuple[Quantity, ...]:
    """The quantities of a plain text in their order."""
    taken = bytearray(len(text) + 1)
    found: list[Quantity] = []

    def free(match: re.Match[str]) -> bool:
        return not any(taken[match.start() : match.end()])

    def take(start: int, end: int) -> None:
        taken[start:end] = b"\1" * (end - start)

    for match in _OFTEN.finditer(text):
        take(match.start(), match.end())
    for reader in (_shares, _multiples, _ordinals, _fractions):
        for quantity, match in reader(text):
            if free(match):
                take(quantity.start, quantity.end)
                found.append(quantity)
    for match in _TOKEN.finditer(text):
        if free(match):
            number = _number(text, match)
            if number is not None:
                take(number.start, number.end)
                found.append(number)
    for match in _A_TIME.finditer(text):
        if free(match):
            unit = unit_at(text, match.start("unit") - 1)
            if unit is not None:
                value = 0.5 if match["half"].lower().startswith("half") else 1.0
                found.append(
                    Quantity(
                        "time",
                        value,
                        match.group(),
                        match.start(),
                        unit[1],
                        replace(unit[0], over=frozenset()),
                        0,
                        True,
                    )
                )
    found.sort(key=lambda one: one.start)
    return tuple(_with_carried_units(text, found))


def _loose(text: str, start: int) -> bool:
    return _ABOUT.search(text[max(0, start - 30) : start]) is not None


def _shares(text: str) -> Iterator[tuple[Quantity, re.Match[str]]]:
    for match in (*_SLASH.finditer(text), *_SHARE.finditer(text)):
        a, b = number_of(match["a"]), number_of(match["b"])
        followed = unit_at(text, match.end())
        timed = followed is not None and followed[0].kind not in ("people",)
        few = match["b"].isalpha() and b <= 4 and " in " not in match.group()
        if not few and 0 <= a <= b and b >= 2 and not timed and b not in range(1900, 2101):
            yield (
                Quantity(
                    "share",
                    a / b,
                    match.group(),
                    match.start(),
                    match.end(),
                    None,
                    0,
                    _loose(text, match.start()),
                    False,
                    _sign(text[max(0, match.start() - 24) : match.start()]),
                    (a, b),
                ),
                match,
            )


def _multiples(text: str) -> Iterator[tuple[Quantity, re.Match[str]]]:
    for match in _MULTIPLE.finditer(text):
        if match["twice"] or match["double"]:
            value = 2.0
        elif match["once"]:
            value = 1.5
        elif match["triple"]:
            value = 3.0
        elif match["halved"]:
            value = 0.5
        elif match["quarter"]:
            value = 4.0
        else:
            value = number_of(match["fold"] or match["times"])
        yield (
            Quantity(
                "multiple", value, match.group(), match.start(), match.end(), None, 0, _loose(text, match.start())
            ),
            match,
        )


def _ordinals(text: str) -> Iterator[tuple[Quantity, re.Match[str]]]:
    for match in _ORDINAL.finditer(text):
        value = float(_ORDINALS[match["nth"].lower()]) if match["nth"] else float(match["number"])
        if match["nth"] and value == 1:
            continue
        named = match["unit"] or match["after"]
        unit = unit_at(f" {named.lower()}", 0)
        assert unit is not None
        yield Quantity("number", value, match.group(), match.start(), match.end(), unit[0]), match


def _fractions(text: str) -> Iterator[tuple[Quantity, re.Match[str]]]:
    for match in _FRACTION.finditer(text):
        part = match["part"].lower()
        count = (match["count"] or "").strip(" -").lower()
        behind = text[match.end() : match.end() + 24].lower()
        before = text[max(0, match.start() - 12) : match.start()].lower()
        over = _PARTS.get(part) or _PARTS[part.removesuffix("s")]
        if over == 2:
            if re.match(r"[- ](?:life|lives|time|maximal|dose|a million|a dozen|way)", behind) or re.search(
                r"(?:and a |first |second |other )$", before
            ):
                continue
        elif not count or (
            count in ("one", "a")
            and not re.match(
                r"\s?(?:$|of\b|less|fewer|more|short|long|low|high|large|small|fast|slow|soon|[,.;)])", behind
            )
        ):
            continue
        many = 1.0 if not count or count == "a" else float(_NAMED[count])
        value, unit, end = many / over, None, match.end()
        timed = re.match(r"\s(?:of )?an? (hour|day|week|month|year|minute)\b", behind)
        if timed:
            known = unit_at(f" {timed[1]}", 0)
            unit, end = known[0] if known else None, end + timed.end()
        yield (
            Quantity(
                "number" if unit else "share",
                value,
                text[match.start() : end],
                match.start(),
                end,
                unit,
                2 if unit else 0,
                True,
                False,
                _sign(text[max(0, match.start() - 24) : match.start()]),
            ),
            match,
        )


def _number(text: str, match: re.Match[str]) -> Quantity | None:
    start, end = match.start(), match.end()
    before = text[max(0, start - 24) : start]
    if match["digits"]:
        digits = match["digits"]
        if re.search(r"[A-Za-z]-?$", before) and not re.search(
            r"(?:\bto|\bp|\bn|\band|\bor|\bvs|\bof)-?$", before, re.IGNORECASE
        ):
            return None  # part of a name: IL-10, CTLA-4
        value = float(digits) * (_TIMES[match["power"].lower()] if match["power"] else 1)
        if match["letters"]:
            end = match.start("letters")
            glued = unit_at(text, end)
            if glued is None or glued[1] < match.end("letters"):
                return None  # 9L, 5HT, 32nd
        elif re.match(r"-[A-Z]{2}", text[end : end + 3]) and unit_at(text, end) is None:
            return None  # 5-FU
        if _LABEL.search(before):
            return None
        decimals = len(digits.partition(".")[2])
    else:
        value, decimals = number_of(match["named"]) * (_TIMES[match["scaled"].lower()] if match["scaled"] else 1), 0
    if _LEVEL.match(text, end) and value in (90.0, 95.0, 99.0):
        return None
    kind = "number" if match["digits"] or value > 12 else "word"
    if _P.search(before) and match["digits"]:
        return Quantity("p", value, text[start:end], start, end, None, decimals, False, False, _sign(before))
    found = unit_at(text, end) or (
        unit_at(text, end + 1) if text[end : end + 1] in (")", "]") and text[end + 1 : end + 2] == " " else None
    )
    if found and found[0].kind == "people" and text[end : end + 1] in (")", "]"):
        found = None
    unit: Unit | None = found[0] if found else None
    stop = found[1] if found else end
    if unit is not None and unit.kind == "people":
        stop = end
    rate = None
    if before.endswith("per "):
        unit, stop = None, end
    elif unit is None:
        later = re.match(
            r"(?:\s[a-z±.\d+/-]+){1,7}?\s(?:a|per|each|every)\s(?P<over>day|week|month|year)\b", text[end : end + 70]
        )
        if later and not re.search(r"\b(?:and|or|to|vs|times|once|twice)\b", later.group()):
            rate = later["over"]
        elif often := re.match(
            r"(?:\s[a-z±.\d+/-]+){0,6}?\stimes per (?P<over>day|week|month|year)\b", text[end : end + 60]
        ):
            rate = often["over"]
    if rate:
        unit = Unit("rate", 1.0, f"a {rate}", frozenset({rate}))
    if kind == "word" and unit is not None and unit.kind not in ("people", "rate"):
        kind = "number"
    loose = _loose(text, start) or match["power"] is not None
    return Quantity(
        kind,
        value,
        text[start:stop],
        start,
        stop,
        unit,
        decimals,
        loose,
        _SIGNED.search(before) is not None,
        _sign(before),
    )


def _sign(before: str) -> str:
    match = _COMPARATOR.search(before)
    return next((name for name, said in match.groupdict().items() if said), "") if match else ""


def _with_carried_units(text: str, found: list[Quantity]) -> list[Quantity]:
    """A unit that is printed once for several numbers is that of each: ``13.9 vs 11.6 months``."""
    carried = list(found)
    for index in range(len(carried) - 2, -1, -1):
        one, following = carried[index], carried[index + 1]
        if one.unit is not None or one.kind not in ("number", "word") or following.unit is None:
            continue
        if following.unit.kind in ("people", "rate"):
            continue
        between = text[one.end : following.start]
        if _CARRIES.match(between) or _HANGING.match(between):
            carried[index] = replace(one, unit=following.unit, kind="number")
    return carried

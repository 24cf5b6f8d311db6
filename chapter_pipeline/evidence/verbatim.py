"""Owns whether a name or a number stands in a text: whitespace, hyphens, case and the form of a decimal point make no difference."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_MINUS = "-−–‐‑‒"
_HYPHENS = re.compile(r"[-−–—‐‑‒\u00ad]")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[·⋅∙•](?=\d)")
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+")
_COMPARES = str.maketrans({"⩽": "≤", "⩾": "≥"})
_NAMED_P = re.compile(r"(?:\bp\b|significance)(?:(?!\bci\b|[;()\[\]]).){0,40}$", re.DOTALL)
_P_VALUE = re.compile(r"^p?[- ]?(?:values?)?\s*(?P<sign>[=<>≤≥]?)\s*(?P<number>(?:\d+)?(?:\.\d+)?)", re.IGNORECASE)
_NOT_SIGNIFICANT = re.compile(r"^(?:p\s*=?\s*)?n\.?s\.?$", re.IGNORECASE)
_JOINS = frozenset(
    "vs v versus to and of in per by from with sd se sem iqr ci range mean median fold times n p".split()
)
"""Words of a value that join its numbers: ``13.9 vs 11.6``."""
_UNIT_BEHIND = re.compile(
    r"\s?\)?\s?(?P<unit>%|per ?cent|months?|weeks?|days?|years?|hours?|minutes?|mg|kg|g|ml|l|mm ?hg|mm|cm|points?|gy)(?![a-z/])",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_EMPTY = frozenset(
    "the a an of and or in to with for was were is are be by on at as from than that this these those not no had has have did it its".split()
)
"""Words that alone are no name."""
_SHORT_MEASURE = 5
"""Letters of an abbreviation whose case counts: OR is no "or"."""


def name_stands(name: str, *texts: str) -> bool:
    """Whether the words of `name` stand in one of the texts, one behind the other; a plural of the last one counts.

    Words that name nothing do not, wherever they stand.
    """
    wanted, _, _ = _squeezed(name)
    if not wanted or all(word.casefold() in _EMPTY for word in name.split()):
        return False
    return any(_word_for_word(wanted, text) for text in texts)


def measure_stands(measure: str, text: str) -> bool:
    """Whether the name of a measure stands in `text`; a short abbreviation with its capitals."""
    if len(measure) <= _SHORT_MEASURE and measure.isupper():
        return re.search(rf"(?<!\w){re.escape(measure)}s?(?!\w)", text) is not None
    return name_stands(measure, text)


def crossed(one: str, other: str, name: str, other_name: str, text: str) -> bool:
    """Whether two numbers of `text` stand the other way round than the names they are said to be of.

    In "13.9 with wafers and 11.6 with placebo" the first number is that of the first name. False where a number or a
    name stands there twice or not at all: nothing is sure then.
    """
    plain = _plain(text)
    numbers = [
        [match.start() for match, number, _ in _found(plain) if number == _canonical(_plain(wanted).lstrip(_MINUS))]
        for wanted in (one, other)
    ]
    first, second = (_occurrences(wanted, plain) for wanted in (name, other_name))
    names = [_apart(first, second), _apart(second, first)]
    if any(len(found) != 1 for found in (*numbers, *names)):
        return False
    return (numbers[0][0] < numbers[1][0]) != (names[0][0] < names[1][0])


def _occurrences(name: str, plain: str) -> list[tuple[int, int]]:
    words = re.findall(r"\w+", _plain(name))
    pattern = r"(?<!\w)" + r"[\W_]+".join(map(re.escape, words)) + r"(?:e?s)?(?!\w)"
    return [match.span() for match in re.finditer(pattern, plain)] if words else []


def _apart(found: list[tuple[int, int]], others: list[tuple[int, int]]) -> list[int]:
    """Where those begin that are no part of a longer other one: "anaemic" of "non-anaemic"."""
    return [
        start
        for start, end in found
        if not any(first <= start and end <= last and last - first > end - start for first, last in others)
    ]


def numbers_stand(value: str, text: str) -> bool:
    """Whether all numbers of `value`, with their signs, and all of its words stand in `text`. One without any does not."""
    numbers = set(_numbers(value))
    words = [word for word in _WORD.findall(value) if word.casefold() not in _JOINS]
    if not numbers:
        return name_stands(value, text)
    return numbers <= set(_numbers(text)) and all(name_stands(word, text) for word in words)


def integer_stands(number: int, text: str) -> bool:
    """Whether the number stands in `text` in digits."""
    return (str(number), "") in set(_numbers(text))


def unit_stands(unit: str, value: str, text: str) -> bool:
    """Whether `unit` stands in `text`, and no other one behind every number of `value`."""
    plain = _plain(text)
    if not (name_stands(unit, text) or (_squeezed(unit)[0] == "" and _plain(unit).strip() in plain)):
        return False
    wanted = {number for number, _ in _numbers(value)}
    behind = [
        said["unit"]
        for match, number, _ in _found(plain)
        if number in wanted and (said := _UNIT_BEHIND.match(plain, match.end()))
    ]
    return not behind or any(_same_unit(one, unit) for one in behind)


def p_stands(p: str, text: str, *, in_table: bool) -> bool:
    """Whether a p value stands in `text` with its sign; in a table, whose column says so, the number alone does."""
    said = _plain(p).strip()
    if _NOT_SIGNIFICANT.match(said):
        return re.search(r"(?<![a-z])n\.?s\.?(?![a-z])", _plain(text)) is not None
    match = _P_VALUE.match(said)
    if match is None or not match["number"] or float(match["number"]) > 1:
        return False
    number = _canonical(match["number"])
    signs = {sign for sign, other in _compared(text, in_table=in_table) if other == number}
    return bool(signs & ({"=", ""} if match["sign"] in ("=", "") else {match["sign"]}))


def _compared(text: str, *, in_table: bool) -> Iterator[tuple[str, str]]:
    """The numbers that are p values, each with the sign of comparison before it."""
    plain = _plain(text)
    for match, number, _ in _found(plain):
        before = plain[: match.start()].rstrip()
        if in_table or _NAMED_P.search(before):
            yield (before[-1] if before and before[-1] in "=<>≤≥" else ""), number


def _numbers(text: str) -> Iterator[tuple[str, str]]:
    """Each number without its groups of digits, and its sign; a dash that may be a sign or a range gives both."""
    for _, number, signs in _found(_plain(text)):
        for sign in signs:
            yield number, sign


def _found(plain: str) -> Iterator[tuple[re.Match[str], str, tuple[str, ...]]]:
    for match in _NUMBER.finditer(plain):
        start = match.start()
        before = plain[:start][-3:]
        whole = "." not in match.group()
        if whole and re.search(rf"[^\W\d_][{_MINUS}]?$", before):
            continue  # of a name: PD-1, p53
        yield match, _canonical(match.group()), _signs(before)


def _signs(before: str) -> tuple[str, ...]:
    if not before or before[-1] not in _MINUS:
        return ("",)
    ahead = before[:-1]
    if ahead[-1:].isalnum() or ahead[-1:] in tuple("%)]"):
        return ("",)
    if ahead[-1:].isspace() and (ahead[-2:-1].isdigit() or ahead[-2:-1] in tuple("%)]")):
        return ("", "-")
    return ("-",)


def _canonical(number: str) -> str:
    digits = number.replace(",", "")
    return f"0{digits}" if digits.startswith(".") else digits


def _same_unit(one: str, other: str) -> bool:
    a, b = (
        _squeezed(unit.replace("%", "percent"))[0].removesuffix("s")
        for unit in (one.casefold(), _plain(other).casefold())
    )
    return b.startswith(a)  # "mL" of "mL per year"


@lru_cache(maxsize=512)
def _plain(text: str) -> str:
    """The text in lower case with one form of the decimal point and of signs of comparison; dashes stay."""
    return _BETWEEN_DIGITS.sub(".", text).translate(_COMPARES).casefold()


@lru_cache(maxsize=512)
def _squeezed(text: str) -> tuple[str, frozenset[int], frozenset[int]]:
    """Letters and digits alone, with the places at which words begin and end. A hyphen neither begins nor ends one."""
    folded = unicodedata.normalize("NFKC", _HYPHENS.sub("-", _BETWEEN_DIGITS.sub(".", text))).casefold()
    kept: list[str] = []
    begins, ends = set(), set()
    apart = True
    for place, letter in enumerate(folded):
        point = letter == "." and folded[place - 1 : place].isdigit() and folded[place + 1 : place + 2].isdigit()
        if letter.isalnum() or point:
            if apart:
                begins.add(len(kept))
            kept.append(letter)
            apart = False
        else:
            ends.add(len(kept))
            apart = True
    ends.add(len(kept))
    return "".join(kept), frozenset(begins), frozenset(ends)


def _word_for_word(wanted: str, text: str) -> bool:
    said, begins, ends = _squeezed(text)
    start = said.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        plural = next(
            (end + len(one) for one in ("s", "es") if said.startswith(one, end) and end + len(one) in ends), end
        )
        if start in begins and (end in ends or plural in ends):
            return True
        start = said.find(wanted, start + 1)
    return False

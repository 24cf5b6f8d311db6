"""Owns where a text points to its list of references: ``[12, 13]``, ``(12)``, ``stable.¹²``; and what only looks like it.

A superscript behind a unit, a symbol or a number is an exponent or a charge (75 mg/m², 10⁹, Ca²⁺); a bracket behind a
number that lies in its range is the spread of that number (median 4 [3-6] days).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_DIGITS = str.maketrans(f"{SUPERSCRIPT}⁻", "0123456789-")
KEEPS_SUPERSCRIPT = frozenset("mm cm dm km nm µm μm kg mg ml kcal min co no chi sec hr pg ng".split())
"""Words of two letters and more behind which a superscript is none of a reference."""
_RAISED = re.compile(
    rf"(?:(?<![^\W\d_])(?P<word>[^\W\d_{SUPERSCRIPT}]+)|[.,;:)\]”’\"'%])(?P<numbers>[{SUPERSCRIPT}]+(?:[⁻,–-][{SUPERSCRIPT}]+)*)(?![\w⁺⁻])"
)
_HAS_RAISED = re.compile(f"[{SUPERSCRIPT}]")
_BRACKET = re.compile(rf"\[(?P<numbers>[\d{SUPERSCRIPT}]{{1,3}}(?:\s?[,;–−-]\s?[\d{SUPERSCRIPT}]{{1,3}})*)\]")
_PARENTHESIS = re.compile(r"(?<=[a-zA-Z”’\")\]] )\((?P<numbers>\d{1,3}(?:\s?[,;–−-]\s?\d{1,3})*)\)")
_RANGE = re.compile(r"(\d{1,3})\s?[,–−-]\s?(\d{1,3})")
_VALUE = re.compile(
    r"(?<![\w.·])(\d{1,6}(?:[.·]\d{1,4})?)\s?(?:%|days?|weeks?|months?|years?|hours?|h|min|minutes|points?|mm|cm|m[lL]|m?g|kg|mm ?Hg)?,?\s?$"
)


def markers(text: str, *, parentheses: bool = True) -> Iterator[tuple[int, str]]:
    """Where each marker stands, and the numbers it names as ASCII: ``12,13``, ``4-6``."""
    if "[" in text:
        for match in _BRACKET.finditer(text):
            if not is_spread(text, match.start(), match["numbers"]):
                yield match.start(), match["numbers"].translate(_DIGITS)
    if parentheses and "(" in text:
        for match in _PARENTHESIS.finditer(text):
            yield match.start(), match["numbers"]
    if text.isascii() or _HAS_RAISED.search(text) is None:
        return
    for match in _RAISED.finditer(text):
        word = match["word"]
        if word is None or (len(word) >= 2 and word.lower() not in KEEPS_SUPERSCRIPT):
            yield match.start("numbers"), match["numbers"].translate(_DIGITS)


def is_spread(text: str, start: int, numbers: str) -> bool:
    """Whether a bracket at `start` that holds `numbers` is the range of the value before it."""
    ends = _RANGE.fullmatch(numbers)
    value = _VALUE.search(text, max(0, start - 24), start)
    return ends is not None and value is not None and int(ends[1]) <= float(value[1].replace("·", ".")) <= int(ends[2])

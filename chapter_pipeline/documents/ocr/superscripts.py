"""Owns which recognised digits stand above or below their line: ``10⁶`` must never be read as 106.

The recogniser gives plain digits whatever their height; the position of their ink distinguishes them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

LIFT = 0.18
"""Height above the baseline from which ink is raised, in heights of the line's capitals and digits."""
SMALL = 0.85
"""A raised or lowered digit is smaller than this share of that height."""
NEAR = 12
"""Characters to both sides that give the baseline: lines of a scan are not quite straight."""
_SUPERSCRIPTS, _SUBSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉"
_PLAIN = str.maketrans(_SUPERSCRIPTS + _SUBSCRIPTS, "0123456789" * 2)
_RAISED = str.maketrans("0123456789", _SUPERSCRIPTS)
_LOWERED = str.maketrans("0123456789", _SUBSCRIPTS)
_ANY = f"0-9{_SUPERSCRIPTS}{_SUBSCRIPTS}"
# A group of digits that follows a letter or a bracket; a number stands alone, and keeps what only its exponent has.
_GROUP = re.compile(rf"(?:(?<=[^\W\d_])|(?<=[)\]\[]))[{_ANY}](?:[{_ANY}]|[,.–-](?=[{_ANY}]))*")
# What follows a point within a number is a decimal, however it stands.
_DECIMAL = re.compile(
    rf"(?<=\d\.)[{_SUPERSCRIPTS}{_SUBSCRIPTS}]+(?= ?[%\d]| (?:mg|g|kg|ml|mm|cm|h|weeks|months|years|days)\b)"
)
_ON_BASELINE = frozenset("abcdefhiklmnorstuvwxzABCDEFGHIKLMNOPRSTUVWXYZ")
_TALL = frozenset("bdfhklABCDEFGHIKLMNOPRSTUVWXYZ")
Grey = npt.NDArray[np.uint8]


class Char(NamedTuple):
    """A recognised character with the columns and rows of its box, in pixels."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float


class _Ink(NamedTuple):
    top: float
    bottom: float


def with_superscripts(text: str, chars: Sequence[Char], grey: Grey) -> str:
    """`text` with digits raised or lowered as their ink is; `chars` are its characters without the spaces."""
    if not any(ch.isdigit() for ch in text) or "".join(ch.text for ch in chars) != "".join(text.split()):
        return text
    inks = _inks(chars, grey)
    shifted = [_shifted(index, chars, inks) for index in range(len(chars))]
    rest = iter(shifted)
    return _agreed("".join(ch if ch.isspace() else next(rest) for ch in text))


def _agreed(text: str) -> str:
    """Digits that belong together as a citation marker (``[⁴1]``, ``data²⁸,2₉``) as most of them stand."""
    text = _GROUP.sub(lambda match: _alike(match.group()), text)
    return _DECIMAL.sub(lambda match: match.group().translate(_PLAIN), text)


def _alike(group: str) -> str:
    raised = sum(ch in _SUPERSCRIPTS for ch in group)
    digits = sum(ch.isdigit() for ch in group)
    return group.translate(_PLAIN).translate(_RAISED) if 2 * raised >= digits else group


def _shifted(index: int, chars: Sequence[Char], inks: Sequence[_Ink | None]) -> str:
    char, ink = chars[index], inks[index]
    if ink is None or not char.text.isdigit():
        return char.text
    near = range(max(0, index - NEAR), min(len(chars), index + NEAR + 1))
    bottoms = [found.bottom for n in near if chars[n].text in _ON_BASELINE and (found := inks[n])]
    heights = [found.bottom - found.top for n in near if chars[n].text in _TALL and (found := inks[n])]
    if len(bottoms) < 2 or not heights:
        return char.text
    baseline, height = float(np.median(bottoms)), float(np.median(heights))
    if ink.bottom - ink.top > SMALL * height:
        return char.text
    if baseline - ink.bottom > LIFT * height:
        return char.text.translate(_RAISED)
    if ink.bottom - baseline > LIFT * height:
        return char.text.translate(_LOWERED)
    return char.text


def _inks(chars: Sequence[Char], grey: Grey) -> list[_Ink | None]:
    """The rows of each character's ink."""
    import cv2

    left, right = int(min(ch.x0 for ch in chars)) - 2, int(max(ch.x1 for ch in chars)) + 3
    top, bottom = int(min(ch.y0 for ch in chars)), int(max(ch.y1 for ch in chars)) + 1
    left, top = max(left, 0), max(top, 0)
    part = np.ascontiguousarray(grey[top:bottom, left:right])
    if not part.size:
        return [None] * len(chars)
    _, dark = cv2.threshold(part, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    _, _, statistics, _ = cv2.connectedComponentsWithStats(np.asarray(dark, dtype=np.uint8), connectivity=8)
    # The first is the ground; what is as high as the whole strip is a rule or a frame, what is tiny is dirt.
    pieces: list[list[int]] = [
        piece for piece in statistics[1:].tolist() if piece[4] >= 6 and piece[3] < 0.95 * part.shape[0]
    ]
    return [_ink(char, pieces, left) for char in chars]


def _ink(char: Char, pieces: Sequence[Sequence[int]], left: int) -> _Ink | None:
    """All pieces in the columns of `char`: thin strokes of a scanned digit fall apart."""
    rows = [
        (y, y + height)
        for x, y, width, height, _ in pieces
        if min(char.x1 - left, x + width) - max(char.x0 - left, x) > 0.5 * width
    ]
    return _Ink(min(top for top, _ in rows), max(bottom for _, bottom in rows)) if rows else None

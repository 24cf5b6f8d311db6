"""Owns text whose characters are not what the page shows: broken ligatures, and fonts whose signs stand for others.

A ligature is mended, because the page leaves no doubt. A sign that may stand for another is not: which sign the page shows
is not in its text, and a number beside a wrong sign is a wrong result. Such a sentence is not quotable.
"""

from __future__ import annotations

import re

# "effi cacy", "signifi cant": the font's ligature is wider than its glyph, and the gap was read as a space.
_BROKEN_LIGATURE = re.compile(r"(?<!\bhi )(?<!\bwi )(?<!\bsci )\b([A-Za-z]*(?:ffi|ffl|fi|fl)) ([a-z]+)\b")
_WORDS_OF_THEIR_OWN = frozenset({"hifi", "wifi", "scifi"})
_SHORT_WORDS = frozenset("a an as at be by for from in is it of on or the to was were with and are had has".split())
# In fonts with an encoding of their own: n ¼ 387 for n = 387, po0.05 for p<0.05, p40.05 for p>0.05, 8.2 T 7.1 for ±, þ for +.
_STANDS_FOR_ANOTHER = re.compile(
    r"[A-Za-zα-ωΑ-Ω)²%] ?¼ ?[−–-]?\d|\d ?þ ?\d|"
    r"\b[Pp] ?[o4] ?0?\.\d|\b[PpnN] ?5 ?0?\.\d|\d ?[T7] ?\d+\.\d+ (?:years|months|days|kg|cm|mm|ml|mg|%)|"
    r"\d\.\d+ [T7] \d+\.\d|[\ufffd\u0001-\u0008\u000e-\u001f]\s?\d|\d\s?[\ufffd\u0001-\u0008\u000e-\u001f]"
)

_DECIMAL = re.compile(r"\.\d")


def with_whole_ligatures(text: str) -> str:
    """`text` with the spaces taken out that a broken ligature left in words; nothing else changes."""
    if not ("fi " in text or "fl " in text):
        return text
    return _BROKEN_LIGATURE.sub(_closed, text)


def may_stand_for_another(text: str) -> bool:
    """Whether a sign beside a number may stand for another one, so that the sentence may say another result."""
    return _may_have_such(text) and _STANDS_FOR_ANOTHER.search(text) is not None


def _may_have_such(text: str) -> bool:
    """Whether `text` has what every match has: one of the signs, or a decimal number; most paragraphs have neither."""
    signs = "¼" in text or "þ" in text or "\ufffd" in text or not text.isprintable()
    return signs or _DECIMAL.search(text) is not None


def _closed(match: re.Match[str]) -> str:
    first, second = match.groups()
    apart = first.lower() in _WORDS_OF_THEIR_OWN or second in _SHORT_WORDS
    return match.group() if apart else first + second

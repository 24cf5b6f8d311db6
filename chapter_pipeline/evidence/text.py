"""Owns the form of a text in which phrases are looked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

LONGEST = 2000
"""Characters of a sentence; what is longer is a list or a damaged text layer, of which nothing is read."""


@lru_cache(maxsize=256)
def lowered(text: str) -> str:
    """The text in lower case, character for character, so that places in it are places in the text."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(one if len(one.lower()) != 1 else one.lower() for one in text)


def readable(sentences: Iterable[str]) -> list[str]:
    """The sentences that are not too long to be one."""
    return [sentence for sentence in sentences if len(sentence) <= LONGEST]


def has_one(text: str, parts: tuple[str, ...]) -> bool:
    """Whether a text holds one of the parts without which a pattern is not found: a search for a part takes hardly any time."""
    return any(map(text.__contains__, parts))


@lru_cache(maxsize=64)
def without_brackets(text: str) -> str:
    """The text without what stands in brackets."""
    if not has_one(text, _OPENERS):
        return text
    kept: list[str] = []
    opened: list[int] = []
    for part in _BRACKET.split(text):
        if part in _OPENING:
            opened.append(len(kept))
            kept.append(part)
        elif part in _CLOSING and opened:
            del kept[opened.pop() :]
            if kept:
                kept[-1] = kept[-1].rstrip()
        else:
            kept.append(part)
    return "".join(kept)


_BRACKET = re.compile(r"([()\[\]{}])")
_OPENERS = ("(", "[", "{")
_OPENING, _CLOSING = frozenset(_OPENERS), frozenset(")]}")

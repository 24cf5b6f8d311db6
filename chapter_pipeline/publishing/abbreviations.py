"""Owns the expansion of abbreviations where a reader first meets them; the sentences of the artifact stay as they are.

What stands in square brackets is an insertion: it is no part of the quotation, and only what is printed has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from chapter_pipeline.domain import Abbreviation, Quote, Sentence
from chapter_pipeline.domain.abbreviations import known_for, use_of

_OWN_BRACKET = re.compile(r"[(\[]$")


class FirstUse:
    """Remembers which abbreviations a reader of this part has met. In brackets: the words are not the source's.

    An abbreviation stands for what the documents that a sentence cites mean by it; `quotes` tells which these are.
    """

    def __init__(self, abbreviations: Iterable[Abbreviation], quotes: Mapping[str, Quote]) -> None:
        self._abbreviations = tuple(abbreviations)
        self._quotes = quotes
        self._met: set[tuple[str, str]] = set()

    def expanded(self, sentence: Sentence) -> Sentence:
        """`sentence` with ``GBM [glioblastoma multiforme]`` where GBM stands in it for the first time."""
        documents = [self._quotes[key].document for key in sentence.quotes if key in self._quotes]
        text = self.expanded_text(sentence.text, documents)
        return sentence if text == sentence.text else Sentence(text=text, quotes=sentence.quotes)

    def expanded_text(self, text: str, documents: Sequence[str]) -> str:
        """The same of words of `documents` that cite nothing: a caption."""
        insertions: dict[int, str] = {}
        for short, long in known_for(self._abbreviations, documents).items():
            found = use_of(short, text)
            if found is None or (short, long) in self._met:
                continue
            self._met.add((short, long))
            says_it = long.casefold() in text.casefold() or _OWN_BRACKET.search(text[: found.start()])
            if not says_it:
                insertions.setdefault(found.end(), long)
        for end, long in sorted(insertions.items(), reverse=True):
            text = f"{text[:end]} [{long}]{text[end:]}"
        return text

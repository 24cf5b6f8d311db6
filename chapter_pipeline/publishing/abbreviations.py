"""Owns the expansion of abbreviations where a reader first meets them; the sentences of the artifact stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chapter_pipeline.domain import Abbreviation, Sentence


class FirstUse:
    """Remembers which abbreviations a reader of this part has met. In brackets: the words are not the source's."""

    def __init__(self, abbreviations: Iterable[Abbreviation]) -> None:
        self._left = {one.short: one.long for one in abbreviations}

    def expanded(self, sentence: Sentence) -> Sentence:
        """`sentence` with ``GBM [glioblastoma multiforme]`` where GBM stands in it for the first time."""
        text = sentence.text
        for short, long in list(self._left.items()):
            found = re.search(rf"(?<![\w-]){re.escape(short)}(?![\w-])", text)
            if found is None:
                continue
            del self._left[short]
            if long.casefold() not in text.casefold():  # the sentence says it itself
                text = f"{text[: found.end()]} [{long}]{text[found.end() :]}"
        return sentence if text == sentence.text else Sentence(text=text, quotes=sentence.quotes)

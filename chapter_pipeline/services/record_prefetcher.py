"""Owns which documents a model is asked for while the record of an earlier one is stored: the next that it is to fill."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from chapter_pipeline.evidence.source import SourceText
from chapter_pipeline.services.study_records import Filler


class RecordPrefetcher:
    """Asks for as many documents at a time as `filler` allows, in the order in which they are announced.

    `fetch` gives key and text of a name whose stored document a model is to fill, None for any other. Nothing is asked
    before the stage of study records has reached a name: a run without that stage spends nothing.
    """

    def __init__(self, filler: Filler, fetch: Callable[[str], tuple[str, SourceText] | None]) -> None:
        self._filler = filler
        self._fetch = fetch
        self._expected: deque[str] = deque()

    def expect(self, names: Iterable[str]) -> None:
        """Announce the names that follow, in this order; earlier announcements are dropped."""
        self._expected = deque(names)

    def reached(self, name: str) -> None:
        """The record of `name` is made now: ask for those that follow."""
        if name in self._expected:
            while self._expected.popleft() != name:
                pass
        while self._expected and self._filler.waiting < self._filler.at_once - 1:
            fetched = self._fetch(self._expected.popleft())
            if fetched is not None:
                document, source = fetched
                self._filler.start(source, document=document)

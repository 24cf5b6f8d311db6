"""Owns the prefetch of the ingest: the next documents are parsed while one is stored and embedded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass

from chapter_pipeline.domain.document import ParsedDocument
from chapter_pipeline.services.ingest_ports import ParserAhead


@dataclass(frozen=True, slots=True)
class _Reading:
    name: str
    sha256: str
    document: Future[ParsedDocument]


class ParsePrefetcher:
    """Parses as many files at a time as the parser has processes, in the order in which they are requested.

    `fetch` gives sha256 and content of a name that needs parsing, None for one that does not. The number of parsed
    documents that wait is at most the parser's size. Not for several threads at once.
    """

    def __init__(self, parser: ParserAhead, fetch: Callable[[str], tuple[str, bytes] | None]) -> None:
        self._parser = parser
        self._fetch = fetch
        self._expected: deque[str] = deque()
        self._readings: deque[_Reading] = deque()

    def expect(self, names: Iterable[str]) -> None:
        """Announce the names that follow, in this order; earlier announcements are dropped."""
        for reading in self._readings:
            reading.document.cancel()
        self._readings.clear()
        self._expected = deque(names)
        self._top_up()

    def reached(self, name: str) -> None:
        """Drop the documents of names before `name` that were parsed and not requested."""
        if any(reading.name == name for reading in self._readings):
            while self._readings[0].name != name:
                self._readings.popleft().document.cancel()
        elif name in self._expected:
            while self._expected.popleft() != name:
                pass
        self._top_up()

    def take(self, sha256: str) -> ParsedDocument | None:
        """The document if it was prefetched, else None. Raises as the parser."""
        reading = next((reading for reading in self._readings if reading.sha256 == sha256), None)
        if reading is None:
            return None
        try:
            return reading.document.result()
        finally:
            self._readings.remove(reading)
            self._top_up()

    def _top_up(self) -> None:
        while self._expected and len(self._readings) < self._parser.size:
            name = self._expected.popleft()
            fetched = self._fetch(name)
            if fetched is not None and all(reading.sha256 != fetched[0] for reading in self._readings):
                self._readings.append(_Reading(name, fetched[0], self._parser.submit(fetched[1])))

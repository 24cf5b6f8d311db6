"""Owns which works of its document's reference list a statement cites."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chapter_pipeline.domain.document import CitedWork
from chapter_pipeline.domain.evidence import Cited
from chapter_pipeline.domain.markers import markers

MOST = 12
"""Works of a statement that are kept."""
_NAMED = re.compile(
    r"\b([A-Z][A-Za-zÀ-ž’'-]+)(?: (?:and|&) [A-Z][A-Za-zÀ-ž’'-]+| et al\.?)?,? ?\(?((?:19|20)\d\d)[a-z]?\b"
)
_RANGE = re.compile(r"(\d+)\s?[–−-]\s?(\d+)")


def cited_in(text: str, works: Sequence[CitedWork]) -> tuple[Cited, ...]:
    """The works that a sentence cites, by number, or by author and year; a number that the list lacks is left out."""
    if not works:
        return ()
    by_number = {work.number: work for work in works if work.number is not None}
    found: dict[int, Cited] = {}
    for _, numbers in markers(text):
        for number in _numbers(numbers):
            if number in by_number:
                found.setdefault(number, _cited(number, by_number[number]))
    for match in _NAMED.finditer(text):
        for place, work in enumerate(works, start=1):
            if work.year == int(match[2]) and work.text[:80].casefold().find(match[1].casefold()) >= 0:
                number = work.number if work.number is not None else place
                found.setdefault(number, _cited(number, work))
                break
    return tuple(found.values())[:MOST]


def _numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for part in re.split(r"[,;]", text):
        span = _RANGE.fullmatch(part.strip())
        if span and 0 < int(span[2]) - int(span[1]) < 30:
            numbers.extend(range(int(span[1]), int(span[2]) + 1))
        elif part.strip().isdigit():
            numbers.append(int(part))
    return numbers


def _cited(number: int, work: CitedWork) -> Cited:
    return Cited(number=number, text=work.text[:600], title=work.title, year=work.year, doi=work.doi, pmid=work.pmid)

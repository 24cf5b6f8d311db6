"""Owns the gap of advice that a newer edition of the same guideline supersedes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from chapter_pipeline.domain import Closer, Gap, GapType, Severity, Source
from chapter_pipeline.quality.gap_inputs import Inputs, called, cited_quotes, keys

_GUIDANCE = re.compile(
    r"\b(?:guidelines?|guidance|recommendations?|consensus|position (?:statement|paper)|practice parameters?)\b",
    re.IGNORECASE,
)
_OF_EDITION = frozenset(
    "updated update updates revised revision edition version new second third fourth 2nd 3rd 4th the of on for and a an in from by".split()
)
_WORD = re.compile(r"[^\W_]+")


def superseded_guidance(inputs: Inputs) -> Iterator[Gap]:
    """Cited guidelines of which the sources have a newer edition: one with the same title but for year and edition."""
    cited = {quote.source for quote in cited_quotes(inputs.chapter)}
    editions: dict[frozenset[str], list[Source]] = defaultdict(list)
    for source in inputs.research.sources:
        if source.document and source.year and not source.retracted and _GUIDANCE.search(source.title):
            editions[_title(source.title)].append(source)
    for same in editions.values():
        newest = max(same, key=lambda source: (source.year or 0, source.key))
        for old in sorted(same, key=lambda source: source.key):
            if old.key not in cited or (old.year or 0) >= (newest.year or 0):
                continue
            home, quotes = inputs.home_of(newest.key)
            used = {quote.key for quote in cited_quotes(inputs.chapter)}
            yield Gap(
                type=GapType.TEMPORAL_COVERAGE,
                severity=Severity.HIGH,
                description=f"The chapter cites a guideline of {old.year} ({called(old)}) that the edition of "
                f"{newest.year} ({called(newest)}) supersedes: {newest.title}",
                recommendation=f"Use the edition of {newest.year}, and leave out what that of {old.year} says otherwise.",
                section=home,
                evidence=keys(quote for quote in quotes if quote.key not in used),
                closed_by=Closer.LIBRARY,
            )


def _title(title: str) -> frozenset[str]:
    """The words of a title without year and edition; plural or not is one."""
    words = (word.casefold().rstrip("s") for word in _WORD.findall(title))
    return frozenset(word for word in words if word not in _OF_EDITION and not re.fullmatch(r"(?:19|20)\d\d", word))

"""Owns what the gap analysis is made from, and what of the evidence is still at hand for a section."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from chapter_pipeline.domain import (
    ChapterBrief,
    ChapterOutline,
    ChapterText,
    EvidenceMap,
    Quote,
    ResearchSet,
    Section,
    Source,
)
from chapter_pipeline.domain.evidence import StudyRecord
from chapter_pipeline.quality.section_fit import fit_floor

AT_HAND = 5
"""Quotes that a gap names as evidence at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Places in the sources by the text of a must-cover point: ``Liu 2016, p. 3``.

    `people`: it answers the point; `animals`: it does so of animals, cells or devices alone, and no other place answers;
    `nearest`: it answers nothing and is near the point, and no place answers.
    """

    people: Mapping[str, str] = field(default_factory=dict)
    animals: Mapping[str, str] = field(default_factory=dict)
    nearest: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The inputs of the gap analysis."""

    brief: ChapterBrief
    outline: ChapterOutline
    evidence: EvidenceMap
    research: ResearchSet
    chapter: ChapterText
    spoken: Spoken = field(default_factory=lambda: Spoken())
    """Where the sources speak of the must-cover points that the chapter lacks."""
    records: Mapping[str, StudyRecord] = field(default_factory=dict)
    """The study records of the sources that have one, by the key of the source."""

    def may_go_to(self, quote: Quote, kind: str) -> bool:
        """Whether a section may cite the quote: no other one has it in its plan, nor cites it."""
        return not any(quote.key in taken for other, taken in self.outline.assignments.items() if other != kind)

    def at_hand(self, kind: str, *, limit: int | None = AT_HAND) -> list[Quote]:
        """Quotes that fit a section, that no other section has, and that the chapter does not cite, best first."""
        cited = {key for section in self.chapter.sections for claim in claims_of(section) for key in claim}
        fitting = [
            quote
            for quote in self.evidence.quotes
            if quote.key not in cited
            and self.may_go_to(quote, kind)
            and (
                quote.sections.get(kind, 0.0) >= fit_floor(quote) or quote.key in self.outline.assignments.get(kind, ())
            )
        ]
        fitting.sort(key=lambda quote: (-(quote.sections.get(kind, 0.0) + quote.relevance), quote.key))
        return fitting[:limit]

    def home_of(self, source: str) -> tuple[str | None, list[Quote]]:
        """The section of the outline whose evidence the source's quotes would best join, and these quotes."""
        kinds = [section.kind for section in self.outline.sections]
        quotes = [quote for quote in self.evidence.quotes if quote.source == source]
        best = [
            (quote.sections.get(kind, 0.0) + quote.relevance, kind, quote)
            for kind in kinds
            for quote in quotes
            if self.may_go_to(quote, kind)
        ]
        if not best:
            return None, []
        home = max(best, key=lambda one: (one[0], one[1]))[1]
        own = sorted((one for one in best if one[1] == home), key=lambda one: (-one[0], one[2].key))
        return home, [quote for _, _, quote in own]


def keys(quotes: Iterable[Quote]) -> tuple[str, ...]:
    """The keys of the first few of `quotes`."""
    return tuple(quote.key for quote in islice(quotes, AT_HAND))


def claims_of(section: Section) -> list[tuple[str, ...]]:
    """The quote keys of every claim of a section, its table included."""
    claims = [*section.sentences, *section.table_claims]
    return [claim.quotes for claim in claims if claim.quotes]


def cited_quotes(chapter: ChapterText) -> list[Quote]:
    """The quotes that the chapter's sentences and tables cite, each once."""
    found = {key for section in chapter.sections for claim in claims_of(section) for key in claim}
    return [quote for key, quote in chapter.quotes.items() if key in found]


def called(source: Source) -> str:
    """A source as a reader knows it: first author and year, else the beginning of its title."""
    if not source.authors:
        return f"“{source.title[:60]}”"
    first = source.authors[0]
    is_group = first.startswith("{")  # see `domain.bibliography.Author`
    family = first.strip("{}") if is_group else first.split(",")[0] if "," in first else first.split()[-1]
    return f"{family}{' et al.' if len(source.authors) > 1 else ''} {source.year or ''}".strip()

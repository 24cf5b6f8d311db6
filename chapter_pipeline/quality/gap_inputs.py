"""Owns what the gap analysis is made from, and what of the evidence is still at hand for a section."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from chapter_pipeline.domain import ChapterBrief, ChapterOutline, ChapterText, EvidenceMap, Quote, ResearchSet, Section
from chapter_pipeline.quality.section_fit import fit_floor

AT_HAND = 5
"""Quotes that a gap names as evidence at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The inputs of the gap analysis."""

    brief: ChapterBrief
    outline: ChapterOutline
    evidence: EvidenceMap
    research: ResearchSet
    chapter: ChapterText
    spoken_of: Mapping[str, str] = field(default_factory=dict)
    """Of must-cover points, by their text, where a passage of the sources speaks of them: ``Liu 2016, p. 3``."""

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

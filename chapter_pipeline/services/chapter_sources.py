"""Owns the list of the studies in a chapter's scope: which of their main findings it tells, and why not the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chapter_pipeline.domain import (
    ChapterOutline,
    ChapterText,
    EvidenceMap,
    Quote,
    ResearchSet,
    ReviewedChapter,
    Source,
)
from chapter_pipeline.services.chapters import Chapters


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInScope:
    """A source of the research set. `told` of `main` main findings stand in the chapter; `why_not` of the others.

    `citations` counts the sentences that cite it. A source that was found and left out has its reason in `why_not`.
    """

    key: str
    title: str
    year: int | None
    design: str
    level: int | None
    relevance: float
    citations: int
    main: int
    told: int
    why_not: str | None


def sources_in_scope(chapters: Chapters, slug: str) -> list[SourceInScope]:
    """The sources of the newest writing of a chapter, the strongest evidence first, then those that were left out.

    Raises `NotFound` for a chapter that was not written.
    """
    return scope(
        chapters.value(slug, "research_set", ResearchSet),
        chapters.value(slug, "evidence_map", EvidenceMap),
        chapters.value(slug, "chapter_outline", ChapterOutline),
        chapters.value(slug, "reviewed_chapter", ReviewedChapter).chapter,
    )


def scope(
    research: ResearchSet, evidence: EvidenceMap, outline: ChapterOutline, chapter: ChapterText
) -> list[SourceInScope]:
    """Each source with what the chapter tells of it."""
    cited = Counter(
        key
        for section in chapter.sections
        for sentence in (*section.sentences, *section.table_claims)
        for key in sentence.quotes
    )
    by_source = Counter(chapter.quotes[key].source for key in cited.elements() if key in chapter.quotes)
    planned = {key: kind for kind, keys in outline.assignments.items() for key in keys}
    titles = {section.kind: section.title for section in outline.sections}
    rows = [
        _row(source, [quote for quote in evidence.quotes if quote.source == source.key and quote.main], cited, by_source[source.key], planned, titles)
        for source in sorted(research.sources, key=lambda one: (one.evidence_level, -one.relevance, one.key))
    ]  # fmt: skip
    left_out = [
        SourceInScope(
            key="", title=one.title, year=None, design="", level=None, relevance=0.0, citations=0, main=0, told=0,
            why_not=one.reason,
        )
        for one in research.excluded
    ]  # fmt: skip
    return [*rows, *left_out]


def _row(
    source: Source, main: Sequence[Quote], cited: Counter[str], citations: int, planned: dict[str, str],
    titles: dict[str, str],
) -> SourceInScope:  # fmt: skip
    told = [quote for quote in main if quote.key in cited]
    return SourceInScope(
        key=source.key, title=source.title, year=source.year, design=source.study_type.value,
        level=source.evidence_level, relevance=round(source.relevance, 2), citations=citations, main=len(main),
        told=len(told), why_not=_why_not(source, main, told, planned, titles),
    )  # fmt: skip


def _why_not(
    source: Source, main: Sequence[Quote], told: Sequence[Quote], planned: dict[str, str], titles: dict[str, str]
) -> str | None:
    """Why main findings of the source are not in the chapter; None when all are."""
    if source.document is None:
        return "known by its reference only: the library has no text of it"
    if not main:
        return "none of its main findings can be quoted so that it is understood alone: read it"
    missing = [quote for quote in main if quote not in told]
    if not missing:
        return None
    first = max(missing, key=lambda quote: quote.relevance)
    kind = planned.get(first.key)
    if kind is None:
        return f"{len(missing)} of {len(main)} fit no section of the outline, such as that of {first.place}"
    return f"{len(missing)} of {len(main)} exceed the words planned, such as that of {first.place} in “{titles.get(kind, kind)}”"

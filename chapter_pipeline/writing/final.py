"""Owns stage 14: the final chapter; whether it may be published is decided by `quality/publication.py`."""

from __future__ import annotations

from collections.abc import Sequence

from chapter_pipeline.domain import (
    ChapterBrief,
    FinalChapter,
    GapReport,
    KeyConcepts,
    ModelUse,
    ReviewedChapter,
)


def final_chapter(
    brief: ChapterBrief,
    concepts: KeyConcepts,
    reviewed: ReviewedChapter,
    gaps: GapReport,
    *,
    uses: tuple[ModelUse, ...] = (),
) -> FinalChapter:
    """Stage 14; `uses` is what text models did for this stage."""
    sections = reviewed.chapter.sections
    uses = (*brief.uses, *reviewed.uses, *gaps.uses, *uses)
    providers = dict.fromkeys(
        [concepts.provider, *(section.provider for section in sections), *(use.provider for use in uses)]
    )
    return FinalChapter(
        chapter=reviewed.chapter,
        gap_report=gaps,
        support=reviewed.support,
        cutoff_date=brief.cutoff_date,
        providers=tuple(name for name in providers if name),
        cost_usd=concepts.cost_usd + sum(section.cost_usd for section in sections) + sum(use.cost_usd for use in uses),
        notes=_notes(concepts, reviewed, gaps, uses),
        differences=reviewed.differences,
    )


def _notes(
    concepts: KeyConcepts, reviewed: ReviewedChapter, gaps: GapReport, uses: Sequence[ModelUse]
) -> tuple[str, ...]:
    notes = ["Retractions: not checked, no literature source is configured."]
    differing = len(reviewed.differences)
    if differing:
        points = f"{differing} points" if differing > 1 else "one point"
        notes.append(f"Sources differ on {points}, see “Where sources differ”.")
    unlicensed = [item for item in reviewed.chapter.figures if not item.figure.licence]
    if unlicensed:
        numbers = ", ".join(str(item.number) for item in unlicensed)
        notes.append(
            f"Licence not stated by the source of figure{'s' if len(unlicensed) > 1 else ''} {numbers}: ask for permission before reprinting."
        )
    scanned = sum(quote.confidence is not None for quote in reviewed.chapter.quotes.values())
    if scanned:
        notes.append(
            f"{scanned} of {len(reviewed.chapter.quotes)} quotations were recognised from scans: check them on the page."
        )
    if concepts.fallbacks:
        notes.append(_fallback("The key concepts", concepts.provider, concepts.fallbacks))
    notes += [
        _fallback(f"The section “{section.title}”", section.provider, section.fallbacks)
        for section in reviewed.chapter.sections
        if section.fallbacks
    ]
    notes += [
        _fallback(f"The {use.stage.replace('_', ' ')}", use.provider, use.fallbacks) for use in uses if use.fallbacks
    ]
    dropped = sum(len(section.dropped) for section in reviewed.chapter.sections)
    if dropped:
        notes.append(
            f"{dropped} sentences of the text model were left out: their quotations did not say what they said."
        )
    if gaps.requires_revision:
        notes.append("The gap analysis asks for a revision: a person has to decide before this is used.")
    return tuple(notes)


def _fallback(what: str, provider: str, before: tuple[str, ...]) -> str:
    return f"{what} came from {provider!r}, as other text models gave none: {'; '.join(before)}."

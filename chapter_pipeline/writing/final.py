"""Owns stage 14: the final chapter; whether it may be published is decided by `quality/publication.py`."""

from __future__ import annotations

from collections.abc import Sequence

from chapter_pipeline.domain import (
    ChapterBrief,
    FinalChapter,
    GapReport,
    KeyConcepts,
    ReviewedChapter,
)
from chapter_pipeline.domain.usage import NAMED_BY_VALUE, TaskUsage


def final_chapter(
    brief: ChapterBrief,
    concepts: KeyConcepts,
    reviewed: ReviewedChapter,
    gaps: GapReport,
    *,
    answers: Sequence[TaskUsage] = (),
) -> FinalChapter:
    """Stage 14; `answers` are those of text models that the chapter is made of, see `ports.ChapterAnswers`."""
    sections = reviewed.chapter.sections
    others = [answer for answer in answers if answer.task not in NAMED_BY_VALUE]
    providers = dict.fromkeys(
        [concepts.provider, *(section.provider for section in sections), *(answer.provider for answer in others)]
    )
    return FinalChapter(
        chapter=reviewed.chapter,
        gap_report=gaps,
        support=reviewed.support,
        cutoff_date=brief.cutoff_date,
        providers=tuple(name for name in providers if name),
        notes=_notes(reviewed, gaps, _stand_ins(concepts, reviewed, answers)),
        differences=reviewed.differences,
    )


def _notes(reviewed: ReviewedChapter, gaps: GapReport, stand_ins: Sequence[str]) -> tuple[str, ...]:
    notes = ["Retractions: known by titles and notices of the library only, no literature source is configured."]
    differing = len(reviewed.differences)
    if differing:
        points = f"{differing} points" if differing > 1 else "one point"
        notes.append(f"Sources differ on {points}, see “Where sources differ”.")
    of_others = [item for item in reviewed.chapter.figures if item.figure.rights and not item.figure.licence]
    if of_others:
        numbers = ", ".join(str(item.number) for item in of_others)
        notes.append(
            f"Rights of others in figure{'s' if len(of_others) > 1 else ''} {numbers}, see the credit: the licence of the source does not hold, ask the holder of the rights for permission before reprinting."
        )
    unlicensed = [item for item in reviewed.chapter.figures if not item.figure.licence and not item.figure.rights]
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
    doubtful = [str(reference.number) for reference in reviewed.chapter.references if reference.source.to_check]
    if doubtful:
        notes.append(
            f"The text of reference{'s' if len(doubtful) > 1 else ''} {', '.join(doubtful)} may be incomplete or wrong in "
            "places: see chapter-pipeline documents show, and check what it is cited for on the page."
        )
    notes += stand_ins
    dropped = sum(len(section.dropped) for section in reviewed.chapter.sections)
    if dropped:
        notes.append(
            f"{dropped} sentences of the text model were left out: their quotations did not say what they said."
        )
    if gaps.requires_revision:
        notes.append("The gap analysis asks for a revision: a person has to decide before this is used.")
    return tuple(notes)


def _stand_ins(concepts: KeyConcepts, reviewed: ReviewedChapter, answers: Sequence[TaskUsage]) -> list[str]:
    """What did not come from the provider that was asked first, each with why."""
    by_value = {(answer.task, answer.section, answer.provider): answer for answer in answers}
    named = [("The key concepts", by_value.get(("key_concepts", None, concepts.provider)))]
    named += [
        (f"The section “{section.title}”", by_value.get(("section", section.kind, section.provider)))
        for section in reviewed.chapter.sections
    ]
    named += [
        (f"The {answer.task.replace('_', ' ')}", answer) for answer in answers if answer.task not in NAMED_BY_VALUE
    ]
    return [
        f"{what} came from {answer.provider!r}, as other text models gave none: {'; '.join(answer.fallbacks)}."
        for what, answer in named
        if answer is not None and answer.fallbacks
    ]

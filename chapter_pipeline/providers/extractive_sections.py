"""Owns how the extractive provider writes a section: verbatim sentences, the best and most different, by source."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from chapter_pipeline.domain import EvidenceRow, Paragraph, Quote, SectionPlan, Sentence, Subsection
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind
from chapter_pipeline.domain.tasks import SectionReply
from chapter_pipeline.ports import Embedder
from chapter_pipeline.writing.labels import paragraph_label, shortened
from chapter_pipeline.writing.outline import INTRODUCTION

DIVERSITY = 0.35
"""Weight of the likeness to what is already chosen (maximal marginal relevance, Carbonell and Goldstein 1998)."""
POINT_BONUS = 0.5
"""Worth of speaking to a must-cover point that no chosen sentence speaks to yet: enough to go first."""
WANTED_BONUS = 2.0
"""Worth of a quote that a recommendation of the gap analysis asks for: more than all else together."""
MAIN_BONUS = 0.6
"""Worth of a main finding of a study: before all that is not asked for."""
MAX_ROWS = 6
LONGEST_PARAGRAPH = 6
MIN_SUBSECTION = 3
"""A sub-topic with fewer sentences gets no heading of its own."""
_FINDING = re.compile(
    r"\d+(?:\.\d+)?\s?%|\bP\s?[<=]|\bmedian\b|\bhazard ratio\b|\bodds ratio\b|\brisk ratio\b|\b\d+ patients\b", re.I
)
_ANIMAL_FIRST = (StudyType.ANIMAL, StudyType.LABORATORY)


def write_section(plan: SectionPlan, embedder: Embedder) -> SectionReply:
    """Choose sentences up to the word budget, group them by sub-topic and by kind of source, add a table of findings.

    Sentences are the quotes' display texts, word for word; each cites its quote. Empty when the plan has no quotes.
    """
    if not plan.quotes:
        return SectionReply(subsections=())
    quotes = {quote.key: quote for quote in plan.quotes}
    chosen = _choose(plan, embedder)
    groups = [(planned.title, [key for key in planned.quotes if key in chosen]) for planned in plan.subsections]
    small = [key for title, keys in groups if len(keys) < MIN_SUBSECTION or not title for key in keys]
    titled = [(title, keys) for title, keys in groups if title and len(keys) >= MIN_SUBSECTION]
    subsections = tuple(
        Subsection(title=title, paragraphs=tuple(_paragraphs([quotes[key] for key in keys], plan.kind)))
        for title, keys in [(None, small), *titled]
        if keys
    )
    return SectionReply(
        subsections=subsections, evidence_table=findings_table([q for q in plan.quotes if q.key not in chosen])
    )


def _choose(plan: SectionPlan, embedder: Embedder) -> set[str]:
    """Greedy maximal marginal relevance over the whole pack, until the budget is met.

    What a recommendation asks for goes first, then must-cover points.
    """
    pack = list(plan.quotes)
    vectors = embedder.embed([quote.display for quote in pack])
    value = np.array([_value(quote, plan.kind) for quote in pack])
    chosen: list[int] = []
    sources: dict[str, int] = defaultdict(int)
    length = 0
    covered: set[str] = set()
    wanted = set(plan.points)
    while len(chosen) < len(pack) and length < plan.word_budget:
        likeness = (vectors @ vectors[chosen].T).max(axis=1) if chosen else np.zeros(len(pack))
        scores = (1 - DIVERSITY) * value - DIVERSITY * likeness
        for i, quote in enumerate(pack):
            scores[i] += POINT_BONUS * bool(set(quote.points) & wanted - covered) - 0.02 * sources[quote.source]
            scores[i] += WANTED_BONUS * (quote.key in plan.wanted) + POINT_BONUS * _begins(quote, plan.kind)
        scores[chosen] = -np.inf
        best = int(np.argmax(scores))
        if scores[best] == -np.inf:
            break
        quote = pack[best]
        chosen.append(best)
        sources[quote.source] += 1
        covered.update(quote.points)
        length += len(quote.display.split())
    return {pack[i].key for i in chosen}


def _value(quote: Quote, kind: str) -> float:
    return quote.sections.get(kind, 0.0) + quote.relevance + 0.03 * (5 - quote.evidence_level) + MAIN_BONUS * quote.main


def _begins(quote: Quote, kind: str) -> bool:
    """Whether the section begins with this quote: an introduction says first what the topic is."""
    return quote.defines and kind == INTRODUCTION


def _paragraphs(quotes: Sequence[Quote], kind: str) -> list[Paragraph]:
    """What a study found and concludes in paragraphs of its own, what is known by source; single sentences together.

    What the section begins with stands first, then what is known, then studies in people, the strongest first.
    """
    by_source: dict[tuple[str, str | None], list[Quote]] = defaultdict(list)
    for quote in quotes:
        by_source[quote.source, quote.lead].append(quote)
    grouped: list[list[Quote]] = []
    singles: dict[StudyType, list[Quote]] = defaultdict(list)
    for group in by_source.values():
        if len(group) > 1 or group[0].lead:
            ordered = sorted(group, key=lambda quote: (not _begins(quote, kind), quote.page, quote.start))
            grouped += [ordered[i : i + LONGEST_PARAGRAPH] for i in range(0, len(ordered), LONGEST_PARAGRAPH)]
        else:
            singles[group[0].study_type] += group
    grouped += [
        sorted(group, key=lambda quote: (not _begins(quote, kind), quote.year or 0, -quote.relevance, quote.key))
        for group in singles.values()
    ]
    best: dict[str, float] = {}
    for group in grouped:
        for quote in group:
            best[quote.source] = max(best.get(quote.source, 0.0), quote.relevance)
    grouped.sort(
        key=lambda group: (
            not any(_begins(quote, kind) for quote in group),
            group[0].lead is not None,
            group[0].study_type in _ANIMAL_FIRST,
            group[0].evidence_level,
            -best[group[0].source],
            group[0].source,
            group[0].finding in _AFTER_RESULTS,
            group[0].key,
        )
    )
    return [_paragraph(group, after=grouped[place - 1][0] if place else None) for place, group in enumerate(grouped)]


_RESULTS = (None, FindingKind.OWN_RESULT, FindingKind.CASE)
"""What a study found; None: of a source without a study record, whose sentences are not told apart."""
_AFTER_RESULTS = (FindingKind.CONCLUSION, FindingKind.RECOMMENDATION)


def _paragraph(quotes: Sequence[Quote], *, after: Quote | None) -> Paragraph:
    """A paragraph with what introduces it; behind another one of the same study without the study's title."""
    sentences = tuple(Sentence(text=q.display, quotes=(q.key,)) for q in quotes)
    label = paragraph_label(quotes)
    if label and after is not None and after.source == quotes[0].source and after.lead:
        label = shortened(label)
    return Paragraph(label=label, sentences=sentences)


def findings_table(unused: Sequence[Quote]) -> tuple[EvidenceRow, ...]:
    """Findings with figures that the text does not repeat: the strongest one of each source."""
    best: dict[str, Quote] = {}
    for quote in sorted(unused, key=lambda quote: -quote.relevance):
        if _FINDING.search(quote.display) and quote.finding in _RESULTS:
            best.setdefault(quote.source, quote)
    if len(best) < 2:
        return ()
    rows = sorted(best.values(), key=lambda quote: (quote.evidence_level, -(quote.year or 0), quote.key))[:MAX_ROWS]
    return tuple(
        EvidenceRow(
            source=quote.source,
            study_type=quote.study_type,
            evidence_level=quote.evidence_level,
            year=quote.year,
            finding=Sentence(text=quote.display, quotes=(quote.key,)),
        )
        for quote in rows
    )

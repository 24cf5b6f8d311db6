"""Owns stage 13: the five gap dimensions, computed from evidence, and the revision rule."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from chapter_pipeline.domain import (
    ChapterBrief,
    ChapterText,
    Closer,
    Gap,
    GapReport,
    GapStatistics,
    GapType,
    MustCoverPoint,
    Quote,
    SectionTemplate,
    Severity,
    UnusedEvidence,
)
from chapter_pipeline.domain.brief import AnswerForm
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.differing_studies import differing_studies
from chapter_pipeline.quality.editions import superseded_guidance
from chapter_pipeline.quality.gap_inputs import Inputs, claims_of, keys
from chapter_pipeline.quality.harms import untold_harms
from chapter_pipeline.quality.points import answers_point, asks_of_people, is_of_animals
from chapter_pipeline.quality.question_gaps import asked, unanswered_questions
from chapter_pipeline.quality.section_fit import POINT_FIT_FLOOR
from chapter_pipeline.quality.source_gaps import incomplete_references, source_coverage

SEVERITY_WEIGHTS = {Severity.CRITICAL: 10, Severity.HIGH: 7, Severity.MEDIUM: 4, Severity.LOW: 1}
"""The owner's weights."""
COMPLETENESS_FLOOR = 0.75
MAX_HIGH = 2
ESSENTIAL_SHARE = 0.08
"""A template section with this share of the words or more is essential: its absence is high, not medium."""
THIN = 0.4
"""With less of its planned words a section counts as incomplete, not as unbalanced."""
SHORT, LONG = 0.75, 1.25
"""A section may be a quarter off its planned words."""
FILLED = 0.5
"""For the completeness score a section with this share of its planned words counts as whole."""
RECENT_YEARS = 5
UNUSED_SHOWN = 15


def gap_report(inputs: Inputs, *, embedder: Embedder, second_opinion: Sequence[Gap] = ()) -> GapReport:
    """Stage 13. The completeness score is the share of points and questions answered, see `completeness_score`.

    `second_opinion`: gaps that a text model names; they join those that are computed.
    """
    unused = unused_evidence(inputs, embedder=embedder)
    gaps = [
        *content_completeness(inputs),
        *unanswered_questions(inputs),
        *source_coverage(inputs, unused),
        *incomplete_references(inputs),
        *section_balance(inputs),
        *temporal_coverage(inputs),
        *superseded_guidance(inputs),
        *critical_information(inputs),
        *untold_harms(inputs),
        *differing_studies(inputs),
        *second_opinion,
    ]
    gaps = [gap.model_copy(update={"closed_by": gap.closed_by or closed_by(gap)}) for gap in gaps]
    order = list(Severity)
    gaps.sort(key=lambda gap: order.index(gap.severity))
    counts = Counter(gap.severity for gap in gaps)
    score = completeness_score(inputs)
    return GapReport(
        completeness_score=score,
        requires_revision=requires_revision(score, gaps),
        gaps=tuple(gaps),
        statistics=GapStatistics(
            critical_gaps=counts[Severity.CRITICAL],
            high_gaps=counts[Severity.HIGH],
            medium_gaps=counts[Severity.MEDIUM],
            low_gaps=counts[Severity.LOW],
        ),
        unused_evidence=unused,
    )


def closed_by(gap: Gap) -> Closer:
    """Evidence at hand closes it, or documents that the library lacks; what asks for neither is for a person.

    A section that is asked for documents has too little evidence at hand, even where it has some.
    """
    if gap.evidence and not gap.recommendation.startswith("Add documents to the library for"):
        return Closer.LIBRARY
    return Closer.LITERATURE if _ASKS_FOR_DOCUMENTS.search(gap.recommendation) else Closer.PERSON


_ASKS_FOR_DOCUMENTS = re.compile(
    r"\badd (?:documents|trials|a second source|reference files)|\bsearch the literature", re.IGNORECASE
)


def requires_revision(completeness_score: float, gaps: Sequence[Gap]) -> bool:
    """The owner's rule: any critical gap, more than two high ones, or a completeness score under 0.75."""
    critical = sum(gap.severity is Severity.CRITICAL for gap in gaps)
    high = sum(gap.severity is Severity.HIGH for gap in gaps)
    return critical > 0 or high > MAX_HIGH or completeness_score < COMPLETENESS_FLOOR


def completeness_score(inputs: Inputs) -> float:
    """Between 0 and 1: the share of must-cover points and questions that a cited statement of the right kind answers.

    Of the questions those count that a finding of the sources answers. A chapter that has neither points nor questions is
    as complete as its sections have words: each by its share of the template, filled up to half of its budget at most.
    """
    questions = [one for one in asked(inputs) if one.answerable]
    points = inputs.brief.must_cover
    wanted = len(points) + len(questions)
    if not wanted:
        return round(_filled(inputs), 3)
    met = len(points) - len(uncovered(inputs.brief, inputs.chapter)) + sum(one.answered for one in questions)
    return round(met / wanted, 3)


def _filled(inputs: Inputs) -> float:
    """The share of the template's words that is written; half of a section's budget counts as whole."""
    written = {section.kind: section for section in inputs.chapter.sections}
    budgets = {section.kind: section.word_budget for section in inputs.outline.sections}
    whole = sum(section.share for section in inputs.brief.sections)
    filled = sum(
        section.share * min(1.0, written[section.kind].words / (FILLED * max(1, budgets.get(section.kind, 1))))
        for section in inputs.brief.sections
        if section.kind in written
    )
    return filled / whole


def content_completeness(inputs: Inputs) -> Iterator[Gap]:
    """Template sections that are missing, or far shorter than planned."""
    written = {section.kind: section for section in inputs.chapter.sections}
    budgets = {section.kind: section.word_budget for section in inputs.outline.sections}
    for section in inputs.brief.sections:
        at_hand = inputs.at_hand(section.kind)
        if section.kind not in written:
            reason = inputs.outline.unused.get(section.kind, "none of its sentences is left")
            planned = section.kind in budgets and at_hand
            yield Gap(
                type=GapType.CONTENT_COMPLETENESS,
                severity=Severity.HIGH if section.share >= ESSENTIAL_SHARE else Severity.MEDIUM,
                description=f"The section “{section.title}” is missing: {reason}.",
                recommendation=f"Write “{section.title}” from its evidence." if planned else _add_documents(section),
                section=section.kind,
                evidence=keys(at_hand),
            )
        elif written[section.kind].words < THIN * budgets.get(section.kind, 0):
            yield Gap(
                type=GapType.CONTENT_COMPLETENESS,
                severity=Severity.MEDIUM,
                description=(
                    f"“{section.title}” has {written[section.kind].words} words of {budgets[section.kind]} planned."
                ),
                recommendation=_more(section, at_hand),
                section=section.kind,
                evidence=keys(at_hand),
            )


def section_balance(inputs: Inputs) -> Iterator[Gap]:
    """Sections more than a quarter off the words that the outline gave them."""
    budgets = {section.kind: section.word_budget for section in inputs.outline.sections}
    templates = {section.kind: section for section in inputs.brief.sections}
    for section in inputs.chapter.sections:
        ratio = section.words / max(1, budgets.get(section.kind, section.words))
        at_hand = inputs.at_hand(section.kind) if ratio < SHORT else ()
        if THIN <= ratio < SHORT or ratio > LONG:
            yield Gap(
                type=GapType.SECTION_BALANCE,
                severity=Severity.MEDIUM if ratio > LONG else Severity.LOW,
                description=f"“{section.title}” has {ratio:.0%} of its planned words.",
                recommendation="Shorten the section." if ratio > LONG else _more(templates[section.kind], at_hand),
                section=section.kind,
                evidence=keys(at_hand),
            )


def temporal_coverage(inputs: Inputs) -> Iterator[Gap]:
    """Whether the chapter knows the last five years before its cut-off date, and how many sources have no year."""
    years = [r.source.year for r in inputs.chapter.references]
    known = [year for year in years if year is not None]
    since = inputs.brief.cutoff_date.year - RECENT_YEARS
    if len(known) < len(years):
        yield Gap(
            type=GapType.TEMPORAL_COVERAGE,
            severity=Severity.LOW,
            description=f"{len(years) - len(known)} of {len(years)} cited sources have no known year.",
            recommendation="Add reference files (RIS, NBIB, BibTeX) of these works to references/.",
        )
    if not known:
        return
    yield from _dated_sections(inputs, since)
    recent = sum(year >= since for year in known) / len(known)
    if max(known) < since:
        severity = Severity.HIGH
    elif recent < 0.2:
        severity = Severity.MEDIUM
    else:
        return
    yield Gap(
        type=GapType.TEMPORAL_COVERAGE,
        severity=severity,
        description=f"{recent:.0%} of the cited sources are of {since} or later; the newest is of {max(known)}.",
        recommendation=f"Search the literature since {since} on {inputs.brief.topic}.",
    )


def _dated_sections(inputs: Inputs, since: int) -> Iterator[Gap]:
    """Sections that cite nothing recent although recent evidence for them is at hand."""
    quotes = inputs.chapter.quotes
    for section in inputs.chapter.sections:
        cited = {quotes[key].year or 0 for claim in claims_of(section) for key in claim}
        recent = [quote for quote in inputs.at_hand(section.kind, limit=None) if (quote.year or 0) >= since]
        if cited and max(cited) < since and recent:
            yield Gap(
                type=GapType.TEMPORAL_COVERAGE,
                severity=Severity.MEDIUM,
                description=f"“{section.title}” cites nothing of {since} or later; {_counted(len(recent), 'quote')} at "
                "hand would fit it.",
                recommendation=f"Use what was published since {since} in this section.",
                section=section.kind,
                evidence=keys(recent),
            )


def critical_information(inputs: Inputs) -> Iterator[Gap]:
    """Must-cover points that no cited sentence answers."""
    for point in uncovered(inputs.brief, inputs.chapter):
        speaking = [quote for quote in inputs.evidence.quotes if point.text in quote.points]
        speaking.sort(key=lambda quote: -(quote.sections.get(point.section, 0.0) + quote.relevance))
        fitting = [
            quote
            for quote in speaking
            if inputs.may_go_to(quote, point.section) and quote.sections.get(point.section, 0.0) >= POINT_FIT_FLOOR
        ]
        hint, remedy = _hint(point, inputs, speaking, fitting)
        yield Gap(
            type=GapType.CRITICAL_INFORMATION,
            severity=Severity.CRITICAL if point.critical else Severity.MEDIUM,
            description=f"Not covered: {point.text}; {hint}.",
            recommendation=remedy,
            section=point.section,
            evidence=keys(fitting),
        )


def _hint(
    point: MustCoverPoint, inputs: Inputs, speaking: Sequence[Quote], fitting: Sequence[Quote]
) -> tuple[str, str]:
    """What there is on a point that the chapter lacks, and what to do."""
    spoken, documents = inputs.spoken, f"Cover {point.text} in this section: add documents on it first."
    if fitting:
        return f"{_counted(len(fitting), 'quote')} at hand would fit", f"Cover {point.text} in this section."
    if point.text in spoken.people:
        where = spoken.people[point.text]
        told = (
            f"{_counted(len(speaking), 'quote')} with its words belong to other sections or matters"
            if speaking
            else f"{where} may speak of it, and is not among the quotes at hand"
        )
        return told, f"Read {where} and write on {point.text} by hand."
    if speaking:
        return f"{_counted(len(speaking), 'quote')} with its words belong to other sections or matters", documents
    if point.text in spoken.animals:
        return (
            f"only studies of animals, cells or devices speak of it ({spoken.animals[point.text]})",
            f"Cover {point.text} in this section: add documents on patients first.",
        )
    if point.text in spoken.nearest:
        return f"no passage of its sources states it, the nearest is {spoken.nearest[point.text]}", documents
    return "no passage of its sources states it", documents


def uncovered(brief: ChapterBrief, chapter: ChapterText) -> list[MustCoverPoint]:
    """The must-cover points that no cited sentence answers."""
    return [point for point in brief.must_cover if not _covered(point, brief, chapter)]


def unused_evidence(inputs: Inputs, *, embedder: Embedder) -> tuple[UnusedEvidence, ...]:
    """Quotes not cited, by closeness to the topic times distance (1 - cosine) from the nearest cited sentence."""
    cited = {key for section in inputs.chapter.sections for claim in claims_of(section) for key in claim}
    left: list[Quote] = [quote for quote in inputs.evidence.quotes if quote.key not in cited]
    used = [quote for quote in inputs.evidence.quotes if quote.key in cited]
    if not left:
        return ()
    vectors = embedder.embed([quote.display for quote in left])
    nearest = (
        (vectors @ embedder.embed([quote.display for quote in used]).T).max(axis=1) if used else np.zeros(len(left))
    )
    scored = [
        UnusedEvidence(
            quote=quote.key,
            source=quote.source,
            page=quote.page,
            page_label=quote.page_label,
            paragraph=quote.paragraph,
            section=max(quote.sections, key=lambda kind: quote.sections[kind]) if quote.sections else None,
            text=quote.display,
            score=round(float(quote.relevance * (1 - near)), 4),
        )
        for quote, near in zip(left, nearest, strict=True)
    ]
    return tuple(sorted(scored, key=lambda item: (-item.score, item.quote))[:UNUSED_SHOWN])


def _more(section: SectionTemplate, at_hand: Sequence[Quote]) -> str:
    return f"Use more of the evidence at hand in “{section.title}”." if at_hand else _add_documents(section)


def _add_documents(section: SectionTemplate) -> str:
    purpose = section.purpose.rstrip(".")
    return f"Add documents to the library for “{section.title}”: {purpose[0].lower()}{purpose[1:]}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("s" if number != 1 else "")


def _covered(point: MustCoverPoint, brief: ChapterBrief, chapter: ChapterText) -> bool:
    """Whether a cited sentence or row of its section answers it, or one of another section that would fit there.

    An author's point without terms was given its section by its words: any section may answer it.
    """
    clinical = next((section.clinical for section in brief.sections if section.kind == point.section), False)
    of_people = asks_of_people(point, clinical=clinical)
    for section in chapter.sections:
        claims = [*section.sentences, *section.table_claims]
        for claim in claims:
            cited = [chapter.quotes[key] for key in claim.quotes if key in chapter.quotes]
            if not claim.quotes or (of_people and cited and all(is_of_animals(quote) for quote in cited)):
                continue
            elsewhere = section.kind != point.section and point.form is not AnswerForm.WORDS
            if elsewhere and not any(quote.sections.get(point.section, 0.0) >= POINT_FIT_FLOOR for quote in cited):
                continue
            if answers_point(point, claim.text, topic=brief.topic, kind=cited[0].finding if cited else None):
                return True
    return False

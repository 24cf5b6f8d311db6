"""Owns stage 13: the five gap dimensions, computed from evidence, and the revision rule."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from chapter_pipeline.domain import (
    ChapterBrief,
    ChapterOutline,
    ChapterText,
    Closer,
    EvidenceMap,
    Gap,
    GapReport,
    GapStatistics,
    GapType,
    MustCoverPoint,
    Quote,
    ResearchSet,
    Section,
    SectionTemplate,
    Severity,
    Source,
    UnusedEvidence,
)
from chapter_pipeline.domain.document import place
from chapter_pipeline.domain.evidence import FindingKind
from chapter_pipeline.domain.wording import mentioned
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.section_fit import POINT_FIT_FLOOR, fit_floor

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
AT_HAND = 5
FEWEST_CITATIONS = 6
"""With fewer citations a third of them from one source tells nothing."""
CONTROLLED, STRONG = 3, 2
"""The weakest evidence levels of controlled studies, and of randomised trials and their syntheses."""
ON_TOPIC = 0.45
"""Least relevance of a study that the chapter has to tell."""
OWN_RESULTS = (FindingKind.OWN_RESULT, FindingKind.CASE)
RECENT_YEARS = 5
DETAILS = ("journal", "volume", "pages")
"""What the reference to an article names beside authors, title and year."""
NAMED = 10
"""References and documents that one gap names."""
UNUSED_SHOWN = 15
UNUSED_VALUE = 0.25


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
        cited = {key for section in self.chapter.sections for claim in _claims(section) for key in claim}
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


def gap_report(inputs: Inputs, *, embedder: Embedder, second_opinion: Sequence[Gap] = ()) -> GapReport:
    """Stage 13. The completeness score is the mean of two shares: template words with text, must-cover points met.

    `second_opinion`: gaps that a text model names; they join those that are computed.
    """
    unused = unused_evidence(inputs, embedder=embedder)
    gaps = [
        *content_completeness(inputs),
        *source_coverage(inputs, unused),
        *incomplete_references(inputs),
        *section_balance(inputs),
        *temporal_coverage(inputs),
        *critical_information(inputs),
        *second_opinion,
    ]
    gaps = [gap.model_copy(update={"closed_by": closed_by(gap)}) for gap in gaps]
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
    """Between 0 and 1; a section counts by its share of the template, filled up to its budget at most."""
    written = {section.kind: section for section in inputs.chapter.sections}
    budgets = {section.kind: section.word_budget for section in inputs.outline.sections}
    whole = sum(section.share for section in inputs.brief.sections)
    filled = sum(
        section.share * min(1.0, written[section.kind].words / (FILLED * max(1, budgets.get(section.kind, 1))))
        for section in inputs.brief.sections
        if section.kind in written
    )
    points = inputs.brief.must_cover
    met = sum(_covered(point, inputs.chapter) for point in points)
    return round((filled / whole + (met / len(points) if points else 1.0)) / 2, 3)


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


def source_coverage(inputs: Inputs, unused: Sequence[UnusedEvidence]) -> Iterator[Gap]:
    """Sections on one source, a chapter on few or weak ones, good evidence that is not cited."""
    chapter = inputs.chapter
    cited = Counter(chapter.quotes[key].source for s in chapter.sections for c in _claims(s) for key in c)
    total = sum(cited.values())
    if cited:
        key, most = cited.most_common(1)[0]
        if most > total / 2 or (most > total / 3 and total >= FEWEST_CITATIONS):
            yield Gap(
                type=GapType.SOURCE_COVERAGE,
                severity=Severity.HIGH if most > total / 2 else Severity.MEDIUM,
                description=f"{most} of {total} citations are of one source ({_named(inputs, key)}).",
                recommendation="Add documents by other authors on the topic.",
            )
    levels = {reference.source.evidence_level for reference in chapter.references}
    if levels and min(levels) > 3:
        yield Gap(
            type=GapType.SOURCE_COVERAGE,
            severity=Severity.HIGH,
            description=f"No controlled study of patients is cited: the best evidence level is {min(levels)}.",
            recommendation="Add trials, cohort studies or systematic reviews on the topic.",
        )
    for section in chapter.sections:
        sources = {chapter.quotes[key].source for claim in _claims(section) for key in claim}
        if len(sources) == 1 and section.words > 60:
            yield Gap(
                type=GapType.SOURCE_COVERAGE,
                severity=Severity.MEDIUM,
                description=f"“{section.title}” rests on one source ({_named(inputs, next(iter(sources)))}).",
                recommendation=f"Add a second source for “{section.title}”.",
                section=section.kind,
                evidence=keys(quote for quote in inputs.at_hand(section.kind) if quote.source not in sources),
            )
    yield from _studies_left_out(inputs, set(cited))
    if unused and unused[0].score >= UNUSED_VALUE:
        yield Gap(
            type=GapType.SOURCE_COVERAGE,
            severity=Severity.LOW,
            description=f"{len(unused)} relevant sentences far from all that is cited are not used.",
            recommendation=f"Read the unused evidence, first {_named(inputs, unused[0].source)}, {_place(unused[0])}.",
            section=unused[0].section,
            evidence=tuple(item.quote for item in unused[:AT_HAND]),
        )


def _studies_left_out(inputs: Inputs, cited: set[str]) -> Iterator[Gap]:
    """Controlled studies on the topic whose main finding the chapter lacks, or that it does not cite at all."""
    told = {key for section in inputs.chapter.sections for claim in _claims(section) for key in claim}
    for source in sorted(inputs.research.sources, key=lambda source: source.key):
        if source.evidence_level > CONTROLLED or not source.document or source.relevance < ON_TOPIC:
            continue
        main = [
            quote
            for quote in inputs.evidence.quotes
            if quote.source == source.key and quote.main and quote.finding in OWN_RESULTS
        ]
        home, quotes = inputs.home_of(source.key)
        if main and not told.intersection(quote.key for quote in main):
            yield Gap(
                type=GapType.SOURCE_COVERAGE,
                severity=Severity.CRITICAL if source.evidence_level <= STRONG else Severity.HIGH,
                description=f"The main finding of a {source.study_type.value} is not in the chapter: {source.title}",
                recommendation=f"Use the main finding of {_named(inputs, source.key)}, {main[0].place}.",
                section=home,
                evidence=keys(quote for quote in quotes if quote in main) or keys(quotes),
            )
        elif not main and source.evidence_level <= STRONG and source.key not in cited:
            yield Gap(
                type=GapType.SOURCE_COVERAGE,
                severity=Severity.MEDIUM,
                description=f"{source.study_type.value.capitalize()} not cited: {source.title}",
                recommendation=f"Use the evidence of {_named(inputs, source.key)}.",
                section=home,
                evidence=keys(quotes),
            )


def incomplete_references(inputs: Inputs) -> Iterator[Gap]:
    """References without journal, volume or pages; they call for a correction of their records, not for a revision."""
    lacking = [
        (reference.source, missing)
        for reference in inputs.chapter.references
        if (missing := [name for name in DETAILS if _lacks(reference.source, name)])
    ]
    if not lacking:
        return
    named = [f"{_called(source)} ({', '.join(missing)})" for source, missing in lacking]
    documents = [source.document for source, _ in lacking if source.document]
    remedies = []
    if documents:
        remedies.append(
            "Correct the records of "
            + _some(documents)
            + ": chapter-pipeline documents edit DOCUMENT --field volume=VALUE --by NAME --reason TEXT."
        )
    if len(documents) < len(lacking):
        remedies.append("Complete the entries of the reference files for works without a document.")
    yield Gap(
        type=GapType.SOURCE_COVERAGE,
        severity=Severity.LOW,
        description=f"{len(lacking)} of {len(inputs.chapter.references)} references lack journal, volume or pages: "
        f"{_some(named)}.",
        recommendation=" ".join(remedies),
    )


def _lacks(source: Source, name: str) -> bool:
    """Whether the record has no `name` and no person has said that the work has none."""
    return not getattr(source, name) and name not in source.has_none


def _place(unused: UnusedEvidence) -> str:
    return place(unused.page, unused.page_label, unused.paragraph, unit="page")


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
        cited = {quotes[key].year or 0 for claim in _claims(section) for key in claim}
        recent = [quote for quote in inputs.at_hand(section.kind, limit=None) if (quote.year or 0) >= since]
        if cited and max(cited) < since and recent:
            yield Gap(
                type=GapType.TEMPORAL_COVERAGE,
                severity=Severity.MEDIUM,
                description=f"“{section.title}” cites nothing of {since} or later; {_counted(len(recent), 'quote')} at "
                "hand would fit it.",
                recommendation=f"Use what was published since {since} in this section.",
                section=section.kind,
                evidence=keys(recent[:AT_HAND]),
            )


def critical_information(inputs: Inputs) -> Iterator[Gap]:
    """Must-cover points that no cited sentence of their section mentions."""
    for point in inputs.brief.must_cover:
        if _covered(point, inputs.chapter):
            continue
        speaking = [quote for quote in inputs.evidence.quotes if point.text in quote.points]
        speaking.sort(key=lambda quote: -(quote.sections.get(point.section, 0.0) + quote.relevance))
        fitting = [
            quote
            for quote in speaking
            if inputs.may_go_to(quote, point.section) and quote.sections.get(point.section, 0.0) >= POINT_FIT_FLOOR
        ]
        if fitting:
            hint = f"{_counted(len(fitting), 'quote')} at hand would fit"
        elif speaking:
            hint = f"{_counted(len(speaking), 'quote')} with its words belong to other sections or matters"
        elif point.text in inputs.spoken_of:
            hint = f"{inputs.spoken_of[point.text]} may speak of it, in words that cannot be quoted alone"
        else:
            hint = "no passage of its sources has its words"
        read = not fitting and point.text in inputs.spoken_of
        yield Gap(
            type=GapType.CRITICAL_INFORMATION,
            severity=Severity.CRITICAL if point.critical else Severity.MEDIUM,
            description=f"Not covered: {point.text}; {hint}.",
            recommendation=f"Read {inputs.spoken_of[point.text]} and write on {point.text} by hand."
            if read
            else f"Cover {point.text} in this section" + ("." if fitting else ": add documents on it first."),
            section=point.section,
            evidence=keys(fitting),
        )


def uncovered(brief: ChapterBrief, chapter: ChapterText) -> list[MustCoverPoint]:
    """The must-cover points that no cited sentence of their section mentions."""
    return [point for point in brief.must_cover if not _covered(point, chapter)]


def unused_evidence(inputs: Inputs, *, embedder: Embedder) -> tuple[UnusedEvidence, ...]:
    """Quotes not cited, by closeness to the topic times distance (1 - cosine) from the nearest cited sentence."""
    cited = {key for section in inputs.chapter.sections for claim in _claims(section) for key in claim}
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


def keys(quotes: Iterable[Quote]) -> tuple[str, ...]:
    """The keys of the first few of `quotes`."""
    return tuple(quote.key for quote in islice(quotes, AT_HAND))


def _more(section: SectionTemplate, at_hand: Sequence[Quote]) -> str:
    return f"Use more of the evidence at hand in “{section.title}”." if at_hand else _add_documents(section)


def _add_documents(section: SectionTemplate) -> str:
    purpose = section.purpose.rstrip(".")
    return f"Add documents to the library for “{section.title}”: {purpose[0].lower()}{purpose[1:]}."


def _named(inputs: Inputs, key: str) -> str:
    """A source as a reader knows it: first author and year, else the beginning of its title."""
    return _called(inputs.research.source(key))


def _called(source: Source) -> str:
    if not source.authors:
        return f"“{source.title[:60]}”"
    first = source.authors[0]
    is_group = first.startswith("{")  # see `domain.bibliography.Author`
    family = first.strip("{}") if is_group else first.split(",")[0] if "," in first else first.split()[-1]
    return f"{family}{' et al.' if len(source.authors) > 1 else ''} {source.year or ''}".strip()


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("s" if number != 1 else "")


def _claims(section: Section) -> list[tuple[str, ...]]:
    """The quote keys of every claim of a section, its table included."""
    claims = [*section.sentences, *(row.finding for row in section.evidence_table)]
    return [claim.quotes for claim in claims if claim.quotes]


def _covered(point: MustCoverPoint, chapter: ChapterText) -> bool:
    section = next((item for item in chapter.sections if item.kind == point.section), None)
    return section is not None and any(
        mentioned(text, point.terms)
        for text in [*(s.text for s in section.sentences), *(row.finding.text for row in section.evidence_table)]
    )

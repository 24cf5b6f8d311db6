"""Owns the gaps in the studies of a chapter: main findings that it lacks, retracted works, studies of other people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from chapter_pipeline.domain import Closer, Gap, GapType, Quote, Severity, Source
from chapter_pipeline.domain.document import place
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind, Span, SpanSource, StudyRecord
from chapter_pipeline.quality.gap_inputs import Inputs, called, cited_quotes, keys

CONTROLLED, STRONG = 3, 2
"""The weakest evidence levels of controlled studies, and of randomised trials and their syntheses."""
ON_TOPIC = 0.45
"""Least relevance of a study that the chapter has to tell."""
OWN_RESULTS = (FindingKind.OWN_RESULT, FindingKind.CASE)
_NUMBER = re.compile(r"\d+[.·]\d+|\d+(?=\s?%)|\d{3,}")
_WORD = re.compile(r"[^\W\d_]{4,}")
_I = re.IGNORECASE
GROUPS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("children", re.compile(r"\b(?:child(?:ren|hood)?|paediatric|pediatric|infants?|neonat\w+|newborns?|adolescents?)\b", _I)),
    ("pregnant women", re.compile(r"\b(?:pregnan\w+|gestation\w*)\b", _I)),
    ("older people", re.compile(r"\b(?:elderly|older (?:adults|people|patients|persons)|octogenarians?|aged (?:6[05]|7\d|8\d))\b", _I)),
    ("adults", re.compile(r"\badults?\b", _I)),
)  # fmt: skip
"""Whom a study or a chapter is of, by the words that say so; who is older is an adult too."""


def study_gaps(inputs: Inputs) -> Iterator[Gap]:
    """Studies on the topic whose main finding the chapter lacks, works that are retracted, trials of other people."""
    yield from _left_out(inputs)
    yield from _retracted(inputs)
    yield from _of_other_people(inputs)


def on_topic(inputs: Inputs) -> list[Source]:
    """The sources with a document that the chapter is on, by key; none that is retracted."""
    sources = sorted(inputs.research.sources, key=lambda source: source.key)
    return [one for one in sources if one.document and one.relevance >= ON_TOPIC and not one.retracted]


def in_scope(inputs: Inputs) -> list[Source]:
    """The sources that the chapter is on, and those that it cites."""
    cited = {quote.source for quote in cited_quotes(inputs.chapter)}
    near = {source.key for source in on_topic(inputs)}
    sources = sorted(inputs.research.sources, key=lambda source: source.key)
    return [one for one in sources if one.document and not one.retracted and one.key in near | cited]


def people_of(text: str) -> frozenset[str]:
    """The groups of people that a text names."""
    found = {name for name, pattern in GROUPS if pattern.search(text)}
    return frozenset(found | {"adults"} if "older people" in found else found)


def studied_people(source: Source, record: StudyRecord | None) -> frozenset[str]:
    """The groups of people that a study is of: by its title, else by the sentence on its population."""
    population = record.population.text if record is not None else None
    return people_of(source.title) or people_of(population or "")


def numbers_of(text: str) -> frozenset[str]:
    """The numbers that tell a statement from others: with a decimal point, with a per cent sign, or long."""
    return frozenset(match.group().replace("·", ".") for match in _NUMBER.finditer(text))


def is_told(finding: Finding, source: str, inputs: Inputs) -> bool:
    """Whether the chapter cites a statement of the source with half of the finding's numbers, or the finding itself."""
    wanted = numbers_of(finding.statement.text)
    for quote in cited_quotes(inputs.chapter):
        if quote.source != source:
            continue
        if states(quote, finding.statement):
            return True
        if wanted and 2 * len(wanted & numbers_of(quote.display)) >= len(wanted):
            return True
    return False


def states(quote: Quote, span: Span) -> bool:
    """Whether a sentence of a document stands in a quote of it, with or without the label before it."""
    return any(
        one.page == place.page and one.start < place.end and place.start < one.end
        for one in quote.spans
        for place in span.places[:1]
    )


def where(span: Span, record: StudyRecord | None = None) -> str:
    """Where a statement stands: ``p. 4``, ``Results, paragraph 2``, ``Table 1, p. 3``.

    The tables of a JATS article have no page: of such a `record` the text has labels for its pages.
    """
    at = place(span.page, span.page_label, span.paragraph)
    if span.source is not SpanSource.TABLE:
        return at
    table = (span.label or "a table").rstrip(".:")
    has_pages = record is None or not any(one.statement.page_label for one in record.findings)
    return f"{table}, {at}" if has_pages else table


def _left_out(inputs: Inputs) -> Iterator[Gap]:
    """Controlled studies whose main finding the chapter lacks, or that it does not cite at all."""
    told = {quote.key for quote in cited_quotes(inputs.chapter)}
    cited = {quote.source for quote in cited_quotes(inputs.chapter)}
    asked = people_of(inputs.brief.topic)
    for source in on_topic(inputs):
        record = inputs.records.get(source.key)
        people = studied_people(source, record)
        if source.evidence_level > CONTROLLED or (asked and people and not asked & people):
            continue
        main = [
            quote
            for quote in inputs.evidence.quotes
            if quote.source == source.key and quote.main and quote.finding in OWN_RESULTS and _says_it(quote, record)
        ]
        home, quotes = inputs.home_of(source.key)
        severity = Severity.CRITICAL if source.evidence_level <= STRONG else Severity.HIGH
        description = f"The main finding of a {source.study_type.value} is not in the chapter: {source.title}"
        if main and not told.intersection(quote.key for quote in main):
            yield Gap(
                type=GapType.SOURCE_COVERAGE,
                severity=severity,
                description=description,
                recommendation=f"Use the main finding of {called(source)}, {main[0].place}.",
                section=home,
                evidence=keys(quote for quote in quotes if quote in main) or keys(quotes),
            )
        elif not main and (finding := _unquoted(source, record, inputs)) is not None:
            stated = finding.statement
            yield Gap(
                type=GapType.SOURCE_COVERAGE,
                severity=severity,
                description=f"{description}; it stands in {where(stated, record)}, and is not among the quotes: {shown(stated)}",
                recommendation=f"Read {called(source)}, {where(stated, record)}, and write on its main finding by hand.",
                section=home,
                closed_by=Closer.PERSON,
            )
        elif not main and source.evidence_level <= STRONG and source.key not in cited:
            yield Gap(
                type=GapType.SOURCE_COVERAGE,
                severity=Severity.MEDIUM,
                description=f"{source.study_type.value.capitalize()} not cited: {source.title}",
                recommendation=f"Use the evidence of {called(source)}.",
                section=home,
                evidence=keys(quotes),
            )


def _unquoted(source: Source, record: StudyRecord | None, inputs: Inputs) -> Finding | None:
    """The main finding of a study that no quote states: of its text, else the row of a table that is nearest its title."""
    if record is None:
        return None
    results = [finding for finding in record.findings if finding.kind in OWN_RESULTS]
    main = [one for one in results if one.main and one.statement.source is SpanSource.TEXT and _compares(one)]
    if not main:
        asked = _stems(" ".join((source.title, inputs.brief.topic)))
        rows = [one for one in results if _is_row(one)]
        rows.sort(
            key=lambda one: (
                -len(_stems(one.outcome or "") & asked),
                one.direction is Direction.NOT_STATED,
                one.direction is Direction.NO_DIFFERENCE,
            )
        )
        main = rows[:1]
    if not main or any(is_told(one, source.key, inputs) for one in main):
        return None
    return main[0]


def _compares(finding: Finding) -> bool:
    """Whether a result says more than where it is told."""
    told = bool(finding.p or finding.effects) or finding.direction is not Direction.NOT_STATED
    return told or bool(numbers_of(finding.statement.text))


def _is_row(finding: Finding) -> bool:
    """Whether it is a row of a table that compares: with a p value or an effect."""
    return finding.statement.source is SpanSource.TABLE and bool(finding.p or finding.effects)


def _says_it(quote: Quote, record: StudyRecord | None) -> bool:
    """Whether a quote states a result; not one that only points to a table that does."""
    if record is None or not any(map(_is_row, record.findings)):
        return True
    stated = [one for one in record.findings if states(quote, one.statement)]
    return not stated or any(map(_compares, stated))


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:6].casefold() for word in _WORD.findall(text))


SHOWN = 240
"""Letters of a statement that a gap shows."""


def shown(span: Span) -> str:
    """A statement in quotation marks, cut where it is long."""
    text = " ".join(span.text.split())
    return f"“{text if len(text) <= SHOWN else text[:SHOWN].rsplit(' ', 1)[0] + ' …'}”"


def _retracted(inputs: Inputs) -> Iterator[Gap]:
    """Works of the library on the topic that are retracted: none of their statements is used."""
    for source in sorted(inputs.research.sources, key=lambda source: source.key):
        if source.retracted:
            yield Gap(
                type=GapType.SOURCE_COVERAGE,
                severity=Severity.HIGH if source.evidence_level <= CONTROLLED else Severity.MEDIUM,
                description=f"A {source.study_type.value} of the library is retracted and not used: {called(source)}, "
                f"{source.title}",
                recommendation=f"Check what else rests on {called(source)}: reviews that cite it may tell its findings.",
                closed_by=Closer.PERSON,
            )


def _of_other_people(inputs: Inputs) -> Iterator[Gap]:
    """Where the topic names whom it is on: no trial or synthesis of them, only such of others."""
    asked = people_of(inputs.brief.topic)
    strong = [source for source in in_scope(inputs) if source.evidence_level <= STRONG]
    known = [
        (source, people) for source in strong if (people := studied_people(source, inputs.records.get(source.key)))
    ]
    if not asked or not known or any(asked & people for _, people in known) or len(known) < len(strong):
        return
    others = _listed([f"{called(source)} is of {' and '.join(sorted(people))}" for source, people in known])
    wanted = " and ".join(sorted(asked))
    yield Gap(
        type=GapType.SOURCE_COVERAGE,
        severity=Severity.HIGH,
        description=f"No randomised trial or synthesis of {wanted}: {others}.",
        recommendation=f"Add trials of {wanted} on the topic, and say of the others whom they studied.",
        closed_by=Closer.LITERATURE,
    )


def _listed(parts: Sequence[str], most: int = 5) -> str:
    more = f" and {len(parts) - most} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more

"""Owns stage 7: the verbatim statements that a chapter may use, each with its page, sections and must-cover points."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice

import numpy as np

from chapter_pipeline.domain import (
    ChapterBrief,
    ClinicalQuestion,
    EvidenceMap,
    KeyConcepts,
    Quote,
    Relation,
    ResearchSet,
    ResultCells,
)
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.domain.wording import mentioned
from chapter_pipeline.evidence.questions import answers
from chapter_pipeline.evidence.row_cells import row_cells
from chapter_pipeline.ports import Embedder, LibraryReader
from chapter_pipeline.quality.disagreements import disagreements
from chapter_pipeline.quality.grounding import is_preclinical
from chapter_pipeline.quality.points import answers_point, asks_of_people
from chapter_pipeline.quality.relations import Kind, loses_nothing, relations, topic_stems
from chapter_pipeline.quality.study_gaps import states
from chapter_pipeline.writing.evidence_reading import Candidate, candidates_of
from chapter_pipeline.writing.labels import is_of_others
from chapter_pipeline.writing.quotability import Refusal
from chapter_pipeline.writing.scope import Scope, of_other_tumours
from chapter_pipeline.writing.section_fits import section_fits

SENTENCE_FLOOR = 0.22
"""Least closeness of a sentence to the topic, or of its passage where the sentence itself does not name it."""
MAIN_FLOOR = 0.10
"""That of a main finding: its document is on the topic, and it often names neither."""
SAME_SENTENCE = 0.92
SAME_STATEMENT = 0.85
"""Cosine from which on two statements of one source say the same, where neither has a number that the other lacks."""
FEWEST_NUMBERS = 2
"""Numbers from which on two statements of one source are the same result told twice."""
_TELLING_NUMBER = re.compile(r"\d+[.·]\d+|\d+(?=\s?%)|\d{3,}")
WEAKEST = 5
"""The evidence level of what a study only tells."""
_OWN = (
    FindingKind.OWN_RESULT,
    FindingKind.CASE,
    FindingKind.CONCLUSION,
    FindingKind.RECOMMENDATION,
    FindingKind.OWN_METHOD,
)
MAX_QUOTES = 600
MAX_RELATIONS = 200
_DEFINITION = re.compile(
    r"(?:An?\s|The\s)?(?P<subject>[\w\s,()-]{3,90}?)\s(?:is|are)\s(?:defined|characteri[sz]ed|an?\b|the\b|one\sof)",
    re.IGNORECASE,
)
_SHORT_FORM = re.compile(r"\([^()]*\)")


def evidence_map(
    brief: ChapterBrief, concepts: KeyConcepts, research: ResearchSet, *, library: LibraryReader, embedder: Embedder
) -> EvidenceMap:
    """Stage 7: read the findings of the sources, keep those that can stand in a chapter and belong to the topic.

    A source's findings are those of its study record that stand in the found passages, and its main findings and
    those with statistics wherever they stand; of a source without a record, single sentences.

    A quote's fit for each section: `section_fits`.
    """
    refused: Counter[str] = Counter()
    candidates, read = candidates_of(research, library, refused)
    candidates = _in_scope(candidates, brief, embedder, refused)
    if not candidates:
        return EvidenceMap(quotes=(), sentences_read=read, refused=dict(refused))
    vectors = embedder.embed([candidate.display for candidate in candidates])
    topic = embedder.embed([brief.topic])[0]
    closeness = vectors @ topic
    relevance = np.array([0.5 * near + 0.5 * c.relevance for near, c in zip(closeness, candidates, strict=True)])
    order = [
        int(i)
        for i in np.argsort(-relevance, kind="stable")
        if relevance[i] >= (MAIN_FLOOR if candidates[i].is_main else SENTENCE_FLOOR)
    ]
    refused[Refusal.SCOPE] += len(candidates) - len(order)
    chosen = _distinct(order, vectors, candidates)
    refused[Refusal.REPEATS] += len(order) - len(chosen)
    fits = section_fits(brief, [candidates[i] for i in chosen], vectors[chosen], embedder)
    quotes = tuple(
        _quote(candidates[i], float(relevance[i]), fit, brief, concepts)
        for i, fit in zip(chosen[:MAX_QUOTES], fits, strict=False)
    )
    answered = {key for quote in quotes for key in quote.questions}
    told = _disagreements(quotes, research, library)
    quotes = tuple(quote.model_copy(update={"disagrees": _of(quote, told)}) for quote in quotes)
    return EvidenceMap(
        quotes=quotes,
        concepts={concept.key: concept.name for concept in concepts.concepts[1:]},
        questions=tuple(one for one in concepts.questions if one.key in answered),
        unanswered=tuple(one for one in concepts.questions if one.key not in answered),
        sentences_read=read,
        refused={reason: count for reason, count in refused.items() if count},
        relations=(*told, *islice(_by_words(quotes, brief.topic, told), max(0, MAX_RELATIONS - len(told)))),
    )


def _in_scope(
    candidates: Sequence[Candidate], brief: ChapterBrief, embedder: Embedder, refused: Counter[str]
) -> list[Candidate]:
    """Without what the author excludes, and in a chapter on a tumour without what is said of other tumours."""
    scope = Scope.of(brief)
    texts = [one.display for one in candidates]
    other = of_other_tumours(texts, brief.topic, embedder) if scope.of_tumours else [False] * len(texts)
    kept = [
        one
        for one, elsewhere in zip(candidates, other, strict=True)
        if not elsewhere and not scope.excludes(one.display, title=one.source.title)
    ]
    refused[Refusal.SCOPE] += len(candidates) - len(kept)
    return kept


def _disagreements(quotes: Sequence[Quote], research: ResearchSet, library: LibraryReader) -> tuple[Relation, ...]:
    """The pairs of quotes that state results of different studies on one question that disagree, by study records."""
    sources = [source for source in research.sources if source.document]
    held = library.study_records([source.document for source in sources if source.document])
    records = {source.key: held[source.document] for source in sources if source.document in held}
    by_source: dict[str, list[Quote]] = defaultdict(list)
    for quote in quotes:
        by_source[quote.source].append(quote)
    return tuple(
        Relation(first=first.key, second=second.key, contradicts=True, about=pair.about, how=pair.how.value)
        for pair in disagreements(sources, records)
        for first in by_source[pair.first.source.key]
        if states(first, pair.first.finding.statement)
        for second in by_source[pair.second.source.key]
        if states(second, pair.second.finding.statement)
    )[:MAX_RELATIONS]


def _of(quote: Quote, told: Sequence[Relation]) -> dict[str, str]:
    """The quotes that disagree with `quote`, by key: on what."""
    pairs = [(one.first, one.second, one.about) for one in told] + [(one.second, one.first, one.about) for one in told]
    return {other: about for own, other, about in pairs if own == quote.key}


def _by_words(quotes: Sequence[Quote], topic: str, told: Sequence[Relation]) -> Iterator[Relation]:
    """What words tell of pairs of quotes: that they agree; that they contradict, only where one has no study record."""
    known = {frozenset((one.first, one.second)) for one in told}
    for i, j, compared in relations(
        [quote.display for quote in quotes], [quote.source for quote in quotes], topic=topic
    ):
        first, second = quotes[i], quotes[j]
        contradicts = compared.kind is not Kind.AGREES
        on_record = first.finding is not None and second.finding is not None
        if frozenset((first.key, second.key)) in known or (contradicts and on_record):
            continue
        yield Relation(
            first=first.key, second=second.key, contradicts=contradicts, about=compared.about, how=compared.kind.value
        )


def _distinct(order: Sequence[int], vectors: np.ndarray, candidates: Sequence[Candidate]) -> list[int]:
    """Drop a sentence that says what a better-graded or more relevant one says, with no number of its own."""
    ranked = sorted(order, key=lambda i: candidates[i].source.evidence_level)  # stable: relevance within a level
    kept: list[int] = []
    for i in ranked:
        near = np.flatnonzero(vectors[kept] @ vectors[i] >= SAME_SENTENCE) if kept else ()
        if not any(loses_nothing(candidates[i].display, candidates[kept[int(at)]].display) for at in near):
            kept.append(i)
    wanted = set(kept)
    place = {i: number for number, i in enumerate(order)}
    told: dict[str, list[tuple[frozenset[str], int]]] = defaultdict(list)
    distinct = []
    for i in sorted(wanted, key=lambda i: (not candidates[i].is_main, place[i])):
        numbers = _numbers_of(candidates[i].display)
        known = told[candidates[i].source.key]
        if len(numbers) >= FEWEST_NUMBERS and any(numbers <= one for one, _ in known):
            continue
        if any(float(vectors[i] @ vectors[other]) >= SAME_STATEMENT and numbers <= one for one, other in known):
            continue
        known.append((numbers, i))
        distinct.append(i)
    wanted = set(distinct)
    return [i for i in order if i in wanted]


def _numbers_of(text: str) -> frozenset[str]:
    """The numbers of a statement that tell it from others: with a decimal point, with a per cent sign, or long."""
    return frozenset(match.group().replace("·", ".") for match in _TELLING_NUMBER.finditer(text))


def _level(candidate: Candidate) -> int:
    """The evidence level of a statement: its study's for what the study found or concludes, 5 for what it only tells."""
    own = candidate.finding is None or (candidate.finding.kind in _OWN and not is_of_others(candidate.finding.text))
    return candidate.source.evidence_level if own else WEAKEST


def defines(sentence: str, topic: str) -> bool:
    """Whether `sentence` says what the topic is: *X is a …* where X is nothing but words of the topic."""
    found = _DEFINITION.match(sentence)
    if found is None:
        return False
    stems = topic_stems(topic)
    subject = topic_stems(_SHORT_FORM.sub("", found["subject"]))
    return bool(subject) and subject <= stems


def _answered(candidate: Candidate, questions: Sequence[ClinicalQuestion]) -> dict[str, ResultCells]:
    """The keys of the questions that the candidate answers, with what it states for each: the fullest of its findings."""
    found: dict[str, ResultCells] = {}
    for asked in questions:
        told = [one for one in candidate.findings if answers(asked, one, candidate.source.study_type)]
        if told:
            best = max((row_cells(one) for one in told), key=lambda one: one.printed)
            found[asked.key] = ResultCells(**asdict(best), studied=candidate.studied).said_by(candidate.text)
    return found


def _key(candidate: Candidate) -> str:
    """Names the place, so that the quote has the same key in every evidence map and every version."""
    place = f"{candidate.passage.document}\n{candidate.passage.page}\n{candidate.start}\n{candidate.end}"
    return f"q{hashlib.sha256(place.encode()).hexdigest()[:12]}"


def _points(candidate: Candidate, brief: ChapterBrief) -> tuple[str, ...]:
    """The must-cover points that a statement answers; one of animals answers none that asks of people."""
    finding = candidate.finding
    of_animals = is_preclinical(candidate.display) if finding is None else finding.species is not Species.HUMAN
    return tuple(
        point.text
        for section in brief.sections
        for point in section.must_cover
        if not (of_animals and asks_of_people(point, clinical=section.clinical))
        and answers_point(point, candidate.display, topic=brief.topic, kind=finding.kind if finding else None)
    )


def _quote(
    candidate: Candidate,
    relevance: float,
    fit: dict[str, float],
    brief: ChapterBrief,
    concepts: KeyConcepts,
) -> Quote:
    answered = _answered(candidate, concepts.questions)
    return Quote(
        key=_key(candidate),
        source=candidate.source.key,
        document=candidate.passage.document,
        page=candidate.passage.page,
        start=candidate.start,
        end=min(candidate.end, candidate.passage.end),
        continued=candidate.passage.continued if candidate.end > candidate.passage.end else (),
        text=candidate.text,
        display=candidate.display,
        document_section=candidate.passage.section,
        study_type=candidate.source.study_type,
        evidence_level=_level(candidate),
        year=candidate.source.year,
        relevance=round(relevance, 4),
        concepts=tuple(
            concept.key
            for concept in concepts.concepts[1:]
            if mentioned(candidate.display, (concept.name, *concept.synonyms))
        ),
        sections=fit,
        points=_points(candidate, brief),
        defines=defines(candidate.display, brief.topic),
        confidence=candidate.passage.confidence,
        finding=candidate.finding.kind if candidate.finding else None,
        main=candidate.is_main,
        species=candidate.finding.species if candidate.finding else None,
        lead=candidate.lead,
        page_label=candidate.passage.page_label,
        paragraph=candidate.passage.paragraph,
        questions=tuple(answered),
        results=tuple(answered.values()),
    )

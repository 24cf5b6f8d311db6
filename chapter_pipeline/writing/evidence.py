"""Owns stage 7: the verbatim sentences that a chapter may use, each with its page, sections and must-cover points."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from chapter_pipeline.domain import (
    ChapterBrief,
    EvidenceMap,
    KeyConcepts,
    Quote,
    Relation,
    ResearchSet,
    SectionTemplate,
    Source,
)
from chapter_pipeline.domain.document import PageSpan
from chapter_pipeline.domain.evidence import Finding, FindingKind, Species, StudyRecord
from chapter_pipeline.domain.library import PassageRecord
from chapter_pipeline.domain.wording import display_text, mentioned, uses_numbered_parentheses
from chapter_pipeline.ports import Embedder, LibraryReader
from chapter_pipeline.quality.grounding import is_preclinical
from chapter_pipeline.quality.relations import Kind, loses_nothing, relations, topic_stems
from chapter_pipeline.writing.labels import lead_in
from chapter_pipeline.writing.quotability import Refusal, finding_refusal, refusal, unsure

SENTENCE_FLOOR = 0.22
"""Least closeness of a sentence to the topic, or of its passage where the sentence itself does not name it."""
MAIN_FLOOR = 0.10
"""That of a main finding: its document is on the topic, and it often names neither."""
SAME_SENTENCE = 0.92
MAX_QUOTES = 600
GONE = "passages that the library does not hold any more"
"""Counted among the refusals: the document was removed, or changed, after the research."""
_DEFINITION = re.compile(
    r"(?:An?\s|The\s)?(?P<subject>[\w\s,()-]{3,90}?)\s(?:is|are)\s(?:defined|characteri[sz]ed|an?\b|the\b|one\sof)",
    re.IGNORECASE,
)
# The name of an abstract's part before its first sentence: a quote begins behind it.
_PART_LABEL = re.compile(
    r"(?:BACKGROUND|OBJECTIVES?|METHODS?|RESULTS?|FINDINGS|CONCLUSIONS?|INTERPRETATION|DISCUSSION|Background|Objectives?|Methods?|Results?|Findings|Conclusions?|Interpretation)"
    r"(?:\s?[:.–—-]\s*|\s+)(?=[A-Z0-9])"
)
MAIN_RELEVANCE = 0.8
"""Of the source's relevance, what a passage has that no search found, but holds a main finding."""
_SHORT_FORM = re.compile(r"\([^()]*\)")
MAX_RELATIONS = 200
CUE_WEIGHT = 0.06
MAX_CUES = 3
DECISIVE_CUES = 5
UNCUED = 0.15
"""What a sentence without any cue of a section loses there: likeness alone puts results under every heading."""
NO_RESULTS = frozenset(
    {"future_directions", "preoperative", "monitoring", "postoperative", "contraindications", "surgical_anatomy"}
)
"""Sections on what is not known, or on what a surgeon prepares and watches: no study's results belong there."""
NOT_FOR_RESULTS = frozenset({"introduction", "pathophysiology"})
"""Sections that tell what is known; what a study of people found, or a treatment brought, does not belong there."""
NO_FIT = -1.0
"""The fit of a sentence for a section that cannot take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A finding, or a sentence of a source without a study record; `text` verbatim, `display` as a chapter prints it."""

    source: Source
    passage: PassageRecord
    start: int
    end: int
    text: str
    display: str
    relevance: float
    finding: Finding | None = None
    lead: str | None = None


def evidence_map(
    brief: ChapterBrief, concepts: KeyConcepts, research: ResearchSet, *, library: LibraryReader, embedder: Embedder
) -> EvidenceMap:
    """Stage 7: read the findings of the sources, keep those that can stand in a chapter and belong to the topic.

    A source's findings are those of its study record that stand in the found passages, and its main findings and
    those with statistics wherever they stand; of a source without a record, single sentences.

    A quote's fit for a section is the cosine to the section's queries above the sentence's mean over all sections,
    plus 0.06 for each of up to three of the section's cues; a heading of the source that carries a cue counts as one.
    A decisive cue of a section counts as five. A sentence about animals or bench work alone fits no clinical section.
    """
    refused: Counter[str] = Counter()
    candidates, read = _candidates(research, library, refused)
    if not candidates:
        return EvidenceMap(quotes=(), sentences_read=read, refused=dict(refused))
    vectors = embedder.embed([candidate.display for candidate in candidates])
    topic = embedder.embed([brief.topic])[0]
    closeness = vectors @ topic
    relevance = np.array([0.5 * near + 0.5 * c.relevance for near, c in zip(closeness, candidates, strict=True)])
    order = [
        int(i)
        for i in np.argsort(-relevance, kind="stable")
        if relevance[i] >= (MAIN_FLOOR if _is_main(candidates[i]) else SENTENCE_FLOOR)
    ]
    refused[Refusal.SCOPE] += len(candidates) - len(order)
    chosen = _distinct(order, vectors, candidates)
    refused[Refusal.REPEATS] += len(order) - len(chosen)
    fits = section_fits(brief.sections, [candidates[i] for i in chosen], vectors[chosen], embedder)
    quotes = tuple(
        _quote(candidates[i], float(relevance[i]), fit, brief, concepts)
        for i, fit in zip(chosen[:MAX_QUOTES], fits, strict=False)
    )
    found = relations([quote.display for quote in quotes], [quote.source for quote in quotes], topic=brief.topic)
    return EvidenceMap(
        quotes=quotes,
        concepts={concept.key: concept.name for concept in concepts.concepts[1:]},
        sentences_read=read,
        refused={reason: count for reason, count in refused.items() if count},
        relations=tuple(
            Relation(
                first=quotes[i].key,
                second=quotes[j].key,
                contradicts=compared.kind is not Kind.AGREES,
                about=compared.about,
                how=compared.kind.value,
            )
            for i, j, compared in islice(found, MAX_RELATIONS)
        ),
    )


def _candidates(research: ResearchSet, library: LibraryReader, refused: Counter[str]) -> tuple[list[_Candidate], int]:
    found: list[_Candidate] = []
    read = 0
    documents = [source.document for source in research.sources if source.document and not source.retracted]
    records = library.study_records(documents)
    for source in research.sources:
        if not source.passages or source.retracted:
            continue
        passages = _passages_now(source, library)
        if len(passages) < len(source.passages):
            refused[GONE] += len(source.passages) - len(passages)
        record = records.get(source.document or "")
        one = _Read(source, passages, uses_numbered_parentheses([passage.text for passage, _ in passages]), refused)
        if record is None:
            found += one.sentences()
        else:
            found += _not_within_another(list(one.findings(record, library)))
        read += one.read
    return found, read


class _Read:
    """What is read of one source: its findings, or its sentences where it has no study record."""

    def __init__(
        self, source: Source, passages: Sequence[tuple[PassageRecord, float]], numbered: bool, refused: Counter[str]
    ) -> None:
        self._source = source
        self._passages = passages
        self._numbered = numbered
        self._refused = refused
        self.read = 0

    def sentences(self) -> Iterator[_Candidate]:
        for passage, relevance in self._passages:
            for start, end in passage.sentences:
                self.read += 1
                text = passage.text[start - passage.start : end - passage.start]
                display = display_text(text, numbered_parentheses=self._numbered)
                reason = refusal(display, passage.section, self._source.study_type) or unsure(text, passage.confidence)
                if reason:
                    self._refused[reason] += 1
                    continue
                yield _Candidate(
                    source=self._source, passage=passage, start=start, end=end, text=text, display=display,
                    relevance=relevance,
                )  # fmt: skip

    def findings(self, record: StudyRecord, library: LibraryReader) -> Iterator[_Candidate]:
        """Each statement once: a sentence with several outcomes is several findings of the record."""
        passages = list(self._passages)
        known = {passage.id for passage, _ in passages}
        if self._source.document:
            rest = [one for one in library.passages_of([self._source.document]) if one.id not in known]
            passages += [(passage, MAIN_RELEVANCE * self._source.relevance) for passage in rest]
        by_page: dict[int, list[tuple[PassageRecord, float]]] = defaultdict(list)
        for passage, relevance in passages:
            by_page[passage.page].append((passage, relevance))
        told: set[tuple[int, int]] = set()
        for finding in record.findings:
            place = finding.statement.places[:1]
            at = _passage_at(by_page, place[0]) if place else None
            sought = finding.main or bool(finding.p or finding.effects)
            if at is None or (at[0].id not in known and not sought) or (place[0].page, place[0].start) in told:
                continue
            told.add((place[0].page, place[0].start))
            self.read += 1
            passage, relevance = at
            start, end = _extent(finding, passage)
            text = passage.text[start - passage.start : end - passage.start]
            sentences = [
                display_text(passage.text[a - passage.start : b - passage.start], numbered_parentheses=self._numbered)
                for a, b in passage.sentences
                if start <= a and b <= end
            ] or [display_text(text, numbered_parentheses=self._numbered)]
            reason = finding_refusal(sentences, finding, passage.section, self._source.study_type) or unsure(
                text, passage.confidence
            )
            if reason:
                self._refused[reason] += 1
                continue
            yield _Candidate(
                source=self._source, passage=passage, start=start, end=end, text=text,
                display=display_text(text, numbered_parentheses=self._numbered), relevance=relevance, finding=finding,
                lead=lead_in(self._source, finding),
            )  # fmt: skip


def _not_within_another(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Without the statements that another one of the source has among its own sentences."""
    spans = [(one.passage.id, one.start, one.end) for one in candidates]
    return [
        one
        for one, (passage, start, end) in zip(candidates, spans, strict=True)
        if not any(
            passage == other and (first, -last) != (start, -end) and first <= start and end <= last
            for other, first, last in spans
        )
    ]


def _passage_at(
    by_page: Mapping[int, Sequence[tuple[PassageRecord, float]]], place: PageSpan
) -> tuple[PassageRecord, float] | None:
    """The passage in which a sentence of the document stands as one of its whole sentences."""
    for passage, relevance in by_page.get(place.page, ()):
        if any(start == place.start for start, _ in passage.sentences):
            return passage, relevance
    return None


def _extent(finding: Finding, passage: PassageRecord) -> tuple[int, int]:
    """Where the finding's sentences stand in `passage`: those before its own that stand in it too, without a label."""
    own = finding.statement.places[0].start
    start, end = next((one for one in passage.sentences if one[0] == own), (own, passage.end))
    known = {one[0] for one in passage.sentences}
    for span in reversed(finding.spans[: finding.stated_in]):
        place = span.places[0]
        if place.page != passage.page or place.start not in known or not passage.start <= place.start < start:
            break
        start = place.start
    for span in finding.spans[finding.stated_in + 1 :]:
        place = span.places[0]
        behind = next((one for one in passage.sentences if one[0] == place.start), None)
        if place.page != passage.page or behind is None or not end <= place.start:
            break
        end = behind[1]
    label = _PART_LABEL.match(passage.text[start - passage.start : end - passage.start])
    return (start + label.end() if label else start), end


def _passages_now(source: Source, library: LibraryReader) -> list[tuple[PassageRecord, float]]:
    """The source's passages as the library holds them now, with their relevance, in its own order.

    A document that was ingested again since the research has the same passages under other numbers: they are found by
    their place and text.
    """
    relevance = {item.passage.passage_id: item.relevance for item in source.passages}
    found = {passage.id: passage for passage in library.passages(sorted(relevance))}
    if len(found) < len(relevance) and source.document is not None:
        by_place = {(one.page, one.start, one.end, one.text): one for one in library.passages_of([source.document])}
        for item in source.passages:
            asked = item.passage
            same = by_place.get((asked.page, asked.start, asked.end, asked.text))
            if asked.passage_id not in found and same is not None:
                found[asked.passage_id] = same
    return [(found[one], relevance[one]) for one in sorted(found)]


def _distinct(order: Sequence[int], vectors: np.ndarray, candidates: Sequence[_Candidate]) -> list[int]:
    """Drop a sentence that says what a better-graded or more relevant one says, with no number of its own."""
    ranked = sorted(order, key=lambda i: candidates[i].source.evidence_level)  # stable: relevance within a level
    kept: list[int] = []
    for i in ranked:
        near = np.flatnonzero(vectors[kept] @ vectors[i] >= SAME_SENTENCE) if kept else ()
        if not any(loses_nothing(candidates[i].display, candidates[kept[int(at)]].display) for at in near):
            kept.append(i)
    wanted = set(kept)
    told: dict[str, list[tuple[frozenset[str], int]]] = defaultdict(list)
    distinct = []
    for i in sorted(wanted, key=lambda i: (not _is_main(candidates[i]), order.index(i))):
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


SAME_STATEMENT = 0.85
"""Cosine from which on two statements of one source say the same, where neither has a number that the other lacks."""
FEWEST_NUMBERS = 2
"""Numbers from which on two statements of one source are the same result told twice."""
_TELLING_NUMBER = re.compile(r"\d+[.·]\d+|\d+(?=\s?%)|\d{3,}")


def _numbers_of(text: str) -> frozenset[str]:
    """The numbers of a statement that tell it from others: with a decimal point, with a per cent sign, or long."""
    return frozenset(match.group().replace("·", ".") for match in _TELLING_NUMBER.finditer(text))


def section_fits(
    sections: Sequence[SectionTemplate], candidates: Sequence[_Candidate], vectors: np.ndarray, embedder: Embedder
) -> list[dict[str, float]]:
    """For each candidate its fit to each section kind, see `evidence_map`."""
    queries = [query for section in sections for query in section.queries]
    near = vectors @ embedder.embed(queries).T
    columns: dict[str, list[int]] = defaultdict(list)
    position = 0
    for section in sections:
        columns[section.kind] = list(range(position, position + len(section.queries)))
        position += len(section.queries)
    best = np.stack([near[:, columns[section.kind]].max(axis=1) for section in sections], axis=1)
    contrast = best - best.mean(axis=1, keepdims=True)
    fits = []
    for row, candidate in zip(contrast, candidates, strict=True):
        cues = [_cues(section, candidate) for section in sections]
        preclinical = is_preclinical(candidate.display) or _is_of_animals(candidate)
        fits.append(
            {
                section.kind: NO_FIT
                if (section.clinical and preclinical) or _out_of_place(candidate, section.kind)
                else round(float(value) + CUE_WEIGHT * count - (UNCUED if section.cues and not count else 0.0), 4)
                for section, value, count in zip(sections, row, cues, strict=True)
            }
        )
    return fits


def _level(candidate: _Candidate) -> int:
    """The evidence level of a statement: its study's for what the study found or concludes, 5 for what it only tells."""
    own = candidate.finding is None or candidate.finding.kind in _OWN
    return candidate.source.evidence_level if own else WEAKEST


WEAKEST = 5
_OWN = (
    FindingKind.OWN_RESULT,
    FindingKind.CASE,
    FindingKind.CONCLUSION,
    FindingKind.RECOMMENDATION,
    FindingKind.OWN_METHOD,
)


def _out_of_place(candidate: _Candidate, kind: str) -> bool:
    """Whether a finding is a result, or a conclusion from one, that the section is not for."""
    finding = candidate.finding
    if finding is None or finding.kind not in (FindingKind.OWN_RESULT, FindingKind.CASE, FindingKind.CONCLUSION):
        return False
    if kind in NO_RESULTS:
        return finding.kind is not FindingKind.CONCLUSION
    of_people = finding.species is Species.HUMAN
    return kind in NOT_FOR_RESULTS and (of_people or _OF_TREATMENT.search(candidate.display) is not None)


_OF_TREATMENT = re.compile(
    r"\b(?:treat(?:ed|ment|ments)|therap(?:y|ies)|surviv(?:al|ed|ors?)|dose|tumou?r growth)\b", re.IGNORECASE
)


def _is_main(candidate: _Candidate) -> bool:
    return candidate.finding is not None and candidate.finding.main


def _is_of_animals(candidate: _Candidate) -> bool:
    """Whether its study record says that it is about animals, cells or devices alone."""
    return candidate.finding is not None and candidate.finding.species is not Species.HUMAN


def _cues(section: SectionTemplate, candidate: _Candidate) -> int:
    heading = candidate.passage.section or ""
    count = len(mentioned(candidate.display, section.cues)) + bool(mentioned(heading, section.cues))
    return min(count, MAX_CUES) + DECISIVE_CUES * bool(mentioned(candidate.display, section.decisive))


def defines(sentence: str, topic: str) -> bool:
    """Whether `sentence` says what the topic is: *X is a …* where X is nothing but words of the topic."""
    found = _DEFINITION.match(sentence)
    if found is None:
        return False
    stems = topic_stems(topic)
    subject = topic_stems(_SHORT_FORM.sub("", found["subject"]))
    return bool(subject) and subject <= stems


def _key(candidate: _Candidate) -> str:
    """Names the place, so that the quote has the same key in every evidence map and every version."""
    place = f"{candidate.passage.document}\n{candidate.passage.page}\n{candidate.start}\n{candidate.end}"
    return f"q{hashlib.sha256(place.encode()).hexdigest()[:12]}"


def _quote(
    candidate: _Candidate,
    relevance: float,
    fit: dict[str, float],
    brief: ChapterBrief,
    concepts: KeyConcepts,
) -> Quote:
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
        points=tuple(point.text for point in brief.must_cover if mentioned(candidate.display, point.terms)),
        defines=defines(candidate.display, brief.topic),
        confidence=candidate.passage.confidence,
        finding=candidate.finding.kind if candidate.finding else None,
        main=_is_main(candidate),
        species=candidate.finding.species if candidate.finding else None,
        lead=candidate.lead,
        page_label=candidate.passage.page_label,
        paragraph=candidate.passage.paragraph,
    )

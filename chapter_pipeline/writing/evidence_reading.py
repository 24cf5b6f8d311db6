"""Owns how the sources of a chapter are read for stage 7: the findings of their study records, or their sentences."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chapter_pipeline.domain import ResearchSet, Source
from chapter_pipeline.domain.document import PageSpan
from chapter_pipeline.domain.evidence import Finding, Species, StudyRecord
from chapter_pipeline.domain.library import PassageRecord
from chapter_pipeline.domain.wording import display_text, uses_numbered_parentheses
from chapter_pipeline.evidence.spans import MOST
from chapter_pipeline.ports import LibraryReader
from chapter_pipeline.writing.labels import lead_in
from chapter_pipeline.writing.quotability import Refusal, finding_refusal, is_quantified, refusal, unsure

GONE = "passages that the library does not hold any more"
"""Counted among the refusals: the document was removed, or changed, after the research."""
MAIN_RELEVANCE = 0.8
"""Of the source's relevance, what a passage has that no search found, but holds a main finding."""
# The name of an abstract's part before its first sentence: a quote begins behind it.
_PART_LABEL = re.compile(
    r"(?:BACKGROUND|OBJECTIVES?|METHODS?|RESULTS?|FINDINGS|CONCLUSIONS?|INTERPRETATION|DISCUSSION|Background|Objectives?|Methods?|Results?|Findings|Conclusions?|Interpretation)"
    r"(?:\s?[:.–—-]\s*|\s+)(?=[A-Z0-9])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A finding, or a sentence of a source without a study record; `text` verbatim, `display` as a chapter prints it."""

    source: Source
    passage: PassageRecord
    start: int
    end: int
    text: str
    display: str
    relevance: float
    finding: Finding | None = None
    findings: tuple[Finding, ...] = ()
    """All findings that its sentence states, `finding` among them."""
    lead: str | None = None
    studied: int | None = None
    """How many people its study is of, by the study record."""

    @property
    def is_main(self) -> bool:
        """Whether it is a main finding of its source."""
        return self.finding is not None and self.finding.main


def candidates_of(research: ResearchSet, library: LibraryReader, refused: Counter[str]) -> tuple[list[Candidate], int]:
    """What may become quotes, and how many statements were read; those that may not are counted in `refused`, by reason."""
    found: list[Candidate] = []
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

    def sentences(self) -> Iterator[Candidate]:
        for passage, relevance in self._passages:
            for start, end in passage.sentences:
                self.read += 1
                text = passage.text[start - passage.start : end - passage.start]
                display = self._shown(text)
                reason = refusal(display, passage.section, self._source.study_type) or unsure(text, passage.confidence)
                if reason:
                    self._refused[reason] += 1
                    continue
                yield Candidate(
                    source=self._source, passage=passage, start=start, end=end, text=text, display=display,
                    relevance=relevance,
                )  # fmt: skip

    def findings(self, record: StudyRecord, library: LibraryReader) -> Iterator[Candidate]:
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
        stated: dict[tuple[int, int], tuple[Finding, ...]] = {}
        for finding in record.findings:
            for at_first in finding.statement.places[:1]:
                where = (at_first.page, at_first.start)
                stated[where] = (*stated.get(where, ()), finding)
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
            reason = self._refusal(finding, passage, start, end)
            may_grow = finding.main or is_quantified(self._shown(finding.statement.text))
            if (
                reason is Refusal.CONTEXT
                and may_grow
                and (earlier := _with_the_one_before(passage, start, end)) is not None
            ):
                reason = self._refusal(finding, passage, earlier, end)
                start = start if reason else earlier
            text = passage.text[start - passage.start : end - passage.start]
            if reason:
                self._refused[reason] += 1
                continue
            yield Candidate(
                source=self._source, passage=passage, start=start, end=end, text=text,
                display=self._shown(text), relevance=relevance, finding=finding,
                studied=record.population.n if record.population.species is Species.HUMAN else None,
                findings=stated[place[0].page, place[0].start],
                lead=lead_in(self._source, finding),
            )  # fmt: skip

    def _shown(self, text: str) -> str:
        return display_text(text, numbered_parentheses=self._numbered)

    def _refusal(self, finding: Finding, passage: PassageRecord, start: int, end: int) -> Refusal | None:
        text = passage.text[start - passage.start : end - passage.start]
        sentences = [
            self._shown(passage.text[a - passage.start : b - passage.start])
            for a, b in passage.sentences
            if start <= a and b <= end
        ] or [self._shown(text)]
        return finding_refusal(sentences, finding, passage.section, self._source.study_type) or unsure(
            text, passage.confidence
        )


def _with_the_one_before(passage: PassageRecord, start: int, end: int) -> int | None:
    """Where the sentence before a statement begins, of its paragraph; None when the statement is long enough."""
    if sum(start <= a and b <= end for a, b in passage.sentences) >= MOST:
        return None
    before = max((one for one in passage.sentences if one[1] <= start), default=None)
    if before is None or "\n\n" in passage.text[before[0] - passage.start : start - passage.start]:
        return None
    return before[0]


def _not_within_another(candidates: Sequence[Candidate]) -> list[Candidate]:
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

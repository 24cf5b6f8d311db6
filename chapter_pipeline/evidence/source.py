"""Owns what a study record is made from: the stored text of one document, as statements with the place they stand at."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chapter_pipeline.domain.document import (
    CitedWork,
    FigureCaption,
    Heading,
    Passage,
    SectionKind,
    StudyType,
    Table,
)
from chapter_pipeline.domain.evidence import Span, SpanSource
from chapter_pipeline.domain.markers import markers


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """A document as it is stored. `population` is what its bibliographic record says, by a person or a registry."""

    title: str | None
    study_type: StudyType
    passages: Sequence[Passage]
    headings: Sequence[Heading] = ()
    tables: Sequence[Table] = ()
    captions: Sequence[FigureCaption] = ()
    cited_works: Sequence[CitedWork] = ()
    population: str | None = None
    language: str | None = None


class Zone(StrEnum):
    """The part of an article a statement stands in; the parts of a structured abstract count as those of the body."""

    OPENING = "introduction"
    METHODS = "methods"
    OPERATIVE = "operative technique"
    RESULTS = "results"
    DISCUSSION = "discussion"
    CLOSING = "conclusion"
    CASE = "case"
    ABSTRACT = "abstract without parts"
    OTHER = "of no known kind"
    BACK = "back matter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A whole sentence of running text.

    `paragraph` numbers the paragraphs of a document; `position` and `of` tell which of its sentences it is. `number` is its
    place among all statements, the index of what stands before and behind it.
    """

    number: int
    text: str
    zone: Zone
    in_abstract: bool
    headings: tuple[str, ...]
    paragraph: int
    position: int
    of: int
    span: Span


_ZONES = {
    SectionKind.INTRODUCTION: Zone.OPENING,
    SectionKind.METHODS: Zone.METHODS,
    SectionKind.OPERATIVE: Zone.OPERATIVE,
    SectionKind.RESULTS: Zone.RESULTS,
    SectionKind.DISCUSSION: Zone.DISCUSSION,
    SectionKind.CONCLUSION: Zone.CLOSING,
    SectionKind.CASE: Zone.CASE,
    SectionKind.REFERENCES: Zone.BACK,
    SectionKind.BACK_MATTER: Zone.BACK,
}
_MIXED = re.compile(r"method\w*\s*(?:and|/|&)\s*(?:\w+ )?(?:findings|results)|results and discussion", re.IGNORECASE)
_LABELS: tuple[tuple[Zone, str], ...] = (
    (
        Zone.OPENING,
        r"backgrounds?|introduction|context|objectives?|aims?|purpose|hypothesis|rationale|importance|background"
        r" (?:and|&) (?:aims?|objectives?|purpose)|background/(?:aims?|objectives?)|study objectives?|aims? and objectives?|question"
        r"|summary of background data",
    ),
    (
        Zone.METHODS,
        r"(?:patients?|materials?|subjects|participants|design|animals|setting)?(?: and | & |/|, )?methods?|methodology|"
        r"(?:study )?design(?:[,;] setting.*| and .*)?|setting(?:s|\(s\)| and .*)?|participants?|patients|subjects|interventions?(?:s|\(s\))?|"
        r"(?:main |primary )?outcomes?(?: measures?| and measures?)?(?:\(s\))?|main outcome measures?|measurements?|"
        r"data sources?|study selection|data extraction(?: and synthesis)?|statistical analysis|trial design|exposures?|randomi[sz]ation|eligibility criteria|blinding|evidence acquisition|experimental design|approach|procedures?",
    ),
    (
        Zone.RESULTS,
        r"(?:main |principal |key )?results?|findings|(?:main|principal|key) findings|outcomes? results?|measurements and main results|evidence synthesis|"
        r"results and limitations|data synthesis|efficacy|safety|observations",
    ),
    (
        Zone.CLOSING,
        r"(?:authors[’'] )?conclusions?(?:s|\(s\))?(?:[ /,](?:and |& )?.*)?|interpretation|discussion|significance|implications.*|"
        r"clinical (?:relevance|significance|implications?)|relevance.*|lessons|what this study adds|perspectives?|patient summary|limitations?",
    ),
)
_LABEL = [(zone, re.compile(rf"(?:{words})", re.IGNORECASE)) for zone, words in _LABELS]
_RUN_IN = re.compile(
    r"^(?P<label>[A-Z][A-Za-z’'&/,() -]{2,48}?)(?P<end>\s?[:.–—]\s*|\s+(?=[A-Z][a-z]))(?P<rest>[A-Z0-9].*)", re.DOTALL
)


def zone_of_label(title: str) -> Zone | None:
    """The part of an article that the label of an abstract's part names; None for another title."""
    plain = " ".join(title.split()).strip(" :.–—-")
    return next((zone for zone, pattern in _LABEL if pattern.fullmatch(plain)), None)


def statements(source: SourceText) -> list[Statement]:
    """The whole sentences of running text, in reading order; back matter is left out."""
    headings = sorted(source.headings, key=lambda heading: (heading.page, heading.start))
    starts = [(heading.page, heading.start) for heading in headings]
    paths = list(_paths(headings))
    heads_abstract = bool(headings) and headings[0].kind is SectionKind.ABSTRACT
    front = _Front()
    found: list[Statement] = []
    for number, group in enumerate(_paragraphs(source.passages)):
        first = group[0]
        place = bisect_right(starts, (first.page, first.start)) - 1
        path = paths[place] if place >= 0 else ()
        sentences = [(passage, start, end) for passage in group for start, end in passage.sentences]
        if path:
            zone, in_abstract = _zone(path)
        else:
            zone, in_abstract = front.zone_of(" ".join(passage.text for passage in group), has_heading=heads_abstract)
        if zone is Zone.BACK:
            continue
        titles = tuple(heading.title for heading in path)
        for position, (passage, start, end) in enumerate(sentences):
            text = passage.text[start - passage.start : end - passage.start]
            if in_abstract:
                zone = _run_in(text) or zone_of_label(text) or zone
            found.append(
                Statement(
                    number=len(found), text=text, zone=zone, in_abstract=in_abstract, headings=titles, paragraph=number,
                    position=position, of=len(sentences), span=_span(passage, start, end, text, titles),
                )
            )  # fmt: skip
    return found


def _span(passage: Passage, start: int, end: int, text: str, titles: tuple[str, ...]) -> Span:
    return Span.model_construct(
        text=text, page=passage.page, places=passage.places(start, end), passage=passage.ordinal, headings=titles,
        page_label=passage.page_label, paragraph=passage.paragraph, source=SpanSource.TEXT, table=None, row=None,
        label=None,
    )  # fmt: skip


def _paragraphs(passages: Sequence[Passage]) -> Iterator[list[Passage]]:
    """Passages of one block: on one page, one behind the other."""
    group: list[Passage] = []
    for passage in passages:
        if group and not (
            passage.page == group[-1].page
            and passage.paragraph == group[-1].paragraph
            and not group[-1].continued
            and 0 <= passage.start - group[-1].end <= 1
        ):
            yield group
            group = []
        group.append(passage)
    if group:
        yield group


def _paths(headings: Sequence[Heading]) -> Iterator[tuple[Heading, ...]]:
    """Of each heading, the headings it stands under and itself."""
    path: list[Heading] = []
    for heading in headings:
        while path and path[-1].level >= heading.level:
            path.pop()
        path.append(heading)
        yield tuple(path)


def _zone(path: Sequence[Heading]) -> tuple[Zone, bool]:
    """The zone under the last heading of `path`, and whether it is in the abstract."""
    in_abstract = any(heading.kind is SectionKind.ABSTRACT for heading in path)
    for heading in reversed(path):
        if in_abstract and heading.kind is not SectionKind.ABSTRACT and (label := zone_of_label(heading.title)):
            return label, True
        if heading.kind is SectionKind.ABSTRACT or (in_abstract and _MIXED.search(heading.title)):
            return Zone.ABSTRACT, True
        if heading.kind is not None and not _MIXED.search(heading.title):
            return _ZONES[heading.kind], in_abstract
    return Zone.OTHER, in_abstract


class _Front:
    """What stands above the first heading: an abstract, then an introduction, which many journals print without one.

    The abstract ends with its conclusion, with the first citation marker, or with as many words as abstracts have.
    """

    def __init__(self) -> None:
        self._words = 0
        self._closed = False
        self._ended = False

    def zone_of(self, paragraph: str, *, has_heading: bool) -> tuple[Zone, bool]:
        """The zone of the next paragraph, and whether it is in the abstract; before a headed abstract it is front matter."""
        if has_heading:
            return Zone.BACK, False
        label = _run_in(paragraph)
        self._words += len(paragraph.split())
        self._ended = self._ended or (
            label is None
            and (self._closed or self._words > ABSTRACT_WORDS or next(markers(paragraph), None) is not None)
        )
        self._closed = label is Zone.CLOSING or (label is None and _CONCLUDES.search(paragraph) is not None)
        return (Zone.OPENING, False) if self._ended else (label or Zone.ABSTRACT, True)


ABSTRACT_WORDS = 400
"""No abstract without a heading is longer."""
_CONCLUDES = re.compile(r"\b(?:CONCLUSIONS?|Conclusions?|Interpretation|INTERPRETATION)\s?[:.]")


def _run_in(text: str) -> Zone | None:
    """The zone that a label at the beginning of a sentence of an abstract opens: "RESULTS: Of 40 patients ..."."""
    match = _RUN_IN.match(text)
    if match is None:
        return None
    if match["end"].strip() or match["label"].isupper():
        return zone_of_label(match["label"])
    return None

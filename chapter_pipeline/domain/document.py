"""Owns the values a document is made of; they never know how they are stored.

Offsets everywhere are half-open ``[start, end)`` positions in the page's canonical text (`Page.text`), in Unicode
code points. ``page.text[start:end]`` is exactly the text of a block, passage, sentence or quote.
Boxes are ``(x0, y0, x1, y1)`` in PDF points, origin top left. Page numbers start at 1.
An article in JATS has no pages: each of its sections with text of its own is a `Page` with a `label` and a nominal size
of one point; a reader finds a quote by that label and the paragraph's number (`place`).

Canonical text: blocks in reading order, joined by a blank line; lines of a block joined by one space, words broken
by a hyphen at a line end joined again; superscript digits and signs written with Unicode superscripts (``cm²``,
``mortality.¹²``), so that a citation marker or an exponent can never be read as part of a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Box = tuple[float, float, float, float]


AUDIT = "text audit: "
"""How those warnings of a document begin that its text audit gave."""


class BlockKind(StrEnum):
    """What a block of a page is. Only `BODY` and `ABSTRACT` become passages."""

    TITLE = "title"
    AUTHORS = "authors"
    ABSTRACT = "abstract"
    HEADING = "heading"
    BODY = "body"
    CAPTION = "caption"
    TABLE = "table"
    REFERENCE = "reference"
    FOOTNOTE = "footnote"
    FURNITURE = "furniture"  # running heads, page numbers, licence lines, addresses, acknowledgements
    OTHER = "other"


class BlockFlag(StrEnum):
    """What keeps a block out of the passages, whatever its kind."""

    HIDDEN = "hidden"  # nobody who looks at the rendered page can read it
    INSTRUCTION = "instruction"  # it is addressed to a language model, not to a reader


class TextSource(StrEnum):
    """The origin of a page's text; passages, quotes and citations keep it."""

    LAYER = "text layer"
    OCR = "text recognition"


class DocumentKind(StrEnum):
    """The format of a document's file."""

    PDF = "pdf"
    JATS = "jats"


class SectionKind(StrEnum):
    """What a section of an article is, whatever it is called."""

    ABSTRACT = "abstract"
    INTRODUCTION = "introduction"
    METHODS = "methods"
    OPERATIVE = "operative technique"
    RESULTS = "results"
    DISCUSSION = "discussion"
    CONCLUSION = "conclusion"
    CASE = "case"
    REFERENCES = "references"
    BACK_MATTER = "back matter"


class FigureKind(StrEnum):
    """How a figure is drawn in its file."""

    RASTER = "raster"
    VECTOR = "vector"


class StudyType(StrEnum):
    """Design of the study a document reports, as far as its own text says so. Ranked by `EVIDENCE_LEVELS`."""

    META_ANALYSIS = "systematic review or meta-analysis"
    RANDOMISED_TRIAL = "randomised controlled trial"
    COHORT = "cohort or other comparative study"
    CASE_SERIES = "case series or case report"
    CLINICAL_TRIAL = "non-randomised clinical trial"
    REVIEW = "narrative review"
    PROTOCOL = "study protocol"
    ANIMAL = "animal study"
    LABORATORY = "laboratory study"
    UNKNOWN = "not stated"


# Oxford Centre for Evidence-Based Medicine 2011, treatment benefits column: 1 systematic review of randomised
# trials, 2 randomised trial, 3 non-randomised controlled cohort, 4 case series, 5 mechanism-based reasoning.
EVIDENCE_LEVELS: dict[StudyType, int] = {
    StudyType.META_ANALYSIS: 1,
    StudyType.RANDOMISED_TRIAL: 2,
    StudyType.CLINICAL_TRIAL: 3,
    StudyType.COHORT: 3,
    StudyType.CASE_SERIES: 4,
    StudyType.REVIEW: 5,
    StudyType.PROTOCOL: 5,
    StudyType.ANIMAL: 5,
    StudyType.LABORATORY: 5,
    StudyType.UNKNOWN: 5,
}

STUDY_PLURALS: dict[StudyType, str] = {
    StudyType.META_ANALYSIS: "Systematic reviews or meta-analyses",
    StudyType.RANDOMISED_TRIAL: "Randomised controlled trials",
    StudyType.COHORT: "Cohort or other comparative studies",
    StudyType.CASE_SERIES: "Case series or case reports",
    StudyType.CLINICAL_TRIAL: "Non-randomised clinical trials",
    StudyType.REVIEW: "Narrative reviews",
    StudyType.PROTOCOL: "Study protocols",
    StudyType.ANIMAL: "Animal studies",
    StudyType.LABORATORY: "Laboratory studies",
}
"""What a paragraph calls several studies of a type; `UNKNOWN` has no label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One paragraph-like region of a page, in reading order; `section` is the heading it stands under.

    `joins` are the offsets at which text of another place of the page goes on, as at the foot of a column. `paragraph`
    counts the paragraphs of a section of a JATS article from 1.
    """

    index: int
    kind: BlockKind
    start: int
    end: int
    box: Box
    section: str | None = None
    joins: tuple[int, ...] = ()
    flags: tuple[BlockFlag, ...] = ()
    paragraph: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OcrLine:
    """A recognised line: its place in the page's text, and how sure the recognition was, 0 to 1."""

    start: int
    end: int
    confidence: float


def confidence(lines: Sequence[OcrLine], start: int, end: int) -> float | None:
    """How sure the least sure of the recognised lines is that ``[start, end)`` of their page touches; None without."""
    return min((line.confidence for line in lines if line.start < end and start < line.end), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: canonical text and its blocks. Width and height in points. `ocr_lines` only when it was recognised.

    `label` names the section that it is of a JATS article ("Results: Survival").
    """

    number: int
    width: float
    height: float
    text: str
    blocks: tuple[Block, ...] = ()
    text_source: TextSource = TextSource.LAYER
    ocr_lines: tuple[OcrLine, ...] = ()
    label: str | None = None


def place(page: int, label: str | None, paragraph: int | None, *, unit: str = "p.") -> str:
    """Where a reader finds a text in its source: ``p. 4``, or ``Results: Survival, paragraph 3`` of a JATS article."""
    if label is None:
        return f"{unit} {page}"
    return f"{label}, paragraph {paragraph}" if paragraph is not None else label


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading of the section tree, in reading order: level 1 is a main section, `start` an offset in its page."""

    title: str
    level: int
    kind: SectionKind | None
    page: int
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedWork:
    """An entry of the reference list as printed (`text`), and what could be read of it."""

    number: int | None
    text: str
    page: int
    title: str | None = None
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as data: `rows` of equally many cells, the first `header_rows` of them its head. Empty cells are ""."""

    ordinal: int
    page: int
    box: Box
    label: str | None
    caption: str | None
    header_rows: int
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure with its caption. `content` is PNG or JPEG, `thumbnail` a small JPEG; `label` as printed ("Figure 2").

    `perceptual_hash`: 64 bits as 16 hexadecimal digits; like images differ in few bits.
    """

    ordinal: int
    page: int
    box: Box
    label: str | None
    caption: str | None
    media_type: str
    width_px: int
    height_px: int
    sha256: str
    content: bytes = field(repr=False)
    thumbnail: bytes = field(repr=False, default=b"")
    kind: FigureKind = FigureKind.RASTER
    perceptual_hash: str = "0" * 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureCaption:
    """The caption of a figure whose image is not in the file, as in a JATS article; `label` as printed ("Figure 2")."""

    page: int
    label: str | None
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What the first pages say of the work itself; None where they do not say."""

    title: str | None = None
    authors: tuple[str, ...] = ()  # "Family, Given" or as printed
    year: int | None = None
    doi: str | None = None  # lower case, no prefix
    journal: str | None = None
    licence: str | None = None  # as printed, e.g. "CC BY 4.0"
    study_type: StudyType = StudyType.UNKNOWN
    pmid: str | None = None
    article_type: str | None = None  # as printed ("Review", "Case report")
    language: str | None = None  # ISO 639-1, of the running text
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None  # "1067-1073", or an article number
    pmcid: str | None = None  # "PMC1234567"
    published: str | None = None  # ISO date, or year and month: "2017-05-03", "2017-05"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDocument:
    """All that the isolated parser found in one file.

    `citation_line`: what the line of an author manuscript says of its published form. `properties`: the
    fields of `metadata` that the file's properties say and the pages do not.
    `captions` are those of figures without an image; `full_text` is false for a JATS article without its body.
    """

    sha256: str
    page_count: int
    metadata: Metadata
    pages: tuple[Page, ...]
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    headings: tuple[Heading, ...] = ()
    cited_works: tuple[CitedWork, ...] = ()
    warnings: tuple[str, ...] = ()
    citation_line: Metadata | None = None
    properties: Metadata | None = None
    kind: DocumentKind = DocumentKind.PDF
    captions: tuple[FigureCaption, ...] = ()
    full_text: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSpan:
    """The text ``page.text[start:end]`` of the page with that number."""

    page: int
    start: int
    end: int


def joined_forms(head: str, tail: str) -> tuple[str, ...]:
    """The texts that `head` and its continuation on a later page may stand for.

    One space between them; nothing where the page ends in a hyphen, which may belong to the word or not.
    """
    if head.endswith(("-", "‐", "\u00ad")):
        return (head[:-1] + tail, head + tail)
    return (f"{head} {tail}", head + tail) if head.endswith(("–", "/")) else (f"{head} {tail}",)


def says(text: str, parts: Sequence[str]) -> bool:
    """Whether `text` is what `parts` say, each part the continuation of the one before it."""
    forms = set(parts[:1])
    for part in parts[1:]:
        forms = {form for head in forms for form in joined_forms(head, part)}
    return text in forms


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A run of sentences of one block: what is searched, embedded and cited.

    Where the last sentence goes on behind a page turn, `continued` are the rest's places on the later pages, and `text`
    includes it.
    """

    ordinal: int
    page: int
    start: int
    end: int
    text: str
    section: str | None
    sentences: tuple[tuple[int, int], ...]
    """The sentences that may be quoted, in order: ``text[a - start : b - start]``, which for a sentence that ends by `end`
    is ``page.text[a:b]``; one that ends beyond it goes on in `continued`."""
    text_source: TextSource = TextSource.LAYER
    confidence: float | None = None  # lowest of its recognised lines, 0 to 1; None for a text layer
    continued: tuple[PageSpan, ...] = ()
    page_label: str | None = None  # `Page.label`
    paragraph: int | None = None  # `Block.paragraph`

    def places(self, start: int, end: int) -> tuple[PageSpan, ...]:
        """Where one of `sentences` stands: on its page, and on later ones when it goes on."""
        first = PageSpan(page=self.page, start=start, end=min(end, self.end))
        return (first, *self.continued) if end > self.end else (first,)


class IngestStatus(StrEnum):
    """How the ingest of one file ended."""

    INGESTED = "ingested"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOutcome:
    """One line of `chapter-pipeline ingest --json`. `document` is the document key, None when quarantined.

    `replaced` is the key of the document that the name meant before and that is gone now; `cited_by` names the chapters
    with a version that cites it. `same_work_as`: keys of other documents of the same work, such as its manuscript.
    """

    path: str
    status: IngestStatus
    sha256: str | None = None
    document: str | None = None
    pages: int = 0
    passages: int = 0
    figures: int = 0
    title: str | None = None
    year: int | None = None
    doi: str | None = None
    reason: str | None = None
    replaced: str | None = None
    cited_by: tuple[str, ...] = ()
    same_work_as: tuple[str, ...] = ()

"""Owns the artifacts of the fourteen stages as pydantic documents; it holds no logic but their own invariants.

Every artifact is frozen, refuses unknown keys, and is stored as JSON in the append-only table `artifacts`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chapter_pipeline.documents.model import StudyType
from chapter_pipeline.ports import RetrievedPassage
from chapter_pipeline.writing.licences import FigurePolicy

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", min_length=2, max_length=80)]
Topic = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]


class Artifact(BaseModel):
    """Base of all stored values."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelUse(Artifact):
    """A text model's part in a stage, and what it cost; `fallbacks`: providers asked before, each with why it gave none."""

    stage: str
    provider: str
    model: str
    cost_usd: Decimal = Decimal(0)
    input_tokens: int = 0
    output_tokens: int = 0
    latency_s: float = 0.0
    fallbacks: tuple[str, ...] = ()


class ChapterKind(StrEnum):
    """Which template a chapter follows."""

    DISEASE = "disease"
    TECHNIQUE = "technique"
    ANATOMY = "anatomy"


class PointChange(Artifact):
    """A must-cover point that an author adds; `terms` are what evidence of it mentions, default its words."""

    text: str = Field(min_length=3, max_length=300)
    terms: tuple[str, ...] = Field(default=(), max_length=30)
    critical: bool = True


class SectionChange(Artifact):
    """What an author changes of the template: a section retitled, reweighed, dropped, given points, or a new one.

    A new section needs a title and a purpose. A share is that of the chapter's words.
    """

    kind: str = Field(pattern=r"^[a-z][a-z_]*$", max_length=40)
    drop: bool = False
    title: str | None = Field(default=None, min_length=2, max_length=200)
    purpose: str | None = Field(default=None, min_length=5, max_length=500)
    share: float | None = Field(default=None, gt=0, le=1)
    queries: tuple[str, ...] = Field(default=(), max_length=10, description="Added to the template's.")
    cues: tuple[str, ...] = Field(default=(), max_length=50, description="Added to the template's.")
    figures: tuple[str, ...] = Field(default=(), max_length=10, description="What its figures should show; added.")
    must_cover: tuple[PointChange | str, ...] = Field(default=(), max_length=20)


class BriefRequest(Artifact):
    """What an author asks for; only `topic` is needed. The YAML of ``chapters new --brief`` has these keys."""

    topic: Topic
    kind: ChapterKind = ChapterKind.DISEASE
    title: str | None = Field(default=None, max_length=300)
    audience: str = Field(default="neurosurgeons in training and in practice", max_length=300)
    word_budget: int = Field(default=4000, ge=500, le=40000, description="Words of the whole chapter.")
    must_cover: tuple[str, ...] = Field(default=(), max_length=50, description="Points beyond the template's.")
    template: dict[str, Any] | None = Field(
        default=None, description="The author's own template, as its YAML states it."
    )
    sections: tuple[SectionChange, ...] = Field(default=(), max_length=40, description="Changes of the template.")
    order: tuple[str, ...] = Field(default=(), max_length=40, description="Kinds that come first, in this order.")
    figures: FigurePolicy = Field(default=FigurePolicy.CREDITED, description="Which figures it may show.")
    cutoff_date: date | None = Field(default=None, description="Nothing published later is used; default today.")


# 1 ---------------------------------------------------------------------------------------------------------


class MustCoverPoint(Artifact):
    """A point that the template or the author demands of a section; `terms` are what evidence of it mentions."""

    text: str
    section: str
    terms: tuple[str, ...]
    critical: bool = False


class SectionTemplate(Artifact):
    """A section of the chapter template."""

    kind: str
    title: str
    purpose: str
    queries: tuple[str, ...]
    cues: tuple[str, ...] = Field(description="Words that mark a sentence as belonging here.")
    decisive: tuple[str, ...] = Field(default=(), description="Words that outweigh the cues of all other sections.")
    share: float = Field(gt=0, le=1, description="Share of the chapter's words.")
    must_cover: tuple[MustCoverPoint, ...] = ()
    figures: tuple[str, ...] = Field(default=(), description="What its figures should show.")
    clinical: bool = Field(
        default=False, description="Of people: takes no sentence that speaks of animals or bench work."
    )


class ChapterBrief(Artifact):
    """Stage 1: the validated request with its template spelled out."""

    slug: Slug
    topic: str
    title: str
    kind: ChapterKind
    audience: str
    template: str
    word_budget: int
    cutoff_date: date
    sections: tuple[SectionTemplate, ...]
    perspectives: dict[str, str] = Field(default_factory=dict, description="Points of view, each with what it asks.")
    figures: FigurePolicy = FigurePolicy.CREDITED
    uses: tuple[ModelUse, ...] = Field(default=(), description="What text models did up to this stage.")

    @property
    def must_cover(self) -> tuple[MustCoverPoint, ...]:
        return tuple(point for section in self.sections for point in section.must_cover)


# 2 ---------------------------------------------------------------------------------------------------------


class Query(Artifact):
    """A search of the library from one point of view; `section` is the section kind it serves, if one."""

    text: str
    perspective: str
    section: str | None = None


class Concept(Artifact):
    """A concept of the topic: importance 0 to 1."""

    key: str
    name: str
    synonyms: tuple[str, ...] = ()
    importance: float = Field(ge=0, le=1)
    queries: tuple[Query, ...] = ()


class KeyConcepts(Artifact):
    """Stage 2."""

    concepts: tuple[Concept, ...]
    provider: str
    model: str
    cost_usd: Decimal = Decimal(0)
    input_tokens: int = 0
    output_tokens: int = 0
    latency_s: float = 0.0
    fallbacks: tuple[str, ...] = ()


# 3 ---------------------------------------------------------------------------------------------------------


class FoundPassage(Artifact):
    """A passage with its relevance to the topic (0 to 1) and what found it."""

    passage: RetrievedPassage
    relevance: float
    concepts: tuple[str, ...]
    sections: tuple[str, ...]


class LibraryResearch(Artifact):
    """Stage 3: ranked passages of the own library, best first. `dropped` counts hits below the relevance floor."""

    passages: tuple[FoundPassage, ...]
    searches: int
    hits: int
    dropped: int


# 4, 5 ------------------------------------------------------------------------------------------------------


class Work(Artifact):
    """A published work known by its reference, not (yet) by its text."""

    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    doi: str | None = None
    pmid: str | None = None
    abstract: str | None = None
    origin: str = Field(description="Where the reference came from, e.g. the bucket key of a RIS file.")
    relevance: float = 0.0


class SourceReport(Artifact):
    """What one literature source did: searched, skipped or failed, and why."""

    source: str
    status: Literal["searched", "not_configured", "failed"]
    works: int = 0
    detail: str


class LiteratureResearch(Artifact):
    """Stage 4: ranked works of the literature."""

    works: tuple[Work, ...]
    reports: tuple[SourceReport, ...]
    queries: tuple[str, ...] = Field(default=(), description="Boolean queries for literature indexes.")
    uses: tuple[ModelUse, ...] = Field(default=(), description="What text models did up to this stage.")


class OpenAccessDocuments(Artifact):
    """Stage 5: full texts fetched for the best works; `documents` are document keys."""

    documents: tuple[str, ...]
    reports: tuple[SourceReport, ...]


# 6 ---------------------------------------------------------------------------------------------------------


class Source(Artifact):
    """A citable source of the chapter. `key` is its citation key (``santarius2009``)."""

    key: str
    document: str | None = Field(description="Document key; None for a work known by reference only.")
    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    doi: str | None = None
    licence: str | None = None
    study_type: StudyType = StudyType.UNKNOWN
    evidence_level: int = Field(ge=1, le=5)
    retracted: bool | None = Field(default=None, description="None: not checked, no source configured.")
    relevance: float = 0.0
    passages: tuple[FoundPassage, ...] = ()


class Exclusion(Artifact):
    """A source that was found and not used, with the reason."""

    title: str
    document: str | None
    reason: str


class ResearchSet(Artifact):
    """Stage 6: one deduplicated, graded source list, best first."""

    sources: tuple[Source, ...]
    excluded: tuple[Exclusion, ...] = ()
    retraction_check: str
    uses: tuple[ModelUse, ...] = Field(default=(), description="What text models did up to this stage.")

    def source(self, key: str) -> Source:
        return next(source for source in self.sources if source.key == key)


# 7 ---------------------------------------------------------------------------------------------------------


class Quote(Artifact):
    """A verbatim sentence of a page: ``page.text[start:end] == text``. `key` is opaque to text models."""

    key: str
    source: str
    document: str
    page: int
    start: int
    end: int
    text: str
    display: str = Field(description="The quote as a chapter prints it: the source's own citation markers left out.")
    document_section: str | None
    study_type: StudyType
    evidence_level: int
    year: int | None
    relevance: float = Field(description="Closeness to the topic, 0 to 1.")
    concepts: tuple[str, ...] = ()
    sections: dict[str, float] = Field(default_factory=dict, description="Fit for each section kind; higher is better.")
    points: tuple[str, ...] = Field(default=(), description="Must-cover points it speaks to.")
    defines: bool = Field(default=False, description="Says what the topic is: an introduction begins with it.")
    confidence: float | None = Field(
        default=None, description="How sure the recognition of a scan was, 0 to 1; None: the file has it as text."
    )


class Relation(Artifact):
    """Two quotes of different sources on one matter: whether they contradict each other, about what, and how."""

    first: str
    second: str
    contradicts: bool
    about: str
    how: str = Field(default="", description="``opposes`` or ``gives other numbers``, where words and numbers told.")


class EvidenceMap(Artifact):
    """Stage 7: the quotes the chapter may use, and how many sentences were looked at."""

    quotes: tuple[Quote, ...]
    concepts: dict[str, str] = Field(default_factory=dict, description="Names of the concepts quotes are clustered by.")
    sentences_read: int
    refused: dict[str, int] = Field(description="Sentences refused as quotes, by reason.")
    relations: tuple[Relation, ...] = Field(default=(), description="Agreement and contradiction of sources.")
    uses: tuple[ModelUse, ...] = Field(default=(), description="What text models did up to this stage.")


# 8, 9 ------------------------------------------------------------------------------------------------------


class PlannedSubsection(Artifact):
    """Quotes under one sub-topic, in writing order."""

    title: str
    quotes: tuple[str, ...]


class OutlineSection(Artifact):
    """A planned section with its word budget; `evidence` counts the quotes that fit it."""

    kind: str
    title: str
    purpose: str
    word_budget: int
    subsections: tuple[str, ...] = ()
    evidence: int = 0


class ChapterOutline(Artifact):
    """Stage 8."""

    title: str
    sections: tuple[OutlineSection, ...]
    assignments: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Quote keys by section kind, best first; no quote serves two sections."
    )
    unused: dict[str, str] = Field(default_factory=dict, description="Template sections left out, with the reason.")
    groups: dict[str, tuple[PlannedSubsection, ...]] = Field(
        default_factory=dict, description="Subsections by section kind where a text model planned them."
    )
    uses: tuple[ModelUse, ...] = Field(default=(), description="What text models did up to this stage.")


class PlannedFigure(Artifact):
    """A figure of a source that illustrates a section."""

    figure_id: int
    source: str
    document: str
    page: int
    label: str | None
    caption: str
    licence: str | None
    media_type: str


class SectionPlan(Artifact):
    """What one section is written from, and nothing else. `recommendations` come from an earlier gap report."""

    kind: str
    title: str
    purpose: str
    word_budget: int
    subsections: tuple[PlannedSubsection, ...]
    quotes: tuple[Quote, ...]
    figures: tuple[PlannedFigure, ...] = ()
    points: tuple[str, ...] = Field(default=(), description="Must-cover points of this section.")
    previous: str | None = None
    following: str | None = None
    recommendations: tuple[str, ...] = ()
    wanted: tuple[str, ...] = Field(default=(), description="Quotes that the recommendations ask to be cited.")
    contradictions: tuple[Relation, ...] = Field(default=(), description="Between quotes of this plan.")


class SectionPlans(Artifact):
    """Stage 9: one plan per section of the outline, with what every section is written for."""

    slug: str
    topic: str
    audience: str
    plans: tuple[SectionPlan, ...]
    base: dict[str, str] = Field(default_factory=dict, description="Hash of each plan without recommendations.")

    def plan(self, kind: str) -> SectionPlan | None:
        return next((plan for plan in self.plans if plan.kind == kind), None)


# 10 --------------------------------------------------------------------------------------------------------


class Sentence(Artifact):
    """A claim with the quotes it stands on. A sentence without quotes makes no claim about medicine."""

    text: str
    quotes: tuple[str, ...]


class Paragraph(Artifact):
    """Sentences that belong together. `label` is a run-in heading that says what kind of source they come from."""

    label: str | None = None
    sentences: tuple[Sentence, ...]


class Subsection(Artifact):
    """`title` None: the paragraphs stand directly under the section's heading."""

    title: str | None
    paragraphs: tuple[Paragraph, ...]


class EvidenceRow(Artifact):
    """A row of an evidence table: one source and its finding, verbatim."""

    source: str
    study_type: StudyType
    evidence_level: int
    year: int | None
    finding: Sentence


class DroppedSentence(Artifact):
    """A sentence that a model wrote and the chapter does not print: what was wrong with it."""

    text: str
    reason: str


class Section(Artifact):
    """Stage 10: the text of one section. Status `unused`: the outline has no such section."""

    kind: str
    title: str
    status: Literal["written", "unused"]
    subsections: tuple[Subsection, ...] = ()
    evidence_table: tuple[EvidenceRow, ...] = ()
    figures: tuple[PlannedFigure, ...] = ()
    dropped: tuple[DroppedSentence, ...] = ()
    kept: bool = Field(default=False, description="A person put it here: later runs leave it as it is.")
    origin: str = Field(default="", description="What a person did: ``edited by NAME``, ``restored from version 2``.")
    quotes: tuple[Quote, ...] = Field(default=(), description="What it cites, where the plan may not hold it.")
    sources: tuple[Source, ...] = Field(default=(), description="The sources of `quotes` and figures.")
    provider: str = ""
    model: str = ""
    cost_usd: Decimal = Decimal(0)
    input_tokens: int = 0
    output_tokens: int = 0
    latency_s: float = 0.0
    fallbacks: tuple[str, ...] = Field(default=(), description="Providers asked before, each with why it gave none.")

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(s for sub in self.subsections for p in sub.paragraphs for s in p.sentences)

    @property
    def words(self) -> int:
        return sum(len(sentence.text.split()) for sentence in self.sentences)


# 11, 12 ----------------------------------------------------------------------------------------------------


class Reference(Artifact):
    """An entry of the reference list; `number` in order of first citation."""

    number: int
    source: Source


class NumberedFigure(Artifact):
    number: int
    section: str
    figure: PlannedFigure
    reference: int


class Abbreviation(Artifact):
    short: str
    long: str


class ChapterText(Artifact):
    """A whole chapter as text: the shape of the draft, the reviewed and the final chapter."""

    slug: str
    title: str
    topic: str
    sections: tuple[Section, ...]
    references: tuple[Reference, ...]
    figures: tuple[NumberedFigure, ...]
    quotes: dict[str, Quote]
    key_points: tuple[Sentence, ...]
    abbreviations: tuple[Abbreviation, ...]

    @property
    def words(self) -> int:
        return sum(section.words for section in self.sections)


class ChapterDraft(Artifact):
    """Stage 11."""

    chapter: ChapterText
    uses: tuple[ModelUse, ...] = Field(default=(), description="What text models did up to this stage.")


class EditAction(StrEnum):
    KEEP = "keep"
    EXPAND = "expand"
    REPLACE = "replace"
    DELETE = "delete"


class Edit(Artifact):
    """One edit of the review: which sentence, what was done, why; `after` None for a deletion."""

    action: EditAction
    section: str
    before: str
    after: str | None = None
    reason: str


class SentenceSupport(Artifact):
    """How far a sentence is supported by its quotes: share of its words that are theirs, cosine, what is wrong."""

    section: str
    sentence: str
    quotes: tuple[str, ...]
    words: float
    meaning: float
    problems: tuple[str, ...] = ()


class ReviewedChapter(Artifact):
    """Stage 12: the chapter after the typed edit plan, which is kept with it, and the support of what is left."""

    chapter: ChapterText
    edits: tuple[Edit, ...]
    support: tuple[SentenceSupport, ...] = ()
    differences: tuple[Relation, ...] = Field(default=(), description="Cited quotes of sources that contradict.")
    uses: tuple[ModelUse, ...] = Field(default=(), description="What text models did up to this stage.")


# 13 --------------------------------------------------------------------------------------------------------


class GapType(StrEnum):
    """The five dimensions."""

    CONTENT_COMPLETENESS = "content_completeness"
    SOURCE_COVERAGE = "source_coverage"
    SECTION_BALANCE = "section_balance"
    TEMPORAL_COVERAGE = "temporal_coverage"
    CRITICAL_INFORMATION = "critical_information"


class Severity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Gap(Artifact):
    """What a chapter lacks, where, and what to do. `evidence`: keys of quotes at hand that would help, best first."""

    type: GapType
    severity: Severity
    description: str
    recommendation: str
    section: str | None = None
    evidence: tuple[str, ...] = ()


class GapStatistics(Artifact):
    critical_gaps: int
    high_gaps: int
    medium_gaps: int
    low_gaps: int


class UnusedEvidence(Artifact):
    """A quote not cited: `score` is closeness to the topic times distance from all that is cited."""

    quote: str
    source: str
    page: int
    section: str | None = Field(default=None, description="The section kind it fits best.")
    text: str
    score: float


class GapReport(Artifact):
    """Stage 13: the owner's report shape, and the unused evidence."""

    completeness_score: float = Field(ge=0, le=1)
    requires_revision: bool
    gaps: tuple[Gap, ...]
    statistics: GapStatistics
    unused_evidence: tuple[UnusedEvidence, ...] = ()
    uses: tuple[ModelUse, ...] = Field(default=(), description="What text models did up to this stage.")


# 14 --------------------------------------------------------------------------------------------------------


class RevisionRound(Artifact):
    """One round of the revision loop: the sections written again, the gap report before and after, what it cost."""

    number: int
    sections: tuple[str, ...]
    completeness_before: float
    completeness_after: float
    before: GapStatistics
    after: GapStatistics
    requires_revision: bool
    cost_usd: Decimal


class RevisionLog(Artifact):
    """The rounds that led to the newest gap report, whose sha256 is `report`."""

    rounds: tuple[RevisionRound, ...]
    report: str


class FinalChapter(Artifact):
    """Stage 14: what is published, with what was found of it and the cost of all its stages."""

    chapter: ChapterText
    gap_report: GapReport
    cutoff_date: date
    providers: tuple[str, ...]
    cost_usd: Decimal = Decimal(0)
    notes: tuple[str, ...] = ()
    differences: tuple[Relation, ...] = ()

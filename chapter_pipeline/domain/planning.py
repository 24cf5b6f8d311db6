"""Owns stages 7 to 9: quotes, the outline, and what each section is written from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from chapter_pipeline.domain.document import PageSpan, StudyType, place, says
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.domain.question_tables import QuestionTable, ResultCells
from chapter_pipeline.domain.questions import ClinicalQuestion
from chapter_pipeline.domain.stage_value import USES, StageValue


class Quote(StageValue):
    """A verbatim sentence of a page: ``page.text[start:end] == text``. `key` is opaque to text models.

    A sentence that goes on behind a page turn has its rest in `continued`; `text` is then the two together
    (`domain.document.says`). A section of a JATS article stands for a page: `page_label` names it.
    """

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
    continued: tuple[PageSpan, ...] = Field(
        default=(), description="Where the sentence goes on behind a page turn; empty for most."
    )
    finding: FindingKind | None = Field(default=None, description="What it is to its source; None: not on record.")
    main: bool = Field(default=False, description="Whether it is a main finding of its source.")
    species: Species | None = Field(default=None, description="Whom or what it is about.")
    lead: str | None = Field(
        default=None,
        description="What introduces it, from its source's study record: ``In a cohort study (Liu 2016):``.",
    )
    page_label: str | None = Field(default=None, description="The section that the page is of a JATS article.")
    paragraph: int | None = Field(default=None, description="The number of its paragraph in that section.")
    questions: tuple[str, ...] = Field(default=(), description="Keys of the clinical questions that it answers.")
    results: tuple[ResultCells, ...] = Field(
        default=(), description="What it states for each of `questions`, in their order."
    )
    disagrees: dict[str, str] = Field(
        default_factory=dict, description="Quotes whose studies found otherwise, by key: on which question."
    )

    @property
    def pages(self) -> str:
        """The page, or the first and the last one: ``4``, ``4–5``."""
        return f"{self.page}–{self.continued[-1].page}" if self.continued else str(self.page)

    @property
    def spans(self) -> tuple[PageSpan, ...]:
        """Where it stands: on its page, and on the pages on which it goes on."""
        return (PageSpan(page=self.page, start=self.start, end=self.end), *self.continued)

    @property
    def place(self) -> str:
        """Where a reader finds it: ``p. 4``, ``pp. 4–5``, or ``Results, paragraph 3``."""
        if self.continued and self.page_label is None:
            return f"pp. {self.pages}"
        return place(self.page, self.page_label, self.paragraph)

    def is_said_by(self, pages: Mapping[tuple[str, int], str]) -> bool:
        """Whether the texts of `pages`, by document and number, say it at its offsets."""
        return says(self.text, [pages.get((self.document, one.page), "")[one.start : one.end] for one in self.spans])


class Relation(StageValue):
    """Two quotes of different sources on one matter: whether they contradict each other, about what, and how."""

    first: str
    second: str
    contradicts: bool
    about: str
    how: str = Field(
        default="", description="How they contradict: ``opposite directions`` of records, ``opposes`` of words."
    )


class EvidenceMap(StageValue):
    """Stage 7: the quotes the chapter may use, and how many sentences were looked at."""

    retired: ClassVar[frozenset[str]] = USES

    quotes: tuple[Quote, ...]
    concepts: dict[str, str] = Field(default_factory=dict, description="Names of the concepts quotes are clustered by.")
    sentences_read: int
    refused: dict[str, int] = Field(description="Sentences refused as quotes, by reason.")
    relations: tuple[Relation, ...] = Field(default=(), description="Agreement and contradiction of sources.")
    questions: tuple[ClinicalQuestion, ...] = Field(default=(), description="Those that quotes answer.")
    unanswered: tuple[ClinicalQuestion, ...] = Field(default=(), description="Those that no quote answers.")


class PlannedSubsection(StageValue):
    """Quotes under one sub-topic, in writing order."""

    title: str
    quotes: tuple[str, ...]


class OutlineSection(StageValue):
    """A planned section with its word budget; `evidence` counts the quotes that fit it."""

    kind: str
    title: str
    purpose: str
    word_budget: int
    subsections: tuple[str, ...] = ()
    evidence: int = 0


class ChapterOutline(StageValue):
    """Stage 8."""

    retired: ClassVar[frozenset[str]] = USES

    title: str
    sections: tuple[OutlineSection, ...]
    assignments: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Quote keys by section kind, best first; no quote serves two sections."
    )
    unused: dict[str, str] = Field(default_factory=dict, description="Template sections left out, with the reason.")
    groups: dict[str, tuple[PlannedSubsection, ...]] = Field(
        default_factory=dict, description="Subsections by section kind where a text model planned them."
    )


class PlannedFigure(StageValue):
    """A figure of a source that illustrates a section. `sha256` is that of its image; None: the image is lost.

    A lost image is one of a chapter of an earlier release, whose document was gone before chapters kept their images.
    """

    sha256: str | None
    source: str
    document: str
    page: int
    label: str | None
    caption: str
    licence: str | None
    media_type: str
    rights: str | None = Field(
        default=None, description="What the caption says of rights of others; None: those of the article hold."
    )


class PlannedStudy(StageValue):
    """A work that a section may cite, as its writer is told of it; what is None is not known."""

    source: str
    citation: str = Field(description="``Westphal et al. 2003``.")
    title: str
    design: StudyType
    level: int
    year: int | None = None
    condition: str | None = None
    n: int | None = Field(default=None, description="Subjects, where the study record is sure of it.")


class SectionPlan(StageValue):
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
    question_tables: tuple[QuestionTable, ...] = Field(default=(), description="For questions of this section.")
    table_quotes: tuple[Quote, ...] = Field(default=(), description="What the tables cite and `quotes` has not.")
    studies: tuple[PlannedStudy, ...] = Field(default=(), description="The works of its quotes, in order of mention.")

    @property
    def all_quotes(self) -> tuple[Quote, ...]:
        """What the section's text and tables may cite."""
        return (*self.quotes, *self.table_quotes)


class SectionPlans(StageValue):
    """Stage 9: one plan per section of the outline, with what every section is written for."""

    slug: str
    topic: str
    audience: str
    plans: tuple[SectionPlan, ...]
    base: dict[str, str] = Field(default_factory=dict, description="Hash of each plan without recommendations.")

    def plan(self, kind: str) -> SectionPlan | None:
        return next((plan for plan in self.plans if plan.kind == kind), None)

"""Owns stages 12 to 14: edits and support, gaps and revisions, the final chapter, and the version made of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from chapter_pipeline.domain.chapter_text import ChapterText, SentenceRole
from chapter_pipeline.domain.planning import Relation
from chapter_pipeline.domain.stage_value import USES, StageValue


class EditAction(StrEnum):
    KEEP = "keep"
    EXPAND = "expand"
    REPLACE = "replace"
    DELETE = "delete"


class Edit(StageValue):
    """One edit of the review: which sentence, what was done, why; `after` None for a deletion."""

    action: EditAction
    section: str
    before: str
    after: str | None = None
    reason: str


class SentenceSupport(StageValue):
    """How far a sentence is supported by its quotes: share of its words that are theirs, cosine, what is wrong.

    `to_check`: neither the rules nor a review model decided it, so an editor has to. `checked_by`: the provider of the
    review model that did.
    """

    section: str
    sentence: str
    quotes: tuple[str, ...]
    words: float
    meaning: float
    problems: tuple[str, ...] = ()
    role: SentenceRole = SentenceRole.CLAIM
    to_check: bool = False
    checked_by: str | None = None


class ReviewedChapter(StageValue):
    """Stage 12: the chapter after the typed edit plan, which is kept with it, and the support of what is left."""

    retired: ClassVar[frozenset[str]] = USES

    chapter: ChapterText
    edits: tuple[Edit, ...]
    support: tuple[SentenceSupport, ...] = ()
    differences: tuple[Relation, ...] = Field(default=(), description="Cited quotes of sources that contradict.")


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


class Closer(StrEnum):
    """Who or what can close a gap: evidence that the library holds, literature it does not hold, or a person."""

    LIBRARY = "library"
    LITERATURE = "literature"
    PERSON = "person"


class Gap(StageValue):
    """What a chapter lacks, where, and what to do. `evidence`: keys of quotes at hand that would help, best first."""

    type: GapType
    severity: Severity
    description: str
    recommendation: str
    section: str | None = None
    evidence: tuple[str, ...] = ()
    closed_by: Closer | None = Field(default=None, description="None: of a report of an earlier release.")


class GapStatistics(StageValue):
    critical_gaps: int
    high_gaps: int
    medium_gaps: int
    low_gaps: int


class UnusedEvidence(StageValue):
    """A quote not cited: `score` is closeness to the topic times distance from all that is cited."""

    quote: str
    source: str
    page: int
    page_label: str | None = None
    paragraph: int | None = None
    section: str | None = Field(default=None, description="The section kind it fits best.")
    text: str
    score: float


class GapReport(StageValue):
    """Stage 13: the owner's report shape, and the unused evidence."""

    retired: ClassVar[frozenset[str]] = USES

    completeness_score: float = Field(ge=0, le=1)
    requires_revision: bool
    gaps: tuple[Gap, ...]
    statistics: GapStatistics
    unused_evidence: tuple[UnusedEvidence, ...] = ()


class RevisionRound(StageValue):
    """One round of the revision loop: the sections written again, the gap report before and after, what it cost."""

    number: int
    sections: tuple[str, ...]
    completeness_before: float
    completeness_after: float
    before: GapStatistics
    after: GapStatistics
    requires_revision: bool
    cost_usd: Decimal
    report_before: str | None = Field(default=None, description="sha256 of the gap report before; None in old values.")
    report_after: str | None = None

    @property
    def changed_the_report(self) -> bool:
        """Whether the round closed or opened a gap."""
        if self.report_before is not None and self.report_after is not None:
            return self.report_before != self.report_after
        return (self.before, self.completeness_before) != (self.after, self.completeness_after)


class RevisionLog(StageValue):
    """The rounds that led to the newest gap report, whose sha256 is `report`."""

    rounds: tuple[RevisionRound, ...]
    report: str


class FinalChapter(StageValue):
    """Stage 14: what is published, with what was found of it and who wrote it.

    With the images that `images` names it is whole: nothing of it is looked up in the library.
    """

    retired: ClassVar[frozenset[str]] = frozenset({"cost_usd"})

    chapter: ChapterText
    gap_report: GapReport
    support: tuple[SentenceSupport, ...] = Field(default=(), description="How far each sentence is supported.")
    cutoff_date: date
    providers: tuple[str, ...]
    notes: tuple[str, ...] = ()
    differences: tuple[Relation, ...] = ()

    @property
    def documents(self) -> tuple[str, ...]:
        """Keys of the documents that it cites or shows a figure of, sorted."""
        cited = {reference.source.document for reference in self.chapter.references}
        shown = {item.figure.document for item in self.chapter.figures}
        return tuple(sorted(key for key in cited | shown if key is not None))

    @property
    def images(self) -> tuple[str, ...]:
        """sha256 of the images of its figures, sorted."""
        return tuple(sorted({item.figure.sha256 for item in self.chapter.figures if item.figure.sha256 is not None}))


class PublishedVersion(StageValue):
    """A version of a chapter: its number, whether it is published, and the stored final chapter that it is."""

    number: int
    state: Literal["published", "held"]
    origin: str
    sha256: str
    artifact_id: int

"""Owns stages 10 and 11: sections, and the chapter that they make."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.planning import PlannedFigure, Quote
from chapter_pipeline.domain.question_tables import QuestionTable
from chapter_pipeline.domain.research import Source
from chapter_pipeline.domain.stage_value import USAGE, USES, StageValue


class SentenceRole(StrEnum):
    """What a sentence is to its chapter. A signpost leads the reader and says nothing that could be false."""

    CLAIM = "claim"
    SYNTHESIS = "synthesis"
    SIGNPOST = "signpost"


class Sentence(StageValue):
    """A claim with the quotes it stands on. A sentence without quotes makes no claim about medicine."""

    text: str
    quotes: tuple[str, ...]


class Paragraph(StageValue):
    """Sentences that belong together. `label` says what kind of source they come from, before the first of them.

    One that ends with a colon introduces them and is read with them ("In a cohort study (Liu 2016):"); others are run-in
    headings of earlier releases.
    """

    label: str | None = None
    sentences: tuple[Sentence, ...]


class Subsection(StageValue):
    """`title` None: the paragraphs stand directly under the section's heading."""

    title: str | None
    paragraphs: tuple[Paragraph, ...]


class EvidenceRow(StageValue):
    """A row of an evidence table: one source and its finding, verbatim."""

    source: str
    study_type: StudyType
    evidence_level: int
    year: int | None
    finding: Sentence


class DroppedSentence(StageValue):
    """A sentence that a model wrote and the chapter does not print: what was wrong with it."""

    text: str
    reason: str


class Section(StageValue):
    """Stage 10: the text of one section. Status `unused`: the outline has no such section."""

    retired: ClassVar[frozenset[str]] = USAGE

    kind: str
    title: str
    status: Literal["written", "unused"]
    subsections: tuple[Subsection, ...] = ()
    evidence_table: tuple[EvidenceRow, ...] = ()
    question_tables: tuple[QuestionTable, ...] = ()
    figures: tuple[PlannedFigure, ...] = ()
    dropped: tuple[DroppedSentence, ...] = ()
    kept: bool = Field(default=False, description="A person put it here: later runs leave it as it is.")
    origin: str = Field(default="", description="What a person did: ``edited by NAME``, ``restored from version 2``.")
    quotes: tuple[Quote, ...] = Field(default=(), description="What it cites, where the plan may not hold it.")
    sources: tuple[Source, ...] = Field(default=(), description="The sources of `quotes` and figures.")
    provider: str = ""
    model: str = ""

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(s for sub in self.subsections for p in sub.paragraphs for s in p.sentences)

    @property
    def table_claims(self) -> tuple[Sentence, ...]:
        """What the rows of its tables say, each with its quote."""
        return (
            *(Sentence(text=row.claim, quotes=(row.quote,)) for table in self.question_tables for row in table.rows),
            *(row.finding for row in self.evidence_table),
        )

    @property
    def words(self) -> int:
        return sum(len(sentence.text.split()) for sentence in self.sentences)


class Reference(StageValue):
    """An entry of the reference list; `number` in order of first citation."""

    number: int
    source: Source


class NumberedFigure(StageValue):
    number: int
    section: str
    figure: PlannedFigure
    reference: int


class Abbreviation(StageValue):
    """A short form and what it stands for in `documents`; without documents it is of an earlier release, for all."""

    short: str
    long: str
    documents: tuple[str, ...] = ()


class ChapterText(StageValue):
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


def lead_of(sentence: Sentence, quotes: Mapping[str, Quote]) -> str | None:
    """What introduces a sentence that stands alone: the lead that its quotes share, None without one."""
    leads = {quotes[key].lead for key in sentence.quotes if key in quotes}
    return leads.pop() if len(leads) == 1 else None


class ChapterDraft(StageValue):
    """Stage 11."""

    retired: ClassVar[frozenset[str]] = USES

    chapter: ChapterText

"""Owns study records: what a document's study was, and its findings with the verbatim text that states each of them.

A study record has the same type whether rules or a language model filled it. Field values are words of the document,
as printed; None where it does not state them. Nothing here knows how a record is stored.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from chapter_pipeline.domain.document import PageSpan, StudyType

RULES = "rules"
"""What fills a study record without a language model."""


class FindingKind(StrEnum):
    """What a statement is to the document that makes it."""

    OWN_RESULT = "own result"
    OWN_METHOD = "own method"
    OPERATIVE_STEP = "operative step"
    CONCLUSION = "conclusion"
    RECOMMENDATION = "recommendation"
    DEFINITION = "definition"
    BACKGROUND = "background"
    LIMITATION = "limitation"
    CASE = "case"


class Species(StrEnum):
    """Whom or what a statement is about. Cells taken from treated animals are `ANIMAL`, cultures are `CELLS`."""

    HUMAN = "human"
    ANIMAL = "animal"
    CELLS = "cells"
    BENCH = "bench"


class Direction(StrEnum):
    """How the outcome under the intervention differs from that under the comparator, or changed over time."""

    INCREASED = "increased"
    DECREASED = "decreased"
    NO_DIFFERENCE = "no significant difference"
    NOT_STATED = "not stated"


class SpanSource(StrEnum):
    """Where on its page a span stands."""

    TEXT = "text"
    TABLE = "table"
    CAPTION = "caption"


class EvidenceValue(BaseModel):
    """Base of the parts of a study record: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(EvidenceValue):
    """One verbatim sentence, table row or caption.

    For `SpanSource.TEXT`, `places` are offsets in the text of its pages, and `text` is what they say (see
    `domain.document.says`). For a table row, `text` is its cells joined by `` | ``, and `table` and `row` name it; for
    a caption, `label` names its figure or table.
    """

    source: SpanSource = SpanSource.TEXT
    text: str
    page: int = Field(description="The page it begins on, from 1; of a JATS article the number of its section.")
    places: tuple[PageSpan, ...] = ()
    passage: int | None = Field(default=None, description="Ordinal of its passage in the document.")
    headings: tuple[str, ...] = Field(default=(), description="The headings it stands under, main section first.")
    page_label: str | None = None
    paragraph: int | None = None
    table: int | None = None
    row: int | None = None
    label: str | None = None


class Effect(EvidenceValue):
    """A stated effect, as printed: ``HR 0.68 (95% CI 0.49-0.95)`` has measure, value, low and high.

    Numbers are strings, digit for digit. `value` may be several for the arms of a comparison ("13.9 vs 11.6").
    """

    measure: str | None = None
    value: str
    unit: str | None = None
    low: str | None = None
    high: str | None = None


class Cited(EvidenceValue):
    """A work that a background statement cites: its number in the document's reference list, and that entry."""

    number: int
    text: str | None = None
    title: str | None = None
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None


class Finding(EvidenceValue):
    """A statement of a document that a reader understands alone: one to five verbatim sentences, and what they say.

    `spans`: in reading order; `stated_in` of them is the sentence that states the finding, the others are its context.
    """

    ordinal: int = Field(ge=0, description="Its place in the record, in reading order.")
    kind: FindingKind
    part: str | None = Field(
        default=None, description="The part of the article it stands in: ``results``, ``discussion``."
    )
    main: bool = Field(default=False, description="Whether it is a main finding of the study.")
    species: Species
    disease: str | None = None
    population: str | None = None
    intervention: str | None = None
    comparator: str | None = None
    outcome: str | None = None
    time_point: str | None = None
    direction: Direction = Direction.NOT_STATED
    effects: tuple[Effect, ...] = ()
    p: tuple[str, ...] = Field(default=(), description="As printed: ``P=0.007``.")
    cited: tuple[Cited, ...] = ()
    spans: tuple[Span, ...] = Field(min_length=1, max_length=5)
    stated_in: int = Field(default=0, ge=0)
    made_by: str | None = Field(default=None, description="The language model that named it; None: rules.")

    @property
    def text(self) -> str:
        """The verbatim text, its spans joined by a space."""
        return " ".join(span.text for span in self.spans)

    @property
    def statement(self) -> Span:
        """The span that states it."""
        return self.spans[self.stated_in]


class Population(EvidenceValue):
    """Whom the study is of. `text` is the sentence that says so, or a person's words.

    `n`, how many, is sure or absent: records of rules have it only where the text states it without doubt, so that a
    table may print it. It is no total of a review's literature and no number of animals.
    """

    species: Species = Species.HUMAN
    condition: str | None = None
    n: int | None = None
    text: str | None = None


class Dropped(EvidenceValue):
    """What verification removed of a model's reply: `what` is a field of a finding, ``finding`` or ``record``."""

    what: str
    reason: str
    count: int = Field(ge=1)


class StudyRecord(EvidenceValue):
    """What a document reports. `level`: Oxford 2011, 1 to 5, see `domain.document.EVIDENCE_LEVELS`.

    `made_by` names what filled it: ``rules`` or a provider's model; `version` that of the rules or the prompt. A record
    that a model filled also holds the findings of the rules where the model named none; `dropped` is what of its reply
    did not hold. `unfilled`: why no model filled it though one was to.
    """

    design: StudyType
    level: int = Field(ge=1, le=5)
    setting: str | None = None
    population: Population = Population()
    arms: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    made_by: str = RULES
    version: str = "1"
    dropped: tuple[Dropped, ...] = ()
    unfilled: str | None = None
    notes: tuple[str, ...] = Field(default=(), description="What it lacks and why, for an editor.")

    @property
    def main_findings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.main)

    @property
    def origin(self) -> str:
        """``rules, version 7`` or ``model claude claude-opus-5-5, prompt version 1``."""
        if self.made_by == RULES:
            return f"{RULES}, version {self.version}"
        return f"model {self.made_by}, prompt version {self.version}"

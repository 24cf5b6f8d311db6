"""Owns what an author asks for, and stage 1: the request with its template spelled out."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from chapter_pipeline.domain.stage_value import USES, Line, SectionKind, Slug, StageValue, Topic


class FigurePolicy(StrEnum):
    """Which figures a chapter may show. `credited`: those that may be printed with credit; `all`: not those forbidden."""

    NONE = "none"
    CREDITED = "credited"
    ALL = "all"


class ChapterKind(StrEnum):
    """Which template a chapter follows."""

    DISEASE = "disease"
    THERAPY = "therapy"
    TECHNIQUE = "technique"
    ANATOMY = "anatomy"


class AnswerForm(StrEnum):
    """What kind of statement answers a must-cover point; `quality.points` holds the rules.

    `STATEMENT`: one that has a term of the point. `WORDS`: one that has all words of the point. `DEFINITION`: one that
    says what the topic is. `STEP`: what is done in an operation. `FIGURE`: one that has a term and a number. `DOSE`: the
    dose of a drug with its unit.
    """

    STATEMENT = "statement"
    WORDS = "words"
    DEFINITION = "definition"
    STEP = "operative step"
    FIGURE = "figure"
    DOSE = "dose"


class PointChange(StageValue):
    """A must-cover point that an author adds; `terms` are what an answer to it mentions, default all its words."""

    text: Line = Field(min_length=3, max_length=300)
    terms: tuple[Line, ...] = Field(default=(), max_length=30)
    critical: bool = True


class SectionChange(StageValue):
    """What an author changes of the template: a section retitled, reweighed, dropped, given points, or a new one.

    A new section needs a title and a purpose. A share is that of the chapter's words.
    """

    kind: SectionKind
    drop: bool = False
    title: Line | None = Field(default=None, min_length=2, max_length=200)
    purpose: Line | None = Field(default=None, min_length=5, max_length=500)
    share: float | None = Field(default=None, gt=0, le=1)
    queries: tuple[Line, ...] = Field(default=(), max_length=10, description="Added to the template's.")
    cues: tuple[Line, ...] = Field(default=(), max_length=50, description="Added to the template's.")
    figures: tuple[Line, ...] = Field(default=(), max_length=10, description="What its figures should show; added.")
    clinical: bool | None = Field(default=None, description="Of people: no sentence of animals or bench work alone.")
    must_cover: tuple[PointChange | Line, ...] = Field(default=(), max_length=20)


class BriefRequest(StageValue):
    """What an author asks for; only `topic` is needed. The YAML of ``chapters new --brief`` has these keys."""

    topic: Topic
    kind: ChapterKind | None = Field(
        default=None, description="Default: what its topic tells, see `writing.brief.kind_of_topic`."
    )
    title: Line | None = Field(default=None, max_length=300)
    audience: Line = Field(default="neurosurgeons in training and in practice", max_length=300)
    word_budget: int = Field(default=4000, ge=500, le=40000, description="Words of the whole chapter.")
    must_cover: tuple[Line, ...] = Field(default=(), max_length=50, description="Points beyond the template's.")
    exclude: tuple[Line, ...] = Field(
        default=(), max_length=50, description="What it is not about: ``paediatric tumours``. All words count."
    )
    template: dict[str, Any] | None = Field(
        default=None, description="The author's own template, as its YAML states it."
    )
    sections: tuple[SectionChange, ...] = Field(default=(), max_length=40, description="Changes of the template.")
    order: tuple[Line, ...] = Field(default=(), max_length=40, description="Kinds that come first, in this order.")
    figures: FigurePolicy = Field(default=FigurePolicy.CREDITED, description="Which figures it may show.")
    cutoff_date: date | None = Field(default=None, description="Nothing published later is used; default today.")


class MustCoverPoint(StageValue):
    """A point that the template or the author demands of a section; `terms` are what an answer to it mentions."""

    text: str
    section: str
    terms: tuple[str, ...]
    critical: bool = False
    form: AnswerForm = Field(default=AnswerForm.STATEMENT, description="What kind of statement answers it.")
    near: tuple[str, ...] = Field(
        default=(), description="What a passage mentions that may help where none answers it: `exclusion criteria`."
    )


class SectionTemplate(StageValue):
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


class ChapterBrief(StageValue):
    """Stage 1: the validated request with its template spelled out."""

    retired: ClassVar[frozenset[str]] = USES

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
    exclude: tuple[str, ...] = Field(default=(), description="What the chapter is not about.")
    figures: FigurePolicy = FigurePolicy.CREDITED

    @property
    def must_cover(self) -> tuple[MustCoverPoint, ...]:
        return tuple(point for section in self.sections for point in section.must_cover)

"""Owns the chapter templates: which sections a kind of chapter has, what each is for and must cover."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from chapter_pipeline.domain import ChapterKind, MustCoverPoint, SectionKind, SectionTemplate, StageValue
from chapter_pipeline.domain.brief import AnswerForm
from chapter_pipeline.domain.stage_value import Line
from chapter_pipeline.errors import InvalidBrief
from chapter_pipeline.shown import shown, shown_text
from chapter_pipeline.writing.authored_yaml import read_mapping


class _Point(StageValue):
    text: Line = Field(min_length=3)
    terms: tuple[Line, ...] = Field(min_length=1, max_length=100)
    critical: bool = False
    form: AnswerForm = AnswerForm.STATEMENT
    near: tuple[Line, ...] = Field(default=(), max_length=30)


class _Section(StageValue):
    """A section as YAML states it; `SectionTemplate` says what its keys mean."""

    kind: SectionKind
    title: Line = Field(min_length=2)
    purpose: Line = Field(min_length=5)
    queries: tuple[Line, ...] = Field(min_length=1, max_length=20)
    cues: tuple[Line, ...] = Field(default=(), max_length=200)
    decisive: tuple[Line, ...] = Field(default=(), max_length=200)
    share: float = Field(gt=0, le=1)
    must_cover: tuple[_Point, ...] = Field(default=(), max_length=50)
    figures: tuple[Line, ...] = Field(default=(), max_length=20)
    clinical: bool = False


class ChapterTemplate(StageValue):
    """A template as its YAML file states it; ``{topic}`` stands in the queries for the chapter's topic.

    `perspectives` maps a point of view (surgeon, radiologist...) to what it asks of the topic.
    """

    name: Line = Field(min_length=2, max_length=80)
    title: Line = "{topic}"
    perspectives: dict[Line, Line] = Field(
        default_factory=lambda: {"surgeon": "treatment", "patient_safety": "risks"}, max_length=20
    )
    sections: tuple[_Section, ...] = Field(min_length=1, max_length=40)

    @model_validator(mode="after")
    def _kinds_differ(self) -> ChapterTemplate:
        kinds = [section.kind for section in self.sections]
        twice = next((kind for kind in kinds if kinds.count(kind) > 1), None)
        if twice is not None:
            raise ValueError(f"the section kind {twice!r} stands in it twice")
        return self

    def sections_for(self, topic: str) -> tuple[SectionTemplate, ...]:
        """The sections with the topic put into their queries."""
        return tuple(
            SectionTemplate(
                kind=section.kind,
                title=section.title,
                purpose=section.purpose,
                queries=tuple(query.replace("{topic}", topic) for query in section.queries),
                cues=section.cues,
                decisive=section.decisive,
                share=section.share,
                must_cover=tuple(
                    MustCoverPoint(
                        text=point.text,
                        section=section.kind,
                        terms=point.terms,
                        critical=point.critical,
                        form=point.form,
                        near=point.near,
                    )
                    for point in section.must_cover
                ),
                figures=tuple(query.replace("{topic}", topic) for query in section.figures),
                clinical=section.clinical,
            )
            for section in self.sections
        )


@cache
def template(kind: ChapterKind) -> ChapterTemplate:
    """The template of a chapter kind, from the package's YAML files."""
    folder = resources.files("chapter_pipeline.writing") / "chapter_templates"
    return ChapterTemplate.model_validate(yaml.safe_load((folder / f"{kind.value}.yaml").read_text("utf-8")))


def own_template(values: Mapping[str, Any], *, where: str) -> ChapterTemplate:
    """A template that an author brings. Raises `InvalidBrief` naming the key, the value and what is allowed."""
    try:
        return ChapterTemplate.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        key = shown_text(".".join(str(part) for part in first["loc"]), 120) or "template"
        given = "" if first["type"] == "missing" else f" has the value {shown(first.get('input'))}"
        raise InvalidBrief(f"{where}: {key}{given}: {shown_text(first['msg'])}") from error


def read_template(path: Path) -> dict[str, Any]:
    """The YAML of a template file, validated. Raises `InvalidBrief`."""
    loaded = read_mapping(path, "template")
    own_template(loaded, where=f"the template {str(path)!r}")
    return loaded

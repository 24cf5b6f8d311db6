"""Owns the chapter templates: which sections a kind of chapter has, what each is for and must cover."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml
from pydantic import Field

from chapter_pipeline.writing.model import Artifact, ChapterKind, MustCoverPoint, SectionTemplate


class _Point(Artifact):
    text: str
    terms: tuple[str, ...]
    critical: bool = False


class _Section(Artifact):
    kind: str = Field(pattern=r"^[a-z][a-z_]*$")
    title: str
    purpose: str
    queries: tuple[str, ...]
    cues: tuple[str, ...]
    share: float
    must_cover: tuple[_Point, ...] = ()


class ChapterTemplate(Artifact):
    """A template as its YAML file states it; ``{topic}`` stands in the queries for the chapter's topic.

    `perspectives` maps a point of view (surgeon, radiologist...) to what it asks of the topic.
    """

    name: str
    title: str
    perspectives: dict[str, str]
    sections: tuple[_Section, ...]

    def sections_for(self, topic: str) -> tuple[SectionTemplate, ...]:
        """The sections with the topic put into their queries."""
        return tuple(
            SectionTemplate(
                kind=section.kind,
                title=section.title,
                purpose=section.purpose,
                queries=tuple(query.replace("{topic}", topic) for query in section.queries),
                cues=section.cues,
                share=section.share,
                must_cover=tuple(
                    MustCoverPoint(text=point.text, section=section.kind, terms=point.terms, critical=point.critical)
                    for point in section.must_cover
                ),
            )
            for section in self.sections
        )


@cache
def template(kind: ChapterKind) -> ChapterTemplate:
    """The template of a chapter kind, from the package's YAML files."""
    folder = resources.files("chapter_pipeline.writing") / "chapter_templates"
    return ChapterTemplate.model_validate(yaml.safe_load((folder / f"{kind.value}.yaml").read_text("utf-8")))


@cache
def section_kinds() -> tuple[str, ...]:
    """Every section kind of every template, in the order of first mention: the keys of the section assets."""
    return tuple(dict.fromkeys(section.kind for kind in ChapterKind for section in template(kind).sections))

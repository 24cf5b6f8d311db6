"""Owns the chapter templates: which sections a kind of chapter has, what each is for and must cover."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from chapter_pipeline.errors import InvalidBrief
from chapter_pipeline.writing.model import Artifact, ChapterKind, MustCoverPoint, SectionTemplate


class _Point(Artifact):
    text: str = Field(min_length=3)
    terms: tuple[str, ...] = Field(min_length=1)
    critical: bool = False


class _Section(Artifact):
    """A section as YAML states it; `SectionTemplate` says what its keys mean."""

    kind: str = Field(pattern=r"^[a-z][a-z_]*$", max_length=40)
    title: str = Field(min_length=2)
    purpose: str = Field(min_length=5)
    queries: tuple[str, ...] = Field(min_length=1)
    cues: tuple[str, ...] = ()
    decisive: tuple[str, ...] = ()
    share: float = Field(gt=0, le=1)
    must_cover: tuple[_Point, ...] = ()
    figures: tuple[str, ...] = ()
    clinical: bool = False


class ChapterTemplate(Artifact):
    """A template as its YAML file states it; ``{topic}`` stands in the queries for the chapter's topic.

    `perspectives` maps a point of view (surgeon, radiologist...) to what it asks of the topic.
    """

    name: str = Field(min_length=2, max_length=80)
    title: str = "{topic}"
    perspectives: dict[str, str] = Field(default_factory=lambda: {"surgeon": "treatment", "patient_safety": "risks"})
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
                    MustCoverPoint(text=point.text, section=section.kind, terms=point.terms, critical=point.critical)
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
        key = ".".join(str(part) for part in first["loc"]) or "template"
        given = "" if first["type"] == "missing" else f" has the value {first.get('input')!r:.80}"
        raise InvalidBrief(f"{where}: {key}{given}: {first['msg']}") from error


def read_mapping(path: Path, what: str) -> dict[str, Any]:
    """The keys of an author's YAML file; `what` it is, for errors. An empty file has none. Raises `InvalidBrief`."""
    try:
        loaded = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidBrief(f"cannot read the {what} {str(path)!r}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = " ".join(line.strip() for line in str(error).splitlines())
        raise InvalidBrief(f"the {what} {str(path)!r} is not YAML: {where}") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise InvalidBrief(f"the {what} {str(path)!r} has to be a YAML mapping of keys, not a {type(loaded).__name__}")
    return loaded


def read_template(path: Path) -> dict[str, Any]:
    """The YAML of a template file, validated. Raises `InvalidBrief`."""
    loaded = read_mapping(path, "template")
    own_template(loaded, where=f"the template {str(path)!r}")
    return loaded


@cache
def packaged_kinds() -> tuple[str, ...]:
    """Every section kind of every packaged template, in the order of first mention."""
    return tuple(dict.fromkeys(section.kind for kind in ChapterKind for section in template(kind).sections))


def section_kinds(folder: Path) -> tuple[str, ...]:
    """The keys of the section assets: the packaged kinds, and those of authors that were put on record in `folder`."""
    try:
        known = (folder / _KINDS).read_text("utf-8").split()
    except FileNotFoundError:
        known = []
    return tuple(dict.fromkeys([*packaged_kinds(), *known]))


_KINDS = "section_kinds.txt"


def record_kinds(folder: Path, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Put section kinds on record that no packaged template has; those that are new. They become assets at the next load."""
    new = tuple(kind for kind in dict.fromkeys(kinds) if kind not in section_kinds(folder))
    if new:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _KINDS).open("a", encoding="utf-8") as file:
            file.write("".join(f"{kind}\n" for kind in new))
    return new

"""Owns stage 1: a request becomes a validated brief with its template spelled out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from chapter_pipeline.errors import InvalidBrief
from chapter_pipeline.writing.model import BriefRequest, ChapterBrief, MustCoverPoint, SectionTemplate, Slug
from chapter_pipeline.writing.templates import template
from chapter_pipeline.writing.text import words

_SLUG: TypeAdapter[str] = TypeAdapter(Slug)
_STOP = frozenset("a an and are as at by for from in into is it its of on or the their to was were with".split())


def validated_slug(slug: str) -> str:
    """`slug` itself. Raises `InvalidBrief` unless it is lower-case words joined by hyphens, 2 to 80 characters."""
    try:
        return _SLUG.validate_python(slug)
    except ValidationError as error:
        raise InvalidBrief(
            f"chapter slug {slug!r} is not usable: use lower-case letters, digits and single hyphens, "
            "2 to 80 characters, for example 'malignant-glioma'"
        ) from error


def request_from(values: dict[str, Any]) -> BriefRequest:
    """Validate the keys of a brief. Raises `InvalidBrief` naming the key, the value and what is allowed."""
    try:
        return BriefRequest.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "brief"
        if first["type"] == "extra_forbidden":
            known = ", ".join(BriefRequest.model_fields)
            raise InvalidBrief(f"unknown key {key!r} in the brief: the keys are {known}") from error
        if first["type"] == "missing":
            raise InvalidBrief(f"the brief has no {key!r}: give it one") from error
        raise InvalidBrief(f"brief key {key!r} has the value {first.get('input')!r}: {first['msg']}") from error


def request_from_yaml(path: Path, **values: Any) -> BriefRequest:
    """Read a brief file; `values` that are not None win over it. Raises `InvalidBrief`."""
    try:
        loaded = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidBrief(f"cannot read the brief {str(path)!r}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = " ".join(line.strip() for line in str(error).splitlines())
        raise InvalidBrief(f"the brief {str(path)!r} is not YAML: {where}") from error
    if loaded is None:
        loaded = {}
    if not isinstance(loaded, dict):
        raise InvalidBrief(f"the brief {str(path)!r} has to be a YAML mapping of keys, not a {type(loaded).__name__}")
    return request_from({**loaded, **{key: value for key, value in values.items() if value is not None}})


def topic_from_slug(slug: str) -> str:
    """``local-therapy-of-glioma`` becomes ``Local therapy of glioma``."""
    text = validated_slug(slug).replace("-", " ")
    return text[0].upper() + text[1:]


def chapter_brief(slug: str, request: BriefRequest, *, today: date) -> ChapterBrief:
    """Stage 1. The author's own must-cover points join the section whose cues they share most words with."""
    chosen = template(request.kind)
    sections = chosen.sections_for(request.topic)
    for text in request.must_cover:
        terms = tuple(word for word in dict.fromkeys(words(text)) if word not in _STOP) or (text,)
        home = _closest_section(terms, sections)
        point = MustCoverPoint(text=text, section=home.kind, terms=terms, critical=True)
        sections = tuple(
            section.model_copy(
                update={
                    "must_cover": (*section.must_cover, point),
                    "queries": (*section.queries, f"{text} in {request.topic}"),
                }
            )
            if section is home
            else section
            for section in sections
        )
    return ChapterBrief(
        slug=validated_slug(slug),
        topic=request.topic,
        title=request.title or chosen.title.replace("{topic}", request.topic),
        kind=request.kind,
        audience=request.audience,
        template=chosen.name,
        word_budget=request.word_budget,
        cutoff_date=request.cutoff_date or today,
        sections=sections,
    )


def _closest_section(terms: tuple[str, ...], sections: tuple[SectionTemplate, ...]) -> SectionTemplate:
    def shared(section: SectionTemplate) -> int:
        vocabulary = set(words(" ".join((section.title, section.purpose, *section.cues))))
        return sum(term in vocabulary for term in terms)

    return max(sections, key=shared)

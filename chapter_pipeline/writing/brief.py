"""Owns stage 1: a request becomes a validated brief with its template spelled out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from chapter_pipeline.domain import (
    BriefRequest,
    ChapterBrief,
    ChapterKind,
    MustCoverPoint,
    PointChange,
    SectionChange,
    SectionTemplate,
    Slug,
)
from chapter_pipeline.domain.brief import AnswerForm
from chapter_pipeline.domain.wording import words
from chapter_pipeline.errors import InvalidBrief
from chapter_pipeline.shown import shown, shown_text
from chapter_pipeline.writing.authored_yaml import read_mapping
from chapter_pipeline.writing.templates import own_template, read_template, template

_SLUG: TypeAdapter[str] = TypeAdapter(Slug)
_STOP = frozenset("a an and are as at by for from in into is it its of on or the their to was were with".split())


_KINDS: tuple[tuple[ChapterKind, re.Pattern[str]], ...] = (
    (ChapterKind.ANATOMY, re.compile(r"\banatom(?:y|ical)\b(?! of the disease)", re.IGNORECASE)),
    (
        ChapterKind.TECHNIQUE,
        re.compile(
            r"\b(?:techniques?|approach(?:es)? to|operative|how to|craniotomy|craniectomy|cranioplasty|shunting|implantation of|placement of)\b(?![^:]*:)",
            re.IGNORECASE,
        ),
    ),
    (
        ChapterKind.THERAPY,
        re.compile(
            r"\b(?:\w*therap(?:y|ies)|treatments?|drug delivery|medication|pharmacological|radiosurgery|rehabilitation)\b(?! response)(?:,? (?:of|for|in|against|and|after|with)\b|$)|"
            r"^(?:local|systemic|medical|drug|surgical and medical) (?:\w+ ){0,3}(?:of|for|in)\b",
            re.IGNORECASE,
        ),
    ),
)


def kind_of_topic(topic: str) -> ChapterKind:
    """The kind of chapter that a topic asks for: "Therapy of glioma", "Anatomy of the insula"; else a disease.

    What stands behind a colon or in brackets only details it.
    """
    asked = re.split(r"[:(]", topic)[0]
    return next((kind for kind, pattern in _KINDS if pattern.search(asked)), ChapterKind.DISEASE)


def validated_slug(slug: str) -> str:
    """`slug` itself. Raises `InvalidBrief` unless it is lower-case words joined by hyphens, 2 to 80 characters."""
    try:
        return _SLUG.validate_python(slug)
    except ValidationError as error:
        raise InvalidBrief(
            f"chapter slug {shown(slug)} is not usable: use lower-case letters, digits and single hyphens, "
            "2 to 80 characters, for example 'malignant-glioma'"
        ) from error


def request_from(values: dict[str, Any]) -> BriefRequest:
    """Validate the keys of a brief. Raises `InvalidBrief` naming the key, the value and what is allowed."""
    try:
        return BriefRequest.model_validate(values)
    except ValidationError as error:
        # A point is a text or a mapping: what is wrong with a text is not that it is no mapping.
        first = next((one for one in error.errors() if one["type"] != "model_type"), error.errors()[0])
        key = shown_text(".".join(str(part) for part in first["loc"]), 120) or "brief"
        if first["type"] == "extra_forbidden":
            form: type[BaseModel] = BriefRequest
            if first["loc"][0] == "sections":
                form = PointChange if "must_cover" in first["loc"] else SectionChange
            known = ", ".join(form.model_fields)
            raise InvalidBrief(f"unknown key {key!r} in the brief: the keys are {known}") from error
        if first["type"] == "missing":
            raise InvalidBrief(f"the brief has no {key!r}: give it one") from error
        told = f"brief key {key!r} has the value {shown(first.get('input'))}: {shown_text(first['msg'])}"
        raise InvalidBrief(told) from error


def request_from_yaml(path: Path, **values: Any) -> BriefRequest:
    """Read a brief file; `values` that are not None win over it. Raises `InvalidBrief`."""
    loaded = read_mapping(path, "brief")
    if isinstance(loaded.get("template"), str):  # a file, beside the brief
        loaded["template"] = read_template(path.parent / loaded["template"])
    return request_from({**loaded, **{key: value for key, value in values.items() if value is not None}})


def topic_from_slug(slug: str) -> str:
    """``local-therapy-of-glioma`` becomes ``Local therapy of glioma``."""
    text = validated_slug(slug).replace("-", " ")
    return text[0].upper() + text[1:]


def chapter_brief(slug: str, request: BriefRequest, *, today: date) -> ChapterBrief:
    """Stage 1: the template, changed as the request says.

    The author's own must-cover points join the section that they are given to, else the one whose cues they share most
    words with. Raises `InvalidBrief` for a change that cannot be made.
    """
    kind = request.kind or kind_of_topic(request.topic)
    chosen = template(kind) if request.template is None else own_template(request.template, where="template")
    sections = changed_sections(asked_of(request, chosen.sections_for(request.topic)), request)
    for text in request.must_cover:
        home = _closest_section(_terms(text), sections)
        sections = tuple(
            _with_points(section, (text,), request.topic) if section is home else section for section in sections
        )
    return ChapterBrief(
        slug=validated_slug(slug),
        topic=request.topic,
        title=request.title or chosen.title.replace("{topic}", request.topic),
        kind=kind,
        audience=request.audience,
        template=chosen.name,
        word_budget=request.word_budget,
        cutoff_date=request.cutoff_date or today,
        sections=sections,
        perspectives=chosen.perspectives,
        figures=request.figures,
        exclude=request.exclude,
    )


def asked_of(request: BriefRequest, sections: tuple[SectionTemplate, ...]) -> tuple[SectionTemplate, ...]:
    """The template's sections without those on operations, where the topic is a disease that is not operated on.

    Only of a kind that was not asked for by name; a change of such a section in the request keeps it.
    """
    changed = {change.kind for change in request.sections}
    if request.kind is not None or request.template is not None or not _WITHOUT_OPERATION.search(request.topic):
        return sections
    return tuple(section for section in sections if section.kind not in _OPERATIONS or section.kind in changed)


_OPERATIONS = frozenset({"surgical_treatment"})
_WITHOUT_OPERATION = re.compile(
    r"\b(?:diabetes|migraine|multiple sclerosis|hypertension|depress\w+|anxiety|schizophrenia|asthma|headaches?|dementia|alzheimer\S*|"
    r"polyneuropath\w*|myasthenia|guillain\S*|encephalitis|meningitis|narcolepsy|insomnia|obesity|malaria|tuberculosis|HIV|"
    r"drug allergy|vaccin\w*|epidemiology|prevalence|polypharmacy)\b",
    re.IGNORECASE,
)


def section_kinds_of(request: BriefRequest) -> tuple[str, ...]:
    """The kinds of all sections that a request names. Raises `InvalidBrief`, see `chapter_brief`."""
    return tuple(section.kind for section in chapter_brief("any-chapter", request, today=date.min).sections)


def changed_sections(sections: tuple[SectionTemplate, ...], request: BriefRequest) -> tuple[SectionTemplate, ...]:
    """The template's `sections` with the changes of the request, in its order; shares that sum to more than 1 shrink."""
    kept = {section.kind: section for section in sections}
    for change in request.sections:
        known = kept.get(change.kind)
        if change.drop:
            if known is None:
                raise InvalidBrief(f"the brief drops the section {change.kind!r}: there are {', '.join(kept)}")
            del kept[change.kind]
            continue
        if known is None:
            known = _new_section(change, request.topic)
        kept[change.kind] = _changed(known, change, request.topic)
    unknown = [kind for kind in request.order if kind not in kept]
    if unknown:
        raise InvalidBrief(f"the brief's order names the section {shown(unknown[0])}: there are {', '.join(kept)}")
    if not kept:
        raise InvalidBrief("the brief drops every section of its template: keep one, or add one")
    return tuple(kept[kind] for kind in dict.fromkeys([*request.order, *kept]))


NEW_SHARE = 0.07
"""Share of the words of a section that an author adds and gives no share."""


def _new_section(change: SectionChange, topic: str) -> SectionTemplate:
    if not change.title or not change.purpose:
        raise InvalidBrief(
            f"the brief adds the section {change.kind!r}, which its template has not: give it a title and a purpose"
        )
    words_of_it = [word for word in words(f"{change.title} {change.purpose}") if word not in _STOP and len(word) > 3]
    return SectionTemplate(
        kind=change.kind, title=change.title, purpose=change.purpose, share=change.share or NEW_SHARE,
        queries=(f"{change.title} in {topic}", f"{change.purpose.rstrip('.')} in {topic}"),
        cues=tuple(dict.fromkeys(words_of_it)), clinical=bool(change.clinical),
    )  # fmt: skip


def _changed(section: SectionTemplate, change: SectionChange, topic: str) -> SectionTemplate:
    made = section.model_copy(
        update={
            "title": change.title or section.title,
            "purpose": change.purpose or section.purpose,
            "share": change.share or section.share,
            "queries": (*section.queries, *(query.replace("{topic}", topic) for query in change.queries)),
            "cues": tuple(dict.fromkeys([*section.cues, *change.cues])),
            "figures": (*section.figures, *(query.replace("{topic}", topic) for query in change.figures)),
            "clinical": section.clinical if change.clinical is None else change.clinical,
        }
    )
    return _with_points(made, change.must_cover, topic)


def _with_points(section: SectionTemplate, points: Sequence[PointChange | str], topic: str) -> SectionTemplate:
    """The section with points of the author's, and a query for each."""
    told = [PointChange(text=point) if isinstance(point, str) else point for point in points]
    added = tuple(
        MustCoverPoint(
            text=point.text,
            section=section.kind,
            terms=point.terms or _terms(point.text),
            critical=point.critical,
            form=AnswerForm.STATEMENT if point.terms else AnswerForm.WORDS,
        )
        for point in told
    )
    return section.model_copy(
        update={
            "must_cover": (*section.must_cover, *added),
            "queries": (*section.queries, *(f"{point.text} in {topic}" for point in told)),
        }
    )


def _terms(text: str) -> tuple[str, ...]:
    return tuple(word for word in dict.fromkeys(words(text)) if word not in _STOP) or (text,)


def _closest_section(terms: tuple[str, ...], sections: tuple[SectionTemplate, ...]) -> SectionTemplate:
    def shared(section: SectionTemplate) -> int:
        vocabulary = set(words(" ".join((section.title, section.purpose, *section.cues))))
        return sum(term in vocabulary for term in terms)

    return max(sections, key=shared)

"""Owns how a language model helps to plan: queries for each section, and the sub-topics of each in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chapter_pipeline.domain import PlannedSubsection, Quote, Relation, StageValue
from chapter_pipeline.domain.tasks import (
    LiteratureQueriesReply,
    LiteratureQueriesRequest,
    OutlinedSubsections,
    OutlineReply,
    OutlineRequest,
    RelationsReply,
    RelationsRequest,
    SectionQueries,
    SectionQueriesReply,
    SectionQueriesRequest,
)
from chapter_pipeline.domain.wording import words
from chapter_pipeline.providers.language_sections import opaque
from chapter_pipeline.providers.prompts import fenced, prompt
from chapter_pipeline.providers.structured_request import Ask

MAX_QUERIES = 3
MAX_QUERY_WORDS = 20
MAX_TITLE_WORDS = 9
MAX_ABOUT_WORDS = 14
QUERIES_OUTPUT_TOKENS = 6000
OUTLINE_OUTPUT_TOKENS = 16000


class WrittenSubtopic(StageValue):
    title: str
    keys: tuple[str, ...]


class WrittenOutline(StageValue):
    kind: str
    subtopics: tuple[WrittenSubtopic, ...]


class WrittenRelation(StageValue):
    number: int
    contradicts: bool
    about: str


class WrittenRelations(StageValue):
    relations: tuple[WrittenRelation, ...]


class WrittenOutlines(StageValue):
    sections: tuple[WrittenOutline, ...]


def section_queries(request: SectionQueriesRequest, ask: Ask) -> SectionQueriesReply:
    """Up to three new queries for each section of the request."""
    text = prompt("section_queries")
    filled = text.fill(
        topic=fenced("topic", request.topic),
        audience=fenced("readers", request.audience),
        sections=fenced("sections", [section.model_dump(mode="json") for section in request.sections]),
    )
    reply = ask("section_queries", text, filled, SectionQueriesReply, QUERIES_OUTPUT_TOKENS)
    proposed = {section.kind: section.queries for section in reply.sections}
    kept = []
    for section in request.sections:
        known = {query.casefold() for query in section.queries}
        new = [" ".join(query.split()) for query in proposed.get(section.kind, ())]
        fit = [query for query in dict.fromkeys(new) if query.casefold() not in known]
        fit = [query for query in fit if 1 < len(query.split()) <= MAX_QUERY_WORDS]
        kept.append(SectionQueries(kind=section.kind, queries=tuple(fit[:MAX_QUERIES])))
    return SectionQueriesReply(sections=tuple(kept))


def outline(request: OutlineRequest, ask: Ask) -> OutlineReply:
    """The sub-topics of each section. A quote that the model forgot comes first, without a title."""
    text = prompt("outline")
    keyed = {section.kind: opaque(section.quotes) for section in request.sections}
    filled = text.fill(
        topic=fenced("topic", request.topic),
        audience=fenced("readers", request.audience),
        sections=fenced(
            "sections",
            [
                {
                    "kind": section.kind, "title": section.title, "purpose": section.purpose,
                    "quotations": {key: quote.display for key, quote in keyed[section.kind].items()},
                }
                for section in request.sections
            ],
        ),
    )  # fmt: skip
    reply = ask("outline", text, filled, WrittenOutlines, OUTLINE_OUTPUT_TOKENS)
    written = {section.kind: section for section in reply.sections}
    return OutlineReply(
        sections=tuple(
            OutlinedSubsections(
                kind=section.kind, subsections=_subsections(written.get(section.kind), keyed[section.kind])
            )
            for section in request.sections
        )
    )


def literature_queries(request: LiteratureQueriesRequest, ask: Ask) -> LiteratureQueriesReply:
    """Queries whose brackets and quotation marks close, and that name something of the chapter."""
    text = prompt("literature_queries")
    filled = text.fill(
        topic=fenced("topic", request.topic),
        audience=fenced("readers", request.audience),
        limit=request.limit,
        concepts=fenced("concepts", [[concept.name, *concept.synonyms] for concept in request.concepts]),
    )
    reply = ask("literature_queries", text, filled, LiteratureQueriesReply, QUERIES_OUTPUT_TOKENS)
    named = {word for word in words(request.topic) if len(word) > 3}
    named |= {word for one in request.concepts for form in (one.name, *one.synonyms) for word in words(form)}
    queries = dict.fromkeys(" ".join(query.split()) for query in reply.queries)
    kept = [query for query in queries if _closes(query) and named & set(words(query))]
    return LiteratureQueriesReply(queries=tuple(kept[: request.limit]))


def _closes(query: str) -> bool:
    depth = 0
    for sign in re.sub(r'"[^"]*"', "", query):
        depth += (sign == "(") - (sign == ")")
        if depth < 0 or sign == '"':
            return False
    return depth == 0 and bool(query)


def relations(request: RelationsRequest, ask: Ask) -> RelationsReply:
    """What the model says of the pairs of the request, each once."""
    text = prompt("relations")
    filled = text.fill(
        topic=fenced("topic", request.topic),
        pairs=fenced(
            "pairs",
            [
                [number, *([one.display, one.study_type.value, one.year] for one in (pair.first, pair.second))]
                for number, pair in enumerate(request.pairs, start=1)
            ],
        ),
    )
    reply = ask("relations", text, filled, WrittenRelations, OUTLINE_OUTPUT_TOKENS)
    found: dict[int, Relation] = {}
    for written in reply.relations:
        about = " ".join(written.about.split())
        if 1 <= written.number <= len(request.pairs) and about:
            pair = request.pairs[written.number - 1]
            found.setdefault(
                written.number,
                Relation(
                    first=pair.first.key, second=pair.second.key, contradicts=written.contradicts,
                    about=" ".join(about.split()[:MAX_ABOUT_WORDS]),
                ),
            )  # fmt: skip
    return RelationsReply(relations=tuple(found[number] for number in sorted(found)))


def _subsections(written: WrittenOutline | None, keyed: Mapping[str, Quote]) -> tuple[PlannedSubsection, ...]:
    keys = {key: quote.key for key, quote in keyed.items()}
    left = dict.fromkeys(keys.values())
    planned = []
    for subtopic in written.subtopics if written else ():
        members = [keys[key] for key in dict.fromkeys(subtopic.keys) if keys.get(key) in left]
        for member in members:
            del left[member]
        title = " ".join(subtopic.title.split())
        if len(title.split()) > MAX_TITLE_WORDS:
            title = ""
        if members:
            planned.append(PlannedSubsection(title=title, quotes=tuple(members)))
    if left:
        planned.insert(0, PlannedSubsection(title="", quotes=tuple(left)))
    return tuple(planned)

"""Owns how a language model helps to plan: queries for each section, and the sub-topics of each in their order."""

from __future__ import annotations

from collections.abc import Mapping

from chapter_pipeline.providers.asking import Ask
from chapter_pipeline.providers.language_sections import opaque
from chapter_pipeline.providers.prompts import fenced, prompt
from chapter_pipeline.writing.model import Artifact, PlannedSubsection, Quote
from chapter_pipeline.writing.tasks import (
    OutlinedSubsections,
    OutlineReply,
    OutlineRequest,
    SectionQueries,
    SectionQueriesReply,
    SectionQueriesRequest,
)

MAX_QUERIES = 3
MAX_QUERY_WORDS = 20
MAX_TITLE_WORDS = 9
QUERIES_OUTPUT_TOKENS = 6000
OUTLINE_OUTPUT_TOKENS = 16000


class WrittenSubtopic(Artifact):
    title: str
    keys: tuple[str, ...]


class WrittenOutline(Artifact):
    kind: str
    subtopics: tuple[WrittenSubtopic, ...]


class WrittenOutlines(Artifact):
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

"""Owns how a language model chooses concepts: among the library's own terms, whatever else it names."""

from __future__ import annotations

from chapter_pipeline.domain.tasks import KeyConceptsReply, KeyConceptsRequest, ProposedConcept
from chapter_pipeline.errors import ModelRefused
from chapter_pipeline.providers.prompts import fenced, prompt
from chapter_pipeline.providers.structured_request import Ask

MAX_OUTPUT_TOKENS = 8000


def choose_concepts(request: KeyConceptsRequest, ask: Ask) -> KeyConceptsReply:
    """Concepts of the topic, each a term of the candidates. Raises `ModelRefused` when the model names none of them."""
    text = prompt("key_concepts")
    filled = text.fill(
        topic=fenced("topic", request.topic),
        audience=fenced("readers", request.audience),
        limit=request.limit,
        perspectives=fenced("perspectives", request.perspectives),
        candidates=fenced(
            "candidates",
            [[term.name, *term.synonyms, term.frequency, term.documents] for term in request.candidates],
        ),
    )
    reply = ask("key_concepts", text, filled, KeyConceptsReply, MAX_OUTPUT_TOKENS)
    forms = {form.casefold(): term for term in request.candidates for form in (term.name, *term.synonyms)}
    kept: dict[str, ProposedConcept] = {}
    for concept in reply.concepts:
        term = forms.get(concept.name.casefold())
        if term is not None and term.name not in kept:
            known = [name for name in concept.synonyms if name.casefold() in forms]
            asked = tuple(query for query in concept.queries if query.perspective in request.perspectives)
            synonyms = tuple(dict.fromkeys((*term.synonyms, *known)))
            kept[term.name] = ProposedConcept(
                name=term.name, synonyms=synonyms, importance=min(max(concept.importance, 0.0), 1.0), queries=asked
            )
    if not kept and request.candidates:
        raise ModelRefused("none of the concepts that the model named is a term of the library")
    return KeyConceptsReply(concepts=tuple(kept.values())[: request.limit])

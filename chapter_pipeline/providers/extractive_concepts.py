"""Owns how the extractive provider chooses concepts: close to the topic, well used, different from each other."""

from __future__ import annotations

import math

import numpy as np

from chapter_pipeline.domain.tasks import (
    CandidateTerm,
    KeyConceptsReply,
    KeyConceptsRequest,
    ProposedConcept,
    ProposedQuery,
)
from chapter_pipeline.ports import Embedder

SAME_CONCEPT = 0.80
"""Cosine above which two terms are one concept (the lesser becomes a synonym of the better)."""

QUESTIONS = (
    ("efficacy", "what does {name} bring compared with treatment without it in {topic}: survival, response, function?"),
    ("safety", "what adverse events and complications does {name} have, and how often?"),
    ("dose", "in which dose and by which route is {name} given?"),
)
"""What a chapter asks of an intervention: each with its point of view."""


def choose_concepts(request: KeyConceptsRequest, embedder: Embedder) -> KeyConceptsReply:
    """Pick up to `request.limit` concepts among the candidates; near-synonyms are folded into one."""
    groups = _fold(request.candidates, embedder)[: request.limit]
    if not groups:
        return KeyConceptsReply(concepts=())
    top = max(_weight(group[0]) for group in groups)
    return KeyConceptsReply(concepts=tuple(_concept(group, _weight(group[0]) / top, request) for group in groups))


def _weight(term: CandidateTerm) -> float:
    return term.closeness * math.log1p(term.frequency)


def _fold(candidates: tuple[CandidateTerm, ...], embedder: Embedder) -> list[list[CandidateTerm]]:
    if not candidates:
        return []
    vectors = embedder.embed([term.name for term in candidates])
    groups: list[list[int]] = []
    for index, term in enumerate(candidates):
        home = next(
            (group for group in groups if _same(candidates[group[0]], term, vectors[group[0]], vectors[index])), None
        )
        if home is None:
            groups.append([index])
        else:
            home.append(index)
    return [[candidates[index] for index in group] for group in groups]


def _same(a: CandidateTerm, b: CandidateTerm, va: np.ndarray, vb: np.ndarray) -> bool:
    first, second = set(a.name.lower().split()), set(b.name.lower().split())
    return first <= second or second <= first or float(va @ vb) >= SAME_CONCEPT


def _concept(group: list[CandidateTerm], importance: float, request: KeyConceptsRequest) -> ProposedConcept:
    best = group[0]
    synonyms = dict.fromkeys([*best.synonyms, *(term.name for term in group[1:4])])
    queries = [ProposedQuery(text=f"{best.name} in {request.topic}", perspective="author")]
    if best.intervention:
        queries += [
            ProposedQuery(text=question.format(name=best.name, topic=request.topic), perspective=perspective)
            for perspective, question in QUESTIONS
        ]
    queries += [
        ProposedQuery(text=f"{best.name}: {asked}", perspective=perspective)
        for perspective, asked in request.perspectives.items()
    ]
    return ProposedConcept(
        name=best.name, synonyms=tuple(synonyms), importance=round(importance, 3), queries=tuple(queries)
    )

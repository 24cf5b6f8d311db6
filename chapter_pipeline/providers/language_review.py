"""Owns how a language model reads a finished text: key points, a review, and what is missing; it can add no claim.

A new wording is checked against the quotes of its sentences, and left out when they do not support it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chapter_pipeline.domain import Edit, EditAction, Sentence, StageValue
from chapter_pipeline.domain.tasks import (
    CitedSentence,
    CriticalInformationReply,
    CriticalInformationRequest,
    FinalReviewReply,
    FinalReviewRequest,
    KeyPointsReply,
    KeyPointsRequest,
    MissingInformation,
    Remark,
    ReviewReply,
    ReviewRequest,
)
from chapter_pipeline.providers.language_sections import fenced_evidence, opaque
from chapter_pipeline.providers.prompts import fenced, prompt
from chapter_pipeline.providers.structured_request import Ask
from chapter_pipeline.quality.grounding import lexical_support, support_problems

POINTS_OUTPUT_TOKENS = 6000
REVIEW_OUTPUT_TOKENS = 16000
CRITICAL_OUTPUT_TOKENS = 8000
MAX_SENTENCES_A_POINT = 3
MAX_MISSING = 8
MAX_REMARKS = 6
MAX_REMARK_WORDS = 60
MAX_DELETED = 0.2
"""Share of the sentences above which a review that deletes them is no review."""


LEAST_KEPT = 0.6
"""Share of the words of a new wording that the sentence it replaces has: a review rewords, it writes nothing new."""
LEAST_OF_SENTENCES = 0.4
"""Share of the words of a key point that its sentences or their quotes have: it sums them up."""


class WrittenPoint(StageValue):
    text: str
    sentences: tuple[int, ...]


class WrittenPoints(StageValue):
    points: tuple[WrittenPoint, ...]


class WrittenEdit(StageValue):
    number: int
    action: Literal["delete", "replace"]
    text: str
    reason: str


class WrittenReview(StageValue):
    edits: tuple[WrittenEdit, ...]


def key_points(request: KeyPointsRequest, ask: Ask) -> KeyPointsReply:
    """Key points that the quotes of the sentences they name support."""
    text = prompt("key_points")
    filled = text.fill(
        topic=fenced("topic", request.topic),
        audience=fenced("readers", request.audience),
        limit=request.limit,
        words=request.longest_words,
        sentences=_numbered(request.sentences),
    )
    reply = ask("key_points", text, filled, WrittenPoints, POINTS_OUTPUT_TOKENS)
    points = []
    for written in reply.points:
        named = [request.sentences[n - 1] for n in dict.fromkeys(written.sentences) if 1 <= n <= len(request.sentences)]
        said = " ".join(written.text.split())
        if not named or len(named) > MAX_SENTENCES_A_POINT or len(said.split()) > request.longest_words:
            continue
        quotes = [quote for one in named for quote in one.quotes]
        near = lexical_support(said, [*quotes, *(one.sentence.text for one in named)]) >= LEAST_OF_SENTENCES
        if near and not support_problems(said, quotes):
            keys = dict.fromkeys(key for one in named for key in one.sentence.quotes)
            points.append(Sentence(text=said, quotes=tuple(keys)))
    return KeyPointsReply(points=tuple(points[: request.limit]))


def review(request: ReviewRequest, ask: Ask) -> ReviewReply:
    """Edits of sentences of the request; a replacement that their quotes do not support is none."""
    text = prompt("review")
    filled = text.fill(
        topic=fenced("topic", request.topic),
        audience=fenced("readers", request.audience),
        sentences=_numbered(request.sentences),
    )
    reply = ask("review", text, filled, WrittenReview, REVIEW_OUTPUT_TOKENS)
    edits: dict[int, Edit] = {}
    for written in reply.edits:
        if not 1 <= written.number <= len(request.sentences) or written.number in edits:
            continue
        edit = _edit(written, request.sentences[written.number - 1])
        if edit is not None:
            edits[written.number] = edit
    deleted = sum(edit.action is EditAction.DELETE for edit in edits.values())
    if deleted > MAX_DELETED * len(request.sentences):
        edits = {number: edit for number, edit in edits.items() if edit.action is EditAction.REPLACE}
    return ReviewReply(edits=tuple(edits[number] for number in sorted(edits)))


class WrittenMissing(StageValue):
    section: str
    point: str
    why: str
    severity: Literal["critical", "high", "medium"]
    keys: tuple[str, ...]


class WrittenMissings(StageValue):
    missing: tuple[WrittenMissing, ...]


def critical_information(request: CriticalInformationRequest, ask: Ask) -> CriticalInformationReply:
    """Points that the chapter misses, each in a section that it has, with the quotes at hand that speak of it.

    A point is critical only with such a quote: what stops a publication can be checked.
    """
    text = prompt("critical_information")
    at_hand = opaque(request.at_hand)
    filled = text.fill(
        topic=fenced("topic", request.topic),
        kind=request.kind,
        audience=fenced("readers", request.audience),
        sections=fenced("sections", [[one.kind, one.title, one.purpose] for one in request.sections]),
        required=fenced("required", request.must_cover),
        text=fenced("chapter", request.text),
        evidence=fenced_evidence((), at_hand),
    )
    reply = ask("critical_information", text, filled, WrittenMissings, CRITICAL_OUTPUT_TOKENS)
    kinds = {section.kind for section in request.sections}
    kept: dict[str, MissingInformation] = {}
    for missing in reply.missing:
        point = " ".join(missing.point.split()).rstrip(".")
        if missing.section in kinds and point:
            quotes = tuple(dict.fromkeys(at_hand[key].key for key in missing.keys if key in at_hand))
            severity = "high" if missing.severity == "critical" and not quotes else missing.severity
            kept.setdefault(
                point.casefold(),
                MissingInformation(
                    section=missing.section, point=point, why=" ".join(missing.why.split()), severity=severity,
                    quotes=quotes,
                ),
            )  # fmt: skip
    return CriticalInformationReply(missing=tuple(kept.values())[:MAX_MISSING])


def final_review(request: FinalReviewRequest, ask: Ask) -> FinalReviewReply:
    """Remarks on sections that the chapter has."""
    text = prompt("final_review")
    filled = text.fill(
        topic=fenced("topic", request.topic),
        kind=request.kind,
        audience=fenced("readers", request.audience),
        sections=fenced("sections", [[one.kind, one.title, one.purpose] for one in request.sections]),
        gaps=fenced("gaps", request.gaps),
        text=fenced("chapter", request.text),
    )
    reply = ask("final_review", text, filled, FinalReviewReply, CRITICAL_OUTPUT_TOKENS)
    remarks = [
        Remark(section=one.section, text=" ".join(one.text.split()))
        for one in reply.remarks
        if one.section in request.text and 0 < len(one.text.split()) <= MAX_REMARK_WORDS
    ]
    return FinalReviewReply(remarks=tuple(remarks[:MAX_REMARKS]))


def _edit(written: WrittenEdit, cited: CitedSentence) -> Edit | None:
    before = cited.sentence.text
    reason = " ".join(written.reason.split()) or "no reason given"
    if written.action == "delete":
        return Edit(action=EditAction.DELETE, section=cited.section, before=before, reason=reason)
    after = " ".join(written.text.split())
    if not after or after == before or support_problems(after, cited.quotes) or support_problems(after, [before]):
        return None
    if lexical_support(after, [before]) < LEAST_KEPT:
        return None
    return Edit(action=EditAction.REPLACE, section=cited.section, before=before, after=after, reason=reason)


def _numbered(sentences: Sequence[CitedSentence]) -> str:
    return fenced(
        "chapter", [[number, one.section, one.sentence.text] for number, one in enumerate(sentences, start=1)]
    )

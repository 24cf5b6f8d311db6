"""Owns what a text model can do for a stage that is whole without one: it is asked when it has an answer to the task.

A model that has one and fails to give it stops the stage: a chapter is never planned by less than what was set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chapter_pipeline.domain import (
    ChapterBrief,
    ChapterDraft,
    ChapterOutline,
    ChapterText,
    Edit,
    EvidenceMap,
    Gap,
    GapReport,
    GapType,
    KeyConcepts,
    LiteratureResearch,
    Quote,
    ReviewedChapter,
    Section,
    SectionTemplate,
    Sentence,
    Severity,
)
from chapter_pipeline.domain.tasks import (
    BriefSection,
    CheckedClaim,
    CheckedPassage,
    CitedSentence,
    ClaimCheckReply,
    ClaimCheckRequest,
    ClaimJudgement,
    CriticalInformationReply,
    CriticalInformationRequest,
    FinalReviewReply,
    FinalReviewRequest,
    KeyPointsReply,
    KeyPointsRequest,
    LiteratureQueriesReply,
    LiteratureQueriesRequest,
    NamedConcept,
    OutlinedSection,
    OutlineReply,
    OutlineRequest,
    QuotePair,
    RelationsReply,
    RelationsRequest,
    ReviewReply,
    ReviewRequest,
    SectionQueriesReply,
    SectionQueriesRequest,
)
from chapter_pipeline.domain.wording import words
from chapter_pipeline.ports import Embedder, Reply, ReplyT, Task, TextModel

CLAIMS_A_REQUEST = 12
SAME_QUESTION = 0.72
"""Cosine above which two quotes may speak of one question."""
MAX_PAIRS = 40
MIN_POINTS = 3
"""With fewer key points that hold, those that the chapter's own sentences make are better."""
MOST_AT_HAND = 80
"""Quotes that the chapter does not cite and the second opinion is shown, the closest to the topic first."""
EVIDENCE_SHOWN = 5
"""Quotes that a gap names as evidence at hand."""


def with_queries(brief: ChapterBrief, *, model: TextModel) -> ChapterBrief:
    """Stage 1: the brief with further queries for the library in its sections."""
    request = SectionQueriesRequest(
        topic=brief.topic, audience=brief.audience, sections=_brief_sections(brief.sections)
    )
    reply = _asked(
        model, Task(kind="section_queries", request=request, reply_type=SectionQueriesReply, chapter=brief.slug)
    )
    if reply is None:
        return brief
    new = {section.kind: section.queries for section in reply.value.sections}
    sections = tuple(
        section.model_copy(update={"queries": (*section.queries, *new.get(section.kind, ()))})
        for section in brief.sections
    )
    return brief.model_copy(update={"sections": sections})


def with_literature_queries(
    brief: ChapterBrief, concepts: KeyConcepts, found: LiteratureResearch, *, model: TextModel
) -> LiteratureResearch:
    """Stage 4: what was found, with queries for the indexes of the literature."""
    request = LiteratureQueriesRequest(
        topic=brief.topic, audience=brief.audience,
        concepts=tuple(NamedConcept(name=one.name, synonyms=one.synonyms) for one in concepts.concepts),
    )  # fmt: skip
    reply = _asked(
        model,
        Task(kind="literature_queries", request=request, reply_type=LiteratureQueriesReply, chapter=brief.slug),
    )
    if reply is None:
        return found
    return found.model_copy(update={"queries": reply.value.queries})


def with_relations(brief: ChapterBrief, evidence: EvidenceMap, *, embedder: Embedder, model: TextModel) -> EvidenceMap:
    """Stage 7: the map with what a model says of close quotes of different sources. It is asked when there are any."""
    if not model.answers("relations"):
        return evidence
    pairs = tuple(_close_pairs(evidence.quotes, embedder))
    if not pairs:
        return evidence
    request = RelationsRequest(topic=brief.topic, pairs=pairs)
    reply = _asked(model, Task(kind="relations", request=request, reply_type=RelationsReply, chapter=brief.slug))
    assert reply is not None
    found = reply.value.relations
    judged = {frozenset((one.first, one.second)) for one in found}
    others = [one for one in evidence.relations if frozenset((one.first, one.second)) not in judged]
    return evidence.model_copy(update={"relations": (*found, *others)})


def _close_pairs(quotes: Sequence[Quote], embedder: Embedder) -> Iterable[QuotePair]:
    """Pairs of quotes of different sources that are close to each other, the closest first, at most `MAX_PAIRS`."""
    if len(quotes) < 2:
        return []
    vectors = embedder.embed([quote.display for quote in quotes])
    likeness = vectors @ vectors.T
    pairs = [
        (float(likeness[i, j]), i, j)
        for j in range(len(quotes))
        for i in range(j)
        if likeness[i, j] >= SAME_QUESTION and quotes[i].source != quotes[j].source
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    return [QuotePair(first=quotes[i], second=quotes[j]) for _, i, j in pairs[:MAX_PAIRS]]


def with_subsections(
    brief: ChapterBrief, outline: ChapterOutline, evidence: EvidenceMap, *, model: TextModel
) -> ChapterOutline:
    """Stage 8: the outline with the sub-topics of each section, in their order."""
    quotes = {quote.key: quote for quote in evidence.quotes}
    request = OutlineRequest(
        topic=brief.topic,
        audience=brief.audience,
        sections=tuple(
            OutlinedSection(
                kind=section.kind, title=section.title, purpose=section.purpose,
                quotes=tuple(quotes[key] for key in outline.assignments[section.kind]),
            )
            for section in outline.sections
        ),
    )  # fmt: skip
    reply = _asked(model, Task(kind="outline", request=request, reply_type=OutlineReply, chapter=brief.slug))
    if reply is None:
        return outline
    groups = {section.kind: section.subsections for section in reply.value.sections}
    sections = tuple(
        section.model_copy(
            update={"subsections": tuple(part.title for part in groups.get(section.kind, ()) if part.title)}
        )
        for section in outline.sections
    )
    return outline.model_copy(update={"sections": sections, "groups": groups})


def with_key_points(draft: ChapterDraft, *, audience: str, limit: int, longest: int, model: TextModel) -> ChapterDraft:
    """Stage 11: the draft with key points of the model's choice, where at least three of them hold."""
    chapter = draft.chapter
    request = KeyPointsRequest(
        topic=chapter.topic, audience=audience, limit=limit, longest_words=longest,
        sentences=tuple(_cited(chapter, chapter.sections)),
    )  # fmt: skip
    reply = _asked(model, Task(kind="key_points", request=request, reply_type=KeyPointsReply, chapter=chapter.slug))
    if reply is None:
        return draft
    points = reply.value.points
    kept = chapter.model_copy(update={"key_points": points if len(points) >= MIN_POINTS else chapter.key_points})
    return draft.model_copy(update={"chapter": kept})


def review_edits(draft: ChapterDraft, *, audience: str, model: TextModel) -> Sequence[Edit]:
    """Stage 12: what the model would replace or delete."""
    chapter = draft.chapter
    request = ReviewRequest(topic=chapter.topic, audience=audience, sentences=tuple(_cited(chapter, chapter.sections)))
    reply = _asked(model, Task(kind="review", request=request, reply_type=ReviewReply, chapter=chapter.slug))
    return reply.value.edits if reply is not None else ()


def judged_claims(
    chapter: ChapterText, undecided: Sequence[tuple[str, Sentence, str]], *, model: TextModel
) -> dict[tuple[str, str], tuple[ClaimJudgement, str]]:
    """Stage 12: the model's judgements of sentences that no rule decides, each with the provider that gave it.

    `undecided`: the section, the sentence and the paragraph that it stands in; the result is by section and sentence.
    """
    found: dict[tuple[str, str], tuple[ClaimJudgement, str]] = {}
    for start in range(0, len(undecided), CLAIMS_A_REQUEST):
        batch = undecided[start : start + CLAIMS_A_REQUEST]
        request = ClaimCheckRequest(
            topic=chapter.topic,
            claims=tuple(
                CheckedClaim(
                    text=sentence.text, paragraph=paragraph,
                    passages=tuple(
                        CheckedPassage(text=quote.display, study_type=quote.study_type, year=quote.year)
                        for quote in (chapter.quotes[key] for key in sentence.quotes)
                    ),
                )
                for _, sentence, paragraph in batch
            ),
        )  # fmt: skip
        reply = _asked(
            model, Task(kind="claim_check", request=request, reply_type=ClaimCheckReply, chapter=chapter.slug)
        )
        if reply is None:
            return {}
        for judgement in reply.value.claims:
            section, sentence, _ = batch[judgement.number - 1]
            found[section, sentence.text] = (judgement, reply.provider)
    return found


def missing_information(
    brief: ChapterBrief, chapter: ChapterText, evidence: EvidenceMap, *, model: TextModel
) -> list[Gap]:
    """Stage 13: a second opinion on what the chapter must not leave out.

    A critical gap stops a publication like any other: it names the quotes that speak of what is missing.
    """
    cited = {
        key
        for section in chapter.sections
        for claim in (*section.sentences, *section.table_claims)
        for key in claim.quotes
    }
    left = sorted((one for one in evidence.quotes if one.key not in cited), key=lambda one: (-one.relevance, one.key))
    request = CriticalInformationRequest(
        topic=brief.topic, kind=brief.kind.value, audience=brief.audience,
        sections=_brief_sections(brief.sections), must_cover=tuple(point.text for point in brief.must_cover),
        text=_text_by_section(chapter), at_hand=tuple(left[:MOST_AT_HAND]),
    )  # fmt: skip
    reply = _asked(
        model,
        Task(kind="critical_information", request=request, reply_type=CriticalInformationReply, chapter=brief.slug),
    )
    if reply is None:
        return []
    gaps = []
    for missing in reply.value.missing:
        named = {word for word in words(missing.point) if len(word) > 4}
        speaking = list(missing.quotes) or [
            quote.key
            for quote in evidence.quotes
            if named and 2 * len(named & set(words(quote.display))) >= max(1, len(named))
        ]
        at_hand = (
            f"{len(speaking)} quotes of the evidence map may speak of it"
            if speaking
            else "no quote of the evidence map speaks of it"
        )
        gaps.append(
            Gap(
                type=GapType.CRITICAL_INFORMATION,
                severity=Severity(missing.severity),
                description=f"Missing, in the opinion of {reply.provider!r}: {missing.point}. {missing.why} {at_hand[0].upper()}{at_hand[1:]}.",
                recommendation=f"Cover {missing.point} in this section"
                + ("." if speaking else ": add documents on it first."),
                section=missing.section,
                evidence=tuple(speaking[:EVIDENCE_SHOWN]),
            )
        )
    return gaps


def remarks(brief: ChapterBrief, reviewed: ReviewedChapter, gaps: GapReport, *, model: TextModel) -> tuple[str, ...]:
    """Stage 14: notes on what a person should check before the chapter is used."""
    chapter = reviewed.chapter
    request = FinalReviewRequest(
        topic=brief.topic, kind=brief.kind.value, audience=brief.audience, sections=_brief_sections(brief.sections),
        text=_text_by_section(chapter), gaps=tuple(gap.description for gap in gaps.gaps),
    )  # fmt: skip
    reply = _asked(model, Task(kind="final_review", request=request, reply_type=FinalReviewReply, chapter=brief.slug))
    if reply is None:
        return ()
    titles = {section.kind: section.title for section in chapter.sections}
    return tuple(f"To look at in “{titles[one.section]}” ({reply.provider}): {one.text}" for one in reply.value.remarks)


def _text_by_section(chapter: ChapterText) -> dict[str, str]:
    return {section.kind: " ".join(sentence.text for sentence in section.sentences) for section in chapter.sections}


def _asked(model: TextModel, task: Task[ReplyT]) -> Reply[ReplyT] | None:
    return model.complete(task) if model.answers(task.kind) else None


def _brief_sections(sections: Sequence[SectionTemplate]) -> tuple[BriefSection, ...]:
    return tuple(
        BriefSection(kind=section.kind, title=section.title, purpose=section.purpose, queries=section.queries)
        for section in sections
    )


def _cited(chapter: ChapterText, sections: Sequence[Section]) -> Iterable[CitedSentence]:
    for section in sections:
        for sentence in section.sentences:
            if sentence.quotes:
                yield CitedSentence(
                    section=section.kind, sentence=Sentence(text=sentence.text, quotes=sentence.quotes),
                    quotes=tuple(chapter.quotes[key].text for key in sentence.quotes),
                )  # fmt: skip

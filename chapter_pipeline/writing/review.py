"""Owns stage 12: a typed edit plan that takes out what is unsupported or said twice, and notes where sources differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.grounding import negations, support_table
from chapter_pipeline.writing.assembly import compose
from chapter_pipeline.writing.labels import relabelled
from chapter_pipeline.writing.model import (
    ChapterDraft,
    ChapterText,
    Edit,
    EditAction,
    Paragraph,
    Quote,
    ReviewedChapter,
    Section,
    Sentence,
    Subsection,
)
from chapter_pipeline.writing.text import shingles, words

SAID_TWICE = 0.88
"""Cosine above which two sentences say the same."""
SHARED_SHINGLES = 0.5
"""Share of the shorter sentence's five-word runs above which two sentences say the same."""
SAME_MATTER = 0.80
SHARED_WORDS = 0.5
"""Share of the shorter sentence's content words that the other has: below it they speak of different things."""
_UP = re.compile(r"\b(?:increas|improv|higher|more|longer|greater|enhanc|rais|superior|benefi)\w*", re.IGNORECASE)
_DOWN = re.compile(r"\b(?:decreas|reduc|lower|less|fewer|shorter|diminish|worse|inferior|declin)\w*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Place:
    section: str
    sentence: Sentence


def reviewed_chapter(draft: ChapterDraft, proposed: Sequence[Edit] = (), *, embedder: Embedder) -> ReviewedChapter:
    """Stage 12: carry out what a text model `proposed`, delete unsupported and repeated sentences (the better-graded one stays), note contradictions.

    Two sentences contradict each other when they are close, come from different sources, and differ in direction or
    in negation; both stay, the edit plan names them. The chapter is numbered anew.
    """
    chapter = _replaced(draft.chapter, proposed)
    edits = [*proposed, *_unsupported(chapter, embedder)]
    gone = {edit.before for edit in edits if edit.action is EditAction.DELETE}
    places = [
        _Place(section.kind, sentence)
        for section in chapter.sections
        for sentence in section.sentences
        if sentence.quotes and sentence.text not in gone
    ]
    in_text = len(places)
    places += [_Place(section.kind, row.finding) for section in chapter.sections for row in section.evidence_table]
    vectors = embedder.embed([place.sentence.text for place in places]) if places else np.zeros((0, embedder.dimension))
    edits += _repeated(places, in_text, vectors, chapter.quotes)
    edits += _contradictions(places[:in_text], vectors[:in_text], chapter.quotes)
    deleted = {(edit.section, edit.before) for edit in edits if edit.action is EditAction.DELETE}
    sections = [kept for section in chapter.sections if (kept := _without(section, deleted, chapter.quotes)).sentences]
    text = compose(
        slug=chapter.slug,
        title=chapter.title,
        topic=chapter.topic,
        sections=sections,
        quotes=chapter.quotes,
        sources={reference.source.key: reference.source for reference in chapter.references},
        abbreviations=chapter.abbreviations,
        points=chapter.key_points if draft.uses else None,
    )
    return ReviewedChapter(chapter=text, edits=tuple(edits), support=support_table(text, embedder=embedder))


def _replaced(chapter: ChapterText, edits: Sequence[Edit]) -> ChapterText:
    """The chapter with the replacements of `edits` in the places of what they replace; the quotes stay."""
    new = {(edit.section, edit.before): edit.after for edit in edits if edit.action is EditAction.REPLACE}
    if not new:
        return chapter

    def sentence(section: str, one: Sentence) -> Sentence:
        return Sentence(text=new.get((section, one.text)) or one.text, quotes=one.quotes)

    sections = tuple(
        section.model_copy(
            update={
                "subsections": tuple(
                    Subsection(
                        title=sub.title,
                        paragraphs=tuple(
                            Paragraph(label=p.label, sentences=tuple(sentence(section.kind, s) for s in p.sentences))
                            for p in sub.paragraphs
                        ),
                    )
                    for sub in section.subsections
                )
            }
        )
        for section in chapter.sections
    )
    return chapter.model_copy(update={"sections": sections})


def _unsupported(chapter: ChapterText, embedder: Embedder) -> Iterator[Edit]:
    for one in support_table(chapter, embedder=embedder):
        if one.problems:
            yield Edit(
                action=EditAction.DELETE, section=one.section, before=one.sentence, reason=f"it {one.problems[0]}"
            )


def _repeated(places: Sequence[_Place], in_text: int, vectors: np.ndarray, quotes: dict[str, Quote]) -> list[Edit]:
    """Of two places that say the same the lesser goes; the places from `in_text` on are table rows, which yield to text."""
    edits: list[Edit] = []
    likeness = vectors @ vectors.T
    runs = [shingles(place.sentence.text) for place in places]
    gone: set[int] = set()
    for j in range(len(places)):
        for i in range(j):
            if i in gone or j in gone:
                continue
            shared = len(runs[i] & runs[j]) / max(1, min(len(runs[i]), len(runs[j])))
            if likeness[i, j] < SAID_TWICE and shared < SHARED_SHINGLES:
                continue
            if _differs(places[i].sentence, places[j].sentence):
                continue
            earlier_is_lesser = _grade(places[j], quotes) > _grade(places[i], quotes) and not i < in_text <= j
            lesser, better = (i, j) if earlier_is_lesser else (j, i)
            gone.add(lesser)
            edits.append(
                Edit(
                    action=EditAction.DELETE,
                    section=places[lesser].section,
                    before=places[lesser].sentence.text,
                    reason=f"says what the section {places[better].section!r} says: {places[better].sentence.text!r}",
                )
            )
    return edits


def _contradictions(places: Sequence[_Place], vectors: np.ndarray, quotes: dict[str, Quote]) -> list[Edit]:
    edits: list[Edit] = []
    likeness = vectors @ vectors.T
    for j in range(len(places)):
        for i in range(j):
            first, second = places[i].sentence, places[j].sentence
            same_source = quotes[first.quotes[0]].source == quotes[second.quotes[0]].source
            if same_source or likeness[i, j] < SAME_MATTER or not _differs(first, second):
                continue
            if _shared_words(first, second) < SHARED_WORDS:
                continue
            edits.append(
                Edit(
                    action=EditAction.KEEP,
                    section=places[j].section,
                    before=second.text,
                    after=second.text,
                    reason=f"sources differ: {quotes[first.quotes[0]].source} states {first.text!r}",
                )
            )
    return edits


def _differs(a: Sentence, b: Sentence) -> bool:
    """Whether two sentences on one matter point in opposite directions, or only one of them negates."""
    direction_a = bool(_UP.search(a.text)) - bool(_DOWN.search(a.text))
    direction_b = bool(_UP.search(b.text)) - bool(_DOWN.search(b.text))
    return direction_a * direction_b < 0 or (negations(a.text) == 0) != (negations(b.text) == 0)


def _shared_words(a: Sentence, b: Sentence) -> float:
    first, second = ({word for word in words(s.text) if len(word) > 4} for s in (a, b))
    return len(first & second) / max(1, min(len(first), len(second)))


def _grade(place: _Place, quotes: dict[str, Quote]) -> tuple[int, int]:
    quote = quotes[place.sentence.quotes[0]]
    return (-quote.evidence_level, quote.year or 0)


def _without(section: Section, deleted: set[tuple[str, str]], quotes: dict[str, Quote]) -> Section:
    subsections = []
    for sub in section.subsections:
        paragraphs = [
            relabelled(Paragraph(label=paragraph.label, sentences=kept), quotes)
            for paragraph in sub.paragraphs
            if (kept := tuple(s for s in paragraph.sentences if (section.kind, s.text) not in deleted))
            and any(s.quotes for s in kept)
        ]
        if paragraphs:
            subsections.append(Subsection(title=sub.title, paragraphs=tuple(paragraphs)))
    table = tuple(row for row in section.evidence_table if (section.kind, row.finding.text) not in deleted)
    return section.model_copy(update={"subsections": tuple(subsections), "evidence_table": table})

"""Owns stage 12: a typed edit plan that takes out what is unsupported or said twice, and notes where sources differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chapter_pipeline.domain import (
    ChapterDraft,
    ChapterText,
    Edit,
    EditAction,
    Paragraph,
    Quote,
    Relation,
    ReviewedChapter,
    Section,
    Sentence,
    Subsection,
)
from chapter_pipeline.domain.tasks import ClaimJudgement, ClaimVerdict
from chapter_pipeline.domain.wording import shingles
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.grounding import claim_problems, claims, support_table
from chapter_pipeline.quality.relations import (
    Kind,
    Statement,
    loses_nothing,
    relations,
    says_the_same,
    statement,
    topic_stems,
)
from chapter_pipeline.writing.assembly import compose
from chapter_pipeline.writing.labels import relabelled

Judged = Mapping[tuple[str, str], tuple[ClaimJudgement, str]]
"""Judgements of a review model by section and sentence, each with the provider that gave it."""
SAID_TWICE = 0.75
"""Least cosine of two sentences of which one may be said to repeat the other; words and numbers then decide."""
SHARED_SHINGLES = 0.5
"""Share of the shorter sentence's five-word runs from which on two sentences are one, if no number is lost."""


@dataclass(frozen=True, slots=True)
class _Place:
    section: str
    sentence: Sentence


def undecided(
    draft: ChapterDraft, proposed: Sequence[Edit] = (), *, embedder: Embedder
) -> list[tuple[str, Sentence, str]]:
    """The sentences that no rule decides once the edits `proposed` are made: section, sentence, and paragraph."""
    chapter = _replaced(draft.chapter, proposed)
    gone = {(edit.section, edit.before) for edit in proposed if edit.action is EditAction.DELETE}
    open_ones = {
        (one.section, one.sentence) for one in support_table(chapter, embedder=embedder) if one.to_check
    } - gone  # fmt: skip
    return [
        (section.kind, sentence, " ".join(filter(None, (paragraph.label, *(one.text for one in paragraph.sentences)))))
        for section in chapter.sections
        for subsection in section.subsections
        for paragraph in subsection.paragraphs
        for sentence in paragraph.sentences
        if (section.kind, sentence.text) in open_ones
    ]


def _judged_edits(chapter: ChapterText, judged: Judged) -> Iterator[Edit]:
    """What the judgements of a review model make of sentences: a correction that no rule refuses, or a deletion.

    A sentence that is partly supported and has no such correction stays for the editor.
    """
    cited = {
        (section.kind, sentence.text): (sentence, label)
        for section in chapter.sections
        for sentence, label in claims(section)
    }
    for (section, text), (judgement, provider) in judged.items():
        if judgement.verdict is ClaimVerdict.SUPPORTED or (section, text) not in cited:
            continue
        sentence, label = cited[section, text]
        quotes = [chapter.quotes[key] for key in sentence.quotes]
        fault = f"{judgement.verdict.value} by its passages, in the judgement of {provider!r}"
        reason = f"{fault}: {judgement.wrong!r}" if judgement.wrong else fault
        if judgement.correction and not claim_problems(judgement.correction, quotes, label=label):
            yield Edit(
                action=EditAction.REPLACE, section=section, before=text, after=judgement.correction, reason=reason
            )
        elif judgement.verdict is not ClaimVerdict.PARTLY:
            yield Edit(action=EditAction.DELETE, section=section, before=text, reason=reason)


def reviewed_chapter(
    draft: ChapterDraft,
    proposed: Sequence[Edit] = (),
    *,
    judged: Judged | None = None,
    points_chosen: bool = False,
    embedder: Embedder,
) -> ReviewedChapter:
    """Stage 12: carry out what a text model `proposed`, delete unsupported and repeated sentences (the better-graded one stays), note contradictions.

    Two sentences of different sources on one finding contradict each other when they differ in direction, negation or
    numbers; both stay, the edit plan names them. The chapter is numbered anew. Key points that a text model has chosen,
    `points_chosen`, stay as long as their quotes are cited. `judged`: what a review model says of sentences that no rule
    decides; without it they stay, marked for the editor.
    """
    chapter = _replaced(draft.chapter, proposed)
    of_judge = list(_judged_edits(chapter, judged or {}))
    chapter = _replaced(chapter, of_judge)
    edits = [*proposed, *of_judge]
    edits += _unsupported(chapter, embedder, {edit.before for edit in of_judge if edit.action is EditAction.DELETE})
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
    edits += _repeated(places, in_text, vectors, chapter.quotes, chapter.topic)
    repeated = {(edit.section, edit.before) for edit in edits if edit.action is EditAction.DELETE}
    left = [place for place in places[:in_text] if (place.section, place.sentence.text) not in repeated]
    kept_edits, differences = _differences(left, chapter.quotes, chapter.topic)
    edits += kept_edits
    deleted = {(edit.section, edit.before) for edit in edits if edit.action is EditAction.DELETE}
    sections = [kept for section in chapter.sections if (kept := _without(section, deleted, chapter.quotes)).sentences]
    edited = {(edit.section, edit.before): str(edit.after) for edit in of_judge if edit.action is EditAction.REPLACE}
    text = compose(
        slug=chapter.slug,
        title=chapter.title,
        topic=chapter.topic,
        sections=sections,
        quotes=chapter.quotes,
        sources={reference.source.key: reference.source for reference in chapter.references},
        abbreviations=chapter.abbreviations,
        points=chapter.key_points if points_chosen else None,
    )
    checked = {
        (section, edited.get((section, sentence), sentence)): provider
        for (section, sentence), (judgement, provider) in (judged or {}).items()
        if judgement.verdict is ClaimVerdict.SUPPORTED or (section, sentence) in edited
    }
    return ReviewedChapter(
        chapter=text, edits=tuple(edits), support=support_table(text, embedder=embedder, checked=checked),
        differences=differences,
    )  # fmt: skip


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


def _unsupported(chapter: ChapterText, embedder: Embedder, gone: set[str]) -> Iterator[Edit]:
    for one in support_table(chapter, embedder=embedder):
        if one.problems and one.sentence not in gone:
            yield Edit(
                action=EditAction.DELETE, section=one.section, before=one.sentence, reason=f"it {one.problems[0]}"
            )


def _repeated(
    places: Sequence[_Place], in_text: int, vectors: np.ndarray, quotes: dict[str, Quote], topic: str
) -> list[Edit]:
    """Of two places that say the same the lesser goes; the places from `in_text` on are table rows, which yield to text.

    Within one topic all sentences are near each other: two are the same when nothing is lost without one of them.
    """
    edits: list[Edit] = []
    likeness = vectors @ vectors.T
    stems = topic_stems(topic)
    said = [statement(place.sentence.text, stems) for place in places]
    runs = [shingles(place.sentence.text) for place in places]
    gone: set[int] = set()
    for j in range(len(places)):
        for i in range(j):
            if i in gone or j in gone or likeness[i, j] < SAID_TWICE:
                continue
            earlier_is_lesser = _grade(places[j], quotes) > _grade(places[i], quotes) and not i < in_text <= j
            lesser, better = (i, j) if earlier_is_lesser else (j, i)
            if not _says_the_same(lesser, better, said, runs):
                if in_text <= better or not _says_the_same(better, lesser, said, runs) or lesser >= in_text:
                    continue
                lesser, better = better, lesser  # the lesser one says more
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


def _says_the_same(lesser: int, better: int, said: Sequence[Statement], runs: Sequence[set[tuple[str, ...]]]) -> bool:
    if says_the_same(said[lesser], said[better]):
        return True
    shared = len(runs[lesser] & runs[better]) / max(1, min(len(runs[lesser]), len(runs[better])))
    return shared >= SHARED_SHINGLES and loses_nothing(said[lesser].text, said[better].text)


def _differences(
    places: Sequence[_Place], quotes: dict[str, Quote], topic: str
) -> tuple[list[Edit], tuple[Relation, ...]]:
    """Where two sources that are cited contradict each other: both stay, and the chapter says so."""
    edits: list[Edit] = []
    found: list[Relation] = []
    for first, second, about, how in [*_on_record(places, quotes), *_by_words(places, quotes, topic)]:
        source = quotes[first.sentence.quotes[0]].source
        found.append(
            Relation(
                first=first.sentence.quotes[0], second=second.sentence.quotes[0], contradicts=True, about=about, how=how
            )
        )  # fmt: skip
        edits.append(
            Edit(
                action=EditAction.KEEP,
                section=second.section,
                before=second.sentence.text,
                after=second.sentence.text,
                reason=f"sources differ on {about}: {source} states {first.sentence.text!r}",
            )
        )
    return edits, tuple(found)


def _on_record(places: Sequence[_Place], quotes: Mapping[str, Quote]) -> Iterator[tuple[_Place, _Place, str, str]]:
    """Pairs of sentences whose quotes state results of studies that disagree, as the study records tell; each pair once."""
    cited: dict[str, _Place] = {}
    for place in places:
        for key in place.sentence.quotes:
            cited.setdefault(key, place)
    told: set[frozenset[str]] = set()
    for key, place in cited.items():
        for other, about in quotes[key].disagrees.items():
            pair = frozenset((quotes[key].source, quotes[other].source if other in quotes else other, about))
            if other in cited and cited[other] is not place and pair not in told:
                told.add(pair)
                yield place, cited[other], about, "disagree"


def _by_words(
    places: Sequence[_Place], quotes: Mapping[str, Quote], topic: str
) -> Iterator[tuple[_Place, _Place, str, str]]:
    """Pairs of sentences that words tell to contradict each other, of which one has no study record behind it."""
    texts = [place.sentence.text for place in places]
    cited = [quotes[place.sentence.quotes[0]] for place in places]
    for i, j, compared in relations(texts, [quote.source for quote in cited], topic=topic):
        on_record = cited[i].finding is not None and cited[j].finding is not None
        if compared.kind is not Kind.AGREES and not on_record:
            yield places[i], places[j], compared.about, compared.kind.value


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
    answered = (
        one.model_copy(update={"rows": tuple(row for row in one.rows if (section.kind, row.claim) not in deleted)})
        for one in section.question_tables
    )
    return section.model_copy(
        update={
            "subsections": tuple(subsections), "evidence_table": table,
            "question_tables": tuple(one for one in answered if one.rows),
        }
    )  # fmt: skip

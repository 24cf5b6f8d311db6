"""Owns what is planted in a written chapter, faults and gaps, and whether it is caught, told and mended."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.written import Written, looked_over
from chapter_pipeline.domain import (
    ChapterText,
    GapReport,
    GapType,
    MustCoverPoint,
    Paragraph,
    Quote,
    Section,
    Sentence,
    Subsection,
)
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.closure import closure_problems
from chapter_pipeline.quality.gaps import RECENT_YEARS, uncovered
from chapter_pipeline.quality.grounding import NOT_CLINICAL, negations, numbers, support_table
from chapter_pipeline.quality.points import answers_point
from chapter_pipeline.quality.revision_rule import sections_to_revise
from chapter_pipeline.writing.labels import paragraph_label
from chapter_pipeline.writing.stages import Stages

FAULTS = ("number changed", "negation flipped", "wrong source", "invented citation", "animal as human")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A chapter with one sentence altered."""

    kind: str
    before: str
    after: str
    chapter: ChapterText


_AUXILIARY = re.compile(r"\b(was|were|is|are|has|have|had|can|may|should|did|does|will|could)\b")
_FLIPPED = re.compile(r"\b(?:did|does|do|was|were|is|are|has|have|can|could|should|may) not\b")
_ANIMAL_WORD = re.compile(
    r"\b(?:mice|rats?|mouse|animals?|murine|rabbits?|rodents?|pigs?|dogs?|monkeys?)\b", re.IGNORECASE
)

_SAYS_SO = re.compile(r"preclinical|pre-clinical|in vivo|in vitro|ex vivo|cell line|cultured|xenograft", re.IGNORECASE)


def planted_faults(written: Written, count: int, rng: random.Random) -> list[Fault]:
    """`count` faults of each kind, as many as the chapter has sentences for."""
    chapter = written.chapter
    sentences = [
        (section.kind, sentence)
        for section in chapter.sections
        for sentence in section.sentences
        if sentence.quotes
    ]  # fmt: skip
    rng.shuffle(sentences)
    found: list[Fault] = []
    for kind in FAULTS:
        made = 0
        for section, sentence in sentences:
            if made == count:
                break
            altered = _altered(kind, sentence, written, rng)
            if altered is not None:
                found.append(
                    Fault(
                        kind=kind, before=sentence.text, after=altered.text,
                        chapter=_with(chapter, section, sentence, altered, unlabelled=kind == "animal as human"),
                    )
                )  # fmt: skip
                made += 1
    return found


def _altered(kind: str, sentence: Sentence, written: Written, rng: random.Random) -> Sentence | None:
    text, quotes = sentence.text, written.chapter.quotes
    match kind:
        case "number changed":
            places = list(re.finditer(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w.-]*\w)", text))
            if not places:
                return None
            place = rng.choice(places)
            changed = _other_number(place.group(), numbers(text), rng)
            return Sentence(text=text[: place.start()] + changed + text[place.end() :], quotes=sentence.quotes)
        case "negation flipped":
            without = _FLIPPED.search(text)
            if without:
                bare = without.group().removesuffix(" not")
                return Sentence(text=text[: without.start()] + bare + text[without.end() :], quotes=sentence.quotes)
            auxiliary = _AUXILIARY.search(text)
            if auxiliary is None or negations(text):
                return None
            return Sentence(text=f"{text[: auxiliary.end()]} not{text[auxiliary.end() :]}", quotes=sentence.quotes)
        case "wrong source":
            own = quotes[sentence.quotes[0]].source
            others = sorted(key for key, quote in quotes.items() if quote.source != own)
            return Sentence(text=text, quotes=(rng.choice(others),)) if others else None
        case "invented citation":
            return Sentence(text=text, quotes=(f"q{rng.randint(10_000, 99_999)}",))
        case _:
            cited = [quotes[key] for key in sentence.quotes]
            results = (FindingKind.OWN_RESULT, FindingKind.OWN_METHOD, FindingKind.CONCLUSION)
            if not all(
                one.study_type in NOT_CLINICAL and one.species is not Species.HUMAN and one.finding in results
                for one in cited
            ):
                return None  # what such a study tells of people is of people, and its background of nobody
            claimed = _ANIMAL_WORD.sub("patients", text)
            return None if _SAYS_SO.search(claimed) else Sentence(text=claimed, quotes=sentence.quotes)


def _other_number(number: str, known: set[str], rng: random.Random) -> str:
    widest = 3.0
    while True:
        digits = f"{rng.uniform(0.2, widest) * (float(number) + 1):.{len(number.partition('.')[2])}f}"
        if digits != number and not any(digits in one for one in known):
            return digits
        widest *= 1.5


def _with(chapter: ChapterText, section: str, before: Sentence, after: Sentence, *, unlabelled: bool) -> ChapterText:
    """The chapter with `after` in the place of `before`; `unlabelled`: in a paragraph of its own without a label."""

    def paragraphs(paragraph: Paragraph) -> Iterator[Paragraph]:
        if before not in paragraph.sentences:
            yield paragraph
        elif unlabelled:
            left = tuple(one for one in paragraph.sentences if one is not before)
            if left:
                yield paragraph.model_copy(update={"sentences": left})
            yield Paragraph(sentences=(after,))
        else:
            altered = tuple(after if one is before else one for one in paragraph.sentences)
            yield paragraph.model_copy(update={"sentences": altered})

    sections = tuple(
        one
        if one.kind != section
        else one.model_copy(
            update={
                "subsections": tuple(
                    Subsection(title=sub.title, paragraphs=tuple(p for q in sub.paragraphs for p in paragraphs(q)))
                    for sub in one.subsections
                )
            }
        )
        for one in chapter.sections
    )
    return chapter.model_copy(update={"sections": sections})


def is_caught(fault: Fault, *, embedder: Embedder) -> bool:
    """Whether the checks name the altered sentence."""
    if any(repr(fault.after) in problem for problem in closure_problems(fault.chapter)):
        return True
    support = support_table(fault.chapter, embedder=embedder)
    return any(one.sentence == fault.after and one.problems for one in support)


def flagged(chapter: ChapterText, *, embedder: Embedder) -> tuple[int, int]:
    """How many untouched sentences the checks flag, and of how many."""
    support = support_table(chapter, embedder=embedder)
    return sum(bool(one.problems) for one in support), len(support)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A chapter of which something was taken away, and the gap that has to be told of it.

    `section` None: any will do, as no section can be said to miss it. `named`: what the gap's text must hold.
    """

    what: str
    dimension: GapType
    section: str | None
    sections: tuple[Section, ...]
    named: str = ""


def planted_gaps(written: Written) -> list[Planted]:
    """Everything that can be taken away from the sections of a chapter, one thing at a time."""
    sections, quotes = written.sections, {quote.key: quote for quote in written.evidence.quotes}
    present = {section.kind: section for section in written.chapter.sections}
    found: list[Planted] = []
    lacking = uncovered(written.brief, written.chapter)
    for point in written.brief.must_cover:
        if point.section in present and point not in lacking:
            kept = _without(sections, _answers(point, written.brief.topic))
            found.append(
                Planted(
                    what=f"without {point.text}", dimension=GapType.CRITICAL_INFORMATION, section=point.section,
                    sections=kept, named=point.text,
                )
            )  # fmt: skip
    for kind, section in present.items():
        kept = _without(sections, lambda _: True, kind)
        found.append(
            Planted(what=f"without {kind}", dimension=GapType.CONTENT_COMPLETENESS, section=kind, sections=kept)
        )
        if section.words > 0.6 * _budget(written, kind):
            inflated = tuple(_inflated(one, written) if one.kind == kind else one for one in sections)
            if next(one.words for one in inflated if one.kind == kind) < 1.5 * _budget(written, kind):
                continue  # not enough is left to inflate it with
            found.append(
                Planted(
                    what=f"{kind} inflated", dimension=GapType.SECTION_BALANCE, section=kind, sections=inflated
                )
            )  # fmt: skip
    since = written.brief.cutoff_date.year - RECENT_YEARS
    recent = _without(sections, lambda one: any((quotes[key].year or 0) >= since for key in one.quotes))
    if recent != sections:
        found.append(
            Planted(what="without recent sources", dimension=GapType.TEMPORAL_COVERAGE, section=None, sections=recent)
        )
    cited = {reference.source.key for reference in written.chapter.references}
    for source in written.research.sources:
        if source.evidence_level <= 2 and source.relevance >= 0.45 and source.key in cited:
            kept = _without(sections, _cites(source.key, quotes))
            found.append(
                Planted(
                    what=f"without {source.key}", dimension=GapType.SOURCE_COVERAGE, section=None, sections=kept,
                    named=source.title,
                )
            )  # fmt: skip
    return found


def _answers(point: MustCoverPoint, topic: str) -> Callable[[Sentence], bool]:
    return lambda one: answers_point(point, one.text, topic=topic)


def _cites(source: str, quotes: Mapping[str, Quote]) -> Callable[[Sentence], bool]:
    return lambda one: any(quotes[key].source == source for key in one.quotes)


def _budget(written: Written, kind: str) -> int:
    return next(section.word_budget for section in written.outline.sections if section.kind == kind)


def _without(
    sections: Sequence[Section], gone: Callable[[Sentence], bool], kind: str | None = None
) -> tuple[Section, ...]:
    """The sections without the sentences and findings that are `gone`; only the section `kind`, if one is named."""
    left = []
    for section in sections:
        if kind is not None and section.kind != kind:
            left.append(section)
            continue
        subsections = []
        for sub in section.subsections:
            paragraphs = tuple(
                paragraph.model_copy(update={"sentences": kept})
                for paragraph in sub.paragraphs
                if (kept := tuple(one for one in paragraph.sentences if not gone(one)))
            )
            if paragraphs:
                subsections.append(Subsection(title=sub.title, paragraphs=paragraphs))
        table = tuple(row for row in section.evidence_table if not gone(row.finding))
        answered = (
            one.model_copy(
                update={
                    "rows": tuple(row for row in one.rows if not gone(Sentence(text=row.claim, quotes=(row.quote,))))
                }
            )
            for one in section.question_tables
        )
        left.append(
            section.model_copy(
                update={
                    "subsections": tuple(subsections), "evidence_table": table,
                    "question_tables": tuple(one for one in answered if one.rows),
                }
            )
        )  # fmt: skip
    return tuple(left)


def _inflated(section: Section, written: Written) -> Section:
    """The section with what else its plan holds, until it is half as long again as planned."""
    plan = written.plans.plan(section.kind)
    assert plan is not None
    used = set(written.chapter.quotes)  # what stands in the chapter already would go in the review
    more, length = [], section.words
    others = [quote for other in written.plans.plans for quote in other.quotes if quote.key not in used]
    for quote in sorted(others, key=lambda quote: -quote.sections.get(section.kind, 0.0)):
        if length > 1.6 * plan.word_budget:
            break
        more.append(
            Paragraph(label=paragraph_label([quote]), sentences=(Sentence(text=quote.display, quotes=(quote.key,)),))
        )
        length += len(quote.display.split())
    return section.model_copy(
        update={
            "subsections": (*section.subsections, Subsection(title=None, paragraphs=tuple(more))),
        }
    )


def is_told(planted: Planted, gaps: GapReport) -> bool:
    """Whether the gap analysis names the right dimension, the section, and the thing itself."""
    return any(
        gap.type is planted.dimension
        and (planted.section is None or gap.section == planted.section)
        and planted.named in gap.description
        for gap in gaps.gaps
    )


def repaired(stages: Stages, written: Written, planted: Planted, gaps: GapReport) -> tuple[bool, bool]:
    """One round of the loop: whether the planted gap is closed, and whether all other sections are as they were."""
    to_close = tuple(gap for gap in gaps.gaps if gap.section is not None)
    plans = stages.section_plans(written.brief, written.outline, written.evidence, written.research, to_close)
    kinds = set(sections_to_revise(gaps, plans))
    sections = tuple(
        stages.section(section.kind, plans) if section.kind in kinds else section for section in planted.sections
    )
    _, after = looked_over(stages, written.brief, written.outline, plans, sections, written.research, written.evidence)
    untouched = all(new == old for new, old in zip(sections, planted.sections, strict=True) if new.kind not in kinds)
    return not is_told(planted, after), untouched


@dataclass(frozen=True, slots=True, kw_only=True)
class GapResult:
    """How many planted gaps were told, and of those that were not there before, how many one round of the loop mended."""

    planted: int
    told: int
    repairable: int
    repaired: int
    notes: tuple[str, ...]


def gaps_and_repairs(stages: Stages, chapters: Sequence[Written]) -> GapResult:
    """Plant every gap in every chapter, look for it, and let the loop mend it."""
    told = mended = could = planted_in_all = 0
    notes = []
    for written in chapters:
        for planted in planted_gaps(written):
            planted_in_all += 1
            _, gaps = looked_over(
                stages, written.brief, written.outline, written.plans, planted.sections, written.research,
                written.evidence,
            )  # fmt: skip
            if is_told(planted, gaps):
                told += 1
            else:
                notes.append(f"not told: {written.brief.topic}: {planted.what}")
            if is_told(planted, written.gaps):
                continue  # it was there before: the library has nothing to mend it with
            could += 1
            closed, untouched = repaired(stages, written, planted, gaps)
            mended += closed and untouched
            if not closed:
                notes.append(f"not repaired: {written.brief.topic}: {planted.what}")
            if not untouched:
                notes.append(f"others touched: {written.brief.topic}: {planted.what}")
    return GapResult(
        planted=planted_in_all, told=told, repairable=could, repaired=mended, notes=tuple(notes)
    )  # fmt: skip

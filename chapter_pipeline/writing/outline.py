"""Owns stages 8 and 9: which sections the evidence supports, and what each is written from."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

from chapter_pipeline.domain import (
    ChapterBrief,
    ChapterOutline,
    EvidenceMap,
    Gap,
    GapType,
    MustCoverPoint,
    OutlineSection,
    PlannedStudy,
    PlannedSubsection,
    Quote,
    ResearchSet,
    SectionPlan,
    SectionPlans,
    SectionTemplate,
)
from chapter_pipeline.domain.brief import AnswerForm
from chapter_pipeline.domain.evidence import FindingKind, StudyRecord
from chapter_pipeline.domain.library import FigureRecord
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.section_fit import POINT_FIT_FLOOR, fit_floor
from chapter_pipeline.writing.concepts import NO_RECORDS
from chapter_pipeline.writing.figure_choice import choose_figures
from chapter_pipeline.writing.labels import named
from chapter_pipeline.writing.question_tables import question_tables

INTRODUCTION = "introduction"
"""The section kind that begins with what the topic is."""
MIN_QUOTES = 3
"""A section with fewer quotes is left out, and its absence becomes a gap."""
MIN_QUOTES_ON_A_POINT = 2
"""Quotes that are enough for a section when one of them is about a must-cover point."""
QUOTES_PER_POINT = 2
"""Quotes that a must-cover point claims for its section, even from a section that they fit better."""
POINT_FIT_MARGIN = 0.06
"""Nor does a must-cover point take a quote that fits another section by more than one cue better."""
IMPOSSIBLE = -1.0
"""The fit of a quote for a section that cannot take it."""
NOWHERE = 0.0
"""Below this fit a quote has no word of the section: not even a main finding goes there."""
CONTROLLED = 3
"""The weakest evidence level of controlled studies."""
MAIN_VALUE = 0.30
"""What a main finding of its study is worth more than any other statement: more than the span of fits."""
PACK_FACTOR = 2.0
"""An evidence pack holds up to twice the words of its section, so that the writer can choose."""


def chapter_outline(brief: ChapterBrief, evidence: EvidenceMap) -> ChapterOutline:
    """Stage 8: assign every quote to the section it fits best and give the sections that remain their words.

    While a section has fewer than `MIN_QUOTES` (`MIN_QUOTES_ON_A_POINT` when they speak to a must-cover point), the one
    with the fewest is left out and its quotes go to the next best ones. The word budget of a section that is left out
    goes to the others in proportion to their shares.
    """
    used = list(brief.sections)
    assigned = assign(brief, evidence.quotes, used)
    unused: dict[str, str] = {}
    while used:
        wanting = [section for section in used if not _is_enough(section, assigned[section.kind])]
        if not wanting:
            break
        poorest = min(wanting, key=lambda section: len(assigned[section.kind]))
        count = len(assigned[poorest.kind])
        unused[poorest.kind] = f"{count} of at least {MIN_QUOTES} quotes found"
        used.remove(poorest)
        assigned = assign(brief, evidence.quotes, used)
    whole = sum(section.share for section in used) or 1.0
    return ChapterOutline(
        title=brief.title,
        sections=tuple(
            OutlineSection(
                kind=section.kind,
                title=section.title,
                purpose=section.purpose,
                word_budget=round(brief.word_budget * section.share / whole),
                evidence=len(assigned[section.kind]),
            )
            for section in used
        ),
        assignments={section.kind: tuple(quote.key for quote in assigned[section.kind]) for section in used},
        unused=unused,
    )


def _is_enough(section: SectionTemplate, quotes: Sequence[Quote]) -> bool:
    points = {point.text for point in section.must_cover}
    on_a_point = any(points.intersection(quote.points) for quote in quotes)
    return len(quotes) >= (MIN_QUOTES_ON_A_POINT if on_a_point else MIN_QUOTES)


def assign(brief: ChapterBrief, quotes: Sequence[Quote], sections: Sequence[SectionTemplate]) -> dict[str, list[Quote]]:
    """Each quote to one of `sections`, best fits first; one that is full passes a quote on to the next best.

    Before that, the introduction gets the best definitions of the topic, and every must-cover point the best quotes that
    speak to it for its own section. What answers a point that an author asks for without terms goes to the section that it
    fits best, where none has it yet.
    """
    words_left = {section.kind: PACK_FACTOR * brief.word_budget * section.share for section in sections}
    assigned: dict[str, list[Quote]] = {section.kind: [] for section in sections}
    taken: set[str] = set()
    if INTRODUCTION in assigned:
        for quote in sorted((q for q in quotes if q.defines), key=lambda q: (-q.relevance, q.key))[:QUOTES_PER_POINT]:
            assigned[INTRODUCTION].append(quote)
            words_left[INTRODUCTION] -= len(quote.display.split())
            taken.add(quote.key)
    for section in sections:
        for point in section.must_cover:
            speaking = [
                quote
                for quote in quotes
                if point.text in quote.points
                and quote.key not in taken
                and quote.sections[section.kind] >= POINT_FIT_FLOOR
                and quote.sections[section.kind] >= max(quote.sections.values()) - POINT_FIT_MARGIN
            ]
            speaking.sort(key=lambda quote: (-_worth(quote, section.kind), quote.key))
            for quote in speaking[:QUOTES_PER_POINT]:
                assigned[section.kind].append(quote)
                words_left[section.kind] -= len(quote.display.split())
                taken.add(quote.key)
    for point in _of_the_author(brief):
        if any(point.text in quote.points for group in assigned.values() for quote in group):
            continue
        homes = [(max((quote.sections[kind], kind) for kind in assigned), quote) for quote in quotes if assigned]
        fitting = [
            (fit, kind, quote)
            for (fit, kind), quote in homes
            if point.text in quote.points and quote.key not in taken and fit > IMPOSSIBLE
        ]
        for _, kind, quote in sorted(fitting, key=lambda one: (-one[0], one[2].key))[:QUOTES_PER_POINT]:
            assigned[kind].append(quote)
            words_left[kind] -= len(quote.display.split())
            taken.add(quote.key)
    pairs = sorted(
        ((_value(quote, quote.sections[kind]), quote, kind) for quote in quotes for kind in assigned),
        key=lambda pair: (-pair[0], pair[1].key, pair[2]),
    )
    for _, quote, kind in pairs:
        if quote.key in taken or quote.sections[kind] < _least_fit(quote) or words_left[kind] <= 0:
            continue
        assigned[kind].append(quote)
        words_left[kind] -= len(quote.display.split())
        taken.add(quote.key)
    return assigned


def _of_the_author(brief: ChapterBrief) -> list[MustCoverPoint]:
    """The points that an author asks for by their words alone: no section was made for them."""
    return [point for point in brief.must_cover if point.form is AnswerForm.WORDS]


def _least_fit(quote: Quote) -> float:
    """The fit from which a section takes a quote; what a study found goes where it fits best of all.

    This holds for a main finding, and for every result of a controlled study.
    """
    best = max(quote.sections.values(), default=0.0)
    found = quote.main or (quote.finding is FindingKind.OWN_RESULT and quote.evidence_level <= CONTROLLED)
    return min(fit_floor(quote), best) if found and best > NOWHERE else fit_floor(quote)


def _worth(quote: Quote, kind: str) -> float:
    """Closeness to the topic counts as much as fit: a definition is what is closest to the topic of all."""
    return quote.sections.get(kind, 0.0) + quote.relevance + 0.02 * (5 - quote.evidence_level)


def _value(quote: Quote, fit: float) -> float:
    """Fit first, then closeness to the topic, then evidence: level 1 is worth 0.08 more than level 5."""
    return fit + 0.5 * quote.relevance + 0.02 * (5 - quote.evidence_level) + MAIN_VALUE * quote.main


def section_plans(
    brief: ChapterBrief,
    outline: ChapterOutline,
    evidence: EvidenceMap,
    research: ResearchSet,
    *,
    figures: Sequence[FigureRecord],
    embedder: Embedder,
    records: Mapping[str, StudyRecord] = NO_RECORDS,
    recommendations: Sequence[Gap] = (),
    earlier: SectionPlans | None = None,
) -> SectionPlans:
    """Stage 9: each section's quotes grouped under the concepts they speak of, its figures and its neighbours.

    `recommendations` are gaps to close; their evidence joins the section's. What a revision asked for in the `earlier`
    plans stays asked for, as long as the section would otherwise be planned from the same evidence: else the next
    writing would undo what the last one mended.
    """
    quotes = {quote.key: quote for quote in evidence.quotes}
    chosen_figures = choose_figures(brief, outline, research, figures, embedder)
    titles = [section.title for section in outline.sections]
    points = {section.kind: tuple(point.text for point in section.must_cover) for section in brief.sections}

    def plan(index: int, extra: Sequence[str] = ()) -> SectionPlan:
        section = outline.sections[index]
        own = outline.assignments[section.kind]
        pack = [quotes[key] for key in (*own, *extra)]
        tables = question_tables(section.kind, evidence)
        cited = dict.fromkeys(row.quote for table in tables for row in table.rows)
        groups = outline.groups.get(section.kind)
        if groups and extra:
            groups = (*groups, PlannedSubsection(title="", quotes=tuple(extra)))
        return SectionPlan(
            kind=section.kind,
            title=section.title,
            purpose=section.purpose,
            word_budget=section.word_budget,
            subsections=groups or _subsections(pack, evidence.concepts),
            quotes=tuple(pack),
            figures=tuple(chosen_figures.get(section.kind, ())),
            points=(*points.get(section.kind, ()), *_asked_elsewhere(brief, section.kind, pack)),
            previous=titles[index - 1] if index else None,
            following=titles[index + 1] if index + 1 < len(titles) else None,
            contradictions=tuple(
                relation
                for relation in evidence.relations
                if relation.contradicts and {relation.first, relation.second} <= {quote.key for quote in pack}
            ),
            question_tables=tables,
            table_quotes=tuple(quotes[key] for key in cited if key not in {quote.key for quote in pack}),
            studies=_studies(pack, research, records),
        )

    bases = [plan(index) for index in range(len(outline.sections))]
    prints = {base.kind: _fingerprint(base) for base in bases}
    before = {
        one.kind: one
        for one in (earlier.plans if earlier is not None else ())
        if earlier is not None and earlier.base.get(one.kind) == prints.get(one.kind)
    }
    taken = {key for keys in outline.assignments.values() for key in keys}
    taken |= {key for one in before.values() for key in one.wanted}
    plans = []
    for index, base in enumerate(bases):
        gaps = [gap for gap in recommendations if gap.section in (None, base.kind) and _by_writing(gap)]
        known = before.get(base.kind)
        asked = known.wanted if known is not None else ()
        own = {*outline.assignments[base.kind], *asked}
        found = [key for gap in gaps for key in gap.evidence if key in quotes and (key in own or key not in taken)]
        wanted = tuple(dict.fromkeys([*asked, *found]))
        taken |= set(wanted)
        told = [*(known.recommendations if known is not None else ()), *(gap.recommendation for gap in gaps)]
        extra = [key for key in wanted if key not in outline.assignments[base.kind]]
        plans.append(
            plan(index, extra).model_copy(update={"recommendations": tuple(dict.fromkeys(told)), "wanted": wanted})
        )
    return SectionPlans(
        slug=brief.slug, topic=brief.topic, audience=brief.audience, plans=tuple(plans), base=prints
    )  # fmt: skip


def _studies(
    pack: Sequence[Quote], research: ResearchSet, records: Mapping[str, StudyRecord]
) -> tuple[PlannedStudy, ...]:
    """The works of the quotes, in order of mention, with what their study records are sure of."""
    sources = {source.key: source for source in research.sources}
    found = []
    for key in dict.fromkeys(quote.source for quote in pack):
        source = sources.get(key)
        if source is None:
            continue
        record = records.get(source.document or "")
        found.append(
            PlannedStudy(
                source=key, citation=named(source), title=source.title, design=source.study_type,
                level=source.evidence_level, year=source.year,
                condition=record.population.condition if record else None,
                n=record.population.n if record else None,
            )
        )  # fmt: skip
    return tuple(found)


def _asked_elsewhere(brief: ChapterBrief, kind: str, pack: Sequence[Quote]) -> list[str]:
    """Points of the author's for other sections that quotes of this one answer."""
    return [
        point.text
        for point in _of_the_author(brief)
        if point.section != kind and any(point.text in quote.points for quote in pack)
    ]


def _by_writing(gap: Gap) -> bool:
    """Whether a writer can close it: with evidence at hand, or in fewer words."""
    return bool(gap.evidence) or gap.type is GapType.SECTION_BALANCE


def _fingerprint(plan: SectionPlan) -> str:
    """Of what the section's text is planned from: the questions that it answers and their tables do not count."""
    made_from = plan.model_dump(
        mode="json",
        exclude={
            "question_tables": True,
            "table_quotes": True,
            "studies": True,
            "quotes": {"__all__": {"questions", "results"}},
        },
    )
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _subsections(pack: Sequence[Quote], concepts: Mapping[str, str]) -> tuple[PlannedSubsection, ...]:
    """Quotes grouped by the concept that most of the section's quotes share; ungrouped ones come first."""
    shared: dict[str, int] = defaultdict(int)
    for quote in pack:
        for key in quote.concepts:
            shared[key] += 1
    by_concept: dict[str, list[Quote]] = defaultdict(list)
    for quote in pack:
        keys = [key for key in quote.concepts if shared[key] >= 3]
        by_concept[min(keys, key=lambda key: (shared[key], key)) if keys else ""].append(quote)
    general = list(by_concept.pop("", []))
    for small in [key for key, group in by_concept.items() if len(group) < 3]:
        general += by_concept.pop(small)
    groups = [PlannedSubsection(title="", quotes=tuple(quote.key for quote in general))] if general else []
    if len(by_concept) == 1 and not general:
        return (PlannedSubsection(title="", quotes=tuple(quote.key for quote in pack)),)
    for key, name in concepts.items():
        if key in by_concept:
            members = tuple(quote.key for quote in by_concept[key])
            groups.append(PlannedSubsection(title=name[0].upper() + name[1:], quotes=members))
    return tuple(groups)

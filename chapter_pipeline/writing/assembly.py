"""Owns stage 11: sections become one chapter with numbered citations, figures, key points and abbreviations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chapter_pipeline.domain import (
    Abbreviation,
    ChapterBrief,
    ChapterDraft,
    ChapterOutline,
    ChapterText,
    NumberedFigure,
    Paragraph,
    PlannedFigure,
    Quote,
    Reference,
    ResearchSet,
    Section,
    SectionPlans,
    Sentence,
    Source,
)
from chapter_pipeline.domain.abbreviations import defined, known_for, use_of
from chapter_pipeline.writing.key_points import key_points

DocumentTexts = Callable[[Sequence[str]], Mapping[str, Sequence[str]]]
"""The texts of the pages of documents, by document key."""


def chapter_draft(
    brief: ChapterBrief,
    outline: ChapterOutline,
    plans: SectionPlans,
    sections: Sequence[Section],
    research: ResearchSet,
    *,
    document_texts: DocumentTexts,
) -> ChapterDraft:
    """Stage 11: put the written sections in the template's order and number what they cite in order of first citation.

    `document_texts` gives the texts of the pages of documents, by key: abbreviations are expanded as the cited sources
    define them.
    """
    written = {section.kind: section for section in sections if section.status == "written"}
    ordered = [written[section.kind] for section in brief.sections if section.kind in written]
    quotes = {quote.key: quote for section in ordered for quote in section.quotes}
    quotes |= {quote.key: quote for plan in plans.plans for quote in plan.all_quotes}
    sources = {source.key: source for section in ordered for source in section.sources}
    sources |= {source.key: source for source in research.sources}
    return ChapterDraft(
        chapter=compose(
            slug=plans.slug,
            title=outline.title,
            topic=plans.topic,
            sections=ordered,
            quotes=quotes,
            sources=sources,
            document_texts=document_texts,
        )
    )


def compose(
    *,
    slug: str,
    title: str,
    topic: str,
    sections: Sequence[Section],
    quotes: dict[str, Quote],
    sources: dict[str, Source],
    document_texts: DocumentTexts | None = None,
    abbreviations: Sequence[Abbreviation] = (),
    points: Sequence[Sentence] | None = None,
) -> ChapterText:
    """A chapter of `sections`, numbered anew. Without `document_texts` those of `abbreviations` still used are kept.

    `points` are key points that were chosen before: those stay whose quotes are still cited.
    """
    figures = _figures(sections)
    pointed = [_with_pointers(section, figures, quotes) for section in sections]
    references = _references(pointed, quotes, sources)
    numbers = {reference.source.key: reference.number for reference in references}
    used = {key for section in pointed for sentence in _claims(section) for key in sentence.quotes}
    kept = [point for point in points or () if used.issuperset(point.quotes)]
    chosen = tuple(kept) if kept else key_points(topic, pointed, quotes)
    cited = [quotes[key] for key in sorted(used)]
    if document_texts is not None:
        abbreviations = defined(document_texts(sorted({quote.document for quote in cited})))
    return ChapterText(
        slug=slug,
        title=title,
        topic=topic,
        sections=tuple(pointed),
        references=references,
        figures=tuple(
            NumberedFigure(number=number, section=kind, figure=figure, reference=numbers[figure.source])
            for number, (kind, figure) in enumerate(figures, start=1)
        ),
        quotes={quote.key: quote for quote in cited},
        key_points=chosen,
        abbreviations=_used(abbreviations, pointed, quotes),
    )


def _figures(sections: Sequence[Section]) -> list[tuple[str, PlannedFigure]]:
    return [(section.kind, figure) for section in sections for figure in section.figures]


def _with_pointers(
    section: Section, figures: Sequence[tuple[str, PlannedFigure]], quotes: Mapping[str, Quote]
) -> Section:
    """End a paragraph with a pointer to the section's figures: the first that cites the figure's source, else the first.

    Pointers of an earlier round are replaced.
    """
    bare = [
        sub.model_copy(
            update={
                "paragraphs": tuple(
                    Paragraph(label=p.label, sentences=kept)
                    for p in sub.paragraphs
                    if (kept := tuple(s for s in p.sentences if s.quotes))
                )
            }
        )
        for sub in section.subsections
    ]
    subsections = [sub for sub in bare if sub.paragraphs]
    cited = [
        {quotes[key].source for sentence in paragraph.sentences for key in sentence.quotes if key in quotes}
        for sub in subsections
        for paragraph in sub.paragraphs
    ]
    numbers: dict[int, list[str]] = {}
    for number, (kind, figure) in enumerate(figures, start=1):
        if kind == section.kind and cited:
            at = next((at for at, sources in enumerate(cited) if figure.source in sources), 0)
            numbers.setdefault(at, []).append(str(number))
    at = 0
    pointed = []
    for sub in subsections:
        paragraphs = []
        for paragraph in sub.paragraphs:
            here, at = numbers.get(at), at + 1
            paragraphs.append(_pointing(paragraph, here) if here else paragraph)
        pointed.append(sub.model_copy(update={"paragraphs": tuple(paragraphs)}))
    return section.model_copy(update={"subsections": tuple(pointed)})


def _pointing(paragraph: Paragraph, numbers: Sequence[str]) -> Paragraph:
    noun = "Figures" if len(numbers) > 1 else "Figure"
    pointer = Sentence(text=f"See {noun} {' and '.join(numbers)}.", quotes=())
    return Paragraph(label=paragraph.label, sentences=(*paragraph.sentences, pointer))


def _claims(section: Section) -> list[Sentence]:
    return [*section.sentences, *section.table_claims]


def _references(
    sections: Sequence[Section], quotes: dict[str, Quote], sources: dict[str, Source]
) -> tuple[Reference, ...]:
    """Sources in order of first citation: the section's text, then its table, then its figures."""
    order: dict[str, None] = {}
    for section in sections:
        for sentence in _claims(section):
            order.update((quotes[key].source, None) for key in sentence.quotes)
        order.update((figure.source, None) for figure in section.figures)
    return tuple(Reference(number=number, source=sources[key]) for number, key in enumerate(order, start=1))


def _used(
    abbreviations: Sequence[Abbreviation], sections: Sequence[Section], quotes: Mapping[str, Quote]
) -> tuple[Abbreviation, ...]:
    """Those that a claim or a caption uses, in the meaning of the documents it is of."""
    said = [
        (claim.text, [quotes[key].document for key in claim.quotes]) for one in sections for claim in _claims(one)
    ] + [(figure.caption, [figure.document]) for one in sections for figure in one.figures]
    met: set[tuple[str, str]] = set()
    for text, documents in said:
        known = known_for(abbreviations, documents)
        met.update((short, long) for short, long in known.items() if use_of(short, text))
    return tuple(one for one in abbreviations if (one.short, one.long) in met)

"""Owns which figures of its sources a section shows, and what is printed of their captions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from chapter_pipeline.documents.structure.passages import sentence_spans
from chapter_pipeline.domain import ChapterBrief, ChapterOutline, PlannedFigure, ResearchSet, Source
from chapter_pipeline.domain.library import FigureRecord
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.grounding import NOT_CLINICAL
from chapter_pipeline.writing.licences import figure_rights

MAX_FIGURES = 6
FIGURE_FLOOR = 0.42
MAX_CAPTION_WORDS = 45
_SUPPLEMENT = re.compile(r"\bsupplement|^(?:fig(?:ure|\.)?)\s*\d*:?\s*(?:figure )?S\d", re.IGNORECASE)


def choose_figures(
    brief: ChapterBrief,
    outline: ChapterOutline,
    research: ResearchSet,
    figures: Sequence[FigureRecord],
    embedder: Embedder,
) -> Mapping[str, list[PlannedFigure]]:
    """Figures of the sources whose captions are closest to a section: one a section, at most six, most fitting first."""
    sources = {source.document: source for source in research.sources if source.document}
    usable = [
        figure
        for figure in figures
        if figure.caption
        and _owner(figure) in sources
        and not _SUPPLEMENT.search(figure.caption)
        and figure_rights(figure.caption, sources[_owner(figure)].licence).allow(brief.figures)
    ]
    queries = {section.kind: (*section.queries, *section.figures) for section in brief.sections}
    clinical = {section.kind for section in brief.sections if section.clinical}
    kinds = [section.kind for section in outline.sections]
    if not usable or not kinds:
        return {}
    captions = embedder.embed([" ".join(filter(None, (figure.caption, figure.description))) for figure in usable])
    texts = [query for kind in kinds for query in queries[kind]]
    owners = [kind for kind in kinds for _ in queries[kind]]
    near = captions @ embedder.embed(texts).T
    ranked = sorted(
        ((float(near[i, j]), i, owners[j]) for i in range(len(usable)) for j in range(len(owners))),
        key=lambda item: (-item[0], item[1], item[2]),
    )
    chosen: dict[str, list[PlannedFigure]] = defaultdict(list)
    taken: set[int] = set()
    documents: dict[str, int] = defaultdict(int)
    for value, i, kind in ranked:
        figure = usable[i]
        if value < FIGURE_FLOOR or len(taken) >= MAX_FIGURES:
            break
        if i in taken or chosen[kind] or documents[_owner(figure)] >= 2:
            continue
        if kind in clinical and sources[_owner(figure)].study_type in NOT_CLINICAL:
            continue
        taken.add(i)
        documents[_owner(figure)] += 1
        chosen[kind].append(_planned(figure, sources[_owner(figure)]))
    return chosen


def _owner(figure: FigureRecord) -> str:
    """The document that is cited for a figure."""
    return figure.cited_as or figure.document


def _planned(figure: FigureRecord, source: Source) -> PlannedFigure:
    rights = figure_rights(figure.caption, source.licence)
    return PlannedFigure(
        sha256=figure.sha256,
        source=source.key,
        document=figure.document,
        page=figure.page,
        label=figure.label,
        caption=_short(figure.caption or ""),
        licence=rights.licence,
        media_type=figure.media_type,
        rights=rights.statement,
    )


def _short(caption: str) -> str:
    """The caption's label and first sentence or two, up to 45 words; the rest describes panels that need its article."""
    spans = sentence_spans(caption)
    kept = ""
    for start, end in spans:
        if kept and not caption[start:end].endswith((".", "!", "?", ")")):
            break  # the rest of the caption stands elsewhere on its page
        candidate = caption[:end]
        if kept and len(candidate.split()) > MAX_CAPTION_WORDS:
            break
        kept = candidate
        if len(kept.split()) >= 12:
            break
    words = kept.split()
    return kept if len(words) <= 2 * MAX_CAPTION_WORDS else " ".join(words[: 2 * MAX_CAPTION_WORDS]) + " …"

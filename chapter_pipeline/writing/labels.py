"""Owns what a paragraph says of the studies it rests on: their design, how many, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chapter_pipeline.domain import Paragraph, Quote
from chapter_pipeline.domain.document import STUDY_PLURALS, StudyType


def paragraph_label(quotes: Sequence[Quote]) -> str | None:
    """``Randomised controlled trials, 2009 to 2021.``; None when the sources do not state their design.

    All `quotes` are of one study type.
    """
    study = quotes[0].study_type
    if study is StudyType.UNKNOWN:
        return None
    years = sorted({quote.year for quote in quotes if quote.year})
    single = len({quote.source for quote in quotes}) == 1
    name = study.value[0].upper() + study.value[1:] if single else STUDY_PLURALS[study]
    when = "" if not years else f", {years[0]}" if years[0] == years[-1] else f", {years[0]} to {years[-1]}"
    return f"{name}{when}."


def relabelled(paragraph: Paragraph, quotes: Mapping[str, Quote]) -> Paragraph:
    """`paragraph` with the label that fits what is left of it after an edit; a label of another form stays."""
    cited = [quotes[key] for sentence in paragraph.sentences for key in sentence.quotes if key in quotes]
    if paragraph.label is None or not cited or len({quote.study_type for quote in cited}) > 1:
        return paragraph
    return paragraph.model_copy(update={"label": paragraph_label(cited) or paragraph.label})

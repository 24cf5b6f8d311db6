"""Owns the citation styles: how a style is called, and which file of the citation processor words its references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

from chapter_pipeline.domain import Reference
from chapter_pipeline.errors import UsageError
from chapter_pipeline.publishing.csl import short_citation


class CitationForm(StrEnum):
    """What stands in a sentence for a reference."""

    BRACKETED = "number in brackets"
    RAISED = "raised number"
    NAMES = "names and year"


class CitationStyle(StrEnum):
    """How sentences cite and how references are worded.

    Vancouver: references as the National Library of Medicine words them. AMA: AMA Manual of Style, 11th edition, with the
    number behind the full stop. Author-year: APA, 7th edition.
    """

    VANCOUVER = "vancouver"
    AMA = "ama"
    AUTHOR_YEAR = "author-year"

    @property
    def csl(self) -> str:
        """The name of the style's CSL file."""
        return _STYLES[self][0]

    @property
    def form(self) -> CitationForm:
        """What stands in a sentence for a reference."""
        return _STYLES[self][1]


_STYLES: Mapping[CitationStyle, tuple[str, CitationForm]] = {
    CitationStyle.VANCOUVER: ("nlm-citation-sequence", CitationForm.BRACKETED),
    CitationStyle.AMA: ("american-medical-association", CitationForm.RAISED),
    CitationStyle.AUTHOR_YEAR: ("apa", CitationForm.NAMES),
}


def parse_style(name: str) -> CitationStyle:
    """The style called `name`. Raises `UsageError`."""
    try:
        return CitationStyle(name.strip().lower())
    except ValueError:
        raise UsageError(
            f"unknown citation style {name!r}; choose from {', '.join(style.value for style in CitationStyle)}"
        ) from None


def year_letters(references: Sequence[Reference]) -> dict[int, str]:
    """The letter behind the year of each reference whose authors and year another one shares, by number, else ''."""
    names = {reference.number: short_citation(reference.source) for reference in references}
    shared = Counter(names.values())
    seen: Counter[str] = Counter()
    letters = {}
    for reference in sorted(references, key=lambda one: (names[one.number], one.source.title, one.number)):
        name = names[reference.number]
        letters[reference.number] = chr(ord("a") + seen[name]) if shared[name] > 1 else ""
        seen[name] += 1
    return letters


def author_year_names(references: Sequence[Reference]) -> dict[int, str]:
    """``Santarius et al. 2009``, ``Santarius et al. 2009b`` by number; without a year ``n.d.`` stands for it."""
    letters = year_letters(references)
    return {
        reference.number: short_citation(reference.source)
        + ("" if reference.source.year is not None else " n.d.")
        + letters[reference.number]
        for reference in references
    }

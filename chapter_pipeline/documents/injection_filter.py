"""Owns the removal of sentences addressed to a model from titles, captions and table cells.

The pages keep them, flagged: they are the record. What stands here goes into lists, citations and prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from chapter_pipeline.documents.injection_patterns import without_instructions
from chapter_pipeline.domain.document import CitedWork, Figure, FigureCaption, Heading, Metadata, ParsedDocument, Table

_T = TypeVar("_T")


def without_injections(document: ParsedDocument) -> ParsedDocument:
    """`document` with such sentences gone from all but its pages, and a warning of where they stood."""
    metadata = _metadata(document.metadata)
    citation_line = document.citation_line and _metadata(document.citation_line)
    properties = document.properties and _metadata(document.properties)
    figures = tuple(map(_figure, document.figures))
    tables = tuple(map(_table, document.tables))
    headings = _told(document.headings, _heading)
    cited_works = _told(document.cited_works, _cited_work)
    captions = _told(document.captions, _caption)
    places = [
        place
        for place, before, after in (
            (
                "what the file says of itself",
                (document.metadata, document.citation_line, document.properties),
                (metadata, citation_line, properties),
            ),
            ("captions of figures", (document.figures, document.captions), (figures, captions)),
            ("tables", document.tables, tables),
            ("headings", document.headings, headings),
            ("the reference list", document.cited_works, cited_works),
        )
        if before != after
    ]
    if not places:
        return document
    warning = f"text addressed to a language model in {', '.join(places)}: left out there"
    return replace(
        document, metadata=metadata, citation_line=citation_line, properties=properties, figures=figures,
        tables=tables, headings=headings, cited_works=cited_works, captions=captions,
        warnings=(*document.warnings, warning),
    )  # fmt: skip


def _metadata(said: Metadata) -> Metadata:
    return replace(
        said,
        title=_optional(said.title),
        authors=tuple(filter(None, map(without_instructions, said.authors))),
        journal=_optional(said.journal),
        licence=_optional(said.licence),
        article_type=_optional(said.article_type),
        volume=_optional(said.volume),
        issue=_optional(said.issue),
        pages=_optional(said.pages),
    )


def _figure(figure: Figure) -> Figure:
    return replace(figure, caption=_optional(figure.caption))


def _caption(caption: FigureCaption) -> FigureCaption | None:
    text = without_instructions(caption.caption)
    return replace(caption, label=_optional(caption.label), caption=text) if text else None


def _table(table: Table) -> Table:
    rows = tuple(tuple(map(without_instructions, row)) for row in table.rows)
    return replace(table, caption=_optional(table.caption), rows=rows)


def _heading(heading: Heading) -> Heading | None:
    title = without_instructions(heading.title)
    return replace(heading, title=title) if title else None


def _cited_work(work: CitedWork) -> CitedWork | None:
    text = without_instructions(work.text)
    return replace(work, text=text, title=_optional(work.title)) if text else None


def _told(all_: Iterable[_T], change: Callable[[_T], _T | None]) -> tuple[_T, ...]:
    return tuple(kept for one in all_ if (kept := change(one)) is not None)


def _optional(text: str | None) -> str | None:
    return text and (without_instructions(text) or None)

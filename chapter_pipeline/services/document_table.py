"""Owns the library as a table: its columns, and what of it a person asks to see, in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chapter_pipeline.errors import UsageError
from chapter_pipeline.publishing.evidence_table import first_author
from chapter_pipeline.shown import shown
from chapter_pipeline.storage.library_queries import DocumentSummary

Cell = str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its heading, and its cell of a document."""

    heading: str
    cell: Callable[[DocumentSummary], Cell]


COLUMNS: Mapping[str, Column] = {
    "document": Column(heading="Document", cell=lambda one: one.key),
    "author": Column(heading="Author", cell=lambda one: first_author(one.record.authors)),
    "year": Column(heading="Year", cell=lambda one: one.record.year),
    "title": Column(heading="Title", cell=lambda one: one.record.title),
    "journal": Column(heading="Journal", cell=lambda one: one.record.journal),
    "doi": Column(heading="DOI", cell=lambda one: one.record.doi),
    "page_count": Column(heading="Pages", cell=lambda one: one.record.page_count),
    "to_check": Column(heading="To check", cell=lambda one: len(one.record.to_check) or None),
    "files": Column(heading="Files", cell=lambda one: ", ".join(one.names)),
    "authors": Column(heading="Authors", cell=lambda one: "; ".join(one.record.authors)),
    "published": Column(heading="Published", cell=lambda one: one.record.published),
    "volume": Column(heading="Volume", cell=lambda one: one.record.volume),
    "issue": Column(heading="Issue", cell=lambda one: one.record.issue),
    "pages": Column(heading="Page range", cell=lambda one: one.record.pages),
    "pmid": Column(heading="PMID", cell=lambda one: one.record.pmid),
    "pmcid": Column(heading="PMCID", cell=lambda one: one.record.pmcid),
    "article_type": Column(heading="Article type", cell=lambda one: one.record.article_type),
    "study_type": Column(heading="Study type", cell=lambda one: one.record.study_type.value),
    "population": Column(heading="Population", cell=lambda one: one.record.population),
    "licence": Column(heading="Licence", cell=lambda one: one.record.licence),
    "language": Column(heading="Language", cell=lambda one: one.record.language),
}
USUAL = ("document", "author", "year", "title", "journal", "doi", "page_count", "files")
"""The columns that are shown when none are named."""
_RANGE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")


def named_columns(names: str) -> tuple[str, ...]:
    """``author,year`` as column names. Raises `UsageError`."""
    found = tuple(name.strip() for name in names.split(",") if name.strip())
    for name in found:
        _column(name)
    if not found:
        raise UsageError(f"no column is named: choose from {', '.join(COLUMNS)}")
    return found


def arranged(
    documents: Sequence[DocumentSummary], *, sort: str | None, reverse: bool, filters: Sequence[str]
) -> list[DocumentSummary]:
    """The documents that meet all `filters`, by the column `sort`; documents without a value there are last.

    A filter is ``journal=TEXT`` (holds the text, whatever its case), ``year=2015`` or ``year=2015-2020``, or
    ``journal=`` for documents that have none. Raises `UsageError`.
    """
    conditions = [_condition(one) for one in filters]
    found = [document for document in documents if all(meets(document) for meets in conditions)]
    if sort is None:
        return found[::-1] if reverse else found
    cell = _column(sort).cell
    missing = [document for document in found if cell(document) in (None, "")]
    present = [document for document in found if cell(document) not in (None, "")]
    return [*sorted(present, key=lambda one: _sortable(cell(one)), reverse=reverse), *missing]


def _column(name: str) -> Column:
    if name not in COLUMNS:
        raise UsageError(f"the list of documents has no column {shown(name)}: choose from {', '.join(COLUMNS)}")
    return COLUMNS[name]


def _condition(text: str) -> Callable[[DocumentSummary], bool]:
    name, equals, wanted = text.partition("=")
    if not equals:
        raise UsageError(f"the filter {shown(text)} has no '=': write for example --filter journal=lancet")
    cell, wanted = _column(name.strip()).cell, wanted.strip()
    if not wanted:
        return lambda one: cell(one) in (None, "")
    if name.strip() in ("year", "page_count"):
        found = _RANGE.fullmatch(wanted)
        if found is None:
            raise UsageError(f"the filter {shown(text)} needs a number or a range: --filter {name.strip()}=2015-2020")
        first, last = int(found.group(1)), int(found.group(2) or found.group(1))
        return lambda one: isinstance(value := cell(one), int) and first <= value <= last
    return lambda one: wanted.casefold() in str(cell(one) or "").casefold()


def _sortable(value: Cell) -> tuple[int, str]:
    """Numbers by size, also those of volumes; other text by its letters."""
    text = str(value)
    return (int(text), "") if text.isdigit() and len(text) < 10 else (10**10, text.casefold())

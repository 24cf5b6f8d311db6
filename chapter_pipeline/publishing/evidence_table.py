"""Owns the evidence table as a file: one row for each finding, as CSV or as an Excel workbook. It reads no library."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chapter_pipeline.domain.document import place
from chapter_pipeline.domain.evidence import Effect, Finding, StudyRecord
from chapter_pipeline.domain.library import DocumentRecord
from chapter_pipeline.publishing.csl import family_name

Cell = str | int | None
LONGEST_CELL = 32_767
"""Characters of a cell of Excel."""
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*%?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_WIDTHS = {"title": 40, "text": 80, "population": 30, "intervention": 25, "comparator": 25, "outcome": 25, "effect": 20}
_MADE = datetime(2000, 1, 1, tzinfo=UTC)
"""Of every workbook: the same findings give the same file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """A finding with the study that states it; `study` has no findings."""

    document: DocumentRecord
    study: StudyRecord
    finding: Finding


def effects_text(effects: Sequence[Effect]) -> str:
    """``HR 0.68 (0.49 to 0.95); 13.9 vs 11.6 months``: the effects as printed, with unit and interval."""
    return "; ".join(_effect(effect) for effect in effects)


def first_author(authors: Sequence[str]) -> str:
    """``Cushing`` or ``Cushing et al.``"""
    return family_name(authors[0]) + " et al." * (len(authors) > 1) if authors else ""


def population_text(row: EvidenceRow) -> str | None:
    """Whom the finding is about, else whom the study is of."""
    return row.finding.population or row.study.population.condition or row.study.population.text


def page_cell(finding: Finding) -> Cell:
    """The page; of a JATS article section and paragraph."""
    span = finding.statement
    return span.page if span.page_label is None else place(span.page, span.page_label, span.paragraph)


COLUMNS: Mapping[str, Callable[[EvidenceRow], Cell]] = {
    "author": lambda row: first_author(row.document.authors),
    "year": lambda row: row.document.year,
    "title": lambda row: row.document.title,
    "doi": lambda row: row.document.doi,
    "design": lambda row: row.study.design.value,
    "level": lambda row: row.study.level,
    "n": lambda row: row.study.population.n,
    "population": population_text,
    "species": lambda row: row.finding.species.value,
    "disease": lambda row: row.finding.disease,
    "kind": lambda row: row.finding.kind.value,
    "main": lambda row: "yes" if row.finding.main else "no",
    "intervention": lambda row: row.finding.intervention,
    "comparator": lambda row: row.finding.comparator,
    "outcome": lambda row: row.finding.outcome,
    "time point": lambda row: row.finding.time_point,
    "direction": lambda row: row.finding.direction.value,
    "effect": lambda row: _each(row, lambda one: f"{one.measure} {one.value}" if one.measure else one.value),
    "unit": lambda row: _each(row, lambda one: one.unit),
    "low": lambda row: _each(row, lambda one: one.low),
    "high": lambda row: _each(row, lambda one: one.high),
    "p": lambda row: "; ".join(row.finding.p) or None,
    "page": lambda row: page_cell(row.finding),
    "text": lambda row: row.finding.text,
    "document": lambda row: row.document.key,
}
"""The columns by their headings. Of several effects, the cells of effect, unit, low and high have as many parts."""


def as_csv(rows: Iterable[EvidenceRow]) -> bytes:
    """UTF-8 with a byte order mark, by which Excel knows it. No cell is a formula, see `without_formula`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([without_formula(_plain(cell(row))) for cell in COLUMNS.values()])
    return text.getvalue().encode("utf-8-sig", "replace")


def as_xlsx(rows: Iterable[EvidenceRow]) -> bytes:
    """A workbook of one sheet; every text is stored as a text, never as a formula or a link."""
    import xlsxwriter  # a third of a second, and most commands write no workbook

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": "Evidence table", "created": _MADE.replace(tzinfo=None)})
        head, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet("Findings")
        for column, name in enumerate(COLUMNS):
            sheet.set_column(column, column, _WIDTHS.get(name, 12), wrapped)
            sheet.write_string(0, column, name, head)
        last = 0
        for last, row in enumerate(rows, start=1):
            for column, cell in enumerate(COLUMNS.values()):
                value = _plain(cell(row))
                if isinstance(value, int):
                    sheet.write_number(last, column, value)
                elif value:
                    sheet.write_string(last, column, value[:LONGEST_CELL])
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, last, len(COLUMNS) - 1)
    return content.getvalue()


def without_formula(value: Cell) -> Cell:
    """A text that a spreadsheet would compute, with an apostrophe before it; a plain number (``-1.3``) is none."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def _plain(value: Cell) -> Cell:
    """`value` without the control characters that neither form can hold."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value


def _each(row: EvidenceRow, part: Callable[[Effect], str | None]) -> str | None:
    parts = [part(effect) or "" for effect in row.finding.effects]
    return "; ".join(parts) if any(parts) else None


def _effect(effect: Effect) -> str:
    said = " ".join(part for part in (effect.measure, effect.value, effect.unit) if part)
    return f"{said} ({effect.low} to {effect.high})" if effect.low and effect.high else said

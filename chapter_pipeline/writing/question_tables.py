"""Owns which questions of a section have an evidence table, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chapter_pipeline.domain import ClinicalQuestion, EvidenceMap, EvidenceRow, Perspective, Quote
from chapter_pipeline.domain.evidence import Species
from chapter_pipeline.domain.question_tables import QuestionRow, QuestionTable

STUDIES = 2
"""Studies of any level that a table needs; one of the levels in `STRONG` is enough."""
STRONG = (1, 2)
MAX_ROWS = 10
ROWS_OF_A_STUDY = 2
LEAST_ROWS = 2
"""Rows of the table of other findings."""


def question_tables(section: str, evidence: EvidenceMap) -> tuple[QuestionTable, ...]:
    """A table for each question of `section` that results of two studies answer, or of one of level 1 or 2.

    Only results with an effect or a p value are rows: strongest level first, then the newest. Of one outcome a study has one
    row, the fullest: others are often of a part of its patients.
    """
    made = ((asked, tuple(_rows(asked, evidence.quotes))) for asked in evidence.questions if asked.section == section)
    return tuple(
        QuestionTable(question=asked.key, caption=asked.text, rows=rows)
        for asked, rows in made
        if len({row.source for row in rows}) >= STUDIES or any(row.evidence_level in STRONG for row in rows)
    )


def _rows(asked: ClinicalQuestion, quotes: Sequence[Quote]) -> Iterator[QuestionRow]:
    answering = [quote for quote in quotes if asked.key in quote.questions and _is_of(asked.perspective, quote)]
    ranked = sorted(
        answering,
        key=lambda one: (
            one.evidence_level,
            -(one.year or 0),
            one.source,
            -_printed(asked, one),
            not one.main,
            -one.relevance,
            one.key,
        ),
    )
    told: dict[str, list[str]] = {}
    count = 0
    for quote in ranked:
        cells = quote.results[quote.questions.index(asked.key)]
        outcomes = told.setdefault(quote.source, [])
        outcome = (cells.outcome or "").casefold()
        if not cells.states_a_result or outcome in outcomes or len(outcomes) == ROWS_OF_A_STUDY:
            continue
        if count == MAX_ROWS:
            return
        outcomes.append(outcome)
        count += 1
        yield QuestionRow(
            quote=quote.key, source=quote.source, study_type=quote.study_type, evidence_level=quote.evidence_level,
            year=quote.year, cells=cells,
        )  # fmt: skip


def _printed(asked: ClinicalQuestion, quote: Quote) -> int:
    return len(quote.results[quote.questions.index(asked.key)].model_dump(exclude_none=True))


def _is_of(perspective: Perspective, quote: Quote) -> bool:
    """Results of people and of animals or the bench never stand in one table."""
    return (quote.species is Species.HUMAN) is (perspective is not Perspective.MECHANISM)


def other_findings(rows: Sequence[EvidenceRow], tables: Sequence[QuestionTable]) -> tuple[EvidenceRow, ...]:
    """The table of findings that the text does not repeat, without those that stand in the tables of the questions."""
    shown = {row.quote for table in tables for row in table.rows}
    left = tuple(row for row in rows if not shown.intersection(row.finding.quotes))
    return left if not tables or len(left) >= LEAST_ROWS else ()

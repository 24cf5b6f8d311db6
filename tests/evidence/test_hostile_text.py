"""No text takes long: a damaged text layer may hold anything."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest

from chapter_pipeline.domain.document import CitedWork, StudyType, Table
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind, Span, Species
from chapter_pipeline.domain.markers import markers
from chapter_pipeline.domain.wording import display_text
from chapter_pipeline.evidence.arms import Arms, arms_of
from chapter_pipeline.evidence.citing import cited_in
from chapter_pipeline.evidence.comparison import comparisons
from chapter_pipeline.evidence.kinds import kind_of
from chapter_pipeline.evidence.main_findings import choose
from chapter_pipeline.evidence.population import size_of
from chapter_pipeline.evidence.questions import compared
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.evidence.result_tables import table_results
from chapter_pipeline.evidence.row_cells import row_cells
from chapter_pipeline.evidence.setting import setting_of
from chapter_pipeline.evidence.source import Zone, zone_of_label
from chapter_pipeline.evidence.spans import refers_back
from chapter_pipeline.evidence.statistics import effects, has_statistics, p_values
from chapter_pipeline.evidence.subjects import diseases_named, species_named
from chapter_pipeline.evidence.text import LONGEST, lowered, without_brackets
from tests.evidence.made import article, statement

ARMS = Arms(("dexamethasone", "placebo"))
WORKS = (CitedWork(number=1, text="Okafor A. 2001", page=1, year=2001),)


def _table(text: str) -> list[object]:
    rows = (("Outcome", text, "P value"), (f"{text}ab", text, "0.01"))
    table = Table(ordinal=1, page=1, box=(0, 0, 1, 1), label=None, caption=text, header_rows=1, rows=rows)
    return list(table_results([table]))


def _kind(zone: Zone, text: str) -> object:
    return kind_of(statement(text, zone), StudyType.COHORT)


def _finding(text: str) -> Finding:
    whole = f"Recurrence was lower with a drain than with placebo {text}"
    return Finding(
        ordinal=0, kind=FindingKind.OWN_RESULT, species=Species.HUMAN, intervention="drain", comparator="placebo",
        outcome="recurrence", direction=Direction.DECREASED, spans=(Span(text=whole[: max(len(text), LONGEST)], page=1),),
    )  # fmt: skip


def _named(text: str) -> object:
    return compared(
        _finding(text).model_copy(update={"intervention": text, "comparator": text, "outcome": text}), StudyType.COHORT
    )


READERS: dict[str, Callable[[str], object]] = {
    "arms of a title": lambda text: arms_of(text, [], [], []),
    "arms of an abstract": lambda text: arms_of(None, [text], [], [text]),
    "brackets": without_brackets,
    "citations": lambda text: cited_in(text, WORKS),
    "comparisons": lambda text: comparisons(text, ARMS),
    "diseases": diseases_named,
    "display": display_text,
    "effects": effects,
    "label": zone_of_label,
    "lower case": lowered,
    "main findings": lambda text: choose([], [], text, StudyType.COHORT),
    "markers": lambda text: list(markers(text)),
    "p values": p_values,
    "questions": lambda text: compared(_finding(text), StudyType.COHORT),
    "questions by names": _named,
    "record": lambda text: study_record(article([("Results", [[text]])], title=text[:400])),
    "references back": refers_back,
    "row cells": lambda text: row_cells(_finding(text)),
    "setting": lambda text: setting_of([text]),
    "size": lambda text: size_of([f"randomised {text}"], [], []),
    "species": species_named,
    "statistics": has_statistics,
    "table": _table,
    **{f"kind in {zone.value}": partial(_kind, zone) for zone in Zone},
}
PIECES = (
    "a ", "(", "()", "1", "1 ", "1.", "x", "A", " ", "a, ", "a-", "a and ", "not ", "no difference ", "group ",
    "with ", "1 vs ", "5% and ", "limited ", "one hundred ", "other a ", "effect of ", "[1,", "⁰",
    "1 patients ", "one and ", "(n = 4) ", "2 to ", ", in Spain", "trial was ",
)  # fmt: skip


@pytest.mark.parametrize("length", [20_000, LONGEST - 20], ids=["longer than any sentence", "a long sentence"])
@pytest.mark.parametrize("reader", READERS)
def test_readers__hostile_text__less_than_a_second(reader: str, length: int) -> None:
    for piece in PIECES:
        text = (piece * length)[:length]
        begun = time.process_time()
        READERS[reader](text)
        assert time.process_time() - begun < 1, piece

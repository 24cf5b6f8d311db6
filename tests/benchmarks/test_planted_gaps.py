"""The planted libraries are what they promise, and a few of their faults are told on a real library."""

from __future__ import annotations

import pytest

from benchmarks.planted_gaps import verdicts
from benchmarks.planted_library import CASES, HELD_OUT, Case, Expected, jats
from chapter_pipeline.documents.jats.extract import extract_article
from chapter_pipeline.domain import Closer, Gap, GapType, Severity
from chapter_pipeline.settings import Settings

FAST = ("two trials with opposite directions", "operative steps only as a word", "retracted, as its title says")
EVERY = [*CASES, *HELD_OUT]


def test_cases__are_thirty_with_names_of_their_own() -> None:
    assert (len(CASES), len(HELD_OUT)) == (20, 10)
    assert len({case.name for case in EVERY}) == 30


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_case__fault_and_control__differ_and_are_articles(case: Case) -> None:
    assert case.faulty != case.control
    for article in {*case.faulty, *case.control}:
        read = extract_article(jats(article), max_pages=100)
        assert (read.metadata.title, read.metadata.year) == (article.title, article.year)


EXPECTED = Expected(
    type=GapType.SOURCE_COVERAGE, severity=(Severity.HIGH,), closed_by=Closer.PERSON, names=("Lind", "p. 4"),
    false_names=("Lind",),
)  # fmt: skip
GAP = Gap(
    type=GapType.SOURCE_COVERAGE, severity=Severity.HIGH, description="Not told: LIND 2020.",
    recommendation="Read p. 4.", closed_by=Closer.PERSON,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told", "false"),
    [
        ({}, True, True), ({"severity": Severity.LOW}, False, True), ({"closed_by": Closer.LIBRARY}, False, True),
        ({"type": GapType.TEMPORAL_COVERAGE}, False, False), ({"recommendation": "Read it."}, False, True),
        ({"description": "Not told."}, False, False),
    ],
)  # fmt: skip
def test_expected__type_level_closer_and_all_names(change: dict[str, object], told: bool, false: bool) -> None:
    gap = GAP.model_copy(update=change)
    assert (EXPECTED.is_told(gap), EXPECTED.is_told_falsely(gap)) == (told, false)


@pytest.mark.slow
def test_planted__a_few_libraries__are_told_and_their_controls_are_not(settings: Settings) -> None:
    found = verdicts([case for case in CASES if case.name in FAST], settings)
    assert [(one.case.name, one.told, one.false) for one in found] == [
        (case.name, True, ()) for case in CASES if case.name in FAST
    ]

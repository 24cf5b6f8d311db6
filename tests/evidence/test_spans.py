"""A statement comes with the sentences it refers to, of its own paragraph, and never with more than three in all."""

from __future__ import annotations

import pytest

from chapter_pipeline.evidence.source import statements
from chapter_pipeline.evidence.spans import MOST, context_of, refers_back
from tests.evidence.made import article


@pytest.mark.parametrize(
    ("text", "refers"),
    [
        ("This group had fewer recurrences.", True),
        ("However, recurrence was lower.", True),
        ("They were given dexamethasone.", True),
        ("The difference was not significant.", True),
        ("Recurrence in these patients was lower.", True),
        ("Recurrence was lower with a drain.", False),
        ("Theophylline lowered recurrence.", False),
    ],
)
def test_refers_back__first_words__tell(text: str, refers: bool) -> None:
    assert refers_back(text) is refers


def test_context_of__reference_back__takes_what_it_refers_to() -> None:
    found = statements(article([("Results", [["Half had a drain.", "They did well.", "This was lasting."]])]))
    spans, stated = context_of(found[2], found)
    assert [one.text for one in spans] == ["Half had a drain.", "They did well.", "This was lasting."]
    assert stated == 2


def test_context_of__chain_of_references__is_cut() -> None:
    found = statements(article([("Results", [["Half had a drain.", *["They did well."] * 5]])]))
    spans, stated = context_of(found[-1], found)
    assert (len(spans), stated) == (MOST, MOST - 1)


def test_context_of__first_of_its_paragraph__stands_alone() -> None:
    found = statements(article([("Results", [["Half had a drain."], ["They did well."]])]))
    assert [one.text for one in context_of(found[1], found)[0]] == ["They did well."]

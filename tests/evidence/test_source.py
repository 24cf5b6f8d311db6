"""Sentences are read with their place: the part of the article, the paragraph, the page they begin and end on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chapter_pipeline.domain.document import Heading, PageSpan, Passage, SectionKind, StudyType
from chapter_pipeline.evidence.source import ABSTRACT_WORDS, SourceText, Zone, statements, zone_of_label
from tests.evidence.made import article


@pytest.mark.parametrize(
    ("label", "zone"),
    [
        ("RESULTS:", Zone.RESULTS), ("Patients and methods", Zone.METHODS), ("Background and aims", Zone.OPENING),
        ("Conclusions and relevance", Zone.CLOSING), ("Main outcome measures", Zone.METHODS), ("Surgery", None),
    ],
)  # fmt: skip
def test_zone_of_label__parts_of_an_abstract__are_those_of_the_body(label: str, zone: Zone | None) -> None:
    assert zone_of_label(label) is zone


def test_statements__labels_run_in__open_the_parts_of_the_abstract() -> None:
    sentences = [
        "BACKGROUND: Drains are rarely used.", "METHODS: Patients were randomised.", "Half had a drain.",
        "RESULTS: Recurrence fell.", "CONCLUSIONS: Drains help.",
    ]  # fmt: skip
    found = statements(article([("Abstract", [sentences])]))
    assert [one.zone for one in found] == [Zone.OPENING, Zone.METHODS, Zone.METHODS, Zone.RESULTS, Zone.CLOSING]
    assert all(one.in_abstract for one in found)


def test_statements__no_heading_above__abstract_ends_with_the_first_marker() -> None:
    found = statements(
        article([(None, [["Recurrence fell with a dose of 75 mg/m²."], ["Drains are old.[1]"], ["They are cheap."]])])
    )
    assert [(one.zone, one.in_abstract) for one in found] == [
        (Zone.ABSTRACT, True), (Zone.OPENING, False), (Zone.OPENING, False),
    ]  # fmt: skip


def test_statements__no_heading_above__abstract_has_its_words() -> None:
    found = statements(article([(None, [["word " * (ABSTRACT_WORDS - 1) + "end."], ["Drains are old."]])]))
    assert [one.in_abstract for one in found] == [True, False]


def test_statements__text_above_a_headed_abstract_and_references__are_left_out() -> None:
    source = article([(None, [["Okafor and others, Department of Surgery."]]), ("Abstract", [["Drains help."]]), ("References", [["Weir B. Drains."]])])  # fmt: skip
    assert [one.text for one in statements(source)] == ["Drains help."]


def test_statements__heading_of_no_kind__is_of_its_main_section() -> None:
    source = article([("Results", [["Recurrence fell."]]), ("Survival", [["Survival rose."]])])
    last = statements(source)[-1]
    assert (last.zone, last.headings) == (Zone.RESULTS, ("Results", "Survival"))


def test_statements__position__counts_the_sentences_of_its_paragraph() -> None:
    found = statements(article([("Results", [["One fell.", "Two rose."], ["Three fell."]])]))
    assert [(one.paragraph, one.position, one.of) for one in found] == [(0, 0, 2), (0, 1, 2), (1, 0, 1)]


def test_statements__sentence_over_the_page_turn__has_both_places() -> None:
    text = "Recurrence fell with a drain."
    passage = Passage(
        ordinal=1, page=1, start=0, end=16, text=text, section="Results", sentences=((0, 29),),
        continued=(PageSpan(page=2, start=0, end=12),),
    )  # fmt: skip
    heading = Heading(title="Results", level=1, kind=SectionKind.RESULTS, page=1, start=0)
    other = replace(passage, ordinal=2, page=2, start=14, end=30, text="Deaths were rare", sentences=((14, 30),), continued=())  # fmt: skip
    found = statements(
        SourceText(title=None, study_type=StudyType.COHORT, passages=(passage, other), headings=(heading,))
    )
    assert [(one.text, one.paragraph) for one in found] == [(text, 0), ("Deaths were rare", 1)]
    assert [place.page for place in found[0].span.places] == [1, 2]
    assert found[0].span.page == 1


def test_statements__document_without_text__has_none() -> None:
    assert statements(article([])) == []

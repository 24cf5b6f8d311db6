"""An abbreviation is expanded where a reader first meets it, once, and the artifact's sentence stays as it is."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain import Abbreviation, Quote, Sentence
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.publishing.abbreviations import FirstUse

KNOWN = (
    Abbreviation(short="GBM", long="glioblastoma multiforme"),
    Abbreviation(short="OS", long="overall survival"),
    Abbreviation(short="PD-1", long="programmed cell death protein 1"),
    Abbreviation(short="GM", long="gray matter", documents=("brain",)),
    Abbreviation(short="GM", long="geometric mean", documents=("worms",)),
    Abbreviation(short="GMV", long="GM volume", documents=("brain",)),
)


def quote(key: str, document: str) -> Quote:
    return Quote(
        key=key, source=document, document=document, page=1, start=0, end=4, text="Text", display="Text",
        document_section=None, study_type=StudyType.COHORT, evidence_level=3, year=2020, relevance=1.0, concepts=(),
        sections={}, points=(),
    )  # fmt: skip


QUOTES = {"q1": quote("q1", "any"), "qb": quote("qb", "brain"), "qw": quote("qw", "worms")}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            ["GBM is common.", "GBM shortens OS."],
            ["GBM [glioblastoma multiforme] is common.", "GBM shortens OS [overall survival]."],
        ),
        (["Glioblastoma multiforme (GBM) is common.", "GBM recurs."], ["Glioblastoma multiforme (GBM) is common.", "GBM recurs."]),
        (["Glioblastoma (GBM) is common.", "GBM recurs."], ["Glioblastoma (GBM) is common.", "GBM recurs."]),
        (["GBMs recur."], ["GBMs [glioblastoma multiforme] recur."]),
        (["Anti-PD-1 and OSM are not meant.", "PD-1 is."], ["Anti-PD-1 and OSM are not meant.", "PD-1 [programmed cell death protein 1] is."]),
        (["Nothing is short here."], ["Nothing is short here."]),
    ],
)  # fmt: skip
def test_first_use(texts: list[str], expected: list[str]) -> None:
    first_use = FirstUse(KNOWN, QUOTES)
    assert [first_use.expanded(Sentence(text=text, quotes=("q1",))).text for text in texts] == expected
    assert first_use.expanded(Sentence(text="OS", quotes=("q7",))).quotes == ("q7",)


def test_first_use__caption__is_expanded_as_its_document_defines_it() -> None:
    first_use = FirstUse(KNOWN, QUOTES)
    assert first_use.expanded_text("GM over time", ["worms"]) == "GM [geometric mean] over time"
    assert first_use.expanded_text("GM over time", ["worms"]) == "GM over time"


def test_first_use__two_documents_mean_two_things__each_as_its_document_defines_it() -> None:
    first_use = FirstUse(KNOWN, QUOTES)
    said = [("qb", "GMV and GM fell."), ("qw", "The GM was 3."), ("qb", "GM and GMV again.")]
    assert [first_use.expanded(Sentence(text=text, quotes=(key,))).text for key, text in said] == [
        "GMV [GM volume] and GM [gray matter] fell.",
        "The GM [geometric mean] was 3.",
        "GM and GMV again.",
    ]

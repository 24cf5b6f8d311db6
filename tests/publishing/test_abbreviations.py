"""An abbreviation is expanded where a reader first meets it, once, and the artifact's sentence stays as it is."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain import Abbreviation, Sentence
from chapter_pipeline.publishing.abbreviations import FirstUse

KNOWN = (
    Abbreviation(short="GBM", long="glioblastoma multiforme"),
    Abbreviation(short="OS", long="overall survival"),
    Abbreviation(short="PD-1", long="programmed cell death protein 1"),
)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            ["GBM is common.", "GBM shortens OS."],
            ["GBM [glioblastoma multiforme] is common.", "GBM shortens OS [overall survival]."],
        ),
        (["Glioblastoma multiforme (GBM) is common.", "GBM recurs."], ["Glioblastoma multiforme (GBM) is common.", "GBM recurs."]),
        (["Anti-PD-1 and OSM are not meant.", "PD-1 is."], ["Anti-PD-1 and OSM are not meant.", "PD-1 [programmed cell death protein 1] is."]),
        (["Nothing is short here."], ["Nothing is short here."]),
    ],
)  # fmt: skip
def test_first_use(texts: list[str], expected: list[str]) -> None:
    first_use = FirstUse(KNOWN)
    assert [first_use.expanded(Sentence(text=text, quotes=("q1",))).text for text in texts] == expected
    assert first_use.expanded(Sentence(text="OS", quotes=("q7",))).quotes == ("q7",)

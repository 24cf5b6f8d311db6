"""Volume, issue and pages of a record stand in the reference list of every style and export."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from chapter_pipeline.domain import Reference
from chapter_pipeline.literature.reference_files import read_references
from chapter_pipeline.publishing.bibtex import bibtex
from chapter_pipeline.publishing.csl import csl_name
from chapter_pipeline.publishing.exports import export_chapter
from chapter_pipeline.publishing.pandoc import format_references
from chapter_pipeline.publishing.ris import ris
from chapter_pipeline.publishing.styles import CitationStyle
from tests.publishing.finished_chapter import FINAL, png, source

ARTICLE = Reference(
    number=1,
    source=source(
        "okafor2017", title="Drains", authors=("Okafor, Ada", "{The Drainers of the North, Ltd}"), year=2017,
        journal="Journal of Samples", volume="41", issue="7", pages="1067-1073", doi="10.5555/drains",
    ),
)  # fmt: skip


@pytest.mark.parametrize("style", CitationStyle)
def test_reference__each_style__prints_the_details_and_the_groups_name(style: CitationStyle) -> None:
    worded = str(format_references([ARTICLE], style)[1])
    letters = re.sub(r"[^A-Za-z0-9]+", "", "".join(re.findall(r"'c': '([^']*)'", worded)))
    for detail in ("Okafor", "TheDrainersoftheNorthLtd", "2017", "JournalofSamples", "41", "7", "1067"):
        assert detail in letters, (style, letters)


@pytest.mark.parametrize(("name", "text"), [("a.bib", bibtex([ARTICLE])), ("a.ris", ris([ARTICLE]))])
def test_reference__exported_and_read_back__has_the_same_details(name: str, text: str) -> None:
    (work,) = read_references(name, text.encode()).works
    assert (work.year, work.journal, work.volume, work.issue) == (2017, "Journal of Samples", "41", "7")
    assert (work.pages, work.doi) == ("1067-1073", "10.5555/drains")


def test_reference__jats__its_mixed_citation_has_the_details(tmp_path: Path) -> None:
    first = next(one for one in FINAL.chapter.references if one.source.year == 2009)
    details = {"journal": "Journal of Samples", "volume": "41", "issue": "7", "pages": "1067-1073"}
    changed = first.model_copy(update={"source": first.source.model_copy(update=details)})
    chapter = FINAL.chapter.model_copy(
        update={"references": tuple(changed if one is first else one for one in FINAL.chapter.references)}
    )
    final = FINAL.model_copy(update={"chapter": chapter})
    (path,) = export_chapter(final, formats=["jats"], destination=tmp_path, figure_content=lambda _: png(), version=1)
    (citation,) = etree.parse(str(path)).xpath(f"//ref[@id='ref-{first.number}']/mixed-citation")
    assert "Journal of Samples. 2009;41(7):1067–73." in "".join(citation.itertext())


def test_csl_name__in_braces__is_a_group_whatever_its_words() -> None:
    assert csl_name("{Prospective Urban Rural Epidemiology}") == {"literal": "Prospective Urban Rural Epidemiology"}

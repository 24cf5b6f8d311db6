"""Sources as citation data: names, DOIs, short citations, BibTeX."""

from __future__ import annotations

import bibtexparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapter_pipeline.domain import Reference
from chapter_pipeline.errors import InvariantViolated
from chapter_pipeline.publishing.bibtex import bibtex, escape
from chapter_pipeline.publishing.csl import csl_item, csl_name, short_citation
from chapter_pipeline.publishing.pandoc_ast import clean
from tests.publishing.finished_chapter import source


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("Santarius, Thomas", {"family": "Santarius", "given": "Thomas"}),
        ("Thomas Santarius", {"family": "Santarius", "given": "Thomas"}),
        ("Santarius T", {"family": "Santarius", "given": "T."}),
        ("Kirkpatrick PJ", {"family": "Kirkpatrick", "given": "P. J."}),
        ("Kirkpatrick, PJ", {"family": "Kirkpatrick", "given": "P. J."}),
        ("Peter J. Kirkpatrick", {"family": "Kirkpatrick", "given": "Peter J."}),
        ("Jan van der Berg", {"family": "van der Berg", "given": "Jan"}),
        ("Martin L. King Jr.", {"family": "King", "given": "Martin L.", "suffix": "Jr."}),
        ("King, Jr., Martin L.", {"family": "King", "given": "Martin L.", "suffix": "Jr."}),
        ("World Health Organization", {"literal": "World Health Organization"}),
        ("The GBM Study Group, Boston", {"literal": "The GBM Study Group, Boston"}),
        ("ESCAPE", {"literal": "ESCAPE"}),
    ],
)
def test_csl_name__ways_to_write_an_author__are_told_apart(author: str, name: dict[str, str]) -> None:
    assert csl_name(author) == name


def test_csl_item__a_journal_article__has_the_fields_of_the_specification() -> None:
    item = csl_item(source("a2009", doi="https://doi.org/10.1016/S0140-6736(09)61115-6"))
    assert item["type"] == "article-journal"
    assert item["DOI"] == "10.1016/S0140-6736(09)61115-6"
    assert item["issued"] == {"date-parts": [[2009]]}
    assert item["page"] == "1067-1073"
    assert item["container-title"] == "The Lancet"


@pytest.mark.parametrize("doi", ["javascript:alert(1)", "not known", ""])
def test_csl_item__what_is_no_doi__is_left_out(doi: str) -> None:
    assert "DOI" not in csl_item(source("a2009", doi=doi))


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        (("Santarius, T", "Kirkpatrick, P", "Hutchinson, P"), "Santarius et al. 2009"),
        (("Santarius, T", "Kirkpatrick, P"), "Santarius and Kirkpatrick 2009"),
        (("World Health Organization",), "World Health Organization 2009"),
        ((), "Trial of colloid cyst surgery 2009"),
    ],
)
def test_short_citation__names_as_many_authors_as_a_text_does(authors: tuple[str, ...], expected: str) -> None:
    assert short_citation(source("a2009", authors=authors)) == expected


@given(st.text(max_size=60))
def test_bibtex__any_title__leaves_a_file_that_parses(title: str) -> None:
    parsed = bibtexparser.parse_string(bibtex([Reference(number=1, source=source("a2009", title=title))]))
    assert not parsed.failed_blocks
    assert [entry.key for entry in parsed.entries] == ["a2009"]
    assert parsed.entries[0]["title"] == f"{{{escape(title)}}}"


def test_bibtex__two_references_of_one_key__are_an_error() -> None:
    references = [Reference(number=number, source=source("a2009")) for number in (1, 2)]
    with pytest.raises(InvariantViolated, match="a2009"):
        bibtex(references)


def test_bibtex__a_retracted_source__says_so() -> None:
    assert "note = {Retracted}" in bibtex([Reference(number=1, source=source("a2009", retracted=True))])


@given(st.text())
def test_clean__any_text__can_stand_in_xml(text: str) -> None:
    kept = clean(text)
    kept.encode("utf-8")
    assert not [c for c in kept if ord(c) < 0x20 or c in "\u202e\ufffe\uffff"]
    assert clean(kept) == kept

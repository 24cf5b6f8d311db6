"""Reference lists as programs really write them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import nbib
import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st

from chapter_pipeline.domain import Work
from chapter_pipeline.errors import UsageError
from chapter_pipeline.literature.reference_fields import author_name, normalised_doi
from chapter_pipeline.literature.reference_files import deduplicate, normalised_title, read_references
from tests.conftest import EXAMPLES

ZOTERO = """TY  - JOUR
TI  - Use of drains versus no drains after burr-hole evacuation
AU  - Santarius, Thomas
AU  - Kirkpatrick, Peter J.
T2  - The Lancet
DA  - 2009/09/26/
PY  - 2009
DO  - https://doi.org/10.1016/S0140-6736(09)61115-6
VL  - 374
IS  - 9695
SP  - 1067
EP  - 1073
J2  - Lancet
AB  - First line.
Second line.
N1  - PMID: 19782872
ER  -\x20

"""
ENDNOTE = """TY  - JOUR
A1  - Santarius,Thomas
T1  - Use of drains versus no drains
 after burr-hole evacuation.
JO  - Lancet
Y1  - 2009///
SP  - 1067-1073
AN  - 19782872
DB  - PubMed
KW  - drains
subdural
XX  - a tag nobody knows
ER  -"""
NBIB = """
PMID- 19782872
OWN - NLM
TI  - Use of drains versus no drains after burr-hole evacuation of chronic subdural
      haematoma: a randomised controlled trial.
PG  - 1067-73
LID - 10.1016/S0140-6736(09)61115-6 [doi]
AB  - BACKGROUND: Words
      and more
FAU - Santarius, Thomas
AU  - Santarius T
CN  - Cambridge Drain Group
DP  - 2009 Sep 26
JT  - Lancet (London, England)
VI  - 374
IP  - 9695"""
BIBTEX = r"""% Encoding: UTF-8
@string{jns = "Journal of Neurosurgery"}
@Article{muller2009,
  title = {The {DNA} of {\'e}tude \& {M}\"uller's $\alpha$-cells},
  author = {M{\"u}ller, J{\"o}rg and {WHO and Partners} and Jan van der Berg and King, Jr., Martin and others},
  journal = jns, year = 2009, volume = {11}, number = "2", pages = {12--30},
  doi = {https://doi.org/10.3171/2009.1.JNS\_081}, pmid = {123}, abstract = {50\% of it},
}
@comment{nothing}
@misc{muller2009, title = "Same key, another work", date = {2011-05-03}, eprint = {77}, eprinttype = {pubmed}}
@article{untitled, year = 2010}
"""


def one(name: str, text: str | bytes) -> Work:
    read = read_references(name, text if isinstance(text, bytes) else text.encode())
    assert not read.skipped
    [work] = read.works
    return work


def work(title: str, **fields: object) -> Work:
    return Work.model_validate({"title": title, "origin": "a.ris"} | fields)


def test_ris__as_zotero_writes_it__gives_every_field() -> None:
    assert one("inbox/library.ris", ZOTERO) == Work(
        title="Use of drains versus no drains after burr-hole evacuation",
        authors=("Santarius, Thomas", "Kirkpatrick, Peter J."),
        year=2009,
        journal="The Lancet",
        volume="374",
        issue="9695",
        pages="1067-1073",
        doi="10.1016/s0140-6736(09)61115-6",
        pmid="19782872",
        abstract="First line. Second line.",
        origin="inbox/library.ris",
    )


def test_ris__as_endnote_writes_it__gives_title_over_two_lines_pages_and_pmid() -> None:
    found = one("endnote.RIS", ENDNOTE)
    assert found.title == "Use of drains versus no drains after burr-hole evacuation"
    assert (found.authors, found.year, found.pages) == (("Santarius, Thomas",), 2009, "1067-1073")
    assert (found.journal, found.pmid) == ("Lancet", "19782872")


def test_ris__without_end_lines_or_with_one_space__loses_no_record() -> None:
    text = "TY - JOUR\nTI - First\nTY  - JOUR\nTI  - Second\nER  - \nTY  - JOUR\nT1  - Third"
    assert [found.title for found in read_references("a.ris", text.encode()).works] == ["First", "Second", "Third"]


def test_ris__an_empty_first_tag__does_not_hide_the_second() -> None:
    assert one("a.ris", "TY  - JOUR\nTI  - \nT1  - Real title\nSP  - \nEP  - \nPG  - 12\nER  - \n").pages == "12"


def test_ris__a_doi_of_another_work_in_the_notes__is_not_taken() -> None:
    note = "TY  - JOUR\nTI  - Erratum\nN1  - Correction of 10.1038/s41598-024-56479-3\nER  - \n"
    assert one("a.ris", note).doi is None
    address = "TY  - JOUR\nTI  - Work\nUR  - http://dx.doi.org/10.1002/AR.25520\nER  - \n"
    assert one("a.ris", address).doi == "10.1002/ar.25520"


def test_nbib__as_pubmed_writes_it__gives_every_field_though_the_file_ends_early() -> None:
    found = one("pubmed.nbib", NBIB)
    assert found.title.endswith("chronic subdural haematoma: a randomised controlled trial")
    assert found.authors == ("Santarius, Thomas", "Cambridge Drain Group")
    assert (found.year, found.journal, found.volume, found.issue) == (2009, "Lancet (London, England)", "374", "9695")
    assert (found.pages, found.doi, found.pmid) == ("1067-73", "10.1016/s0140-6736(09)61115-6", "19782872")
    assert found.abstract == "BACKGROUND: Words and more"


def test_bibtex__accents_braces_strings_and_mathematics__become_plain_text() -> None:
    read = read_references("library.bib", BIBTEX.encode())
    first, second = read.works
    assert first.title == "The DNA of étude & Müller's α-cells"
    assert first.authors == ("Müller, Jörg", "WHO and Partners", "van der Berg, Jan", "King, Martin, Jr.")
    assert (first.journal, first.year, first.volume, first.issue) == ("Journal of Neurosurgery", 2009, "11", "2")
    assert (first.pages, first.doi, first.pmid) == ("12-30", "10.3171/2009.1.jns_081", "123")
    assert first.abstract == "50% of it"
    assert (second.title, second.year, second.pmid) == ("Same key, another work", 2011, "77")
    assert read.skipped == ["library.bib, line 11: no title"]


def test_bibtex__a_broken_entry__is_skipped_by_line_and_the_others_stay() -> None:
    text = '@article{a, title = {First}}\n@article{b, title = "no end }\n@article{c, title = {Third}}\n'
    read = read_references("a.bib", text.encode())
    assert [found.title for found in read.works] == ["First", "Third"]
    assert [line.split(":")[0] for line in read.skipped] == ["a.bib, line 2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_encodings__names_with_accents__are_read(encoding: str) -> None:
    content = "TY  - JOUR\r\nTI  - Über die Hirnhäute\r\nAU  - Müller, Jörg\r\nER  - \r\n".encode(encoding)
    found = one("a.ris", content)
    assert (found.title, found.authors) == ("Über die Hirnhäute", ("Müller, Jörg",))


@pytest.mark.parametrize(
    ("name", "text"), [("export.txt", ZOTERO), ("export", NBIB), ("wrong.ris", NBIB), ("wrong.bib", ZOTERO)]
)
def test_format__where_the_name_does_not_say__is_known_by_the_content(name: str, text: str) -> None:
    assert one(name, text).pmid == "19782872"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.ris", b"%PDF-1.7\x00\x01", "'a.ris' is no text file"),
        ("a.ris", b"\n\nDear Sir,\n", "line 3 is 'Dear Sir,'"),
        ("a.bib", b"", "'a.bib' holds no reference"),
        ("notes.docx", b"PK plain", "'notes.docx' holds no reference"),
        ("a.ris", b"TY  - JOUR\nAU  - Nobody\nER  - \n", "a.ris, line 1: no title"),
    ],
)
def test_a_file_without_references__is_refused_with_file_line_and_remedy(name: str, content: bytes, told: str) -> None:
    with pytest.raises(UsageError, match="export") as refusal:
        read_references(name, content)
    assert told in str(refusal.value)


@given(st.binary(max_size=300), st.sampled_from(["a.ris", "a.nbib", "a.bib", "a"]))
def test_rubbish__is_read_or_refused_and_nothing_else(content: bytes, name: str) -> None:
    try:
        read = read_references(name, content)
    except UsageError:
        return
    assert read.works


@given(
    st.text(max_size=200), st.sampled_from([("a.ris", "TY  - JOUR\nTI  - "), ("a.bib", "@article{a, title={T}, x=")])
)
def test_rubbish__after_a_good_beginning__is_read_or_refused(tail: str, head: tuple[str, str]) -> None:
    with contextlib.suppress(UsageError):
        assert read_references(head[0], (head[1] + tail).encode("utf-8", "replace")).works


@pytest.mark.parametrize(
    ("value", "doi"),
    [
        ("https://doi.org/10.1016/S0140-6736(09)61115-6", "10.1016/s0140-6736(09)61115-6"),
        ("doi:10.1002/AR.25520.", "10.1002/ar.25520"),
        ("https://doi.org/10.1002%2Far.25520", "10.1002/ar.25520"),
        ("10.1/short", None),
        ("PMC123", None),
    ],
)
def test_normalised_doi__has_no_prefix_and_small_letters(value: str, doi: str | None) -> None:
    assert normalised_doi(value) == doi


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Santarius T", "Santarius, T"),
        ("de Hoon MJ", "de Hoon, MJ"),
        ("Smith,John,Jr.", "Smith, John, Jr."),
        ("World Health Organization,", "World Health Organization"),
        ("Thomas Santarius", "Thomas Santarius"),
    ],
)
def test_author_name__has_the_family_first_where_that_is_certain(value: str, name: str) -> None:
    assert author_name(value) == name


def test_deduplicate__one_work_of_three_exports__is_one_with_all_fields() -> None:
    works = [
        work("Drains: a trial", year=2009, doi="10.1016/ABC", volume="374"),
        work("Something else", year=2009),
        work("Drains — a Trial.", year=2009, abstract="Long", authors=("Santarius, T",), origin="b.ris"),
        work("DRAINS, a trial", year=2009, doi="https://doi.org/10.1016/abc", pmid="1", relevance=0.5),
    ]
    merged, other = deduplicate(works)
    assert other.title == "Something else"
    assert (merged.doi is not None, merged.volume, merged.abstract, merged.pmid) == (True, "374", "Long", "1")
    assert (merged.authors, merged.relevance) == (("Santarius, T",), 0.5)


def test_deduplicate__the_same_title_under_two_dois_or_years__stays_two_works() -> None:
    works = [
        work("Colloid cyst", year=2009, doi="10.1016/a"),
        work("Colloid cyst", year=2009, doi="10.1016/b"),
        work("Colloid cyst", year=2010),
    ]
    assert deduplicate(works) == works


@given(
    st.lists(st.builds(work, st.sampled_from(["A", "a.", "B"]), doi=st.sampled_from([None, "10.1016/a", "10.1016/b"])))
)
def test_deduplicate__twice__changes_nothing_more(works: list[Work]) -> None:
    once = deduplicate(works)
    assert deduplicate(once) == once
    assert {normalised_title(found.title) for found in works} >= {normalised_title(found.title) for found in once}


@pytest.mark.parametrize("name", ["chronic-subdural.ris", "sample-articles.ris"])
def test_reference_files_of_the_examples__agree_with_rispy_on_titles(name: str) -> None:
    path = EXAMPLES / "references" / name
    read = read_references(path.name, path.read_bytes())
    theirs = rispy.loads(path.read_text(encoding="utf-8"))
    assert [(found.title, found.doi, found.year) for found in read.works] == [
        (entry["title"], entry["doi"].lower(), int(entry["year"])) for entry in theirs
    ]
    assert len(read.works) == 10
    assert not read.skipped
    assert all(found.authors and found.journal for found in read.works)
    assert deduplicate([*read.works, *read.works]) == list(read.works)


@pytest.mark.corpus
@pytest.mark.parametrize("program", ["covidence_zotero", "endnote", "googlescholar", "mendeley"])
def test_real_ris_exports__agree_with_rispy_on_titles(corpus: Path, program: str) -> None:
    path = corpus / "references" / f"_baseline_{program}.ris"
    read = read_references(path.name, path.read_bytes())
    theirs = rispy.loads(path.read_text(encoding="utf-8-sig"))
    titles = [str(entry.get("title") or entry.get("primary_title")).removesuffix(".") for entry in theirs]
    assert [found.title for found in read.works] == titles
    assert len(read.works) == 10
    assert not read.skipped
    assert all(found.authors and found.year and found.journal for found in read.works)


@pytest.mark.corpus
def test_a_real_nbib_export__agrees_with_nbib_on_what_both_read(corpus: Path) -> None:
    path = corpus / "references" / "pubmed_export.nbib"
    read = read_references(path.name, path.read_bytes())
    theirs = nbib.read_file(str(path))
    assert [found.pmid for found in read.works] == [str(entry["pubmed_id"]) for entry in theirs]
    assert [found.title for found in read.works] == [" ".join(entry["title"].split())[:-1] for entry in theirs]
    assert [found.doi for found in read.works] == [entry.get("doi") for entry in theirs]


@pytest.mark.corpus
def test_real_exports_of_one_search__are_merged_across_programs(corpus: Path) -> None:
    paths = sorted((corpus / "references").glob("*.ris"))
    works = [found for path in paths for found in read_references(path.name, path.read_bytes()).works]
    merged = deduplicate(works)
    dois = [found.doi for found in merged if found.doi]
    assert len(works) == 40
    assert len(merged) < 30
    assert len(dois) == len(set(dois))

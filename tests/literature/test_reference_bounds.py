"""Reference files that are huge, deep or endless: read in one pass, or refused by name; one bad file stops no other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from chapter_pipeline.domain import Work
from chapter_pipeline.errors import UsageError
from chapter_pipeline.literature.reference_bibtex import MAX_BRACES, MAX_CHARACTERS
from chapter_pipeline.literature.reference_fields import MAX_ENTRIES, MAX_FIELD, MAX_VALUES, page_range
from chapter_pipeline.literature.reference_files import deduplicate, read_references
from chapter_pipeline.literature.research import literature_research
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.writing.brief import chapter_brief, request_from
from tests.library_samples import HashEmbedder

GOOD = "@article{good, title = {A good one}}\n"
RIS = "TY  - JOUR\nTI  - A good one\nER  - \n"
REFUSED = {
    "a.bib": (GOOD * 3 + "@a{a,}" * 1_000_000, f"{MAX_ENTRIES} entries"),
    "b.bib": (GOOD + "x" * MAX_CHARACTERS, "characters"),
    "c.bib": (
        '@string{s = "' + "x " * 40_000 + '"}\n' + "@article{a, title = {x}, journal = s}\n" * 1000, "@string blocks"
    ),
    "a.ris": (RIS * (MAX_ENTRIES + 1), f"{MAX_ENTRIES} entries"),
    "a.nbib": ("PMID- 1\nTI  - x\n" * 1_000_000, f"{MAX_ENTRIES} entries"),
    "b.ris": ("\n" * 5_000_000, "no reference"),
    "d.bib": (" " * 4_000_000 + "\x1b[2J" + "y" * 4_000_000, "no reference"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_file__beyond_all_bounds__is_refused_by_name_in_a_short_line(name: str) -> None:
    content, why = REFUSED[name]
    with pytest.raises(UsageError) as caught:
        read_references(name, content.encode())
    told = str(caught.value)
    assert f"'{name}'" in told
    assert why in told
    assert len(told) < 500
    assert told.isprintable()


ENTRIES = {
    "deep braces": ("title = {" + "{" * 10_000 + "x" + "}" * 10_000 + "}", f"{MAX_BRACES} levels"),
    "deep braces of an author": ("author = {" + "{" * 10_000 + "x" + "}" * 10_000 + "}", f"{MAX_BRACES} levels"),
    "braces of all fields": ("note = {" + "{" * 10_000 + "x" + "}" * 10_000 + "}", f"{MAX_BRACES} levels"),
    "optional arguments": ("title = {" + r"\item[" * 3000 + "}", "too deep"),
    "environments": ("title = {" + r"\begin{a}" * 3000 + "}", "too deep"),
    "a long field": ("abstract = {" + "x" * (MAX_FIELD + 1) + "}", f"more than {MAX_FIELD}"),
    "a long name of a field": ("f" * 1_000_000 + " = {" + "x" * (MAX_FIELD + 1) + "}", f"more than {MAX_FIELD}"),
    "never closed": ('title = "' + "{" * 10_000, "no BibTeX"),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_bibtex__entry_beyond_all_bounds__is_skipped_by_line_and_the_others_stay(name: str) -> None:
    fields, why = ENTRIES[name]
    read = read_references("a.bib", f"{GOOD}@article{{bad, {fields}}}\n{GOOD.replace('good', 'better')}".encode())
    assert "A good one" in [work.title for work in read.works]
    (told,) = read.skipped[:1]
    assert told.startswith("a.bib, line 2: ")
    assert why in told
    assert all(len(line) < 500 for line in read.skipped)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("AB  - x\n" + "x\n" * 3_000_000, f"AB has 3000001 characters, more than {MAX_FIELD}"),
        ("AB  - " + "x" * 10_000_000, f"AB has 10000000 characters, more than {MAX_FIELD}"),
        ("AU  - Santarius, T\n" * (MAX_VALUES + 1), f"AU stands there {MAX_VALUES + 1} times"),
    ],
    ids=["many lines", "one long line", "many values"],
)
def test_ris__entry_beyond_all_bounds__is_skipped_by_line_and_the_others_stay(entry: str, why: str) -> None:
    read = read_references("a.ris", f"{RIS}TY  - JOUR\nTI  - Bad\n{entry}\nER  - \n{RIS}".encode())
    assert [work.title for work in read.works] == ["A good one"] * 2
    assert read.skipped == [f"a.ris, line 4: {why}" + ("" if "times" not in why else f", more than {MAX_VALUES}")]


def test_page_range__of_a_long_run_of_spaces__is_read_in_one_pass() -> None:
    pages = "1" + " " * (MAX_FIELD - 2) + "9"
    (work,) = read_references("a.ris", f"TY  - JOUR\nTI  - One\nPG  - {pages}\nER  - \n".encode()).works
    assert work.pages == "1 9"
    assert page_range("1 - 9") == "1-9"


def test_deduplicate__one_title_under_many_dois__is_one_pass() -> None:
    works = [Work(title="Editorial", year=2009, doi=f"10.1016/{n}", origin="a.ris") for n in range(MAX_ENTRIES)]
    assert len(deduplicate(works)) == MAX_ENTRIES
    with_bare = [Work(title="Editorial", year=2009, origin="a.ris"), *works]
    assert len(deduplicate(with_bare)) == MAX_ENTRIES


def test_research__bad_files_among_good_ones__are_reported_and_stop_nothing(settings: Settings) -> None:
    bucket = ObjectBucket.open(settings)
    for name, (content, _) in REFUSED.items():
        bucket.put(f"references/{name}", content.encode())
    bucket.put("references/deep.bib", f"@article{{b, {ENTRIES['deep braces'][0]}}}\n{GOOD}".encode())
    bucket.put("references/z.ris", RIS.encode())
    brief = chapter_brief("a-chapter", request_from({"topic": "A good one"}), today=date(2026, 1, 1))
    found = literature_research(brief, bucket=bucket, embedder=HashEmbedder())
    status = {report.source: report.status for report in found.reports if report.source.startswith("references/")}
    assert {Path(source).name for source, one in status.items() if one == "failed"} == set(REFUSED)
    assert {Path(source).name for source, one in status.items() if one == "searched"} == {"deep.bib", "z.ris"}
    assert [work.title for work in found.works] == ["A good one"]
    assert all(len(report.detail) < 500 for report in found.reports)

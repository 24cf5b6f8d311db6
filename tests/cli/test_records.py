"""`documents edit`, `reconcile`, and the list as a table: what a person corrects is shown with its origin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from chapter_pipeline.domain.document import Metadata
from chapter_pipeline.orchestration.instance import open_instance
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.library import LibraryStore
from tests.cli.conftest import Cli
from tests.cli.program import paper
from tests.library_samples import add
from tests.storage.test_records import GLIOMA, OTHER, put

WHY = ("--by", "Ada", "--reason", "printed on page 1")


def test_documents_edit__field__is_shown_with_its_origin_and_observed_in_dagster(
    cli: Cli, environment: Settings, library: LibraryStore
) -> None:
    key = put(library, "library/a...b.pdf", GLIOMA, doi="10.5555/known")
    shown = cli("documents", "edit", key[:6], "--field", "year=2017", "--field", "authors=Okafor, Ada", *WHY).done().out
    assert "year\t2017\tperson (Ada)\t1932 [print]" in shown
    record = cli("documents", "show", key, "--json").done().value
    assert record["year"] == record["record"]["year"]["value"] == 2017
    assert record["record"]["year"]["others"] == [{"value": 1932, "origin": "print", "source": ""}]
    assert record["record"]["authors"]["value"] == [{"family": "Okafor", "given": "Ada"}]
    assert [(one["field"], one["by"], one["reason"], one["applies"]) for one in record["edits"]] == [
        ("year", "Ada", "printed on page 1", True), ("authors", "Ada", "printed on page 1", True),
    ]  # fmt: skip
    with open_instance(environment) as instance:
        (observed,) = instance.fetch_observations(dg.AssetKey("document_text"), limit=5).records
        observation = observed.asset_observation
        assert observation is not None
        assert observation.partition == "library/a%2E%2E%2Eb.pdf"
        assert "Ada: year = '2017'" in str(observation.description)
        assert instance.get_latest_materialization_event(dg.AssetKey("document_text")) is None


def test_documents_edit__file_and_unset__and_back(cli: Cli, library: LibraryStore, tmp_path: Path) -> None:
    add(library, "library/a.pdf", GLIOMA)
    (tmp_path / "record.yaml").write_text('year: 2017\nauthors: ["Okafor, Ada", {collective: Drain Group}]\n')
    told = cli("documents", "edit", "a.pdf", "--file", tmp_path / "record.yaml", *WHY, "--json").done().value
    assert (told["year"], told["authors"]) == (2017, ["Okafor, Ada", "{Drain Group}"])
    back = cli("documents", "edit", "a.pdf", "--unset", "year", *WHY, "--json").done().value
    assert (back["year"], back["record"]["year"]["origin"]) == (1932, "print")
    assert "Of this work" in cli("documents", "show", "a.pdf").done().out


def test_documents_edit__ingested_changed_and_removed__the_edit_stays(cli: Cli, tmp_path: Path) -> None:
    cli("ingest", paper(tmp_path / "a.pdf", "shunt"), "--json").done()
    cli("documents", "edit", "a.pdf", "--field", "year=2017", *WHY).done()
    years = [cli("ingest", tmp_path / "a.pdf", "--json").done().value["year"]]
    years.append(cli("ingest", paper(tmp_path / "a.pdf", "shunt", pages=2), "--json").done().value["year"])
    cli("documents", "remove", "a.pdf").done()
    years.append(cli("ingest", tmp_path / "a.pdf", "--json").done().value["year"])
    assert years == [2017, 2017, 2017]


def test_documents_edit__a_field_that_the_work_does_not_have__has_none_and_is_taken_back(
    cli: Cli, library: LibraryStore
) -> None:
    key = put(library, "library/a.pdf", GLIOMA, doi="10.5555/wrong")
    shown = cli("documents", "edit", key, "--field", "doi=none", "--field", "volume=None", *WHY).done().out
    assert "doi\tnone\tperson (Ada)\t10.5555/wrong [print]" in shown
    record = cli("documents", "show", key, "--json").done().value
    assert (record["doi"], record["record"]["doi"]["value"], record["record"]["doi"]["origin"]) == (
        None,
        None,
        "person",
    )
    assert library.document(key).record.has_none == ("volume", "doi")
    assert cli("documents", "reconcile", "--json").done().out == ""
    back = cli("documents", "edit", key, "--unset", "doi", *WHY, "--json").done().value
    assert (back["doi"], [one["taken_back"] for one in back["edits"]]) == ("10.5555/wrong", [False, False, True])


def test_documents_show__pages__have_their_words_by_kind(cli: Cli, tmp_path: Path) -> None:
    cli("ingest", paper(tmp_path / "a.pdf", "shunt", pages=2), "--json").done()
    first, second = cli("documents", "show", "a.pdf", "--pages", "--json").done().lines
    assert (first["page"], second["page"]) == (1, 2)
    counted = [name for name in first if name not in ("page", "words", "searched")]
    assert sum(first[name] for name in counted) == first["words"] > 0
    assert first["searched"] == f"{(first['body'] + first.get('abstract', 0)) / first['words']:.0%}"
    assert "# Page\t" in cli("documents", "show", "a.pdf", "--pages").done().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--field", "title=none"), "the title 'none' cannot be taken"),
        (("--field", "year=20017"), "the year '20017' cannot be taken"),
        (("--field", "yaer=2017"), "has no field 'yaer'"),
        (("--field", "doi=10.5555/known"), "'Meningioma of the skull base'"),
        (("--file", "missing.yaml"), "cannot read the record 'missing.yaml'"),
        (("--file", "{strings}"), "a list with one author in each entry"),
        (("--file", "{strings}", "--field", "year=2017"), "--file and --field or --unset are given"),
        ((), "no field is named"),
    ],
)
def test_documents_edit__bad_input__is_one_line_and_changes_nothing(
    cli: Cli, library: LibraryStore, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    add(library, "library/a.pdf", GLIOMA)
    put(library, "library/b.pdf", OTHER, doi="10.5555/known")
    (tmp_path / "strings.yaml").write_text("year: 2017\nauthors: Okafor, Ada; Lind, Per\n")
    given = [one.format(strings=tmp_path / "strings.yaml") for one in arguments]
    before = library.state()
    assert said in cli("documents", "edit", "a.pdf", *given, *WHY).refused(2)
    assert library.state() == before


def test_documents_edit__no_person_or_reason__is_bad_usage(cli: Cli, library: LibraryStore) -> None:
    add(library, "library/a.pdf", GLIOMA)
    assert "--reason" in cli("documents", "edit", "a.pdf", "--field", "year=2017", "--by", "Ada").refused(2)
    assert "--by" in cli("documents", "edit", "a.pdf", "--field", "year=2017", "--reason", "x").refused(2)


def test_documents_reconcile__origins_that_disagree__are_listed_until_a_person_decides(
    cli: Cli, library: LibraryStore, environment: Settings
) -> None:
    key = put(library, "library/a.pdf", GLIOMA, journal="J Samples")
    entry = "TY  - JOUR\nTI  - Glioma surgery in adults\nPY  - 2017\nJO  - Journal of Samples\nER  -\n"
    ObjectBucket.open(environment).put("references/a.ris", entry.encode())
    (conflict,) = cli("documents", "reconcile", "--json").done().lines
    assert (conflict["document"], conflict["field"]) == (key, "year")
    assert [(one["value"], one["origin"], one["source"]) for one in conflict["values"]] == [
        (2017, "reference file", "references/a.ris"), (1932, "print", ""),
    ]  # fmt: skip
    shown = cli("documents", "reconcile").done().out
    assert "2017 [reference file (references/a.ris)]; 1932 [print]" in shown
    assert "documents edit DOCUMENT --field" in shown
    cli("documents", "edit", key, "--field", "year=2017", *WHY).done()
    assert cli("documents", "reconcile", "--json").done().out == ""
    assert "nobody has decided" in cli("documents", "reconcile").done().out


@pytest.fixture
def shelf(library: LibraryStore) -> list[str]:
    """Keys of four documents, in the order of their names."""
    records: list[dict[str, Any]] = [
        {"year": 2015, "journal": "The Lancet", "authors": ("Okafor, Ada", "Lind, Per"), "doi": "10.5555/a"},
        {"year": None, "journal": None, "authors": (), "volume": "10"},
        {"year": 2021, "journal": "Journal of Samples", "authors": ("{Drain Group}",), "volume": "9"},
        {"year": 1999, "journal": "lancet oncology", "authors": ("Berg, Jan",)},
    ]
    return [
        put(library, f"library/{n}.pdf", f"Title number {n}\n\nWords.", **record) for n, record in enumerate(records)
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), [0, 1, 2, 3]),
        (("--reverse",), [3, 2, 1, 0]),
        (("--sort", "year"), [3, 0, 2, 1]),
        (("--sort", "year", "--reverse"), [2, 0, 3, 1]),
        (("--sort", "author"), [3, 2, 0, 1]),
        (("--sort", "volume"), [2, 1, 0, 3]),
        (("--filter", "journal=LANCET"), [0, 3]),
        (("--filter", "journal=lancet", "--filter", "year=2000-2020"), [0]),
        (("--filter", "year=2021"), [2]),
        (("--filter", "year="), [1]),
        (("--filter", "authors=drain"), [2]),
    ],
)
def test_documents_list__sorted_and_filtered(
    cli: Cli, shelf: list[str], arguments: tuple[str, ...], expected: list[int]
) -> None:
    told = cli("documents", "list", "--json", *arguments).done().lines
    assert [shelf.index(one["document"]) for one in told] == expected


def test_documents_list__columns__are_those_that_are_named_in_their_order(cli: Cli, shelf: list[str]) -> None:
    lines = cli("documents", "list", "--columns", "year,author,doi", "--filter", "doi=10").done().out.splitlines()
    assert lines == ["# Documents", "# Year\tAuthor\tDOI", "2015\tOkafor et al.\t10.5555/a"]
    usual = cli("documents", "list", "--filter", "year=2021").done().out.splitlines()
    assert usual[2].split("\t")[1:6] == ["Drain Group", "2021", "Title number 2", "Journal of Samples", ""]
    assert "no document meets 'year=1800'" in cli("documents", "list", "--filter", "year=1800").done().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--sort", "yaer"), "has no column 'yaer': choose from document, author"),
        (("--columns", "year,nothing"), "has no column 'nothing'"),
        (("--columns", " , "), "no column is named"),
        (("--filter", "year"), "has no '='"),
        (("--filter", "year=two"), "needs a number or a range"),
        (("--filter", "venue=x"), "has no column 'venue'"),
    ],
)
def test_documents_list__bad_arguments__are_refused(
    cli: Cli, environment: Settings, arguments: tuple[str, ...], said: str
) -> None:
    assert said in cli("documents", "list", *arguments).refused(2)


def test_documents_show__manuscript_and_article__name_each_other(cli: Cli, library: LibraryStore) -> None:
    article = put(library, "library/a.pdf", GLIOMA, doi="10.5555/known")
    line = replace(Metadata(title="Glioma surgery in adults"), doi="10.5555/known", volume="4")
    manuscript = put(library, "library/m.pdf", GLIOMA + " Accepted manuscript.", line=line)
    told = cli("documents", "show", "m.pdf", "--json").done().value
    assert (told["same_work_as"], told["volume"]) == ([article], "4")
    assert told["record"]["volume"]["origin"] == "citation line"
    assert cli("documents", "show", "a.pdf", "--json").done().value["same_work_as"] == [manuscript]

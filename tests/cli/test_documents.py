"""`documents` and `search`: what is in the library is shown as it is, and goes out of it without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from chapter_pipeline.cli.console import out
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.cli.conftest import Cli
from tests.cli.program import paper
from tests.library_samples import TABLES, add, rows

LITERAL = "1:100:1 [bold]5 mg[/bold]"


def test_documents_list__library_and_quarantine__one_json_line_each(cli: Cli, library: LibraryStore) -> None:
    key = add(library, "library/a.pdf", f"Glioma {LITERAL}\n\nResection was safe.")
    library.quarantine("library/b.pdf", sha256="0" * 64, settings_hash="1", reason="encrypted", detail="it needs a key")
    good, bad = cli("documents", "list", "--json").done().lines
    assert (good["document"], good["status"], good["names"]) == (key, "ingested", ["library/a.pdf"])
    assert bad == {"name": "library/b.pdf", "status": "quarantined", "reason": "encrypted", "detail": "it needs a key"}
    shown = cli("documents", "list").done().out
    assert all(text in shown for text in (key, f"Glioma {LITERAL}", "it needs a key"))


def test_documents_list__narrow_terminal__the_key_can_still_be_copied(
    cli: Cli, library: LibraryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = add(library, "library/" + "long-name-" * 20 + ".pdf", "Glioma\n\nResection was safe.")
    monkeypatch.setattr(out, "_width", 80)
    assert key in cli("documents", "list").done().out


def test_documents_list__empty_library__says_nothing_to_a_machine(cli: Cli, environment: Settings) -> None:
    assert cli("documents", "list", "--json").done().out == ""


def test_documents_show__key_its_beginning_and_name__are_the_same_document(cli: Cli, library: LibraryStore) -> None:
    key = add(library, "library/a.pdf", "Glioma\n\nResection was safe.")
    found = [cli("documents", "show", wanted, "--json").done().value for wanted in (key, key[:6], "library/a.pdf")]
    assert found[0] == found[1] == found[2]
    assert (found[0]["document"], found[0]["title"], found[0]["year"]) == (key, "Glioma", 1932)
    assert found[0]["figure_list"][0]["caption"] == "A tumour"
    shown = cli("documents", "show", "a.pdf").done().out
    assert "Cushing, Harvey" in shown
    assert "A tumour" in shown


def test_documents__unknown_name__show_and_remove_are_refused(cli: Cli, environment: Settings) -> None:
    for command in ("show", "remove"):
        assert "no document 'nothing'" in cli("documents", command, "nothing").refused(2)


def test_documents_remove__ingested_file__nothing_of_it_is_left(
    cli: Cli, tmp_path: Path, database: Database, environment: Settings
) -> None:
    (ingested,) = cli("ingest", paper(tmp_path / "a.pdf", "shunt"), "--json").done().lines
    told = {"removed": ["library/a.pdf"], "document": ingested["document"], "cited_by": []}
    assert cli("documents", "remove", "a.pdf", "--json").done().value == told
    assert not any(rows(database)[table] for table in TABLES)
    assert ObjectBucket.open(environment).keys("library/") == []
    assert cli("documents", "list", "--json").done().out == ""
    assert cli("search", "shunt", "--json").done().out == ""


def test_documents_clean__image_that_nothing_shows__is_listed_and_removed_when_asked(
    cli: Cli, library: LibraryStore, environment: Settings
) -> None:
    add(library, "library/a.pdf", "Glioma\n\nResection was safe.")
    bucket = ObjectBucket.open(environment)
    (shown,), left = bucket.keys("figures/"), f"figures/aa/{'a' * 64}.png"
    bucket.put(left, b"x" * 500_000)
    said = cli("documents", "clean").done().out
    assert left in said
    assert "1 images, 0.5 MB; to remove them: chapter-pipeline documents clean --remove" in said
    assert cli("documents", "clean", "--json").done().value == {"key": left, "size_bytes": 500_000, "removed": False}
    assert bucket.keys("figures/") == sorted([shown, left])
    assert cli("documents", "clean", "--remove", "--json").done().value["removed"] is True
    assert bucket.keys("figures/") == [shown]
    assert "removed 0 images" in cli("documents", "clean", "--remove").done().out


def test_documents_remove__file_in_quarantine__is_forgotten(cli: Cli, tmp_path: Path, library: LibraryStore) -> None:
    (tmp_path / "empty.pdf").touch()
    cli("ingest", tmp_path / "empty.pdf", "--json").done()
    assert "removed library/empty.pdf" in cli("documents", "remove", "empty.pdf").done().out
    assert list(library.names()) == []


def test_search__hit__has_rank_document_page_text_score_and_its_parts(cli: Cli, tmp_path: Path) -> None:
    told = cli("ingest", paper(tmp_path / "a.pdf", "shunt", pages=2), "--json").done().value
    hits = cli("search", "infection of the shunt", "--k", "2", "--json").done().lines
    assert [hit["rank"] for hit in hits] == [1, 2]
    assert {hit["document"] for hit in hits} == {told["document"]}
    assert hits[0]["score"] >= hits[1]["score"]
    assert set(hits[0]["parts"]) >= {"bm25", "cosine"}
    assert "6 of 88 children (6.8%)" in hits[0]["text"]
    assert hits[0]["page"] in (1, 2)


def test_search__text_of_a_stranger__is_shown_literally_and_commands_no_terminal(
    cli: Cli, database: Database, tmp_path: Path
) -> None:
    cli("ingest", paper(tmp_path / "a.pdf", "shunt"), "--json").done()
    with database.session() as session:
        session.execute(text("UPDATE passages SET text = :text"), {"text": f"diluted {LITERAL} \x1b]0;owned\x07"})
    shown = cli("search", "shunt").done().out
    assert f"diluted {LITERAL} \N{REPLACEMENT CHARACTER}]0;owned\N{REPLACEMENT CHARACTER}" in shown


def test_search__blank_query_or_impossible_k__is_refused(cli: Cli, environment: Settings) -> None:
    assert "is blank: give at least one word" in cli("search", "  ").refused(2)
    assert "'--k'" in cli("search", "glioma", "--k", "0").refused(2)


def test_search__empty_library__says_so_and_that_is_no_error(cli: Cli, environment: Settings) -> None:
    assert cli("search", "glioma").done().out == (
        "the library is empty: put documents into it with chapter-pipeline ingest FILES\n"
    )
    assert cli("search", "glioma", "--json").done().out == ""


def test_search__nothing_fits__says_so_and_still_shows_the_nearest(cli: Cli, tmp_path: Path) -> None:
    cli("ingest", paper(tmp_path / "a.pdf", "shunt"), "--json").done()
    said = cli("search", "basketball championship").done().out.splitlines()
    assert said[0].startswith("nothing in the library fits 'basketball championship': try other words, or ingest")
    assert said[1].startswith("1. Treatment of shunt")
    hits = cli("search", "basketball championship", "--json").done().lines
    assert hits
    assert not any(hit["fits"] for hit in hits)
    assert "nothing in the library fits" not in cli("search", "infection of the shunt").done().out
    assert cli("search", "infection of the shunt", "--json").done().lines[0]["fits"] is True

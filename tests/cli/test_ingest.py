"""`ingest`: one line for each file, with what became of it; whatever is wrong with one stops no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.cli.conftest import Cli
from tests.cli.program import by_name, finished, paper, start
from tests.events import PATIENCE_S, eventually
from tests.library_samples import rows
from tests.locks import document_waits

KEYS = "path status document sha256 pages passages figures title year doi reason replaced cited_by same_work_as".split()


def test_ingest__folder_with_a_bad_file__one_json_line_each_and_the_good_ones_are_in(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    paper(folder / "deep" / "a.PDF", "haematoma", title="Drainage of chronic subdural haematoma: a cohort study")
    paper(folder / "b.pdf", "shunt")
    (folder / "bad.pdf").write_bytes(b"%PDF-1.7\nnothing follows")
    (folder / "notes.txt").write_text("no PDF, not looked at")
    told = by_name(cli("ingest", folder, "--json").done().lines)
    assert set(told) == {"a.PDF", "b.pdf", "bad.pdf"}
    assert all(set(line) == set(KEYS) for line in told.values())
    good = told["a.PDF"]
    assert good["path"] == str(folder / "deep" / "a.PDF")
    assert (good["status"], good["pages"], good["figures"], good["reason"]) == ("ingested", 1, 0, None)
    assert (good["title"], good["year"]) == ("Drainage of chronic subdural haematoma: a cohort study", 2021)
    assert good["doi"] == "10.5555/sample.2021.045"
    assert good["sha256"].startswith(good["document"])
    assert good["passages"] > 0
    bad = told["bad.pdf"]
    assert (bad["status"], bad["document"], bad["reason"]) == ("quarantined", None, "damaged")


def test_ingest__again__unchanged_duplicate_and_changed_are_told_apart(
    cli: Cli, tmp_path: Path, library: LibraryStore, database: Database
) -> None:
    same, changed = paper(tmp_path / "same.pdf", "haematoma"), paper(tmp_path / "changed.pdf", "shunt")
    first = by_name(cli("ingest", same, changed, "--json").done().lines)
    tables = rows(database)
    paper(changed, "shunt", title="Another text under the old name")
    (tmp_path / "copy.pdf").write_bytes(same.read_bytes())
    again = by_name(cli("ingest", same, changed, tmp_path / "copy.pdf", "--json").done().lines)
    assert {name: line["status"] for name, line in again.items()} == {
        "same.pdf": "unchanged",
        "changed.pdf": "ingested",
        "copy.pdf": "duplicate",
    }
    assert again["same.pdf"]["document"] == again["copy.pdf"]["document"] == first["same.pdf"]["document"]
    assert again["changed.pdf"]["document"] != first["changed.pdf"]["document"]
    documents = {one.key: one.names for one in library.documents()}
    assert documents == {
        first["same.pdf"]["document"]: ("library/copy.pdf", "library/same.pdf"),
        again["changed.pdf"]["document"]: ("library/changed.pdf",),
    }
    assert rows(database) == {**tables, "document_names": 3}  # no orphan of the older text


def test_delivery__names_and_files_of_every_bad_kind__are_quarantined_by_name_and_stop_nothing(
    cli: Cli, tmp_path: Path, environment: Settings
) -> None:
    folder, bucket = tmp_path / "papers", environment.home / "bucket"
    paper(folder / "good.pdf", "shunt")
    (folder / os.fsdecode(b"b\xe9")).mkdir()
    (folder / os.fsdecode(b"b\xe9") / os.fsdecode(b"not utf-8 \xff.pdf")).write_bytes(b"x")
    (folder / "two\nlines.pdf").write_bytes(b"x")
    (folder / "dangling.pdf").symlink_to("nothing")
    os.mkfifo(folder / "pipe.pdf")
    for name in ("library", "inbox", "references"):
        (bucket / name).mkdir(parents=True, exist_ok=True)
        (bucket / name / os.fsdecode(b"lies here \xe9.pdf")).write_bytes(b"x")
    (bucket / "inbox" / "waiting.pdf").write_bytes(b"x")
    told = {line["path"].rpartition("/")[2]: line for line in cli("ingest", folder, "--json").done().lines}
    assert {name: (line["status"], line["reason"]) for name, line in told.items()} == {
        "good.pdf": ("ingested", None),
        "not utf-8 \\xff.pdf": ("quarantined", "unreadable"),
        "two\nlines.pdf": ("quarantined", "unreadable"),
        "dangling.pdf": ("quarantined", "unreadable"),
        "pipe.pdf": ("quarantined", "unreadable"),
    }
    expected = {
        "inbox/lies here \\xe9.pdf": "Unicode",
        "library/lies here \\xe9.pdf": "Unicode",
        "references/lies here \\xe9.pdf": "Unicode",
        "library/not utf-8 \\xff.pdf": "Unicode",
        "library/two\\x0alines.pdf": "control character",
        "library/dangling.pdf": "No such file",
        "library/pipe.pdf": "a pipe",
    }
    listed = [line for line in cli("documents", "list", "--json").done().lines if line["status"] == "quarantined"]
    assert {line["name"] for line in listed} == set(expected)
    assert all(expected[line["name"]] in line["detail"] for line in listed)
    states = {line["name"]: line["state"] for line in cli("documents", "inventory", "--json").done().lines}
    assert states == {
        **dict.fromkeys(expected, "quarantined"), "library/good.pdf": "in the library", "inbox/waiting.pdf": "waiting",
    }  # fmt: skip
    for name in expected:
        assert name in cli("documents", "list").done().out
    again = {line["path"].rpartition("/")[2]: line["status"] for line in cli("ingest", folder, "--json").done().lines}
    assert again == {name: line["status"] for name, line in told.items()} | {"good.pdf": "unchanged"}
    cli("documents", "remove", "library/two\\x0alines.pdf").done()
    assert "two" not in cli("documents", "list", "--json").done().out


def test_ingest__file_became_unreadable__what_the_library_has_of_it_stays(
    cli: Cli, tmp_path: Path, library: LibraryStore
) -> None:
    good = paper(tmp_path / "files" / "good.pdf", "shunt")
    cli("ingest", good, "--json").done()
    good.unlink()
    good.symlink_to("nothing")
    (line,) = cli("ingest", tmp_path / "files", "--json").done().lines
    assert (line["status"], line["reason"]) == ("quarantined", "unreadable")
    assert [document.names for document in library.documents()] == [("library/good.pdf",)]


def test_ingest__for_a_person__counts_and_where_to_read_of_the_quarantine(cli: Cli, tmp_path: Path) -> None:
    paper(tmp_path / "good.pdf", "shunt")
    (tmp_path / "empty.pdf").touch()
    said = cli("ingest", tmp_path / "good.pdf", tmp_path / "empty.pdf").done()
    assert "Treatment of shunt in adults and children" in said.out
    assert "1 ingested, 1 quarantined" in said.out
    assert "chapter-pipeline documents list" in said.out


def test_ingest__missing_path__nothing_of_the_others_is_touched(
    cli: Cli, tmp_path: Path, database: Database, environment: Settings
) -> None:
    good = paper(tmp_path / "good.pdf", "shunt")
    line = cli("ingest", good, tmp_path / "missing.pdf").refused(2)
    assert f"no file or folder {str(tmp_path / 'missing.pdf')!r}: check the path" in line
    assert not any(rows(database).values())
    assert not (environment.home / "bucket").exists()


def test_ingest__folder_without_a_pdf__is_refused(cli: Cli, tmp_path: Path) -> None:
    assert "holds no *.pdf" in cli("ingest", tmp_path).refused(2)


def test_ingest__two_files_of_one_name__are_refused_before_one_hides_the_other(cli: Cli, tmp_path: Path) -> None:
    for folder, topic in (("a", "shunt"), ("b", "haematoma")):
        paper(tmp_path / folder / "paper.pdf", topic)
    assert "have one name and other content: rename one" in cli("ingest", tmp_path).refused(2)


def _four_papers(folder: Path) -> None:
    paper(folder / "1.pdf", "shunt")
    for number in range(2, 5):
        paper(folder / f"{number}.pdf", "haematoma", title=f"Paper number {number}")


def test_ingest__interrupted__what_is_done_stays_and_the_next_run_goes_on(
    cli: Cli, tmp_path: Path, database: Database, library: LibraryStore
) -> None:
    _four_papers(tmp_path)
    with document_waits(database, tmp_path / "2.pdf"):
        process = start("ingest", tmp_path, "--json")
        assert process.stdout is not None
        done = [json.loads(process.stdout.readline())]
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the parser's process as well
    said = finished(process)
    done += said.lines
    assert said.code == 130
    assert said.err.splitlines() == [
        "chapter-pipeline: interrupted: what was finished is stored, the same command goes on from there"
    ]
    assert 1 <= len(done) < 4
    assert {document.key for document in library.documents()} == {line["document"] for line in done}
    again = by_name(cli("ingest", tmp_path, "--json").done().lines)
    assert {name for name, line in again.items() if line["status"] == "unchanged"} == set(by_name(done))
    assert {line["status"] for line in again.values()} == {"unchanged", "ingested"}


def test_ingest__killed__the_next_command_reports_its_run_and_the_next_ingest_goes_on(
    cli: Cli, tmp_path: Path, database: Database, library: LibraryStore
) -> None:
    _four_papers(tmp_path)
    with document_waits(database, tmp_path / "2.pdf"):
        process = start("ingest", tmp_path, "--json")
        assert process.stdout is not None
        json.loads(process.stdout.readline())
        os.killpg(process.pid, signal.SIGKILL)
        assert finished(process).code == -signal.SIGKILL
    assert _states(database) == ["STARTED"]
    # The server needs a moment to notice that the connection with the run's lock is gone.
    assert eventually(lambda: cli("documents", "list", "--json").done() and _states(database) == ["FAILURE"])
    cli("ingest", tmp_path, "--json").done()
    assert _states(database) == ["FAILURE", "SUCCESS"]
    assert len(library.documents()) == 4


def _states(database: Database) -> list[str]:
    """Of Dagster's runs, oldest first."""
    with database.session() as session:
        return list(session.scalars(text("SELECT status FROM runs ORDER BY id")))


def test_documents_list__no_orphan__dagster_is_not_loaded(cli: Cli, tmp_path: Path, database: Database) -> None:
    cli("ingest", paper(tmp_path / "a.pdf", "shunt"), "--json").done()  # there are runs to look at
    program = (
        "import sys; from chapter_pipeline.cli.app import run; assert run(['documents', 'list', '--json']) == 0;"
        " sys.exit('dagster' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_ingest__its_reader_leaves__the_files_are_ingested_all_the_same(tmp_path: Path, cli: Cli) -> None:
    for name, topic in (("a.pdf", "shunt"), ("b.pdf", "haematoma")):
        paper(tmp_path / name, topic)
    process = start("ingest", tmp_path, "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert (process.stderr.read(), process.wait(PATIENCE_S)) == ("", 0)
    process.stderr.close()
    assert len(cli("documents", "list", "--json").lines) == 2


def test_ingest__at_a_terminal__progress_goes_to_standard_error_alone(tmp_path: Path, environment: Settings) -> None:
    paper(tmp_path / "a.pdf", "shunt")
    ours, theirs = os.openpty()
    with (tmp_path / "out").open("w+") as out:
        process = start("ingest", tmp_path / "a.pdf", stdout=out, stderr=theirs)
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
        os.close(ours)
        assert process.wait(PATIENCE_S) == 0
    assert b"Ingesting" in shown
    assert b"1/1" in shown
    text = (tmp_path / "out").read_text()
    assert "1 ingested" in text
    assert "\x1b" not in text
    assert "Ingesting" not in text


@pytest.mark.corpus
def test_ingest__real_and_hostile_files__all_end_as_ingested_or_quarantined(cli: Cli, corpus: Path) -> None:
    hostile = "malformed__made__header-only encrypted__pypdf__r2-user-password not_a_pdf__made__docx-renamed".split()
    paths = [corpus / "hostile" / f"{name}.pdf" for name in hostile]
    paths += [next((corpus / "library").glob("neurosurgery__2020__First-In-Human*.pdf"))]
    told = [line["reason"] or line["status"] for line in cli("ingest", *paths, "--json").done().lines]
    assert sorted(told) == ["damaged", "encrypted", "ingested", "not_a_pdf"]

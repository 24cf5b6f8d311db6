"""Whatever goes wrong is one line on standard error and an exit code, never a traceback."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from sqlalchemy import text

from chapter_pipeline.errors import UsageError
from chapter_pipeline.settings import Settings, current_settings, settings_from_environment
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.migrate import VERSION_TABLE
from tests.cli.conftest import Cli
from tests.cli.program import finished, paper, start
from tests.events import PATIENCE_S
from tests.library_samples import add
from tests.storage.loopback_s3 import loopback_s3


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("--loud", "No such option: --loud: see chapter-pipeline --help"),
        ("chapers", "No such command 'chapers'"),
        ("ingest", "Missing argument 'paths': see chapter-pipeline ingest --help"),
        ("documents show", "Missing argument 'document'"),
        ("chapters new glioma --topic Glioma --kind poem", "'disease', 'therapy', 'technique', 'anatomy'"),
        ("evaluate retrieval --corpus c.jsonl", "Missing option '--queries'"),
        ("up --port 99999", "'--port'"),
    ],
)
def test_program__wrong_command_line__is_one_line_that_names_its_help(cli: Cli, command: str, said: str) -> None:
    line = cli(*command.split()).refused(2)
    assert said in line
    assert "--help" in line


@pytest.mark.parametrize("command", ["", "documents", "chapters", "evaluate"])
def test_program__no_command__shows_what_there_is(cli: Cli, command: str) -> None:
    said = cli(*command.split())
    assert said.code == 2
    assert "Commands" in said.out + said.err


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CHAPTER_POOL_SIZE", "many", "CHAPTER_POOL_SIZE='many' is not usable"),
        ("CHAPTER_SECTION_CONCURRENCY", "0", "CHAPTER_SECTION_CONCURRENCY='0' is not usable"),
        ("CHAPTER_TEXT_MODEL", "x" * 10_000, "CHAPTER_TEXT_MODEL (its value is not shown) is not usable"),
        ("CHAPTER_TEXT_MODEL", "oracle", "CHAPTER_TEXT_MODEL='oracle' is not usable"),
        (
            "CHAPTER_HOEM",
            "x",
            "unknown environment variable 'CHAPTER_HOEM': unset it, or use one of CHAPTER_BUCKET_URL",
        ),
        ("CHAPTER_DATABASE_URL", "mysql://me:secret@host/x", "write postgresql://user:password@host:5432/database"),
        ("CHAPTER_BUCKET_URL", "ftp://host/x", "write s3://bucket/prefix or file:///folder"),
    ],
)
def test_program__unusable_setting__is_named_with_its_remedy(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    current_settings.cache_clear()
    line = cli("ingest", paper(tmp_path / "a.pdf", "shunt")).refused(2)
    assert said in line
    assert len(line) < 3000  # the names of all settings
    assert "secret" not in line


def test_program__home_that_cannot_be_a_folder__says_so(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHAPTER_HOME", str(tmp_path / "file"))
    monkeypatch.delenv("CHAPTER_DATABASE_URL")
    assert "set CHAPTER_HOME to a folder that can be written" in cli("documents", "list").refused(2)


@pytest.mark.parametrize(
    "command",
    ["documents list", "chapters list", "chapters write glioma", "search glioma", "ingest {paper}", "up --port {free}"],
)
def test_program__database_down__is_one_line_at_once(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # taken, and nobody listens
        port = unused.getsockname()[1]
        monkeypatch.setenv("CHAPTER_DATABASE_URL", f"postgresql://me:secret@127.0.0.1:{port}/chapters")
        current_settings.cache_clear()
        file = paper(tmp_path / "a.pdf", "shunt")
        line = cli(*(part.format(paper=file, free=_free_port()) for part in command.split())).refused(1)
    assert f"the database at 127.0.0.1:{port}/chapters did not answer" in line
    assert "check that it runs and that CHAPTER_DATABASE_URL is right" in line
    assert "secret" not in line


EVERYWHERE = ["documents list", "search glioma", "ingest {paper}", "up --port {free}"]


@pytest.mark.parametrize("command", EVERYWHERE)
def test_program__database_of_a_newer_program__is_one_line_everywhere(
    cli: Cli, database: Database, tmp_path: Path, command: str
) -> None:
    with database.session() as session:
        session.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9001'"))
    file = paper(tmp_path / "a.pdf", "shunt")
    line = cli(*(part.format(paper=file, free=_free_port()) for part in command.split())).refused(1)
    assert "a newer chapter_pipeline has written this database: its schema is at revision '9001'" in line
    assert "upgrade the program" in line


def test_doctor__database_of_a_newer_program__is_a_finding_with_its_remedy(cli: Cli, database: Database) -> None:
    with database.session() as session:
        session.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9001'"))
    check = {line["name"]: line for line in cli("doctor", "--json").lines}["database"]
    assert (check["state"], "a newer chapter_pipeline" in check["detail"]) == ("failed", True)
    assert check["remedy"].startswith("upgrade the program")


@pytest.mark.parametrize("command", ["ingest {paper}", "up --port {free}", "doctor --json"])
def test_program__s3_bucket_is_missing__is_the_same_line_everywhere(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("CHAPTER_BUCKET_URL", "s3://books/chapters")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "user")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sesame")
    current_settings.cache_clear()
    file = paper(tmp_path / "a.pdf", "shunt")
    with loopback_s3(refusal=(404, "NoSuchBucket")) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address.replace("://", "://user:sesame@"))
        said = cli(*(part.format(paper=file, free=_free_port()) for part in command.split()))
    assert said.code == 1
    assert "the bucket 's3://books/chapters' does not exist" in said.out + said.err
    assert "create it, or name another one in CHAPTER_BUCKET_URL" in said.out + said.err
    assert "sesame" not in said.out + said.err


@pytest.mark.parametrize("command", [*EVERYWHERE, "doctor --json", "doctor"])
def test_program__unescaped_password__nothing_of_it_is_shown(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("CHAPTER_DATABASE_URL", "postgresql://me:open@sesame/barley@host/db")
    current_settings.cache_clear()
    file = paper(tmp_path / "a.pdf", "shunt")
    said = cli(*(part.format(paper=file, free=_free_port()) for part in command.split()))
    assert said.code in (1, 2)
    assert "percent-encode it (@ as %40" in said.out + said.err
    assert not any(part in said.out + said.err for part in ("open@", "sesame", "barley"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHAPTER_TEXT_MODEL", "sk-ant-sesame"),
        ("CHAPTER_POOL_SIZE", "a-long-value-that-ends-with-sesame"),
        ("CHAPTER_LOCAL_URL", "http://me:open@sesame/x@host/v1"),
        ("CHAPTER_CLAUDE_URL", "sesame"),
        ("CHAPTER_BUCKET_URL", "s3://key:sesame@books"),
        ("CHAPTER_CLAUDE_MODELS", '{"writing": "sesame'),
        ("CHAPTER_OPENAI_API_KEY", "sesame"),
    ],
)
def test_program__secret_in_a_wrong_setting__is_named_and_not_shown(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    current_settings.cache_clear()
    line = cli("ingest", paper(tmp_path / "a.pdf", "shunt")).refused(2)
    assert name in line
    assert "sesame" not in line


def test_settings__refused__no_cause_quotes_what_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster keeps an error with its causes in the event log."""
    monkeypatch.setenv("CHAPTER_TEXT_MODEL", "sk-ant-sesame")
    with pytest.raises(UsageError) as raised:
        settings_from_environment()
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


def test_program__defect_about_an_address__its_password_is_in_neither_line_nor_log(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, environment: Settings
) -> None:
    address = "http://me:se@same@host/v1?key=sesame"

    def fail(_store: LibraryStore) -> None:
        raise RuntimeError(f"no answer of {address}, again")

    monkeypatch.setattr(LibraryStore, "documents", fail)
    told = cli("documents", "list").refused(1) + (environment.log_folder / "errors.log").read_text()
    assert told.count("no answer of http://...@host/v1?..., again") == 2
    assert "same" not in told.replace("the same", "")


def test_program__defect__is_one_line_and_the_traceback_is_in_the_log(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, environment: Settings
) -> None:
    def divide(_store: LibraryStore) -> None:
        raise ZeroDivisionError("division by zero\nand more")

    monkeypatch.setattr(LibraryStore, "documents", divide)
    line = cli("documents", "list").refused(1)
    log = environment.log_folder / "errors.log"
    assert "unexpected ZeroDivisionError: division by zero. " in line
    assert str(log) in line
    assert "Traceback (most recent call last)" in log.read_text()


def test_program__control_characters_in_what_was_typed__do_not_reach_the_terminal(cli: Cli) -> None:
    line = cli("search", "x", "--k", "\x1b[2J").refused(2)
    assert "\x1b" not in line


@pytest.mark.parametrize("command", ["documents list", "documents list --json", "search resection"])
def test_program__its_reader_leaves__ends_quietly(database: Database, environment: Settings, command: str) -> None:
    add(LibraryStore(database), "library/a.pdf", "Glioma\n\nResection was safe.")
    process = start(*command.split())
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as said:
        assert (said.read(), process.wait(PATIENCE_S)) == ("", 0)


def test_program__as_a_process__says_the_same(environment: Settings) -> None:
    said = finished(start("chapters", "show", "glioma"))
    assert "there is no chapter 'glioma'" in said.refused(2)

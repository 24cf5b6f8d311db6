"""What a machine and a person at a terminal read: whole records separated by tabs here, lines that fit there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
from importlib.metadata import version

import pytest

from chapter_pipeline.cli.console import out, print_table
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.cli.conftest import Cli
from tests.cli.program import finished, start
from tests.library_samples import add

NAME = "library/" + "a long name with spaces, " * 8 + "end.pdf"
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
COLUMNS = ["Document", "Author", "Year", "Title", "Journal", "DOI", "Pages", "Files"]


def test_program__version__name_and_version_of_the_package(cli: Cli) -> None:
    assert cli("--version").done().out == f"chapter-pipeline {version('chapter-pipeline')}\n"


def test_print_table__no_terminal__one_record_a_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Of\na list", ["Name", "Value"], [("a\tb\r\nc", None), ("x" * 500, 1.5), ("\x1b[2J", "ü 1:100:1")])
    assert capsys.readouterr().out.splitlines() == [
        "# Of a list",
        "# Name\tValue",
        "a b\N{REPLACEMENT CHARACTER} c\t",
        "x" * 500 + "\t1.5",
        "\N{REPLACEMENT CHARACTER}[2J\tü 1:100:1",
    ]


def _terminal(width: int, *arguments: str) -> list[str]:
    """The lines that a terminal of `width` columns is sent by the program."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = start(*arguments, stdout=slave, env={**environment, "TERM": "xterm"})
    os.close(slave)
    said = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # what Linux says when the other end is closed
            break
        said += part
    os.close(master)
    assert finished(process).code == 0
    return _STYLE.sub("", said.decode()).replace("\r\n", "\n").splitlines()


@pytest.fixture
def documents(database: Database, environment: Settings) -> list[str]:
    """Keys of documents with long names."""
    store = LibraryStore(database)
    return [add(store, NAME.replace("end", str(n)), f"Glioma {n} {'of adults ' * 20}\n\nIt was safe.") for n in (1, 2)]


@pytest.mark.parametrize("width", [None, "20", "400"])
def test_documents_list__read_by_a_program__each_document_is_one_whole_line(
    documents: list[str], monkeypatch: pytest.MonkeyPatch, width: str | None
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    if width is not None:
        monkeypatch.setenv("COLUMNS", width)
    title, names, *records = finished(start("documents", "list")).done().out.splitlines()
    assert (title, names) == ("# Documents", "# " + "\t".join(COLUMNS))
    cells = [dict(zip(COLUMNS, record.split("\t"), strict=True)) for record in records]
    assert sorted(cell["Document"] for cell in cells) == sorted(documents)
    assert cells[0]["Author"] == "Cushing"
    assert (cells[0]["Year"], cells[0]["Files"]) == ("1932", NAME.replace("end", "1"))
    assert "\x1b" not in "".join(records)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_documents_list__in_a_terminal__each_document_is_one_line_that_fits_with_its_whole_key(
    documents: list[str], width: int
) -> None:
    _, heads, *lines = _terminal(width, "documents", "list")
    assert [heads.split()[0], len(lines)] == ["Document", len(documents)]
    assert {line.split()[0] for line in lines} == set(documents)
    assert all(len(line.rstrip()) <= width for line in lines)
    assert all(("…" in line) is (width < 100) for line in lines)


@pytest.mark.parametrize("command", ["doctor", "documents inventory", "providers status", "chapters list"])
def test_program__read_by_a_program__nothing_is_folded_or_framed(
    documents: list[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    said = finished(start(*command.split())).out
    assert said
    assert not any(frame in said for frame in "┃│─━┏└")


def test_print_table__narrow_terminal__the_key_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(out), "is_terminal", True)
    monkeypatch.setattr(out, "_width", 30)
    with out.capture() as captured:
        print_table("Of a list", ["Key", "Text"], [("k" * 28, "word " * 9)], whole="Key", one_line=True)
    (line,) = captured.get().splitlines()[2:]
    assert line == "k" * 28 + "  word …"

"""Every command line that the documents and the messages of the program name exists, with its options."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.exceptions import TyperException

from chapter_pipeline.cli.app import app
from chapter_pipeline.publishing.exports import ExportFormat
from chapter_pipeline.publishing.styles import CitationStyle

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
SOURCES = sorted((ROOT / "chapter_pipeline").rglob("*.py"))
# In a shell block: the whole line. In a sentence: up to the end of the code span.
IN_BLOCK = re.compile(r"^(?:\.venv/bin/)?chapter-pipeline (.+)$", re.MULTILINE)
IN_SPAN = re.compile(r"`chapter-pipeline ([^`]+)`")
IN_TABLE = re.compile(r"^\| (`.+?`(?:, `.+?`)*) \|", re.MULTILINE)
IN_MESSAGE = re.compile(r"chapter-pipeline ((?:[a-z]+\b ?)+)")


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that `words` begin with, and what follows. Raises `KeyError` for none."""
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def lines_of(document: Path) -> list[str]:
    text = document.read_text("utf-8")
    return [*IN_BLOCK.findall(text), *IN_SPAN.findall(text)]


def test_documents__command_lines__are_found() -> None:
    assert len(lines_of(ROOT / "README.md")) >= 5


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents__every_command_line__parses(document: Path) -> None:
    for line in lines_of(document):
        command, words = command_of(shlex.split(line, comments=True))
        try:
            command.make_context(line, words)  # parses and checks all values, runs nothing
        except TyperException as error:
            pytest.fail(f"{line!r}: {error.format_message()}")


def test_readme__table_of_commands__names_every_command_with_options_it_has() -> None:
    told: set[str] = set()
    for cells in IN_TABLE.findall((ROOT / "README.md").read_text("utf-8")):
        group: list[str] = []
        for synopsis in re.findall(r"`(.+?)`", cells):
            command, words = command_of([*group, *synopsis.split()])
            group = synopsis.split()[:1] if not group and len(words) < len(synopsis.split()) - 1 else group
            told.add(" ".join([*group, command.name]) if group and group[0] != command.name else command.name)
            known = {option for one in command.params for option in one.opts}
            assert set(re.findall(r"--[a-z]+", synopsis)) <= known, synopsis
    assert told >= {"ingest", "search", "doctor", "up", "documents list", "documents show", "documents remove"}
    assert told >= {"evaluate retrieval", *(f"chapters {name}" for name in "new write list show gaps export".split())}


@pytest.mark.parametrize("arguments", [["chapers"], ["chapters", "wirte"]])
def test_command_of__what_does_not_exist__is_noticed(arguments: list[str]) -> None:
    with pytest.raises(KeyError):
        command_of(arguments)


def test_messages__commands_they_recommend__exist() -> None:
    found = [match for source in SOURCES for match in IN_MESSAGE.findall(source.read_text("utf-8"))]
    assert len(found) >= 5
    for words in found:
        command_of(words.split())


@pytest.mark.parametrize("name", [*ExportFormat, *CitationStyle])
def test_readme__every_export_format_and_citation_style__is_named(name: str) -> None:
    (row,) = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if "`export [--style" in line]
    assert re.search(rf"\b{name}\b", row), f"the row of `export` in README.md names no {name!r}"
    command, _ = command_of(["chapters", "export"])
    options = " ".join(option.help or "" for option in command.params if option.name in ("formats", "style"))
    assert re.search(rf"\b{name}\b", options), f"the help of `chapters export` names no {name!r}"

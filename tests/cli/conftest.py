"""Owns the fixtures of the command line: the program called in this process, on a database and a home of the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chapter_pipeline.cli.app import run
from chapter_pipeline.cli.console import out
from chapter_pipeline.container import Container
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.cli.program import Said
from tests.code_location import environment
from tests.fake_stages import FakeStages

__all__ = ["environment"]

Cli = Callable[..., Said]


@pytest.fixture
def cli(environment: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Calls a command line; its exit code and all it wrote."""
    monkeypatch.setattr(out, "_width", 200)  # of the tables: a folded cell would hide what a test looks for

    def call(*arguments: str | Path) -> Said:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(code=code, out=said.out, err=said.err)

    return call


@pytest.fixture
def library(database: Database) -> LibraryStore:
    return LibraryStore(database)


@pytest.fixture
def stages(environment: Settings, library: LibraryStore, monkeypatch: pytest.MonkeyPatch) -> FakeStages:
    """Stages that the test makes, in every container that the program makes; all else of it is real."""
    stages = FakeStages(library)
    monkeypatch.setattr(Container, "stages", lambda _container, _run_id=None: stages)
    # They take seconds; the export command is real.
    monkeypatch.setattr("chapter_pipeline.services.exports.put_exports", lambda *_, **__: [])
    return stages

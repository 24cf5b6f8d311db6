"""What the program writes: its own files for its user alone, a person's exports as their umask says."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from chapter_pipeline.cli import umask
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.library import LibraryStore
from tests.cli.conftest import Cli
from tests.cli.program import finished, paper, start
from tests.fake_stages import FakeStages
from tests.library_samples import add


def _open_to_others(folder: Path) -> list[str]:
    return [str(path) for path in (folder, *folder.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077]


def test_program__whatever_umask__its_home_is_for_its_user_alone(environment: Settings, tmp_path: Path) -> None:
    environment.home.mkdir(mode=0o755)
    finished(start("ingest", paper(tmp_path / "a.pdf", "shunt"), umask=0o000)).done()
    assert (environment.home / "bucket" / "library" / "a.pdf").is_file()
    assert _open_to_others(environment.home) == []


@pytest.fixture
def umask_of_the_person() -> Iterator[None]:
    earlier = os.umask(0o027)
    umask.be_private()
    yield
    umask._persons.clear()
    os.umask(earlier)


@pytest.mark.usefixtures("umask_of_the_person")
def test_chapters_export__files_of_the_person__follow_their_umask(
    cli: Cli, stages: FakeStages, library: LibraryStore, environment: Settings, tmp_path: Path
) -> None:
    add(library, "library/a.pdf", "Glioma\n\nResection was safe.")
    cli("chapters", "new", "glioma", "--topic", "Glioma").done()
    cli("chapters", "write", "glioma").done()
    out = tmp_path / "out"
    cli("chapters", "export", "glioma", "--format", "md,bib", "--output", out).done()
    cli("chapters", "diff", "glioma", "1", "1", "--html", tmp_path / "diff.html").done()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (out, *out.iterdir(), tmp_path / "diff.html")}
    assert modes == {"out": 0o750, "glioma-v1.md": 0o640, "glioma-v1.bib": 0o640, "diff.html": 0o640}
    assert list((environment.home / "bucket" / "figures").rglob("*.png"))
    assert _open_to_others(environment.home) == []

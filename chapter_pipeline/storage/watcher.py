"""Owns the small process that stops the embedded server when all its users are gone without having stopped it.

A script of the standard library alone, for it lives as long as the server: 10 MB and no processor time, since the kernel
wakes it. Each user holds a shared `flock` on ``postgres.watched``; the watcher waits for an exclusive one, which it gets
when the last user has ended, however that was. Whether it is the last is then asked of ``postgres.users``, under the
same lock that starting and stopping take (`EmbeddedServer`).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LATE_START_S = 2.0
"""A server whose starter was killed at that very moment has written its pid file by then."""


def main(held: int, folder: Path, sockets: Path, pg_ctl: Path, user: int, group: int) -> None:
    """Wait, then stop the server in `folder`. `held`: the locked file that says that it is watched; it gets our pid.

    `user` and `group`: as whom the server runs, -1 for our own.
    """
    child = os.fork()  # the starting process need not wait for this one to end
    if child:
        os.pwrite(held, f"{child:<10}".encode(), 0)
        os._exit(0)
    while True:
        with _locked(folder, "watched"):
            pass
        if not (folder / "postmaster.pid").exists():
            time.sleep(_LATE_START_S)
        with _locked(folder, "lock"):
            if _is_unused(folder):
                _stop(folder, sockets, pg_ctl, user, group)
                return
        time.sleep(_LATE_START_S)  # a user that is not watched, of an earlier version: do not spin


@contextmanager
def _locked(folder: Path, purpose: str) -> Iterator[None]:
    """Hold the exclusive lock of a file beside `folder`, for as long as it takes to get it."""
    handle = os.open(folder.with_name(f"{folder.name}.{purpose}"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_unused(folder: Path) -> bool:
    users = os.open(folder.with_name(f"{folder.name}.users"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(users)
    return True


def _stop(folder: Path, sockets: Path, pg_ctl: Path, user: int, group: int) -> None:
    if not (folder / "postmaster.pid").exists():
        return
    subprocess.run(
        [pg_ctl, "stop", "-w", "-m", "fast", "-t", "60", "-D", folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        user=None if user < 0 else user,
        group=None if group < 0 else group,
        extra_groups=None if user < 0 else [],
        check=False,
    )
    if sockets != folder:
        shutil.rmtree(sockets, ignore_errors=True)


if __name__ == "__main__":
    _held, _folder, _sockets, _pg_ctl, _user, _group = sys.argv[1:]
    main(int(_held), Path(_folder), Path(_sockets), Path(_pg_ctl), int(_user), int(_group))

"""Owns the processes of one start of the system, and their end; no other process is signalled.

All of them inherit the same temporary folder in their environment. It identifies them, also after their supervisor
was killed. Linux only, as the whole project is.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chapter_pipeline.errors import UsageError
from chapter_pipeline.settings import PREFIX as SETTINGS_PREFIX
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.home import open_home

PREFIX = "chapter-pipeline-up-"
VARIABLE = "TMPDIR"
HOME_VARIABLE = f"{SETTINGS_PREFIX}HOME".encode()
TERMINATE_S, KILL_S = 10.0, 5.0
_POLL_S = 0.1


class ProcessGroup:
    """The processes of one start on one home folder. `temporary` is theirs alone and goes with them."""

    def __init__(self, temporary: Path) -> None:
        self.temporary = temporary

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to belong here."""
        return {VARIABLE: str(self.temporary)}

    def members(self) -> list[int]:
        """Process ids of all that run; without ourselves, and without the database, which ends with its last user."""
        mark = f"{VARIABLE}={self.temporary}".encode()
        return [pid for pid in _process_ids() if pid != os.getpid() and mark in _environment_of(pid) and _is_ours(pid)]

    def end(self) -> None:
        """Ask the members to end, kill those that do not, and remove what they left in `temporary`."""
        for sign, patience_s in ((signal.SIGTERM, TERMINATE_S), (signal.SIGKILL, KILL_S)):
            for pid in self.members():
                _signal(pid, sign)
            if self.wait(patience_s):
                break
        shutil.rmtree(self.temporary, ignore_errors=True)

    def wait(self, patience_s: float) -> bool:
        """Wait until none is left; False when some are after `patience_s`."""
        deadline = time.monotonic() + patience_s
        while self.members():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True


@contextmanager
def process_group(home: Path) -> Iterator[tuple[ProcessGroup, int]]:
    """A new process_group on `home`, and how many processes of an earlier, killed one had to be ended for it.

    Raises `UsageError` when a living one is there: two daemons on one database would do everything twice.
    """
    open_home(home)
    record = home / "up.lock"
    with _locked(record):
        earlier = record.read_text().strip()
        ended = _end_earlier(Path(earlier)) if earlier else 0
        ours = ProcessGroup(Path(tempfile.mkdtemp(prefix=PREFIX)))
        record.write_text(str(ours.temporary))
        try:
            yield ours, ended
        finally:
            ours.end()
            record.unlink(missing_ok=True)


@contextmanager
def _locked(record: Path) -> Iterator[None]:
    """Hold the lock of `record`; the kernel frees it with this process, however that ends."""
    handle = os.open(record, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _take(handle):
            raise UsageError(
                f"the system of {str(record.parent)!r} is running already: stop it first, or set CHAPTER_HOME to"
                " another folder"
            )
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    # If the file was removed between opening and locking it, the lock would exclude no other process.
    return os.fstat(handle).st_nlink > 0


def require_no_other_daemon(home: Path) -> None:
    """Raise `UsageError` when a Dagster daemon that is not ours works on `home`, of a `dagster dev` say.

    Two daemons would take runs from one queue, and a daemon whose `dagster dev` was killed can execute none. Another
    program started it, so it is named in the error and not ended.
    """
    found = [pid for pid in _process_ids() if _is_daemon(pid) and _home_of(pid) == home]
    if found:
        raise UsageError(
            f"a Dagster daemon works on {str(home)!r} already (process {found[0]}, of `dagster dev`?): stop it first,"
            f" with Ctrl-C where it runs or with `kill {found[0]}`"
        )


def _is_daemon(pid: int) -> bool:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"dagster._daemon" in arguments or b"dagster-daemon" in [
        Path(os.fsdecode(one)).name.encode() for one in arguments[:2]
    ]


def _home_of(pid: int) -> Path | None:
    """The home that the settings of process `pid` name, as `Settings.home` reads it."""
    values = dict(one.split(b"=", 1) for one in _environment_of(pid) if b"=" in one)
    named = os.fsdecode(values.get(HOME_VARIABLE, b"")) or str(Settings.model_fields["home"].default)
    try:
        return (Path(f"/proc/{pid}/cwd").resolve() / Path(named).expanduser()).resolve()
    except OSError:
        return None


def _end_earlier(temporary: Path) -> int:
    if not temporary.name.startswith(PREFIX):  # not a record of this program: end no process, remove nothing
        return 0
    earlier = ProcessGroup(temporary)
    found = len(earlier.members())
    earlier.end()
    return found


def _process_ids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _environment_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone, a zombie, or another user's
        return []


def _is_ours(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() != "postgres"
    except OSError:
        return False


def _signal(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return

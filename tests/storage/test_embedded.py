"""The embedded PostgreSQL: several processes, killed processes, awkward home folders."""

from __future__ import annotations

import fcntl
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from chapter_pipeline.errors import DatabaseUnavailable, UsageError
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage import embedded
from chapter_pipeline.storage.database import Database, dagster_database_url
from chapter_pipeline.storage.embedded import EmbeddedServer
from chapter_pipeline.storage.postgres_binaries import system_user
from tests.events import PATIENCE_S, eventually

USER_OF_THE_SERVER = """
import sys
from pathlib import Path
from chapter_pipeline.storage.embedded import embedded_server
server = embedded_server(Path(sys.argv[1]))
print("running", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def short_home() -> Iterator[Path]:
    """A home outside pytest's folders, which are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="chapter-embedded-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server(short_home: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(short_home / "postgres")
    yield server
    server.release()


def _answers(server: EmbeddedServer) -> bool:
    try:
        psycopg.connect(server.connection_string("postgres"), connect_timeout=60).close()
    except psycopg.OperationalError:
        return False
    return True


def _other_process(home: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", USER_OF_THE_SERVER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    return process


def _postmaster(server: EmbeddedServer) -> int:
    return int((server.folder / "postmaster.pid").read_text().splitlines()[0])


def test_release__last_user_leaves__server_stops_and_starts_again_with_its_data(
    server: EmbeddedServer, short_home: Path
) -> None:
    server.start()
    server.create_database("kept")
    server.create_database("kept")
    server.release()
    assert not _answers(server)
    with (short_home / "postgres.watcher").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # free: the watcher ended with the server
    server.start()
    with psycopg.connect(server.connection_string("kept")):
        pass


def test_release__another_process_still_uses_it__server_stays(server: EmbeddedServer, short_home: Path) -> None:
    server.start()
    other = _other_process(short_home)
    server.release()
    assert _answers(server)
    other.communicate("leave\n", timeout=PATIENCE_S)
    assert not _answers(server)


def test_start__user_was_killed__server_is_usable_and_still_stops_with_the_last(
    server: EmbeddedServer, short_home: Path
) -> None:
    killed = _other_process(short_home)
    killed.kill()
    killed.communicate()
    server.start()
    assert _answers(server)
    server.release()
    assert not _answers(server)


def test_start__server_itself_was_killed__recovers_with_its_data(server: EmbeddedServer) -> None:
    server.start()
    server.create_database("kept")
    os.kill(_postmaster(server), signal.SIGKILL)
    assert eventually(lambda: not _answers(server))
    server.start()
    with psycopg.connect(server.connection_string("kept")):
        pass


def test_start__pid_file_of_a_foreign_process__is_no_obstacle(server: EmbeddedServer) -> None:
    """A restarted container gives the old server's number to another program."""
    server.start()
    server.release()
    lines = [str(os.getpid()), str(server.folder), "1700000000", "5432", str(server.folder), "", "1 1", "ready"]
    (server.folder / "postmaster.pid").write_text("\n".join(lines) + "\n")
    server.start()
    assert _answers(server)


@pytest.mark.parametrize("name", ["with space", "with,comma", "x" * 120, "Ünïcode'quote"])
def test_start__awkward_home__works(short_home: Path, name: str) -> None:
    server = EmbeddedServer(short_home / name / "postgres")
    try:
        server.start()
        server.create_database("kept")
        url = Settings(database_url=SecretStr(server.url("kept", "psycopg")))
        database = Database.open(url)
        assert database.health_check().server_version is not None
        database.close()
    finally:
        server.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only under root the server runs as another user")
def test_start__home_was_copied_with_other_owners__names_the_owner_and_how_to_change_it(
    server: EmbeddedServer, short_home: Path
) -> None:
    server.start()
    server.release()
    copied = short_home.with_name(f"{short_home.name}c")
    try:
        shutil.copytree(server.folder, copied / server.folder.name)  # as `cp -r` does: all files are root's
        with pytest.raises(DatabaseUnavailable) as refused:
            EmbeddedServer(copied / server.folder.name).start()
        told = str(refused.value)
        user = system_user()
        assert user is not None
        assert f"its files belong to the user 0, and the server runs as {user.pw_name!r}" in told
        (command,) = re.findall(r"chown -R [^;]+", told)
        subprocess.run(shlex.split(command), check=True)
        again = EmbeddedServer(copied / server.folder.name)
        again.start()
        again.release()
    finally:
        shutil.rmtree(copied, ignore_errors=True)


def test_start__no_folder_is_short_enough__names_the_remedy(short_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "SOCKET_PATH_BYTES", 10)
    with pytest.raises(UsageError, match="set CHAPTER_HOME to a shorter path"):
        EmbeddedServer(short_home / "postgres").start()


def test_dagster_database_url__embedded__is_a_database_of_its_own_for_psycopg2(short_home: Path) -> None:
    settings = Settings(home=short_home)
    try:
        url = dagster_database_url(settings)
        assert url.startswith("postgresql+psycopg2://postgres@/dagster?host=")
    finally:
        embedded.embedded_server(short_home).release()


def test_release__started_where_sigterm_is_ignored__ends_the_watcher_and_returns(short_home: Path) -> None:
    """As under nohup, or by a shell in the background: programs that are started there ignore the signal too."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        server = embedded.embedded_server(short_home)
        postmaster, watcher = _postmaster(server), _watcher(short_home)
        server.release()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert _gone(watcher)
    assert _gone(postmaster)


def test_session__server_was_killed_under_an_open_database__it_is_started_again(short_home: Path) -> None:
    database = Database.open(Settings(home=short_home))
    try:
        with database.session() as session:
            session.execute(text("CREATE TABLE kept (n int)"))
            ours = session.scalar(text("SELECT pg_backend_pid()"))
        killed = embedded.embedded_server(short_home)
        os.kill(_postmaster(killed), signal.SIGKILL)
        # Its processes notice that one after the other: the one behind our pooled connection too has to be gone.
        assert _gone(ours)
        assert eventually(lambda: not _answers(killed))
        with database.session() as session:
            assert session.scalar(text("SELECT count(*) FROM kept")) == 0
    finally:
        database.close()
        embedded.embedded_server(short_home).release()


def _gone(process: int) -> bool:
    """Whether `process` ends within a minute; the kernel tells when."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 60)[0])
    finally:
        os.close(handle)


def _watcher(home: Path) -> int:
    return int((home / "postgres.watcher").read_text())


def test_watcher__last_user_is_killed__server_ends_by_itself_and_has_its_data_at_the_next_start(
    server: EmbeddedServer, short_home: Path
) -> None:
    killed = _other_process(short_home)
    with psycopg.connect(server.connection_string("postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    postmaster, watcher = _postmaster(server), _watcher(short_home)
    killed.kill()
    killed.communicate()
    assert _gone(postmaster)
    assert _gone(watcher)
    assert not (server.folder / "postmaster.pid").exists()
    server.start()
    assert _watcher(short_home) != watcher
    with psycopg.connect(server.connection_string("postgres")) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert "not properly shut down" not in (server.folder / "server.log").read_text()


def test_watcher__another_user_lives__server_stays_until_that_one_is_gone_too(
    server: EmbeddedServer, short_home: Path
) -> None:
    first, second = _other_process(short_home), _other_process(short_home)
    postmaster = _postmaster(server)
    first.kill()
    first.communicate()
    server.start()  # takes and gives back the lock that the watcher would need to stop it
    server.release()
    assert _postmaster(server) == postmaster
    assert _answers(server)
    second.kill()
    second.communicate()
    assert _gone(postmaster)


def test_watcher__it_is_killed_itself__the_next_user_has_another_one(
    server: EmbeddedServer, short_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(short_home))  # by which `up` knows the processes it has to end
    first = _other_process(short_home)
    killed = _watcher(short_home)
    process = Path(f"/proc/{killed}")
    assert b"TMPDIR" not in (process / "environ").read_bytes()
    (resident_kb,) = re.findall(r"VmRSS:\s+(\d+)", (process / "status").read_text())
    assert int(resident_kb) < 20_000
    os.kill(killed, signal.SIGKILL)
    assert _gone(killed)
    second = _other_process(short_home)
    assert _watcher(short_home) != killed
    postmaster = _postmaster(server)
    for user in (first, second):
        user.kill()
        user.communicate()
    assert _gone(postmaster)

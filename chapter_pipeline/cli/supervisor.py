"""Owns `make up`: database, Dagster webserver and daemon as one thing that starts together and leaves nothing behind."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from chapter_pipeline.errors import UsageError
from chapter_pipeline.settings import PREFIX, Settings

START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 20
POLL_S = 0.25
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Child:
    """A program that runs beside us, in a process group of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def run_up(settings: Settings, *, open_browser: bool = False, say: Say = print) -> int:
    """Start everything, say where it is, and wait for SIGINT or SIGTERM; the exit code.

    0 when asked to stop, 1 when a child died by itself (then all else is stopped too). Raises `UsageError` when the
    port is taken.
    """
    require_free_port(settings.webserver_host, settings.webserver_port)
    with ExitStack() as stack:
        stopped = stack.enter_context(_stop_requests())
        home = _prepare(settings, say)
        children = [
            stack.enter_context(_child(name, command, settings, home))
            for name, command in _commands(settings, home).items()
        ]
        address = f"http://{settings.webserver_host}:{settings.webserver_port}"
        if not _wait_until_it_answers(f"{address}/server_info", children, stopped):
            return _end(children, stopped, say)
        say(f"Dagster:  {address}")
        say(f"Inbox:    {settings.bucket_url or settings.home / 'bucket'}/inbox (drop PDFs there)")
        say("Ctrl-C stops everything.")
        if open_browser:
            webbrowser.open(address)
        while not stopped and _dead(children) is None:
            time.sleep(POLL_S)
        return _end(children, stopped, say)


def require_free_port(host: str, port: int) -> None:
    """Raise `UsageError` when something listens on the port already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(
                f"port {port} on {host!r} cannot be used ({error.strerror}): stop what listens there, or set"
                " CHAPTER_WEBSERVER_PORT (chapter-pipeline up --port N)"
            ) from error


def _prepare(settings: Settings, say: Say) -> Path:
    """Database up and migrated, runs of an earlier kill reported; the folder of dagster.yaml."""
    # Dagster is imported here, when the port is known to be free.
    from chapter_pipeline.cli.instance import dagster_home, open_instance
    from chapter_pipeline.storage.bucket import ObjectBucket
    from chapter_pipeline.storage.database import place_of

    with open_instance(settings) as instance:
        # By name, as runs.py does: the code location is imported by nobody.
        rooms = importlib.import_module("resources.rooms")
        database = rooms.DatabaseResource()
        say(f"Database: {place_of(database.open().url)}")
        reaped = importlib.import_module("sensors.orphans").reap(instance, database)
        if reaped:
            say(f"Reported as failed, because their process is gone: {', '.join(reaped)}")
    ObjectBucket.open(settings)
    return dagster_home(settings)


def _commands(settings: Settings, home: Path) -> dict[str, list[str]]:
    workspace = str(home / "workspace.yaml")
    return {
        "webserver": [
            sys.executable, "-m", "dagster_webserver", "--workspace", workspace, "--host", settings.webserver_host,
            "--port", str(settings.webserver_port),
        ],
        "daemon": [sys.executable, "-m", "dagster._daemon", "run", "--workspace", workspace],
    }  # fmt: skip


@contextmanager
def _child(name: str, command: Sequence[str], settings: Settings, home: Path) -> Iterator[Child]:
    """The program, stopped at the end of the block with all processes it started."""
    settings.log_folder.mkdir(parents=True, exist_ok=True)
    log = settings.log_folder / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=_environment(settings, home),
            start_new_session=True,  # Ctrl-C reaches us alone; we stop the children in their order
        )
    try:
        yield Child(name, process, log)
    finally:
        _stop(process)


def _environment(settings: Settings, home: Path) -> Mapping[str, str]:
    """Ours, with the settings as we know them: the children are started in another folder."""
    return {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "DAGSTER_EVENT_BATCH_SIZE": os.environ.get("DAGSTER_EVENT_BATCH_SIZE", "200"),
        f"{PREFIX}HOME": str(settings.home),
        f"{PREFIX}WEBSERVER_PORT": str(settings.webserver_port),
    }


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the whole process group to end, and kill what does not."""
    group = process.pid
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # what Dagster's programs shut their own children down on
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while time.monotonic() < deadline and (process.poll() is None or _group_lives(group)):
        time.sleep(0.05)
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None or _group_lives(group):
            os.killpg(group, sign)
            time.sleep(0.5)
    process.wait()


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def _stop_requests() -> Iterator[list[int]]:
    """A list that gets the number of every SIGINT, SIGTERM or SIGHUP while the block runs."""
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    earlier = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield received
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _wait_until_it_answers(address: str, children: Sequence[Child], stopped: Sequence[int]) -> bool:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if stopped or _dead(children) is not None:
            return False
        try:
            with urllib.request.urlopen(address, timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_S)
    return False


def _dead(children: Sequence[Child]) -> Child | None:
    return next((child for child in children if child.process.poll() is not None), None)


def _end(children: Sequence[Child], stopped: Sequence[int], say: Say) -> int:
    if stopped:
        say("Stopping.")
        return 0
    dead = _dead(children)
    if dead is None:
        say(f"the webserver did not answer within {START_TIMEOUT_S} s: see {children[0].log}")
        return 1
    said = dead.log.read_text(errors="replace").strip().splitlines()[-3:]
    say(
        f"the {dead.name} ended by itself with code {dead.process.returncode}: {' | '.join(said)} (all of it: {dead.log})"
    )
    return 1

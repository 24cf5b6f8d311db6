"""Owns `make up`: it starts database, code server, Dagster webserver and daemon together, and ends all of them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from chapter_pipeline.container import Container
from chapter_pipeline.errors import UsageError
from chapter_pipeline.orchestration.process_group import ProcessGroup, process_group, require_no_other_daemon
from chapter_pipeline.orchestration.webserver_access import Access, access_of, address_file, new_token
from chapter_pipeline.settings import PREFIX, Settings
from chapter_pipeline.writing.section_kinds import section_kinds

START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 20
SETTLE_S = 2
CODE_SERVER = "code server"
POLL_S = 0.25
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Child:
    """A program that runs beside us, in a process group of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def run_up(settings: Settings, *, say: Say = print) -> int:
    """Start everything, say where it is, and wait for SIGINT or SIGTERM; the exit code.

    0 when asked to stop, 1 when a child died by itself (then all else is stopped too). Raises `UsageError` when the
    port is taken, or when something runs on this home already.
    """
    with ExitStack() as stack:
        stopped = stack.enter_context(_stop_requests())
        ours, ended = stack.enter_context(process_group(settings.home))
        if ended:
            say(f"Ended {ended} processes that an earlier start left running when it was killed.")
        require_no_other_daemon(settings.home)
        require_free_port(settings.webserver_host, settings.webserver_port)
        home = _prepare(settings, say)
        if stopped:
            return _end([], stopped, say)
        section_kinds(settings.templates_folder)  # the definitions could not load with a damaged record
        from chapter_pipeline.orchestration.code_server import code_server  # Dagster, when the port is known to be free

        access = access_of(settings, new_token())
        server = code_server(home, ours.temporary)
        children: list[Child] = []
        stack.callback(_stop, children, ours)
        children.append(_child(CODE_SERVER, server.command, settings, ours, stdin_text=""))
        # Before it answers, webserver and daemon would find no definitions.
        if not _wait_until(server.socket.exists, children, stopped):
            return _end(children, stopped, say)
        for name, command in _commands(server.workspace).items():
            stdin_text = access.token if name == "webserver" else ""
            children.append(_child(name, command, settings, ours, stdin_text=stdin_text))
        if not _wait_until_it_answers(access, children, stopped):
            return _end(children, stopped, say)
        kept = stack.enter_context(address_file(settings.home, access))
        _say_where(access, kept, settings, say)
        while not stopped and _dead(children) is None:
            time.sleep(POLL_S)
        return _end(children, stopped, say)


def _say_where(access: Access, kept: Path, settings: Settings, say: Say) -> None:
    for address in access.addresses:
        say(f"Dagster:  {address}")
    say(f"          (opens only with the token in it; {kept} has it until the end)")
    say(f"Inbox:    {_inbox(settings)} (drop PDFs there)")
    say("Ctrl-C stops everything.")


def _inbox(settings: Settings) -> str:
    return f"{(settings.bucket_url or str(settings.home / 'bucket')).rstrip('/')}/inbox"


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
    from chapter_pipeline.orchestration.instance import INSTANCE, dagster_home, open_instance
    from chapter_pipeline.storage.address import place_of
    from sensors.orphans import reap

    container = Container(settings)
    try:
        _ = container.database  # first, for our own errors: Dagster tries a database that is down for a minute
        bucket = container.bucket
        bucket.require()
        with open_instance(settings) as instance:
            say(f"Database: {place_of(container.database.url)}")
            reaped = reap(instance, container.database)
            if reaped:
                say(f"Reported as failed, because their process is gone: {', '.join(reaped)}")
    finally:
        container.close()
    if (folder := bucket.folder) is not None:
        (folder / "inbox").mkdir(exist_ok=True)  # so that a person finds where to drop files
    home, instance_home = dagster_home(settings), instance_folder(settings)
    if home != instance_home:
        instance_home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(home / INSTANCE, instance_home / INSTANCE)
    return home


def _commands(workspace: Path) -> dict[str, list[str]]:
    return {
        "daemon": [sys.executable, "-m", "dagster._daemon", "run", "--workspace", str(workspace)],
        "webserver": [sys.executable, "-m", "chapter_pipeline.orchestration.webserver", str(workspace)],
    }


def _child(name: str, command: Sequence[str], settings: Settings, ours: ProcessGroup, *, stdin_text: str) -> Child:
    """Start a program with `stdin_text` on its standard input; its output goes to a log file."""
    settings.log_folder.mkdir(parents=True, exist_ok=True)
    log = settings.log_folder / f"{name.replace(' ', '-')}.log"
    with log.open("ab") as output, _pipe_with(stdin_text) as given:
        process = subprocess.Popen(
            command,
            stdin=given,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=instance_folder(settings),
            env=_environment(settings, ours),
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which signals the children
        )
    return Child(name, process, log)


@contextmanager
def _pipe_with(text: str) -> Iterator[int]:
    """The reading end of a pipe that holds `text`, of at most a few hundred characters, and ends after it."""
    reading, writing = os.pipe()
    try:
        os.write(writing, text.encode())
        os.close(writing)
        yield reading
    finally:
        os.close(reading)


def _environment(settings: Settings, ours: ProcessGroup) -> Mapping[str, str]:
    """Ours, with the settings as we know them: the children are started in another folder."""
    return {
        **os.environ,
        **ours.environment,
        "DAGSTER_HOME": str(instance_folder(settings)),
        "DAGSTER_EVENT_BATCH_SIZE": os.environ.get("DAGSTER_EVENT_BATCH_SIZE", "200"),
        f"{PREFIX}HOME": str(settings.home),
        f"{PREFIX}WEBSERVER_PORT": str(settings.webserver_port),
    }


def instance_folder(settings: Settings) -> Path:
    """The children's DAGSTER_HOME: below our home, for Dagster makes folders there whatever dagster.yaml says."""
    return settings.home / "dagster"


def _stop(children: Sequence[Child], ours: ProcessGroup) -> None:
    """Ask all children at once to end, then end all that they started, running runs included."""
    for child in children:
        if child.process.poll() is None:
            child.process.send_signal(signal.SIGINT)  # what Dagster's programs shut their own children down on
    deadline = time.monotonic() + STOP_TIMEOUT_S
    # Not for the code server: it waits for its runs.
    waited_for = [child for child in children if child.name != CODE_SERVER]
    while time.monotonic() < deadline and any(child.process.poll() is None for child in waited_for):
        time.sleep(0.05)
    # A code server without a run ends now by itself. One with a run would wait for it, for as long as it takes;
    # asked to end, it puts the interruption on record, and the next start goes on where the run was.
    ours.wait(SETTLE_S)
    ours.end()
    for child in children:
        child.process.wait()


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


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Makes a redirect an error: Dagster's webserver sends none, so another program has the port."""

    def redirect_request(self, *_: object) -> None:
        return None


def _wait_until_it_answers(access: Access, children: Sequence[Child], stopped: Sequence[int]) -> bool:
    question = urllib.request.Request(
        f"{access.printed[0]}/server_info", headers={"Authorization": f"Bearer {access.token}"}
    )
    # A proxy, or the target of a redirect, would receive the token.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)

    def answers() -> bool:
        try:
            with opener.open(question, timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    return _wait_until(answers, children, stopped)


def _wait_until(holds: Callable[[], bool], children: Sequence[Child], stopped: Sequence[int]) -> bool:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if stopped or _dead(children) is not None:
            return False
        if holds():
            return True
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
        say(f"the {children[-1].name} did not answer within {START_TIMEOUT_S} s: see {children[-1].log}")
        return 1
    said = dead.log.read_text(errors="replace").strip().splitlines()[-3:]
    say(
        f"the {dead.name} ended by itself with code {dead.process.returncode}: {' | '.join(said)} (all of it: {dead.log})"
    )
    return 1

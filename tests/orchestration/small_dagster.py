"""Owns a small Dagster workspace behind the webserver of `up`, started for real, and the requests that tests send to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TOKEN = "a-token_of-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
STARTS_IN_S, STOPS_IN_S = 120.0, 60.0
# What would spend money: a run of the job `spend`.
LAUNCH = (
    'mutation { launchRun(executionParams: {selector: {repositoryLocationName: "small", repositoryName:'
    ' "__repository__", jobName: "spend"}, runConfigData: "{}"}) { __typename } }'
)
_DEFINITIONS = """
import dagster as dg

@dg.op
def spent() -> None: ...

@dg.job
def spend() -> None:
    spent()

defs = dg.Definitions(jobs=[spend])
"""
_WORKSPACE = "load_from: [{python_file: {relative_path: small.py, location_name: small}}]\n"
_INSTANCE = "telemetry: {enabled: false}\nnux: {enabled: false}\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class SmallDagster:
    """The running server."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: str = "", *, host: str | None = None
    ) -> Answer:
        """Send exactly these headers, after a Host header of `host` (unset: the right one)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": host or f"127.0.0.1:{self.port}", **headers}.items():
                connection.putheader(name, value)
            if body:
                connection.putheader("Content-Length", str(len(body.encode())))
            connection.endheaders(body.encode() or None)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read().decode(errors="replace"))
        finally:
            connection.close()

    def graphql(self, query: str, headers: Mapping[str, str] = BEARER, *, host: str | None = None) -> Answer:
        """A query as a script sends it."""
        body = json.dumps({"query": query})
        return self.request("POST", "/graphql", {"Content-Type": "application/json", **headers}, body, host=host)

    def runs(self) -> int:
        """How many runs there are, in whatever state."""
        answer = self.graphql("{ runsOrError { ... on Runs { results { runId } } } }")
        assert answer.status == 200, answer
        return len(json.loads(answer.text)["data"]["runsOrError"]["results"])

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.request("GET", "/server_info", BEARER).status == 200
        except OSError:
            return False


@contextmanager
def small_dagster(folder: Path) -> Iterator[SmallDagster]:
    """The program that `up` starts, on a workspace of one job in `folder`."""
    for name, text in (("small.py", _DEFINITIONS), ("workspace.yaml", _WORKSPACE), ("dagster.yaml", _INSTANCE)):
        (folder / name).write_text(text)
    port = free_port()
    log = folder / "webserver.log"
    read, write = os.pipe()
    os.write(write, TOKEN.encode())
    os.close(write)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CHAPTER_", "DAGSTER_"))}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "chapter_pipeline.orchestration.webserver", str(folder / "workspace.yaml")],
            stdin=read,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={
                **clean,
                "DAGSTER_HOME": str(folder),
                "CHAPTER_HOME": str(folder / "home"),
                "CHAPTER_WEBSERVER_PORT": str(port),
                "CHAPTER_WEBSERVER_ORIGINS": "https://chapters.example.org",
            },
        )
    os.close(read)
    server = SmallDagster(port, process, log)
    try:
        deadline = time.monotonic() + STARTS_IN_S
        while not server.answers():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield server
        process.send_signal(signal.SIGINT)
        assert process.wait(STOPS_IN_S) == 0
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

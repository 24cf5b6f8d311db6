"""The code server of `up` loads the definitions again when section kinds change, and never with a damaged record."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from dagster import deserialize_value
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster._grpc.client import DagsterGrpcClient

from chapter_pipeline.orchestration import code_server
from chapter_pipeline.orchestration.instance import WORKSPACE
from chapter_pipeline.writing.section_kinds import RECORD, packaged_kinds, record_kinds, section_kinds

ROOT = Path(__file__).resolve().parents[2]


class Mending(logging.Handler):
    """Mends the record when its damage is told."""

    def __init__(self, record: Path) -> None:
        super().__init__(logging.ERROR)
        self.record = record
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())
        self.record.write_text("sedation\n")


class Reloads:
    """A server that takes one more kind in while it loads for the first time, and dies once after the second."""

    def __init__(self, folder: Path) -> None:
        self.ended = threading.Event()
        self.folder = folder
        self.loaded: list[tuple[str, ...]] = []

    def is_alive(self) -> bool:
        return len(self.loaded) != 2

    def reload(self) -> None:
        self.loaded.append(section_kinds(self.folder)[len(packaged_kinds()) :])
        if len(self.loaded) == 1:
            record_kinds(self.folder, ("anaesthesia",))
        elif len(self.loaded) == 3:
            self.ended.set()


def test_watch__record_changes_or_process_dies__the_definitions_load_once_and_only_from_a_sound_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_server, "WATCH_S", 0)
    known, server = section_kinds(tmp_path), Reloads(tmp_path)
    (tmp_path / RECORD).write_text("../etc\n")
    mending = Mending(tmp_path / RECORD)
    code_server.log.addHandler(mending)
    try:
        code_server.watch(tmp_path, known, server)
    finally:
        code_server.log.removeHandler(mending)
    assert server.loaded == [("sedation",), ("sedation", "anaesthesia"), ("sedation", "anaesthesia")]
    (told,) = mending.told
    assert "not taken in: the record of section kinds" in told
    assert "'../etc'" in told


def test_code_server__started__serves_new_kinds_and_comes_back_when_its_process_died(tmp_path: Path) -> None:
    server = code_server.code_server(ROOT, tmp_path)
    environment = {**os.environ, "CHAPTER_HOME": str(tmp_path), "DAGSTER_HOME": str(tmp_path)}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(server.command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _until(process, server.socket.exists)
        client = DagsterGrpcClient(socket=str(server.socket))
        first = client.get_server_id()
        record_kinds(tmp_path / "templates", ("sedation",))
        _until(process, lambda: _server_id(client) not in (None, first))
        second = client.get_server_id()
        assert "section/sedation" in _asset_names(client)
        _until(process, lambda: len(_definitions(process.pid)) == 1)  # the earlier one had no run, so it ends
        (definitions,) = _definitions(process.pid)
        os.kill(definitions, signal.SIGKILL)
        _until(process, lambda: _server_id(client) not in (None, second))
        assert "section/sedation" in _asset_names(client)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert _children(process.pid) == []
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _until(process: subprocess.Popen[bytes], condition: Callable[[], object]) -> None:
    for _ in range(600):
        if condition():
            return
        assert process.poll() is None
        time.sleep(0.1)
    pytest.fail("not within a minute")


def _server_id(client: DagsterGrpcClient) -> str | None:
    """None while the process of the definitions is gone."""
    try:
        return client.get_server_id()
    except DagsterUserCodeUnreachableError:
        return None


def _asset_names(client: DagsterGrpcClient) -> set[str]:
    origin = RemoteRepositoryOrigin(
        GrpcServerCodeLocationOrigin(host="localhost", socket=client.socket, location_name="chapter_pipeline"),
        "__repository__",
    )
    snapshot = deserialize_value(client.external_repository(origin), RepositorySnap)
    return {"/".join(node.asset_key.path) for node in snapshot.asset_nodes}


def _children(session: int) -> list[int]:
    """The other processes of the session that `session` leads."""
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in found if pid != session and _session_of(pid) == session]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _definitions(session: int) -> list[int]:
    return [pid for pid in _children(session) if b"api\0grpc" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_code_server__workspace__has_the_location_of_the_given_one_on_a_socket(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / WORKSPACE).write_text((ROOT / WORKSPACE).read_text())
    server = code_server.code_server(home, tmp_path)
    (location,) = yaml.safe_load(server.workspace.read_text())["load_from"]
    assert location == {"grpc_server": {"socket": str(server.socket), "location_name": "chapter_pipeline"}}
    assert server.command[-3:] == ("chapter_pipeline", "chapter_pipeline.definitions", str(home))

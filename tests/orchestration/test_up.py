"""`chapter-pipeline up` as an operator knows it: started for real, watched from outside, stopped, killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from dagster import deserialize_value
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult

from chapter_pipeline.orchestration.process_group import ProcessGroup
from chapter_pipeline.storage.database import DATABASE
from chapter_pipeline.storage.embedded import EmbeddedServer
from tests.browsing import chromium
from tests.documents.papers import article
from tests.events import PATIENCE_S, eventually

PROGRAM = Path(sys.executable).with_name("chapter-pipeline")
SENTENCE = (
    "Drainage of the haematoma through two burr holes was followed by recovery in 41 of 50 patients. Recurrence of the"
    " subdural haematoma was seen in 7 of 50 patients within 90 days. A drain lowered the rate of recurrence in patients"
    " with a subdural haematoma. Older patients recovered more slowly after drainage of the haematoma. "
)
PAPER = article(left=SENTENCE * 2, right=SENTENCE * 2)


class Up:
    """A started system on `home`: its pages are asked over HTTP, as a browser does."""

    def __init__(self, home: Path, port: int) -> None:
        output = home / "output"
        output.touch()
        self._said_before = len(output.read_text())
        self.home = home
        self.process = _start(home, port)
        self.origin = f"http://127.0.0.1:{port}"

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.output()
        return "Ctrl-C stops everything." in self.output()

    @property
    def address(self) -> str:
        """What it says that a person should open, with the token."""
        [line] = [line for line in self.output().splitlines() if line.startswith("Dagster:")]
        return line.split()[1]

    def ask(self, query: str, **variables: object) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.address.partition('=')[2]}"}
        request = urllib.request.Request(f"{self.origin}/graphql", body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def embedded(self) -> set[str]:
        """The documents that are searchable, as the Dagster UI tells it."""
        found = self.ask(
            "query($key: AssetKeyInput!) {assetOrError(assetKey: $key)"
            " {... on Asset {assetMaterializations {partition}}}}",
            key={"path": ["passage_embeddings"]},
        )["assetOrError"]
        return {one["partition"] for one in found.get("assetMaterializations", ())}

    def output(self) -> str:
        """What this start said; an earlier one wrote into the same file."""
        return (self.home / "output").read_text()[self._said_before :]

    def members(self) -> list[int]:
        """The processes of the system, without the supervisor and the database."""
        return ProcessGroup(Path((self.home / "up.lock").read_text())).members()

    def stop(self, sign: signal.Signals) -> int:
        self.process.send_signal(sign)
        return self.process.wait(PATIENCE_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(home: Path, port: int) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CHAPTER_", "DAGSTER_"))}
    with (home / "output").open("a") as output:
        return subprocess.Popen(
            [str(PROGRAM), "up"],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env={**clean, "CHAPTER_HOME": str(home), "CHAPTER_WEBSERVER_PORT": str(port)},
        )


@contextmanager
def _up(home: Path) -> Iterator[Up]:
    """The system, answering; whatever the test does with it, none of it is left."""
    port = _free_port()
    up = Up(home, port)
    try:
        assert eventually(up.is_ready), up.output()
        yield up
    finally:
        if up.process.poll() is None:
            up.stop(signal.SIGTERM)


@contextmanager
def _new_home() -> Iterator[Path]:
    """A home outside pytest's folders: the next pytest that starts on this machine closes those to the server's user."""
    with tempfile.TemporaryDirectory(prefix="chapter-up-") as name:
        yield Path(name)


@pytest.fixture
def up_home() -> Iterator[Path]:
    with _new_home() as home:
        yield home


@pytest.fixture(scope="module")
def shared_up() -> Iterator[Up]:
    """One system for the tests that leave it as it was; the last of them stops it."""
    with _new_home() as home, _up(home) as up:
        yield up


def _left_behind(home: Path) -> list[str]:
    """Processes that name `home` in their command or environment, and sockets and locks that are left in it."""
    mark = str(home).encode()
    found = [
        f"{name.parent.name}: {command.decode()}"
        for name in Path("/proc").glob("[0-9]*/cmdline")
        if int(name.parent.name) != os.getpid() and (command := _read(name)) is not None
        if mark in command or mark in (_read(name.with_name("environ")) or b"")
    ]
    return found + [
        str(path)
        for path in (home / "up.lock", home / "webserver-address", home / "postgres" / "postmaster.pid")
        if path.exists()
    ]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


@pytest.mark.slow
@pytest.mark.xdist_group("up")
def test_up__file_dropped_into_the_inbox__is_in_the_library(shared_up: Up) -> None:
    inbox = shared_up.home / "bucket" / "inbox"
    assert f"{inbox} (drop PDFs there)" in shared_up.output()
    (inbox / "paper.pdf").write_bytes(PAPER)
    assert eventually(lambda: "inbox/paper.pdf" in shared_up.embedded())


@pytest.mark.slow
@pytest.mark.xdist_group("up")
def test_up__new_section_kind__is_taken_in_while_a_run_goes_on(shared_up: Up) -> None:
    (shared_up.home / "bucket" / "inbox" / "paper.pdf").write_bytes(PAPER)
    assert eventually(lambda: "inbox/paper.pdf" in shared_up.embedded())
    _takes_in_a_new_section_kind(shared_up)


@pytest.mark.slow
@pytest.mark.xdist_group("up")
def test_up__its_pages__open_with_the_token_alone(shared_up: Up) -> None:
    _assert_the_pages_are_guarded(shared_up)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.xdist_group("up")
def test_up__opened_in_a_browser__shows_the_asset_graph_in_the_order_of_the_stages(
    shared_up: Up, tmp_path: Path
) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    groups = [
        "0_library", "1_question", "2_research", "3_plan", "4_sections", "5_assembly", "6_quality", "7_publication",
        "8_vision",
    ]  # fmt: skip
    with chromium(tmp_path) as browser:

        def nodes() -> list[str]:
            """What the boxes of the drawn graph say, not its list at the side."""
            drawn = "return [...document.querySelectorAll('foreignObject')].map(box => (box.textContent || '').trim())"
            return [str(text) for text in browser.execute_script(drawn)]

        browser.get(shared_up.address)
        browser.get(f"{shared_up.origin}/asset-groups")
        WebDriverWait(browser, PATIENCE_S).until(lambda _: sorted(nodes()) == groups)
        # Icons are paths too; only edges end in an arrow. They are drawn after the boxes.
        WebDriverWait(browser, PATIENCE_S).until(
            lambda _: len(browser.find_elements(By.CSS_SELECTOR, "path[marker-end]")) >= len(groups) - 1
        )
        shown = str(browser.execute_script("return document.body.innerText"))
        assert sorted(groups, key=shown.index) == groups
        browser.get(f"{shared_up.origin}/locations/chapter_pipeline/asset-groups/2_research/lineage")
        expected = ("library_research", "research_set", "passage_embeddings")
        WebDriverWait(browser, PATIENCE_S).until(
            lambda _: all(any(node.startswith(name) for node in nodes()) for name in expected)
        )


@pytest.mark.slow
@pytest.mark.xdist_group("up")
def test_up__interrupted__ends_and_leaves_nothing(shared_up: Up) -> None:
    temporary = Path((shared_up.home / "up.lock").read_text())
    assert temporary.is_dir()
    assert shared_up.stop(signal.SIGINT) == 0
    assert shared_up.output().splitlines()[-1] == "Stopping."
    assert "Traceback" not in shared_up.output()
    assert _left_behind(shared_up.home) == []
    assert not temporary.exists()


def _assert_the_pages_are_guarded(up: Up) -> None:
    """The address opens them and is told to its owner alone; without the token, or at a name that is not ours, nothing."""
    told = up.home / "webserver-address"
    assert (told.read_text(), told.stat().st_mode & 0o777) == (f"{up.address}\n", 0o600)
    with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(up.address, timeout=60) as page:
        assert (page.status, page.url) == (200, f"{up.origin}/")
    for status, headers in ((401, {}), (403, {"Host": "attacker.example"})):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(up.address.partition("?")[0], headers=headers), timeout=60)
        assert refused.value.code == status
        refused.value.close()
    token = up.address.partition("=")[2].encode()
    assert not [name for name in Path("/proc").glob("[0-9]*/cmdline") if token in (_read(name) or b"")]
    assert not [name for name in Path("/proc").glob("[0-9]*/environ") if token in (_read(name) or b"")]
    assert not [log for log in (up.home / "logs").glob("*.log") if token in log.read_bytes()]


OWN_KIND = "choosing_patients"
OWN_TEMPLATE = f"""
name: own
sections:
- {{kind: {OWN_KIND}, title: Choosing patients, purpose: Who is operated on and with what result., share: 1,
   queries: ["{{topic}}", "recovery after drainage"], cues: [drainage, burr hole, recovery, patients, haematoma]}}
"""


def _takes_in_a_new_section_kind(up: Up) -> None:
    """`chapters new` with a kind of its own beside the running system: a chapter with it is written in the Dagster UI.

    A run that is under way when the definitions are loaded again goes on, and is not taken for one without a process.
    """
    template = up.home / "own.yaml"
    template.write_text(OWN_TEMPLATE)
    assert f"section/{OWN_KIND}" not in _chapter_assets(up)
    _chapters_new(up, "before", "--topic", "Subdural haematoma")
    with _put_waits(up.home, "chapter_brief", "before"):
        run = _materialize(up, "before", ["chapter_brief"])
        assert eventually(lambda: _run(up, run)["status"] == "STARTED")
        _chapters_new(up, "after", "--topic", "Drainage of a subdural haematoma", "--template", str(template))
        assert eventually(lambda: f"section/{OWN_KIND}" in _chapter_assets(up))
        client = DagsterGrpcClient(socket=str(Path((up.home / "up.lock").read_text()) / "code.sock"))
        answer = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run), timeout=10)
        assert deserialize_value(answer, CanCancelExecutionResult).can_cancel
    assert eventually(lambda: _run(up, run)["status"] == "SUCCESS")
    selected = ["chapter_brief", "key_concepts", "library_research", "literature_research", "open_access_documents",
                "research_set", "evidence_map", "chapter_outline", "section_plans", f"section/{OWN_KIND}",
                "chapter_draft"]  # fmt: skip
    run = _materialize(up, "after", selected)
    assert eventually(lambda: _run(up, run)["status"] in ("SUCCESS", "FAILURE"))
    done = {"/".join(one["assetKey"]["path"]) for one in _run(up, run)["assetMaterializations"]}
    assert done == set(selected)


def _chapter_assets(up: Up) -> set[str]:
    return {"/".join(one["assetKey"]["path"]) for one in up.ask("{assetNodes {assetKey {path}}}")["assetNodes"]}


def _chapters_new(up: Up, *arguments: str) -> None:
    environment = {**os.environ, "CHAPTER_HOME": str(up.home)}
    subprocess.run([str(PROGRAM), "chapters", "new", *arguments], env=environment, check=True, capture_output=True)


@contextmanager
def _put_waits(home: Path, asset: str, partition: str) -> Iterator[None]:
    """While the block runs, nobody can store a value of the asset: who tries, waits."""
    # Not as one of the server's users: it ends with the last of them.
    where = EmbeddedServer(home / "postgres").connection_string(DATABASE)
    with psycopg.connect(where) as connection:
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{asset}\n{partition}"]
        )  # as advisory_lock() does
        yield


def _materialize(up: Up, partition: str, assets: list[str]) -> str:
    """The id of a run over these assets, asked for as the Dagster UI does."""
    location = {"repositoryName": "__repository__", "repositoryLocationName": "chapter_pipeline"}
    up.ask(
        "mutation($at: RepositorySelector!, $key: String!) {addDynamicPartition(repositorySelector: $at,"
        " partitionsDefName: \"chapter\", partitionKey: $key) {__typename}}",
        at=location, key=partition,
    )  # fmt: skip
    launched = up.ask(
        "mutation($params: ExecutionParams!) {launchPipelineExecution(executionParams: $params)"
        " {__typename ... on LaunchRunSuccess {run {runId}}}}",
        params={
            "selector": {
                **location, "jobName": "write_chapter", "assetSelection": [{"path": one.split("/")} for one in assets],
            },
            "mode": "default",
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": partition}]},
        },
    )["launchPipelineExecution"]  # fmt: skip
    return str(launched["run"]["runId"])


def _run(up: Up, run_id: str) -> Any:
    return up.ask(
        "query($id: ID!) {runOrError(runId: $id) {... on Run {status assetMaterializations {assetKey {path}}}}}",
        id=run_id,
    )["runOrError"]


@pytest.mark.slow
def test_up__supervisor_killed__the_next_start_ends_what_it_left_and_goes_on(up_home: Path) -> None:
    with _up(up_home) as killed:
        with pytest.raises(subprocess.CalledProcessError) as second:  # one more on the same home
            subprocess.run(
                [str(PROGRAM), "up", "--port", str(_free_port())],
                env={**os.environ, "CHAPTER_HOME": str(up_home)},
                capture_output=True,
                text=True,
                check=True,
            )
        assert second.value.returncode == 2
        assert "is running already" in second.value.stderr
        left = killed.members()
        assert len(left) >= 2
        killed.process.kill()
        killed.process.wait()
    with _up(up_home) as again:
        assert "processes that an earlier start left running when it was killed" in again.output()
        assert not set(left) & set(again.members())
        assert again.stop(signal.SIGTERM) == 0
    assert _left_behind(up_home) == []

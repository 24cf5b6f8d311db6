"""The processes of one start of `up`: those of it are ended and nobody else, and a second start on one home is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chapter_pipeline.errors import UsageError
from chapter_pipeline.orchestration.process_group import PREFIX, ProcessGroup, process_group, require_no_other_daemon
from tests.events import PATIENCE_S


def _sleeper(environment: dict[str, str], *, deaf: bool = False) -> subprocess.Popen[bytes]:
    # Where SIGINT is ignored (a test run in the background), Dagster makes this process ignore SIGTERM too, and whatever
    # it starts inherits that.
    code = f"import signal, time\nsignal.signal(15, signal.{'SIG_IGN' if deaf else 'SIG_DFL'})\nprint(1, flush=True)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", code + "time.sleep(3600)"], env={**os.environ, **environment}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()  # it has set its handler
    process.stdout.close()
    return process


def test_household__its_end__ends_its_members_and_nobody_else(tmp_path: Path) -> None:
    stranger = _sleeper({})
    try:
        with process_group(tmp_path) as (ours, ended):
            member = _sleeper(ours.environment)
            assert (ended, ours.members()) == (0, [member.pid])
        assert member.wait(PATIENCE_S) == -signal.SIGTERM
        assert stranger.poll() is None
        assert not ours.temporary.exists()
        assert list(tmp_path.iterdir()) == []
    finally:
        stranger.kill()
        stranger.wait()


def test_household__of_a_killed_supervisor__is_ended_by_the_next(tmp_path: Path) -> None:
    temporary = tmp_path / f"{PREFIX}killed"
    temporary.mkdir()
    home = tmp_path / "home"
    home.mkdir()
    (home / "up.lock").write_text(str(temporary))
    left = _sleeper(ProcessGroup(temporary).environment)
    with process_group(home) as (ours, ended):
        assert ended == 1
        assert ours.temporary != temporary
    assert left.wait(PATIENCE_S) == -signal.SIGTERM
    assert not temporary.exists()


def test_household__member_that_ignores_the_request__is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chapter_pipeline.orchestration.process_group.TERMINATE_S", 0.3)
    with process_group(tmp_path) as (ours, _):
        member = _sleeper(ours.environment, deaf=True)
    assert member.wait(PATIENCE_S) == -signal.SIGKILL


def test_household__record_that_is_no_folder_of_ours__is_not_touched(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / "up.lock").write_text(str(precious))
    with process_group(tmp_path) as (_, ended):
        assert ended == 0
    assert precious.is_dir()


def _daemon_on(environment: dict[str, str], cwd: Path) -> subprocess.Popen[bytes]:
    """A process with the arguments of Dagster's daemon, which would take ten seconds to start."""
    clean = {name: value for name, value in os.environ.items() if name != "CHAPTER_HOME"}
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(3600)", "-m", "dagster._daemon", "run"],
        env={**clean, **environment},
        cwd=cwd,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process


@pytest.mark.parametrize("named", [True, False], ids=["home named", "default home"])
def test_up__daemon_of_somebody_else_on_this_home__is_named_and_not_touched(tmp_path: Path, named: bool) -> None:
    home = tmp_path / ".data"
    other = _daemon_on({"CHAPTER_HOME": str(home)} if named else {}, tmp_path)
    try:
        with pytest.raises(UsageError, match=rf"process {other.pid}, .* `kill {other.pid}`"):
            require_no_other_daemon(home)
        require_no_other_daemon(tmp_path / "another home")
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_household__second_on_one_home__is_refused_with_the_remedy(tmp_path: Path) -> None:
    with (
        process_group(tmp_path),
        pytest.raises(UsageError, match="running already: stop it first"),
        process_group(tmp_path),
    ):
        pass
    with process_group(tmp_path):  # the refused one took no lock away
        pass

"""The lock of a chapter: one holder over all threads and processes, named to the others, and gone with its process."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from chapter_pipeline.errors import UsageError
from chapter_pipeline.storage.chapter_locks import ChapterLocks
from chapter_pipeline.storage.database import Database

SLUG = "glioma-surgery"
HOLDER = """
import sys, time
from pydantic import SecretStr
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.chapter_locks import ChapterLocks
from chapter_pipeline.storage.database import Database
settings = Settings(home=sys.argv[1], database_url=SecretStr(sys.argv[2]))
with ChapterLocks(Database.open(settings)).held(sys.argv[3], run_id="r1"):
    print("held", flush=True)
    time.sleep(600)
"""


def refusal(locks: ChapterLocks, run_id: str | None = None) -> str:
    with pytest.raises(UsageError) as refused, locks.held(SLUG, run_id=run_id):
        pass
    return str(refused.value)


def test_lock__held__others_are_told_by_which_run_and_other_chapters_are_free(database: Database) -> None:
    first, second = ChapterLocks(database), ChapterLocks(database, wait_s=0.05)
    with first.held(SLUG):
        assert database.pool_status().checked_out == 0, "it takes no place in the pool"
        assert "is being written by another command: wait for it" in refusal(second)
        with first.held(SLUG, run_id="r1"), first.held(SLUG, run_id="r1"):
            told = f"chapter {SLUG!r} is being written by run r1: wait for it, or cancel it"
            assert refusal(second) == refusal(second, "r2") == told
            with second.held(SLUG, run_id="r1"), second.held("another-chapter"):
                pass  # a process of the same run, and a chapter that nobody writes
        assert "is being written" in refusal(second), "the inner block gives nothing back"
        with ThreadPoolExecutor() as threads:
            assert "is being written by run r1" in threads.submit(refusal, ChapterLocks(database, wait_s=0.05)).result()
    with second.held(SLUG, run_id="r2"):
        assert "by run r2" in refusal(ChapterLocks(database, wait_s=0.05))
    assert database.pool_status().checked_out == 0


def test_lock__of_another_thread__is_not_this_threads_own(database: Database) -> None:
    locks = ChapterLocks(database, wait_s=0.05)
    with locks.held(SLUG, run_id="r1"), ThreadPoolExecutor() as threads:
        assert "by run r1" in threads.submit(refusal, locks, "r2").result()


def test_lock__its_process_is_killed__is_free(database: Database) -> None:
    url = database.settings.database_url
    assert url is not None
    command = [sys.executable, "-c", HOLDER, str(database.settings.home), url.get_secret_value(), SLUG]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert "by run r1" in refusal(ChapterLocks(database, wait_s=0.05))
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with ChapterLocks(database, wait_s=30).held(SLUG, run_id="r2"):
        pass

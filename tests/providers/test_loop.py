"""The thread of the providers' clients: a deadline ends the work at its time, in the order of the loop's own clock."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from chapter_pipeline.background_loop import LoopThread


def test_run__deadline__cancels_the_work_before_what_is_due_later() -> None:
    """However late the machine is, the loop runs what is due in its order."""
    thread, ended = LoopThread(), list[str]()

    async def endless() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("deadline")

    async def due_later() -> None:
        await asyncio.sleep(1.0)
        ended.append("later")

    with ThreadPoolExecutor(2) as pool:
        later = pool.submit(thread.run, due_later())
        with pytest.raises(TimeoutError):
            thread.run(endless(), timeout_s=0.2)
        later.result()
    assert ended == ["deadline", "later"]
    thread.close()


def test_run__one_waits__another_is_answered() -> None:
    thread = LoopThread()

    async def answered() -> str:
        return "answer"

    async def asks_for_more() -> str:
        return await asyncio.to_thread(thread.run, answered())

    assert thread.run(asks_for_more()) == "answer"
    thread.close()

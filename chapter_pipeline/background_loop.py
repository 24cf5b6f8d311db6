"""Owns the one thread in which the providers' asynchronous clients run, whichever thread asks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class LoopThread:
    """An event loop in a thread of its own, started on first use. A client's connections live in it, and no thread that
    waits for one holds up another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Awaitable[T], *, timeout_s: float | None = None) -> T:
        """Wait for `work`. Raises `TimeoutError` after `timeout_s`, whatever the work does between; it is cancelled."""

        async def bounded() -> T:
            async with asyncio.timeout(timeout_s):
                return await work

        future: Future[T] = asyncio.run_coroutine_threadsafe(bounded(), self._running())
        try:
            return future.result()
        except BaseException:  # also an interrupt of this thread: the request is cancelled
            future.cancel()
            raise

    def close(self) -> None:
        """End the thread. It starts again when it is needed."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="model clients", daemon=True)
                self._thread.start()
            return self._loop

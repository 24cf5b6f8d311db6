"""Owns the semaphore that limits concurrent calls to a provider over all processes of the database.

A slot is a session lock on the connection of the process's `ProcessLease`; PostgreSQL releases it with the process.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from chapter_pipeline.errors import DatabaseUnavailable, ModelUnavailable
from chapter_pipeline.storage.process_lease import ProcessLease

POLL_S = 0.01
# Session locks are reentrant: CASE skips the locks that this process holds.
_TAKE = """
    SELECT number FROM generate_series(1, :limit) AS number
    WHERE CASE WHEN number = ANY(:held) THEN false ELSE pg_try_advisory_lock(:provider, number) END
    LIMIT 1
"""
_GIVE = "SELECT pg_advisory_unlock(:provider, :number)"


class CallSemaphore:
    """Implements `providers.gateway.Slots`. For several threads at once; within a process first come, first served."""

    def __init__(self, lease: ProcessLease) -> None:
        self._lease = lease
        self._changed = threading.Condition()
        self._held: dict[int, set[int]] = defaultdict(set)
        self._queues: dict[int, list[object]] = defaultdict(list)
        self._generation = 0

    @contextmanager
    def slot(self, provider: str, limit: int, *, deadline_s: float) -> Iterator[None]:
        """Hold one of `limit` slots of `provider`.

        Raises `ModelUnavailable` when none is free within `deadline_s`, `DatabaseUnavailable`.
        """
        key = zlib.crc32(f"slots of {provider}".encode()) - 2**31  # a signed number of 32 bits
        number, generation = self._wait(key, provider, limit, deadline_s)
        try:
            yield
        finally:
            self._give(key, number, generation)

    def _wait(self, key: int, provider: str, limit: int, deadline_s: float) -> tuple[int, int]:
        deadline = time.monotonic() + deadline_s
        turn = object()
        with self._changed:
            self._queues[key].append(turn)
            try:
                while True:
                    mine = self._queues[key][0] is turn and len(self._held[key]) < limit
                    number = self._take(key, limit) if mine else None
                    if number is not None:
                        return number, self._generation
                    left_s = deadline - time.monotonic()
                    if left_s <= 0:
                        raise ModelUnavailable(
                            f"all {limit} slots of {provider!r} were taken for {deadline_s:.0f} s: try again, or raise"
                            " CHAPTER_SECTION_CONCURRENCY"
                        )
                    # A slot freed by this process is signalled; one of another process has to be polled for.
                    self._changed.wait(min(left_s, POLL_S) if mine else left_s)
            finally:
                self._queues[key].remove(turn)
                self._changed.notify_all()

    def _take(self, key: int, limit: int) -> int | None:
        held = sorted(self._held[key])
        number = self._lease.execute(_TAKE, limit=limit, held=held, provider=key)
        if self._lease.generation != self._generation:
            # The connection is a new one: what was held before is held no more.
            self._generation = self._lease.generation
            self._held.clear()
        if number is not None:
            self._held[key].add(int(number))
        return None if number is None else int(number)

    def _give(self, key: int, number: int, generation: int) -> None:
        with self._changed:
            if generation == self._generation and number in self._held[key]:
                self._held[key].discard(number)
                with suppress(DatabaseUnavailable):  # the lock is gone with its connection
                    self._lease.execute(_GIVE, provider=key, number=number)
                self._changed.notify_all()

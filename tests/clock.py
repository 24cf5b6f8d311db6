"""Promises about time, measured on a machine that is not ours alone."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def least(action: Callable[[], object], *, below_s: float, tries: int = 4) -> float:
    """Seconds that `action` takes, the least of up to `tries` runs; the first one under `below_s` is enough.

    A machine that stands still for a moment breaks no promise of ours: one that is broken is broken every time.
    """
    took = float("inf")
    for _ in range(tries):
        took = min(took, seconds(action))
        if took < below_s:
            break
    return took

"""Owns waiting for an event that has to come: it ends as soon as it does, and patience costs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 120.0
"""Far more than a busy machine needs: reached only when the event does not come at all."""
_POLL_S = 0.02


def eventually(condition: Callable[[], object]) -> bool:
    """Whether `condition` holds before patience ends. Looked at again and again, for what tells nobody of itself."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_S)
    return True

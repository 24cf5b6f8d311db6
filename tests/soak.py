"""Owns how often a test of chance repeats itself: as often as the suite can afford, or at length (``make soak``)."""

from __future__ import annotations

import os

SOAK = bool(os.environ.get("CHAPTERTESTS_SOAK"))


def times(usual: int, *, soak: int) -> int:
    """`usual`, or `soak` where the run is asked to take its time."""
    return soak if SOAK else usual

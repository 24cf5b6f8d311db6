"""Owns how well a quote has to fit a section to be used there, or to be missed there."""

from __future__ import annotations

from chapter_pipeline.domain import Quote

TOPIC_FLOOR = 0.55
"""A quote this close to the topic needs only half the fit."""
POINT_FIT_FLOOR = 0.05
"""A quote below this fit has a word of a must-cover point without speaking to it: it says what another section is for."""
FIT_FLOOR = 0.10
"""A quote below this fit for a section is not about what the section is about."""


def fit_floor(quote: Quote) -> float:
    """The least fit for a section with which it may take the quote."""
    return FIT_FLOOR / 2 if quote.relevance >= TOPIC_FLOOR else FIT_FLOOR

"""Owns what a licence allows to be done with a figure, as far as its name says so; in doubt, nothing."""

from __future__ import annotations

import re
from enum import StrEnum

from chapter_pipeline.domain.brief import FigurePolicy


class Reuse(StrEnum):
    """Whether a figure may be printed again."""

    WITH_CREDIT = "with credit"
    NON_COMMERCIAL = "for non-commercial use, with credit"
    NOT_STATED = "not stated"
    FORBIDDEN = "forbidden"


_FORBIDDEN = re.compile(r"all rights reserved|no re-?use|not be reproduced|permission (?:is )?required", re.IGNORECASE)
_FREE = re.compile(r"\bcc[ -]?0\b|public domain|\bcc[ -]?by\b|creative commons attribution", re.IGNORECASE)
_NON_COMMERCIAL = re.compile(r"non-?\s?commercial|\bby-nc|\bnc\b", re.IGNORECASE)


def reuse(licence: str | None) -> Reuse:
    """What `licence` allows for an unaltered figure; a licence without derivatives allows that."""
    if not licence or not licence.strip():
        return Reuse.NOT_STATED
    plain = re.sub(r"[‐–—_]", "-", licence)
    if _FORBIDDEN.search(plain):
        return Reuse.FORBIDDEN
    if _NON_COMMERCIAL.search(plain):
        return Reuse.NON_COMMERCIAL
    return Reuse.WITH_CREDIT if _FREE.search(plain) else Reuse.NOT_STATED


def may_show(licence: str | None, policy: FigurePolicy) -> bool:
    """Whether a chapter with this policy may show a figure of this licence."""
    allowed = reuse(licence)
    if policy is FigurePolicy.NONE or allowed is Reuse.FORBIDDEN:
        return False
    return policy is FigurePolicy.ALL or allowed is Reuse.WITH_CREDIT

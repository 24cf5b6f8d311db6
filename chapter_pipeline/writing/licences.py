"""Owns what a licence allows to be done with a figure, as far as its name says so; in doubt, nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from chapter_pipeline.domain.brief import FigurePolicy
from chapter_pipeline.domain.figure_rights import rights_statement


class Reuse(StrEnum):
    """Whether a figure may be printed again."""

    WITH_CREDIT = "with credit"
    NON_COMMERCIAL = "for non-commercial use, with credit"
    NOT_STATED = "not stated"
    OF_OTHERS = "with the permission of others"
    FORBIDDEN = "forbidden"


_STRICTEST_LAST = (Reuse.WITH_CREDIT, Reuse.NON_COMMERCIAL, Reuse.NOT_STATED, Reuse.OF_OTHERS, Reuse.FORBIDDEN)
_FORBIDDEN = re.compile(r"all rights reserved|no re-?use|not be reproduced|permission (?:is )?required", re.IGNORECASE)
_FREE = re.compile(r"\bcc[ -]?0\b|public domain|\bcc[ -]?by\b|creative commons attribution", re.IGNORECASE)
_NON_COMMERCIAL = re.compile(r"non-?\s?commercial|\bby-nc|\bnc\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRights:
    """What holds for one figure: its licence as printed, and what its caption says of the rights of others."""

    reuse: Reuse
    licence: str | None
    statement: str | None

    def allow(self, policy: FigurePolicy) -> bool:
        """Whether a chapter with this policy may show the figure."""
        return _allows(self.reuse, policy)


def figure_rights(caption: str | None, licence: str | None) -> FigureRights:
    """The rights in a figure with this caption of an article under `licence`: what the caption says of them wins.

    Rights of others without a licence keep a figure out of every chapter but one that shows all. For an adaptation the
    stricter of both licences holds.
    """
    said = rights_statement(caption)
    if said is None:
        return FigureRights(reuse=reuse(licence), licence=licence, statement=None)
    of_article = reuse(licence)
    if said.licence is None:
        own = Reuse.FORBIDDEN if _FORBIDDEN.search(said.text) else Reuse.OF_OTHERS
        return FigureRights(reuse=max(own, of_article, key=_STRICTEST_LAST.index), licence=None, statement=said.text)
    allowed = reuse(said.licence)
    if said.changed:
        allowed = max(allowed, of_article, key=_STRICTEST_LAST.index)
    return FigureRights(reuse=allowed, licence=said.licence, statement=said.text)


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
    return _allows(reuse(licence), policy)


def _allows(allowed: Reuse, policy: FigurePolicy) -> bool:
    if policy is FigurePolicy.NONE or allowed is Reuse.FORBIDDEN:
        return False
    return policy is FigurePolicy.ALL or allowed is Reuse.WITH_CREDIT

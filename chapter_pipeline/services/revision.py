"""Owns the rule of the revision loop: whether a chapter is to be revised again, and which sections.

The answer depends on stored values only, so it is the same for the sensor, the command line and the currency of a chapter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chapter_pipeline.domain import GapReport, RevisionLog, RevisionRound, SectionPlans
from chapter_pipeline.quality.revision_rule import sections_to_revise

ORIGIN = "revision "
"""How the origin of a version that a round made begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextRound:
    """The next round of revision: its number, from 1, and the sections to write again."""

    number: int
    sections: tuple[str, ...]

    @property
    def origin(self) -> str:
        """The origin of the version that the round makes."""
        return f"{ORIGIN}{self.number} of {', '.join(self.sections)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRound:
    """There is nothing to revise; `reason` completes a sentence about the chapter."""

    reason: str


def next_round(
    report: GapReport,
    plans: SectionPlans,
    rounds: Sequence[RevisionRound],
    *,
    max_revisions: int,
    is_kept: Callable[[str], bool],
) -> NextRound | NoRound:
    """The next round after `report`, the newest gap report, to which `rounds` have led.

    The loop ends after `max_revisions` rounds, after a round that closes no gap, or when no gap can be closed by writing.
    `is_kept`: whether a person wrote the section of this kind, so that no writing changes it.
    """
    if not report.requires_revision:
        return NoRound(reason="needs no revision")
    done = rounds[-1].number if rounds else 0
    if done >= max_revisions:
        return NoRound(reason=f"was revised {done} times: what remains is for a person")
    if rounds and not rounds[-1].changed_the_report:
        return NoRound(reason=f"was not changed by revision {done}, which closed no gap: what remains is for a person")
    sections = tuple(kind for kind in sections_to_revise(report, plans) if not is_kept(kind))
    if not sections:
        return NoRound(reason="has gaps in no section with evidence: documents are missing")
    return NextRound(number=done + 1, sections=sections)


def rounds_to(log: RevisionLog | None, report_sha256: str) -> tuple[RevisionRound, ...]:
    """The rounds of `log` when they led to the gap report with this hash."""
    return log.rounds if log is not None and log.report == report_sha256 else ()

"""Owns the rule which sections a gap report sends back to be written again."""

from __future__ import annotations

from chapter_pipeline.domain import GapReport, GapType, SectionPlans, Severity


def sections_to_revise(report: GapReport, plans: SectionPlans) -> list[str]:
    """Planned sections named by gaps that are more than low and can be closed by writing, in the chapter's order.

    A section without a plan, or a gap without evidence at hand, is for a person with documents: to write again what
    the same quotes say gives nothing.
    """
    named = {
        gap.section
        for gap in report.gaps
        if gap.severity is not Severity.LOW and (gap.evidence or gap.type is GapType.SECTION_BALANCE)
    }
    return [plan.kind for plan in plans.plans if plan.kind in named]

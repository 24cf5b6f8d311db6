"""Owns the dry run of a chapter: its stages on the library as it is, with a text model that notes what it would be asked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from chapter_pipeline.domain import BriefRequest, GapReport, RevisionRound, SectionPlans
from chapter_pipeline.errors import NoRelevantPassages
from chapter_pipeline.providers.forecast import Forecast, ForeseenCall
from chapter_pipeline.services.revision import NoRound, next_round
from chapter_pipeline.writing.stages import Stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """The requests of a chapter's first writing and of its expected rounds of revision.

    `stopped`: why the writing would stop early; empty when it would not.
    """

    first: tuple[ForeseenCall, ...]
    revised: tuple[ForeseenCall, ...] = ()
    rounds: int = 0
    stopped: str = ""


def foresee(slug: str, request: BriefRequest, stages: Stages, model: Forecast, *, max_revisions: int) -> Foreseen:
    """What writing the chapter would ask for. `model` is the one of `stages`. Raises `InvalidBrief`."""
    calls = model.calls
    try:
        brief = stages.chapter_brief(slug, request)
        concepts = stages.key_concepts(brief)
        found = stages.library_research(brief, concepts)
        literature = stages.literature_research(brief, concepts)
        research = stages.research_set(brief, concepts, found, literature, stages.open_access_documents(literature))
        evidence = stages.evidence_map(brief, concepts, research)
        outline = stages.chapter_outline(brief, evidence)
    except NoRelevantPassages as error:
        return Foreseen(first=tuple(calls), stopped=str(error))
    plans = stages.section_plans(brief, outline, evidence, research)
    sections = {section.kind: stages.section(section.kind, plans) for section in brief.sections}

    def looked_over(plans: SectionPlans) -> GapReport:
        draft = stages.chapter_draft(brief, outline, plans, list(sections.values()), research)
        reviewed = stages.reviewed_chapter(brief, draft)
        gaps = stages.gap_report(brief, outline, plans, evidence, research, reviewed)
        stages.final_chapter(brief, concepts, reviewed, gaps)
        return gaps

    gaps = looked_over(plans)
    first, rounds = tuple(calls), list[RevisionRound]()
    while True:
        decided = next_round(gaps, plans, rounds, max_revisions=max_revisions, is_kept=lambda _: False)
        if isinstance(decided, NoRound):
            break
        asked = tuple(gap for gap in gaps.gaps if gap.section in decided.sections)
        plans = stages.section_plans(brief, outline, evidence, research, asked, plans)
        for kind in decided.sections:
            sections[kind] = stages.section(kind, plans)
        before, gaps = gaps, looked_over(plans)
        rounds.append(
            RevisionRound(
                number=decided.number, sections=decided.sections, completeness_before=before.completeness_score,
                completeness_after=gaps.completeness_score, before=before.statistics, after=gaps.statistics,
                requires_revision=gaps.requires_revision, cost_usd=Decimal(0),
            )
        )  # fmt: skip
    return Foreseen(first=first, revised=tuple(calls[len(first) :]), rounds=len(rounds))

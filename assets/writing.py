"""Owns the assets of stages 8, 9, 11, 12 and 14: from the outline to the final chapter."""

from collections import Counter
from collections.abc import Sequence

import dagster as dg

from assets.failures import reported
from assets.metadata import bullets, linked_work, md, or_none
from assets.research import PLAN
from assets.run_tags import REVISED_TAG
from assets.sections import section_key, sections_of
from assets.stage_assets import stage_asset, stage_result
from chapter_pipeline.domain import (
    ChapterBrief,
    ChapterDraft,
    ChapterOutline,
    ChapterText,
    EvidenceMap,
    FinalChapter,
    Gap,
    GapReport,
    KeyConcepts,
    Reference,
    ResearchSet,
    ReviewedChapter,
    SectionPlans,
    SentenceSupport,
)
from chapter_pipeline.domain.usage import total
from chapter_pipeline.errors import NotFound
from chapter_pipeline.services.costs import usage
from chapter_pipeline.writing.rendering import chapter_markdown, gap_table, table
from resources.chapters import ChaptersResource
from resources.stages import StagesResource

ASSEMBLY, PUBLICATION = "5_assembly", "7_publication"


@stage_asset(number=8, group=PLAN, kinds={"python"})
def chapter_outline(
    chapter_brief: ChapterBrief, evidence_map: EvidenceMap, stages: StagesResource
) -> dg.MaterializeResult[ChapterOutline]:
    """Stage 8: the template's sections that have evidence, with titles and word budgets."""
    with reported():
        planned = stages.open().chapter_outline(chapter_brief, evidence_map)
    rows = [[item.title, item.kind, str(item.word_budget), str(item.evidence)] for item in planned.sections]
    unused = [[kind, reason] for kind, reason in planned.unused.items()]
    return stage_result(
        planned,
        {
            "sections": len(planned.sections),
            "sections left out": len(planned.unused),
            "preview": md(table(["Section", "Kind", "Words", "Quotes"], rows)),
            "left out": or_none(["Section", "Reason"], unused),
        },
    )


@stage_asset(number=9, group=PLAN, kinds={"python"})
def section_plans(
    context: dg.AssetExecutionContext,
    chapter_brief: ChapterBrief,
    chapter_outline: ChapterOutline,
    evidence_map: EvidenceMap,
    research_set: ResearchSet,
    stages: StagesResource,
    chapters: ChaptersResource,
) -> dg.MaterializeResult[SectionPlans]:
    """Stage 9: for every section its evidence pack, figures and neighbours; in a revision also the gaps to close."""
    slug = context.partition_key
    recommendations = gaps_to_close(slug, context.run.tags.get(REVISED_TAG, ""), chapters)
    artifacts = chapters.artifacts()
    earlier = artifacts.get("section_plans", slug, SectionPlans) if artifacts.latest("section_plans", slug) else None
    with reported():
        plans = stages.open().section_plans(
            chapter_brief, chapter_outline, evidence_map, research_set, recommendations, earlier
        )
        shown = [figure.sha256 for plan in plans.plans for figure in plan.figures if figure.sha256 is not None]
        chapters.images().keep(shown)  # stored with the chapter: the library's documents are no longer needed for them
    rows = [
        [
            plan.title,
            str(plan.word_budget),
            str(len(plan.quotes)),
            str(len(plan.figures)),
            str(len(plan.question_tables)),
            "; ".join(plan.recommendations),
        ]
        for plan in plans.plans
    ]
    return stage_result(
        plans,
        {
            "sections": len(plans.plans),
            "quotes": sum(len(plan.quotes) for plan in plans.plans),
            "figures": sum(len(plan.figures) for plan in plans.plans),
            "tables for questions": sum(len(plan.question_tables) for plan in plans.plans),
            "gaps to close": len(recommendations),
            "preview": md(table(["Section", "Words", "Quotes", "Figures", "Tables", "Recommendations"], rows)),
        },
    )


def gaps_to_close(slug: str, kinds: str, chapters: ChaptersResource) -> tuple[Gap, ...]:
    """The last report's gaps in the sections `kinds` (joined by commas); others are not written again."""
    wanted = set(filter(None, kinds.split(",")))
    if not wanted:
        return ()
    try:
        report = chapters.artifacts().get("gap_report", slug, GapReport)
    except NotFound:
        return ()
    return tuple(gap for gap in report.gaps if gap.section in wanted)


def draft_asset(kinds: Sequence[str]) -> dg.AssetsDefinition:
    """Stage 11 as an asset. It depends on all section assets and reads the sections of the chapter's own outline."""
    follows = [section_key(kind) for kind in kinds]
    return stage_asset(number=11, group=ASSEMBLY, kinds={"python"}, deps=follows)(chapter_draft)


def chapter_draft(
    context: dg.AssetExecutionContext,
    chapter_brief: ChapterBrief,
    chapter_outline: ChapterOutline,
    section_plans: SectionPlans,
    research_set: ResearchSet,
    stages: StagesResource,
    chapters: ChaptersResource,
) -> dg.MaterializeResult[ChapterDraft]:
    """Stage 11: the sections in their order, with numbered citations, figures, key points and abbreviations."""
    with reported():
        sections = sections_of(chapter_outline, context.partition_key, chapters.artifacts())
        draft = stages.open().chapter_draft(chapter_brief, chapter_outline, section_plans, sections, research_set)
    return stage_result(draft, _about(draft.chapter))


@stage_asset(number=12, group=ASSEMBLY, kinds={"python"})
def reviewed_chapter(
    chapter_brief: ChapterBrief, chapter_draft: ChapterDraft, stages: StagesResource
) -> dg.MaterializeResult[ReviewedChapter]:
    """Stage 12: a stored edit plan corrects contradictions, repetitions and unsupported sentences."""
    with reported():
        reviewed = stages.open().reviewed_chapter(chapter_brief, chapter_draft)
    counts = Counter(edit.action.value for edit in reviewed.edits)
    rows = [[edit.action.value, edit.section, edit.reason, edit.before] for edit in reviewed.edits[:20]]
    return stage_result(
        reviewed,
        {
            **{f"edits: {action}": count for action, count in sorted(counts.items())},
            "edits": or_none(["Action", "Section", "Reason", "Sentence"], rows),
            "sentences": len(reviewed.support),
            "least supported": or_none(SUPPORT_COLUMNS, support_rows(reviewed.support, limit=10)),
            **_about(reviewed.chapter),
        },
    )


SUPPORT_COLUMNS = ("Section", "Words of its quotes", "Meaning", "Sentence")


def support_rows(support: Sequence[SentenceSupport], *, limit: int) -> list[list[str]]:
    """The sentences with the least support by the quotes that they cite."""
    farthest = sorted(support, key=lambda one: (min(one.words, one.meaning), one.section))[:limit]
    return [[one.section, f"{one.words:.0%}", f"{one.meaning:.2f}", one.sentence] for one in farthest]


@stage_asset(number=14, group=PUBLICATION, kinds={"python"})
def final_chapter(
    context: dg.AssetExecutionContext,
    chapter_brief: ChapterBrief,
    key_concepts: KeyConcepts,
    reviewed_chapter: ReviewedChapter,
    gap_report: GapReport,
    stages: StagesResource,
    chapters: ChaptersResource,
) -> dg.MaterializeResult[FinalChapter]:
    """Stage 14: the whole chapter, reviewed once more. Blocking checks decide whether it becomes a version."""
    with reported():
        final = stages.open().final_chapter(chapter_brief, key_concepts, reviewed_chapter, gap_report)
    return stage_result(
        final,
        {
            "completeness": final.gap_report.completeness_score,
            "requires revision": final.gap_report.requires_revision,
            "providers": ", ".join(final.providers),
            "cost of the chapter (USD)": float(
                total(usage(chapters.database(), chapter=context.partition_key)).cost_usd
            ),
            "notes": md("\n".join(f"- {note}" for note in final.notes) or "none"),
            "gaps": md(gap_table(final.gap_report)),
            **_about(final.chapter),
        },
    )


def _about(chapter: ChapterText) -> dict[str, object]:
    return {
        "sections": len(chapter.sections),
        "words": chapter.words,
        "references": len(chapter.references),
        "figures": len(chapter.figures),
        "cited works": md(bullets([_numbered(reference) for reference in chapter.references], limit=100)),
        "preview": md(chapter_markdown(chapter)),
    }


def _numbered(reference: Reference) -> str:
    source = reference.source
    return f"{reference.number}: {linked_work(source.title, source.year, source.doi)}"

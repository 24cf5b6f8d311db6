"""Owns stage 13 and the gates of a chapter: research, evidence, citations and the five gap dimensions."""

from collections.abc import Iterator

import dagster as dg

from assets.border import md, or_none, reported, stage_asset, stage_result
from assets.expectations import Expectations, table_check
from assets.partitions import CHAPTERS
from chapter_pipeline.quality.closure import closure_problems
from chapter_pipeline.writing.model import (
    ChapterBrief,
    ChapterDraft,
    ChapterOutline,
    ChapterText,
    EvidenceMap,
    FinalChapter,
    Gap,
    GapReport,
    GapType,
    ResearchSet,
    ReviewedChapter,
    SectionPlans,
    Severity,
)
from chapter_pipeline.writing.rendering import gap_table, table
from resources.rooms import LibraryResource, StagesResource

QUALITY = "6_quality"
GAP_CHECKS = {
    GapType.CONTENT_COMPLETENESS: "Every section of the template is there, at its planned length.",
    GapType.SOURCE_COVERAGE: "Sections and chapter rest on several sources of good evidence.",
    GapType.SECTION_BALANCE: "Sections have about the words that the outline gave them.",
    GapType.TEMPORAL_COVERAGE: "The last five years before the cut-off date are covered.",
    GapType.CRITICAL_INFORMATION: "Every must-cover point is covered by a cited sentence.",
}


@stage_asset(number=13, group=QUALITY, kinds={"python"})
def gap_report(
    chapter_brief: ChapterBrief,
    chapter_outline: ChapterOutline,
    section_plans: SectionPlans,
    evidence_map: EvidenceMap,
    research_set: ResearchSet,
    reviewed_chapter: ReviewedChapter,
    stages: StagesResource,
) -> dg.MaterializeResult[GapReport]:
    """Stage 13: what the chapter lacks, in five dimensions, and the relevant evidence it does not use."""
    with reported():
        report = stages.open().gap_report(
            chapter_brief, chapter_outline, section_plans, evidence_map, research_set, reviewed_chapter
        )
    unused = [[f"{item.score:.2f}", item.source, str(item.page), item.text] for item in report.unused_evidence]
    return stage_result(
        report,
        {
            "completeness": report.completeness_score,
            "requires revision": report.requires_revision,
            "critical gaps": report.statistics.critical_gaps,
            "high gaps": report.statistics.high_gaps,
            "medium gaps": report.statistics.medium_gaps,
            "low gaps": report.statistics.low_gaps,
            "gaps": md(gap_table(report)),
            "unused evidence": or_none(["Score", "Source", "Page", "Sentence"], unused),
        },
    )


def _gap_check(dimension: GapType, promise: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset="gap_report", name=dimension.value, partitions_def=CHAPTERS, description=promise)
    def check(gap_report: GapReport) -> dg.AssetCheckResult:
        gaps = [gap for gap in gap_report.gaps if gap.type is dimension]
        return dg.AssetCheckResult(
            passed=not gaps,
            severity=_severity(gaps),
            metadata={"gaps": len(gaps), "found": md(_gap_lines(gaps))},
        )

    return check


def _severity(gaps: list[Gap]) -> dg.AssetCheckSeverity:
    grave = any(gap.severity in (Severity.CRITICAL, Severity.HIGH) for gap in gaps)
    return dg.AssetCheckSeverity.ERROR if grave else dg.AssetCheckSeverity.WARN


def _gap_lines(gaps: list[Gap]) -> str:
    rows = [[gap.severity.value, gap.section or "whole chapter", gap.description, gap.recommendation] for gap in gaps]
    return table(["Severity", "Section", "Gap", "Do"], rows) if rows else "none"


@dg.asset_check(asset="gap_report", partitions_def=CHAPTERS)
def needs_no_revision(gap_report: GapReport) -> dg.AssetCheckResult:
    """No critical gap, at most two high ones, completeness 0.75 or more; else the revision loop takes over."""
    return dg.AssetCheckResult(
        passed=not gap_report.requires_revision,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"completeness": gap_report.completeness_score, "gaps": md(gap_table(gap_report))},
    )


@dg.asset_check(asset="research_set", blocking=True, partitions_def=CHAPTERS)
def has_sources_none_retracted(research_set: ResearchSet) -> dg.AssetCheckResult:
    """There is something to write from, and nothing of it was retracted."""
    retracted = [source.key for source in research_set.sources if source.retracted]
    quotable = [source for source in research_set.sources if source.passages]
    return dg.AssetCheckResult(
        passed=bool(quotable) and not retracted,
        metadata={
            "sources": len(research_set.sources),
            "sources with passages": len(quotable),
            "retracted": ", ".join(retracted) or "none",
            "retraction check": research_set.retraction_check,
        },
    )


@dg.asset_check(asset="research_set", partitions_def=CHAPTERS)
def sources_table_is_sound(research_set: ResearchSet) -> dg.AssetCheckResult:
    """Great Expectations on the table of sources: keys, titles, years, grades, relevance."""
    rows = [
        {
            "key": source.key,
            "title": source.title.strip() or None,
            "document": source.document,
            "year": source.year,
            "evidence_level": source.evidence_level,
            "relevance": source.relevance,
            "passages": len(source.passages),
        }
        for source in research_set.sources
    ]

    def expected(gx: Expectations) -> Iterator[object]:
        yield gx.ExpectTableRowCountToBeBetween(min_value=1)
        yield gx.ExpectColumnValuesToBeUnique(column="key")
        yield gx.ExpectColumnValuesToNotBeNull(column="title")
        yield gx.ExpectColumnValuesToBeUnique(column="document")
        yield gx.ExpectColumnValuesToBeBetween(column="year", min_value=1800, max_value=2100)
        yield gx.ExpectColumnValuesToBeBetween(column="evidence_level", min_value=1, max_value=5)
        yield gx.ExpectColumnValuesToBeBetween(column="relevance", min_value=-1, max_value=1)

    return table_check(rows, expected)


@dg.asset_check(asset="evidence_map", blocking=True, partitions_def=CHAPTERS)
def quotes_are_verbatim(evidence_map: EvidenceMap, library: LibraryResource) -> dg.AssetCheckResult:
    """Every quote is, character for character, what its page says at its offsets."""
    store = library.store()
    documents = sorted({quote.document for quote in evidence_map.quotes})
    pages = {(key, page.number): page.text for key in documents for page in store.pages(key)}
    wrong = [
        [quote.key, quote.document, str(quote.page), quote.text]
        for quote in evidence_map.quotes
        if pages.get((quote.document, quote.page), "")[quote.start : quote.end] != quote.text
    ]
    return dg.AssetCheckResult(
        passed=not wrong and bool(evidence_map.quotes),
        metadata={
            "quotes": len(evidence_map.quotes),
            "differing": len(wrong),
            "first differing": md(table(["Quote", "Document", "Page", "Text"], wrong[:20]) if wrong else "none"),
        },
    )


@dg.asset_check(asset="chapter_draft", name="citations_close", blocking=True, partitions_def=CHAPTERS)
def draft_citations_close(chapter_draft: ChapterDraft) -> dg.AssetCheckResult:
    """Every claim has quotes, every quote is known, every citation has its reference, none is retracted."""
    return _closure(chapter_draft.chapter)


@dg.asset_check(asset="final_chapter", name="citations_close", blocking=True, partitions_def=CHAPTERS)
def final_citations_close(final_chapter: FinalChapter) -> dg.AssetCheckResult:
    """Every claim has quotes, every quote is known, every citation has its reference, none is retracted."""
    return _closure(final_chapter.chapter)


def _closure(chapter: ChapterText) -> dg.AssetCheckResult:
    problems = closure_problems(chapter)
    sentences = [sentence for section in chapter.sections for sentence in section.sentences]
    return dg.AssetCheckResult(
        passed=not problems,
        metadata={
            "sentences": len(sentences),
            "references": len(chapter.references),
            "problems": md("\n".join(f"- {problem}" for problem in problems[:20]) or "none"),
        },
    )


CHECKS = [
    has_sources_none_retracted,
    sources_table_is_sound,
    quotes_are_verbatim,
    draft_citations_close,
    final_citations_close,
    needs_no_revision,
    *(_gap_check(dimension, promise) for dimension, promise in GAP_CHECKS.items()),
]

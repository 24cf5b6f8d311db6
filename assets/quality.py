"""Owns stage 13 and the gates of a chapter: research, evidence, citations and the five gap dimensions."""

from base64 import b64encode
from collections.abc import Iterator

import dagster as dg

from assets.expectations import Expectations, table_check
from assets.failures import reported
from assets.metadata import md, or_none
from assets.partitions import CHAPTERS
from assets.run_tags import REVISED_TAG, REVISION_TAG
from assets.stage_assets import stage_asset, stage_result
from chapter_pipeline.documents.pdf.lean_mupdf import without_layout_model
from chapter_pipeline.domain import (
    ChapterBrief,
    ChapterDraft,
    ChapterOutline,
    ChapterText,
    EvidenceMap,
    Gap,
    GapReport,
    GapType,
    ResearchSet,
    ReviewedChapter,
    RevisionLog,
    RevisionRound,
    SectionPlans,
    Severity,
)
from chapter_pipeline.domain.document import place
from chapter_pipeline.domain.usage import total
from chapter_pipeline.quality.closure import closure_problems
from chapter_pipeline.quality.gap_charts import coverage_chart, years_chart
from chapter_pipeline.quality.gaps import RECENT_YEARS
from chapter_pipeline.services.costs import usage
from chapter_pipeline.storage.artifacts import content_hash
from chapter_pipeline.writing.rendering import gap_table, table
from resources.chapters import ChaptersResource
from resources.library import LibraryResource
from resources.stages import StagesResource

QUALITY = "6_quality"
GAP_CHECKS = {
    GapType.CONTENT_COMPLETENESS: "Every section of the template is there, at its planned length, and answers its questions.",
    GapType.SOURCE_COVERAGE: "Sections and chapter rest on several sources of good evidence.",
    GapType.SECTION_BALANCE: "Sections have about the words that the outline gave them.",
    GapType.TEMPORAL_COVERAGE: "The last five years before the cut-off date are covered.",
    GapType.CRITICAL_INFORMATION: "Every must-cover point is answered by a cited sentence, and studies that disagree are told.",
}


@stage_asset(number=13, group=QUALITY, kinds={"python"})
def gap_report(
    context: dg.AssetExecutionContext,
    chapter_brief: ChapterBrief,
    chapter_outline: ChapterOutline,
    section_plans: SectionPlans,
    evidence_map: EvidenceMap,
    research_set: ResearchSet,
    reviewed_chapter: ReviewedChapter,
    stages: StagesResource,
    chapters: ChaptersResource,
) -> dg.MaterializeResult[GapReport]:
    """Stage 13: what the chapter lacks, in five dimensions, and the relevant evidence it does not use."""
    with reported():
        report = stages.open().gap_report(
            chapter_brief, chapter_outline, section_plans, evidence_map, research_set, reviewed_chapter
        )
    since = chapter_brief.cutoff_date.year - RECENT_YEARS
    rounds = revision_rounds(report, context.run, context.partition_key, chapters)
    unused = [
        [f"{item.score:.2f}", item.source, place(item.page, item.page_label, item.paragraph), item.text]
        for item in report.unused_evidence
    ]
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
            "coverage by section": _picture(
                coverage_chart(chapter_outline, reviewed_chapter.chapter),
                "Words written of words planned: green from three quarters on, amber below, red where nothing is.",
            ),
            "cited sources by year": _picture(
                years_chart(reviewed_chapter.chapter, recent_since=since),
                f"Works in the reference list by year of publication: green from {since} on.",
            ),
            "revisions": or_none(ROUND_COLUMNS, [round_row(one) for one in rounds]),
            "unused evidence": or_none(["Score", "Source", "Page", "Sentence"], unused),
        },
    )


def _picture(svg: str, legend: str) -> dg.MarkdownMetadataValue:
    """A chart as a Markdown image with `legend` below it: the Dagster UI shows no inline SVG."""
    without_layout_model()
    import pymupdf

    with pymupdf.open(stream=svg.encode(), filetype="svg") as drawn:
        png = drawn[0].get_pixmap(dpi=96).tobytes("png")
    return md(f"![{legend}](data:image/png;base64,{b64encode(png).decode()})\n\n{legend}")


ROUND_COLUMNS = ("Round", "Sections written again", "Completeness", "Critical", "High", "Medium", "Low", "USD")


def round_row(one: RevisionRound) -> list[str]:
    """A round as a row of a table: before, an arrow, after."""
    before, after = one.before, one.after
    return [
        str(one.number), ", ".join(one.sections),
        f"{one.completeness_before:.0%} → {one.completeness_after:.0%}",
        f"{before.critical_gaps} → {after.critical_gaps}", f"{before.high_gaps} → {after.high_gaps}",
        f"{before.medium_gaps} → {after.medium_gaps}", f"{before.low_gaps} → {after.low_gaps}", f"{one.cost_usd:.4f}",
    ]  # fmt: skip


def revision_rounds(
    report: GapReport, run: dg.DagsterRun, slug: str, chapters: ChaptersResource
) -> tuple[RevisionRound, ...]:
    """Store and return the revision rounds that led to `report`, the round of `run` included."""
    artifacts = chapters.artifacts()
    number = int(run.tags.get(REVISION_TAG, "0"))
    known = artifacts.latest("revision_log", slug) is not None
    log = artifacts.get("revision_log", slug, RevisionLog) if known else RevisionLog(rounds=(), report="")
    sha256 = content_hash(report.model_dump(mode="json"))
    if number:
        before = artifacts.get("gap_report", slug, GapReport)
        kinds = tuple(filter(None, run.tags.get(REVISED_TAG, "").split(",")))
        runs = [one for one in (run.run_id, run.parent_run_id, run.root_run_id) if one is not None]  # it may be a retry
        paid = total(usage(chapters.database(), chapter=slug, run_ids=runs))
        this = RevisionRound(
            number=number, sections=kinds, completeness_before=before.completeness_score,
            completeness_after=report.completeness_score, before=before.statistics, after=report.statistics,
            requires_revision=report.requires_revision, cost_usd=paid.cost_usd,
            report_before=content_hash(before.model_dump(mode="json")), report_after=sha256,
        )  # fmt: skip
        tried = next((one for one in log.rounds if one.number == number), None)
        if tried is not None and tried.report_after == this.report_before:  # a retry of the round: it began before that
            of_the_start = tried.model_dump(include={"completeness_before", "report_before"})
            this = this.model_copy(update={**of_the_start, "before": tried.before})
        log = RevisionLog(rounds=(*(one for one in log.rounds if one.number < number), this), report=sha256)
    elif log.report != sha256:
        stored = artifacts.latest("gap_report", slug)
        # A report of an earlier release is the same without the keys that were retired since.
        same = (
            stored is not None
            and stored.sha256 == log.report
            and artifacts.get("gap_report", slug, GapReport) == report
        )
        log = RevisionLog(rounds=log.rounds if same else (), report=sha256)
    artifacts.put("revision_log", slug, log, run_id=run.run_id)
    return log.rounds


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
    """No critical gap, at most two high gaps, completeness 0.75 or more; otherwise the revision loop starts."""
    return dg.AssetCheckResult(
        passed=not gap_report.requires_revision,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"completeness": gap_report.completeness_score, "gaps": md(gap_table(gap_report))},
    )


@dg.asset_check(asset="research_set", blocking=True, partitions_def=CHAPTERS)
def has_sources_none_retracted(research_set: ResearchSet) -> dg.AssetCheckResult:
    """There is at least one source, and none is retracted."""
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
        [quote.key, quote.document, quote.place, quote.text]
        for quote in evidence_map.quotes
        if not quote.is_said_by(pages)
    ]
    told = None
    if wrong:
        key, document, pages_told, _ = wrong[0]
        told = (
            f"quote {key!r} is not what page {pages_told} of document {document!r} says: its pages in the library are"
            f" damaged, so put it in again: chapter-pipeline documents remove {document}, then chapter-pipeline ingest FILE"
        )
    return dg.AssetCheckResult(
        passed=not wrong and bool(evidence_map.quotes),
        description=told,
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
    needs_no_revision,
    *(_gap_check(dimension, promise) for dimension, promise in GAP_CHECKS.items()),
]

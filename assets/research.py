"""Owns the assets of stages 1 to 7: from the request to the quotes that the chapter may use."""

from datetime import date

import dagster as dg

from assets.failures import reported
from assets.metadata import bullets, linked_work, md, or_none
from assets.stage_assets import stage_asset, stage_result
from chapter_pipeline.domain import (
    BriefRequest,
    ChapterBrief,
    EvidenceMap,
    KeyConcepts,
    LibraryResearch,
    LiteratureResearch,
    OpenAccessDocuments,
    ResearchSet,
    SourceReport,
)
from chapter_pipeline.domain.document import place
from chapter_pipeline.errors import NotFound
from chapter_pipeline.writing.brief import request_from, topic_from_slug
from chapter_pipeline.writing.rendering import evidence_table, sources_table, table
from resources.artifacts_io import FINGERPRINT
from resources.chapters import ChaptersResource
from resources.currency import CurrencyResource
from resources.stages import StagesResource

QUESTION, RESEARCH, PLAN = "1_question", "2_research", "3_plan"
DEFAULTS = BriefRequest(topic="any")


class BriefConfig(dg.Config):
    """The request of a chapter. Empty `topic`: the stored request, or else the topic that the slug names.

    Empty `kind`: what the topic tells.
    """

    topic: str = ""
    kind: str = ""
    title: str = ""
    audience: str = DEFAULTS.audience
    word_budget: int = DEFAULTS.word_budget
    must_cover: list[str] = []  # noqa: RUF012 - dg.Config copies its defaults
    cutoff_date: str = ""


def requested(slug: str, config: BriefConfig, chapters: ChaptersResource) -> tuple[BriefRequest, str]:
    """The request for `slug` and its origin; a chapter without a stored request is stored, as `chapters new` does.

    Raises `InvalidBrief`, `UsageError` when the record of section kinds cannot be used.
    """
    use_cases = chapters.use_cases()
    if config.topic:
        values = {name: value for name, value in config.model_dump().items() if value not in ("", [])}
        request, origin = request_from(values), "run configuration"
    else:
        try:
            return request_from(use_cases.get(slug).request), "chapter on record"
        except NotFound:
            request, origin = BriefRequest(topic=topic_from_slug(slug)), "slug"
    if not use_cases.is_on_record(slug):
        use_cases.request(slug, request)
    return request, origin


@stage_asset(number=1, group=QUESTION, kinds={"python"})
def chapter_brief(
    context: dg.AssetExecutionContext,
    config: BriefConfig,
    stages: StagesResource,
    chapters: ChaptersResource,
    currency: CurrencyResource,
) -> dg.MaterializeResult[ChapterBrief]:
    """Stage 1: the validated request: topic, kind, audience, word budget, must-cover points, cut-off date."""
    with reported():
        request, origin = requested(context.partition_key, config, chapters)
        made_from = currency.open().brief_fingerprint(request)
        brief = stages.open().chapter_brief(context.partition_key, request)
    rows = [
        [section.title, f"{section.share:.0%}", "; ".join(point.text for point in section.must_cover)]
        for section in brief.sections
    ]
    return stage_result(
        brief,
        {
            "topic": brief.topic,
            "kind": brief.kind.value,
            "asked by": origin,
            FINGERPRINT: made_from,
            "word budget": brief.word_budget,
            "cut-off date": str(brief.cutoff_date or date.max),
            "template": md(table(["Section", "Share", "Must cover"], rows)),
        },
    )


@stage_asset(number=2, group=QUESTION, kinds={"llm"})
def key_concepts(chapter_brief: ChapterBrief, stages: StagesResource) -> dg.MaterializeResult[KeyConcepts]:
    """Stage 2: concepts of the topic with synonyms, importance and queries from several points of view."""
    with reported():
        found = stages.open().key_concepts(chapter_brief)
    rows = [
        [concept.name, f"{concept.importance:.2f}", ", ".join(concept.synonyms), str(len(concept.queries))]
        for concept in found.concepts
    ]
    questions = [[asked.section.replace("_", " "), asked.perspective.value, asked.text] for asked in found.questions]
    return stage_result(
        found,
        {
            "concepts": len(found.concepts),
            "provider": f"{found.provider} ({found.model})",
            "preview": md(table(["Concept", "Importance", "Synonyms", "Queries"], rows)),
            "questions": or_none(["Section", "Perspective", "Question"], questions),
        },
    )


# All partitions: a chapter is researched in the whole library.
WHOLE_LIBRARY = dg.AssetDep("passage_embeddings", partition_mapping=dg.AllPartitionMapping())
STUDY_RECORDS = dg.AssetDep("study_records", partition_mapping=dg.AllPartitionMapping())


@stage_asset(number=3, group=RESEARCH, kinds={"postgres"}, deps=[WHOLE_LIBRARY])
def library_research(
    chapter_brief: ChapterBrief, key_concepts: KeyConcepts, stages: StagesResource
) -> dg.MaterializeResult[LibraryResearch]:
    """Stage 3: ranked passages of the own library for every concept."""
    with reported():
        found = stages.open().library_research(chapter_brief, key_concepts)
    rows = [
        [
            f"{item.relevance:.2f}",
            item.passage.document,
            place(item.passage.page, item.passage.page_label, item.passage.paragraph),
            item.passage.text[:240],
        ]
        for item in found.passages[:10]
    ]
    return stage_result(
        found,
        {
            "passages": len(found.passages),
            "documents": len({item.passage.document for item in found.passages}),
            "searches": found.searches,
            "below the relevance floor": found.dropped,
            "best passages": or_none(["Relevance", "Document", "Page", "Text"], rows),
        },
    )


@stage_asset(number=4, group=RESEARCH, kinds={"python"})
def literature_research(
    chapter_brief: ChapterBrief, key_concepts: KeyConcepts, stages: StagesResource
) -> dg.MaterializeResult[LiteratureResearch]:
    """Stage 4: ranked works of the literature sources, and what each source did."""
    with reported():
        found = stages.open().literature_research(chapter_brief, key_concepts)
    works = [linked_work(work.title, work.year, work.doi) for work in found.works]
    return stage_result(
        found,
        {
            "works": len(found.works),
            "sources": md(_reports(found.reports)),
            "queries": md("\n".join(f"- `{query.replace(chr(96), chr(39))}`" for query in found.queries) or "none"),
            "preview": md(bullets(works)),
        },
    )


@stage_asset(number=5, group=RESEARCH, kinds={"pdf"})
def open_access_documents(
    literature_research: LiteratureResearch, stages: StagesResource
) -> dg.MaterializeResult[OpenAccessDocuments]:
    """Stage 5: full texts fetched for the best works, processed like any document of the library."""
    with reported():
        found = stages.open().open_access_documents(literature_research)
    return stage_result(found, {"documents": len(found.documents), "sources": md(_reports(found.reports))})


@stage_asset(number=6, group=RESEARCH, kinds={"python"})
def research_set(
    chapter_brief: ChapterBrief,
    key_concepts: KeyConcepts,
    library_research: LibraryResearch,
    literature_research: LiteratureResearch,
    open_access_documents: OpenAccessDocuments,
    stages: StagesResource,
) -> dg.MaterializeResult[ResearchSet]:
    """Stage 6: one deduplicated, graded, retraction-checked list of sources with their passages."""
    with reported():
        found = stages.open().research_set(
            chapter_brief, key_concepts, library_research, literature_research, open_access_documents
        )
    excluded = [[item.title, item.reason] for item in found.excluded]
    return stage_result(
        found,
        {
            "sources": len(found.sources),
            "excluded": len(found.excluded),
            "retraction check": found.retraction_check,
            "preview": md(sources_table(found.sources)),
            "works": md(bullets([linked_work(one.title, one.year, one.doi) for one in found.sources], limit=100)),
            "left out": or_none(["Title", "Reason"], excluded),
        },
    )


@stage_asset(number=7, group=PLAN, kinds={"python"}, deps=[STUDY_RECORDS])
def evidence_map(
    chapter_brief: ChapterBrief, key_concepts: KeyConcepts, research_set: ResearchSet, stages: StagesResource
) -> dg.MaterializeResult[EvidenceMap]:
    """Stage 7: verbatim quotes with document, page and offsets, clustered by concept."""
    with reported():
        found = stages.open().evidence_map(chapter_brief, key_concepts, research_set)
    refused = [[reason, str(count)] for reason, count in sorted(found.refused.items())]
    return stage_result(
        found,
        {
            "quotes": len(found.quotes),
            "sentences read": found.sentences_read,
            "sources quoted": len({quote.source for quote in found.quotes}),
            "refused": or_none(["Reason", "Sentences"], refused),
            "questions answered": or_none(["Section", "Question", "Sources"], _answered(found)),
            "agreement and contradiction": or_none(["About", "Relation", "One", "Other"], _relations(found)),
            "preview": md(evidence_table(found, limit=10)),
        },
    )


def _answered(found: EvidenceMap) -> list[list[str]]:
    return [
        [
            asked.section.replace("_", " "),
            asked.text,
            ", ".join(sorted({q.source for q in found.quotes if asked.key in q.questions})),
        ]
        for asked in found.questions
    ]


def _relations(found: EvidenceMap) -> list[list[str]]:
    quotes = {quote.key: quote.display for quote in found.quotes}
    return [
        [one.about, one.how or ("contradicts" if one.contradicts else "agrees"), quotes[one.first], quotes[one.second]]
        for one in found.relations
    ]


def _reports(reports: tuple[SourceReport, ...]) -> str:
    rows = [[report.source, report.status, str(report.works), report.detail] for report in reports]
    return table(["Source", "Status", "Works", "Detail"], rows)

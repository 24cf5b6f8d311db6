"""Owns stages 4 and 5: published works of the configured sources; for now the reference files of the bucket."""

from __future__ import annotations

from chapter_pipeline.domain import (
    ChapterBrief,
    LiteratureResearch,
    OpenAccessDocuments,
    SourceReport,
    Work,
)
from chapter_pipeline.errors import UsageError
from chapter_pipeline.literature import REFERENCE_SUFFIXES, REFERENCES
from chapter_pipeline.literature.reference_files import deduplicate, read_references
from chapter_pipeline.ports import Bucket, Embedder

WORK_FLOOR = 0.40
"""Least closeness (cosine) of a work's title and abstract to the topic."""


def literature_research(brief: ChapterBrief, *, bucket: Bucket, embedder: Embedder) -> LiteratureResearch:
    """Stage 4: works of the reference files under ``references/`` that are about the topic, closest first.

    A file that cannot be read is reported as failed and stops nothing. Works after the cut-off date are left out.
    """
    reports: list[SourceReport] = []
    works: list[Work] = []
    keys = [key for key in bucket.keys(REFERENCES) if key.lower().endswith(REFERENCE_SUFFIXES)]
    for key in keys:
        try:
            found = read_references(key, bucket.get(key))
        except UsageError as error:
            reports.append(SourceReport(source=key, status="failed", detail=str(error)))
            continue
        works += found.works
        detail = f"{len(found.works)} references read, {len(found.skipped)} skipped"
        if found.skipped:
            detail += f", the first because of: {found.skipped[0]}"
        reports.append(SourceReport(source=key, status="searched", works=len(found.works), detail=detail))
    if not keys:
        detail = f"no RIS, NBIB, BibTeX or CSL-JSON file under {REFERENCES!r} of the bucket"
        reports.append(SourceReport(source="reference files", status="not_configured", detail=detail))
    detail = "no literature index is configured: PubMed, Europe PMC and OpenAlex were not searched"
    reports.append(SourceReport(source="literature indexes", status="not_configured", detail=detail))
    return LiteratureResearch(works=_relevant(brief, deduplicate(works), embedder), reports=tuple(reports))


def _relevant(brief: ChapterBrief, works: list[Work], embedder: Embedder) -> tuple[Work, ...]:
    in_time = [work for work in works if work.year is None or work.year <= brief.cutoff_date.year]
    if not in_time:
        return ()
    texts = [f"{work.title}. {work.abstract or ''}"[:1200] for work in in_time]
    vectors = embedder.embed([brief.topic, *texts])
    near = vectors[1:] @ vectors[0]
    graded = [
        work.model_copy(update={"relevance": round(float(value), 4)})
        for work, value in zip(in_time, near, strict=True)
        if value >= WORK_FLOOR
    ]
    return tuple(sorted(graded, key=lambda work: (-work.relevance, work.title)))


def open_access_documents(literature: LiteratureResearch) -> OpenAccessDocuments:
    """Stage 5: full texts of the best works. Without a configured source it fetches nothing and says so."""
    candidates = sum(work.doi is not None for work in literature.works)
    detail = (
        f"nothing fetched: no full-text source is configured; {candidates} of {len(literature.works)} works have a DOI"
    )
    return OpenAccessDocuments(
        documents=(), reports=(SourceReport(source="open access", status="not_configured", detail=detail),)
    )

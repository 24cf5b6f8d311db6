"""Owns chapters written for measurement: the stages on a library, one after the other, without an orchestrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chapter_pipeline.domain import (
    BriefRequest,
    ChapterBrief,
    ChapterKind,
    ChapterOutline,
    ChapterText,
    EvidenceMap,
    FinalChapter,
    GapReport,
    KeyConcepts,
    LibraryResearch,
    ResearchSet,
    ReviewedChapter,
    Section,
    SectionPlans,
)
from chapter_pipeline.ports import Embedder
from chapter_pipeline.providers.extractive import Extractive
from chapter_pipeline.retrieval.cached import CachedEmbedder
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.services.costs import AnswersInForce
from chapter_pipeline.services.ingest import open_ingest
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from chapter_pipeline.writing.stages import Stages

TOPICS = (
    ("Local and systemic therapy of malignant glioma", ChapterKind.DISEASE),
    ("Multiple sclerosis and its treatment", ChapterKind.DISEASE),
    ("Local drug delivery for malignant glioma", ChapterKind.TECHNIQUE),
)


class Today:
    """A clock that stands still, so that the same library gives the same chapters."""

    def now(self) -> datetime:
        return datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A chapter with what it was made of."""

    brief: ChapterBrief
    concepts: KeyConcepts
    found: LibraryResearch
    research: ResearchSet
    evidence: EvidenceMap
    outline: ChapterOutline
    plans: SectionPlans
    sections: tuple[Section, ...]
    reviewed: ReviewedChapter
    gaps: GapReport
    final: FinalChapter

    @property
    def chapter(self) -> ChapterText:
        return self.reviewed.chapter


def write(stages: Stages, request: BriefRequest) -> Written:
    """All fourteen stages."""
    brief = stages.chapter_brief("chapter", request)
    concepts = stages.key_concepts(brief)
    found = stages.library_research(brief, concepts)
    literature = stages.literature_research(brief, concepts)
    opened = stages.open_access_documents(literature)
    research = stages.research_set(brief, concepts, found, literature, opened)
    evidence = stages.evidence_map(brief, concepts, research)
    outline = stages.chapter_outline(brief, evidence)
    plans = stages.section_plans(brief, outline, evidence, research)
    sections = tuple(stages.section(section.kind, plans) for section in brief.sections)
    reviewed, gaps = looked_over(stages, brief, outline, plans, sections, research, evidence)
    return Written(
        brief=brief, concepts=concepts, found=found, research=research, evidence=evidence, outline=outline, plans=plans,
        sections=sections, reviewed=reviewed, gaps=gaps,
        final=stages.final_chapter(brief, concepts, reviewed, gaps),
    )  # fmt: skip


def looked_over(
    stages: Stages, brief: ChapterBrief, outline: ChapterOutline, plans: SectionPlans, sections: Sequence[Section],
    research: ResearchSet, evidence: EvidenceMap,
) -> tuple[ReviewedChapter, GapReport]:  # fmt: skip
    """Stages 11 to 13."""
    draft = stages.chapter_draft(brief, outline, plans, sections, research)
    reviewed = stages.reviewed_chapter(brief, draft)
    return reviewed, stages.gap_report(brief, outline, plans, evidence, research, reviewed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    stages: Stages
    library: LibraryStore
    embedder: Embedder


def ingested(folder: Path, home: Path) -> Workbench:
    """The PDFs of `folder` in the library of `home`, and the stages on it."""
    settings = Settings(home=home)
    database, bucket, embedder = Database.open(settings), ObjectBucket.open(settings), MiniLM(batch_size=32)
    database.migrate()
    with open_ingest(settings, database=database, bucket=bucket, embedder=embedder) as ingest:
        for outcome in ingest.ingest_files([folder]):
            print(f"{outcome.status.value}: {outcome.path}")
    library = LibraryStore(database)
    stages = Stages(
        search=LibrarySearch(database, embedder), library=library, embedder=embedder, bucket=bucket,
        model=Extractive(embedder), answers=AnswersInForce(database, run_id=None), clock=Today(),
    )  # fmt: skip
    return Workbench(stages=stages, library=library, embedder=CachedEmbedder(embedder))

"""Owns the artifacts of the fourteen stages as pydantic documents; it holds no logic but their own invariants.

Every artifact is frozen, refuses unknown keys, and is stored as JSON in the append-only table `artifacts`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chapter_pipeline.domain.brief import (
        BriefRequest,
        ChapterBrief,
        ChapterKind,
        MustCoverPoint,
        PointChange,
        SectionChange,
        SectionTemplate,
    )
    from chapter_pipeline.domain.chapter_text import (
        Abbreviation,
        ChapterDraft,
        ChapterText,
        DroppedSentence,
        EvidenceRow,
        NumberedFigure,
        Paragraph,
        Reference,
        Section,
        Sentence,
        SentenceRole,
        Subsection,
    )
    from chapter_pipeline.domain.planning import (
        ChapterOutline,
        EvidenceMap,
        OutlineSection,
        PlannedFigure,
        PlannedStudy,
        PlannedSubsection,
        Quote,
        Relation,
        SectionPlan,
        SectionPlans,
    )
    from chapter_pipeline.domain.question_tables import QuestionRow, QuestionTable, ResultCells
    from chapter_pipeline.domain.questions import ClinicalQuestion, Perspective
    from chapter_pipeline.domain.report import (
        Closer,
        Edit,
        EditAction,
        FinalChapter,
        Gap,
        GapReport,
        GapStatistics,
        GapType,
        PublishedVersion,
        ReviewedChapter,
        RevisionLog,
        RevisionRound,
        SentenceSupport,
        Severity,
        UnusedEvidence,
    )
    from chapter_pipeline.domain.research import (
        Concept,
        Exclusion,
        FoundPassage,
        KeyConcepts,
        LibraryResearch,
        LiteratureResearch,
        OpenAccessDocuments,
        Query,
        ResearchSet,
        Source,
        SourceReport,
        Work,
    )
    from chapter_pipeline.domain.stage_value import SectionKind, Slug, StageValue, Topic

__all__ = [
    "Abbreviation",
    "BriefRequest",
    "ChapterBrief",
    "ChapterDraft",
    "ChapterKind",
    "ChapterOutline",
    "ChapterText",
    "ClinicalQuestion",
    "Closer",
    "Concept",
    "DroppedSentence",
    "Edit",
    "EditAction",
    "EvidenceMap",
    "EvidenceRow",
    "Exclusion",
    "FinalChapter",
    "FoundPassage",
    "Gap",
    "GapReport",
    "GapStatistics",
    "GapType",
    "KeyConcepts",
    "LibraryResearch",
    "LiteratureResearch",
    "MustCoverPoint",
    "NumberedFigure",
    "OpenAccessDocuments",
    "OutlineSection",
    "Paragraph",
    "Perspective",
    "PlannedFigure",
    "PlannedStudy",
    "PlannedSubsection",
    "PointChange",
    "PublishedVersion",
    "Query",
    "QuestionRow",
    "QuestionTable",
    "Quote",
    "Reference",
    "Relation",
    "ResearchSet",
    "ResultCells",
    "ReviewedChapter",
    "RevisionLog",
    "RevisionRound",
    "Section",
    "SectionChange",
    "SectionKind",
    "SectionPlan",
    "SectionPlans",
    "SectionTemplate",
    "Sentence",
    "SentenceRole",
    "SentenceSupport",
    "Severity",
    "Slug",
    "Source",
    "SourceReport",
    "StageValue",
    "Subsection",
    "Topic",
    "UnusedEvidence",
    "Work",
]

_MODULES = ("stage_value", "brief", "chapter_text", "planning", "question_tables", "questions", "report", "research")


def __getattr__(name: str) -> object:
    """The artifact `name`, loaded when it is first asked for: the parser's process reads `domain.document` alone.

    Pydantic and all artifacts would take a third of its start.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    modules = (vars(import_module(f"{__name__}.{module}")) for module in _MODULES)
    found: object = next(held[name] for held in modules if name in held)
    globals()[name] = found
    return found

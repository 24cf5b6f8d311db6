"""Owns stages 2 to 6: concepts, what was found for them, and the graded sources."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.library import RetrievedPassage
from chapter_pipeline.domain.questions import ClinicalQuestion
from chapter_pipeline.domain.stage_value import USAGE, USES, StageValue


class Query(StageValue):
    """A search of the library from one point of view; `section` is the section kind it serves, if one."""

    text: str
    perspective: str
    section: str | None = None


class Concept(StageValue):
    """A concept of the topic: importance 0 to 1."""

    key: str
    name: str
    synonyms: tuple[str, ...] = ()
    importance: float = Field(ge=0, le=1)
    queries: tuple[Query, ...] = ()


class KeyConcepts(StageValue):
    """Stage 2."""

    retired: ClassVar[frozenset[str]] = USAGE

    concepts: tuple[Concept, ...]
    questions: tuple[ClinicalQuestion, ...] = Field(default=(), description="What the sections ask, in their order.")
    provider: str
    model: str


class FoundPassage(StageValue):
    """A passage with its relevance to the topic (0 to 1) and what found it."""

    passage: RetrievedPassage
    relevance: float
    concepts: tuple[str, ...]
    sections: tuple[str, ...]


class LibraryResearch(StageValue):
    """Stage 3: ranked passages of the own library, best first. `dropped` counts hits below the relevance floor."""

    passages: tuple[FoundPassage, ...]
    searches: int
    hits: int
    dropped: int


class Work(StageValue):
    """A published work known by its reference, not (yet) by its text."""

    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    doi: str | None = None
    pmid: str | None = None
    abstract: str | None = None
    origin: str = Field(description="Where the reference came from, e.g. the bucket key of a RIS file.")
    relevance: float = 0.0


class SourceReport(StageValue):
    """What one literature source did: searched, skipped or failed, and why."""

    source: str
    status: Literal["searched", "not_configured", "failed"]
    works: int = 0
    detail: str


class LiteratureResearch(StageValue):
    """Stage 4: ranked works of the literature."""

    retired: ClassVar[frozenset[str]] = USES

    works: tuple[Work, ...]
    reports: tuple[SourceReport, ...]
    queries: tuple[str, ...] = Field(default=(), description="Boolean queries for literature indexes.")


class OpenAccessDocuments(StageValue):
    """Stage 5: full texts fetched for the best works; `documents` are document keys."""

    documents: tuple[str, ...]
    reports: tuple[SourceReport, ...]


class Source(StageValue):
    """A citable source of the chapter. `key` is its citation key (``santarius2009``)."""

    key: str
    document: str | None = Field(description="Document key; None for a work known by reference only.")
    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    doi: str | None = None
    licence: str | None = None
    study_type: StudyType = StudyType.UNKNOWN
    evidence_level: int = Field(ge=1, le=5)
    retracted: bool | None = Field(default=None, description="None: not checked, no source configured.")
    to_check: tuple[str, ...] = Field(default=(), description="What the audit of its text found, to check by eye.")
    has_none: tuple[str, ...] = Field(default=(), description="Fields that the work does not have, as a person says.")
    relevance: float = 0.0
    passages: tuple[FoundPassage, ...] = ()


class Exclusion(StageValue):
    """A source that was found and not used, with the reason."""

    title: str
    document: str | None
    reason: str


class ResearchSet(StageValue):
    """Stage 6: one deduplicated, graded source list, best first."""

    retired: ClassVar[frozenset[str]] = USES

    sources: tuple[Source, ...]
    excluded: tuple[Exclusion, ...] = ()
    retraction_check: str

    def source(self, key: str) -> Source:
        return next(source for source in self.sources if source.key == key)

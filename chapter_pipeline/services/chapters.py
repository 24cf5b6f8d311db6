"""The use cases on chapters: requests, their sections, and what the stages and versions hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from chapter_pipeline import domain
from chapter_pipeline.domain import (
    BriefRequest,
    ClinicalQuestion,
    FinalChapter,
    GapReport,
    RevisionRound,
    SentenceSupport,
    StageValue,
)
from chapter_pipeline.errors import NotFound, UsageError
from chapter_pipeline.services.chapter_sections import kinds_asked, kinds_planned, record_chapter_kinds
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapters import ChapterStore, StoredChapter, StoredVersion
from chapter_pipeline.writing.brief import section_kinds_of, validated_slug
from chapter_pipeline.writing.section_kinds import record_kinds, section_kinds
from chapter_pipeline.writing.stage_table import CHAPTER_STAGES, SECTION

StageT = TypeVar("StageT", bound=StageValue)

_STAGES = {stage.name: stage.value for stage in CHAPTER_STAGES if stage.value is not None and stage.name != SECTION}
STAGE_VALUES: dict[str, type[StageValue]] = {
    **{name: value for name, value in _STAGES.items() if name != "final_chapter"},
    "revision_log": domain.RevisionLog,
    "final_chapter": domain.FinalChapter,
    "published_version": domain.PublishedVersion,
}
"""The type of each stage's value by the stage's name; sections are ``section/<kind>`` and hold `domain.Section`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """A new chapter, and the section kinds that it added to the record."""

    chapter: StoredChapter
    new_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterSummary:
    """A chapter with its newest version, held or published; None before there is one."""

    chapter: StoredChapter
    newest: StoredVersion | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """A question of the chapter, the studies whose results answer it, and whether its section has a table of them.

    `studies` None: the library was not read for it yet.
    """

    question: ClinicalQuestion
    studies: int | None
    has_table: bool


class Chapters:
    """The use cases on chapters, shared by the command line, the assets and the sensors."""

    def __init__(self, settings: Settings, *, store: ChapterStore, artifacts: ArtifactStore) -> None:
        self._settings = settings
        self._store = store
        self._artifacts = artifacts

    def request(self, slug: str, request: BriefRequest) -> Requested:
        """Store a requested chapter, and record the section kinds of its template.

        Raises `InvalidBrief`, `AlreadyExists`, `UsageError` when the record of section kinds cannot be used.
        """
        validated_slug(slug)
        kinds = section_kinds_of(request)
        section_kinds(self._settings.templates_folder)  # a damaged record is refused before anything is stored
        chapter = self._store.create(slug, request.model_dump(mode="json", exclude_unset=True))
        return Requested(chapter=chapter, new_kinds=record_kinds(self._settings.templates_folder, kinds))

    def get(self, slug: str) -> StoredChapter:
        """The chapter as it was requested. Raises `NotFound`."""
        return self._store.get(slug)

    def is_on_record(self, slug: str) -> bool:
        """Whether the chapter was requested."""
        return any(chapter.slug == slug for chapter in self._store.list())

    def summaries(self) -> Sequence[ChapterSummary]:
        """All chapters by slug."""
        return [
            ChapterSummary(chapter=chapter, newest=next(reversed(self._store.versions(chapter.slug)), None))
            for chapter in self._store.list()
        ]

    def record_kinds(self, slug: str) -> None:
        """Record the section kinds of the chapter, before the definitions that need them are loaded."""
        record_chapter_kinds(self._settings, slug, chapters=self._store, artifacts=self._artifacts)

    def kinds(self, slug: str) -> tuple[str, ...]:
        """The section kinds of the chapter's template, as it was written, else as it was requested. Raises `NotFound`."""
        return kinds_planned(slug, self._artifacts) or kinds_asked(slug, self._store)

    def kinds_written(self, slug: str) -> tuple[str, ...]:
        """The section kinds of the chapter with a stored value, unused ones among them. Raises `NotFound`."""
        return tuple(kind for kind in self.kinds(slug) if self._artifacts.latest(f"section/{kind}", slug) is not None)

    def require_section(self, slug: str, kind: str) -> None:
        """Raise `UsageError` when `kind` is not a section of the chapter."""
        known = self.kinds(slug)
        if kind not in known:
            raise UsageError(f"chapter {slug!r} has no section {kind!r}: choose from {', '.join(known)}")

    def value(self, slug: str, stage: str, kind: type[StageT]) -> StageT:
        """The newest value of a stage. Raises `NotFound` when the chapter has none yet."""
        if self._artifacts.latest(stage, slug) is None:
            raise NotFound(f"chapter {slug!r} has no {stage} yet: chapter-pipeline chapters write {slug}")
        return self._artifacts.get(stage, slug, kind)

    def stage_value(self, slug: str, stage: str) -> StageValue:
        """The newest value of the stage with this name. Raises `NotFound`, `UsageError` for an unknown name."""
        stages: dict[str, type[StageValue]] = {
            **STAGE_VALUES, **{f"section/{kind}": domain.Section for kind in self.kinds(slug)},
        }  # fmt: skip
        if stage not in stages:
            raise UsageError(f"unknown stage {stage!r}: the stages are {', '.join(stages)}")
        return self.value(slug, stage, stages[stage])

    def questions(self, slug: str) -> tuple[AskedQuestion, ...]:
        """What the sections of the chapter ask, in their order. Raises `NotFound` before its concepts are made."""
        self.get(slug)
        asked = self.value(slug, "key_concepts", domain.KeyConcepts).questions
        answered: dict[str, set[str]] = {}
        is_read = self._artifacts.latest("evidence_map", slug) is not None
        if is_read:
            for quote in self._artifacts.get("evidence_map", slug, domain.EvidenceMap).quotes:
                for key in quote.questions:
                    answered.setdefault(key, set()).add(quote.source)
        tables: set[str] = set()
        if self._artifacts.latest("section_plans", slug) is not None:
            plans = self._artifacts.get("section_plans", slug, domain.SectionPlans).plans
            tables = {table.question for plan in plans for table in plan.question_tables}
        return tuple(
            AskedQuestion(
                question=one, studies=len(answered.get(one.key, ())) if is_read else None, has_table=one.key in tables
            )
            for one in asked
        )

    def versions(self, slug: str) -> Sequence[StoredVersion]:
        """All versions, held ones too, oldest first. Raises `NotFound` for an unknown chapter."""
        return self._store.versions(slug)

    def newest_version(self, slug: str) -> StoredVersion:
        """The newest version, held or published. Raises `NotFound` when there is none."""
        found = self.versions(slug)
        if not found:
            raise NotFound(f"chapter {slug!r} has no version yet: chapter-pipeline chapters write {slug}")
        return found[-1]

    def published_version(self, slug: str) -> StoredVersion:
        """The newest published version. Raises `NotFound` that says what to do."""
        newest = self.newest_version(slug)
        published = [one for one in self.versions(slug) if one.state == "published"]
        if published:
            return published[-1]
        raise NotFound(
            f"version {newest.number} of chapter {slug!r} is held, its gates failed: see chapter-pipeline chapters gaps "
            f"{slug}; publish it with chapter-pipeline chapters approve {slug} --version {newest.number} --by NAME "
            f"--reason TEXT, or export it as it is with --version {newest.number}"
        )

    def is_recorded(self, slug: str, newest: StoredVersion) -> bool:
        """Whether the stored value of `published_version` is the `newest` version, or the newest published one."""
        if self._artifacts.latest("published_version", slug) is None:
            return False
        known = self._artifacts.get("published_version", slug, domain.PublishedVersion)
        published = [one for one in self.versions(slug) if one.state == "published"]
        return (known.number, known.state) in {(one.number, one.state) for one in (newest, *published[-1:])}

    def version_text(self, slug: str, number: int) -> FinalChapter:
        """The chapter of a version. Raises `NotFound`."""
        return self._artifacts.by_id(self._store.version(slug, number).artifact_id, FinalChapter)

    def support(self, slug: str, number: int | None = None) -> list[SentenceSupport]:
        """Each sentence of a version, or of the newest, with what it cites; the least supported first."""
        final = self.version_text(slug, self.newest_version(slug).number if number is None else number)
        return sorted(final.support, key=lambda one: min(one.words, one.meaning))

    def gap_report(self, slug: str, number: int | None = None) -> GapReport:
        """The gap report of a version, or of the newest writing. Raises `NotFound`."""
        self.get(slug)
        if number is None:
            return self.value(slug, "gap_report", GapReport)
        return self.version_text(slug, number).gap_report

    def revision_rounds(self, slug: str) -> tuple[RevisionRound, ...]:
        """The rounds of revision that led to the newest gap report."""
        if self._artifacts.latest("revision_log", slug) is None:
            return ()
        return self._artifacts.get("revision_log", slug, domain.RevisionLog).rounds

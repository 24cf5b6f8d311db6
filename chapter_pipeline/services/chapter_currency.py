"""Owns the check whether a chapter is current: it compares the stored fingerprint of every stage with the present one.

The answer depends on stored values only, so it is the same for the command line, the Dagster UI and the sensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TypeVar

from chapter_pipeline.domain import (
    BriefRequest,
    ChapterOutline,
    GapReport,
    RevisionLog,
    Section,
    SectionPlans,
    StageValue,
)
from chapter_pipeline.literature import REFERENCES
from chapter_pipeline.ports import Bucket
from chapter_pipeline.services import revision
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.artifacts import ArtifactStore, StoredArtifact, content_hash
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing.brief import request_from
from chapter_pipeline.writing.stage_table import (
    CHAPTER_STAGES,
    SECTION,
    STAGES,
    Outside,
    Stage,
    code_version,
    differences,
    fingerprint,
    section_fingerprint,
)

ValueT = TypeVar("ValueT", bound=StageValue)
WRITTEN = "written"
"""Origin of a version made by a run of the whole chapter."""
BRIEF, OUTLINE, PLANS, REPORT, FINAL = (
    "chapter_brief",
    "chapter_outline",
    "section_plans",
    "gap_report",
    "final_chapter",
)
_CHANGED = {
    Outside.REQUEST: "it was made from another request than the one on record",
    Outside.TODAY: "it was made on another day, and the request has no cut-off date",
    Outside.LIBRARY: "the library changed since",
    Outside.REFERENCES: "the reference files changed since",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleStage:
    """A stage whose fingerprint changed, and the reason in words."""

    stage: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """Whether a chapter is current; `stale`: the stages that are not, in their order."""

    stale: tuple[StaleStage, ...]

    @property
    def current(self) -> bool:
        return not self.stale


class ChapterCurrency:
    """The present fingerprints of the stages of chapters, compared with the stored ones."""

    def __init__(
        self,
        settings: Settings,
        *,
        chapters: ChapterStore,
        artifacts: ArtifactStore,
        library: LibraryStore,
        bucket: Bucket,
        today: Callable[[], date],
    ) -> None:
        self._settings = settings
        self._chapters = chapters
        self._artifacts = artifacts
        self._library = library
        self._bucket = bucket
        self._today = today

    def of(self, slug: str) -> Currency:
        """Compare the stored fingerprint of every stage with the present one. Raises `NotFound`, `InvalidBrief`."""
        request = request_from(self._chapters.get(slug).request)
        newest = _Newest(self._artifacts, slug)
        final = newest.stored(FINAL)
        # After a rollback only the stages before the sections are compared: the text is kept as it is. A section that
        # was stored since (an edit whose run was killed) is not in that text, so then everything is compared.
        rolled_back = final is not None and final.run_id is None and not newest.has_a_later_section(final)
        stages = CHAPTER_STAGES[: [stage.name for stage in CHAPTER_STAGES].index(SECTION)]
        outside = self._outside(request)
        stale: list[StaleStage] = []
        for stage in stages if rolled_back else CHAPTER_STAGES:
            if stage.name == SECTION:
                stale += self._stale_sections(newest)
            elif cause := self._cause(stage, newest, outside):
                stale.append(StaleStage(stage=stage.name, cause=cause))
        if not stale:
            stale += self._unfinished(slug, newest)
        return Currency(stale=tuple(stale))

    def fingerprint(self, slug: str, name: str) -> str:
        """The present fingerprint of the stage `name`; ``section`` and ``chapter_brief`` have methods of their own."""
        return self._fingerprint(STAGES[name], _Newest(self._artifacts, slug), self._outside(None))

    def brief_fingerprint(self, request: BriefRequest) -> str:
        """The present fingerprint of a brief for `request`."""
        return fingerprint(STAGES[BRIEF], self._settings, inputs={}, outside=self._outside(request)(STAGES[BRIEF]))

    def section_fingerprint(self, kind: str, plans: SectionPlans) -> str:
        """The present fingerprint of the section `kind` of `plans`."""
        return section_fingerprint(kind, plans, self._settings)

    def _fingerprint(self, stage: Stage, newest: _Newest, outside: _Outside) -> str:
        return fingerprint(stage, self._settings, inputs=newest.inputs(stage), outside=outside(stage))

    def _outside(self, request: BriefRequest | None) -> _Outside:
        return _Outside(request, today=self._today, library=self._library, bucket=self._bucket)

    def _cause(self, stage: Stage, newest: _Newest, outside: _Outside) -> str | None:
        """Why the newest value of the stage is not current; None when it is."""
        stored = newest.stored(stage.name)
        if stored is None:
            return "there is none yet"
        now = self._fingerprint(stage, newest, outside)
        if stored.fingerprint == now:
            return None
        return self._why(stage, stored, now, newest.later(stage, stored))

    def _stale_sections(self, newest: _Newest) -> Iterator[StaleStage]:
        plans = newest.value(PLANS, SectionPlans)
        for kind in newest.planned_kinds():
            name = f"{SECTION}/{kind}"
            stored = newest.stored(name)
            if stored is None or plans is None:
                yield StaleStage(stage=name, cause="there is none yet")
                continue
            now = self.section_fingerprint(kind, plans)
            if stored.fingerprint != now and not newest.is_current_as_it_is(kind, stored):
                yield StaleStage(stage=name, cause=self._why(STAGES[SECTION], stored, now, [PLANS]))

    def _why(self, stage: Stage, stored: StoredArtifact, now: str, later: list[str]) -> str:
        if stored.fingerprint is None:
            return "what it was made from is not on record"
        reasons = []
        for part in differences(stage, stored.fingerprint, now):
            if part == "code":
                reasons.append(
                    f"its rules, a prompt, a model or a setting changed (now {code_version(stage, self._settings)})"
                )
            elif part == "inputs":
                reasons.append(f"it was made from another {', '.join(later) or 'value of an earlier stage'}")
            else:
                reasons.append(_CHANGED[part])
        return "; ".join(reasons)

    def _unfinished(self, slug: str, newest: _Newest) -> Iterator[StaleStage]:
        """What an interrupted run has left to do after its last stored value."""
        final, versions = newest.stored(FINAL), self._chapters.versions(slug)
        if final is None or not versions or versions[-1].sha256 != final.sha256:
            yield StaleStage(stage=FINAL, cause="it is no version of the chapter yet")
            return
        origin = versions[-1].origin
        if (origin == WRITTEN or origin.startswith(revision.ORIGIN)) and self._awaits_revision(newest):
            yield StaleStage(stage=REPORT, cause="it asks for a revision that was not made")

    def _awaits_revision(self, newest: _Newest) -> bool:
        """Whether the revision loop has a round to do after a run of the whole chapter or a round before."""
        report, plans, stored = (
            newest.value(REPORT, GapReport),
            newest.value(PLANS, SectionPlans),
            newest.stored(REPORT),
        )
        if report is None or plans is None or stored is None:
            return False
        rounds = revision.rounds_to(newest.value("revision_log", RevisionLog), stored.sha256)
        decided = revision.next_round(
            report, plans, rounds, max_revisions=self._settings.max_revisions, is_kept=newest.is_kept
        )
        return isinstance(decided, revision.NextRound)


class _Newest:
    """The newest values of one chapter, each read once."""

    def __init__(self, artifacts: ArtifactStore, slug: str) -> None:
        self._artifacts = artifacts
        self._slug = slug
        self._stored: dict[str, StoredArtifact | None] = {}
        self._values: dict[str, StageValue] = {}

    def stored(self, name: str) -> StoredArtifact | None:
        if name not in self._stored:
            self._stored[name] = self._artifacts.latest(name, self._slug)
        return self._stored[name]

    def value(self, name: str, kind: type[ValueT]) -> ValueT | None:
        stored = self.stored(name)
        if stored is None:
            return None
        if name not in self._values:
            self._values[name] = self._artifacts.get(name, self._slug, kind, stored.version)
        found = self._values[name]
        assert isinstance(found, kind)
        return found

    def inputs(self, stage: Stage) -> dict[str, str]:
        """The sha256 of every stored value that the stage reads."""
        return {name: stored.sha256 if (stored := self.stored(name)) else "" for name in self._read_by(stage)}

    def later(self, stage: Stage, than: StoredArtifact) -> list[str]:
        """The inputs of the stage that were stored after `than`."""
        stored = {name: self.stored(name) for name in self._read_by(stage)}
        return [name for name, one in stored.items() if one is not None and one.id > than.id]

    def _read_by(self, stage: Stage) -> list[str]:
        names: list[str] = []
        for name in stage.inputs:
            names += [f"{SECTION}/{kind}" for kind in self._read_kinds()] if name == SECTION else [name]
        return names

    def planned_kinds(self) -> list[str]:
        """The sections of the chapter's own outline."""
        outline = self.value(OUTLINE, ChapterOutline)
        return [section.kind for section in outline.sections] if outline else []

    def _read_kinds(self) -> list[str]:
        """The planned sections, and those that a person wrote where the outline leaves one out."""
        outline = self.value(OUTLINE, ChapterOutline)
        left_out = outline.unused if outline else ()
        return [*self.planned_kinds(), *(kind for kind in left_out if self.is_a_persons(kind))]

    def has_a_later_section(self, than: StoredArtifact) -> bool:
        """Whether a section, planned or left out, was stored after `than`."""
        outline = self.value(OUTLINE, ChapterOutline)
        kinds = [*self.planned_kinds(), *(outline.unused if outline else ())]
        stored = (self.stored(f"{SECTION}/{kind}") for kind in kinds)
        return any(one is not None and one.id > than.id for one in stored)

    def is_a_persons(self, kind: str) -> bool:
        """Whether a person wrote, restored or rolled back the section."""
        section = self.value(f"{SECTION}/{kind}", Section)
        return section is not None and bool(section.kept or section.origin)

    def is_current_as_it_is(self, kind: str, stored: StoredArtifact) -> bool:
        """Whether the fingerprint of the section does not count: no writing changes it.

        A rollback stores its sections with their fingerprint; those of an earlier release have none.
        """
        return self.is_kept(kind) or (stored.fingerprint is None and self.is_a_persons(kind))

    def is_kept(self, kind: str) -> bool:
        """Whether no writing changes the section."""
        section = self.value(f"{SECTION}/{kind}", Section)
        return section is not None and section.kept


class _Outside:
    """The inputs outside of the stored values (`stage_table.Outside`), each read on first use."""

    def __init__(
        self, request: BriefRequest | None, *, today: Callable[[], date], library: LibraryStore, bucket: Bucket
    ) -> None:
        self._request = request
        self._today = today
        self._library = library
        self._bucket = bucket
        self._known: dict[Outside, str | None] = {}

    def __call__(self, stage: Stage) -> Mapping[Outside, str | None]:
        for name in stage.outside:
            if name not in self._known:
                self._known[name] = self._read(name)
        return {name: self._known[name] for name in stage.outside}

    def _read(self, name: Outside) -> str | None:
        match name:
            case Outside.REQUEST:
                return content_hash(self._asked().model_dump(mode="json"))
            case Outside.TODAY:
                return None if self._asked().cutoff_date else self._today().isoformat()
            case Outside.LIBRARY:
                return self._library.state()
            case Outside.REFERENCES:
                found = {key: sha256(self._bucket.get(key)).hexdigest() for key in self._bucket.keys(REFERENCES)}
                return content_hash(found)

    def _asked(self) -> BriefRequest:
        assert self._request is not None, "the brief alone depends on the request"
        return self._request

"""Owns the section kinds of a chapter, and their record, which the definitions read when they load."""

from __future__ import annotations

from chapter_pipeline.domain import ChapterBrief
from chapter_pipeline.errors import InvalidBrief, NotFound
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.writing.brief import request_from, section_kinds_of
from chapter_pipeline.writing.section_kinds import record_kinds


def kinds_asked(slug: str, chapters: ChapterStore) -> tuple[str, ...]:
    """The sections of the chapter's request, in its order. Raises `NotFound`, `InvalidBrief`."""
    return section_kinds_of(request_from(chapters.get(slug).request))


def kinds_planned(slug: str, artifacts: ArtifactStore) -> tuple[str, ...]:
    """The sections of the brief that the chapter was written from, in its order; none before it was."""
    if artifacts.latest("chapter_brief", slug) is None:
        return ()
    return tuple(section.kind for section in artifacts.get("chapter_brief", slug, ChapterBrief).sections)


def record_chapter_kinds(
    settings: Settings, slug: str, *, chapters: ChapterStore, artifacts: ArtifactStore
) -> tuple[str, ...]:
    """Record the section kinds of the chapter; returns those that were not recorded.

    `chapters new` records them first. This repairs a lost or moved record, and keeps a kind that was removed from a
    packaged template for the chapters that use it. Raises `UsageError`.
    """
    try:
        asked = kinds_asked(slug, chapters)
    except (InvalidBrief, NotFound):  # reported when the chapter is written; its stored sections remain
        asked = ()
    return record_kinds(settings.templates_folder, (*asked, *kinds_planned(slug, artifacts)))

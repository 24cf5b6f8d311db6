"""The publication of a chapter: the gates that a final chapter passes, and the version that is made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from chapter_pipeline.domain import FinalChapter, PublishedVersion
from chapter_pipeline.errors import TransientError, UsageError
from chapter_pipeline.quality import publication
from chapter_pipeline.quality.publication import Finding
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapters import ChapterStore, StoredVersion
from chapter_pipeline.storage.figure_images import FigureImages
from chapter_pipeline.storage.library import LibraryStore

GATES = {
    "citations_close": "Every claim has quotes, every quote is known, every citation has its reference.",
    "quotes_are_verbatim": "Every quote is what its page says, where its document is still in the library.",
    "no_reference_is_retracted": "No work of the reference list is known to be retracted.",
    "figures_are_kept": "The image of every figure is kept apart from the library.",
}
"""What a final chapter has to satisfy before it becomes a version."""


class PublicationGates:
    """The gates of `GATES`, each over one final chapter."""

    def __init__(self, *, library: LibraryStore, images: FigureImages) -> None:
        self._library = library
        self._images = images
        self._gates: dict[str, Callable[[FinalChapter], Finding]] = {
            "citations_close": lambda final: publication.citations_close(final.chapter),
            "quotes_are_verbatim": self._quotes_are_verbatim,
            "no_reference_is_retracted": lambda final: publication.no_reference_is_retracted(final.chapter),
            "figures_are_kept": lambda final: publication.figures_are_kept(
                final.chapter, self._images.kept(final.images)
            ),
        }

    def finding(self, gate: str, final: FinalChapter) -> Finding:
        """The problems that `gate`, a key of `GATES`, finds."""
        return self._gates[gate](final)

    def problems(self, final: FinalChapter) -> dict[str, tuple[str, ...]]:
        """The problems of each gate that has any with `final`; none when it may be published."""
        found = {gate: self.finding(gate, final).problems for gate in GATES}
        return {gate: problems for gate, problems in found.items() if problems}

    def _quotes_are_verbatim(self, final: FinalChapter) -> Finding:
        documents = sorted({quote.document for quote in final.chapter.quotes.values()})
        return publication.quotes_are_verbatim(final.chapter, self._library.page_texts(documents))


def remedy(slug: str, gate: str) -> str:
    """What to do about a chapter that `gate` stopped."""
    write = f"write the whole chapter again, chapter-pipeline chapters write {slug}"
    if gate != "quotes_are_verbatim":
        return write
    return (
        f"{write}; when that writes nothing or stops at the same quotations, the document's pages in the library are"
        " damaged: first chapter-pipeline documents remove DOCUMENT, then chapter-pipeline ingest FILE"
    )


def require_publishable(slug: str, final: FinalChapter, gates: PublicationGates) -> None:
    """Raise `UsageError` when a gate has a problem with `final`."""
    found = gates.problems(final)
    if found:
        gate, problems = next(iter(found.items()))
        number = sum(map(len, found.values()))
        raise UsageError(
            f"chapter {slug!r} is not published: {problems[0]} ({number} problem{'s' if number > 1 else ''})",
            remedy(slug, gate),
        )


def add_version(
    slug: str,
    final: FinalChapter,
    *,
    gates: PublicationGates,
    artifacts: ArtifactStore,
    chapters: ChapterStore,
    origin: str,
) -> PublishedVersion:
    """Make the stored `final` the chapter's next version, held when its gap report asks for a revision.

    The gates run here too, because a run that does not select `final_chapter` makes none of its checks. Whoever calls
    holds the chapter's lock, so that no other final chapter is stored between the comparison and the version.
    Content identical to the newest version makes no new one. Raises `UsageError` when a gate has a problem,
    `TransientError` when `final` is not the newest stored value.
    """
    require_publishable(slug, final, gates)
    stored = artifacts.latest("final_chapter", slug)
    # Compared as values: the stored JSON of an earlier release may lack a field that a model has by now.
    if stored is None or artifacts.by_id(stored.id, FinalChapter) != final:
        raise TransientError(
            f"the final chapter of {slug!r} was stored anew while this one was about to be published: try again"
        )
    version = chapters.add_version(
        slug,
        stored.id,
        stored.sha256,
        documents=final.documents,
        images=final.images,
        held=final.gap_report.requires_revision,
        origin=origin,
    )
    return published_version(version)


def published_version(version: StoredVersion) -> PublishedVersion:
    """The value of the asset `published_version` for `version`."""
    state: Literal["published", "held"] = "held" if version.published_at is None else "published"
    return PublishedVersion(
        number=version.number, state=state, origin=version.origin, sha256=version.sha256,
        artifact_id=version.artifact_id,
    )  # fmt: skip

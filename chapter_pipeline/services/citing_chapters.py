"""Owns the report on a cited document that leaves the library: which versions of chapters cite it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chapter_pipeline.storage.chapters import ChapterStore, Citing
from chapter_pipeline.storage.library import LibraryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A document that is in the library no more, and the chapters that cite it."""

    document: str
    citing: tuple[Citing, ...]

    @property
    def chapters(self) -> tuple[str, ...]:
        """The slugs of the chapters, sorted."""
        return tuple(one.chapter for one in self.citing)


class Departures:
    """The documents of some names at one time, to compare with the documents of these names later."""

    def __init__(self, names: Iterable[str], *, library: LibraryStore, chapters: ChapterStore) -> None:
        self._library = library
        self._chapters = chapters
        # A file name that is not valid text cannot be a name in the database.
        self._before = library.document_keys([name for name in names if _is_text(name)])

    def of(self, name: str) -> Departure | None:
        """The document that `name` pointed to before, if it was removed."""
        key = self._before.get(name)
        if key is None or self._library.holds(key):
            return None
        return Departure(document=key, citing=tuple(self._chapters.citing(key)))


def _is_text(name: str) -> bool:
    return "\x00" not in name and not any("\ud800" <= letter <= "\udfff" for letter in name)


def cited_in(citing: Sequence[Citing]) -> str:
    """``glioma (versions 1, 2), meningioma (version 3)``."""
    return ", ".join(
        f"{one.chapter} (version{'s' if len(one.versions) > 1 else ''} {', '.join(map(str, one.versions))})"
        for one in citing
    )


def what_follows(citing: Sequence[Citing]) -> str:
    """The sentence about the chapters that cite a removed document."""
    commands = ", ".join(f"chapter-pipeline chapters write {one.chapter}" for one in citing if one.newest)
    kept = f"chapters that cite it: {cited_in(citing)}; these versions keep what they cite"
    return f"{kept}. Without it: {commands}" if commands else kept

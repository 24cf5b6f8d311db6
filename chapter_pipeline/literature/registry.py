"""Owns the comparison of what a document prints of itself with what the registry of its DOI holds; it changes neither.

Where they differ the difference is kept and shown. The registry's values enter the bibliographic record with their
origin, unless the DOI is that of another work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from chapter_pipeline.domain.bibliography import (
    SAME_TITLE,
    FieldValue,
    registered_values,
    same_authors,
    same_journal,
    shared_words,
    words,
)
from chapter_pipeline.domain.document import Metadata
from chapter_pipeline.domain.library import RegisteredWork
from chapter_pipeline.errors import TransientError
from chapter_pipeline.ports import WorkRegistry


class FieldCheck(BaseModel):
    """One field as printed and as registered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: Literal["title", "year", "journal", "authors"]
    printed: str | None
    registered: str | None
    agrees: bool


class MetadataCheck(BaseModel):
    """The comparison of a document with a registry. Status ``other_work``: the DOI is that of another title.

    `doi` is the DOI that was asked for and `work` what the registry holds under it; None in checks of earlier releases.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    registry: str
    status: Literal["agrees", "differs", "other_work", "unknown_doi", "not_checked"]
    detail: str = ""
    fields: tuple[FieldCheck, ...] = ()
    doi: str | None = None
    work: RegisteredWork | None = None

    def values(self, doi: str | None) -> tuple[FieldValue, ...]:
        """The registry's values for a record whose DOI is `doi`; none of another work, nor of another DOI."""
        if self.status not in ("agrees", "differs") or self.doi not in (None, doi):
            return ()
        return registered_values(self.work or self._work_of_fields(), self.registry)

    def objection(self, doi: str | None) -> str:
        """What the registry says against `doi` as the document's DOI; nothing when it was not asked for it."""
        if self.status not in ("other_work", "unknown_doi") or self.doi not in (None, doi):
            return ""
        titled = next((one.registered for one in self.fields if one.field == "title"), None)
        return f"{self.registry}: {self.detail}" + (f"; it is registered for {titled!r}" if titled else "")

    def _work_of_fields(self) -> RegisteredWork:
        """The work as far as a check of an earlier release names it."""
        found = {one.field: one.registered for one in self.fields}
        year = found.get("year")
        return RegisteredWork(
            title=found.get("title"), year=int(year) if year else None, journal=found.get("journal"),
            authors=tuple(name for name in (found.get("authors") or "").split("; ") if name),
        )  # fmt: skip


def check_metadata(printed: Metadata, registries: Sequence[WorkRegistry]) -> MetadataCheck | None:
    """Look the document's DOI up in each registry until one has it, and compare.

    None without a DOI or a registry. An unreachable registry is an answer, no error.
    """
    if printed.doi is None or not registries:
        return None
    unreached: list[str] = []
    for registry in registries:
        try:
            found = registry.work(printed.doi)
        except TransientError as error:
            unreached.append(str(error))
            continue
        if found is not None:
            return compare(printed, found, registry=registry.name)
    names = " and ".join(registry.name for registry in registries)
    if unreached:
        return MetadataCheck(registry=names, status="not_checked", detail="; ".join(unreached), doi=printed.doi)
    detail = f"{printed.doi!r} is not registered"
    return MetadataCheck(registry=names, status="unknown_doi", detail=detail, doi=printed.doi)


def compare(printed: Metadata, registered: RegisteredWork, *, registry: str) -> MetadataCheck:
    """Field by field. Titles and journals are compared by their words, authors by their number and the first's name."""
    title = FieldCheck(
        field="title", printed=printed.title, registered=registered.title,
        agrees=words(printed.title) == words(registered.title),
    )  # fmt: skip
    fields = (
        title,
        FieldCheck(
            field="year", printed=_text(printed.year), registered=_text(registered.year),
            agrees=printed.year == registered.year,
        ),
        FieldCheck(
            field="journal", printed=printed.journal, registered=registered.journal,
            agrees=same_journal(printed.journal, registered.journal),
        ),
        FieldCheck(
            field="authors", printed="; ".join(printed.authors) or None,
            registered="; ".join(registered.authors) or None,
            agrees=same_authors(printed.authors, registered.authors),
        ),
    )  # fmt: skip
    found = MetadataCheck(registry=registry, status="agrees", fields=fields, doi=printed.doi, work=registered)
    if printed.title and registered.title and shared_words(printed.title, registered.title) < SAME_TITLE:
        detail = "the DOI on the pages belongs to a work of another title: check which work this is"
        return found.model_copy(update={"status": "other_work", "detail": detail})
    differing = [check.field for check in fields if not check.agrees]
    if differing:
        detail = f"printed and registered differ in {', '.join(differing)}"
        return found.model_copy(update={"status": "differs", "detail": detail})
    return found


def _text(year: int | None) -> str | None:
    return None if year is None else str(year)

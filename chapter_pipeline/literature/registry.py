"""Owns the comparison of what a document prints of itself with what the registry of its DOI holds; it changes neither.

Where they differ the difference is kept and shown: a person decides. What is printed stays what is cited.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from chapter_pipeline.domain.document import Metadata
from chapter_pipeline.domain.library import RegisteredWork
from chapter_pipeline.errors import TransientError
from chapter_pipeline.ports import WorkRegistry

SAME_TITLE = 0.8
"""Share of the words of the shorter title that the other has, above which two titles are of one work (subtitles differ)."""
_MARKUP = re.compile(r"<[^<>]{1,40}>")


class FieldCheck(BaseModel):
    """One field as printed and as registered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: Literal["title", "year", "journal", "authors"]
    printed: str | None
    registered: str | None
    agrees: bool


class MetadataCheck(BaseModel):
    """The comparison of a document with a registry. Status ``other_work``: the DOI is that of another title."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    registry: str
    status: Literal["agrees", "differs", "other_work", "unknown_doi", "not_checked"]
    detail: str = ""
    fields: tuple[FieldCheck, ...] = ()


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
        return MetadataCheck(registry=names, status="not_checked", detail="; ".join(unreached))
    return MetadataCheck(registry=names, status="unknown_doi", detail=f"{printed.doi!r} is not registered")


def compare(printed: Metadata, registered: RegisteredWork, *, registry: str) -> MetadataCheck:
    """Field by field. Titles and journals are compared by their words, authors by their number and the first's name."""
    title = FieldCheck(
        field="title", printed=printed.title, registered=registered.title,
        agrees=_words(printed.title) == _words(registered.title),
    )  # fmt: skip
    fields = (
        title,
        FieldCheck(
            field="year", printed=_text(printed.year), registered=_text(registered.year),
            agrees=printed.year == registered.year,
        ),
        FieldCheck(
            field="journal", printed=printed.journal, registered=registered.journal,
            agrees=_same_journal(printed.journal, registered.journal),
        ),
        FieldCheck(
            field="authors", printed="; ".join(printed.authors) or None,
            registered="; ".join(registered.authors) or None,
            agrees=_same_authors(printed.authors, registered.authors),
        ),
    )  # fmt: skip
    if printed.title and registered.title and _shared(printed.title, registered.title) < SAME_TITLE:
        detail = "the DOI on the pages belongs to a work of another title: check which work this is"
        return MetadataCheck(registry=registry, status="other_work", detail=detail, fields=fields)
    differing = [check.field for check in fields if not check.agrees]
    if differing:
        detail = f"printed and registered differ in {', '.join(differing)}; what is printed is used"
        return MetadataCheck(registry=registry, status="differs", detail=detail, fields=fields)
    return MetadataCheck(registry=registry, status="agrees", fields=fields)


def _text(year: int | None) -> str | None:
    return None if year is None else str(year)


def _words(text: str | None) -> list[str]:
    plain = unicodedata.normalize("NFKD", _MARKUP.sub("", text or "")).casefold()
    return re.findall(r"[^\W_]+", "".join(ch for ch in plain if not unicodedata.combining(ch)))


def _shared(one: str, other: str) -> float:
    a, b = set(_words(one)), set(_words(other))
    return len(a & b) / max(1, min(len(a), len(b)))


def _same_journal(printed: str | None, registered: str | None) -> bool:
    """The same words, or an abbreviation: each word the beginning of one of the full name, in its order."""
    if not printed or not registered:
        return printed == registered
    short, full = sorted((_words(printed), _words(registered)), key=lambda words: sum(map(len, words)))
    rest = iter(full)
    return all(any(word.startswith(part) for word in rest) for part in short)


def _same_authors(printed: tuple[str, ...], registered: tuple[str, ...]) -> bool:
    if not printed or not registered:
        return printed == registered
    family = _words(registered[0].partition(",")[0])
    return len(printed) == len(registered) and set(family) <= set(_words(printed[0]))

"""Owns the fields of a reference as exports write them, and what they mean in a `Work`; it reads no file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from chapter_pipeline.domain import Work

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"]+")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_PMID_ADDRESS = re.compile(
    r"(?:pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/pubmed/|PMID:?\s*)(\d{1,8})(?!\d)", re.I
)
_INITIALS = re.compile(r"[A-Z](?:[-. ]?[A-Z]){0,3}\.?")


MAX_ENTRIES = 20_000
"""Of one file; BibTeX takes a millisecond each."""
MAX_FIELD = 100_000
"""Characters of a field: an author list of five thousand names, thirty pages of an abstract."""
MAX_VALUES = 10_000
"""Of one field, such as authors, in one entry."""


class FileTooLarge(Exception):
    """A file holds more than is read of one; the message says what, and `read_references` of which file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawReference:
    """An entry as its file has it. Each field holds candidates, best first; `line` is where the entry starts.

    `problem` is set for an entry that could not be read.
    """

    line: int
    title: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    year: tuple[str, ...] = ()
    journal: tuple[str, ...] = ()
    volume: tuple[str, ...] = ()
    issue: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    doi: tuple[str, ...] = ()
    pmid: tuple[str, ...] = ()
    abstract: tuple[str, ...] = ()
    problem: str | None = None


def to_work(entry: RawReference, *, origin: str) -> Work | None:
    """`entry` as a work; None when it has no title."""
    title = _first(entry.title)
    if entry.problem or title is None:
        return None
    return Work(
        title=title if title.endswith("..") else title.removesuffix("."),
        authors=tuple(dict.fromkeys(name for author in entry.authors if (name := author_name(author)))),
        year=next((year for value in entry.year if (year := _year(value)) is not None), None),
        journal=_first(entry.journal),
        volume=_first(entry.volume),
        issue=_first(entry.issue),
        pages=page_range(_first(entry.pages) or ""),
        doi=next((doi for value in entry.doi if (doi := normalised_doi(value))), None),
        pmid=next((pmid for value in entry.pmid if (pmid := _pmid(value))), None),
        abstract=_first(entry.abstract),
        origin=origin,
    )


def _first(values: Iterable[str]) -> str | None:
    """The first value that says something, on one line."""
    lines = (" ".join(value.split()) for value in values)
    return next((line for line in lines if line), None)


def _year(value: str) -> int | None:
    found = _YEAR.search(value)
    return int(found.group()) if found else None


def _pmid(value: str) -> str | None:
    if re.fullmatch(r"\s*\d{1,8}\s*", value):
        return value.strip()
    found = _PMID_ADDRESS.search(value)
    return found.group(1) if found else None


def normalised_doi(value: str) -> str | None:
    """The DOI in `value`, lower case and without ``https://doi.org/`` or ``doi:``; None when there is none."""
    found = _DOI.search(value.replace("%2F", "/").replace("%2f", "/"))
    return found.group().rstrip(".,;").lower() if found else None


def page_range(value: str) -> str | None:
    """Pages with one hyphen: ``1067-1073``; the end page as it was written (PubMed shortens ``1123-30``)."""
    pages = re.sub(r"\s*[-–—‐]+\s*", "-", value.strip()).strip("-")
    return pages or None


def author_name(value: str) -> str:
    """ "Family, Given" for "Family,Given", "Family, Given, Jr." and "Family AB"; other names stay as they are."""
    name = " ".join(value.split()).strip(" ,;")
    if "," in name:
        family, _, given = name.partition(",")
        return f"{family.strip()}, {re.sub(' *, *', ', ', given).strip()}"
    family, _, last = name.rpartition(" ")
    if family and _INITIALS.fullmatch(last) and not _INITIALS.fullmatch(family):
        return f"{family}, {last}"
    return name

"""Owns reading reference lists (RIS, PubMed NBIB, BibTeX, CSL-JSON) into works and merging duplicates; it fetches nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from chapter_pipeline.domain import Work
from chapter_pipeline.errors import UsageError
from chapter_pipeline.literature.reference_bibtex import read_bibtex
from chapter_pipeline.literature.reference_csl import read_csl_json
from chapter_pipeline.literature.reference_fields import FileTooLarge, RawReference, normalised_doi, to_work
from chapter_pipeline.literature.reference_tags import read_nbib, read_ris
from chapter_pipeline.shown import shown

Reader = Callable[[str], list[RawReference]]

_READERS: dict[str, Reader] = {
    ".ris": read_ris,
    ".nbib": read_nbib,
    ".bib": read_bibtex,
    ".json": read_csl_json,
}
# What a file of each format has at a line's start, for names that do not say.
_SIGNS = {
    ".ris": re.compile(r"^TY {1,2}- ", re.MULTILINE),
    ".nbib": re.compile(r"^PMID ?- ", re.MULTILINE),
    ".bib": re.compile(r"^[ \t]*@\w+[ \t]*[{(]", re.MULTILINE),
    ".json": re.compile(r"\A\s*(?:\[\s*\{|\{\s*\")"),
}
MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFile:
    """What a reference list held; `skipped` says of each entry that was left out where it is and why."""

    works: list[Work]
    skipped: list[str]


def read_references(name: str, content: bytes) -> ReferenceFile:
    """The works of the file `name` (.ris, .nbib, .bib, .json; by its content where the name says nothing else).

    Authors are "Family, Given", DOIs lower case without a prefix, `Work.origin` is `name`. Unknown fields are
    ignored; an entry without a title is skipped. Raises `UsageError` for a file in which no entry can be found,
    naming the file, the line where it is known, and the remedy.
    """
    if len(content) > MAX_BYTES:
        raise UsageError(f"{name!r} has {len(content)} bytes, more than {MAX_BYTES}; split it into smaller exports")
    text = _decoded(name, content)
    try:
        entries = _READERS[_format(name, text)](text)
    except FileTooLarge as error:
        raise UsageError(f"{name!r} has {error}; split it into smaller exports") from error
    if not entries:
        raise _unreadable(name, text)
    works: list[Work] = []
    skipped: list[str] = []
    for entry in entries:
        work = to_work(entry, origin=name)
        if work is None:
            skipped.append(f"{name}, line {entry.line}: {entry.problem or 'no title'}")
        else:
            works.append(work)
    if not works:
        raise UsageError(f"no entry of {name!r} can be used, the first because of: {skipped[0]}; export it again")
    return ReferenceFile(works=works, skipped=skipped)


def _decoded(name: str, content: bytes) -> str:
    """The text in UTF-8, UTF-16 with a mark, or else Latin-1 (its Windows form, which old exports mean)."""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if marked else ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise UsageError(f"{name!r} is no text file; export the references as RIS, NBIB, BibTeX or CSL-JSON")


def _format(name: str, text: str) -> str:
    """The format by the name's extension, unless the content clearly is another one."""
    extension = PurePosixPath(name.lower()).suffix
    signs = [known for known, sign in _SIGNS.items() if sign.search(text)]
    if extension in _READERS and (extension in signs or not signs):
        return extension
    if signs:
        return signs[0]
    raise _unreadable(name, text)


def _unreadable(name: str, text: str) -> UsageError:
    lines = ((number, line.strip()) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    number, line = next(lines, (1, ""))
    return UsageError(
        f"{name!r} holds no reference: line {number} is {shown(line, 60)}; export the references as RIS (lines like "
        "'TY  - JOUR'), PubMed NBIB ('PMID- 123'), BibTeX ('@article{key,') or CSL-JSON ('[{\"title\": ...}]')"
    )


def deduplicate(works: Iterable[Work]) -> list[Work]:
    """`works` without repetitions, in order of first appearance; of each group the richest record stays.

    Two works are the same when they share a DOI, or, where not both have one, title and year. What the richest
    record lacks is filled from the others.
    """
    groups: list[_Group] = []
    by_doi: dict[str, _Group] = {}
    by_title: dict[tuple[str, int | None], _Group] = {}
    for work in works:
        doi, title = normalised_doi(work.doi or ""), (normalised_title(work.title), work.year)
        # Of several groups of a title only the first can be without a DOI: later works of that title join it.
        titled = by_title.get(title)
        group = by_doi.get(doi or "") or (titled if titled is not None and not (doi and titled.has_doi) else None)
        if group is None:
            group = _Group()
            groups.append(group)
            by_title.setdefault(title, group)
        group.works.append(work)
        if doi:
            group.has_doi = True
            by_doi.setdefault(doi, group)
    return [_merged(group.works) for group in groups]


@dataclass(slots=True)
class _Group:
    """Records of one work."""

    works: list[Work] = field(default_factory=list)
    has_doi: bool = False


def normalised_title(title: str) -> str:
    """Letters and digits of `title`, lower case, without accents: what survives different exports of one work."""
    plain = unicodedata.normalize("NFKD", title.casefold())
    return "".join(character for character in plain if character.isalnum())


def _merged(group: list[Work]) -> Work:
    best = max(group, key=_richness)
    values = {name: getattr(best, name) for name in Work.model_fields}
    for other in group:
        for name, value in values.items():
            if value in (None, (), ""):
                values[name] = getattr(other, name)
    return Work.model_validate(values | {"relevance": max(work.relevance for work in group)})


def _richness(work: Work) -> tuple[int, int]:
    """Filled fields first, then length of the abstract and of the author list."""
    filled = sum(1 for name in Work.model_fields if getattr(work, name) not in (None, (), ""))
    return filled, len(work.abstract or "") + 10 * len(work.authors)

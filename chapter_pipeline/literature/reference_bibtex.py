"""Owns BibTeX: names, strings, LaTeX accents and mathematics become plain text."""

from __future__ import annotations

import logging
import re
from itertools import accumulate, islice

from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library
from bibtexparser.middlewares import (
    RemoveEnclosingMiddleware,
    ResolveStringReferencesMiddleware,
)
from bibtexparser.middlewares.names import InvalidNameError, parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import DuplicateBlockKeyBlock, Entry, ParsingFailedBlock
from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]  # bibtexparser's decoder

from chapter_pipeline.literature.reference_fields import MAX_ENTRIES, MAX_FIELD, FileTooLarge, RawReference
from chapter_pipeline.shown import shown, shown_text

MAX_CHARACTERS = 10_000_000
"""Of a file, and of what its fields hold once strings stand in them: to decode LaTeX takes a second for each 100,000."""
MAX_BRACES = 50
"""Levels of a field; the parser of LaTeX calls itself for each."""
_BLOCK = re.compile(r"@\w+[ \t]*[{(]")
_DECODER = LatexNodes2Text(math_mode="text", keep_braced_groups=False)


def read_bibtex(text: str) -> list[RawReference]:
    """Entries of a BibTeX or BibLaTeX file in its order; an entry that cannot be parsed carries its problem.

    Raises `FileTooLarge`.
    """
    if len(text) > MAX_CHARACTERS:
        raise FileTooLarge(f"{len(text)} characters, more than {MAX_CHARACTERS}")
    if sum(1 for _ in islice(_BLOCK.finditer(text), MAX_ENTRIES + 1)) > MAX_ENTRIES:
        raise FileTooLarge(f"more than {MAX_ENTRIES} entries")
    logging.getLogger("bibtexparser").setLevel(logging.ERROR)  # unreadable entries are reported by this module
    parsed = parse_string(text, parse_stack=[])
    entries = [*parsed.entries, *(_repeated(block) for block in parsed.failed_blocks if _is_repeated(block))]
    for number, entry in enumerate(entries):
        entry.key = f"{entry.key}-{number}"  # two entries may share a key; each is a work all the same
    library = Library([*parsed.strings, *entries])
    for middleware in (ResolveStringReferencesMiddleware(True), RemoveEnclosingMiddleware(True)):
        library = middleware.transform(library)
    held = sum(len(str(field.value)) for entry in library.entries for field in entry.fields)
    if held > MAX_CHARACTERS:
        raise FileTooLarge(f"{held} characters once its @string blocks are put in, more than {MAX_CHARACTERS}")
    read = [_bounded(entry) for entry in library.entries]
    broken = [_broken(block) for block in parsed.failed_blocks if not _is_repeated(block)]
    return sorted([*read, *broken], key=lambda reference: reference.line)


def _is_repeated(block: ParsingFailedBlock) -> bool:
    return isinstance(block, DuplicateBlockKeyBlock) and isinstance(block.ignore_error_block, Entry)


def _repeated(block: ParsingFailedBlock) -> Entry:
    entry = block.ignore_error_block
    assert isinstance(entry, Entry)
    return entry


def _broken(block: ParsingFailedBlock) -> RawReference:
    reason = getattr(block.error, "abort_reason", None) or str(block.error) or "unknown"
    return RawReference(line=(block.start_line or 0) + 1, problem=f"no BibTeX: {shown_text(reason)}")


def _bounded(entry: Entry) -> RawReference:
    """The entry, or what of it is beyond all bounds."""
    line = (entry.start_line or 0) + 1
    for field in entry.fields:
        value = str(field.value)
        if len(value) > MAX_FIELD:
            problem = f"the field {shown(field.key)} has {len(value)} characters, more than {MAX_FIELD}"
            return RawReference(line=line, problem=problem)
        if _depth(value) > MAX_BRACES:
            problem = f"the braces of the field {shown(field.key)} are more than {MAX_BRACES} levels deep"
            return RawReference(line=line, problem=problem)
    try:
        return _reference(entry)
    except RecursionError:  # macros and environments nest without braces
        return RawReference(line=line, problem="its LaTeX is too deep")


def _depth(value: str) -> int:
    """Most braces that are open at once."""
    steps = (1 if brace == "{" else -1 for brace in re.findall(r"[{}]", value))
    return max(accumulate(steps), default=0)


def _reference(entry: Entry) -> RawReference:
    fields = {key.lower(): str(field.value) for key, field in entry.fields_dict.items()}

    def plain(*names: str) -> tuple[str, ...]:
        return tuple(_plain(fields[name]) for name in names if name in fields)

    def verbatim(*names: str) -> tuple[str, ...]:
        return tuple(re.sub(r"\\([_%&#$])", r"\1", fields[name]) for name in names if name in fields)

    return RawReference(
        line=(entry.start_line or 0) + 1,
        title=plain("title"),
        authors=_authors(fields.get("author", "")),
        year=verbatim("year", "date"),
        journal=plain("journal", "journaltitle", "booktitle"),
        volume=plain("volume"),
        issue=plain("number", "issue"),
        pages=plain("pages"),
        doi=(*verbatim("doi"), *(url for url in verbatim("url") if "doi.org/" in url)),
        pmid=verbatim("pmid", *(["eprint"] if fields.get("eprinttype", "").lower() == "pubmed" else [])),
        abstract=plain("abstract"),
    )


def _plain(value: str) -> str:
    text: str = _DECODER.latex_to_text(value)
    return text


def _authors(value: str) -> tuple[str, ...]:
    """Names as "Family, Given"; a name in braces is an organisation and stays whole."""
    return tuple(name for person in split_multiple_persons_names(value) if (name := _author(person.strip())))


def _author(person: str) -> str:
    if person.lower() == "others":
        return ""
    if person.startswith("{") and person.endswith("}") and person.count("{") == 1:
        return _plain(person)
    try:
        parts = parse_single_name_into_parts(person, strict=False)
    except InvalidNameError:
        return _plain(person)
    family = _plain(" ".join([*parts.von, *parts.last]))
    given = _plain(" ".join(parts.first))
    return ", ".join(part for part in (family, given, _plain(" ".join(parts.jr))) if part)

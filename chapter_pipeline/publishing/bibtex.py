"""Owns the BibTeX file of a chapter: one entry a reference, under its citation key; it needs no pandoc.

pandoc's own writer leaves DOIs out and keeps braces of a title, which a BibTeX reader counts even behind a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chapter_pipeline.domain import Reference, Source
from chapter_pipeline.errors import InvariantViolated
from chapter_pipeline.publishing.csl import csl_name, doi
from chapter_pipeline.publishing.pandoc_ast import clean

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    '"': r"\textquotedbl{}",
}
_NOT_IN_KEY = re.compile(r"[^\w.:+/-]")


def bibtex(references: Sequence[Reference]) -> str:
    """`references` as BibTeX in UTF-8. Raises `InvariantViolated` when two have the same key."""
    keys = [citation_key(reference.source) for reference in references]
    if len(set(keys)) != len(keys):
        raise InvariantViolated(f"two references have the same citation key in {sorted(keys)!r}")
    ordered = sorted(references, key=lambda reference: reference.number)
    return "\n".join(_entry(reference) for reference in ordered)


def citation_key(source: Source) -> str:
    """`Source.key`, without what would end a BibTeX key."""
    return _NOT_IN_KEY.sub("", source.key)


def _entry(reference: Reference) -> str:
    source = reference.source
    fields = {
        "author": " and ".join(_author(author) for author in source.authors if author.strip()),
        "title": f"{{{escape(source.title)}}}",
        "journal": escape(source.journal or ""),
        "year": str(source.year or ""),
        "volume": escape(source.volume or ""),
        "number": escape(source.issue or ""),
        "pages": re.sub(r"\s*[-–]+\s*", "--", escape(source.pages or "")),
        "doi": re.sub(r"[{}\\%\s]", "", doi(source) or ""),
        "note": _note(source),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    kind = "article" if source.journal else "misc"
    return f"@{kind}{{{citation_key(source)},\n" + ",\n".join(lines) + "\n}\n"


def _author(author: str) -> str:
    name = {part: escape(value) for part, value in csl_name(author).items()}
    if "literal" in name:
        return f"{{{name['literal']}}}"
    given = [name["suffix"]] if "suffix" in name else []
    given += [name["given"]] if "given" in name else []
    # " and " inside a name would make two authors of it.
    return ", ".join([name["family"], *given]).replace(" and ", " {and} ")


def _note(source: Source) -> str:
    return "Retracted" if source.retracted else ""


def escape(value: str) -> str:
    """`value` as literal text of LaTeX; letters beyond ASCII stay as they are."""
    return "".join(_ESCAPES.get(character, character) for character in clean(value))

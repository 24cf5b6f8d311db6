"""Owns the cited works as RIS, which reference managers read.

Tags: https://web.archive.org/web/20120526103719/http://refman.com/support/risformat_intro.asp
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chapter_pipeline.domain import Reference, Source
from chapter_pipeline.publishing.csl import csl_name, doi


def ris(references: Sequence[Reference]) -> str:
    """One record a reference, in their order; lines end in CR LF, as the format asks."""
    return "".join(f"{tag}  - {value}\r\n" for reference in references for tag, value in _fields(reference))


def _fields(reference: Reference) -> Iterator[tuple[str, str]]:
    source = reference.source
    yield "TY", "JOUR" if source.journal else "GEN"
    for author in source.authors:
        if author.strip():
            yield "AU", _name(author)
    fields = (
        ("TI", source.title), ("JO", source.journal), ("VL", source.volume), ("IS", source.issue), *_pages(source),
        ("PY", None if source.year is None else str(source.year)), ("DO", doi(source)),
        ("N1", "Retracted" if source.retracted else None), ("ID", source.key),
    )  # fmt: skip
    for tag, value in fields:
        if value and value.strip():
            yield tag, " ".join(value.split())
    yield "ER", ""


def _pages(source: Source) -> Iterator[tuple[str, str | None]]:
    first, _, last = (source.pages or "").replace("–", "-").partition("-")
    yield "SP", first
    yield "EP", last


def _name(author: str) -> str:
    """``Family, Given, Suffix``; an organisation as it is."""
    name = csl_name(author)
    if "literal" in name:
        return name["literal"]
    return ", ".join(part for part in (name.get("family"), name.get("given"), name.get("suffix")) if part)

"""Owns the two formats made of tagged lines, RIS and PubMed's NBIB; it knows which tags programs use for what.

Why not the libraries rispy and nbib: both drop the last record of a file that ends without its closing line, give no
line numbers, and leave out what real exports carry (DOIs in ``LID``, authors in ``AU``, pages in ``PG``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from chapter_pipeline.literature.reference_fields import MAX_ENTRIES, MAX_FIELD, MAX_VALUES, FileTooLarge, RawReference

_RIS_LINE = re.compile(r"([A-Z][A-Z0-9]) {1,2}-(?: (.*)|\s*)$")
_NBIB_LINE = re.compile(r"([A-Z]{2,4}) {0,2}- ?(.*)$")


@dataclass(frozen=True, slots=True)
class _Record:
    """Values by tag in the order of the file, each as its lines; empty ones are left out."""

    line: int
    fields: dict[str, list[list[str]]] = field(default_factory=dict)

    def all(self, *tags: str) -> tuple[str, ...]:
        return tuple("\n".join(lines) for tag in tags for lines in self.fields.get(tag, []))

    @property
    def problem(self) -> str | None:
        """What of it is beyond all bounds."""
        for tag, values in self.fields.items():
            longest = max(sum(map(len, lines)) for lines in values)
            if longest > MAX_FIELD:
                return f"{tag} has {longest} characters, more than {MAX_FIELD}"
            if len(values) > MAX_VALUES:
                return f"{tag} stands there {len(values)} times, more than {MAX_VALUES}"
        return None


def read_ris(text: str) -> list[RawReference]:
    """Entries of a RIS file as Zotero, Mendeley, EndNote, Covidence and Google Scholar write it."""
    records = _records(text, _RIS_LINE, start="TY", end="ER", indent="")
    return _references(records, _ris_reference)


def read_nbib(text: str) -> list[RawReference]:
    """Entries of PubMed's "send to citation manager" file."""
    records = _records(text, _NBIB_LINE, start="PMID", end="", indent="      ")
    return _references(records, _nbib_reference)


def _references(records: Iterator[_Record], read: Callable[[_Record], RawReference]) -> list[RawReference]:
    references: list[RawReference] = []
    for record in records:
        if len(references) >= MAX_ENTRIES:
            raise FileTooLarge(f"more than {MAX_ENTRIES} entries")
        problem = record.problem
        references.append(RawReference(line=record.line, problem=problem) if problem else read(record))
    return references


def _records(text: str, pattern: re.Pattern[str], *, start: str, end: str, indent: str) -> Iterator[_Record]:
    """Records from `start` tag to the next one. A line without a tag continues the one before it."""
    record: _Record | None = None
    last: list[list[str]] | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        found = pattern.match(line) if not (indent and line.startswith(indent)) else None
        tag, value = (found.group(1), (found.group(2) or "").strip()) if found else ("", line.strip())
        if tag == start:
            if record is not None:
                yield record
            record = _Record(number)
        if record is None:
            continue
        if tag and tag == end:
            yield record
            record = last = None
        elif tag:
            last = record.fields.setdefault(tag, []) if value else None
            if last is not None:
                last.append([value])
        elif value and last:
            last[-1].append(value)
    if record is not None:
        yield record


def _ris_reference(record: _Record) -> RawReference:
    first, last = "".join(record.all("SP")[:1]), "".join(record.all("EP")[:1])
    whole = re.search(r"\d\s*[-–]", first) or not last or first == last
    pages = first if whole else f"{first}-{last}"
    from_pubmed = re.search("pubmed|medline", " ".join(record.all("DB", "DP")), re.IGNORECASE)
    notes = record.all("UR", "L2", "N1", "AN")
    return RawReference(
        line=record.line,
        title=record.all("TI", "T1", "CT", "BT"),
        authors=record.all("A1", "AU"),
        year=record.all("PY", "Y1", "DA", "YR"),
        journal=record.all("T2", "JF", "JO", "JA", "J2", "J1"),
        volume=record.all("VL"),
        issue=record.all("IS"),
        pages=(pages, *record.all("PG")),
        doi=(*record.all("DO", "DI", "L3", "M3"), *_with_doi_address(record.all("UR", "N1"))),
        pmid=(*(record.all("AN") if from_pubmed else ()), *record.all("PM"), *(n for n in notes if not n.isdigit())),
        abstract=record.all("AB", "N2"),
    )


def _with_doi_address(values: tuple[str, ...]) -> tuple[str, ...]:
    """Notes and addresses that name the work's own DOI: any other one may be that of a work it speaks about."""
    return tuple(
        value for value in values if re.match(r"\s*(?:https?://(?:dx\.)?doi\.org/|doi:)", value, re.IGNORECASE)
    )


def _nbib_reference(record: _Record) -> RawReference:
    identifiers = [value for value in record.all("AID", "LID") if value.endswith("[doi]")]
    return RawReference(
        line=record.line,
        title=record.all("TI", "BTI"),
        authors=(*(record.all("FAU") or record.all("AU")), *record.all("CN")),
        year=record.all("DP", "DEP"),
        journal=record.all("JT", "TA"),
        volume=record.all("VI"),
        issue=record.all("IP"),
        pages=record.all("PG"),
        doi=tuple(value.removesuffix("[doi]") for value in identifiers),
        pmid=record.all("PMID"),
        abstract=record.all("AB"),
    )

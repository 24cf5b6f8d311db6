"""Owns the reference list: its printed lines become entries, each with what can be read of it; it looks nothing up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chapter_pipeline.documents.dois import DOI, doi_in
from chapter_pipeline.documents.pdf.lines import Line
from chapter_pipeline.documents.structure.classify import Item
from chapter_pipeline.documents.structure.words import Joiner
from chapter_pipeline.domain.document import BlockKind, CitedWork

MAX_ENTRY_CHARACTERS = 1500
"""What is longer is no entry: the list has run into other text, and is cut there."""
_NUMBERED = re.compile(r"^[\[(]?(\d{1,3})(?:[\].)]+(?=\s|$|[A-Z])|(?=\s+[A-Z“\"])|$)\s*")
_AUTHORS = re.compile(r"^(?:(?:van|von|de|der|den|la|le|di)\s+)*[A-ZÀ-Þ][\w’'-]+(?:,| [A-Z]{1,3}[,.:]?(?= |$))")
_ENDED = re.compile(r"[.\d\])]$")
_PMID = re.compile(r"\b(?:PMID|PubMed(?: ?ID)?)\s*:?\s*(\d{5,9})\b", re.IGNORECASE)
_YEARS = [re.compile(pattern) for pattern in (r"\(((?:19|20)\d\d)[a-z]?\)", r"\b((?:19|20)\d\d)[a-z]?(?: [A-Z][a-z]{2}[ \d-]*)?[;:]",
                                              r"\b((?:19|20)\d\d)\b")]  # fmt: skip
_AFTER_YEAR = re.compile(r"\((?:19|20)\d\d[a-z]?\)[.,:]?\s+")
_PARTICLE = r"(?:van|von|de|der|den|del|da|la|le|di|el|al)"
_INITIALS = r"(?:[A-Z]\.(?:[ ‐-]?[A-Z]\.)*|[A-ZÀ-Þ]{1,4}(?:-[A-Z]{1,2})?(?!\w))"
_AUTHOR = rf"(?:{_PARTICLE} )*[A-ZÀ-Þ][\w’'‐‑-]+(?: (?:{_PARTICLE} )?[A-ZÀ-Þ][\w’'‐‑-]+)?,? {_INITIALS}(?: (?:Jr|Sr|III|II)\b\.?)?"
_AUTHOR_LIST = re.compile(
    rf"^{_AUTHOR}(?:(?:,? and |,? & |[,;] ){_AUTHOR})*(?:[,;]? (?:et al|and others)\b)?[.,:]*\s+(?=[(“\"\'‘A-Z0-9α-ωa-z])"
)
_QUOTED = re.compile(r"[“\"]([^”\"]{10,300}?)[,.]?[”\"]")
_TITLE_END = re.compile(r"(?<=[\w)’”\"'])[.?!](?=\s+[A-ZÀ-Þ“(])")
MIN_TITLE_WORDS = 3


@dataclass(slots=True)
class _Entry:
    number: int | None
    page: int
    lines: list[str] = field(default_factory=list)


def cited_works(pages: Sequence[Sequence[Item]], joiner: Joiner) -> tuple[CitedWork, ...]:
    """The entries of the reference list in printed order; `pages` are classified items in reading order."""
    printed = list(_printed(pages))
    entries = _by_number(printed)
    if len(entries) < MIN_TITLE_WORDS:
        entries = _by_shape(printed)
    works = (_work(entry, joiner.join(entry.lines)) for entry in entries)
    return tuple(work for work in works if len(work.text) > 20)


def _printed(pages: Sequence[Sequence[Item]]) -> Iterator[tuple[int, Item, Line]]:
    """Every line that may belong to the list; headings among them are mostly entries that are set in bold."""
    begun = False
    for items in pages:
        for item in items:
            begun = begun or item.kind is BlockKind.REFERENCE
            if begun and item.kind in (BlockKind.REFERENCE, BlockKind.HEADING):
                for line in item.region.lines:
                    yield item.page + 1, item, line


def _by_number(printed: Sequence[tuple[int, Item, Line]]) -> list[_Entry]:
    """Entries that count up from 1: any other number at the start of a line is a volume or a page."""
    entries: list[_Entry] = []
    open_ = True
    for page, item, line in printed:
        match = _NUMBERED.match(line.text)
        number = int(match.group(1)) if match else 0
        if match and number == (entries[-1].number or 0) + 1 if entries else number == 1:
            assert match is not None
            rest = line.text[match.end() :]
            entries.append(_Entry(number, page, [rest] if rest else []))
            open_ = True
        elif item.kind is BlockKind.HEADING:
            open_ = False
        elif entries and open_:
            entries[-1].lines.append(line.text)
            open_ = sum(map(len, entries[-1].lines)) < MAX_ENTRY_CHARACTERS
    return entries


def _by_shape(printed: Sequence[tuple[int, Item, Line]]) -> list[_Entry]:
    """Entries without numbers: a line further left than its followers, or names behind a finished entry."""
    entries: list[_Entry] = []
    before: tuple[Item, Line] | None = None
    for page, item, line in printed:
        if item.kind is BlockKind.HEADING:
            before = None
            continue
        if before is None or not entries or _starts(before[1], line, same=before[0] is item, item=item):
            if _AUTHORS.match(line.text) or (entries and before is not None):
                entries.append(_Entry(None, page, [line.text]))
        else:
            entries[-1].lines.append(line.text)
        before = (item, line)
    return entries


def _starts(last: Line, line: Line, *, same: bool, item: Item) -> bool:
    if not _AUTHORS.match(line.text):
        return False
    left = min(other.box[0] for other in item.region.lines)
    hangs = any(other.box[0] > left + 3 for other in item.region.lines)
    if hangs:
        return line.box[0] < left + 2
    return _ENDED.search(last.text) is not None or (not same and line.box[0] < last.box[0] - 3)


def _work(entry: _Entry, text: str) -> CitedWork:
    text = " ".join(text.split())[:MAX_ENTRY_CHARACTERS]
    pmid = _PMID.search(text)
    return CitedWork(
        number=entry.number, text=text, page=entry.page, title=_title(text), year=_year(text), doi=doi_in(text),
        pmid=pmid.group(1) if pmid else None,
    )  # fmt: skip


def _year(text: str) -> int | None:
    """The year in brackets or before a volume, else the last one that is no part of a DOI or an address."""
    bare = DOI.sub(" ", text)
    bare = re.sub(r"https?:\S+", " ", bare)
    for pattern in _YEARS:
        found = pattern.findall(bare)
        if found:
            return int(found[-1])
    return None


def _title(text: str) -> str | None:
    """The sentence behind the authors, or behind the year in brackets; None where no author list is recognised."""
    quoted = _QUOTED.search(text)
    if quoted is not None:
        return quoted.group(1) if len(quoted.group(1).split()) >= MIN_TITLE_WORDS else None
    authors = _AUTHOR_LIST.match(text)
    if authors is None:
        return None
    rest = text[authors.end() :]
    year = _AFTER_YEAR.match(rest)
    rest = rest[year.end() :] if year else rest
    end = _TITLE_END.search(rest)
    if end is None:
        return None
    title = rest[: end.start() + (rest[end.start()] in "?!")].strip()
    sound = len(title.split()) >= MIN_TITLE_WORDS and title[:1].isalnum() and not _AUTHORS.match(title)
    return title if sound else None

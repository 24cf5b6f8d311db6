"""Owns what a document says of itself on its first pages: title, authors, year, DOI, journal, licence, study type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pymupdf

from chapter_pipeline.documents.metadata.front_matter import (
    article_type,
    language,
    listed_names,
    names,
    pmid,
    printed_journal,
)
from chapter_pipeline.documents.metadata.study_type import study_type
from chapter_pipeline.documents.pdf.lines import canonical
from chapter_pipeline.documents.structure.classify import Item
from chapter_pipeline.documents.structure.words import Joiner
from chapter_pipeline.domain.document import BlockKind, Metadata

_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"'<>|{}]+", re.IGNORECASE)
_YEAR = r"((?:19|20)\d\d)"
_YEARS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:©|\(c\)|copyright)\D{{0,40}}{_YEAR}",
        rf"{_YEAR};\s?\d+",
        rf"\bpublished(?: online)?(?: \w+)?:?,? (?:[\w,. /-]{{0,20}}?){_YEAR}",
        rf"\({_YEAR}\) (?:\d+|[A-Z])",
        rf"\b{_YEAR} (?:January|February|March|April|May|June|July|August|September|October|November|December);",
        rf"\bvolume {_YEAR}\b",
        rf"\b\d+\(\d+\),? [\d–-]+,? {_YEAR}",
        rf"\bvol(?:ume|\.)? ?\d+.{{0,40}}?\b{_YEAR}\b",
        rf"\baccepted:?\D{{0,20}}\d{{0,2}}\D{{0,12}}{_YEAR}",
        rf"\b{_YEAR}, \d+:\d+",
    )
]
_LICENCE = re.compile(
    r"\bCC[ -]?BY(?:-NC)?(?:-ND|-SA)?(?: \d\.\d)?|\bCC0\b(?: \d\.\d)?|"
    r"creative commons attribution[- ]?[^.,(;]{0,60}licen[cs]e(?: \d\.\d)?",
    re.IGNORECASE,
)
_NOT_A_TITLE = re.compile(
    r"^(?:research(?: article)?|original (?:article|research|paper|contribution)|review(?: article)?|open access|"
    r"articles?|case report|abstract|clinical trial|study protocol|editorial|full paper|basic research|rapid report|"
    r"neuro-oncology advances|.{0,40}\bjournal of\b.{0,30}|vol(?:ume)?\b.*|.*\bissn\b.*|https?:.*|www\..*)$",
    re.IGNORECASE,
)
_BAD_METADATA = re.compile(
    r"\.(?:indd|docx?|pdf|tex|qxd|dvi)\b|untitled|microsoft word|^doi:|^\W*$|^10\.", re.IGNORECASE
)
# Names with raised numbers in the letters of the title: "... memory Jing Liu¹,²#, Xianhui He³".
_AUTHORS_FOLLOW = re.compile(r"\s(?=(?:[A-Z][\w’'-]+\.? ){1,3}[A-Z][\w’'-]+[⁰¹²³⁴⁵⁶⁷⁸⁹]+[,#*⁰¹²³⁴⁵⁶⁷⁸⁹]* ?,)")
_MARKS = re.compile(r"[\s⁰¹²³⁴⁵⁶⁷⁸⁹,*†‡§¶#]+$")


@dataclass(frozen=True, slots=True)
class Title:
    """The title as text, and the items of a page that print it."""

    text: str | None
    items: tuple[Item, ...]


def find_title(document: pymupdf.Document, pages: Sequence[Sequence[Item]]) -> Title:
    """The largest run of 4 to 45 words in the upper part of page 1 (page 2 after a cover sheet).

    The file's own title wins when it is a title and stands on the page.
    """
    declared = " ".join(canonical((document.metadata or {}).get("title") or "").split())
    for items in pages[:2]:
        candidates = sorted(_candidates(items), key=lambda group: (-round(group[0].region.size), group[0].box[1]))
        named = _declared(declared, items)
        if named is not None:
            return named
        if candidates:
            best = candidates[0]
            printed = _AUTHORS_FOLLOW.split(" ".join(item.text for item in best))[0]
            return Title(_MARKS.sub("", printed), tuple(best))
    usable = len(declared.split()) >= 4 and not _BAD_METADATA.search(declared)
    return Title(declared if usable else None, ())


def _candidates(items: Sequence[Item]) -> list[list[Item]]:
    """Neighbouring items of one letter size, as titles are printed."""
    groups: list[list[Item]] = []
    limit = max((item.box[3] for item in items), default=0) * 0.62
    for item in items:
        if item.box[1] > limit or _NOT_A_TITLE.match(item.text):
            continue
        last = groups[-1][-1] if groups else None
        near = last is not None and 0 <= item.box[1] - last.box[3] + 4 < 1.6 * item.region.size
        if last is not None and near and abs(item.region.size - last.region.size) < 0.6:
            groups[-1].append(item)
        else:
            groups.append([item])
    return [group for group in groups if 4 <= sum(item.words for item in group) <= 45]


def _declared(declared: str, items: Sequence[Item]) -> Title | None:
    wanted = _plain(declared)
    if len(declared.split()) < 4 or _BAD_METADATA.search(declared) or len(wanted) < 20:
        return None
    for start in range(len(items)):
        for end in range(start + 1, min(start + 4, len(items)) + 1):
            run = items[start:end]
            found = _plain(" ".join(item.text for item in run))
            if found == wanted or (found.startswith(wanted) and len(found) < 1.6 * len(wanted)):
                printed = _MARKS.sub("", " ".join(item.text for item in run))
                return Title(printed if len(_plain(printed)) >= len(wanted) else declared, tuple(run))
    return None


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def document_metadata(document: pymupdf.Document, title: Title, pages: Sequence[Sequence[Item]]) -> Metadata:
    """All metadata; what the first two pages do not say is None."""
    front = [item for items in pages[:2] for item in items if item.kind is not BlockKind.REFERENCE]
    first = [item for item in (pages[0] if pages else []) if item.kind is not BlockKind.REFERENCE]
    declared = {name: canonical(value) for name, value in (document.metadata or {}).items() if value}
    abstract = " ".join(item.text for item in front if item.kind in (BlockKind.ABSTRACT, BlockKind.BODY))[:3000]
    opening = " ".join(item.text for items in pages for item in items if item.kind is BlockKind.BODY)[:200_000]
    return Metadata(
        title=title.text,
        authors=_authors(pages, title, declared.get("author") or ""),
        year=_year(first, front, declared),
        doi=_doi([*front, *_own_citation(pages)], document),
        journal=_journal(declared) or printed_journal(pages),
        licence=_licence(pages),
        study_type=study_type(title.text or "", abstract, opening),
        pmid=pmid(front),
        article_type=article_type(front),
        language=language(opening or abstract),
    )


def _own_citation(pages: Sequence[Sequence[Item]]) -> list[Item]:
    """Short lines like ``(J Samples 2016;4(2):e78) doi:10.5555/x`` below the abstract, which look like a reference."""
    return [
        item for items in pages[:2] for item in items
        if item.kind is BlockKind.REFERENCE and item.words <= 12 and item.text.startswith("(")
    ]  # fmt: skip


def _doi(front: Sequence[Item], document: pymupdf.Document) -> str | None:
    """The first DOI of the first two pages outside references; a DOI broken at a line end is put together."""
    for item in sorted(front, key=lambda item: (item.page, item.kind in (BlockKind.BODY, BlockKind.ABSTRACT))):
        raw = [line.text for line in item.region.lines]
        for index, line in enumerate(raw):
            match = _DOI.search(re.sub(r"(?<=10\.\d{4})/ (?=\S)", "/", line))
            if match:
                doi = match.group()
                broken = line.endswith(doi) and doi.endswith(("/", "-", ".", "_")) and index + 1 < len(raw)
                return _tidy(doi + raw[index + 1].split()[0] if broken else doi)
    declared = " ".join(str(value) for value in (document.metadata or {}).values()) + (
        document.get_xml_metadata() or ""
    )
    match = _DOI.search(declared)
    return _tidy(match.group()) if match else None


def _tidy(doi: str) -> str:
    doi = re.split(r"<|;(?=[a-z]{2})", doi, maxsplit=1)[0].rstrip(".,;:]}’'\"")
    while doi.endswith(")") and doi.count("(") < doi.count(")"):
        doi = doi[:-1].rstrip(".,;:")
    return doi.lower()


def _year(first: Sequence[Item], front: Sequence[Item], declared: dict[str, str]) -> int | None:
    """The year of first publication: the copyright's, what page 1 calls published or cites of itself, or the commonest.

    The copyright comes first: a work that is online in one year and in a volume of the next was published in the first.
    """
    small = [item.text for item in first if item.kind not in (BlockKind.BODY, BlockKind.ABSTRACT)]
    small += [item.text for item in front if item.kind is BlockKind.FURNITURE and item.page == 1]
    for pattern in _YEARS:
        for text in small:
            match = pattern.search(text)
            if match:
                return int(match.group(1))
    counted = Counter(year for text in small for year in re.findall(rf"\b{_YEAR}\b", text))
    if counted:
        return int(counted.most_common(1)[0][0])
    created = re.match(r"D:((?:19|20)\d\d)", declared.get("creationDate") or "")
    return int(created.group(1)) if created else None


def _authors(pages: Sequence[Sequence[Item]], title: Title, declared: str) -> tuple[str, ...]:
    """Names between the title and what follows it, as printed; else a list of its own, else what the file declares."""
    if not title.items:
        return names(declared)
    first = pages[title.items[0].page]
    foot = title.items[-1].box[3]
    near = [item for item in first if 0 <= item.box[1] - foot < 120]
    found = [item for item in near if item.kind is BlockKind.AUTHORS]
    within = _AUTHORS_FOLLOW.split(" ".join(item.text for item in title.items))[1:]
    people = names(Joiner([]).join([*within, *(item.text for item in found[:3])]))
    if people:
        return people
    front = [item for items in pages[title.items[0].page :][:3] for item in items]
    people = listed_names(first) if len(listed_names(front)) <= 1 else listed_names(front)
    if people:
        return people
    heads = [
        item for item in first if item.kind is BlockKind.HEADING and "," in item.text and abs(item.box[1] - foot) < 120
    ]
    return next((people for item in heads if len(people := names(item.text)) > 1), names(declared))


def _journal(declared: dict[str, str]) -> str | None:
    subject = " ".join((declared.get("subject") or "").split())
    match = re.match(r"^([A-Z][^,.;:\d]{5,80}?)[,.;:]? (?:\d|doi|vol)", subject, re.IGNORECASE)
    return match.group(1).strip() if match else None


def _licence(pages: Sequence[Sequence[Item]]) -> str | None:
    for items in (*pages[:2], *pages[-1:]):
        for item in items:
            match = _LICENCE.search(item.text)
            if match:
                return " ".join(match.group().split())
    return None

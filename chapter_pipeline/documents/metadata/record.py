"""Owns what a document says of itself on its first pages: title, authors, year, DOI, journal, licence, study type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pymupdf

from chapter_pipeline.documents.dois import DOI
from chapter_pipeline.documents.metadata import citations
from chapter_pipeline.documents.metadata.front_matter import (
    article_type,
    language,
    listed_names,
    names,
    pmcid,
    pmid,
    printed_journal,
)
from chapter_pipeline.documents.metadata.own_doi import own_doi
from chapter_pipeline.documents.metadata.repositories import FrontMatter
from chapter_pipeline.documents.metadata.study_type import study_type
from chapter_pipeline.documents.pdf.lines import canonical
from chapter_pipeline.documents.structure.classify import Item
from chapter_pipeline.documents.structure.words import Joiner
from chapter_pipeline.domain.document import BlockKind, Metadata

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
_RUNNING = (BlockKind.BODY, BlockKind.ABSTRACT, BlockKind.CAPTION)
_NOT_PUBLICATION = re.compile(
    r"available in PMC|author manuscript|\bdownload(?:ed)?\b|deposited|last updated|accessed|retrieved|uploaded|"
    r"see discussions|issn\b.{0,40}$|rights reserved.{0,20}repository",
    re.IGNORECASE,
)
_LICENCE = re.compile(
    r"(?-i:CC)[ -]?BY(?:-NC)?(?:-ND|-SA)?(?: \d\.\d)?|\bCC0\b(?: \d\.\d)?|"
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
_MIN_TITLE = 20
_MOSTLY = 0.7
_MARKS = re.compile(r"[\s⁰¹²³⁴⁵⁶⁷⁸⁹,*†‡§¶#]+$")


_METHODS = re.compile(r"\b(?:methods?|methodology|study design|trial design|participants|procedures?)\b", re.IGNORECASE)
MIN_ABSTRACT = 300
"""Fewer characters are the rest of an abstract whose other parts were not recognised."""


@dataclass(frozen=True, slots=True)
class Title:
    """The title as text, and the items of a page that print it."""

    text: str | None
    items: tuple[Item, ...]


def find_title(document: pymupdf.Document, pages: Sequence[Sequence[Item]], front: FrontMatter) -> Title:
    """The largest run of 4 to 45 words in the upper part of the title page (of the page behind it, when it has none).

    The file's own title wins when it is a title and stands on the page.
    """
    declared = " ".join(canonical((document.metadata or {}).get("title") or "").split())
    for page in pages[front.title_page : front.title_page + 2]:
        items = [item for item in page if id(item) not in front.furniture]
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


@dataclass(frozen=True, slots=True)
class Records:
    """What a document says of itself: on its pages, in the citation line of a manuscript, in the file's properties.

    `printed` has of the file's properties what the pages do not say; `properties` repeats just that.
    """

    printed: Metadata
    citation_line: Metadata | None
    properties: Metadata | None


def document_records(
    document: pymupdf.Document, title: Title, pages: Sequence[Sequence[Item]], front: FrontMatter
) -> Records:
    """The records of a document; what its first pages do not say is None.

    `printed` repeats what the citation line of a manuscript says, which knows it better than the pages around it.
    """
    first = front.title_page
    leading = [
        item for items in pages[: first + 2] for item in items
        if item.kind is not BlockKind.REFERENCE or _is_own_citation(item)
    ]  # fmt: skip
    lines = [item.text for item in leading if item.kind not in _RUNNING]
    lines += [item.text for items in pages[first + 2 : first + 3] for item in items if item.kind is BlockKind.FURNITURE]
    lines += [row for items in pages[first : first + 2] for row in _rows(items)]
    declared = {name: canonical(value) for name, value in (document.metadata or {}).items() if value}
    abstract = " ".join(item.text for item in leading if item.kind in (BlockKind.ABSTRACT, BlockKind.BODY))[:3000]
    opening = " ".join(item.text for items in pages for item in items if item.kind is BlockKind.BODY)[:200_000]
    final, posted = citations.manuscript_citation(lines), citations.preprint(lines)
    own = final or posted or citations.own_citations(lines)
    authors, doi = _authors(pages, title, front), own.doi or own_doi(leading, lines)
    printed_year = own.year or _year(pages[first] if pages else [], leading)
    created = re.match(r"D:((?:19|20)\d\d)", declared.get("creationDate") or "")
    properties = Metadata(
        year=int(created.group(1)) if created and printed_year is None else None,
        title=None if title.items else title.text,
        authors=() if authors else names(declared.get("author") or ""),
        journal=None if own.journal or final else _journal(declared),
        doi=None if doi else _declared_doi(document),
    )
    year = printed_year or properties.year
    online = citations.publication_date(lines)
    printed_type = article_type(leading)
    printed = Metadata(
        title=title.text,
        authors=authors or properties.authors,
        year=year,
        # A work that is online in one year and in a volume of the next is cited with the year of its volume.
        published=own.published or (online if online is not None and online.startswith(str(year)) else None),
        journal=own.journal or (None if final else properties.journal or printed_journal(pages[first:])),
        volume=own.volume,
        issue=own.issue,
        pages=own.pages,
        doi=doi or properties.doi,
        licence=_licence(pages),
        study_type=study_type(title.text or "", _summary(leading), opening, _methods(pages), printed_type),
        pmid=pmid(leading),
        pmcid=pmcid(leading),
        article_type=printed_type,
        language=language(opening or abstract),
    )
    line = Metadata(
        year=final.year, published=final.published, journal=final.journal, volume=final.volume, issue=final.issue,
        pages=final.pages, doi=final.doi,
    ) if final else None  # fmt: skip
    return Records(printed, line, properties if properties != Metadata() else None)


def _is_own_citation(item: Item) -> bool:
    """A short line like ``(J Samples 2016;4(2):e78) doi:10.5555/x`` below the abstract, which looks like a reference."""
    return item.words <= 12 and item.text.startswith("(")


def _summary(front: Sequence[Item]) -> str:
    """The abstract, with the first running text where there is hardly one."""
    abstract = " ".join(item.text for item in front if item.kind is BlockKind.ABSTRACT)
    opening = " ".join(item.text for item in front if item.kind is BlockKind.BODY)
    return abstract[:4000] if len(abstract) >= MIN_ABSTRACT else f"{abstract} {opening}"[:3000]


def _methods(pages: Sequence[Sequence[Item]]) -> str:
    """The running text under headings of methods."""
    under = (item for items in pages for item in items if item.kind is BlockKind.BODY and item.section)
    return " ".join(item.text for item in under if _METHODS.search(item.section or ""))[:40_000]


def _rows(items: Sequence[Item]) -> Iterator[str]:
    """Running heads that are set in several pieces beside each other: ``M. Seretny et al. / PAIN`` and ``155 (2014) 2461``."""
    short = sorted((item for item in items if item.region.rows == 1 and item.words < 25), key=lambda item: item.box[1])
    while short:
        first, *rest = short
        row = [first, *(item for item in rest if abs(_middle(item) - _middle(first)) < 0.5 * first.region.size)]
        short = [item for item in rest if item not in row]
        if len(row) > 1:
            yield " ".join(item.text for item in sorted(row, key=lambda item: item.box[0]))


def _middle(item: Item) -> float:
    return (item.box[1] + item.box[3]) / 2


def _declared_doi(document: pymupdf.Document) -> str | None:
    declared = " ".join(str(value) for value in (document.metadata or {}).values())
    match = DOI.search(f"{declared} {document.get_xml_metadata() or ''}")
    return citations.tidy_doi(match.group()) if match else None


def _year(first: Sequence[Item], front: Sequence[Item]) -> int | None:
    """The year of first publication: the copyright's, what the title page calls published, or the commonest.

    The days on which a manuscript was deposited or a file downloaded say nothing of it.
    """
    small = [item.text for item in first if item.kind not in _RUNNING and item.kind is not BlockKind.REFERENCE]
    small += [item.text for item in front if item.kind is BlockKind.FURNITURE and item not in first]
    small = [text for text in small if not _NOT_PUBLICATION.search(text)]
    for pattern in _YEARS:
        for text in small:
            match = pattern.search(text)
            if match:
                return int(match.group(1))
    counted = Counter(year for text in small for year in re.findall(rf"\b{_YEAR}\b", text))
    return int(counted.most_common(1)[0][0]) if counted else None


def _authors(pages: Sequence[Sequence[Item]], title: Title, front: FrontMatter) -> tuple[str, ...]:
    """Names below the title on a cover, which prints them without marks, or on the title page; else a list of its own."""
    for cover in pages[: front.title_page]:
        people = _below_the_title(cover, title)
        if people:
            return people
    if not title.items:
        return ()
    page = [item for item in pages[title.items[0].page] if id(item) not in front.furniture]
    foot = title.items[-1].box[3]
    near = sorted((item for item in page if 0 <= item.box[1] - foot < 150), key=lambda item: item.box[1])
    within = _AUTHORS_FOLLOW.split(" ".join(item.text for item in title.items))[1:]
    people = names(Joiner([]).join([*within, *(item.text for item in _author_lines(near))]))
    if people:
        return people
    leading = [item for items in pages[title.items[0].page :][:3] for item in items]
    people = listed_names(page) if len(listed_names(leading)) <= 1 else listed_names(leading)
    if people:
        return people
    heads = [
        item for item in page if item.kind is BlockKind.HEADING and "," in item.text and abs(item.box[1] - foot) < 120
    ]
    return next((people for item in heads if len(people := names(item.text)) > 1), ())


def _below_the_title(cover: Sequence[Item], title: Title) -> tuple[str, ...]:
    wanted = _plain(title.text or "")
    for position, item in enumerate(cover[:-1]):
        said = _plain(item.text)
        if len(said) >= _MIN_TITLE and (said in wanted or wanted in said) and wanted.endswith(said[-_MIN_TITLE:]):
            following = cover[position + 1]
            people = names(following.text)
            if people and sum(len(name) for name in people) > _MOSTLY * len(following.text):
                return people
    return ()


def _author_lines(near: Sequence[Item]) -> list[Item]:
    """The items of an author line: one below the other, in letters of one size; affiliations are smaller."""
    found: list[Item] = []
    for item in near:
        if item.kind is not BlockKind.AUTHORS:
            continue
        if found and (
            abs(item.region.size - found[0].region.size) > 0.12 * found[0].region.size
            or item.box[1] - found[-1].box[3] > 1.5 * item.region.size
        ):
            break
        found.append(item)
    return found


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

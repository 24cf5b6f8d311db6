"""Owns what an article's XML says of the work itself: title, people, dates, identifiers, licence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chapter_pipeline.documents.dois import doi_in
from chapter_pipeline.documents.jats.inline import line_of
from chapter_pipeline.documents.jats.safe_xml import Element
from chapter_pipeline.documents.metadata.front_matter import language
from chapter_pipeline.documents.metadata.study_type import study_type
from chapter_pipeline.domain.document import Metadata, StudyType

MAX_FIELD_CHARACTERS = 1_000
MAX_AUTHORS = 5_000
_PUBLICATION = frozenset(("epub", "ppub", "collection", "epub-ppub", "pub"))
_NOT_PUBLICATION = re.compile(r"pmc|nihms|received|accepted|rev-|retract|correct|preprint|submitted", re.IGNORECASE)
_CC = re.compile(r"creativecommons\.org/(?:licenses/(by(?:-nc)?(?:-nd|-sa)?)/(\d\.\d)|(publicdomain/zero)/(\d\.\d))", re.IGNORECASE)  # fmt: skip
_NAMED_LICENCE = re.compile(
    r"\bCC[ -]?BY(?:-NC)?(?:-ND|-SA)?(?: \d\.\d)?|\bCC0\b(?: \d\.\d)?|"
    r"creative commons attribution[- ]?[^.,(;]{0,60}licen[cs]e(?: \d\.\d)?|all rights reserved",
    re.IGNORECASE,
)
_NON_COMMERCIAL = re.compile(r"non-?\s?commercial", re.IGNORECASE)
_ARTICLE_TYPES = {
    "case-report": StudyType.CASE_SERIES, "review-article": StudyType.REVIEW, "systematic-review": StudyType.META_ANALYSIS,
    "meta-analysis": StudyType.META_ANALYSIS, "protocol": StudyType.PROTOCOL,
}  # fmt: skip
_GENERAL_TYPES = frozenset(("other", "research-article"))


def article_metadata(article: Element, *, abstract: str, body: str) -> Metadata:
    """All metadata; what the XML does not say is None.

    The year is that of the earliest publication: electronic, in print or in a collection, whichever the XML has first;
    deposit, submission and acceptance are none. Without such a date it is the copyright's.
    """
    meta = article.child("front", "article-meta") or Element("article-meta", {})
    journal = article.child("front", "journal-meta") or Element("journal-meta", {})
    ids = {one.attributes.get("pub-id-type", ""): line_of(one) for one in meta.children("article-id")}
    title = _title(meta)
    date = _published(meta)
    kind = article.attributes.get("article-type", "")
    study = study_type(title or "", abstract[:3000], body[:200_000])
    return Metadata(
        title=title,
        authors=tuple(dict.fromkeys(_authors(meta)))[:MAX_AUTHORS],
        year=date[0] if date else _copyright_year(meta),
        doi=doi_in(ids.get("doi", "")),
        journal=_short(_journal(journal)),
        licence=_licence(meta),
        study_type=_ARTICLE_TYPES.get(kind, study) if study is StudyType.UNKNOWN else study,
        pmid=_digits(ids.get("pmid", "")),
        article_type=_short(_article_type(meta, kind)),
        language=_language(article.attributes.get("lang", "")) or language(body or abstract),
        volume=_short(line_of(meta.child("volume"))),
        issue=_short(line_of(meta.child("issue"))),
        pages=_short(_pages(meta)),
        pmcid=_pmcid(next((ids[name] for name in ("pmcid", "pmc", "pmcaid") if name in ids), "")),
        published="-".join(f"{part:02}" for part in date) if date and len(date) > 1 else None,
    )


def _title(meta: Element) -> str | None:
    group = meta.child("title-group") or meta
    title, subtitle = (_unmarked(group.child(name)) for name in ("article-title", "subtitle"))
    if title and subtitle:
        title = f"{title} {subtitle}" if title.endswith((":", "?", "!", ".", "—")) else f"{title}: {subtitle}"
    return _short(title or subtitle)


def _unmarked(element: Element | None) -> str:
    """The text of a title, without the mark of its footnote."""
    if element is None:
        return ""
    return line_of(Element("title", {}, [one for one in element.content if isinstance(one, str) or one.name != "xref"]))


def _authors(meta: Element) -> Iterator[str]:
    """ "Family, Given", or the name of a group; the members of a group are not the work's authors one by one."""
    for group in meta.children("contrib-group"):
        of_authors = group.attributes.get("content-type", "author").lower().startswith("author")
        for contrib in group.children("contrib"):
            kind = contrib.attributes.get("contrib-type", "author" if of_authors else "")
            if kind.lower() in ("author", "collab", "on-behalf-of", "authors"):
                named = _name(contrib)
                if named:
                    yield named


def _name(contrib: Element) -> str | None:
    holder = contrib.child("name-alternatives") or contrib
    name = holder.child("name") or holder.child("string-name")
    if name is not None:
        family, given = line_of(name.child("surname")), line_of(name.child("given-names"))
        given = " ".join(filter(None, (given, line_of(name.child("suffix")))))
        if family:
            return _short(f"{family}, {given}" if given else family)
        return _short(line_of(name))
    collab = contrib.child("collab") or contrib.child("collab-alternatives", "collab")
    if collab is None:
        return None
    content = [
        one for one in collab.content if isinstance(one, str) or one.name not in ("contrib-group", "xref", "fn", "aff")
    ]
    return _short(line_of(Element("collab", {}, content)))


def _published(meta: Element) -> tuple[int, ...] | None:
    """Year, month and day of the earliest publication; of those in its year the most exact, then the earliest."""
    dates = list(meta.children("pub-date"))
    named = [one for one in dates if _PUBLICATION & {one.attributes.get("pub-type"), one.attributes.get("date-type")}]
    collections = [one for one in dates if one.attributes.get("date-type") == "collection"]
    kinds = [" ".join(one.attributes.values()) for one in dates]
    others = [one for one, kind in zip(dates, kinds, strict=True) if not _NOT_PUBLICATION.search(kind)]
    found = [date for one in (named + collections or others) if (date := _date(one))]
    if not found:
        return None
    first = min(date[0] for date in found)
    return min((date for date in found if date[0] == first), key=lambda date: (-len(date), date))


def _date(element: Element) -> tuple[int, ...] | None:
    year, month, day = (line_of(element.child(name)) for name in ("year", "month", "day"))
    if not re.fullmatch(r"1[5-9]\d\d|20\d\d", year):
        return None
    names = "jan feb mar apr may jun jul aug sep oct nov dec".split()
    number = int(month) if month.isascii() and month.isdigit() else 1 + names.index(month[:3].lower()) if month[:3].lower() in names else 0  # fmt: skip
    if not 1 <= number <= 12:
        return (int(year),)
    on = int(day) if day.isascii() and day.isdigit() else 0
    return (int(year), number, on) if 1 <= on <= 31 else (int(year), number)


def _copyright_year(meta: Element) -> int | None:
    said = line_of(next(meta.descendants("copyright-year"), None)) or line_of(next(meta.descendants("copyright-statement"), None))  # fmt: skip
    match = re.search(r"\b((?:19|20)\d\d)\b", said)
    return int(match[1]) if match else None


def _journal(meta: Element) -> str:
    return line_of(next(meta.descendants("journal-title"), None)) or line_of(
        next((one for one in meta.children("journal-id") if one.attributes.get("journal-id-type") == "nlm-ta"), None)
    )


def _licence(meta: Element) -> str | None:
    """The licence by its address, ``CC BY 4.0``; by its words where it has none, or where they allow less."""
    permissions = meta.child("permissions") or meta
    said = " ".join(line_of(one) for one in permissions.descendants("license", "copyright-statement"))
    addresses = [
        f"{' '.join(one.attributes.values())} {line_of(one)}"
        for one in (*permissions.descendants("license", "license_ref", "ext-link", "uri"),)
    ]
    found = _CC.search(" ".join(addresses))
    if found:
        name = f"CC {found[1].upper()} {found[2]}" if found[1] else f"CC0 {found[4]}"
        less = _NON_COMMERCIAL.search(said) is not None and "NC" not in name
        return f"{name.replace('BY', 'BY-NC', 1).rpartition(' ')[0]}" if less else name
    named = _NAMED_LICENCE.search(said)
    return _short(named.group()) if named else None


def _article_type(meta: Element, declared: str) -> str:
    groups = [group for group in meta.descendants("subj-group") if group.attributes.get("subj-group-type") == "heading"]
    printed = line_of(groups[0].child("subject")) if groups else ""
    printed = printed if any(map(str.isalpha, printed)) else ""
    return printed or ("" if declared in _GENERAL_TYPES else declared.replace("-", " ").capitalize())


def _pages(meta: Element) -> str:
    first, last = line_of(meta.child("fpage")), line_of(meta.child("lpage"))
    return (f"{first}-{last}" if last and last != first else first) or line_of(meta.child("elocation-id"))


def _pmcid(text: str) -> str | None:
    match = re.fullmatch(r"(?:PMC)?(\d{1,9})(?:\.\d+)?", text.strip(), re.IGNORECASE)
    return f"PMC{match[1]}" if match else None


def _digits(text: str) -> str | None:
    return text if re.fullmatch(r"[0-9]{1,9}", text) else None


def _language(said: str) -> str | None:
    code = said.strip().lower().replace("_", "-").split("-")[0]
    return code if re.fullmatch(r"[a-z]{2}", code) else None


def _short(text: str) -> str | None:
    return text[:MAX_FIELD_CHARACTERS].strip() or None

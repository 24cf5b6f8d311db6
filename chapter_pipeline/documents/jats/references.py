"""Owns the reference list: each entry as text and as data; it looks nothing up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chapter_pipeline.documents.dois import doi_in
from chapter_pipeline.documents.jats.inline import line_of
from chapter_pipeline.documents.jats.safe_xml import Element
from chapter_pipeline.domain.document import CitedWork

MAX_ENTRY_CHARACTERS = 1500
_CITATIONS = ("mixed-citation", "element-citation", "citation", "nlm-citation")
_NUMBER = re.compile(r"^\W*(\d{1,4})\W*$")
_YEAR = re.compile(r"\b(1[5-9]\d\d|20\d\d)\b")
_TITLES = ("article-title", "chapter-title", "data-title", "part-title")


def cited_works(back: Element, page: int) -> tuple[CitedWork, ...]:
    """The entries of all reference lists below `back`, in order; they stand on `page`."""
    return tuple(
        work
        for ref in back.descendants("ref", outside=frozenset(("sub-article", "response", "ref")))
        for citation in _citations(ref)
        if (work := _work(ref, citation, page)) is not None
    )


def _citations(ref: Element) -> Iterator[Element]:
    for one in ref.children():
        if one.name == "citation-alternatives":
            yield from list(one.children(*_CITATIONS))[:1]
        elif one.name in _CITATIONS:
            yield one


def _work(ref: Element, citation: Element, page: int) -> CitedWork | None:
    label = _NUMBER.match(line_of(ref.child("label")) or line_of(citation.child("label")))
    text = (_as_printed(citation) or _put_together(citation))[:MAX_ENTRY_CHARACTERS]
    if not text:
        return None
    ids = {one.attributes.get("pub-id-type", ""): line_of(one) for one in citation.descendants("pub-id")}
    links = " ".join(
        one.attributes.get("href", "")
        for one in citation.descendants("ext-link", "uri")
        if "doi" in str(one.attributes)
    )
    pmid = ids.get("pmid", "")
    title = next((line for name in _TITLES for one in citation.descendants(name) if (line := line_of(one))), None)
    year = _YEAR.search(line_of(next(citation.descendants("year"), None))) or None
    return CitedWork(
        number=int(label[1]) if label else None, text=text, page=page,
        title=(title or line_of(next(citation.descendants("source"), None)) or "").rstrip(".") or None,
        year=int(year[1]) if year else None,
        doi=doi_in(ids.get("doi", "")) or doi_in(links) or doi_in(text),
        pmid=pmid if pmid.isdigit() and len(pmid) <= 9 else None,
    )  # fmt: skip


def _as_printed(citation: Element) -> str | None:
    """The entry with its own punctuation; None when it has none, as a citation made of elements."""
    people = citation.child("person-group")
    own = [one for group in (citation, people) if group is not None for one in group.content if isinstance(one, str)]
    if len("".join("".join(own).split())) < 4:
        return None
    content = [one for one in citation.content if isinstance(one, str) or one.name not in ("label", "pub-id")]
    return line_of(Element("entry", {}, content))


def _put_together(citation: Element) -> str:
    """``Okafor A, Lind P. Title. Journal. 2019;12(3):45-52.`` of a citation's elements."""
    people = [line_of(one) for one in citation.descendants("name", "string-name", "collab")]
    people += ["et al"] if next(citation.descendants("etal"), None) is not None else []
    said = {name: line_of(next(citation.descendants(name), None)) for name in (
        *_TITLES, "source", "year", "volume", "issue", "fpage", "lpage", "elocation-id", "publisher-name", "comment",
    )}  # fmt: skip
    issue = f"({said['issue']})" if said["issue"] else ""
    pages = "-".join(filter(None, (said["fpage"], said["lpage"]))) or said["elocation-id"]
    place = f"{said['year']};{said['volume']}{issue}:{pages}" if said["volume"] else said["year"]
    parts = [", ".join(people), *(said[name] for name in _TITLES), said["source"], said["publisher-name"], place.rstrip(":;"), said["comment"]]  # fmt: skip
    return " ".join(f"{part.rstrip('.')}." for part in parts if part.strip(". "))

"""Owns sources as CSL-JSON items, the form citation processors read; it never formats a reference itself.

Format: https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables.
"""

from __future__ import annotations

import re
from typing import Any

from chapter_pipeline.domain import Source

CslItem = dict[str, Any]

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ORGANISATION = re.compile(
    r"\b(group|committee|consortium|collaborat\w*|society|association|organi[sz]ation|institut\w*|university|network|"
    r"investigators|trialists|college|ministry|department|cent(?:er|re)|agency|academy|federation|council|"
    r"foundation|hospital|task force|project|initiative|programme|program|team|board|panel|alliance|registry|"
    r"service|authority)\b",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    "van von vom zu zur de del della di da dal dos das der den des du la le lo ter ten te el al bin ibn af av".split()
)
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_INITIALS = re.compile(r"[A-Z](?:[-. ]{0,2}[A-Z]){0,3}\.?")


def csl_item(source: Source, *, identifier: str | None = None) -> CslItem:
    """`source` as a CSL-JSON item. The id is `Source.key` unless `identifier` is given; unknown fields are left out."""
    item: CslItem = {
        "id": identifier or source.key,
        "type": "article-journal" if source.journal else "document",
        "title": source.title,
        "author": [csl_name(author) for author in source.authors if author.strip()],
        "container-title": source.journal,
        "volume": source.volume,
        "issue": source.issue,
        "page": source.pages,
        "DOI": doi(source),
    }
    if source.year is not None:
        item["issued"] = {"date-parts": [[source.year]]}
    return {key: value for key, value in item.items() if value}


def doi(source: Source) -> str | None:
    """The bare DOI of `source`, None when it has none or one that is not a DOI."""
    found = _DOI.search(source.doi or "")
    return found.group() if found else None


def csl_name(author: str) -> dict[str, str]:
    """An author written "Family, Given", "Given Family" or "Family AB", or an organisation, as a CSL name.

    In braces it is an organisation, whatever its words.
    """
    name = " ".join(author.split())
    if name.startswith("{") and name.endswith("}"):
        return {"literal": name[1:-1].strip()}
    if "," in name and not _ORGANISATION.search(name):
        family, _, given = name.partition(",")
        return _with_suffix(family.strip(), given.strip())
    words = name.split()
    if len(words) < 2 or _ORGANISATION.search(name):
        return {"literal": name}
    if _INITIALS.fullmatch(words[-1]) and not _INITIALS.fullmatch(words[0]) and len(words[-1]) <= 4:
        return {"family": " ".join(words[:-1]), "given": _spaced(words[-1])}
    return _given_first(words)


def _with_suffix(family: str, given: str) -> dict[str, str]:
    first, _, second = (part.strip() for part in given.partition(","))
    if second and _SUFFIX.fullmatch(first):  # "King, Jr., Martin L."
        first, second = second, first
    words = first.split()
    if len(words) > 1 and not second and _SUFFIX.fullmatch(words[-1]):  # "King, Martin L. Jr"
        first, second = " ".join(words[:-1]), words[-1]
    if first.isupper() and first.isalpha() and len(first) <= 3:
        first = _spaced(first)
    name = {"family": family, "given": first, "suffix": second}
    return {key: value for key, value in name.items() if value} if family else {"literal": first}


def _given_first(words: list[str]) -> dict[str, str]:
    suffix = words.pop() if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else ""
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    name = {"family": " ".join(words[start:]), "given": " ".join(words[:start]), "suffix": suffix}
    return {key: value for key, value in name.items() if value}


def _spaced(initials: str) -> str:
    """``JR`` as ``J. R.``, so that a processor takes it as two initials and not as one name."""
    return " ".join(f"{letter}." for letter in initials if letter.isalpha())


def family_name(author: str) -> str:
    """What a running text calls `author`: the family name, or the organisation."""
    name = csl_name(author)
    return name.get("family") or name.get("literal") or author


def short_citation(source: Source) -> str:
    """ "Santarius et al. 2009"; the title's beginning where nobody is named."""
    families = [family_name(author) for author in source.authors if author.strip()]
    if not families:
        who = source.title if len(source.title) <= 60 else f"{source.title[:57].rstrip()}…"
    elif len(families) <= 2:
        who = " and ".join(families)
    else:
        who = f"{families[0]} et al."
    return f"{who} {source.year}" if source.year is not None else who

"""Owns looking a work up at Crossref by its DOI (REST API, ``/works/{doi}``); one question, one answer, no search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx2

from chapter_pipeline.domain.library import RegisteredWork
from chapter_pipeline.literature.reference_fields import normalised_doi, page_range
from chapter_pipeline.literature.service import UNREADABLE, Service, no_answer

ADDRESS = "https://api.crossref.org"
TIMEOUT_S = 10.0
_CREATIVE_COMMONS = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)?")


class Crossref:
    """Implements `ports.WorkRegistry`. `contact` is the address that Crossref asks polite clients to give."""

    name = "Crossref"

    def __init__(self, *, contact: str | None = None, address: str = ADDRESS) -> None:
        agent = "chapter-pipeline" + (f" (mailto:{contact})" if contact else "")
        self._service = Service(deadline_s=TIMEOUT_S, headers={"User-Agent": agent})
        self._address = address

    def work(self, doi: str) -> RegisteredWork | None:
        """The work registered under `doi`; None when there is none. Raises `TransientError`."""
        try:
            response = self._service.get(f"{self._address}/works/{quote(doi, safe='')}")
            if response.status_code == httpx2.codes.NOT_FOUND:
                return None
            response.raise_for_status()
            return _work(response.json()["message"])
        except UNREADABLE as error:
            raise no_answer(self.name, doi, error) from error

    def close(self) -> None:
        self._service.close()


def _work(message: dict[str, Any]) -> RegisteredWork:
    title, subtitle = _first(message.get("title")), _first(message.get("subtitle"))
    whole = f"{title}: {subtitle}" if title and subtitle and subtitle not in title else title
    kind = str(message.get("type") or "")
    return RegisteredWork(
        title=whole,
        authors=tuple(filter(None, map(_author, message.get("author") or ()))),
        year=_year(message),
        journal=_first(message.get("container-title")),
        published=_published(message),
        volume=_text(message.get("volume")),
        issue=_text(message.get("issue")),
        pages=page_range(_text(message.get("page")) or _text(message.get("article-number")) or ""),
        doi=normalised_doi(_text(message.get("DOI")) or ""),
        article_type=kind.replace("-", " ") if kind not in ("", "journal-article") else None,
        licence=_licence(message.get("license") or ()),
        language=_language(_text(message.get("language"))),
    )


def _text(value: Any) -> str | None:
    return " ".join(str(value).split()) or None if isinstance(value, str | int) else None


def _language(code: str | None) -> str | None:
    return code[:2].lower() if code and re.fullmatch(r"[A-Za-z]{2}(?:-\w+)?", code) else None


def _licence(licences: Sequence[Any]) -> str | None:
    """The Creative Commons licence among those that a publisher has deposited; others are for data mining."""
    for one in licences:
        found = _CREATIVE_COMMONS.search(str(one.get("URL") or ""))
        if found:
            terms, version = found.group(1).upper(), found.group(2)
            return f"CC {terms}" + (f" {version}" if version else "")
        if "creativecommons.org/publicdomain/zero" in str(one.get("URL") or ""):
            return "CC0"
    return None


def _published(message: dict[str, Any]) -> str | None:
    """The earliest date of publication that has a month, as ISO."""
    dates = [
        parts[0]
        for name in ("published-online", "published-print", "issued")
        if (parts := (message.get(name) or {}).get("date-parts")) and parts[0] and len(parts[0]) > 1
    ]
    return min(("-".join(f"{int(part):02}" for part in date) for date in dates), default=None)


def _first(values: Any) -> str | None:
    return " ".join(str(values[0]).split()) if isinstance(values, list) and values else None


def _author(author: dict[str, Any]) -> str:
    if not author.get("family") and author.get("name"):
        return f"{{{' '.join(str(author['name']).split())}}}"
    family, given = author.get("family") or "", author.get("given") or ""
    return f"{family}, {given}" if family and given else str(family)


def _year(message: dict[str, Any]) -> int | None:
    """The earliest year of publication: that is the one a copyright line prints."""
    years = [
        parts[0][0]
        for name in ("published-online", "published-print", "issued")
        if (parts := (message.get(name) or {}).get("date-parts")) and parts[0] and parts[0][0]
    ]
    return min(map(int, years), default=None)

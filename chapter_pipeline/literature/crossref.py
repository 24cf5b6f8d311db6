"""Owns looking a work up at Crossref by its DOI (REST API, ``/works/{doi}``); one question, one answer, no search."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx2

from chapter_pipeline.domain.library import RegisteredWork
from chapter_pipeline.literature.service import UNREADABLE, Service, no_answer

ADDRESS = "https://api.crossref.org"
TIMEOUT_S = 10.0


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
    return RegisteredWork(
        title=whole,
        authors=tuple(filter(None, map(_author, message.get("author") or ()))),
        year=_year(message),
        journal=_first(message.get("container-title")),
    )


def _first(values: Any) -> str | None:
    return " ".join(str(values[0]).split()) if isinstance(values, list) and values else None


def _author(author: dict[str, Any]) -> str:
    family, given = author.get("family") or author.get("name") or "", author.get("given") or ""
    return f"{family}, {given}" if family and given else str(family)


def _year(message: dict[str, Any]) -> int | None:
    """The earliest year of publication: that is the one a copyright line prints."""
    years = [
        parts[0][0]
        for name in ("published-online", "published-print", "issued")
        if (parts := (message.get(name) or {}).get("date-parts")) and parts[0] and parts[0][0]
    ]
    return min(map(int, years), default=None)

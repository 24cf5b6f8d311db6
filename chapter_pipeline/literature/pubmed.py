"""Owns looking a work up at PubMed by its DOI (NCBI E-utilities, ``esearch`` then ``esummary``, JSON); no search."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

from chapter_pipeline.domain.library import RegisteredWork
from chapter_pipeline.literature.service import UNREADABLE, Service, no_answer

ADDRESS = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
TIMEOUT_S = 10.0
INTERVAL_S = 0.34
"""NCBI allows three requests a second to a client without a key."""
_YEAR = re.compile(r"\b(?:18|19|20)\d\d\b")


class PubMed:
    """Implements `ports.WorkRegistry`. `contact` is the address that NCBI asks its clients to give.

    `monotonic` measures the seconds between two requests, and `sleep` waits.
    """

    name = "PubMed"

    def __init__(
        self,
        *,
        contact: str | None = None,
        address: str = ADDRESS,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        named = {"tool": "chapter_pipeline", **({"email": contact} if contact else {})}
        self._service = Service(deadline_s=TIMEOUT_S)
        self._address = address
        self._parameters = {"db": "pubmed", "retmode": "json", **named}
        self._turn = threading.Lock()
        self._monotonic = monotonic
        self._sleep = sleep
        self._free_at = 0.0

    def work(self, doi: str) -> RegisteredWork | None:
        """The work that has `doi`; None when no record, or more than one, has it. Raises `TransientError`."""
        try:
            # In quotes, as brackets and spaces would be read as parts of a query.
            found = self._asked("esearch", term='"' + doi.replace('"', "") + '"[doi]')["esearchresult"]["idlist"]
            if len(found) != 1:
                return None
            record = self._asked("esummary", id=str(found[0]))["result"][str(found[0])]
            if _has_doi(record, doi):
                return _work(record)
            return None
        except UNREADABLE as error:
            raise no_answer(self.name, doi, error) from error

    def close(self) -> None:
        self._service.close()

    def _asked(self, tool: str, **parameters: str) -> dict[str, Any]:
        with self._turn:
            self._sleep(max(0.0, self._free_at - self._monotonic()))
            self._free_at = self._monotonic() + INTERVAL_S
        response = self._service.get(f"{self._address}/{tool}.fcgi", {**self._parameters, **parameters})
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer


def _has_doi(record: dict[str, Any], doi: str) -> bool:
    """Whether the record is of that DOI: a term that PubMed does not know is searched for in all fields."""
    identifiers = [one["value"] for one in record.get("articleids") or () if one.get("idtype") == "doi"]
    return doi.casefold() in [str(value).casefold() for value in identifiers]


def _work(record: dict[str, Any]) -> RegisteredWork:
    years = [int(found.group()) for name in ("epubdate", "pubdate") if (found := _YEAR.search(record.get(name) or ""))]
    return RegisteredWork(
        title=" ".join(str(record["title"]).split()).strip("[]").removesuffix(".") or None,
        authors=tuple(_author(str(one["name"])) for one in record.get("authors") or () if one.get("name")),
        year=min(years, default=None),
        journal=record.get("fulljournalname") or record.get("source") or None,
    )


def _author(name: str) -> str:
    """ "Okafor AB" as "Okafor, AB"; the name of a group stays as it is."""
    family, _, initials = name.rpartition(" ")
    return f"{family}, {initials}" if family and initials.isupper() and len(initials) <= 4 else name

"""Owns looking a work up at PubMed by its DOI (NCBI E-utilities, ``esearch`` then ``esummary``, JSON); no search."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.library import RegisteredWork
from chapter_pipeline.literature.reference_fields import normalised_doi, page_range
from chapter_pipeline.literature.service import UNREADABLE, Service, no_answer

ADDRESS = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
TIMEOUT_S = 10.0
INTERVAL_S = 0.34
"""NCBI allows three requests a second to a client without a key."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(rf"((?:18|19|20)\d\d) ({'|'.join(_MONTHS)})(?: (\d{{1,2}}))?\b")
_PMCID = re.compile(r"PMC\d{1,8}")
_NO_KIND = ("Journal Article", "Research Support")
_STUDIES = {
    "Meta-Analysis": StudyType.META_ANALYSIS,
    "Systematic Review": StudyType.META_ANALYSIS,
    "Clinical Trial Protocol": StudyType.PROTOCOL,
    "Randomized Controlled Trial": StudyType.RANDOMISED_TRIAL,
    "Clinical Trial": StudyType.CLINICAL_TRIAL,
    "Observational Study": StudyType.COHORT,
    "Case Reports": StudyType.CASE_SERIES,
    "Review": StudyType.REVIEW,
}
"""Publication types of MEDLINE (https://www.nlm.nih.gov/mesh/pubtypes.html), the most specific first."""
_LANGUAGES = {"eng": "en", "fre": "fr", "ger": "de", "spa": "es", "ita": "it", "por": "pt", "dut": "nl"}
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
    dates = [str(record.get(name) or "") for name in ("epubdate", "pubdate")]
    years = [int(found.group()) for date in dates if (found := _YEAR.search(date))]
    identifiers = {str(one.get("idtype")): str(one.get("value") or "") for one in record.get("articleids") or ()}
    kinds = [str(kind) for kind in record.get("pubtype") or () if not str(kind).startswith(_NO_KIND)]
    return RegisteredWork(
        title=" ".join(str(record["title"]).split()).strip("[]").removesuffix(".") or None,
        authors=tuple(_named(one) for one in record.get("authors") or () if one.get("name")),
        year=min(years, default=None),
        journal=record.get("fulljournalname") or record.get("source") or None,
        published=min(filter(None, map(_iso, dates)), default=None),
        volume=record.get("volume") or None,
        issue=record.get("issue") or None,
        pages=page_range(str(record.get("pages") or "")),
        doi=normalised_doi(identifiers.get("doi", "")),
        pmid=str(record["uid"]) if record.get("uid") else None,
        pmcid=found.group() if (found := _PMCID.search(identifiers.get("pmc", ""))) else None,
        article_type=", ".join(kinds) or None,
        study_type=next((study for kind, study in _STUDIES.items() if kind in kinds), StudyType.UNKNOWN),
        language=next((_LANGUAGES[code] for code in record.get("lang") or () if code in _LANGUAGES), None),
    )


def _iso(date: str) -> str | None:
    """ "2021 Nov 3" as ``2021-11-03``, "2021 Nov" as ``2021-11``; None without a month."""
    found = _DATE.match(date)
    if found is None:
        return None
    year, month, day = found.groups()
    return f"{year}-{_MONTHS.index(month) + 1:02}" + (f"-{int(day):02}" if day else "")


def _named(author: dict[str, Any]) -> str:
    name = str(author["name"])
    return f"{{{name}}}" if author.get("authtype") == "CollectiveName" else _author(name)


def _author(name: str) -> str:
    """ "Okafor AB" as "Okafor, AB"; the name of a group stays as it is."""
    family, _, initials = name.rpartition(" ")
    return f"{family}, {initials}" if family and initials.isupper() and len(initials) <= 4 else name

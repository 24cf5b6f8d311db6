"""Owns finding the entries of reference files that are a given work: by DOI, by PMID, else by title."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from chapter_pipeline.domain.bibliography import words
from chapter_pipeline.domain.research import Work

SHORTEST_TITLE = 20
"""Letters and digits of a title that is compared: "Editorial" or "In reply" are titles of many works."""


class ReferenceIndex:
    """The entries of all reference files, in the order of the files."""

    def __init__(self, works: Iterable[Work] = ()) -> None:
        self._by_doi: dict[str, list[Work]] = defaultdict(list)
        self._by_pmid: dict[str, list[Work]] = defaultdict(list)
        self._by_title: dict[str, list[Work]] = defaultdict(list)
        for work in works:
            if work.doi:
                self._by_doi[work.doi.lower()].append(work)
            if work.pmid:
                self._by_pmid[work.pmid].append(work)
            if title := _comparable(work.title):
                self._by_title[title].append(work)

    def find(self, *, doi: str | None, pmid: str | None, titles: Sequence[str]) -> list[Work]:
        """The entries that are the work: those with its DOI, else its PMID, else one of its titles.

        An entry with another DOI or PMID is another work, whatever its title.
        """
        found = self._by_doi.get(doi.lower(), []) if doi else []
        if not found and pmid:
            found = [work for work in self._by_pmid.get(pmid, []) if _may_be(work.doi, doi)]
        if not found:
            titled = (
                work for title in dict.fromkeys(map(_comparable, titles)) for work in self._by_title.get(title, [])
            )
            found = [work for work in titled if _may_be(work.doi, doi) and _may_be(work.pmid, pmid)]
        return list(found)


def _may_be(one: str | None, other: str | None) -> bool:
    return not one or not other or one.lower() == other.lower()


def _comparable(title: str) -> str:
    plain = "".join(words(title))
    return plain if len(plain) >= SHORTEST_TITLE else ""

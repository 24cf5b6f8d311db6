"""Owns how a DOI is found in printed text."""

from __future__ import annotations

import re

DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"'<>|{}]+", re.IGNORECASE)


def tidied(doi: str) -> str:
    """A match of `DOI` in lower case, without the punctuation of the sentence around it."""
    doi = doi.rstrip(".,;:]}’'\"")
    while doi.endswith(")") and doi.count("(") < doi.count(")"):
        doi = doi[:-1].rstrip(".,;:")
    return doi.lower()


def doi_in(text: str) -> str | None:
    """The first DOI in `text`, in lower case and without a prefix; None without one."""
    match = DOI.search(text)
    return tidied(match.group()) if match else None

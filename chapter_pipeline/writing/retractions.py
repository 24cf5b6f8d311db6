"""Owns which documents of the library are retracted, as titles say: their own, or that of a notice in the library."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from chapter_pipeline.domain.library import DocumentRecord

_OWN = re.compile(r"^\W*retracted(?: (?:article|paper|publication))?\s*[:.\])–—-]|[\[(]\s*retracted\s*[\])]", re.IGNORECASE)  # fmt: skip
_NOTICE = re.compile(
    r"^\W*(?:(?:notice|statement|note) of retraction\b|retraction (?:notice|note|statement)\b|retraction\s?[:.–—]|"
    r"retraction (?:to|of|for)\s?[:“”\"‘'])",
    re.IGNORECASE,
)
SHORTEST = 20
"""Letters and digits of a title that a notice is held against; a shorter one may stand in another by chance."""


def is_notice(title: str | None) -> bool:
    """Whether a document is the notice of a retraction: it reports nothing of its own."""
    return title is not None and _NOTICE.match(title) is not None


def retracted(records: Sequence[DocumentRecord], *, normalised: Callable[[str], str]) -> frozenset[str]:
    """The keys of the documents that are retracted; `normalised` makes two printings of one title equal."""
    notices = [normalised(record.title) for record in records if record.title and is_notice(record.title)]
    withdrawn = [
        normalised(_OWN.sub("", record.title)) for record in records if _says_so(record.title) and record.title
    ]
    named = [*notices, *(title for title in withdrawn if len(title) >= SHORTEST)]
    return frozenset(
        record.key
        for record in records
        if _says_so(record.title)
        or (
            record.title
            and not is_notice(record.title)
            and len(own := normalised(record.title)) >= SHORTEST
            and any(own in title for title in named)
        )
    )


def _says_so(title: str | None) -> bool:
    return title is not None and _OWN.search(title) is not None

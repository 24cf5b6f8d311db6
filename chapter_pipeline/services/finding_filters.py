"""Owns what a person writes to choose findings: words become a filter, or one clear error that names what is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Direction, FindingKind, Species
from chapter_pipeline.errors import UsageError
from chapter_pipeline.shown import shown
from chapter_pipeline.storage.findings import FindingFilter

DESIGNS: Mapping[str, StudyType] = {
    "meta-analysis": StudyType.META_ANALYSIS,
    "rct": StudyType.RANDOMISED_TRIAL,
    "clinical-trial": StudyType.CLINICAL_TRIAL,
    "cohort": StudyType.COHORT,
    "case-series": StudyType.CASE_SERIES,
    "review": StudyType.REVIEW,
    "protocol": StudyType.PROTOCOL,
    "animal": StudyType.ANIMAL,
    "laboratory": StudyType.LABORATORY,
    "not-stated": StudyType.UNKNOWN,
}
"""The short names of designs; their names in a bibliographic record are understood too."""
OTHER_DESIGNS = {"systematic-review": StudyType.META_ANALYSIS, "case-report": StudyType.CASE_SERIES}
KINDS = {kind.value.replace(" ", "_"): kind for kind in FindingKind}
SPECIES = {one.value: one for one in Species}
DIRECTIONS = {
    "increased": Direction.INCREASED,
    "decreased": Direction.DECREASED,
    "no-difference": Direction.NO_DIFFERENCE,
    "not-stated": Direction.NOT_STATED,
}
_LEVELS = re.compile(r"([1-5])(?:-([1-5]))?")
Value = TypeVar("Value", bound=StrEnum)


def finding_filter(
    *,
    designs: Sequence[str] = (),
    levels: Sequence[str] = (),
    kinds: Sequence[str] = (),
    species: Sequence[str] = (),
    directions: Sequence[str] = (),
    outcome: str | None = None,
    main: bool = False,
) -> FindingFilter:
    """The filter that these words mean. A level is ``2`` or ``1-3``. Raises `UsageError` for a word that means nothing."""
    if outcome is not None and not outcome.strip():
        raise UsageError("the outcome is blank: give a word of it, for example --outcome survival")
    return FindingFilter(
        designs=_all("design", designs, DESIGNS, OTHER_DESIGNS),
        levels=tuple(sorted({level for one in levels for level in _levels(one)})),
        kinds=_all("kind", kinds, KINDS),
        species=_all("species", species, SPECIES),
        directions=_all("direction", directions, DIRECTIONS),
        outcome=None if outcome is None else outcome.strip().replace("\x00", " "),
        main=main,
    )


def _all(
    what: str, given: Sequence[str], named: Mapping[str, Value], others: Mapping[str, Value] | None = None
) -> tuple[Value, ...]:
    known = {_plain(one.value): one for one in named.values()} | {_plain(one.name): one for one in named.values()}
    known |= {_plain(name): one for name, one in {**(others or {}), **named}.items()}
    found = dict.fromkeys(known.get(_plain(word)) or _unknown(what, word, named) for word in given)
    return tuple(found)


def _unknown(what: str, word: str, named: Mapping[str, Value]) -> Value:
    raise UsageError(f"there is no {what} {shown(word)}: choose from {', '.join(named)}")


def _levels(text: str) -> range:
    found = _LEVELS.fullmatch(text.strip())
    if found is None or (first := int(found[1])) > (last := int(found[2] or found[1])):
        raise UsageError(
            f"there is no level of evidence {shown(text)}: choose from 1, 2, 3, 4, 5, or a range such as 1-3"
        )
    return range(first, last + 1)


def _plain(word: str) -> str:
    return " ".join(re.split(r"[\s_-]+", word.strip().casefold()))

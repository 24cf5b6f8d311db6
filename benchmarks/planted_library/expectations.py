"""Owns what a case of the planted libraries is, and whether a gap report tells its fault."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.planted_library.articles import Article
from chapter_pipeline.domain import BriefRequest, Closer, Gap, GapType, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The gap that a report has to have: its type, its levels, who closes it, and all that its text names.

    `printed`: where the chapter itself prints all of these, the fault did no harm and no gap is asked for.
    `false_names`: what a gap of that type names that would be false for the control; default `names`.
    """

    type: GapType
    severity: tuple[Severity, ...]
    closed_by: Closer
    names: tuple[str, ...]
    printed: tuple[str, ...] = ()
    false_names: tuple[str, ...] = ()

    def is_told(self, gap: Gap) -> bool:
        return (
            gap.type is self.type
            and gap.severity in self.severity
            and gap.closed_by is self.closed_by
            and _names(gap, self.names)
        )

    def is_told_falsely(self, gap: Gap) -> bool:
        """Of a gap of the control: whether it says what is not so there, whatever its level."""
        return gap.type is self.type and _names(gap, self.false_names or self.names)


def _names(gap: Gap, names: tuple[str, ...]) -> bool:
    said = f"{gap.description} {gap.recommendation}".casefold()
    return all(name.casefold() in said for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A library with a fault, the same without it, and the gap that only the first one has."""

    name: str
    request: BriefRequest
    faulty: tuple[Article, ...]
    control: tuple[Article, ...]
    expected: Expected

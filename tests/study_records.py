"""Owns study records made by hand for tests of what stores, finds and shows them."""

from __future__ import annotations

from chapter_pipeline.domain.document import PageSpan, StudyType
from chapter_pipeline.domain.evidence import (
    Cited,
    Direction,
    Effect,
    Finding,
    FindingKind,
    Population,
    Span,
    SpanSource,
    Species,
    StudyRecord,
)

TRIAL = "Carmustine wafers in glioma\n\nMedian survival was 13.9 months with wafers and 11.6 months with placebo.\n\nInfections were rare."
SERIES = "Shunts in children\n\nInfection of the shunt was seen in 6 of 88 children.\n\nThe valve was placed first."


def span(text: str, *, page: int = 1, passage: int | None = 1, source: SpanSource = SpanSource.TEXT) -> Span:
    places = (PageSpan(page=page, start=0, end=len(text)),) if passage is not None else ()
    return Span(source=source, text=text, page=page, places=places, passage=passage, headings=("Results",))


def trial_record(*, version: str = "1") -> StudyRecord:
    """Of the document `TRIAL`: a main result, a table row, and a background statement."""
    return StudyRecord(
        design=StudyType.RANDOMISED_TRIAL, level=2, population=Population(condition="glioma", n=240),
        arms=("carmustine wafer", "placebo"), version=version, notes=("the setting is not stated",),
        findings=(
            Finding(
                ordinal=0, kind=FindingKind.OWN_RESULT, main=True, species=Species.HUMAN, disease="glioma",
                intervention="carmustine wafer", comparator="placebo", outcome="median survival",
                direction=Direction.INCREASED, effects=(Effect(value="13.9 vs 11.6", unit="months"),), p=("P=0.03",),
                spans=(span("Median survival was 13.9 months with wafers and 11.6 months with placebo."),),
            ),
            Finding(
                ordinal=1, kind=FindingKind.OWN_RESULT, species=Species.HUMAN, outcome="wound healing",
                direction=Direction.NO_DIFFERENCE,
                effects=(Effect(measure="HR", value="-0.68", low="-0.9", high="-0.4"), Effect(value="5", unit="%")),
                spans=(span("Wound healing | 5 | 6", passage=None, source=SpanSource.TABLE),),
            ),
            Finding(
                ordinal=2, kind=FindingKind.BACKGROUND, species=Species.HUMAN,
                cited=(Cited(number=3, title="An earlier trial", year=1995),),
                spans=(span("Infections were rare.", passage=2),),
            ),
        ),
    )  # fmt: skip


def series_record() -> StudyRecord:
    """Of the document `SERIES`: a result, and an operative step."""
    return StudyRecord(
        design=StudyType.CASE_SERIES, level=4,
        findings=(
            Finding(
                ordinal=0, kind=FindingKind.OWN_RESULT, species=Species.HUMAN, outcome="infection",
                spans=(span("Infection of the shunt was seen in 6 of 88 children."),),
            ),
            Finding(
                ordinal=1, kind=FindingKind.OPERATIVE_STEP, species=Species.ANIMAL,
                spans=(span("The valve was placed first.", passage=2),),
            ),
        ),
    )  # fmt: skip

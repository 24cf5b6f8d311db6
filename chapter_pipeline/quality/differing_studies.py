"""Owns the gap of studies on one question that disagree: who states what, where, and which side the chapter shows."""

from __future__ import annotations

from collections.abc import Iterator

from chapter_pipeline.domain import Closer, Gap, GapType, Severity
from chapter_pipeline.quality.disagreements import Pair, Result, disagreements
from chapter_pipeline.quality.gap_inputs import Inputs, called, keys
from chapter_pipeline.quality.study_gaps import CONTROLLED, in_scope, is_told, shown, states, where

MOST = 10
"""Disagreements that a report tells."""


def differing_studies(inputs: Inputs) -> Iterator[Gap]:
    """A gap for every two studies on the topic that disagree; an editor weighs them, so a person closes it.

    Its evidence are the quotes at hand of the side that the chapter does not show.
    """
    for pair in disagreements(in_scope(inputs), inputs.records)[:MOST]:
        sides = (pair.first, pair.second)
        shown = [is_told(side.finding, side.source.key, inputs) for side in sides]
        lacking = [side for side, is_shown in zip(sides, shown, strict=True) if not is_shown]
        quotes = [
            quote
            for side in lacking
            for quote in inputs.evidence.quotes
            if quote.source == side.source.key and states(quote, side.finding.statement)
        ]
        home = next((kind for quote in quotes for kind in [inputs.home_of(quote.source)[0]] if kind), None)
        yield Gap(
            type=GapType.CRITICAL_INFORMATION,
            severity=_severity(pair),
            description=f"Studies disagree on {pair.about} ({pair.how.value}): {_stated(pair.first)}; "
            f"{_stated(pair.second)}.{_differing(pair)}",
            recommendation=_remedy(pair, lacking),
            section=home,
            evidence=keys(quotes),
            closed_by=Closer.PERSON,
        )


def _severity(pair: Pair) -> Severity:
    """High between controlled studies; medium where one is weaker, or where doses or time points differ as well."""
    controlled = all(side.source.evidence_level <= CONTROLLED for side in (pair.first, pair.second))
    return Severity.HIGH if controlled and not pair.differing else Severity.MEDIUM


def _stated(result: Result) -> str:
    return f"{called(result.source)}, {where(result.finding.statement)}: {shown(result.finding.statement)}"


def _differing(pair: Pair) -> str:
    return f" Their {' and '.join(pair.differing)} differ as well." if pair.differing else ""


def _remedy(pair: Pair, lacking: list[Result]) -> str:
    names = f"{called(pair.first.source)} and {called(pair.second.source)}"
    if not lacking:
        return f"Weigh {names} against each other, and say in the text why they may differ."
    absent = " and ".join(called(side.source) for side in lacking)
    return f"Show both sides: {absent} {'is' if len(lacking) == 1 else 'are'} not told. Then weigh {names}."

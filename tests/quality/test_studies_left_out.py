"""A controlled study on the topic whose main finding a chapter lacks is a gap."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain import Gap, Quote, Severity
from chapter_pipeline.domain.evidence import FindingKind
from chapter_pipeline.quality.study_gaps import ON_TOPIC, study_gaps
from tests.quality.gap_inputs import gap_inputs, quote, section, source

LACKED = "The main finding of a"
NOT_CITED = "not cited: Study of lind"


def main(key: str, *, kind: FindingKind = FindingKind.OWN_RESULT) -> Quote:
    return quote(key, fits={"outcomes": 0.9}).model_copy(update={"main": True, "finding": kind})


def left_out(*, cites: tuple[str, ...] = (), table: tuple[str, ...] = (), **of_source: object) -> list[Gap]:
    inputs = gap_inputs(
        section("outcomes", cites=cites, table=table),
        quotes=(main("found"), main("concluded", kind=FindingKind.CONCLUSION), quote("told")),
        sources=(source("lind", **of_source),),  # type: ignore[arg-type]
        budgets={"outcomes": 500},
    )
    return [gap for gap in study_gaps(inputs) if LACKED in gap.description or NOT_CITED in gap.description]


@pytest.mark.parametrize(("level", "severity"), [(2, Severity.CRITICAL), (3, Severity.HIGH)])
def test_study_gaps__main_finding_lacks__is_a_gap_of_its_level(level: int, severity: Severity) -> None:
    (gap,) = left_out(cites=("told", "concluded"), level=level)
    assert gap.severity is severity
    assert gap.description.startswith(LACKED)
    assert gap.description.endswith("is not in the chapter: Study of lind")
    assert (gap.section, gap.evidence) == ("outcomes", ("found",))


@pytest.mark.parametrize("told", [{"cites": ("found",)}, {"table": ("found",)}])
def test_study_gaps__main_finding_told__is_none(told: dict[str, tuple[str, ...]]) -> None:
    assert left_out(level=2, **told) == []


@pytest.mark.parametrize(
    "study", [{"level": 4}, {"level": 2, "document": False}, {"level": 2, "relevance": ON_TOPIC - 0.01}]
)
def test_study_gaps__weaker_absent_or_off_topic__is_none(study: dict[str, object]) -> None:
    assert left_out(**study) == []  # type: ignore[arg-type]


def test_study_gaps__strong_study_without_main_findings__is_a_gap_until_cited() -> None:
    def gaps(cites: tuple[str, ...]) -> list[Severity]:
        inputs = gap_inputs(
            section("outcomes", cites=cites), quotes=(quote("told"),), sources=(source("lind", level=2),)
        )
        return [gap.severity for gap in study_gaps(inputs) if NOT_CITED in gap.description]

    assert gaps(()) == [Severity.MEDIUM]
    assert gaps(("told",)) == []

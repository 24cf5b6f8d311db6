"""The gates of a chapter: what stops it, and what is only shown."""

from __future__ import annotations

import dagster as dg
import pytest
from dagster import ExecuteInProcessResult

from assets.quality import GAP_CHECKS
from chapter_pipeline.domain import Gap, GapType, Severity
from tests.code_location import GLIOMA, SLUG, Location, failure_told


def _check(result: ExecuteInProcessResult, name: str) -> dg.AssetCheckEvaluation:
    return next(one for one in result.get_asset_check_evaluations() if one.check_name == name)


def test_write_chapter__sound__passes_every_blocking_gate_and_publishes(location: Location) -> None:
    location.add_documents(GLIOMA)
    result = location.write()
    assert result.success
    failed = [one.check_name for one in result.get_asset_check_evaluations() if not one.passed]
    assert failed == []
    assert [version.number for version in location.chapters.versions(SLUG)] == [1]


@pytest.mark.parametrize(
    ("fault", "check", "stops_before"),
    [
        ("retracted", "has_sources_none_retracted", "evidence_map"),
        ("misquoted", "quotes_are_verbatim", "chapter_outline"),
        ("uncited", "claims_are_cited", "chapter_draft"),
    ],
)
def test_write_chapter__fault_that_blocks__stops_before_what_would_build_on_it(
    location: Location, fault: str, check: str, stops_before: str
) -> None:
    location.add_documents(GLIOMA)
    setattr(location.stages, fault, True)
    result = location.write()
    assert not result.success
    # Sections are checked one by one, in the order in which they are done.
    assert check in [one.check_name for one in result.get_asset_check_evaluations() if not one.passed]
    assert location.materialized(stops_before) == set()
    assert location.chapters.versions(SLUG) == []


def test_write_chapter__empty_library__says_that_documents_are_missing(location: Location) -> None:
    result = location.write()
    description, metadata = failure_told(result)
    assert "ingest documents first" in description
    assert metadata["error"] == "NoRelevantPassages"


@pytest.mark.parametrize(
    ("severity", "expected"),
    [(Severity.CRITICAL, dg.AssetCheckSeverity.ERROR), (Severity.MEDIUM, dg.AssetCheckSeverity.WARN)],
)
def test_gap_checks__a_gap__fails_its_own_dimension_and_publishes_nevertheless(
    location: Location, severity: Severity, expected: dg.AssetCheckSeverity
) -> None:
    location.add_documents(GLIOMA)
    location.stages.gaps = (
        Gap(
            type=GapType.TEMPORAL_COVERAGE,
            severity=severity,
            description="nothing recent | at all",
            recommendation="search since 2021",
        ),
    )
    location.stages.requires_revision = severity is Severity.CRITICAL
    result = location.write()
    assert result.success
    gap = _check(result, "temporal_coverage")
    assert (gap.passed, gap.severity) == (False, expected)
    assert _check(result, "source_coverage").passed
    assert _check(result, "needs_no_revision").passed is not location.stages.requires_revision
    assert len(location.chapters.versions(SLUG)) == 1


def test_sources_table__expectations__are_told_as_a_table(location: Location) -> None:
    location.add_documents(GLIOMA)
    result = location.write()
    told = str(_check(result, "sources_table_is_sound").metadata["expectations"].value)
    assert "column values to be unique" in told
    assert "NO" not in told


def test_gap_checks__every_dimension__has_one() -> None:
    assert set(GAP_CHECKS) == set(GapType)

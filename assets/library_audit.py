"""Owns the check `text_is_complete`: what the audit of each document's text found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dagster as dg

from assets.metadata import or_none

LISTED = 200
TEXT_AUDIT = dg.AssetCheckSpec(
    "text_is_complete",
    asset="document_text",
    description="No words are lost, the reference list is one, and no sign stands for another; what to check by eye is listed.",
)


def text_audit(findings: Mapping[str, Sequence[str]]) -> dg.AssetCheckResult:
    """Passes when the audit found nothing; `findings` by document, those without included. Never more than a warning."""
    rows = [[document, one] for document, found in findings.items() for one in found]
    return dg.AssetCheckResult(
        asset_key=TEXT_AUDIT.asset_key,
        check_name=TEXT_AUDIT.name,
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "documents looked at": len(findings),
            "documents with findings": sum(bool(found) for found in findings.values()),
            "findings": or_none(["Document", "To check by eye"], rows[:LISTED]),
        },
    )

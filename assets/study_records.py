"""Owns how a study record is shown to operators: the evidence table of a document, and the check of a run's records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import dagster as dg

from assets.metadata import bullets, md, or_none
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import RULES, Finding, FindingKind, StudyRecord
from chapter_pipeline.publishing.evidence_table import effects_text, page_cell
from chapter_pipeline.storage.study_records import RecordSummary
from chapter_pipeline.writing.rendering import escaped, table

LISTED = 200
"""Most documents that the check names."""
MAIN_FINDINGS = 40
"""Most main findings that the table of a document shows: events are never deleted."""
PRIMARY = frozenset(
    {
        StudyType.META_ANALYSIS, StudyType.RANDOMISED_TRIAL, StudyType.CLINICAL_TRIAL, StudyType.COHORT,
        StudyType.CASE_SERIES, StudyType.ANIMAL, StudyType.LABORATORY,
    }
)  # fmt: skip
"""Designs that have results of their own to report."""
FINDINGS = dg.AssetCheckSpec(
    "study_records_have_findings",
    asset="study_records",
    description="Every document of a design that has results of its own has at least one of them in its study record.",
)


def about_record(record: StudyRecord) -> dict[str, Any]:
    """Metadata of a materialization: study, design, level, n, findings by kind, and the table of the main findings."""
    population = record.population
    main = record.main_findings
    shown = main[:MAIN_FINDINGS]
    return {
        "design": record.design.value,
        "level": record.level,
        "setting": record.setting or "not stated",
        "condition": population.condition or "not stated",
        "species": population.species.value,
        "n": population.n if population.n is not None else "not stated",
        "arms": "; ".join(record.arms) or "not stated",
        "made by": record.origin,
        "findings by kind": md(kinds_table(Counter(finding.kind for finding in record.findings))),
        "main findings": or_none(
            ["Page", "Intervention", "Comparator", "Outcome", "Direction", "Effect", "p", "Text"],
            [_cells(finding) for finding in shown],
        ),
        **({"main findings not shown": len(main) - len(shown)} if len(main) > len(shown) else {}),
        **about_filling(record),
        **({"notes": md(bullets([escaped(note) for note in record.notes]))} if record.notes else {}),
    }


def about_filling(record: StudyRecord) -> dict[str, Any]:
    """Metadata of what a model filled: its findings, and what of its reply was dropped; or why none filled it."""
    if record.unfilled is not None:
        return {"not filled by a model": record.unfilled}
    if record.made_by == RULES:
        return {}
    named = sum(finding.made_by is not None for finding in record.findings)
    dropped = [[one.what, one.reason, str(one.count)] for one in record.dropped]
    return {
        "findings by the model": named,
        "findings by rules": len(record.findings) - named,
        "dropped": sum(one.count for one in record.dropped),
        "dropped by field": or_none(["Field", "Reason", "Number"], dropped),
    }


def study_records_check(records: Mapping[str, RecordSummary | None]) -> dg.AssetCheckResult:
    """Passes when every record of a primary study has a result of its own; `records` by document. Never more than a warning."""
    made = [record for record in records.values() if record is not None]
    missing = [key for key, record in records.items() if record is None]
    without = [
        [key, record.design.value, str(record.count), "; ".join(record.notes)]
        for key, record in records.items()
        if record is not None and record.design in PRIMARY and not record.findings.get(FindingKind.OWN_RESULT)
    ]
    kinds = sum((Counter(record.findings) for record in made), Counter[FindingKind]())
    return dg.AssetCheckResult(
        asset_key=FINDINGS.asset_key,
        check_name=FINDINGS.name,
        passed=not without and not missing,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "documents looked at": len(records),
            "study records": len(made),
            "findings": kinds.total(),
            "main findings": sum(record.main for record in made),
            "findings by kind": md(kinds_table(kinds)),
            "filled by": md(_counted("Filled by", Counter(record.made_by for record in made))),
            "dropped of what models said": sum(record.dropped for record in made),
            "not filled by a model": or_none(
                ["Document", "Reason"],
                [[key, one.unfilled] for key, one in records.items() if one is not None and one.unfilled][:LISTED],
            ),
            "designs": md(_counted("Design", Counter(record.design.value for record in made))),
            "without a result of their own": or_none(["Document", "Design", "Findings", "Notes"], without[:LISTED]),
            "without a study record": md(bullets(missing, limit=LISTED)),
        },
    )


def kinds_table(counts: Mapping[FindingKind, int]) -> str:
    """How many findings are of which kind, as a Markdown table; "none" without any."""
    return _counted("Kind", {kind.value: counts[kind] for kind in FindingKind if counts.get(kind)})


def _counted(what: str, counts: Mapping[str, int]) -> str:
    return table([what, "Number"], [[name, str(count)] for name, count in counts.items()]) if counts else "none"


def _cells(finding: Finding) -> list[str]:
    return [
        str(page_cell(finding)), finding.intervention or "", finding.comparator or "", finding.outcome or "", finding.direction.value,
        effects_text(finding.effects), "; ".join(finding.p), finding.text,
    ]  # fmt: skip

"""Owns the check `document_inventory`, which covers the whole library in every run.

It is a check of `source_document`, because that asset stands for the delivered files.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from assets.metadata import md, or_none
from chapter_pipeline.services.inventory import FileState, InventoryItem, summary
from chapter_pipeline.writing.rendering import table

LISTED = 200
"""Most files that the table lists; the counts include all files."""
INVENTORY = dg.AssetCheckSpec(
    "document_inventory",
    asset="source_document",
    description="Every file of the bucket is in the library as it is now; what is not is listed with the reason and the remedy.",
)


def document_inventory(items: Sequence[InventoryItem]) -> dg.AssetCheckResult:
    """Passes when every file is in the library. A missing file is an error; a waiting or refused file is a warning."""
    missing = [item for item in items if item.state is not FileState.STORED]
    lost = any(item.state is FileState.FILE_GONE for item in missing)
    counts = summary(items)
    rows = [[item.name, item.state.value, item.why, item.remedy] for item in missing]
    return dg.AssetCheckResult(
        asset_key=INVENTORY.asset_key,
        check_name=INVENTORY.name,
        passed=not missing,
        severity=dg.AssetCheckSeverity.ERROR if lost else dg.AssetCheckSeverity.WARN,
        metadata={
            "files": len(items),
            "states": md(table(["State", "Files"], [[state.value, str(count)] for state, count in counts.items()])),
            "not in the library": or_none(["File", "State", "Why", "What helps"], rows[:LISTED]),
            **({"not listed": len(rows) - LISTED} if len(rows) > LISTED else {}),
        },
    )

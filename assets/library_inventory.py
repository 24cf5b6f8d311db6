"""Owns the check `document_inventory`: one look at the whole library, whatever a run was about.

It belongs to `source_document`, and not to an asset of its own: it makes nothing, and an operator looks for what is
missing where the files are.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from assets.metadata import md, or_none
from chapter_pipeline.services.inventory import FileState, InventoryItem, summary
from chapter_pipeline.writing.rendering import table

LISTED = 200
"""Files that the table names; the counts are of all."""
INVENTORY = dg.AssetCheckSpec(
    "document_inventory",
    asset="source_document",
    description="Every file of the bucket is in the library as it is now; what is not is listed with the reason and the remedy.",
)


def document_inventory(items: Sequence[InventoryItem]) -> dg.AssetCheckResult:
    """Passed when all is in the library. A file that is gone is an error; what waits or was refused is a warning."""
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

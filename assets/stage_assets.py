"""What the assets of the fourteen stages have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import dagster as dg

from assets.partitions import CHAPTERS
from chapter_pipeline.domain import StageValue
from chapter_pipeline.storage.artifacts import content_hash

ValueT = TypeVar("ValueT", bound=StageValue)

OWNERS = ["team:authors"]


def stage_asset(
    *, number: int, group: str, kinds: set[str], code_version: str = "1", deps: Sequence[dg.AssetKey | dg.AssetDep] = ()
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`dg.asset` for stage `number` of the fourteen: partitioned by chapter, kept in `artifacts`.

    For assets in `stage_table.STAGES`, `chapter_pipeline.definitions` replaces the code version by the table's.
    """
    return dg.asset(
        deps=deps,
        partitions_def=CHAPTERS,
        group_name=group,
        io_manager_key="artifacts_io",
        code_version=code_version,
        kinds=kinds,
        owners=OWNERS,
        tags={"chapter_pipeline/stage": f"{number:02}"},
    )


def stage_result(value: ValueT, metadata: Mapping[str, Any]) -> dg.MaterializeResult[ValueT]:
    """`value` with its content hash as data version, so that an identical value leaves the assets after it fresh."""
    return dg.MaterializeResult(
        value=value, data_version=dg.DataVersion(content_hash(value.model_dump(mode="json"))), metadata=metadata
    )

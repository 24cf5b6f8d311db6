"""Owns where chapter values are kept between stages: the append-only table `artifacts`; it never changes a version."""

from __future__ import annotations

import dagster as dg

from chapter_pipeline.domain import StageValue
from resources.chapters import ChaptersResource


def asset_name(key: dg.AssetKey) -> str:
    """``section/introduction`` for ``AssetKey(["section", "introduction"])``: the name in `artifacts`."""
    return "/".join(key.path)


class ArtifactsIOManager(dg.ConfigurableIOManager):
    """Reads the newest version of a value by its type annotation, and appends a version when the value is new."""

    chapters: ChaptersResource

    def handle_output(self, context: dg.OutputContext, obj: StageValue) -> None:
        """Append `obj`, unless the newest version is the same."""
        stored = self.chapters.artifacts().put(
            asset_name(context.asset_key), context.partition_key, obj, run_id=context.run_id
        )
        context.add_output_metadata(
            {
                "version": stored.version,
                "new version": stored.created,
                "sha256": stored.sha256,
                "written by run": dg.MetadataValue.dagster_run(stored.run_id or context.run_id),
            }
        )

    def load_input(self, context: dg.InputContext) -> StageValue:
        """The newest version of the upstream value, as the type that the asset's parameter names."""
        model = context.dagster_type.typing_type
        if not (isinstance(model, type) and issubclass(model, StageValue)):
            raise TypeError(f"{context.asset_key.to_user_string()!r} is loaded as {model!r}: annotate the parameter")
        return self.chapters.artifacts().get(asset_name(context.asset_key), context.partition_key, model)

"""Owns the IO manager of chapter values: it appends to the table `artifacts` and never changes a stored version."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
from pydantic import PrivateAttr

from chapter_pipeline.domain import StageValue
from chapter_pipeline.domain.usage import STAGES as ASKING_STAGES
from chapter_pipeline.domain.usage import TaskUsage, total
from chapter_pipeline.services.costs import usage
from chapter_pipeline.writing.rendering import table
from chapter_pipeline.writing.stage_table import STAGES
from resources.chapters import ChaptersResource
from resources.currency import CurrencyResource

FINGERPRINT = "made from"
"""Metadata of a value: the fingerprint of what it was made from."""

ASKING = frozenset(ASKING_STAGES.values())
"""The stages that call text models."""
USAGE_COLUMNS = ("Task", "Provider", "Model", "Calls", "Tokens in", "Tokens out", "USD", "Seconds", "Fallbacks")


def asset_name(key: dg.AssetKey) -> str:
    """``section/introduction`` for ``AssetKey(["section", "introduction"])``: the name in `artifacts`."""
    return "/".join(key.path)


def usage_metadata(paid: Sequence[TaskUsage], answers: Sequence[TaskUsage]) -> dict[str, dg.MetadataValue]:
    """The usage of an asset in a run, and the providers that failed before the `answers` in its value."""
    spent = total(paid)
    reasons = dict.fromkeys(reason for answer in answers for reason in answer.fallbacks)
    return {
        "cost (USD)": dg.MetadataValue.float(float(spent.cost_usd)),
        "tokens in": dg.MetadataValue.int(spent.input_tokens),
        "tokens out": dg.MetadataValue.int(spent.output_tokens),
        "latency (s)": dg.MetadataValue.float(round(spent.latency_s, 2)),
        "fallbacks": dg.MetadataValue.text("; ".join(reasons) or "none"),
    }


def usage_table(lines: Sequence[TaskUsage]) -> dg.MarkdownMetadataValue:
    """The usage of text models in a run, by task, provider and model."""
    rows = [
        [
            line.task, line.provider, line.model, str(line.usage.calls), str(line.usage.input_tokens),
            str(line.usage.output_tokens), f"{line.usage.cost_usd:.4f}", f"{line.usage.latency_s:.1f}",
            "; ".join(line.fallbacks) or "none",
        ]
        for line in lines
    ]  # fmt: skip
    return dg.MetadataValue.md(table(USAGE_COLUMNS, rows) if rows else "none")


class ArtifactsIOManager(dg.ConfigurableIOManager):
    """Reads the newest version of a value by its type annotation, and appends a version when the value is new.

    A value is stored with the fingerprint of its inputs, computed before the stage starts: an input that changes while
    the stage runs makes the value stale.
    """

    chapters: ChaptersResource
    currency: CurrencyResource
    _begun: dict[tuple[str, str], str] = PrivateAttr(default_factory=dict)

    def handle_output(self, context: dg.OutputContext, obj: StageValue) -> None:
        """Append `obj`, unless the newest version has the same content and fingerprint."""
        name = asset_name(context.asset_key)
        from_stage = context.output_metadata.get(FINGERPRINT)  # the stage computed the fingerprint itself
        begun = self._begun.pop((context.run_id, name), None)
        fingerprint = str(getattr(from_stage, "value", from_stage)) if from_stage is not None else begun
        stored = self.chapters.artifacts().put(
            name, context.partition_key, obj, run_id=context.run_id, fingerprint=fingerprint
        )
        context.add_output_metadata(
            {
                "version": stored.version,
                "new version": stored.created,
                "sha256": stored.sha256,
                "written by run": dg.MetadataValue.dagster_run(stored.run_id or context.run_id),
                **({FINGERPRINT: fingerprint} if from_stage is None and fingerprint is not None else {}),
            }
        )
        if name in ASKING:
            database = self.chapters.database()
            lines = usage(database, chapter=context.partition_key, stage=name, run_ids=[context.run_id])
            context.add_output_metadata({**usage_metadata(lines, lines), "text models": usage_table(lines)})

    def load_input(self, context: dg.InputContext) -> StageValue:
        """The newest version of the upstream value, as the type that the asset's parameter names."""
        model = context.dagster_type.typing_type
        if not (isinstance(model, type) and issubclass(model, StageValue)):
            raise TypeError(f"{context.asset_key.to_user_string()!r} is loaded as {model!r}: annotate the parameter")
        self._begin(context)
        return self.chapters.artifacts().get(asset_name(context.asset_key), context.partition_key, model)

    def _begin(self, context: dg.InputContext) -> None:
        """Compute the fingerprint of the loading stage at its first input; asset checks have no fingerprint."""
        stage, run_id = context.op_def.name, context.step_context.run_id
        if stage in STAGES and (run_id, stage) not in self._begun:
            self._begun[run_id, stage] = self.currency.open().fingerprint(context.partition_key, stage)

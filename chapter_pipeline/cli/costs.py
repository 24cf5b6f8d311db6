"""Owns the commands on what a chapter will cost and has cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from chapter_pipeline.cli.console import print_json, print_table, say
from chapter_pipeline.cli.context import context
from chapter_pipeline.domain.usage import StageUsage, TaskUsage, by_stage, total

Slug = Annotated[str, typer.Argument(help="The chapter's name.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def estimate(slug: Slug, json: Json = False) -> None:
    """What writing a chapter will cost, by stage and section, with the providers that are set."""
    with context() as opened:
        found = opened.costs.estimate(slug)
    writer, usd, most = found.provider, found.usd, found.most_usd
    if json:
        calls = [
            {
                "stage": one.expected.stage, "purpose": one.expected.task, "section": one.expected.section, "provider": one.expected.provider,
                "model": one.expected.model, "input_tokens": one.expected.usage.input_tokens,
                "output_tokens": one.expected.usage.output_tokens, "usd": float(one.expected.usage.cost_usd),
                "most_usd": float(one.most_usd),
            }
            for one in found.calls
        ]  # fmt: skip
        told = {"usd": float(usd), "most_usd": float(most), "revision_rounds": found.rounds, "stopped": found.stopped}
        print_json({"slug": slug, "provider": writer, **told, "calls": calls})
        return
    if writer == "extractive":
        say(f"nothing: the {writer} writer asks no provider")
        return
    if not found.calls and not found.stopped:
        say("nothing: all that it would ask is answered already")
        return
    rows = [
        (one.expected.stage, _model(one.expected), one.expected.usage.calls, _tokens(one.expected),
         f"{one.expected.usage.cost_usd:.4f}", f"{one.most_usd:.4f}")
        for one in found.calls
    ]  # fmt: skip
    columns = ["Stage", "Model", "Calls", "Tokens in, out", "USD", "At most"]
    print_table(f"{slug}: expected cost", columns, rows, whole="Stage")
    rounds = f", with {found.rounds} of revision" if found.rounds else ""
    say(
        f"about {usd:.2f} USD{rounds}, at the most {most:.2f}; the chapter's cap is {found.cap_usd}"
        f" (CHAPTER_BUDGET_CHAPTER_USD), of which {found.left_usd:.2f} are left"
    )
    if found.stopped:
        say(f"it will stop before it is written: {found.stopped}")


def cost(slug: Slug, json: Json = False) -> None:
    """What a chapter has cost so far, by stage, section, provider and model."""
    with context() as opened:
        lines = by_stage(opened.costs.of_chapter(slug))
    spent = total(lines)
    if json:
        calls = [
            {
                "stage": one.stage, "section": one.section, "tasks": one.tasks, "provider": one.provider,
                "model": one.model, **asdict(one.usage), "cost_usd": float(one.usage.cost_usd),
                "ambiguous_usd": float(one.usage.ambiguous_usd), "fallbacks": one.fallbacks,
            }
            for one in lines
        ]  # fmt: skip
        told = {"usd": float(spent.cost_usd), "ambiguous_usd": float(spent.ambiguous_usd)}
        print_json({"slug": slug, **told, "calls": calls})
        return
    if not lines:
        say("nothing: no provider was asked for it")
        return
    rows = [
        (one.stage, _model(one), one.usage.calls, _failed(one), _tokens(one), f"{one.usage.latency_s:.1f}",
         f"{one.usage.cost_usd:.4f}", "; ".join(one.fallbacks))
        for one in lines
    ]  # fmt: skip
    columns = ["Stage", "Model", "Calls", "Failed", "Tokens in, out", "Seconds", "USD", "Fallbacks"]
    print_table(f"{slug}: cost", columns, rows, whole="Stage")
    unsure = spent.ambiguous_usd
    say(
        f"{spent.cost_usd:.4f} USD"
        + (f", and at most {unsure:.4f} for calls whose answer never came" if unsure else "")
    )


def _failed(line: StageUsage) -> int:
    """The calls without an answer: refused, broken off or never answered."""
    return line.usage.failed + line.usage.ambiguous


def _model(line: TaskUsage | StageUsage) -> str:
    return line.model if line.provider in line.model else f"{line.provider} {line.model}"


def _tokens(line: TaskUsage | StageUsage) -> str:
    return f"{line.usage.input_tokens:,}, {line.usage.output_tokens:,}"

"""Owns the commands on what a chapter will cost and has cost."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from chapter_pipeline.cli.console import print_json, print_table, say
from chapter_pipeline.cli.context import context
from chapter_pipeline.domain import SectionPlans

Slug = Annotated[str, typer.Argument(help="The chapter's name.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def estimate(slug: Slug, json: Json = False) -> None:
    """What writing a chapter will cost, by stage and section, with the providers that are set."""
    from chapter_pipeline.providers.gateway import CallPolicy
    from chapter_pipeline.services.cost_estimates import estimates
    from chapter_pipeline.writing.brief import chapter_brief, request_from

    with context() as opened:
        request = request_from(opened.chapters.get(slug).request)
        brief = chapter_brief(slug, request, today=datetime.now(UTC).date())
        planned = opened.artifacts.latest("section_plans", slug)
        plans = opened.artifacts.get("section_plans", slug, SectionPlans) if planned else None
        found = estimates(brief, plans, settings=opened.settings, attempts=CallPolicy().attempts)
        writer, cap = opened.settings.writer, opened.settings.budget_chapter_usd
    total, most = sum(one.usd for one in found), sum(one.most_usd for one in found)
    if json:
        calls = [{**asdict(one), "usd": float(one.usd), "most_usd": float(one.most_usd)} for one in found]
        print_json({"slug": slug, "provider": writer, "usd": float(total), "most_usd": float(most), "calls": calls})
        return
    if not found:
        say(f"nothing: the {writer} writer asks no provider")
        return
    rows = [
        (
            one.purpose, one.section or "", _model(one.provider, one.model), _tokens(one.input_tokens, one.output_tokens),
            f"{one.usd:.4f}",
        )
        for one in found
    ]  # fmt: skip
    print_table(f"{slug}: expected cost", ["Stage", "Section", "Model", "Tokens in, out", "USD"], rows)
    say(f"about {total:.2f} USD, at the most {most:.2f}; the chapter's cap is {cap} (CHAPTER_BUDGET_CHAPTER_USD)")


def cost(slug: Slug, json: Json = False) -> None:
    """What a chapter has cost so far, by stage, section and provider."""
    with context() as opened:
        opened.chapters.get(slug)
        items = opened.text_models.ledger.of_chapter(slug)
    total = sum(one.spent.cost_usd for one in items)
    unsure = sum(one.spent.ambiguous_usd for one in items)
    if json:
        calls = [
            {
                "stage": one.purpose, "section": one.section, "provider": one.provider, "model": one.model,
                **asdict(one.spent), "cost_usd": float(one.spent.cost_usd),
                "ambiguous_usd": float(one.spent.ambiguous_usd),
            }
            for one in items
        ]  # fmt: skip
        print_json({"slug": slug, "usd": float(total), "ambiguous_usd": float(unsure), "calls": calls})
        return
    if not items:
        say("nothing: no provider was asked for it")
        return
    rows = [
        (
            one.purpose, one.section or "", _model(one.provider, one.model), one.spent.calls,
            _tokens(one.spent.input_tokens, one.spent.output_tokens), f"{one.spent.cost_usd:.4f}",
        )
        for one in items
    ]  # fmt: skip
    print_table(f"{slug}: cost", ["Stage", "Section", "Model", "Calls", "Tokens in, out", "USD"], rows)
    say(f"{total:.4f} USD" + (f", and at most {unsure:.4f} for calls whose answer never came" if unsure else ""))


def _model(provider: str, model: str) -> str:
    return model if provider in model else f"{provider} {model}"


def _tokens(sent: int, received: int) -> str:
    return f"{sent:,}, {received:,}"

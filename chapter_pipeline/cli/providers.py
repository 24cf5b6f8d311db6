"""Owns the commands on the providers of text: what state their circuit breakers are in, and deciding it by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from chapter_pipeline.cli.console import print_json, print_table, say
from chapter_pipeline.cli.context import context
from chapter_pipeline.services.circuit_breakers import Decision

app = typer.Typer(no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Name = Annotated[str, typer.Argument(help="claude, gpt, gemini or local.")]


@app.command("status")
def status(name: Annotated[str | None, typer.Argument(help="Only this provider.")] = None, json: Json = False) -> None:
    """The circuit breaker of each provider that was ever asked, or of one."""
    with context() as opened:
        found, order = opened.circuit_breakers.status(name), opened.circuit_breakers.order
    if json:
        print_json({provider: one.model_dump(mode="json") for provider, one in found.items()})
        return
    say(f"text model: {' then '.join(order) or 'extractive, without any provider'}")
    if not found:
        say("no provider was asked yet")
        return
    rows = [
        (
            provider, one.state.value, "" if one.success_rate is None else f"{one.success_rate:.0%}", one.total_calls,
            one.total_failures, f"{one.state_duration_s:.0f} s", one.reason,
        )
        for provider, one in found.items()
    ]  # fmt: skip
    print_table("Providers", ["Provider", "State", "Success", "Calls", "Failures", "For", "Reason"], rows)


@app.command("open")
def open_(name: Name, json: Json = False) -> None:
    """Send nothing to a provider until its breaker is closed or reset."""
    _decide(name, "open", json=json)


@app.command("close")
def close(name: Name, json: Json = False) -> None:
    """Let calls through again: the key is mended, the account filled."""
    _decide(name, "close", json=json)


@app.command("reset")
def reset(name: Name, json: Json = False) -> None:
    """Let calls through again and begin the provider's statistics anew."""
    _decide(name, "reset", json=json)


def _decide(name: str, decision: Decision, *, json: bool) -> None:
    with context() as opened:
        found = opened.circuit_breakers.decide(name, decision)
    if json:
        print_json({name: found.model_dump(mode="json")})
        return
    say(f"{name}: {found.state.value}")

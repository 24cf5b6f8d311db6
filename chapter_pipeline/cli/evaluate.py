"""Owns the commands that measure the product."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chapter_pipeline.cli.console import print_json, print_table, progress
from chapter_pipeline.cli.context import context

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Measure the product on benchmarks."""


@app.command()
def retrieval(
    corpus: Annotated[Path, typer.Option(help="corpus.jsonl of a BEIR data set.")],
    queries: Annotated[Path, typer.Option(help="queries.jsonl of the data set.")],
    qrels: Annotated[Path, typer.Option(help="Relevance judgements, tab separated.")],
    json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Measure the product's own search on a BEIR data set, in a scratch schema: the library is untouched."""
    from chapter_pipeline.services.retrieval_evaluation import evaluate

    with context() as opened, progress(quiet=json) as bars:
        task = bars.add_task("Evaluating", total=None)

        def advance(stage: str, done: int, total: int) -> None:
            bars.update(task, completed=done, total=total, description=f"Evaluating: {stage}")

        result = evaluate(
            corpus, queries, qrels, opened.settings, on_progress=advance, embedder=opened.library_embedder
        )
    if json:
        print_json(result)
        return
    metrics = list(next(iter(result.values())))
    rows = [[name, *(f"{values[metric]:.3f}" for metric in metrics)] for name, values in result.items()]
    print_table("Retrieval", ["Search", *metrics], rows)

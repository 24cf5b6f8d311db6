"""Owns the command on what the sections of a chapter ask."""

from __future__ import annotations

from typing import Annotated

import typer

from chapter_pipeline.cli.console import print_json, print_table, say
from chapter_pipeline.cli.context import context

Slug = Annotated[str, typer.Argument(help="The chapter's name.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def questions(slug: Slug, json: Json = False) -> None:
    """What the sections of a chapter ask, and by how many studies it is answered."""
    with context() as opened:
        found = opened.chapters.questions(slug)
    if json:
        for one in found:
            print_json(
                {**one.question.model_dump(mode="json"), "studies": one.studies, "has_table": one.has_table}
            )  # fmt: skip
        return
    if not found:
        say("none: no study of the topic in the library compares what its sections could ask for")
        return
    rows = [
        (
            one.question.section.replace("_", " "), one.question.perspective.value, one.question.text,
            "" if one.studies is None else str(one.studies), "yes" if one.has_table else "",
        )
        for one in found
    ]  # fmt: skip
    print_table(f"{slug}: questions", ["Section", "Perspective", "Question", "Studies", "Table"], rows)

"""Owns the `chapter-pipeline` program: its command tree, its exit codes and the border where errors become one line."""

from __future__ import annotations

import os
import sys

import typer

from chapter_pipeline.cli import chapters, documents, evaluate, operate
from chapter_pipeline.cli.console import fail
from chapter_pipeline.errors import ChapterPipelineError, NoRelevantPassages, UsageError

DONE, FAILED, BAD_USAGE = 0, 1, 2
INTERRUPTED = 130

app = typer.Typer(
    name="chapter-pipeline",
    help="Turns a library of medical PDFs into cited, gap-checked textbook chapters.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(operate.demo)
app.command()(operate.up)
app.command()(operate.doctor)
app.command()(documents.ingest)
app.command()(documents.search)
app.add_typer(documents.app, name="documents", help="The library's documents.")
app.add_typer(chapters.app, name="chapters", help="Chapters: ask for them, write them, read them, export them.")
app.add_typer(evaluate.app, name="evaluate", help="Measure the product on benchmarks.")


def main() -> None:
    """Run the program. Exit code 0 done, 1 failed, 2 bad usage; errors are one line on standard error."""
    try:
        app()
    except NoRelevantPassages as error:
        fail(str(error))
        sys.exit(FAILED)
    except UsageError as error:
        fail(str(error))
        sys.exit(BAD_USAGE)
    except ChapterPipelineError as error:
        fail(str(error))
        sys.exit(FAILED)
    except KeyboardInterrupt:
        fail("interrupted: what was finished is stored, the same command goes on from there")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output is gone (`| head`): say nothing, and keep Python from saying it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)

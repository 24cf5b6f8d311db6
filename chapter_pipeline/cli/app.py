"""Owns the `chapter-pipeline` program: its command tree, its exit codes, and how an error becomes one line."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from chapter_pipeline.addresses import without_secrets
from chapter_pipeline.cli import chapters, documents, evaluate, findings, operate, providers
from chapter_pipeline.cli.console import close_output, err, fail, say
from chapter_pipeline.errors import ChapterPipelineError, NoRelevantPassages, UsageError
from chapter_pipeline.settings import settings_from_environment
from chapter_pipeline.shown import shown_text
from chapter_pipeline.storage.home import PRIVATE, open_home

DONE, FAILED, BAD_USAGE = 0, 1, 2
INTERRUPTED = 130


class ReaderGone(Exception):
    """The reader of standard output has closed it."""


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error  # typer would end the process, with the exit code of a failure


app = typer.Typer(
    name="chapter-pipeline",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        say(f"chapter-pipeline {version('chapter-pipeline')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Name and version of the program.")
    ] = False,
) -> None:
    """Turns a library of medical PDFs into cited, gap-checked textbook chapters."""


app.command()(operate.demo)
app.command()(operate.up)
app.command()(operate.doctor)
app.command()(documents.ingest)
app.command()(documents.search)
app.add_typer(documents.app, name="documents", help="The library's documents.")
app.add_typer(findings.app, name="findings", help="The findings of the library's studies.")
app.add_typer(chapters.app, name="chapters", help="Chapters: ask for them, write them, read them, export them.")
app.add_typer(providers.app, name="providers", help="The text models' circuit breakers.")
app.add_typer(evaluate.app, name="evaluate", help="Measure the product on benchmarks.")


def run(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line: 0 done, 1 failed, 2 bad usage, 130 interrupted; an error is one line on standard error.

    `arguments` None: those of the process.
    """
    try:
        code = app(arguments, prog_name="chapter-pipeline", standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        return _refused(error)
    except NoRelevantPassages as error:
        fail(str(error))
        return FAILED
    except UsageError as error:
        fail(str(error))
        return BAD_USAGE
    except ChapterPipelineError as error:
        fail(str(error))
        return FAILED
    except (ReaderGone, BrokenPipeError):
        close_output()
        return DONE
    except OSError as error:
        fail(f"{_subject(error)}: check that it exists, may be written and has space left")
        return FAILED
    except Exception as error:  # noqa: BLE001  a defect too is one line
        said = without_secrets(next(iter(str(error).splitlines()), "no message"))
        fail(f"unexpected {type(error).__name__}: {said}. {_recorded(error)}")
        return FAILED
    if code == INTERRUPTED:  # what typer makes of Ctrl-C
        fail("interrupted: what was finished is stored, the same command goes on from there")
    return code if isinstance(code, int) else DONE


def _refused(error: TyperException) -> int:
    """Print the usage error and the command for help."""
    context: Any = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":  # typer has shown the help, or has it as the message
        err.print(error.format_message(), end="")
    elif context is None:
        fail(shown_text(error.format_message(), 500))
    else:
        fail(f"{shown_text(error.format_message(), 500).rstrip('.')}: see {context.command_path} --help")
    return error.exit_code


def _subject(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    return reason if error.filename is None else f"{str(error.filename)!r} cannot be used ({reason})"


def _recorded(error: Exception) -> str:
    """Write the traceback to the log of the home folder; where it lies, for the message."""
    try:
        settings = settings_from_environment()
        open_home(settings.home)
        folder = settings.log_folder
        folder.mkdir(mode=PRIVATE, exist_ok=True)
        with (folder / "errors.log").open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {without_secrets(' '.join(sys.argv))}\n")
            log.write(without_secrets("".join(traceback.format_exception(error))) + "\n")
    except (OSError, UsageError):
        return "This is a defect of the program: please report it"
    return f"This is a defect of the program: please report it with {str(folder / 'errors.log')!r}"

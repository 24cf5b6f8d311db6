"""Owns the commands of the operator: demo, up and doctor."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from chapter_pipeline.cli.checks import Check, online_checks, run_checks
from chapter_pipeline.cli.console import err, print_json, print_table, progress, say
from chapter_pipeline.cli.context import context
from chapter_pipeline.cli.umask import of_the_person
from chapter_pipeline.errors import AlreadyExists, PermanentError, UsageError
from chapter_pipeline.settings import PREFIX

DEMO_SLUG = "chronic-subdural-haematoma"
DEMO_TOPIC = "Chronic subdural haematoma"
DEMO_FORMATS = ["md", "html", "docx", "pdf", "jats", "bib"]


def demo(
    output: Annotated[Path | None, typer.Option(help="Folder for the chapter; default HOME/demo.")] = None,
) -> None:
    """Ingest the sample library, write a chapter from it, and say where the exports lie."""
    from chapter_pipeline.orchestration.runs import open_runs
    from chapter_pipeline.publishing.samples import build_samples
    from chapter_pipeline.writing.brief import request_from

    # A key in the environment is no wish to pay for a demonstration: who has one says CHAPTER_TEXT_MODEL.
    os.environ.setdefault(f"{PREFIX}TEXT_MODEL", "extractive")
    if os.environ[f"{PREFIX}TEXT_MODEL"] == "extractive":
        os.environ[f"{PREFIX}STUDY_RECORDS"] = "rules"
    written_for_the_person = nullcontext if output is None else of_the_person
    with context() as opened:
        folder = output or opened.settings.home / "demo"
        with progress(quiet=False) as bars:
            task = bars.add_task("Typesetting the sample library", total=None)
            with written_for_the_person():
                samples = build_samples(
                    examples_folder() / "library",
                    folder / "library",
                    on_built=lambda _: bars.advance(task),
                )
            bars.update(task, total=len(samples), completed=len(samples))
            task = bars.add_task("Ingesting", total=len(samples))
            with open_runs(opened) as runs:
                outcomes = runs.ingest(samples, on_outcome=lambda _: bars.advance(task))
            for references in sorted((examples_folder() / "references").glob("*.ris")):
                opened.bucket.put(f"references/{references.name}", references.read_bytes(), overwrite=True)
            try:
                opened.chapters.request(DEMO_SLUG, request_from({"topic": DEMO_TOPIC, "kind": "disease"}))
            except AlreadyExists:
                err.print(f"the chapter {DEMO_SLUG} exists: writing it again", style="dim")
            task = bars.add_task(f"Writing {DEMO_SLUG}", total=None)
            with open_runs(opened, chapter=DEMO_SLUG) as runs:
                report = runs.write_chapter(
                    DEMO_SLUG, on_progress=lambda done, total, name: bars.update(task, completed=done, total=total)
                )
            if not report.success:
                raise PermanentError(f"the demo chapter stopped: {'; '.join(report.failures)} (run {report.run_id})")
            task = bars.add_task("Exporting", total=None)
            with written_for_the_person():
                paths = opened.manuscripts.export(DEMO_SLUG, DEMO_FORMATS, folder)
        final = opened.chapters.version_text(DEMO_SLUG, opened.chapters.newest_version(DEMO_SLUG).number)
    _tell(len(outcomes), final, paths)


def _tell(documents: int, final: object, paths: list[Path]) -> None:
    from chapter_pipeline.domain import FinalChapter
    from chapter_pipeline.writing.rendering import gap_table

    assert isinstance(final, FinalChapter)
    chapter = final.chapter
    say(
        f"\n{chapter.title}: {len(chapter.sections)} sections, {chapter.words} words, "
        f"{len(chapter.figures)} figures, from {documents} sample articles.",
        style="bold",
    )
    rows = [(ref.number, ref.source.title, ref.source.year, ref.source.study_type.value) for ref in chapter.references]
    print_table("It cites", ["", "Title", "Year", "Study type"], rows)
    gaps = [(gap.severity.value, gap.type.value.replace("_", " "), gap.description) for gap in final.gap_report.gaps]
    print_table(gap_table(final.gap_report).splitlines()[0], ["Severity", "Dimension", "Gap"], gaps)
    say("Read it:", style="bold")
    for path in paths:
        say(f"  {path}")
    say("The whole system with the Dagster UI: make up")


def examples_folder() -> Path:
    """The folder `examples` of the checkout this package runs from. Raises `UsageError` when it is not there."""
    folder = Path(__file__).resolve().parents[2] / "examples"
    if not folder.is_dir():
        raise UsageError(f"the sample library {str(folder)!r} is missing: run the demo from a checkout of the project")
    return folder


def up(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the Dagster UI.")] = None,
) -> None:
    """Start database, Dagster webserver and daemon; Ctrl-C stops them all."""
    from chapter_pipeline.orchestration.supervisor import run_up
    from chapter_pipeline.settings import settings_from_environment

    settings = settings_from_environment()
    if port is not None:
        settings = settings.model_copy(update={"webserver_port": port})
    raise typer.Exit(run_up(settings))


def doctor(
    online: Annotated[
        bool, typer.Option("--online", help="Ask each model that is set the smallest question; this costs some cents.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Check database, extension, bucket, images of figures, models and keys, and say what is missing."""
    with context() as opened:
        checks = run_checks(opened)
        if online and not any(check.name == "database" and check.state == "failed" for check in checks):
            checks += online_checks(opened)
    if json:
        for check in checks:
            print_json(check.as_json())
    else:
        rows = [(check.name, _mark(check), check.detail, check.remedy or "") for check in checks]
        print_table("Doctor", ["Part", "State", "Detail", "Remedy"], rows)
    if any(check.state == "failed" for check in checks):
        raise typer.Exit(1)


def _mark(check: Check) -> str:
    return {"ok": "ok", "missing": "not set", "failed": "FAILED"}[check.state]

"""Owns the commands on chapters: new, write, list, show, gaps and export; others join them from their own modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chapter_pipeline.cli import costs, questions, versions
from chapter_pipeline.cli.console import print_json, print_table, progress, readable, say
from chapter_pipeline.cli.context import context
from chapter_pipeline.cli.umask import of_the_person
from chapter_pipeline.domain import ChapterKind, FinalChapter, GapStatistics
from chapter_pipeline.errors import UsageError
from chapter_pipeline.services.chapters import ChapterSummary

if TYPE_CHECKING:
    from chapter_pipeline.services.chapter_currency import StaleStage
    from chapter_pipeline.storage.chapters import StoredVersion


app = typer.Typer(no_args_is_help=True)
Slug = Annotated[str, typer.Argument(help="The chapter's name: lower-case words joined by hyphens.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]

CAUSES_SHOWN = 5
"""Stages that `chapters write` names before it writes a chapter again, each with why it is not current."""


@app.command("new")
def new_chapter(
    slug: Slug,
    topic: Annotated[str | None, typer.Option(help="What the chapter is about.")] = None,
    kind: Annotated[
        ChapterKind | None, typer.Option(help="Which template it follows; default: what the topic tells.")
    ] = None,
    brief: Annotated[Path | None, typer.Option(help="YAML file with the keys of a brief.")] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="What it is not about, for example 'children'; repeatable.")
    ] = None,
    template: Annotated[Path | None, typer.Option(help="YAML file of your own template, instead of a kind's.")] = None,
    json: Json = False,
) -> None:
    """Ask for a chapter."""
    from chapter_pipeline.writing.brief import request_from, request_from_yaml, validated_slug
    from chapter_pipeline.writing.templates import read_template

    validated_slug(slug)
    if brief is None and topic is None:
        raise UsageError(f"the chapter {slug!r} needs a topic: give --topic TEXT, or --brief FILE.yaml with one")
    values = {
        "topic": topic, "kind": kind, "exclude": tuple(exclude) if exclude else None,
        "template": read_template(template) if template is not None else None,
    }  # fmt: skip
    request = (
        request_from_yaml(brief, **values)
        if brief is not None
        else request_from({key: value for key, value in values.items() if value is not None})
    )
    with context() as opened:
        made = opened.chapters.request(slug, request)
    if json:
        print_json(_row(ChapterSummary(chapter=made.chapter, newest=None)))
        return
    say(f"chapter {slug} is on record; write it with: chapter-pipeline chapters write {slug}")
    if made.new_kinds:
        say(f"new section assets: {', '.join(made.new_kinds)}; a running `up` takes them in by itself")


@app.command("write")
def write_chapter(
    slug: Slug,
    section: Annotated[
        list[str] | None, typer.Option("--section", help="Write only this section kind again; repeatable.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a chapter through its fourteen stages, or some of its sections again and what follows them."""
    from chapter_pipeline.orchestration.runs import open_runs

    with context() as opened:
        first = opened.chapters.get(slug).latest_version is None

        def tell(stale: Sequence[StaleStage]) -> None:
            for one in () if json or first else stale[:CAUSES_SHOWN]:
                say(f"{one.stage}: {one.cause}")

        with progress(quiet=json) as bars:
            task = bars.add_task(f"Writing {slug}", total=None)

            def advance(done: int, total: int, name: str) -> None:
                bars.update(task, completed=done, total=total, description=f"{slug}: {name}")

            writing = opened.chapter_writing(lambda chapter: open_runs(opened, chapter=chapter))
            written = writing.write(slug, sections=section or [], on_stale=tell, on_progress=advance)
    version, final, revisions = written.version, written.final, written.revisions
    summary = {**_summary(slug, version, final), "cost_usd": f"{written.cost_usd:.4f}"}
    if json:
        print_json({**summary, "revisions": revisions, "unchanged": written.unchanged})
        return
    print_table(final.chapter.title, ["", ""], list(summary.items()))
    if written.unchanged:
        say("nothing that it is made of has changed since it was written: nothing was written, nobody was asked")
    if revisions:
        say(f"revised {revisions} times, see: chapter-pipeline chapters gaps {slug}")
    if version.state == "held":
        say(
            f"version {version.number} is held: its gates failed, see chapter-pipeline chapters gaps {slug}; publish it "
            f"as it is with: chapter-pipeline chapters approve {slug} --version {version.number} --by NAME --reason TEXT"
        )
        return
    say(f"export it with: chapter-pipeline chapters export {slug} --format pdf,docx --output DIR")


def _summary(slug: str, version: StoredVersion, final: FinalChapter) -> dict[str, Any]:
    chapter, gaps = final.chapter, final.gap_report
    return {
        "slug": slug,
        "version": version.number,
        "state": version.state,
        "sections": len(chapter.sections),
        "words": chapter.words,
        "references": len(chapter.references),
        "figures": len(chapter.figures),
        "completeness_score": gaps.completeness_score,
        "requires_revision": gaps.requires_revision,
        "gaps": len(gaps.gaps),
    }


@app.command("list")
def list_chapters(json: Json = False) -> None:
    """All chapters with their newest version."""
    with context() as opened:
        rows = [_row(one) for one in opened.chapters.summaries()]
    if json:
        for row in rows:
            print_json(row)
        return
    columns = ["Chapter", "Topic", "Kind", "Version", "Written"]
    shown = [[row["slug"], row["topic"], row["kind"], _named(row), row["written"]] for row in rows]
    print_table("Chapters", columns, shown, whole="Chapter")


def _named(row: Mapping[str, Any]) -> str | None:
    """``3``, or ``3 held``."""
    return f"{row['version']} held" if row["state"] == "held" else row["version"]


def _row(one: ChapterSummary) -> dict[str, Any]:
    chapter, newest = one.chapter, one.newest
    from chapter_pipeline.writing.brief import kind_of_topic

    return {
        "slug": chapter.slug,
        "topic": chapter.request.get("topic"),
        "kind": chapter.request.get("kind") or kind_of_topic(chapter.request.get("topic", "")).value,
        "version": newest.number if newest else None,
        "state": newest.state if newest else None,
        "written": newest.created_at if newest else None,
    }


@app.command("show")
def show_chapter(
    slug: Slug,
    stage: Annotated[
        str | None, typer.Option(help="A stage's stored value, e.g. evidence_map or section/outcomes.")
    ] = None,
    section: Annotated[
        str | None,
        typer.Option(help="A section as Markdown with the keys of its quotations, as `chapters edit` takes it."),
    ] = None,
    json: Json = False,
) -> None:
    """The chapter as text, a section to edit, or what one of its stages holds, as JSON."""
    with context() as opened:
        opened.chapters.get(slug)
        if section is not None:
            print(opened.manuscripts.section_markdown(slug, section), end="")
            return
        if stage is not None:
            print_json(opened.chapters.stage_value(slug, stage).model_dump(mode="json"))
            return
        final = opened.chapters.version_text(slug, opened.chapters.newest_version(slug).number)
    if json:
        print_json(final.model_dump(mode="json"))
        return
    from chapter_pipeline.writing.rendering import chapter_markdown

    print(readable(chapter_markdown(final.chapter)))


@app.command("gaps")
def show_gaps(
    slug: Slug,
    version: Annotated[int | None, typer.Option(min=1, help="A version; default the newest writing.")] = None,
    json: Json = False,
) -> None:
    """The gap report of the newest writing, or of a version."""
    from chapter_pipeline.writing.rendering import gap_table

    with context() as opened:
        report = opened.chapters.gap_report(slug, version)
        rounds = opened.chapters.revision_rounds(slug) if version is None else ()
    if json:
        # The shape of the gap rule; what else the stage holds is shown by `chapters show SLUG --stage gap_report`.
        print_json(report.model_dump(mode="json", exclude={"unused_evidence"}))
        return
    gaps = [
        (
            gap.severity.value, gap.type.value.replace("_", " "), gap.section, gap.description, gap.recommendation,
            gap.closed_by.value if gap.closed_by else "",
        )
        for gap in report.gaps
    ]  # fmt: skip
    print_table(gap_table(report).splitlines()[0], ["Severity", "Dimension", "Section", "Gap", "Do", "Closed by"], gaps)
    for one in rounds:
        say(
            f"revision {one.number} of {', '.join(one.sections)}: completeness {one.completeness_before:.0%} to "
            f"{one.completeness_after:.0%}, {_counts(one.before)} before, {_counts(one.after)} after, "
            f"{one.cost_usd:.4f} USD"
        )


def _counts(gaps: GapStatistics) -> str:
    return f"{gaps.critical_gaps} critical and {gaps.high_gaps} high gaps"


@app.command("export")
def export(
    slug: Slug,
    formats: Annotated[
        str, typer.Option("--format", help="md, html, docx, pdf, jats, bib, ris; comma separated.")
    ] = "docx",
    output: Annotated[Path, typer.Option(help="Folder for the files.")] = Path(),
    style: Annotated[str, typer.Option(help="How it cites: vancouver, ama or author-year.")] = "vancouver",
    version: Annotated[
        int | None, typer.Option(min=1, help="A version, held ones too; default the newest that is published.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a version of a chapter as files."""
    from chapter_pipeline.publishing.exports import parse_formats
    from chapter_pipeline.publishing.styles import parse_style

    wanted, cited = parse_formats([name for name in formats.split(",") if name.strip()]), parse_style(style)
    with context() as opened, progress(quiet=json) as bars, of_the_person():
        bars.add_task(f"Exporting {slug}", total=None)
        paths = opened.manuscripts.export(slug, wanted, output, number=version, style=cited)
    for export_format, path in zip(wanted, paths, strict=True):
        if json:
            print_json({"format": export_format.value, "path": str(path)})
        else:
            say(str(path))


for command in (
    costs.estimate,
    costs.cost,
    questions.questions,
    versions.versions,
    versions.support,
    versions.sources,
    versions.diff,
    versions.approve,
    versions.rollback,
    versions.restore,
    versions.edit,
):
    app.command()(command)

"""Owns the commands on chapters: new, write, list, show, gaps and export; others join them from their own modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from chapter_pipeline import domain
from chapter_pipeline.cli import costs, versions
from chapter_pipeline.cli.console import print_json, print_table, progress, readable, say
from chapter_pipeline.cli.context import Context, context
from chapter_pipeline.cli.umask import of_the_person
from chapter_pipeline.domain import ChapterKind, FinalChapter, GapReport
from chapter_pipeline.errors import NotFound, PermanentError, UsageError
from chapter_pipeline.services.chapter_inputs import WrittenFrom, chapter_inputs
from chapter_pipeline.writing.section_kinds import record_kinds, section_kinds

if TYPE_CHECKING:
    from chapter_pipeline.publishing.exports import ExportFormat
    from chapter_pipeline.publishing.styles import CitationStyle
    from chapter_pipeline.storage.chapters import StoredChapter, StoredVersion

StageT = TypeVar("StageT", bound=domain.StageValue)

app = typer.Typer(no_args_is_help=True)
Slug = Annotated[str, typer.Argument(help="The chapter's name: lower-case words joined by hyphens.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]

STAGES: dict[str, type[domain.StageValue]] = {
    "chapter_brief": domain.ChapterBrief,
    "key_concepts": domain.KeyConcepts,
    "library_research": domain.LibraryResearch,
    "literature_research": domain.LiteratureResearch,
    "open_access_documents": domain.OpenAccessDocuments,
    "research_set": domain.ResearchSet,
    "evidence_map": domain.EvidenceMap,
    "chapter_outline": domain.ChapterOutline,
    "section_plans": domain.SectionPlans,
    "chapter_draft": domain.ChapterDraft,
    "reviewed_chapter": domain.ReviewedChapter,
    "gap_report": domain.GapReport,
    "revision_log": domain.RevisionLog,
    "final_chapter": domain.FinalChapter,
}


@app.command("new")
def new_chapter(
    slug: Slug,
    topic: Annotated[str | None, typer.Option(help="What the chapter is about.")] = None,
    kind: Annotated[ChapterKind | None, typer.Option(help="Which template it follows.")] = None,
    brief: Annotated[Path | None, typer.Option(help="YAML file with the keys of a brief.")] = None,
    template: Annotated[Path | None, typer.Option(help="YAML file of your own template, instead of a kind's.")] = None,
    json: Json = False,
) -> None:
    """Ask for a chapter."""
    from chapter_pipeline.writing.brief import request_from, request_from_yaml, section_kinds_of, validated_slug
    from chapter_pipeline.writing.templates import read_template

    validated_slug(slug)
    if brief is None and topic is None:
        raise UsageError(f"the chapter {slug!r} needs a topic: give --topic TEXT, or --brief FILE.yaml with one")
    values = {"topic": topic, "kind": kind, "template": read_template(template) if template is not None else None}
    request = (
        request_from_yaml(brief, **values)
        if brief is not None
        else request_from({key: value for key, value in values.items() if value is not None})
    )
    kinds = section_kinds_of(request)
    with context() as opened:
        section_kinds(opened.settings.templates_folder)  # a damaged record is told of before anything is stored
        chapter = opened.chapters.create(slug, request.model_dump(mode="json", exclude_unset=True))
        new = record_kinds(opened.settings.templates_folder, kinds)
    if json:
        print_json(_row(chapter, ()))
        return
    say(f"chapter {slug} is on record; write it with: chapter-pipeline chapters write {slug}")
    if new:
        say(f"new section assets: {', '.join(new)}; a running `up` takes them in by itself")


@app.command("write")
def write_chapter(
    slug: Slug,
    section: Annotated[
        list[str] | None, typer.Option("--section", help="Write only this section kind again; repeatable.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a chapter through its fourteen stages, or some of its sections again and what follows them."""
    with context() as opened:
        chapter = opened.chapters.get(slug)
        for one in section or []:
            versions.require_section(opened, slug, one)
        inputs = inputs_of(opened, chapter)
        unchanged = not section and chapter.latest_version is not None and inputs == _written_from(opened, slug)
        revisions = 0 if unchanged else _write(opened, slug, section or None, quiet=json)
        if not unchanged and not section:
            record_inputs(opened, slug, inputs)
        version = opened.chapters.versions(slug)[-1]
        final = opened.artifacts.by_id(version.artifact_id, FinalChapter)
    summary = _summary(slug, version, final)
    if json:
        print_json({**summary, "revisions": revisions, "unchanged": unchanged})
        return
    print_table(final.chapter.title, ["", ""], list(summary.items()))
    if unchanged:
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


def _write(opened: Context, slug: str, sections: list[str] | None, *, quiet: bool) -> int:
    """Write, with progress; how often it was revised. Raises `PermanentError` when a stage failed."""
    with progress(quiet=quiet) as bars:
        task = bars.add_task(f"Writing {slug}", total=None)

        def advance(done: int, total: int, name: str) -> None:
            bars.update(task, completed=done, total=total, description=f"{slug}: {name}")

        report = opened.runs_of(slug).write_chapter(slug, sections=sections, on_progress=advance)
    if not report.success:
        raise PermanentError(
            f"chapter {slug!r} stopped: {'; '.join(report.failures) or 'the run failed'} (run {report.run_id})"
        )
    return report.revisions


def inputs_of(opened: Context, chapter: StoredChapter) -> str:
    """What the chapter would be written from now."""
    return chapter_inputs(
        chapter.request, settings=opened.settings, library=opened.library, bucket=opened.bucket,
        today=datetime.now(UTC).date(),
    )  # fmt: skip


def record_inputs(opened: Context, slug: str, inputs: str) -> None:
    """A whole writing from `inputs` came to its end: another one from the same has nothing to do."""
    opened.artifacts.put("written_from", slug, WrittenFrom(inputs=inputs))


def _written_from(opened: Context, slug: str) -> str | None:
    """The inputs of the newest whole writing, unless it came to no end since."""
    if opened.artifacts.latest("written_from", slug) is None:
        return None
    return opened.artifacts.get("written_from", slug, WrittenFrom).inputs


def _final(opened: Context, slug: str, version: int | None = None) -> FinalChapter:
    return _value(opened, "final_chapter", slug, FinalChapter, version)


def _value(opened: Context, stage: str, slug: str, kind: type[StageT], version: int | None = None) -> StageT:
    """What a stage holds. Raises `NotFound` when the chapter did not come that far."""
    if opened.artifacts.latest(stage, slug) is None:
        raise NotFound(f"chapter {slug!r} has no {stage} yet: chapter-pipeline chapters write {slug}")
    return opened.artifacts.get(stage, slug, kind, version)


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
        "cost_usd": f"{final.cost_usd:.4f}",
    }


@app.command("list")
def list_chapters(json: Json = False) -> None:
    """All chapters with their newest version."""
    with context() as opened:
        rows = [_row(chapter, opened.chapters.versions(chapter.slug)) for chapter in opened.chapters.list()]
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


def _row(chapter: StoredChapter, versions: Sequence[StoredVersion]) -> dict[str, Any]:
    return {
        "slug": chapter.slug,
        "topic": chapter.request.get("topic"),
        "kind": chapter.request.get("kind", ChapterKind.DISEASE.value),
        "version": versions[-1].number if versions else None,
        "state": versions[-1].state if versions else None,
        "written": versions[-1].created_at if versions else None,
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
            versions.print_section(opened, slug, section)
            return
        if stage is not None:
            print_json(_stage_body(opened, slug, stage))
            return
        final = _final(opened, slug)
    if json:
        print_json(final.model_dump(mode="json"))
        return
    from chapter_pipeline.writing.rendering import chapter_markdown

    print(readable(chapter_markdown(final.chapter)))


def _stage_body(opened: Context, slug: str, stage: str) -> dict[str, Any]:
    kinds = versions.own_kinds(opened, slug)
    stages: dict[str, type[domain.StageValue]] = {**STAGES, **{f"section/{kind}": domain.Section for kind in kinds}}
    if stage not in stages:
        raise UsageError(f"unknown stage {stage!r}: the stages are {', '.join(stages)}")
    return _value(opened, stage, slug, stages[stage]).model_dump(mode="json")


@app.command("gaps")
def show_gaps(
    slug: Slug,
    version: Annotated[int | None, typer.Option(min=1, help="A version; default the newest writing.")] = None,
    json: Json = False,
) -> None:
    """The gap report of the newest writing, or of a version."""
    from chapter_pipeline.writing.rendering import gap_table

    with context() as opened:
        opened.chapters.get(slug)
        if version is None:
            report = _value(opened, "gap_report", slug, GapReport)
        else:
            artifact = opened.chapters.version(slug, version).artifact_id
            report = opened.artifacts.by_id(artifact, FinalChapter).gap_report
        logged = version is None and opened.artifacts.latest("revision_log", slug) is not None
        rounds = opened.artifacts.get("revision_log", slug, domain.RevisionLog).rounds if logged else ()
    if json:
        # The shape of the gap rule; what else the stage holds is shown by `chapters show SLUG --stage gap_report`.
        print_json(report.model_dump(mode="json", exclude={"unused_evidence", "uses"}))
        return
    gaps = [
        (gap.severity.value, gap.type.value.replace("_", " "), gap.section, gap.description, gap.recommendation)
        for gap in report.gaps
    ]
    print_table(gap_table(report).splitlines()[0], ["Severity", "Dimension", "Section", "Gap", "Do"], gaps)
    for one in rounds:
        say(
            f"revision {one.number} of {', '.join(one.sections)}: completeness {one.completeness_before:.0%} to "
            f"{one.completeness_after:.0%}, {_counts(one.before)} before, {_counts(one.after)} after, "
            f"{one.cost_usd:.4f} USD"
        )


def _counts(gaps: domain.GapStatistics) -> str:
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
        paths = export_version(opened, slug, wanted, output, version, cited)
    for export_format, path in zip(wanted, paths, strict=True):
        if json:
            print_json({"format": export_format.value, "path": str(path)})
        else:
            say(str(path))


def export_version(
    opened: Context,
    slug: str,
    formats: Sequence[ExportFormat | str],
    output: Path,
    version: int | None = None,
    style: CitationStyle | None = None,
) -> list[Path]:
    """Export a version of a chapter into `output`, the newest published one if none is named.

    The files come in the order of `formats`. Raises `NotFound` when there is none, `UsageError` when `output` cannot
    take files.
    """
    from chapter_pipeline.publishing.exports import export_chapter
    from chapter_pipeline.publishing.styles import CitationStyle

    number = _published(opened, slug) if version is None else version
    final = opened.artifacts.by_id(opened.chapters.version(slug, number).artifact_id, FinalChapter)
    try:
        return export_chapter(
            final,
            formats=formats,
            destination=output,
            figure_content=opened.images.content,
            version=number,
            style=style or CitationStyle.VANCOUVER,
        )
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(
            f"the folder {str(output)!r} cannot take the files ({reason}): name another with --output"
        ) from error


def _published(opened: Context, slug: str) -> int:
    """The newest published version. Raises `NotFound` that says what to do."""
    found = opened.chapters.versions(slug)
    published = [one.number for one in found if one.state == "published"]
    if published:
        return max(published)
    if not found:
        raise NotFound(f"chapter {slug!r} has no version yet: chapter-pipeline chapters write {slug}")
    newest = found[-1].number
    raise NotFound(
        f"version {newest} of chapter {slug!r} is held, its gates failed: see chapter-pipeline chapters gaps {slug}; "
        f"publish it with chapter-pipeline chapters approve {slug} --version {newest} --by NAME --reason TEXT, or "
        f"export it as it is with --version {newest}"
    )


for command in (
    costs.estimate,
    costs.cost,
    versions.versions,
    versions.support,
    versions.diff,
    versions.approve,
    versions.rollback,
    versions.restore,
    versions.edit,
):
    app.command()(command)

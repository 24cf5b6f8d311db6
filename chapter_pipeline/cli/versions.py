"""Owns the commands on a chapter's versions and on what people do to its text: nothing is ever overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chapter_pipeline.cli.console import print_json, print_table, readable, say
from chapter_pipeline.cli.context import context
from chapter_pipeline.cli.umask import of_the_person
from chapter_pipeline.container import Container
from chapter_pipeline.domain import (
    FinalChapter,
)
from chapter_pipeline.errors import UsageError

if TYPE_CHECKING:
    from chapter_pipeline.services.editorial import Editorial

Slug = Annotated[str, typer.Argument(help="The chapter's name.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Version = Annotated[int, typer.Option("--version", min=1, help="A version of the chapter.")]
Kind = Annotated[str, typer.Option("--section", help="The section's kind, e.g. outcomes.")]


def versions(slug: Slug, json: Json = False) -> None:
    """All versions of a chapter, with what became of them."""
    with context() as opened:
        rows = [
            {**_version_row(one), **_about(opened.chapters.version_text(slug, one.number))}
            for one in opened.chapters.versions(slug)
        ]
    if json:
        for row in rows:
            print_json(row)
        return
    if not rows:
        say(f"chapter {slug} has no version yet: chapter-pipeline chapters write {slug}")
        return
    shown = [
        [
            row["version"], row["state"], row["made"], row["words"], f"{row['completeness_score']:.0%}",
            f"{row['origin']}; approved by {row['approved_by']}: {row['reason']}" if row["approved_by"] else row["origin"],
        ]
        for row in rows
    ]  # fmt: skip
    print_table(f"{slug}: versions", ["Version", "State", "Made", "Words", "Complete", "Origin"], shown, whole="State")


def _version_row(one: Any) -> dict[str, Any]:
    return {
        "version": one.number, "state": one.state, "origin": one.origin, "made": one.created_at,
        "published": one.published_at, "approved_by": one.approved_by, "reason": one.approved_because,
    }  # fmt: skip


def _about(final: FinalChapter) -> dict[str, Any]:
    return {"words": final.chapter.words, "completeness_score": final.gap_report.completeness_score}


def support(
    slug: Slug,
    version: Annotated[int | None, typer.Option(min=1, help="A version; default the newest, held ones too.")] = None,
    json: Json = False,
) -> None:
    """Each sentence of a version with what it cites and how far that supports it, the least supported first."""
    with context() as opened:
        number = opened.chapters.newest_version(slug).number if version is None else version
        found = opened.chapters.support(slug, number)
        quotes = opened.chapters.version_text(slug, number).chapter.quotes
    rows: list[dict[str, Any]] = [
        {
            "section": one.section, "words": one.words, "meaning": one.meaning, "sentence": one.sentence,
            "cites": [f"{quotes[key].source}, {quotes[key].place}" for key in one.quotes],
            "problems": list(one.problems), "role": one.role, "to_check": one.to_check, "checked_by": one.checked_by,
        }
        for one in found
    ]  # fmt: skip
    if json:
        for row in rows:
            print_json(row)
        return
    shown = [
        [
            row["section"], f"{row['words']:.0%}", f"{row['meaning']:.2f}", row["sentence"], "; ".join(row["cites"]),
            _found(row),
        ]
        for row in rows
    ]  # fmt: skip
    print_table(f"{slug}: support", ["Section", "Words", "Meaning", "Sentence", "Cites", "Found"], shown)


def _found(row: dict[str, Any]) -> str:
    """What the checks say of a sentence: its faults, that an editor has to look at it, or who decided it."""
    if row["problems"]:
        return "; ".join(row["problems"])
    if row["to_check"]:
        return "to check by an editor"
    return f"supported, in the judgement of {row['checked_by']}" if row["checked_by"] else ""


def sources(slug: Slug, json: Json = False) -> None:
    """The studies in a chapter's scope, the strongest first: which main findings it tells, and why not the others."""
    from chapter_pipeline.services.chapter_sources import sources_in_scope

    with context() as opened:
        rows = [asdict(one) for one in sources_in_scope(opened.chapters, slug)]
    if json:
        for row in rows:
            print_json(row)
        return
    shown = [
        [
            readable(row["key"]), row["year"] or "", row["design"], row["level"] or "", row["citations"],
            f"{row['told']}/{row['main']}" if row["key"] else "", row["title"], row["why_not"] or "",
        ]
        for row in rows
    ]  # fmt: skip
    head = ["Source", "Year", "Design", "Level", "Cited", "Main findings", "Title", "Why not"]
    print_table(f"{slug}: sources", head, shown, whole="Source")


def diff(
    slug: Slug,
    before: Annotated[int, typer.Argument(min=1, help="A version.")],
    after: Annotated[int, typer.Argument(min=1, help="Another version.")],
    html: Annotated[Path | None, typer.Option(help="Write the difference as a page into this file.")] = None,
    json: Json = False,
) -> None:
    """What changed from one version to another, by section and word."""
    from chapter_pipeline.publishing.diff import as_html, as_text, chapter_diff

    with context() as opened:
        old, new = (opened.chapters.version_text(slug, number).chapter for number in (before, after))
    diffs = chapter_diff(old, new)
    if html is not None:
        try:
            with of_the_person():
                html.write_text(as_html(diffs, title=new.title, before=before, after=after), "utf-8")
        except OSError as error:
            raise UsageError(f"cannot write {str(html)!r} ({error.strerror}): name another file with --html") from error
        say(str(html))
    if json:
        for one in diffs:
            print_json(
                {
                    "section": one.kind, "title": one.title, "state": one.state, "removed": one.words("removed"),
                    "added": one.words("added"), "runs": [[run.change, run.text] for run in one.runs],
                }
            )  # fmt: skip
    elif html is None:
        print(readable(as_text(diffs)))


def approve(
    slug: Slug,
    version: Version,
    by: Annotated[str, typer.Option("--by", help="Who decides.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is published although its gates failed.")],
    json: Json = False,
) -> None:
    """Publish a version whose gates failed, as it is, on record."""
    with context() as opened, _editorial(opened, slug) as editorial:
        made = editorial.approve(slug, version, by=by, because=reason)
    _tell(made, json, f"version {made.number} of {slug} is published, approved by {made.approved_by}")


def rollback(slug: Slug, version: Version, json: Json = False) -> None:
    """Make an earlier version the newest again: a version of its own with the same text."""
    with context() as opened, _editorial(opened, slug) as editorial:
        made = editorial.rollback(slug, version)
    _tell(made, json, f"version {made.number} of {slug} says what version {version} said ({made.state})")


def restore(slug: Slug, section: Kind, version: Version, json: Json = False) -> None:
    """Take one section as an earlier version had it; the others stay. Later runs keep it."""
    with context() as opened, _editorial(opened, slug) as editorial:
        made = editorial.restore(slug, section, version)
    _tell(made, json, f"version {made.number} of {slug} has {section!r} of version {version} ({made.state})")


def edit(
    slug: Slug,
    section: Kind,
    file: Annotated[Path, typer.Option(help="The section as Markdown; `chapters show SLUG --section KIND` gives it.")],
    by: Annotated[str, typer.Option("--by", help="Who wrote it.")] = "an editor",
    json: Json = False,
) -> None:
    """Put a person's text in the place of a section. Later runs keep it; each sentence is checked against what it cites."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {str(file)!r} as text: {error}") from error
    with context() as opened, _editorial(opened, slug) as editorial:
        made = editorial.edit(slug, section, text, by=by)
    _tell(made, json, f"version {made.number} of {slug} has your text of {section!r} ({made.state})")


@contextmanager
def _editorial(opened: Container, slug: str) -> Iterator[Editorial]:
    """The acts on a chapter, with runs on the Dagster instance. Raises `NotFound` for an unknown chapter."""
    from chapter_pipeline.orchestration.runs import open_runs

    opened.chapters.get(slug)
    with open_runs(opened, chapter=slug) as runs:
        yield opened.editorial(runs)


def _tell(made: Any, json: bool, said: str) -> None:
    if json:
        print_json(_version_row(made))
    else:
        say(said)

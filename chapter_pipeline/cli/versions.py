"""Owns the commands on a chapter's versions and on what people do to its text: nothing is ever overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chapter_pipeline.cli.console import print_json, print_table, readable, say
from chapter_pipeline.cli.context import Context, context
from chapter_pipeline.cli.umask import of_the_person
from chapter_pipeline.domain import (
    EvidenceMap,
    FinalChapter,
    Quote,
    ResearchSet,
    Section,
    SectionPlans,
    Source,
)
from chapter_pipeline.errors import NotFound, PermanentError, UsageError
from chapter_pipeline.services.chapter_sections import kinds_asked, kinds_planned

Slug = Annotated[str, typer.Argument(help="The chapter's name.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Version = Annotated[int, typer.Option("--version", min=1, help="A version of the chapter.")]
Kind = Annotated[str, typer.Option("--section", help="The section's kind, e.g. outcomes.")]


def versions(slug: Slug, json: Json = False) -> None:
    """All versions of a chapter, with what became of them."""
    with context() as opened:
        rows = [
            {**_version_row(one), **_about(opened.artifacts.by_id(one.artifact_id, FinalChapter))}
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
        found = opened.chapters.versions(slug)
        if not found:
            raise NotFound(f"chapter {slug!r} has no version yet: chapter-pipeline chapters write {slug}")
        final = _final(opened, slug, found[-1].number if version is None else version)
    quotes = final.chapter.quotes
    rows: list[dict[str, Any]] = [
        {
            "section": one.section, "words": one.words, "meaning": one.meaning, "sentence": one.sentence,
            "cites": [f"{quotes[key].source}, p. {quotes[key].page}" for key in one.quotes],
            "problems": list(one.problems),
        }
        for one in sorted(final.support, key=lambda one: min(one.words, one.meaning))
    ]  # fmt: skip
    if json:
        for row in rows:
            print_json(row)
        return
    shown = [
        [row["section"], f"{row['words']:.0%}", f"{row['meaning']:.2f}", row["sentence"], "; ".join(row["cites"])]
        for row in rows
    ]  # fmt: skip
    print_table(f"{slug}: support", ["Section", "Words", "Meaning", "Sentence", "Cites"], shown)


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
        old, new = (_final(opened, slug, number).chapter for number in (before, after))
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
    with context() as opened:
        opened.chapters.get(slug)
        made = opened.runs.approve(slug, version, by=by, because=reason)
    _tell(made, json, f"version {made.number} of {slug} is published, approved by {made.approved_by}")


def rollback(slug: Slug, version: Version, json: Json = False) -> None:
    """Make an earlier version the newest again: a version of its own with the same text."""
    with context() as opened:
        opened.chapters.get(slug)
        made = opened.runs_of(slug).rollback(slug, version)
    _tell(made, json, f"version {made.number} of {slug} says what version {version} said ({made.state})")


def restore(slug: Slug, section: Kind, version: Version, json: Json = False) -> None:
    """Take one section as an earlier version had it; the others stay. Later runs keep it."""
    from chapter_pipeline.writing.markup import with_own_evidence

    with context() as opened:
        final = _final(opened, slug, version)
        found = {one.kind: one for one in final.chapter.sections}
        if section not in found:
            raise UsageError(
                f"version {version} of chapter {slug!r} has no section {section!r}: it has {', '.join(found)}"
            )
        require_section(opened, slug, section)
        sources = {reference.source.key: reference.source for reference in final.chapter.references}
        restored = found[section].model_copy(update={"kept": True, "origin": f"restored from version {version}"})
        made = _replaced(opened, slug, with_own_evidence(restored, final.chapter.quotes, sources))
    _tell(made, json, f"version {made.number} of {slug} has {section!r} of version {version} ({made.state})")


def edit(
    slug: Slug,
    section: Kind,
    file: Annotated[Path, typer.Option(help="The section as Markdown; `chapters show SLUG --section KIND` gives it.")],
    by: Annotated[str, typer.Option("--by", help="Who wrote it.")] = "an editor",
    json: Json = False,
) -> None:
    """Put a person's text in the place of a section. Later runs keep it; each sentence is checked against what it cites."""
    from chapter_pipeline.quality.closure import section_problems
    from chapter_pipeline.writing.markup import parsed_section

    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {str(file)!r} as text: {error}") from error
    with context() as opened:
        opened.chapters.get(slug)
        before = section_now(opened, slug, section)
        quotes, sources = evidence_at_hand(opened, slug, before)
        made = parsed_section(text, before, quotes=quotes, sources=sources, by=by)
        problems = section_problems(made, None)
        if problems:
            shown = "\n".join(f"- {problem}" for problem in problems)
            raise UsageError(
                f"the section {section!r} was not stored, {len(problems)} of its sentences are not what their "
                f"quotations say:\n{shown}"
            )
        version = _replaced(opened, slug, made)
    _tell(version, json, f"version {version.number} of {slug} has your text of {section!r} ({version.state})")


def section_now(opened: Context, slug: str, kind: str) -> Section:
    """The section as the next version would have it. Raises `NotFound`, `UsageError` when the chapter has no such one."""
    if opened.artifacts.latest("chapter_draft", slug) is None:
        raise NotFound(f"chapter {slug!r} has no text yet: chapter-pipeline chapters write {slug}")
    require_section(opened, slug, kind)
    return opened.artifacts.get(f"section/{kind}", slug, Section)


def own_kinds(opened: Context, slug: str) -> tuple[str, ...]:
    """The sections of the chapter's own template, as it was written from it, else as it was asked for."""
    return kinds_planned(slug, opened.artifacts) or kinds_asked(slug, opened.chapters)


def require_section(opened: Context, slug: str, kind: str) -> None:
    """Raise `UsageError` for a kind that is not among the sections of the chapter's own template."""
    known = own_kinds(opened, slug)
    if kind not in known:
        raise UsageError(f"chapter {slug!r} has no section {kind!r}: choose from {', '.join(known)}")


def evidence_at_hand(opened: Context, slug: str, section: Section) -> tuple[dict[str, Quote], dict[str, Source]]:
    """All quotations that a section of the chapter may cite, and their sources, by key."""
    evidence = opened.artifacts.get("evidence_map", slug, EvidenceMap)
    plans = opened.artifacts.get("section_plans", slug, SectionPlans)
    research = opened.artifacts.get("research_set", slug, ResearchSet)
    quotes = {quote.key: quote for quote in evidence.quotes}
    quotes |= {quote.key: quote for plan in plans.plans for quote in plan.quotes}
    quotes |= {quote.key: quote for quote in section.quotes}
    sources = {source.key: source for source in (*section.sources, *research.sources)}
    return quotes, sources


def print_section(opened: Context, slug: str, kind: str) -> None:
    """The section as `chapters edit` takes it, with the quotations of its plan."""
    from chapter_pipeline.writing.markup import section_source

    section = section_now(opened, slug, kind)
    quotes, _ = evidence_at_hand(opened, slug, section)
    plan = opened.artifacts.get("section_plans", slug, SectionPlans).plan(kind)
    print(section_source(section, quotes, plan.quotes if plan else ()), end="")


def _final(opened: Context, slug: str, number: int) -> FinalChapter:
    return opened.artifacts.by_id(opened.chapters.version(slug, number).artifact_id, FinalChapter)


def _replaced(opened: Context, slug: str, section: Section) -> Any:
    """The version made of `section` in the place of the one of its kind."""
    report = opened.runs_of(slug).replace_section(slug, section)
    if not report.success:
        raise PermanentError(
            f"the section is stored, the chapter around it was not made: {'; '.join(report.failures)} "
            f"(run {report.run_id}); chapter-pipeline chapters write {slug} goes on"
        )
    return opened.chapters.versions(slug)[-1]


def _tell(made: Any, json: bool, said: str) -> None:
    if json:
        print_json(_version_row(made))
    else:
        say(said)

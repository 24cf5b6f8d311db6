"""Owns the commands on the findings of study records: search, the evidence table as a file, and making records again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chapter_pipeline.cli.console import print_json, print_table, progress, say
from chapter_pipeline.cli.context import context
from chapter_pipeline.cli.finding_output import REFRESH, estimate_line, found_as_json, show_estimate, show_found
from chapter_pipeline.cli.umask import of_the_person

if TYPE_CHECKING:
    from chapter_pipeline.container import Container
    from chapter_pipeline.storage.study_records import RecordSummary

app = typer.Typer(no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Designs = Annotated[
    list[str] | None,
    typer.Option(
        "--design",
        help="meta-analysis, rct, clinical-trial, cohort, case-series, review, protocol, animal, laboratory or not-stated; repeatable.",
    ),
]
Levels = Annotated[list[str] | None, typer.Option("--level", help="Level of evidence, 1 to 5, or 1-3; repeatable.")]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        help="own_result, own_method, operative_step, conclusion, recommendation, definition, background, limitation or case; repeatable.",
    ),
]
AboutSpecies = Annotated[
    list[str] | None, typer.Option("--species", help="human, animal, cells or bench; repeatable.")
]  # fmt: skip
Directions = Annotated[
    list[str] | None,
    typer.Option("--direction", help="increased, decreased, no-difference or not-stated; repeatable."),
]
Outcome = Annotated[str | None, typer.Option("--outcome", help="A word of the outcome, e.g. survival.")]
Main = Annotated[bool, typer.Option("--main", help="Main findings alone.")]


@app.command("search")
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    design: Designs = None,
    level: Levels = None,
    kind: Kinds = None,
    species: AboutSpecies = None,
    outcome: Outcome = None,
    direction: Directions = None,
    main: Main = False,
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=400, help="How many findings.")] = 10,
    json: Json = False,
) -> None:
    """Find findings of the library's studies, with the page and the sentences that state each."""
    from chapter_pipeline.services.finding_filters import finding_filter

    wanted = finding_filter(
        designs=design or (), levels=level or (), kinds=kind or (), species=species or (), outcome=outcome,
        directions=direction or (), main=main,
    )  # fmt: skip
    with context() as opened:
        found = opened.findings.search(query, wanted, k=k)
        if json:
            for one in found:
                print_json(found_as_json(one))
            return
        _tell_outdated(opened)
    if not found:
        say("no finding meets these conditions")
    elif not any(one.fits for one in found):
        say(f"no finding fits {query!r}: try other words; the nearest, which are hardly about it:")
    for one in found:
        show_found(one)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="The file to write: it ends in .csv or .xlsx.")],
    documents: Annotated[
        list[str] | None, typer.Option("--documents", help="A document key, its first digits, or a name; repeatable.")
    ] = None,
    design: Designs = None,
    level: Levels = None,
    kind: Kinds = None,
    species: AboutSpecies = None,
    outcome: Outcome = None,
    direction: Directions = None,
    main: Main = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
    json: Json = False,
) -> None:
    """Write the evidence table: one row for each finding, with its study, effect, page and verbatim text."""
    from chapter_pipeline.services.finding_filters import finding_filter

    wanted = finding_filter(
        designs=design or (), levels=level or (), kinds=kind or (), species=species or (), outcome=outcome,
        directions=direction or (), main=main,
    )  # fmt: skip
    with context() as opened, of_the_person():
        findings = opened.findings
        count = findings.export(findings.meant(wanted, documents or ()), file, overwrite=force)
        if json:
            print_json({"path": str(file), "findings": count})
            return
        _tell_outdated(opened)
    say(f"{count} findings: {file}")


@app.command("refresh")
def refresh(
    everything: Annotated[bool, typer.Option("--all", help="The records of all documents.")] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what a language model would cost; nothing is sent or made.")
    ] = False,
    json: Json = False,
) -> None:
    """Make the study records that are missing, of earlier rules, or of a record that was corrected since.

    With CHAPTER_STUDY_RECORDS=model also those that no model, or another one, has filled.
    """
    done: list[str] = []
    with context() as opened:
        wanted = opened.findings.to_refresh(everything=everything)
        if estimate or not json:
            expected = opened.record_costs.estimate({key: name for name, key in wanted.names.items()})
            if estimate:
                show_estimate(expected, json=json)
                return
            if expected is not None and expected.paid:
                say(estimate_line(expected))
        try:
            if wanted.names:
                from chapter_pipeline.orchestration.runs import open_runs

                with progress(quiet=json) as bars, open_runs(opened) as runs:
                    task = bars.add_task("Making study records", total=len(wanted.names))

                    def note(name: str) -> None:
                        bars.advance(task)
                        done.append(wanted.names.get(name, ""))

                    runs.refresh_records(list(wanted.names), again=everything, on_document=note)
        finally:  # also when one document met an error: what is made is made
            _tell_made(opened.findings.summaries(list(dict.fromkeys(done))), json=json)
    if json:
        return
    if not wanted.names and not wanted.without_file:
        say("the study records of all documents are current")
    if wanted.without_file:
        say(
            f"their files are not in the bucket, so no run can read them: {', '.join(wanted.without_file)}; deliver the"
            " files again, or remove the documents"
        )


def _tell_made(made: Mapping[str, RecordSummary], *, json: bool) -> None:
    if json:
        for key, record in made.items():
            kinds = {kind.value: count for kind, count in sorted(record.findings.items())}
            told = {"document": key, "design": record.design.value, "level": record.level, "made_by": record.made_by}
            by_model = {"dropped": record.dropped, "unfilled": record.unfilled}
            print_json({**told, "findings": record.count, "main": record.main, "kinds": kinds, **by_model})
    elif made:
        rows = [(key, one.design.value, one.level, one.count, one.main, one.made_by) for key, one in made.items()]
        columns = ["Document", "Design", "Level", "Findings", "Main", "Made by"]
        print_table("Study records", columns, rows, whole="Document")
        unfilled = [one.unfilled for one in made.values() if one.unfilled is not None]
        if unfilled:
            from chapter_pipeline.services.record_filling import reasons

            say(
                f"{len(unfilled)} of them were not filled by a model, the next refresh tries again: {reasons(unfilled)}"
            )


def _tell_outdated(opened: Container) -> None:
    count = len(opened.findings.outdated())
    if count:
        say(f"{count} documents have no study record {opened.findings.basis}: {REFRESH}")

"""Owns the commands on the library: ingest, search, and those on its documents and their bibliographic records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chapter_pipeline.cli.console import close_output, out, print_json, print_table, progress, say
from chapter_pipeline.cli.context import context
from chapter_pipeline.cli.record_output import edits_as_json, record_as_json, show_record, value_as_json
from chapter_pipeline.domain.bibliography import RecordField
from chapter_pipeline.domain.document import IngestOutcome, IngestStatus
from chapter_pipeline.errors import UsageError

if TYPE_CHECKING:
    from chapter_pipeline.storage.library_queries import DocumentSummary

app = typer.Typer(no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def ingest(
    paths: Annotated[
        list[Path], typer.Argument(help="PDFs or JATS articles (.nxml, .xml), or folders that hold them.")
    ],
    json: Json = False,
) -> None:
    """Put PDFs and JATS articles into the library. A bad file is quarantined with a reason and never stops the others."""
    from chapter_pipeline.services.file_paths import expand

    files = expand(paths)
    told: list[IngestOutcome] = []
    try:
        with context() as opened, progress(quiet=json) as bars:
            task = bars.add_task("Ingesting", total=len(files))

            def tell(outcome: IngestOutcome) -> None:
                bars.advance(task)
                told.append(outcome)
                if json:
                    _print_outcome(outcome)

            same = opened.library.unchanged(files)
            for outcome in same.values():
                tell(outcome)
            changed = [path for path in files if path not in same]
            if changed:
                from chapter_pipeline.orchestration.runs import open_runs

                with open_runs(opened) as runs:
                    runs.ingest(changed, on_outcome=tell)
    finally:
        # Also when one document met an error, or the person has had enough: what is done is done.
        if told and not json:
            _show_outcomes(told)


def _print_outcome(outcome: IngestOutcome) -> None:
    try:
        print_json(asdict(outcome))
    except BrokenPipeError:
        close_output()  # the reader closed the pipe; the other files are ingested all the same


def _show_outcomes(outcomes: list[IngestOutcome]) -> None:
    rows = [
        (Path(o.path).name, o.status.value, o.pages or "", o.passages or "", o.figures or "", o.title or o.reason)
        for o in outcomes
    ]
    print_table("Ingested", ["File", "Status", "Pages", "Passages", "Figures", "Title or reason"], rows)
    counts = {status: sum(o.status is status for o in outcomes) for status in IngestStatus}
    say(", ".join(f"{count} {status.value}" for status, count in counts.items() if count))
    for outcome in outcomes:
        if outcome.cited_by:
            new = "write the chapters again to take up the new one"
            refused = "the new file is in quarantine, deliver a whole one"
            say(
                f"{Path(outcome.path).name} took the place of document {outcome.replaced}, which is cited by "
                f"{', '.join(outcome.cited_by)}: their versions keep what they cite; {new if outcome.document else refused}"
            )
        if outcome.same_work_as:
            say(
                f"{Path(outcome.path).name} is the same work as {', '.join(outcome.same_work_as)}: a chapter counts and "
                "cites it once"
            )
    if counts[IngestStatus.QUARANTINED]:
        say("what to do about the files in quarantine: chapter-pipeline documents list")


def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("--k", min=1, max=200, help="How many passages.")] = 10,
    json: Json = False,
) -> None:
    """Find passages of the library, with the page, or section and paragraph, each stands on."""
    from chapter_pipeline.domain.document import place
    from chapter_pipeline.retrieval.ranking import fits

    with context() as opened:
        hits = opened.library.search(query, k=k)
        titles = opened.library.titles(hit.document for hit in hits)
        empty = not hits and not opened.library.documents()
    if json:
        for hit in hits:
            print_json({**hit.model_dump(), "title": titles.get(hit.document), "fits": fits(hit)})
        return
    if empty:
        say("the library is empty: put documents into it with chapter-pipeline ingest FILES")
    elif not any(map(fits, hits)):
        nearest = "; the nearest passages, which are hardly about it:" if hits else ""
        say(f"nothing in the library fits {query!r}: try other words, or ingest documents on it{nearest}")
    for hit in hits:
        parts = ", ".join(f"{name} {value:.2f}" for name, value in hit.parts.items())
        read = "" if hit.confidence is None else f", recognised from a scan (confidence {hit.confidence:.2f})"
        where = place(hit.page, hit.page_label, hit.paragraph, unit="page")
        say(f"{hit.rank}. {titles.get(hit.document) or hit.document}, {where}{read}", style="bold")
        say(f"   score {hit.score:.3f} ({parts}), document {hit.document}", style="dim")
        say(f"   {hit.text}")


@app.command("list")
def list_documents(
    sort: Annotated[str | None, typer.Option("--sort", help="A column, e.g. year; missing values are last.")] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.")] = False,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="COLUMN=TEXT, year=2015-2020, or COLUMN= for documents without; repeatable."),
    ] = None,
    columns: Annotated[str | None, typer.Option("--columns", help="Which, e.g. author,year,volume,doi.")] = None,
    json: Json = False,
) -> None:
    """All documents, and the files in quarantine with their reasons; with a filter, documents alone."""
    from chapter_pipeline.services.document_table import COLUMNS, USUAL, named_columns

    # A terminal is too narrow for the names of the files.
    wanted = named_columns(columns) if columns is not None else USUAL[: len(USUAL) - out.is_terminal]
    with context() as opened:
        documents = opened.library.documents(sort=sort, reverse=reverse, filters=filters or ())
        quarantined = [] if filters else opened.library.quarantined()
    if json:
        for document in documents:
            print_json(_as_json(document))
        for name in quarantined:
            print_json({"name": name.name, "status": "quarantined", "reason": name.reason, "detail": name.detail})
        return
    if not documents and not quarantined:
        say(
            f"no document meets {' and '.join(map(repr, filters))}"
            if filters
            else "the library is empty: chapter-pipeline ingest FILES"
        )
    if documents:
        rows = [tuple(COLUMNS[name].cell(document) for name in wanted) for document in documents]
        print_table("Documents", [COLUMNS[name].heading for name in wanted], rows, whole="Document", one_line=True)
    doubtful = [one.key for one in documents if one.record.to_check]
    if doubtful:
        say(
            f"the text of {len(doubtful)} documents is to be checked by eye, first {doubtful[0]}: see "
            "chapter-pipeline documents show DOCUMENT; the column: --columns document,title,to_check"
        )
    if quarantined:
        print_table("Quarantine", ["Name", "Reason", "Detail"], [(q.name, q.reason, q.detail) for q in quarantined])


@app.command("inventory")
def show_inventory(json: Json = False) -> None:
    """Every file that was delivered: in the library, in quarantine, waiting, half stored, stale or gone, and what helps."""
    from chapter_pipeline.services.inventory import FileState, summary

    with context() as opened:
        items = opened.library.inventory()
    if json:
        for item in items:
            print_json(asdict(item))
        return
    rows = [(i.name, i.state.value, i.why, i.remedy) for i in items if i.state is not FileState.STORED]
    if rows:
        print_table("Not in the library", ["File", "State", "Why", "What helps"], rows)
    say(", ".join(f"{count} {state.value}" for state, count in summary(items).items()) or "no file was delivered yet")


def _as_json(document: DocumentSummary) -> dict[str, Any]:
    record = document.record.model_dump(mode="json")
    return {
        "document": record.pop("key"),
        "status": "ingested",
        **record,
        "sha256": document.sha256,
        "size_bytes": document.size_bytes,
        "names": list(document.names),
        "passages": document.passage_count,
        "figures": document.figure_count,
        "warnings": list(document.warnings),
        "metadata_check": document.metadata_check,
    }


@app.command("show")
def show_document(
    document: Annotated[str, typer.Argument(help="Document key, its first digits, or a name.")],
    pages: Annotated[bool, typer.Option("--pages", help="The words of each page by kind instead.")] = False,
    findings: Annotated[bool, typer.Option("--findings", help="Its study record with the findings instead.")] = False,
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kind", help="With --findings: those of this kind, e.g. own_result; repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """One document: its record with the origin of each field, names, the chapters that cite it, figures with captions."""
    from chapter_pipeline.services.citing_chapters import cited_in

    if pages and findings:
        raise UsageError("--pages and --findings are given: ask for one of them")
    if kinds and not findings:
        raise UsageError("--kind is given without --findings: it chooses among the findings of a document")
    if findings:
        _show_findings(document, kinds or (), json=json)
        return
    if pages:
        _show_pages(document, json=json)
        return
    with context() as opened:
        detail = opened.library.document(document)
    found, figures, citing = detail.summary, detail.figures, detail.citing
    same = list(detail.same_work_as)
    if json:
        cited_by = [{"chapter": one.chapter, "versions": list(one.versions)} for one in citing]
        figure_list = [figure.model_dump() for figure in figures]
        captions = [{"section": where, "label": label, "caption": text} for where, label, text in detail.captions]
        told = {
            "record": record_as_json(found), "edits": edits_as_json(found), "same_work_as": same,
            "cited_by": cited_by, "figure_list": figure_list, "captions": captions, "text_of": detail.text_of,
        }  # fmt: skip
        print_json({**_as_json(found), **told})
        return
    in_record = {field.value for field in RecordField}
    about = {name: value for name, value in _as_json(found).items() if name not in in_record}
    about |= {"same_work_as": same, "cited_by": cited_in(citing)}
    if detail.text_of:
        about["searched_text"] = f"that of {detail.text_of}, the JATS article of this work"
    print_table("Document", ["Field", "Value"], [(name, _readable(value)) for name, value in about.items()])
    show_record(found)
    if figures:
        print_table("Figures", ["Figure", "Page", "Caption"], [(f.label, f.page, f.caption) for f in figures])
    if detail.captions:
        print_table("Captions of figures without an image", ["Figure", "Section", "Caption"], [(label, where, text) for where, label, text in detail.captions])  # fmt: skip


def _show_findings(document: str, kinds: Sequence[str], *, json: bool) -> None:
    from chapter_pipeline.cli.finding_output import show_document_findings
    from chapter_pipeline.services.finding_filters import finding_filter

    wanted = finding_filter(kinds=kinds).kinds
    with context() as opened:
        told = opened.findings.of_document(document)
    show_document_findings(told, wanted, json=json)


def _show_pages(document: str, *, json: bool) -> None:
    from chapter_pipeline.documents.structure.text_audit import words_table

    with context() as opened:
        columns, rows = words_table(opened.library.pages(document))
    if not json:
        print_table("Words of each page by kind", columns, rows)
        return
    for row in rows:
        print_json(dict(zip((column.lower() for column in columns), row, strict=True)))


@app.command("edit")
def edit_document(
    document: Annotated[str, typer.Argument(help="Document key, its first digits, or a name.")],
    by: Annotated[str, typer.Option("--by", help="Who corrects the record.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for example where the value stands.")],
    fields: Annotated[
        list[str] | None,
        typer.Option("--field", help='FIELD=VALUE, e.g. year=2017 or authors="Family, Given; {Group}"; repeatable.'),
    ] = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", help="A field whose value by a person is taken back; repeatable.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="A YAML file of fields instead.")] = None,
    json: Json = False,
) -> None:
    """Correct the bibliographic record of a document; earlier values stay on record, see documents show."""
    from chapter_pipeline.orchestration.document_acts import ObservedActs
    from chapter_pipeline.services.record_input import assignments

    if file is not None and (fields or unset):
        raise UsageError("--file and --field or --unset are given: write all values into the file, or none")
    with context() as opened:
        editing = opened.record_editing(ObservedActs(opened.settings))
        if file is not None:
            changed = editing.edit_from_file(document, file, by=by, reason=reason)
        else:
            changed = editing.edit(document, assignments(fields or ()), unset=unset or (), by=by, reason=reason)
    if json:
        print_json({**_as_json(changed), "record": record_as_json(changed), "edits": edits_as_json(changed)})
        return
    show_record(changed)


@app.command("reconcile")
def reconcile(json: Json = False) -> None:
    """The fields of documents whose origins disagree and that no person has decided, with all their values."""
    with context() as opened:
        disputed = opened.library.reconcile()
    if json:
        for one in disputed:
            for conflict in one.conflicts:
                values = [value_as_json(value) for value in conflict.values]
                told = {"document": one.document.key, "title": one.document.record.title, "field": conflict.field.value}
                print_json({**told, "values": values, "detail": conflict.detail})
        return
    rows = [
        (
            one.document.key, one.document.record.title, conflict.field.value,
            "; ".join(f"{value.said} [{value.named_origin}]" for value in conflict.values), conflict.detail,
        )
        for one in disputed
        for conflict in one.conflicts
    ]  # fmt: skip
    if not rows:
        say("no record has values that contradict each other and that nobody has decided")
        return
    print_table(
        "Conflicts", ["Document", "Title", "Field", "Values, the one in force first", "Note"], rows, whole="Document"
    )
    say("decide: chapter-pipeline documents edit DOCUMENT --field FIELD=VALUE --by NAME --reason TEXT")


def _readable(value: object) -> object:
    if isinstance(value, dict):
        return f"{value['registry']}: {value['status'].replace('_', ' ')} {value['detail']}".strip()
    return ", ".join(map(str, value)) if isinstance(value, list) else value


@app.command("remove")
def remove_document(
    document: Annotated[str, typer.Argument(help="Document key, its first digits, or a name.")], json: Json = False
) -> None:
    """Take a document out of the library: its text, passages, vectors, names and its file in the bucket.

    Versions of chapters that cite it stay whole; they are named.
    """
    from chapter_pipeline.services.citing_chapters import what_follows

    with context() as opened:
        removal = opened.library.remove(document)
    gone = removal.departure
    if json:
        cited_by = [{"chapter": one.chapter, "versions": list(one.versions)} for one in gone.citing] if gone else []
        print_json({"removed": list(removal.names), "document": gone.document if gone else None, "cited_by": cited_by})
        return
    say(f"removed {', '.join(removal.names)}")
    if gone and gone.citing:
        say(what_follows(gone.citing))


@app.command("clean")
def clean(
    remove: Annotated[bool, typer.Option("--remove", help="Delete them; without it they are listed.")] = False,
    json: Json = False,
) -> None:
    """Images of figures in the bucket that no document and no chapter shows: what a broken off ingest or removal left there."""
    with context() as opened:
        left_over = opened.library.left_over_images(remove=remove)
    if json:
        for one in left_over:
            print_json({"key": one.key, "size_bytes": one.size_bytes, "removed": remove})
        return
    for one in left_over:
        say(one.key)
    said = f"{len(left_over)} images, {sum(one.size_bytes for one in left_over) / 1e6:.1f} MB"
    say(f"removed {said}" if remove else f"{said}; to remove them: chapter-pipeline documents clean --remove")

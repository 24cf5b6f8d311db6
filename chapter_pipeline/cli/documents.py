"""Owns the commands on the library: ingest, search, documents list, show and remove."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chapter_pipeline.cli.console import close_output, out, print_json, print_table, progress, say
from chapter_pipeline.cli.context import context
from chapter_pipeline.domain.document import IngestOutcome, IngestStatus

if TYPE_CHECKING:
    from chapter_pipeline.storage.library_queries import DocumentSummary

app = typer.Typer(no_args_is_help=True)
DOCUMENT_COLUMNS = ["Document", "Author", "Year", "Title", "Journal", "DOI", "Pages", "Files"]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="PDF files, or folders that hold them.")], json: Json = False
) -> None:
    """Put PDFs into the library. A bad file is quarantined with a reason and never stops the others."""
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
    if counts[IngestStatus.QUARANTINED]:
        say("what to do about the files in quarantine: chapter-pipeline documents list")


def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("--k", min=1, max=200, help="How many passages.")] = 10,
    json: Json = False,
) -> None:
    """Find passages of the library, with the page each stands on."""
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
        say(f"{hit.rank}. {titles.get(hit.document) or hit.document}, page {hit.page}{read}", style="bold")
        say(f"   score {hit.score:.3f} ({parts}), document {hit.document}", style="dim")
        say(f"   {hit.text}")


@app.command("list")
def list_documents(json: Json = False) -> None:
    """All documents, and the files in quarantine with their reasons."""
    with context() as opened:
        documents = opened.library.documents()
        quarantined = opened.library.quarantined()
    if json:
        for document in documents:
            print_json(_as_json(document))
        for name in quarantined:
            print_json({"name": name.name, "status": "quarantined", "reason": name.reason, "detail": name.detail})
        return
    if not documents and not quarantined:
        say("the library is empty: chapter-pipeline ingest FILES")
    if documents:
        shown = len(DOCUMENT_COLUMNS) - out.is_terminal  # a terminal is too narrow for the names of the files
        rows = [_listed(document)[:shown] for document in documents]
        print_table("Documents", DOCUMENT_COLUMNS[:shown], rows, whole="Document", one_line=True)
    if quarantined:
        print_table("Quarantine", ["Name", "Reason", "Detail"], [(q.name, q.reason, q.detail) for q in quarantined])


def _listed(document: DocumentSummary) -> tuple[object, ...]:
    """A document as one line; `DOCUMENT_COLUMNS` names the cells."""
    from chapter_pipeline.publishing.csl import family_name

    record = document.record
    author = family_name(record.authors[0]) + " et al." * (len(record.authors) > 1) if record.authors else ""
    return (
        document.key, author, record.year, record.title, record.journal, record.doi, record.page_count,
        ", ".join(document.names),
    )  # fmt: skip


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
    document: Annotated[str, typer.Argument(help="Document key, its first digits, or a name.")], json: Json = False
) -> None:
    """One document: metadata, names, the chapters that cite it, figures with captions."""
    from chapter_pipeline.services.citing_chapters import cited_in

    with context() as opened:
        detail = opened.library.document(document)
    found, figures, citing = detail.summary, detail.figures, detail.citing
    if json:
        cited_by = [{"chapter": one.chapter, "versions": list(one.versions)} for one in citing]
        figure_list = [figure.model_dump() for figure in figures]
        print_json({**_as_json(found), "cited_by": cited_by, "figure_list": figure_list})
        return
    about = {**_as_json(found), "cited_by": cited_in(citing)}
    print_table("Document", ["Field", "Value"], [(name, _readable(value)) for name, value in about.items()])
    if figures:
        print_table("Figures", ["Figure", "Page", "Caption"], [(f.label, f.page, f.caption) for f in figures])


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

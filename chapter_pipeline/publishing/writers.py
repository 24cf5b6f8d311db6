"""Owns one function a document format: the chapter laid out for it, written by pandoc, finished with our templates."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from chapter_pipeline.publishing import pandoc_ast as ast
from chapter_pipeline.publishing.docx_style import reference_docx
from chapter_pipeline.publishing.layout import Publication, chapter_blocks
from chapter_pipeline.publishing.medium import ImagePlace, Medium
from chapter_pipeline.publishing.pandoc import run_pandoc
from chapter_pipeline.publishing.pdf import compile_pdf

_TEMPLATES = Path(__file__).parent / "templates"

# gfm: an entity of a source's text would be read as the character it names, and GitHub strikes ~text~ through.
_ENTITY_OR_TILDE = re.compile(r"&(?=#?\w+;)|~")
_ESCAPED = {"&": ast.raw("markdown", "&amp;"), "~": ast.raw("markdown", "\\~")}
# typst, even without smart quotes, sets dashes, an ellipsis and a soft hyphen for these.
_SHORTHANDS = {mark: ast.raw("typst", "".join(f"\\{c}" for c in mark)) for mark in ("---", "--", "...", "-?")}
_SHORTHAND = re.compile(r"---|--|\.\.\.|-\?")


def write_markdown(publication: Publication, figure_folder: str) -> bytes:
    """GitHub-flavoured Markdown, readable as it is: citations are plain text."""
    medium = Medium(
        writer="gfm-smart",
        images=ImagePlace.FOLDER,
        figure_folder=figure_folder,
        links=False,
        boxes=False,
        captions=False,
        top_level=2,
        unescaped=_ENTITY_OR_TILDE,
        literal=_ESCAPED,
    )
    title = ast.header(1, ast.text(publication.final.chapter.title), "")
    return _write(publication, medium, before=[title])


def write_html(publication: Publication) -> bytes:
    """One HTML file that needs nothing else: no script, no address but those of DOIs."""
    medium = Medium(writer="html5", images=ImagePlace.INSIDE, collapsible=True, top_level=2)
    options = ["--standalone", f"--template={_TEMPLATES / 'chapter.html'}", "--toc", "--toc-depth=3"]
    return _write(publication, medium, options=options)


def write_docx(publication: Publication, epoch_s: int) -> bytes:
    """A Word file with Word's own headings, tables and captions."""
    medium = Medium(writer="docx", images=ImagePlace.INSIDE, word_styles=True)
    with tempfile.TemporaryDirectory(prefix="chapter-docx-") as name:
        folder = Path(name)
        reference = folder / "reference.docx"
        reference.write_bytes(reference_docx(ast.clean(publication.final.chapter.title)))
        options = [f"--reference-doc={reference}", "--output=-"]
        return _write(publication, medium, options=options, epoch_s=epoch_s)


def write_pdf(publication: Publication, epoch_s: int) -> bytes:
    """A textbook page set by typst."""
    medium = Medium(
        writer="typst-smart",
        images=ImagePlace.FOLDER,
        figure_folder=".",
        splits_references=False,
        unescaped=_SHORTHAND,
        literal=_SHORTHANDS,
    )
    options = ["--standalone", f"--template={_TEMPLATES / 'chapter.typ'}"]
    source = _write(publication, medium, options=options, epoch_s=epoch_s)
    with tempfile.TemporaryDirectory(prefix="chapter-pdf-") as name:
        return compile_pdf(source, publication.images.values(), epoch_s=epoch_s, folder=Path(name))


def write_jats(publication: Publication, figure_folder: str) -> bytes:
    """A JATS archiving article; BITS, the tag set of books, has no pandoc writer."""
    medium = Medium(
        writer="jats_archiving",
        images=ImagePlace.FOLDER,
        figure_folder=figure_folder,
        boxes=False,
        plain_alternative=True,
        splits_references=False,
    )
    chapter = publication.final.chapter
    article = {"type": "review-article", "publisher-id": f"{chapter.slug}-v{publication.version}"}
    journal = {"publisher-id": "chapter_pipeline", "title": "chapter_pipeline", "publisher-name": "chapter_pipeline"}
    metadata = {"article": ast.meta(article), "journal": ast.meta(journal)}
    return _write(publication, medium, options=["--standalone"], metadata=metadata)


def _write(
    publication: Publication,
    medium: Medium,
    *,
    before: Sequence[ast.Node] = (),
    options: Sequence[str] = (),
    metadata: Mapping[str, ast.Node] | None = None,
    epoch_s: int = 0,
) -> bytes:
    blocks = medium.literal_text([*before, *chapter_blocks(publication, medium)])
    tree = ast.document(blocks, {**_metadata(publication, medium), **(metadata or {})})
    return run_pandoc(tree, medium.writer, options=options, epoch_s=epoch_s)


def _metadata(publication: Publication, medium: Medium) -> dict[str, ast.Node]:
    final = publication.final
    values = {
        "title": final.chapter.title,
        "lang": "en",
        "date": final.cutoff_date.isoformat(),
        "year": str(final.cutoff_date.year),
        "month": str(final.cutoff_date.month),
        "day": str(final.cutoff_date.day),
        "version": str(publication.version),
    }
    title = medium.literal_text([ast.meta(values["title"])])[0]
    return {**{key: ast.meta(value) for key, value in values.items()}, "title": title}

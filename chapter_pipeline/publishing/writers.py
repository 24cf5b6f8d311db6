"""Owns one function a document format: the chapter laid out for it, written by pandoc, finished with our templates."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from chapter_pipeline.publishing import pandoc_ast as ast
from chapter_pipeline.publishing.docx_style import reference_docx
from chapter_pipeline.publishing.layout import Publication, chapter_blocks
from chapter_pipeline.publishing.output_profile import ImagePlace, OutputProfile
from chapter_pipeline.publishing.pandoc import run_pandoc
from chapter_pipeline.publishing.pdf import compile_pdf

_TEMPLATES = Path(__file__).parent / "templates"

# What the two writers of markup (pandoc 3.9) leave as it is, found by comparing random text before and after.
# gfm: an entity is read as the character it names, GitHub strikes ~text~ through and links bare addresses, and the
# character after a backslash is lost.
_GFM_MARKUP = re.compile(r"&(?=#?\w+;)|~|\\|:(?=//)|www\.")
_GFM_LITERAL = {
    "&": ast.raw("markdown", "&amp;"),
    "~": ast.raw("markdown", "\\~"),
    "\\": ast.raw("markdown", "\\\\"),
    ":": ast.raw("markdown", "\\:"),
    "www.": ast.raw("markdown", "www\\."),
}
# typst: dashes, an ellipsis, a soft hyphen and a minus sign, even without smart quotes.
_TYPST_MARKUP = re.compile(r"---|--|\.\.\.|-\?|-(?=\d)")
_TYPST_LITERAL = {mark: ast.raw("typst", "".join(f"\\{c}" for c in mark)) for mark in ("---", "--", "...", "-?", "-")}


def write_markdown(publication: Publication, figure_folder: str) -> bytes:
    """GitHub-flavoured Markdown, readable as it is: citations are plain text."""
    medium = OutputProfile(
        writer="gfm-smart",
        images=ImagePlace.FOLDER,
        figure_folder=figure_folder,
        links=False,
        boxes=False,
        captions=False,
        top_level=2,
        unescaped=_GFM_MARKUP,
        literal=_GFM_LITERAL,
    )
    title = ast.header(1, ast.text(publication.final.chapter.title), "")
    return _write(publication, medium, before=[title])


def write_html(publication: Publication) -> bytes:
    """One HTML file that needs nothing else: no script, no address but those of DOIs."""
    medium = OutputProfile(writer="html5", images=ImagePlace.INSIDE, collapsible=True, front_apart=True, top_level=2)
    options = ["--standalone", f"--template={_TEMPLATES / 'chapter.html'}", "--toc", "--toc-depth=3"]
    date = ast.meta(publication.final.cutoff_date.isoformat())
    return _write(publication, medium, options=options, metadata={"date": date})


def write_docx(publication: Publication, epoch_s: int) -> bytes:
    """A Word file with Word's own headings, tables and captions."""
    medium = OutputProfile(writer="docx", images=ImagePlace.INSIDE, word_styles=True)
    with tempfile.TemporaryDirectory(prefix="chapter-docx-") as name:
        folder = Path(name)
        reference = folder / "reference.docx"
        reference.write_bytes(reference_docx(_running_head(publication)))
        options = [f"--reference-doc={reference}", "--output=-"]
        return _write(publication, medium, options=options, epoch_s=epoch_s)


def write_pdf(publication: Publication, epoch_s: int) -> bytes:
    """A textbook page set by typst."""
    medium = OutputProfile(
        writer="typst-smart",
        images=ImagePlace.FOLDER,
        figure_folder=".",
        splits_references=False,
        number_box="#box(width: 2.2em)[{}.]",
        unescaped=_TYPST_MARKUP,
        literal=_TYPST_LITERAL,
    )
    options = ["--standalone", f"--template={_TEMPLATES / 'chapter.typ'}"]
    cutoff = publication.final.cutoff_date
    numbers = {"year": cutoff.year, "month": cutoff.month, "day": cutoff.day, "version": publication.version}
    metadata = {name: ast.meta(number) for name, number in numbers.items()}
    metadata["running-head"] = medium.literal_text([ast.meta(_running_head(publication))])[0]
    source = _write(publication, medium, options=options, metadata=metadata)
    with tempfile.TemporaryDirectory(prefix="chapter-pdf-") as name:
        return compile_pdf(source, publication.images.values(), epoch_s=epoch_s, folder=Path(name))


def write_jats(publication: Publication, figure_folder: str) -> bytes:
    """A JATS archiving article; BITS, the tag set of books, has no pandoc writer."""
    medium = OutputProfile(
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
    metadata["date"] = ast.meta(publication.final.cutoff_date.isoformat())
    return _with_jats_labels(_write(publication, medium, options=["--standalone"], metadata=metadata))


# What pandoc 3.9 has no words for: each pattern is markup of its writer, which the text of a source, escaped, never is.
_JATS_STRUCTURE = (
    (re.compile(r"<issn></issn>\n|<permissions>\s*</permissions>\n"), ""),
    (re.compile(r"(<caption>\s*<p>)<bold>((?:Figure|Table) \d+\.)</bold> "), r"<label>\2</label>\n\1"),
    (re.compile(r"<table-wrap>(.*?)<table id=\"([^\"]+)\">", re.DOTALL), r'<table-wrap id="\2">\1<table>'),
    (re.compile(r"<mixed-citation>(\d+\.) "), r"<label>\1</label>\n    <mixed-citation>"),
    (
        re.compile(r'doi:<ext-link ext-link-type="uri" xlink:href="https://doi\.org/[^"]*">([^<]*)</ext-link>'),
        r'doi:<pub-id pub-id-type="doi">\1</pub-id>',
    ),
)


def _with_jats_labels(written: bytes) -> bytes:
    """Labels of figures, tables and references, and DOIs, as the elements that programs look for."""
    text = written.decode()
    for pattern, replacement in _JATS_STRUCTURE:
        text = pattern.sub(replacement, text)
    return text.encode()


def _write(
    publication: Publication,
    medium: OutputProfile,
    *,
    before: Sequence[ast.Node] = (),
    options: Sequence[str] = (),
    metadata: Mapping[str, ast.Node] | None = None,
    epoch_s: int = 0,
) -> bytes:
    blocks = medium.literal_text([*before, *chapter_blocks(publication, medium)])
    # A template with a table of contents puts it between the front matter and the chapter.
    front = _front_length(blocks) if medium.front_apart else 0
    title = medium.literal_text([ast.meta(publication.final.chapter.title)])[0]
    values = {"title": title, "lang": ast.meta("en"), "front": {"t": "MetaBlocks", "c": blocks[:front]}}
    tree = ast.document(blocks[front:], {**values, **(metadata or {})})
    return run_pandoc(tree, medium.writer, options=options, epoch_s=epoch_s)


def _front_length(blocks: Sequence[ast.Node]) -> int:
    return next((index for index, block in enumerate(blocks) if block["t"] == "Header"), len(blocks))


def _running_head(publication: Publication) -> str:
    """The title, cut at a word where it would not fit into one line."""
    title = ast.clean(publication.final.chapter.title)
    return title if len(title) <= 90 else f"{title[:90].rsplit(' ', 1)[0]}…"

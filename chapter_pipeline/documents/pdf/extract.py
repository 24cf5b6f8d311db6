"""Owns the way from the bytes of a PDF to a `ParsedDocument`; it runs in the parser's child process only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

import pymupdf

from chapter_pipeline.documents.injection_filter import without_injections
from chapter_pipeline.documents.metadata.record import document_records, find_title
from chapter_pipeline.documents.metadata.repositories import front_matter
from chapter_pipeline.documents.ocr.recognition import Recogniser
from chapter_pipeline.documents.ocr.scans import read_scans
from chapter_pipeline.documents.pdf.drawings import Drawings
from chapter_pipeline.documents.pdf.images import colour_management
from chapter_pipeline.documents.pdf.lines import Line, document_lines
from chapter_pipeline.documents.pdf.second_reading import second_reading
from chapter_pipeline.documents.reasons import Reason
from chapter_pipeline.documents.structure.cited_works import cited_works
from chapter_pipeline.documents.structure.classify import Item, PageSize, classify
from chapter_pipeline.documents.structure.figure_captions import is_bare_label, is_figure_caption, is_further_caption
from chapter_pipeline.documents.structure.figures import (
    PageParts,
    document_figures,
)
from chapter_pipeline.documents.structure.glyphs import with_whole_ligatures
from chapter_pipeline.documents.structure.headings import section_tree
from chapter_pipeline.documents.structure.layout import Region, reading_order, regions
from chapter_pipeline.documents.structure.operative import with_operative_sections
from chapter_pipeline.documents.structure.pages import make_page, page_warnings, recognised_page, scan_warnings
from chapter_pipeline.documents.structure.tables import numbered, page_tables, turned_tables
from chapter_pipeline.documents.structure.text_audit import audit
from chapter_pipeline.documents.structure.words import Joiner, closed_up
from chapter_pipeline.domain.document import BlockKind, Box, ParsedDocument
from chapter_pipeline.errors import DocumentRejected

MIN_LETTERS = 100
"""A document with fewer letters in all its pages has no text layer."""


def extract_document(
    document: pymupdf.Document,
    content: bytes,
    warnings: Sequence[str] = (),
    recognise: Recogniser | None = None,
    *,
    max_recognised: int = 0,
) -> ParsedDocument:
    """Pages with blocks in reading order, metadata and figures of an open document.

    Pages without a text layer, or with one that is no language, are given to `recognise` as pictures, at most
    `max_recognised` of them. Raises `DocumentRejected` when there is hardly any text.
    """
    with colour_management(on=False, after=True):
        return _extracted(document, content, warnings, recognise, max_recognised)


def _extracted(
    document: pymupdf.Document,
    content: bytes,
    warnings: Sequence[str],
    recognise: Recogniser | None,
    max_recognised: int,
) -> ParsedDocument:
    file_pages = list(document)
    lines = document_lines(file_pages)
    page_sizes = [PageSize(rect.width, rect.height) for rect in (page.rect for page in file_pages)]
    scans = read_scans(file_pages, lines, recognise, max_pages=max_recognised)
    for number in scans.garbled:
        lines[number] = []
    for number, page in scans.read.items():
        lines[number] = page.lines
    sizes = [scans.read[number].size if number in scans.read else size for number, size in enumerate(page_sizes)]
    joiner = Joiner(line.text for page in lines for line in page if line.upright and not line.hidden)
    items = [_items(page, number, joiner) for number, page in enumerate(lines)]
    if not _has_letters(items):
        if scans.failed:
            raise DocumentRejected(
                Reason.CRASHED,
                f"the text recognition of {len(scans.failed)} pages did not come to an end, and there is no other text:"
                " ingest it again",
            )
        raise DocumentRejected(
            Reason.NO_TEXT,
            f"fewer than {MIN_LETTERS} letters on {len(lines)} pages"
            + (
                ": a scan? Text recognition is off, set CHAPTER_OCR=on"
                if scans.unread
                else ": deliver it with a text layer"
            ),
        )
    front = front_matter(items)
    title = find_title(document, items, front)
    classify(items, sizes, title.items, title_page=front.title_page, furniture=front.furniture)
    for page_items in items:
        _reunite(page_items, joiner)
        _reunite_captions(page_items, joiner)
    drawings = [Drawings(page) for page in file_pages]
    tables = numbered(
        [
            table
            for number, (page_items, page, drawn) in enumerate(zip(items, lines, drawings, strict=True), start=1)
            if number - 1 not in scans.read
            for table in (
                *page_tables(number, page_items, page, drawn.rules),
                *turned_tables(number, sizes[number - 1].width, sizes[number - 1].height, page, drawn.rules),
            )
        ]
    )
    for table in tables:
        for item in items[table.page - 1]:
            if item.kind is BlockKind.REFERENCE and _lies_in(item.box, table.box):
                item.kind = BlockKind.TABLE
    pages = tuple(
        make_page(number, size, page_items, page)
        for number, (size, page_items, page) in enumerate(zip(sizes, items, lines, strict=True), start=1)
    )
    pages = tuple(
        recognised_page(page, scans.read[number], page_sizes[number]) if number in scans.read else page
        for number, page in enumerate(pages)
    )
    pages, headings = with_operative_sections(pages, section_tree(items, pages))
    figures = document_figures(
        [
            PageParts(page, page_items, on_page, drawn)
            for page, page_items, on_page, drawn in zip(file_pages, items, lines, drawings, strict=True)
            if page.number not in scans.read
        ]
    )
    records = document_records(document, title, items, front)
    works = cited_works(items, joiner)
    # A recognised page has no text layer to compare with.
    audited = [page if number not in scans.read else replace(page, blocks=()) for number, page in enumerate(pages)]
    parsed = ParsedDocument(
        sha256=hashlib.sha256(content).hexdigest(),
        page_count=len(pages),
        metadata=records.printed,
        pages=pages,
        figures=tuple(figures),
        tables=tuple(tables),
        headings=headings,
        cited_works=works,
        warnings=(
            *warnings,
            *page_warnings(pages),
            *scan_warnings(scans),
            *audit(audited, works, second_reading(content, without=scans.read)),
        ),
        citation_line=records.citation_line,
        properties=records.properties,
    )
    return without_injections(parsed)


def _items(lines: Sequence[Line], page: int, joiner: Joiner) -> list[Item]:
    """Upright, visible lines as items in reading order; bold labels that open a paragraph become items of their own."""
    visible = [line for line in lines if line.upright and not line.hidden and not line.line_number]
    return [
        Item(
            region=region,
            page=page,
            text=with_whole_ligatures(closed_up(joiner.join([line.text for line in region.lines]))),
        )
        for region in reading_order(regions(visible))
    ]


def _has_letters(items: Sequence[Sequence[Item]]) -> bool:
    """Whether `items` have the letters of a text layer; most documents show it with their first lines."""
    letters = 0
    for page in items:
        for item in page:
            letters += sum(map(str.isalpha, item.text))
            if letters >= MIN_LETTERS:
                return True
    return False


def _lies_in(box: Box, other: Box) -> bool:
    return all(box[n] >= other[n] - 3 for n in (0, 1)) and all(box[n] <= other[n] + 3 for n in (2, 3))


def _reunite(items: list[Item], joiner: Joiner) -> None:
    """Put paragraphs together that go on in another place of the page, as at the foot of a column."""
    open_item: Item | None = None
    for item in list(items):
        if item.kind not in (BlockKind.BODY, BlockKind.ABSTRACT) and not _is_last_line(item, open_item):
            if item.kind is BlockKind.HEADING:
                open_item = None
            continue
        if open_item is not None and _goes_on(open_item.text, item.text):
            glued = joiner.glue(open_item.text, item.text)
            shift = len(glued) - len(item.text)
            open_item.joins += [shift, *(shift + join for join in item.joins)]
            open_item.text = glued
            items.remove(item)
            continue
        open_item = item


def _is_last_line(item: Item, open_item: Item | None) -> bool:
    """A few words of no known kind in the letters of a paragraph that waits for its end, such as "of observation [9]."."""
    if open_item is None or item.kind not in (BlockKind.OTHER, BlockKind.FURNITURE):
        return False
    region, other = item.region, open_item.region
    alike = region.font == other.font and abs(region.size - other.size) < 0.3 and region.rows == 1
    return alike and item.words < 12 and item.text[:1].islower() and item.text[-1:] in ".!?"


def _reunite_captions(items: list[Item], joiner: Joiner) -> None:
    """Put captions together that were cut where bold letters end, or are set in two columns of their own."""
    _reunite_legends(items, joiner)
    for caption in [item for item in items if item.kind is BlockKind.CAPTION]:
        box = caption.box
        while caption.text[-1:] not in ".!?":
            parts = [item for item in items if item is not caption and _is_rest(item, caption, box)]
            if len(parts) != 1:
                break
            caption.text = joiner.glue(caption.text, parts[0].text)
            box = parts[0].box
            items.remove(parts[0])


def _reunite_legends(items: list[Item], joiner: Joiner) -> None:
    """Put a legend together with its label on a line of its own, and with its further paragraphs behind the references."""
    for caption in [item for item in items if is_figure_caption(item)]:
        bare = is_bare_label(caption.text)
        while True:
            rest = next((item for item in items if _is_next_part(item, caption, bare=bare)), None)
            if rest is None:
                break
            caption.text = joiner.glue(caption.text, rest.text)
            caption.region = Region((*caption.region.lines, *rest.region.lines))
            items.remove(rest)
            bare = False


_NO_LEGEND = frozenset(
    {BlockKind.CAPTION, BlockKind.FURNITURE, BlockKind.TITLE, BlockKind.BODY, BlockKind.ABSTRACT}
)  # "Figure 1." may be the end of a sentence of the body, on a line of its own


def _is_next_part(item: Item, caption: Item, *, bare: bool) -> bool:
    """Whether `item` stands right below a caption and is a part of it."""
    size = caption.region.lines[-1].size
    last = caption.region.lines[-1].box
    gap = item.box[1] - last[3]
    further = is_further_caption(item)
    if (
        item is caption
        or abs(item.box[0] - caption.box[0]) > 3
        or not -0.5 * size < gap < (2.5 if further else 1.2) * size
    ):
        return False
    if further:
        return True
    if bare:
        alike = abs(item.region.size - caption.region.size) < 2.5
        return alike and item.words >= 3 and item.kind not in _NO_LEGEND
    listed = item.entries or re.match(r"^\[?\d+[.\]]", item.text)
    return item.kind is BlockKind.REFERENCE and not listed and abs(item.region.lines[0].size - size) < 0.6


def _is_rest(item: Item, caption: Item, last: Box) -> bool:
    """Whether `item` goes on with a caption whose last part stands in `last`: right below it, or beside its beginning."""
    size = caption.region.size
    if item.kind not in (BlockKind.OTHER, BlockKind.BODY, BlockKind.TABLE) or abs(item.region.size - size) > 0.4:
        return False
    below = abs(item.box[0] - last[0]) < 3 and -0.5 * size < item.box[1] - last[3] < 0.8 * size
    beside = last[2] - 3 <= item.box[0] <= last[2] + 40 and abs(item.box[1] - caption.box[1]) < 2.5 * size
    return below or (beside and item.region.lines[0].font == caption.region.lines[-1].font)


def _goes_on(text: str, following: str) -> bool:
    if text.endswith(("-", "‐")) and following[:1].isalpha():
        return True
    return text[-1:] not in '.!?:;”"' and (following[:1].islower() or following[:1] in "([≥≤<>=" or text.endswith(","))

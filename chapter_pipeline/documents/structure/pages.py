"""Owns the canonical text of a page with its blocks, and the warnings about blocks that no passage may contain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from chapter_pipeline.documents.injection_patterns import instruction_spans
from chapter_pipeline.documents.ocr.scans import ReadPage, Scans, ocr_lines
from chapter_pipeline.documents.pdf.lines import Line
from chapter_pipeline.documents.structure.classify import Item, PageSize
from chapter_pipeline.domain.document import Block, BlockFlag, BlockKind, Box, Page, TextSource

SEPARATOR = "\n\n"
MAX_PAGES_NAMED = 10


def make_page(number: int, size: PageSize, items: Sequence[Item], lines: Sequence[Line]) -> Page:
    """The page of items in reading order; what is hidden or turned stands last, as `OTHER`, with the line numbers."""
    text = PageText()
    for item in items:
        section = item.section
        if section is not None and _speaks_to_a_model(section):
            section = None  # a heading goes with the passages below it
        for start, end, instruction in parts(item.text):
            text.add(
                item.text[start:end], item.kind, item.box, section=section, instruction=instruction,
                joins=[join - start for join in item.joins if start <= join < end],
            )  # fmt: skip
    for line in lines:
        if line.hidden or not line.upright or line.line_number:
            found = bool(instruction_spans(line.text))
            kind = BlockKind.FURNITURE if line.line_number else BlockKind.OTHER
            text.add(line.text, kind, line.box, hidden=line.hidden, instruction=found)
    return Page(number=number, width=size.width, height=size.height, text=text.text, blocks=tuple(text.blocks))


@lru_cache(maxsize=256)
def _speaks_to_a_model(section: str) -> bool:
    """Whether the name of a section does, which stands with each of its items."""
    return bool(instruction_spans(section))


def recognised_page(page: Page, read: ReadPage, size: PageSize) -> Page:
    """`page`, made of recognised lines, with its boxes where they are on the page as it lies in the file."""
    return replace(
        page,
        width=size.width,
        height=size.height,
        blocks=tuple(replace(block, box=read.to_page(block.box)) for block in page.blocks),
        text_source=TextSource.OCR,
        ocr_lines=ocr_lines(page.text, read.recognised),
    )


def scan_warnings(scans: Scans) -> list[str]:
    """What an editor should know of the pages that were, or could not be, read from their picture."""
    warnings = []
    read, garbled, unread = ([number + 1 for number in pages] for pages in (scans.read, scans.garbled, scans.unread))
    if garbled:
        warnings.append(f"the text layer of {_named(garbled)} is no language: it is not used")
    if read:
        warnings.append(f"text recognised from the picture of {_named(read)}: check numbers against the page")
    if unread:
        warnings.append(f"no text read from the picture of {_named(unread)}: see CHAPTER_OCR, CHAPTER_OCR_MAX_PAGES")
    if scans.failed:
        failed = [number + 1 for number in sorted(scans.failed)]
        warnings.append(f"the reading of the picture of {_named(failed)} did not come to an end: its text is missing")
    return warnings


def page_warnings(pages: Sequence[Page]) -> list[str]:
    """What an editor should know of blocks that are kept out of the passages."""
    warnings = []
    hidden = [page.number for page in pages for block in page.blocks if BlockFlag.HIDDEN in block.flags]
    if hidden:
        warnings.append(
            f"hidden text on {_named(hidden)}: {len(hidden)} lines that cannot be seen are kept out of the passages"
        )
    spoken = [page.number for page in pages for block in page.blocks if BlockFlag.INSTRUCTION in block.flags]
    if spoken:
        warnings.append(f"text addressed to a language model on {_named(spoken)}: kept out of the passages")
    return warnings


class PageText:
    """The text of a page as it grows, block by block."""

    def __init__(self) -> None:
        self.text = ""
        self.blocks: list[Block] = []

    def add(
        self, text: str, kind: BlockKind, box: Box, *, section: str | None = None, joins: Sequence[int] = (),
        hidden: bool = False, instruction: bool = False, paragraph: int | None = None,
    ) -> None:  # fmt: skip
        if self.text:
            self.text += SEPARATOR
        start = len(self.text)
        self.text += text
        flags = [(BlockFlag.HIDDEN, hidden), (BlockFlag.INSTRUCTION, instruction)]
        self.blocks.append(
            Block(
                index=len(self.blocks), kind=kind, start=start, end=len(self.text), box=box, section=section,
                joins=tuple(start + join for join in joins), flags=tuple(flag for flag, holds in flags if holds),
                paragraph=paragraph,
            )
        )  # fmt: skip


def parts(text: str) -> Iterator[tuple[int, int, bool]]:
    """`text` cut so that sentences addressed to a model stand alone: start, end, whether it is such a sentence."""
    position = 0
    for start, end in instruction_spans(text):
        yield from _trimmed(text, position, start)
        yield start, end, True
        position = end
    if position == 0:
        yield 0, len(text), False
    else:
        yield from _trimmed(text, position, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    part = text[start:end]
    if part.strip():
        yield start + len(part) - len(part.lstrip()), start + len(part.rstrip()), False


def _named(numbers: Sequence[int]) -> str:
    pages = sorted(set(numbers))
    named = ", ".join(map(str, pages[:MAX_PAGES_NAMED])) + (" and more" if len(pages) > MAX_PAGES_NAMED else "")
    return f"page {named}" if len(pages) == 1 else f"pages {named}"

"""Owns how the sections of an article become pages: one for each with text of its own, its paragraphs numbered.

The number of a paragraph counts what stands directly in its section: paragraphs, lists, quotations. A list within a
paragraph belongs to it; figures, tables and boxes stand apart and count as none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chapter_pipeline.documents.injection_patterns import instruction_spans, without_instructions
from chapter_pipeline.documents.jats.inline import FLOATS, Inline, inline, is_hidden, line_of, write, write_element
from chapter_pipeline.documents.jats.safe_xml import Element
from chapter_pipeline.documents.jats.tables import table_grid
from chapter_pipeline.documents.structure.headings import DEEPEST, section_kind
from chapter_pipeline.documents.structure.pages import PageText, parts
from chapter_pipeline.domain.document import (
    BlockKind,
    Box,
    FigureCaption,
    Heading,
    Page,
    SectionKind,
    Table,
)

_Flush = Callable[[], None]
NOWHERE: Box = (0.0, 0.0, 1.0, 1.0)
"""The box of everything: a section has no geometry."""
MAX_TITLE_CHARACTERS = 60
MAX_HEADING_CHARACTERS = 400
UNTITLED = "Untitled section"
_KINDS = {
    "intro": SectionKind.INTRODUCTION, "introduction": SectionKind.INTRODUCTION, "background": SectionKind.INTRODUCTION,
    "methods": SectionKind.METHODS, "materials": SectionKind.METHODS, "materials and methods": SectionKind.METHODS,
    "subjects": SectionKind.METHODS, "results": SectionKind.RESULTS, "discussion": SectionKind.DISCUSSION,
    "conclusions": SectionKind.CONCLUSION, "conclusion": SectionKind.CONCLUSION, "cases": SectionKind.CASE,
    "case-report": SectionKind.CASE, "supplementary-material": SectionKind.BACK_MATTER,
    "coi-statement": SectionKind.BACK_MATTER, "data-availability": SectionKind.BACK_MATTER,
    "display-objects": SectionKind.BACK_MATTER, "ethics-statement": SectionKind.BACK_MATTER,
    "funding-information": SectionKind.BACK_MATTER, "author-contributions": SectionKind.BACK_MATTER,
}  # fmt: skip
_NAMES = {
    SectionKind.ABSTRACT: "Abstract", SectionKind.INTRODUCTION: "Introduction", SectionKind.METHODS: "Methods",
    SectionKind.RESULTS: "Results", SectionKind.DISCUSSION: "Discussion", SectionKind.CONCLUSION: "Conclusion",
    SectionKind.CASE: "Case", SectionKind.BACK_MATTER: "Back matter",
}  # fmt: skip
_HEAD = frozenset(("title", "label", "sec-meta", "subtitle", "index-term"))
_BLOCKS = frozenset(("list", "def-list", "disp-quote", "verse-group", "preformat", "speech", "statement", "array"))
_DISPLAYED = frozenset(("disp-formula", "disp-formula-group"))
_GROUPS = frozenset(("fig-group", "table-wrap-group", "floats-group"))


def kind_of(section: Element, title: str) -> SectionKind | None:
    """What a section is: as its type says, else as its title does."""
    declared = section.attributes.get("sec-type", "").lower().split("|")
    named = next((_KINDS[name.strip()] for name in declared if name.strip() in _KINDS), None)
    return named or section_kind(title)


@dataclass(slots=True)
class Sections:
    """The pages of an article as they are read, with what stands in them."""

    pages: list[Page] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    captions: list[FigureCaption] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    pictures: int = 0
    """Tables that the file has as a picture alone."""
    _labels: set[str] = field(default_factory=set)
    _waiting: list[tuple[str, int, SectionKind | None]] = field(default_factory=list)

    def read(
        self, section: Element, path: tuple[str, ...], *, title: str, kind: SectionKind | None,
        block: BlockKind = BlockKind.BODY, level: int = 1,
    ) -> None:  # fmt: skip
        """Read a section with all below it; `path` are the titles of those that it stands in."""
        title = without_instructions(title)[:MAX_HEADING_CHARACTERS].strip()
        title = title or _NAMES.get(kind or SectionKind.REFERENCES, UNTITLED)
        if kind is SectionKind.BACK_MATTER and block is BlockKind.BODY:
            block = BlockKind.FURNITURE
        self._waiting.append((title, min(level, DEEPEST), kind))
        below = (*path, title)
        boxes: list[Element] = []
        own = [one for one in section.children() if one.name not in ("sec", *_HEAD)]
        if own:
            self._page(below, own, block, boxes)
        for box in boxes:
            heading = (
                line_of(box.child("caption", "title")) or line_of(box.child("title")) or line_of(box.child("label"))
            )
            self.read(
                box, below, title=f"Box: {heading}" if heading else "Box", kind=None, block=block, level=level + 1
            )
        for one in section.children("sec"):
            if is_hidden(one):
                self._hidden_section(one, below)
                continue
            heading = line_of(one.child("title"))
            self.read(one, below, title=heading, kind=kind_of(one, heading), block=block, level=level + 1)

    def references(self, lines: list[str]) -> int:
        """A page for the reference list; its number."""
        self._waiting.append(("References", 1, SectionKind.REFERENCES))
        writer = _PageWriter(self._label(("References",)))
        for line in lines:
            writer.add(line, BlockKind.REFERENCE)
        return self._finish(writer)

    def _page(self, path: tuple[str, ...], own: list[Element], block: BlockKind, boxes: list[Element]) -> None:
        writer = _PageWriter(self._label(path))
        floats: list[Element] = []
        notes: list[Element] = []
        for one in own:
            if is_hidden(one):
                writer.hidden.append(line_of(Element("hidden", {}, one.content)))
            elif one.name in _GROUPS or one.name in FLOATS:
                floats.append(one)
            else:
                if one.name not in _DISPLAYED:
                    writer.paragraph += 1
                elif writer.paragraph == 0:
                    writer.paragraph = 1
                self._paragraph(one, block, writer, floats, notes)
        number = len(self.pages) + 1
        for one in floats:
            self._float(one, writer, number, boxes)
        for note in notes:
            writer.add(line_of(Element("note", {}, note.content)), BlockKind.FOOTNOTE)
        if writer.blocks or writer.hidden:
            self._finish(writer)

    def _paragraph(
        self, element: Element, block: BlockKind, writer: _PageWriter, floats: list[Element], notes: list[Element]
    ) -> None:
        """One numbered paragraph: its text, and each item of the lists within it as a block of its own."""
        text = Inline()

        def flush() -> None:
            writer.add(text.line(), block)
            floats.extend(text.floats)
            notes.extend(text.notes)
            writer.hidden.extend(text.hidden)
            text.text, text.floats, text.notes, text.hidden = "", [], [], []

        if element.name in _DISPLAYED:
            write_element(element, text)
        elif element.name in ("list", "def-list"):
            for item in element.children("list-item", "def-item"):
                self._item(item, text, flush)
        else:
            for one in element.content:
                if isinstance(one, str):
                    text.add(one)
                elif one.name in ("list", "def-list"):
                    flush()
                    for item in one.children("list-item", "def-item"):
                        self._item(item, text, flush)
                elif one.name in _BLOCKS:
                    flush()
                    write_element(one, text)
                    flush()
                else:
                    write_element(one, text)
        flush()

    def _item(self, item: Element, text: Inline, flush: _Flush) -> None:
        for one in item.children():
            if one.name in ("list", "def-list"):
                flush()
                for inner in one.children("list-item", "def-item"):
                    self._item(inner, text, flush)
                continue
            nested = list(one.children("list", "def-list"))
            if nested and one.name == "p":
                write(Element("p", {}, [part for part in one.content if isinstance(part, str) or part not in nested]), text)  # fmt: skip
                flush()
                for inner in nested:
                    for deeper in inner.children("list-item", "def-item"):
                        self._item(deeper, text, flush)
                continue
            write_element(one, text)
            if one.name == "term" and text.text.strip():
                text.text = f"{text.text.strip()}: "
        flush()

    def _float(self, element: Element, writer: _PageWriter, number: int, boxes: list[Element]) -> None:
        if element.name in _GROUPS:
            for one in element.children(*FLOATS):
                self._float(one, writer, number, boxes)
        elif element.name == "boxed-text":
            boxes.append(element)
        elif element.name == "fig":
            label, caption = _label_and_caption(element)
            writer.add(" ".join(filter(None, (label, caption))), BlockKind.CAPTION)
            if caption or label:
                self.captions.append(FigureCaption(page=number, label=label or None, caption=caption or label))
        elif element.name == "table-wrap":
            self._table(element, writer, number)
        else:
            label, caption = _label_and_caption(element)
            writer.add(" ".join(filter(None, (label, caption))), BlockKind.FURNITURE)

    def _table(self, element: Element, writer: _PageWriter, number: int) -> None:
        label, caption = _label_and_caption(element)
        writer.add(" ".join(filter(None, (label, caption))), BlockKind.CAPTION)
        tables = list(element.descendants("table", outside=frozenset(("table", "table-wrap"))))
        for table in tables:
            grid = table_grid(table)
            if grid is not None:
                self.tables.append(
                    Table(
                        ordinal=len(self.tables) + 1, page=number, box=NOWHERE, label=label or None,
                        caption=caption or None, header_rows=grid[1], rows=grid[0],
                    )
                )  # fmt: skip
            else:
                for cell in table.descendants("td", "th", outside=frozenset(("td", "th"))):
                    writer.add(line_of(cell), BlockKind.TABLE)
        self.pictures += not tables
        for foot in element.children("table-wrap-foot"):
            writer.add(line_of(foot), BlockKind.FOOTNOTE)
            for note in inline(foot).notes:
                writer.add(line_of(Element("note", {}, note.content)), BlockKind.FOOTNOTE)

    def _hidden_section(self, section: Element, path: tuple[str, ...]) -> None:
        writer = _PageWriter(self._label((*path, "Hidden text")))
        writer.hidden.append(line_of(Element("hidden", {}, section.content)))
        self._finish(writer)

    def _finish(self, writer: _PageWriter) -> int:
        number = len(self.pages) + 1
        page = PageText()
        for title, level, kind in self._waiting:
            self.headings.append(
                Heading(title=title, level=level, kind=kind, page=number, start=len(page.text) + 2 * bool(page.text))
            )
            page.add(title, BlockKind.HEADING, NOWHERE)
        self._waiting.clear()
        for text, block, paragraph in writer.blocks:
            for start, end, instruction in parts(text):
                page.add(
                    text[start:end], block, NOWHERE, section=writer.label, instruction=instruction, paragraph=paragraph
                )
                if instruction:
                    self.spoken.append(writer.label)
        for text in filter(None, writer.hidden):
            page.add(text, BlockKind.OTHER, NOWHERE, hidden=True, instruction=bool(instruction_spans(text)))
            self.hidden.append(writer.label)
        self.pages.append(
            Page(number=number, width=1.0, height=1.0, text=page.text, blocks=tuple(page.blocks), label=writer.label)
        )
        return number

    def _label(self, path: tuple[str, ...]) -> str:
        """The name of a page, which no other has: the titles from the main section down, the longest of them cut."""
        shown = [_cut(title) for title in path[:1] + path[1:][-2:]]
        label, count = ": ".join(shown), 1
        while label in self._labels:
            count += 1
            label = f"{': '.join(shown)} ({count})"
        self._labels.add(label)
        return label


class _PageWriter:
    """The blocks of a page, each with its kind and the number of its paragraph, and the hidden text last."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.blocks: list[tuple[str, BlockKind, int | None]] = []
        self.hidden: list[str] = []
        self.paragraph = 0

    def add(self, text: str, kind: BlockKind) -> None:
        numbered = kind in (BlockKind.BODY, BlockKind.ABSTRACT)
        if text:
            self.blocks.append((text, kind, self.paragraph if numbered else None))


def _cut(title: str) -> str:
    return title if len(title) <= MAX_TITLE_CHARACTERS else f"{title[:MAX_TITLE_CHARACTERS].rpartition(' ')[0]} …"


def _label_and_caption(element: Element) -> tuple[str, str]:
    label = line_of(element.child("label")).rstrip(".:")
    caption = element.child("caption")
    if caption is None:
        return label, ""
    lines = [line_of(one) for one in caption.children()]
    lines = [line if line.endswith((".", "!", "?", ":")) else f"{line}." for line in lines if line]
    return label, " ".join(lines) or line_of(caption)

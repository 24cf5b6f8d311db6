"""Owns what differs between formats while a chapter is laid out: links, headings, images, tables, boxes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chapter_pipeline.publishing import pandoc_ast as ast
from chapter_pipeline.publishing.figures import FigureImage

Node = ast.Node


class ImagePlace(StrEnum):
    """Where an image of the document lies."""

    INSIDE = "inside"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputProfile:
    """One output format as the layout sees it.

    `writer` is pandoc's name of it. `unescaped` maps what that writer leaves as markup to what is literal in it.
    `number_box` is markup for the number in the margin of a reference, `{}` standing for the number, where the writer
    has no such margin of its own.
    """

    writer: str
    images: ImagePlace
    figure_folder: str = ""
    links: bool = True
    boxes: bool = True
    captions: bool = True
    plain_alternative: bool = False
    collapsible: bool = False
    front_apart: bool = False
    word_styles: bool = False
    splits_references: bool = True
    number_box: str | None = None
    top_level: int = 1
    unescaped: re.Pattern[str] | None = None
    literal: Mapping[str, Node] | None = None

    def heading(
        self,
        level: int,
        title: Sequence[Node],
        identifier: str,
        *,
        number: str = "",
        numbered: bool = True,
        listed: bool = True,
    ) -> Node:
        """A heading with its number written out, so that "section 2.1" is the same place in every format.

        `listed` false keeps it out of the table of contents.
        """
        prefix = [ast.string(number), ast.space()] if numbered and number else []
        classes = [*([] if numbered else ["unnumbered"]), *([] if listed else ["unlisted"])]
        return ast.header(level + self.top_level - 1, [*prefix, *title], identifier, classes)

    def styled(self, blocks: Sequence[Node], name: str) -> list[Node]:
        """`blocks` as a part the format's style sheet knows by `name`, where the format has one."""
        if not self.boxes:
            return list(blocks)
        pairs = {"custom-style": name.replace("-", " ").title()} if self.word_styles else {}
        return [ast.div(blocks, name, [name], pairs)]

    def notice(self, blocks: Sequence[Node]) -> Node:
        """`blocks` set apart from the text, as a notice."""
        if self.boxes:
            pairs = {"custom-style": "Status"} if self.word_styles else {"role": "note"}
            return ast.div(blocks, "status", ["status"], pairs)
        if self.links:
            return ast.div(blocks, "status", ["boxed-text"])
        return {"t": "BlockQuote", "c": list(blocks)}

    def figure(self, image: FigureImage, alternative: str, caption: Sequence[Node], identifier: str) -> list[Node]:
        inside = self.images is ImagePlace.INSIDE
        source = image.data_uri if inside else f"{self.figure_folder}/{image.file_name}"
        # pandoc 3.9 writes JATS alt-text without escaping it: no words of a source may be in it.
        words = f"Figure {image.number}" if self.plain_alternative else alternative
        if not self.captions:
            return [ast.paragraph([ast.image(source, words)]), ast.paragraph(caption)]
        picture = ast.image(source, words, {"width": f"{image.width_cm}cm"})
        return [ast.figure(picture, [ast.paragraph(caption)], identifier)]

    def table(
        self,
        caption: Sequence[Node],
        widths: Sequence[float],
        head: Sequence[Sequence[Node]],
        rows: Sequence[Sequence[Sequence[Node]]],
        identifier: str,
    ) -> list[Node]:
        if self.captions:
            return [ast.table(caption, widths, head, rows, identifier)]
        return [ast.paragraph(caption), ast.table([], widths, head, rows, "")]

    def anchored(self, inlines: Sequence[Node], identifier: str) -> list[Node]:
        """`inlines` as the target of links, where the format has links."""
        return [ast.span(inlines, identifier)] if self.links else list(inlines)

    def literal_text(self, blocks: list[Node]) -> list[Node]:
        """`blocks` with all that this format's writer would leave as markup made literal."""
        if self.unescaped is None or self.literal is None:
            return blocks
        found: list[Node] = ast.split_strings(blocks, self.unescaped, self.literal)
        return found

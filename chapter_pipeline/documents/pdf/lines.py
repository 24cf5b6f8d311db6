"""Owns the lines of a page as PyMuPDF sees them, with characters made canonical; it decides nothing about layout."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pymupdf

from chapter_pipeline.documents.pdf.display_list import recorded, spans_with_characters, text_of
from chapter_pipeline.documents.pdf.visibility import MIN_SIZE_PT, Span, around, hidden_spans
from chapter_pipeline.documents.structure.line_numbers import NumberColumn, column_of, split_line_numbers
from chapter_pipeline.domain.document import Box

FLAGS = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
SUPERSCRIPT, ITALIC, BOLD = 1, 2, 16
_RAISED = str.maketrans("0123456789+-−–()=n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻–⁽⁾⁼ⁿ")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_DROPPED = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\x00"))
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\t\r\n"), " ")
_REPLACED = {**_DROPPED, **_SPACES}
_ODD = re.compile(f"[{''.join([*_LIGATURES, *map(chr, _REPLACED)])}\ud800-\udfff]")
_SPACE_RUN = re.compile(r" {2,}")
_INNER_SOFT_HYPHEN = re.compile(r"\u00ad(?!$)")
_GLUED_LETTERS = 13
"""A word of fewer characters never matches `_GLUED`, and to look for longer ones is cheap."""
_GLUED = re.compile(r"[^\W\d_]{23,}|[a-z]\)?[,;)](?=[a-z]{3,}[^\s]{8,})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One printed line. `size` in points and `bold` of most of its letters; `hidden` when nobody could see it."""

    text: str
    box: Box
    size: float
    bold: bool
    italic: bool
    block: int
    font: str = ""
    """The font of most of its letters; empty for a recognised line."""
    upright: bool = True
    turn: int = 0
    """90: reads upwards, the page is turned clockwise to read it; 270: reads downwards."""
    hidden: bool = False
    line_number: bool = False
    """The number of a manuscript's line, beside it."""
    label: str = ""
    """Bold words that open a line of plain text (``Results:``)."""
    opening: str = ""
    """Italic words that open a line of upright text like a title: up to a full stop or colon."""
    parts: tuple[Line, ...] = ()
    """The pieces that were put together, as the file has them; empty for a line of one piece."""

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]


def document_lines(pages: Iterable[pymupdf.Page]) -> list[list[Line]]:
    """The lines of each page; line numbers that go on from one page to the next are known as such."""
    found: list[list[Line]] = []
    column: NumberColumn | None = None
    for page in pages:
        lines = page_lines(page, column)
        numbers = sorted((line.box[1], line.text, line.box) for line in lines if line.line_number)
        column = column_of([(int(text), box) for _, text, box in numbers]) or column
        found.append(lines)
    return found


def page_lines(page: pymupdf.Page, column: NumberColumn | None = None) -> list[Line]:
    """The lines of a page in the order of the file, words of one line put together, characters canonical.

    `column`: the line numbers of the page before.
    """
    # MuPDF leaves out what lies outside the page or its clip paths; without that flag the clipped would pass for seen.
    record = recorded(page)
    text = text_of(record, FLAGS)
    blocks = text.extractDICT()["blocks"]
    _respace(text, blocks)
    numbers = split_line_numbers(blocks, column)
    hidden = hidden_spans(page, record, blocks)
    lines: list[Line] = []
    for number, block in enumerate(blocks):
        if block["type"] != 0:
            continue
        rows: list[Line] = []
        for line in _left_to_right(_pieces(block, number, hidden, numbers)):
            if rows and _continues(rows[-1], line):
                rows[-1] = put_together(rows[-1], line)
            else:
                rows.append(line)
        lines += rows
    return lines


def _pieces(block: dict[str, Any], number: int, hidden: frozenset[int], numbers: frozenset[int]) -> list[Line]:
    found = [
        _line(spans, box, number, direction=raw["dir"], hidden=unseen, line_number=id(raw) in numbers)
        for raw in block["lines"]
        for spans, box, unseen in _parts(raw, hidden)
    ]
    return [line for line in found if line is not None]


def _left_to_right(pieces: list[Line]) -> list[Line]:
    """Pieces of one printed row from left to right: a file may hold its italics after all the rest of the row."""
    ordered: list[Line] = []
    row: list[Line] = []
    for line in pieces:
        if row and not (line.upright and _in_row(row[0], line)):
            ordered += sorted(row, key=_left) if len(row) > 1 else row
            row = []
        row.append(line)
    return ordered + (sorted(row, key=_left) if len(row) > 1 else row)


def _left(line: Line) -> float:
    return line.box[0]


def _in_row(first: Line, line: Line) -> bool:
    a, b = first.box, line.box
    return first.upright and min(a[3], b[3]) - max(a[1], b[1]) > 0.6 * max(a[3] - a[1], b[3] - b[1])


def _parts(raw: Span, hidden: frozenset[int]) -> list[tuple[list[Span], Box, bool]]:
    """The spans of a line, what can be seen apart from what cannot; each part with its box."""
    spans: list[Span] = raw["spans"]
    if not hidden or hidden.isdisjoint(map(id, spans)):
        return [(spans, raw["bbox"], False)]
    # The exponent of a small label is part of it, however small.
    least = 0.5 * max(span["size"] for span in spans)
    small = {id(span) for span in spans if least < span["size"] < MIN_SIZE_PT}
    unseen = [span for span in spans if id(span) in hidden - small or span["text"].isspace()]
    seen = [span for span in spans if id(span) not in hidden - small]
    if not any(span["text"].strip() for span in seen if id(span) not in hidden):
        return [(spans, raw["bbox"], True)]
    if all(span["text"].isspace() for span in unseen):
        return [(spans, raw["bbox"], False)]
    return [(part, around(span["bbox"] for span in part), part is unseen) for part in (seen, unseen)]


def _respace(text: pymupdf.TextPage, blocks: list[dict[str, Any]]) -> None:
    """Put the spaces into lines that were set so tightly that PyMuPDF saw none (``osmoticagents(114)``).

    A gap of a tenth of the letter size is a space there; within words gaps are a few hundredths.
    """
    spans = [span["text"] for block in blocks for line in block.get("lines", ()) for span in line["spans"]]
    if not _GLUED.search("\n".join([word for word in "\n".join(spans).split() if len(word) >= _GLUED_LETTERS])):
        return
    glued: dict[int, set[int]] = {}
    for b, block in enumerate(blocks):
        for n, line in enumerate(block.get("lines", ())):
            if any(
                len(span["text"]) >= _GLUED_LETTERS and _GLUED.search(span["text"]) is not None
                for span in line["spans"]
            ):
                glued.setdefault(b, set()).add(n)
    for (b, n), raw_spans in spans_with_characters(text, glued).items():
        for span, raw in zip(blocks[b]["lines"][n]["spans"], raw_spans, strict=True):
            spaced, end = "", None
            for char in raw["chars"]:
                if end is not None and char["bbox"][0] - end > 0.10 * span["size"]:
                    spaced += " "
                spaced += char["c"]
                end = char["bbox"][2]
            span["text"] = re.sub(r" {2,}", " ", spaced)


def canonical(text: str) -> str:
    """NFC, ligatures spelled out, zero-width characters gone, every space a plain one."""
    if text.isascii() and text.isprintable():
        return text
    if _ODD.search(text):
        for ligature, letters in _LIGATURES.items():
            text = text.replace(ligature, letters)
        text = text.encode("utf-8", "ignore").decode()  # broken fonts give half characters
        text = text.translate(_REPLACED)
    return unicodedata.normalize("NFC", text)


def _line(
    spans: list[Span], box: Box, block: int, *, direction: tuple[float, float], hidden: bool, line_number: bool
) -> Line | None:
    if len(spans) == 1:  # most lines
        (span,) = spans
        flags, font = span["flags"], span["font"]
        size = round(span["size"], 1)
        text = canonical(span["text"])
        bold, label, opening = bool(flags & BOLD) or _is_bold(font), "", ""
        italic = bool(flags & ITALIC) or _is_italic(font)
    else:
        mixed = _mixed([span for span in spans if span["text"]])
        if mixed is None:
            return None
        text, size, font, bold, italic, label, opening = mixed
    if "  " in text:
        text = _SPACE_RUN.sub(" ", text)
    text = text.strip()
    if "\u00ad" in text:
        # A soft hyphen at the end of the line breaks a word there; elsewhere it means nothing.
        text = _INNER_SOFT_HYPHEN.sub("", text)
    if not text:
        return None
    return Line(
        text=text, box=box, size=size, bold=bold, italic=italic, block=block, font=font, upright=direction[0] > 0.99,
        turn=_turn(direction), hidden=hidden, line_number=line_number, label=label, opening=opening,
    )  # fmt: skip


def _turn(direction: tuple[float, float]) -> int:
    if abs(direction[1]) < 0.99:
        return 0
    return 90 if direction[1] < 0 else 270


def _mixed(spans: list[Span]) -> tuple[str, float, str, bool, bool, str, str] | None:
    """Text, size, font, bold, italic, bold label and italic opening of a line of several spans; None when it is blank."""
    styles: dict[tuple[float, int, str], int] = {}
    for span in spans:  # in some files every letter is a span
        style = (span["size"], span["flags"], span["font"])
        styles[style] = styles.get(style, 0) + len(span["text"].strip())
    weight: dict[float, int] = {}
    fonts: dict[str, int] = {}
    bold = italic = letters = 0
    plain = True
    for (size, flags, font), count in styles.items():
        weight[size] = weight.get(size, 0) + count
        fonts[font] = fonts.get(font, 0) + count
        letters += count
        if flags & BOLD or _is_bold(font):
            bold += count
        if flags & ITALIC or _is_italic(font):
            italic += count
        plain = plain and not flags & SUPERSCRIPT
    if not letters:
        return None
    if plain and len(weight) == 1:
        size = round(size, 1)
        text = "".join([span["text"] for span in spans])
        if not (text.isascii() and text.isprintable()):
            text = "".join([canonical(span["text"]) for span in spans])
    else:
        size = _commonest(weight)
        text = _text(spans, size) if len(spans) > 1 else canonical(spans[0]["text"])
    label = _label(spans) if 0 < bold <= 0.6 * letters else ""
    opening = _opening(spans) if 0 < italic < letters and not label else ""
    font = max(fonts, key=fonts.__getitem__)
    return text, size, font, bold > 0.6 * letters, italic > 0.6 * letters, label, opening


def _commonest(weight: dict[float, int]) -> float:
    """The size of most letters, sizes of one tenth of a point taken together."""
    rounded: dict[float, int] = {}
    for size, count in weight.items():
        tenth = round(size, 1)
        rounded[tenth] = rounded.get(tenth, 0) + count
    return max(rounded, key=rounded.__getitem__)


@lru_cache(maxsize=1024)
def _is_bold(font: str) -> bool:
    name = font.lower()
    return "bold" in name or "black" in name or name.endswith((".b", ".bi", "-b", "-bi"))


@lru_cache(maxsize=1024)
def _is_italic(font: str) -> bool:
    """As publishers name fonts whose flags they leave out: ``AdvTT83913201.I``, ``MinionPro-It``."""
    name = font.lower()
    return "ital" in name or "obliq" in name or name.endswith((".i", ".bi", "-i", "-bi", "-it"))


def _text(spans: list[dict[str, Any]], size: float) -> str:
    baseline = max((s["origin"][1] for s in spans if abs(s["size"] - size) < 0.2), default=spans[0]["origin"][1])
    parts: list[str] = []
    for span in spans:
        text = canonical(span["text"])
        small = span["size"] < 0.85 * size
        lift = baseline - span["origin"][1]
        if (small and lift > 0.12 * size) or (span["flags"] & SUPERSCRIPT and lift > 0.05 * size):
            text = _raised(text, "".join(parts))
        elif small and lift < -0.05 * size and parts and text.strip().isdigit() and parts[-1][-1:].isdigit():
            text = text.translate(_LOWERED)
        parts.append(text)
    return "".join(parts)


def _raised(text: str, before: str) -> str:
    """Digits, signs and brackets raised; letters stay, but never glued to a number."""
    if not any(ch.isdigit() or ch in "+-−–" for ch in text):
        return text
    raised = "".join(ch.translate(_RAISED) if not ch.isalpha() or ch == "n" else ch for ch in text)
    return raised.lstrip() if before and not before.endswith(" ") else raised


def _label(spans: list[dict[str, Any]]) -> str:
    found = ""
    for span in spans:
        if span["text"].strip() and not (span["flags"] & BOLD or "bold" in span["font"].lower()):
            break
        found += span["text"]
    return canonical(found).strip()


def _opening(spans: list[dict[str, Any]]) -> str:
    found = ""
    for span in spans:
        if span["text"].strip() and not (span["flags"] & ITALIC or _is_italic(span["font"])):
            break
        found += span["text"]
    found = canonical(found).strip()
    return found if found[:1].isupper() and found.endswith((".", ":")) else ""


def _continues(left: Line, right: Line) -> bool:
    """Whether `right` goes on with `left` on the same baseline: PyMuPDF breaks lines at wide word spaces."""
    same_row = min(left.box[3], right.box[3]) - max(left.box[1], right.box[1]) > 0.5 * min(
        left.box[3] - left.box[1], right.box[3] - right.box[1]
    )
    gap = right.box[0] - left.box[2]
    return (
        same_row
        and left.upright
        and right.upright
        and left.hidden == right.hidden
        and not left.line_number
        and not right.line_number
        and -1.0 <= gap <= 1.6 * max(left.size, right.size)
    )


def put_together(left: Line, right: Line) -> Line:
    """One line of two that stand side by side."""
    gap = right.box[0] - left.box[2]
    turns = (left.parts or (left,))[-1].italic != right.italic
    longer = left if len(left.text) >= len(right.text) else right
    return replace(
        longer,
        # Where upright letters turn italic a word ends, whatever the gap.
        text=left.text + (" " if gap > 0.12 * longer.size or turns else "") + right.text,
        box=(
            min(left.box[0], right.box[0]),
            min(left.box[1], right.box[1]),
            max(left.box[2], right.box[2]),
            max(left.box[3], right.box[3]),
        ),
        label=left.label or (left.text if left.bold and not right.bold else ""),
        opening=left.opening
        or (left.text if left.italic and not right.italic and left.text.endswith((".", ":")) else ""),
        parts=(*(left.parts or (left,)), *(right.parts or (right,))),
    )

"""Owns the lines of a page as PyMuPDF sees them, with characters made canonical; it decides nothing about layout."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import pymupdf

from chapter_pipeline.documents.model import Box

FLAGS = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
SUPERSCRIPT, ITALIC, BOLD = 1, 2, 16
_RAISED = str.maketrans("0123456789+-−–()=n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻–⁽⁾⁼ⁿ")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_DROPPED = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\x00"))
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\t\r\n"), " ")
_GLUED = re.compile(r"[^\W\d_]{23,}|[a-z]\)?[,;)](?=[a-z]{3,}[^\s]{8,})")
MIN_SIZE_PT = 2.0
"""Smaller text cannot be read on paper; it counts as hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One printed line. `size` in points and `bold` of most of its letters; `hidden` when nobody could see it."""

    text: str
    box: Box
    size: float
    bold: bool
    italic: bool
    block: int
    upright: bool = True
    hidden: bool = False
    label: str = ""
    """Bold words that open a line of plain text (``Results:``)."""
    parts: tuple[Line, ...] = ()
    """The pieces that were put together, as the file has them; empty for a line of one piece."""

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]


def page_lines(page: pymupdf.Page) -> list[Line]:
    """The lines of a page in the order of the file, words of one line put together, characters canonical."""
    lines: list[Line] = []
    blocks = page.get_text("dict", flags=FLAGS)["blocks"]
    _respace(page, blocks)
    ground = _Ground(page)
    for number, block in enumerate(blocks):
        if block["type"] != 0:
            continue
        rows: list[Line] = []
        for raw in block["lines"]:
            line = _line(raw, number, ground)
            if line is None:
                continue
            if rows and _continues(rows[-1], line):
                rows[-1] = _put_together(rows[-1], line)
            else:
                rows.append(line)
        lines += rows
    return lines


def _respace(page: pymupdf.Page, blocks: list[dict[str, Any]]) -> None:
    """Put the spaces into lines that were set so tightly that PyMuPDF saw none (``osmoticagents(114)``).

    A gap of a tenth of the letter size is a space there; within words gaps are a few hundredths.
    """
    glued = [
        (b, n)
        for b, block in enumerate(blocks)
        for n, line in enumerate(block.get("lines", ()))
        if any(_GLUED.search(span["text"]) for span in line["spans"])
    ]
    if not glued:
        return
    characters = page.get_text("rawdict", flags=FLAGS)["blocks"]
    for b, n in glued:
        for span, raw in zip(blocks[b]["lines"][n]["spans"], characters[b]["lines"][n]["spans"], strict=True):
            text, end = "", None
            for char in raw["chars"]:
                if end is not None and char["bbox"][0] - end > 0.10 * span["size"]:
                    text += " "
                text += char["c"]
                end = char["bbox"][2]
            span["text"] = re.sub(r" {2,}", " ", text)


def canonical(text: str) -> str:
    """NFC, ligatures spelled out, zero-width characters gone, every space a plain one."""
    for ligature, letters in _LIGATURES.items():
        text = text.replace(ligature, letters)
    text = text.encode("utf-8", "ignore").decode()  # broken fonts give half characters
    return unicodedata.normalize("NFC", text.translate(_DROPPED).translate(_SPACES))


def _line(raw: dict[str, Any], block: int, ground: _Ground) -> Line | None:
    spans = [span for span in raw["spans"] if span["text"]]
    weight: Counter[float] = Counter()
    bold = italic = letters = 0
    for span in spans:
        count = len(span["text"].strip())
        weight[round(span["size"], 1)] += count
        letters += count
        bold += count * bool(span["flags"] & BOLD or "bold" in span["font"].lower() or "black" in span["font"].lower())
        italic += count * bool(span["flags"] & ITALIC)
    if not letters:
        return None
    size = weight.most_common(1)[0][0]
    # A soft hyphen at the end of the line breaks a word there; elsewhere it means nothing.
    text = re.sub(r"\u00ad(?!$)", "", re.sub(r" {2,}", " ", _text(spans, size)).strip())
    if not text:
        return None
    return Line(
        text=text,
        box=tuple(raw["bbox"]),
        size=size,
        bold=bold > 0.6 * letters,
        italic=italic > 0.6 * letters,
        block=block,
        upright=raw["dir"][0] > 0.99,
        hidden=all(_hidden(span, ground) for span in spans if span["text"].strip()),
        label=_label(spans) if 0 < bold <= 0.6 * letters else "",
    )


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


class _Ground:
    """What lies under the text of a page; looked up only where text is white."""

    def __init__(self, page: pymupdf.Page) -> None:
        self.rect = page.rect
        self._page = page
        self._dark: list[pymupdf.Rect] | None = None

    def is_dark(self, box: pymupdf.Rect) -> bool:
        """Whether a coloured area or an image lies under the middle of `box`."""
        if self._dark is None:
            fills = [d["rect"] for d in self._page.get_drawings() if d.get("fill") and min(d["fill"]) < 0.9]
            self._dark = [*fills, *(pymupdf.Rect(image["bbox"]) for image in self._page.get_image_info())]
        middle = pymupdf.Point((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
        return any(middle in rect for rect in self._dark)


def _hidden(span: dict[str, Any], ground: _Ground) -> bool:
    """White on white, transparent, tiny or outside the page."""
    box = pymupdf.Rect(span["bbox"])
    if not box.intersects(ground.rect) or span["size"] < MIN_SIZE_PT or span.get("alpha", 255) < 20:
        return True
    return span["color"] >= 0xFAFAFA and not ground.is_dark(box)


def _continues(left: Line, right: Line) -> bool:
    """Whether `right` goes on with `left` on the same baseline: PyMuPDF breaks lines at wide word spaces."""
    same_row = min(left.box[3], right.box[3]) - max(left.box[1], right.box[1]) > 0.5 * min(
        left.box[3] - left.box[1], right.box[3] - right.box[1]
    )
    gap = right.box[0] - left.box[2]
    return same_row and left.upright and right.upright and -1.0 <= gap <= 1.6 * max(left.size, right.size)


def _put_together(left: Line, right: Line) -> Line:
    gap = right.box[0] - left.box[2]
    longer = left if len(left.text) >= len(right.text) else right
    return replace(
        longer,
        text=left.text + (" " if gap > 0.12 * longer.size else "") + right.text,
        box=(
            min(left.box[0], right.box[0]),
            min(left.box[1], right.box[1]),
            max(left.box[2], right.box[2]),
            max(left.box[3], right.box[3]),
        ),
        hidden=left.hidden and right.hidden,
        label=left.label,
        parts=(*(left.parts or (left,)), *(right.parts or (right,))),
    )

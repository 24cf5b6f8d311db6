"""Owns which pages have to be read from their picture, and what becomes of the lines that were read; in the child.

A page is read from its picture when it has ink and hardly any text, or when its text is no language: a font without
a usable character map gives letters in healthy number that spell nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import pymupdf

from chapter_pipeline.documents.ocr.recognition import (
    MAX_PIXELS,
    PROSE_WORDS,
    Picture,
    RecognisedLine,
    Recogniser,
    Recognition,
    prose_words,
)
from chapter_pipeline.documents.pdf.lines import Line, canonical, put_together
from chapter_pipeline.documents.structure.classify import PageSize
from chapter_pipeline.domain.document import Box, OcrLine

DPI = 200
FEW_LETTERS = 60
"""With fewer letters a page has no text layer to speak of."""
MIN_IMAGE = 0.3
"""Share of the page that images cover on a scan."""
WHOLE_IMAGE = 0.8
"""Share of the page from which an image is the page itself, whatever little stands on it."""
MIN_PATHS = 300
"""Filled paths of a page whose letters are drawn as outlines."""
DARK = 160
MIN_DARK = 0.002
"""Share of dark pixels below which a page is blank."""
MIN_BIGRAMS = 150
MIN_COMMON = 0.28
"""Least share of pairs of letters that are common ones. Measured on 463 pages of real articles in English: 0.39 is the
lowest, reference lists, tables and gene names included; letters put at random give 0.08."""
_COMMON = frozenset(
    "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic "
    "ne ea ra ce li ch ll be ma si om ur".split()
)
MAX_BROKEN = 0.1
"""Share of characters without meaning (private use, unassigned, replacement) above which a text is none."""
SAMPLE = 500
"""Characters that are read at each of the two places of a page."""
_ASCII_GONE = dict.fromkeys(range(0x20, 0x7F))
_ASCII_WORD = re.compile(r"[a-z]{2,}")
_LETTER_HEIGHT = 0.9
"""Letter size as a share of the height of a recognised box, as measured on text of known size."""
MARGIN = 0.15
"""Share of a recognised box above and below its letters."""
SAME_SIZE = 1.3
"""Ratio of the heights of two boxes up to which their lines are of one letter size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """A page as read from its picture: lines as they lie in the upright page, and the way of a box back."""

    lines: list[Line]
    size: PageSize
    recognised: tuple[RecognisedLine, ...]
    to_page: Callable[[Box], Box]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scans:
    """The pages of a document, by index, that were read from their picture, and those that should have been.

    `garbled`: the text layer is no language. `unread`: recognition is off, or its limit of pages is reached.
    `failed`: recognition did not come to an end.
    """

    read: dict[int, ReadPage]
    garbled: frozenset[int]
    unread: frozenset[int]
    failed: frozenset[int]


def read_scans(
    pages: Iterable[pymupdf.Page], lines: Sequence[Sequence[Line]], recognise: Recogniser | None, *, max_pages: int
) -> Scans:
    """Read the pages that need it, at most `max_pages` of them, none without `recognise`."""
    read: dict[int, ReadPage] = {}
    garbled, unread, failed, asked = set(), set(), set(), 0
    for number, page in enumerate(pages):
        if is_garbled("\n".join(line.text for line in lines[number] if not line.hidden)):
            garbled.add(number)
        elif not _is_scan(page, lines[number]):
            continue
        if recognise is None or asked >= max_pages:
            unread.add(number)
            continue
        asked += 1
        picture, scale = _picture(page)
        if not _has_ink(picture):
            continue
        recognition = recognise(picture)
        if recognition is None:
            failed.add(number)
        elif not picture.only_prose or prose_words(line.text for line in recognition.lines) >= PROSE_WORDS:
            read[number] = _read_page(recognition, scale)
    return Scans(read=read, garbled=frozenset(garbled), unread=frozenset(unread), failed=frozenset(failed))


def _read_page(recognition: Recognition, scale: float) -> ReadPage:
    return ReadPage(
        lines=lines_of(recognition, 1.0 / scale),
        size=PageSize(recognition.width / scale, recognition.height / scale),
        recognised=recognition.lines,
        to_page=_way_back(recognition, scale),
    )


def is_garbled(text: str) -> bool:
    """Whether a text of healthy length is no language: meaningless characters, or letters that spell nothing.

    The second is asked of Latin letters only.
    """
    letters = "".join(text.split())
    if len(letters) < FEW_LETTERS:
        return False
    odd = letters.translate(_ASCII_GONE)
    broken = sum(ch == "\ufffd" or unicodedata.category(ch) in ("Co", "Cn", "Cc") for ch in odd)
    if broken > MAX_BROKEN * len(letters):
        return True
    if len(odd) > 0.3 * len(letters):
        return False
    # A quarter of a page says as much as the whole; two places, as a table may stand in one of them.
    middle = len(text) // 2
    sample = text if len(text) <= 2 * SAMPLE else text[:SAMPLE] + " " + text[middle : middle + SAMPLE]
    pairs = [word[i : i + 2] for word in _ASCII_WORD.findall(sample.lower()) for i in range(len(word) - 1)]
    return len(pairs) >= MIN_BIGRAMS and sum(map(_COMMON.__contains__, pairs)) < MIN_COMMON * len(pairs)


def lines_of(recognition: Recognition, points: float) -> list[Line]:
    """The recognised lines as lines of a page, `points` to the pixel: pieces of a row together, blocks numbered.

    Boxes differ in height with the letters in them, so heights that are nearly the same are taken as one letter size.
    """
    ordered = sorted(recognition.lines, key=lambda line: (line.box[1] + line.box[3]) / 2)
    sizes = _letter_sizes(ordered, points)
    lines = [
        Line(
            text=text,
            box=_tight(line.box, points),
            size=size,
            bold=False,
            italic=False,
            block=0,
        )
        for line, size in zip(ordered, sizes, strict=True)
        if (text := canonical(line.text).strip())
    ]
    return _in_blocks(_rows(lines))


def ocr_lines(text: str, recognised: Sequence[RecognisedLine]) -> tuple[OcrLine, ...]:
    """Where the recognised lines stand in a page's text: compared without spaces and hyphens, which layout changes.

    A line that cannot be found again leaves its confidence with the text of the whole page: nothing may seem surer
    than it is.
    """
    kept = [index for index, ch in enumerate(text) if _counts(ch)]
    compact = "".join(text[index] for index in kept)
    taken = bytearray(len(compact))
    found: list[OcrLine] = []
    for line in recognised:
        wanted = "".join(ch for ch in canonical(line.text) if _counts(ch))
        start = compact.find(wanted) if wanted else -1
        while start >= 0 and taken[start]:
            start = compact.find(wanted, start + 1)
        if start >= 0:
            taken[start : start + len(wanted)] = b"\x01" * len(wanted)
            end = kept[start + len(wanted) - 1] + 1
            found.append(OcrLine(start=kept[start], end=end, confidence=line.confidence))
        elif wanted and text:
            found.append(OcrLine(start=0, end=len(text), confidence=line.confidence))
    return tuple(sorted(found, key=lambda line: (line.start, line.end)))


def _counts(ch: str) -> bool:
    return not ch.isspace() and ch not in "-‐\u00ad"


def _is_scan(page: pymupdf.Page, lines: Sequence[Line]) -> bool:
    letters = 0
    for line in lines:
        letters += 0 if line.hidden else sum(map(str.isalpha, line.text))
        if letters >= FEW_LETTERS:
            return False
    return _image_share(page) >= MIN_IMAGE or (
        sum(kind.startswith("fill-path") for kind, _ in page.get_bboxlog()) >= MIN_PATHS
    )


def _image_share(page: pymupdf.Page) -> float:
    area = max(float(abs(page.rect.width * page.rect.height)), 1.0)
    images = [pymupdf.Rect(info["bbox"]) & page.rect for info in page.get_image_info()]
    return float(sum(abs(box.width * box.height) for box in images if not box.is_empty)) / area


def _picture(page: pymupdf.Page) -> tuple[Picture, float]:
    """The page in grey, and its pixels to the point. A page that is an image counts whatever little stands on it."""
    area = max(abs(page.rect.width * page.rect.height), 1.0)
    scale = min(DPI / 72, (0.98 * MAX_PIXELS / area) ** 0.5)
    pixmap = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csGRAY, alpha=False, annots=False)
    picture = Picture(
        width=pixmap.width,
        height=pixmap.height,
        samples=bytes(pixmap.samples),
        only_prose=_image_share(page) < WHOLE_IMAGE,
    )
    return picture, scale


def _has_ink(picture: Picture) -> bool:
    dark = sum(picture.samples.count(level) for level in range(DARK))
    return dark >= MIN_DARK * len(picture.samples)


def _way_back(recognition: Recognition, scale: float) -> Callable[[Box], Box]:
    matrix = (
        pymupdf.Matrix(scale, scale) * pymupdf.Matrix(*recognition.to_picture) * pymupdf.Matrix(1 / scale, 1 / scale)
    )

    def to_page(box: Box) -> Box:
        x0, y0, x1, y1 = pymupdf.Rect(box) * matrix
        return (x0, y0, x1, y1)

    return to_page


def _letter_sizes(lines: Sequence[RecognisedLine], points: float) -> list[float]:
    """The letter size of each line: what is nearly as high as most text has its size, the others that of their like.

    A box is higher or lower with the letters that happen to be in it.
    """
    heights = [(line.box[3] - line.box[1]) * points * _LETTER_HEIGHT for line in lines]
    body = _middle([height for height, line in zip(heights, lines, strict=True) for _ in line.text])
    others = sorted(height for height in heights if not body / SAME_SIZE < height < body * SAME_SIZE)
    sizes: dict[float, float] = {}
    group: list[float] = []
    for height in others:
        if group and height > SAME_SIZE * group[0]:
            group = []
        group.append(height)
        sizes |= dict.fromkeys(group, _middle(group))
    return [round(sizes.get(height, body), 1) for height in heights]


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def _tight(box: Box, points: float) -> Box:
    """The box in points without the margin that the recogniser leaves, so that it meets no neighbour."""
    margin = MARGIN * (box[3] - box[1])
    return (box[0] * points, (box[1] + margin) * points, box[2] * points, (box[3] - margin) * points)


def _rows(lines: Sequence[Line]) -> list[Line]:
    """Pieces that stand close together in one row become one line."""
    rows: list[Line] = []
    for line in sorted(lines, key=lambda line: line.box[0]):
        left = next((row for row in rows if _goes_on(row, line)), None)
        if left is None:
            rows.append(line)
        else:
            rows[rows.index(left)] = put_together(left, line)
    return sorted(rows, key=lambda line: (line.box[1], line.box[0]))


def _goes_on(left: Line, right: Line) -> bool:
    shared = min(left.box[3], right.box[3]) - max(left.box[1], right.box[1])
    gap = right.box[0] - left.box[2]
    return shared > 0.6 * min(left.size, right.size) and -0.5 * left.size <= gap <= 0.5 * left.size


def _in_blocks(lines: Sequence[Line]) -> list[Line]:
    """Lines with the number of the block they stand in: below each other, in one column, of one size."""
    blocks: list[list[Line]] = []
    for line in lines:
        home = next((block for block in reversed(blocks) if _below(block[-1], line)), None)
        if home is None:
            blocks.append([line])
        else:
            home.append(line)
    return [replace(line, block=number) for number, block in enumerate(blocks) for line in block]


def _below(upper: Line, lower: Line) -> bool:
    shared = min(upper.box[2], lower.box[2]) - max(upper.box[0], lower.box[0])
    pitch = (lower.box[1] + lower.box[3] - upper.box[1] - upper.box[3]) / 2
    same_size = abs(upper.size - lower.size) < 0.1
    return same_size and shared > 0.6 * min(upper.width, lower.width) and 0.5 * upper.size < pitch < 1.7 * upper.size

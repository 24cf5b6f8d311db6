"""Owns the images of an export: what they are by their own bytes, their size on a page, their name in a folder."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chapter_pipeline.domain import NumberedFigure

FigureContent = Callable[[str], bytes]
"""The image whose bytes have the given sha256."""

MAX_WIDTH_CM = 14.0
MAX_HEIGHT_CM = 10.5
_PIXELS_PER_CM = 150 / 2.54  # scanned and extracted figures look right at about 150 dots per inch
_ORIGINAL_LABEL = re.compile(r"\s*fig(?:ure)?s?\.?\s*\d+[a-z]?\s*[.:|–-]?\s*", re.IGNORECASE)
_FOREIGN_CITATION = re.compile(r"\[(\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureImage:
    """An image fit for every format. `width_cm` keeps it inside the text area of an A4 page."""

    number: int
    content: bytes
    media_type: str
    width_cm: float

    @property
    def file_name(self) -> str:
        return f"figure-{self.number}.{self.media_type.removeprefix('image/').replace('jpeg', 'jpg')}"

    @property
    def data_uri(self) -> str:
        return f"data:{self.media_type};base64,{base64.b64encode(self.content).decode('ascii')}"


def load_images(figures: Iterable[NumberedFigure], content: FigureContent) -> dict[int, FigureImage]:
    """The images by figure number; one that is lost, or no whole PNG, JPEG or GIF, is left out, and the layout says so."""
    images: dict[int, FigureImage] = {}
    for figure in figures:
        if figure.figure.sha256 is None:
            continue
        blob = content(figure.figure.sha256)
        measured = measure(blob)
        if measured is not None:
            media_type, width, height = measured
            images[figure.number] = FigureImage(
                number=figure.number, content=blob, media_type=media_type, width_cm=_width_cm(width, height)
            )
    return images


def measure(content: bytes) -> tuple[str, int, int] | None:
    """Media type, width and height in pixels, read from the header; None for anything but PNG, JPEG and GIF."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) > 33 and b"IEND" in content[-16:]:
        width, height = struct.unpack(">II", content[16:24])
        return _known("image/png", width, height)
    if content[:6] in {b"GIF87a", b"GIF89a"} and len(content) > 13:
        width, height = struct.unpack("<HH", content[6:10])
        return _known("image/gif", width, height)
    if content.startswith(b"\xff\xd8\xff"):
        return _measure_jpeg(content)
    return None


def _measure_jpeg(content: bytes) -> tuple[str, int, int] | None:
    """The size in the first start-of-frame segment (ITU-T T.81, B.2.2)."""
    position = 2
    while position + 9 < len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return _known("image/jpeg", width, height)
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    return None


def _known(media_type: str, width: int, height: int) -> tuple[str, int, int] | None:
    return (media_type, width, height) if width and height else None


def _width_cm(width: int, height: int) -> float:
    natural = width / _PIXELS_PER_CM
    limit = min(MAX_WIDTH_CM, MAX_HEIGHT_CM * width / height)
    return round(min(max(natural, min(6.0, limit)), limit), 2)


def caption_text(figure: NumberedFigure) -> str:
    """The caption without the number it had in its source, which would stand beside the chapter's own.

    ``[4]`` in it counts in the source's reference list and would lead to another work in ours: it says so in words,
    since it may be the credit ("adapted from [4]").
    """
    caption = _ORIGINAL_LABEL.sub("", figure.figure.caption, count=1) if _starts_with_label(figure) else ""
    return _FOREIGN_CITATION.sub(_named_citation, caption.strip() or figure.figure.caption.strip())


def _named_citation(match: re.Match[str]) -> str:
    numbers = match.group(1)
    return f"({'reference' if numbers.isdigit() else 'references'} {numbers} of the source)"


def _starts_with_label(figure: NumberedFigure) -> bool:
    return _ORIGINAL_LABEL.match(figure.figure.caption) is not None


def alternative_text(figure: NumberedFigure) -> str:
    """What stands for the image where it cannot be seen: number and caption, cut at a word."""
    words = f"Figure {figure.number}: {caption_text(figure)}"
    return words if len(words) <= 250 else f"{words[:250].rsplit(' ', 1)[0]}…"

"""Owns what crosses between the isolated parser and text recognition: a picture of a page, and the lines found on it.

The picture is plain grey levels: nothing of a hostile file's syntax reaches the recogniser, which runs outside the
isolated process. Neither side trusts the other: sizes are checked before anything is read.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chapter_pipeline.domain.document import Box

MAX_PIXELS = 16_000_000
MAX_LINES = 5_000
PROSE_LINE, PROSE_WORDS = 5, 30
"""Words that make a line prose, and words in such lines that make a page one of text."""
_HEADER = struct.Struct(">II?")
Affine = tuple[float, float, float, float, float, float]
"""``x' = a x + c y + e``, ``y' = b x + d y + f``, as PDF and PyMuPDF order the six numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A rendered page: 8-bit grey levels, row by row from the top, ``width * height`` bytes.

    `only_prose`: the page counts only when it shows running text, so nothing need be read where that is ruled out.
    """

    width: int
    height: int
    samples: bytes
    only_prose: bool = False

    def to_bytes(self) -> bytes:
        return _HEADER.pack(self.width, self.height, self.only_prose) + self.samples

    @classmethod
    def from_bytes(cls, data: bytes | bytearray) -> Picture:
        """Raises `ValueError` for what is no picture of at most `MAX_PIXELS`."""
        if len(data) < _HEADER.size:
            raise ValueError("a picture without a size")
        width, height, only_prose = _HEADER.unpack_from(data)
        if not 0 < width * height <= MAX_PIXELS or len(data) != _HEADER.size + width * height:
            raise ValueError(f"a picture of {width} x {height} in {len(data)} bytes")
        return cls(width=width, height=height, samples=bytes(memoryview(data)[_HEADER.size :]), only_prose=only_prose)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedLine:
    """A line as read: its box in pixels of the straightened picture, and how sure the reading is, 0 to 1."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What stands on a picture once it is turned upright: `width` and `height` of the straightened picture in pixels.

    `to_picture` takes a point of the straightened picture to where it is in the one that was given.
    """

    width: int
    height: int
    to_picture: Affine
    lines: tuple[RecognisedLine, ...]

    def to_bytes(self) -> bytes:
        lines = [[line.text, line.box, line.confidence] for line in self.lines]
        return json.dumps([self.width, self.height, self.to_picture, lines]).encode()

    @classmethod
    def from_bytes(cls, data: bytes | bytearray) -> Recognition:
        """Raises `ValueError` for what `to_bytes` did not write."""
        try:
            width, height, affine, lines = json.loads(data)
            a, b, c, d, e, f = map(float, affine)
            return cls(
                width=int(width),
                height=int(height),
                to_picture=(a, b, c, d, e, f),
                lines=tuple(_line(*line) for line in lines),
            )
        except TypeError as error:
            raise ValueError(f"no recognition: {error}") from error


Recogniser = Callable[[Picture], Recognition | None]
"""Reads a picture; None when its reading did not come to an end, so that nothing is known of what stands there."""


def prose_words(texts: Iterable[str]) -> int:
    """The words of `texts` that stand in lines of several: what is read on a figure are labels."""
    return sum(words for text in texts if (words := len(text.split())) >= PROSE_LINE)


def _line(text: object, box: tuple[float, float, float, float], confidence: float) -> RecognisedLine:
    x0, y0, x1, y1 = map(float, box)
    if not all(map(math.isfinite, (x0, y0, x1, y1, confidence))):
        raise ValueError("a line that lies nowhere")
    return RecognisedLine(text=str(text), box=(x0, y0, x1, y1), confidence=float(confidence))

"""Owns the two networks of text recognition (PP-OCRv6): where on a picture lines of text lie, and what a line says.

The model files lie in the wheel `rapidocr`, which is never imported. What surrounds them follows that package: the
same sizes, thresholds and cut-outs, so that the same picture gives the same text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from chapter_pipeline.documents.ocr.superscripts import Char
from chapter_pipeline.model_files import ModelFile, verified
from chapter_pipeline.model_runtime import Runtime, open_runtime

DETECTOR = ModelFile(
    package="rapidocr",
    path="models/PP-OCRv6_det_small.onnx",
    sha256="090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    purpose="text recognition",
)
READER = ModelFile(
    package="rapidocr",
    path="models/PP-OCRv6_rec_small.onnx",
    sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    purpose="text recognition",
)
Grey = npt.NDArray[np.uint8]
Box = npt.NDArray[np.float32]
"""Corners of a box, shape ``(4, 2)``: from the upper left one clockwise, in pixels."""

TEXT = 0.3
"""Probability from which a pixel is of text."""
SURE = 0.5
"""Mean probability below which a box is none."""
UNCLIP = 1.6
"""How far a box is larger than what the network marks: area times this, by the perimeter."""
LEAST_MARK = 3
"""Least side of what the network marks, in its pixels."""
LEAST_BOX = 3
"""Side up to which a box of the picture holds nothing that can be read."""
MAX_BOXES = 1000
LEAST_SIDE, MAX_SIDE = 736, 4000
"""Lines are looked for on a picture whose shorter side has so many pixels, and whose longer side no more."""
STEP = 32
PADDING = 160
"""Sides are filled up with white to a multiple of this many pixels: the runtimes prepare themselves for every new size.
The picture is looked at as a whole: in strips, a page of diagrams was seen to become one piece of text."""
HEIGHT = 48
"""Pixels of a line as the network reads it."""
LEAST_WIDTH, WIDTH_STEP, MAX_WIDTH = 320, 160, 4800
"""Widths in which lines are read: the runtimes prepare themselves for every new one."""
UPWARDS = 1.5
"""A box that is this many times higher than wide holds a line that runs upwards."""
WORD_GAP = 5
"""Columns without a character that part two words."""


class ReadLine(NamedTuple):
    """What a cut-out says: its text, the mean certainty of its characters, and where each but a space stands in it."""

    text: str
    confidence: float
    chars: tuple[Char, ...]


class Detector:
    """The network that finds lines. Not for several threads at once."""

    def __init__(self, *, threads: int) -> None:
        self._runtime: Runtime = open_runtime(verified(DETECTOR), threads=threads)

    def __call__(self, grey: Grey, *, scale: float = 1.0) -> npt.NDArray[np.float32]:
        """The boxes of `grey`, shape ``(n, 4, 2)``, looked for at `scale`."""
        height, width = grey.shape
        scale = min(max(scale, LEAST_SIDE / min(height, width)), MAX_SIDE / max(height, width))
        size = tuple(max(STEP, round(side * scale / STEP) * STEP) for side in (width, height))
        probability = self._probability(_resized(grey, size, cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR))
        found = [box for contour in _marked(probability) if (box := _box(contour, probability)) is not None]
        if not found:
            return np.zeros((0, 4, 2), dtype=np.float32)
        boxes = np.stack(found) * np.array([width / size[0], height / size[1]], dtype=np.float32)
        boxes = np.round(np.clip(boxes, 0, (width - 1, height - 1))).astype(np.float32)
        sides = np.linalg.norm(boxes[:, [1, 3]] - boxes[:, :1], axis=2)
        kept: npt.NDArray[np.float32] = boxes[(sides > LEAST_BOX).all(axis=1)]
        return kept

    def _probability(self, grey: Grey) -> npt.NDArray[np.float32]:
        """Of each pixel, to be of text."""
        height, width = grey.shape
        given = np.full((-(-height // PADDING) * PADDING, -(-width // PADDING) * PADDING), 255, dtype=np.uint8)
        given[:height, :width] = grey
        return self._runtime.run({"x": _network_input(given)})[0, 0, :height, :width]


class Reader:
    """The network that reads a line. Not for several threads at once."""

    def __init__(self, *, threads: int) -> None:
        self._runtime: Runtime = open_runtime(verified(READER), threads=threads)
        # Of the network's classes the first is no character, the last a space.
        self._alphabet = ("", *self._runtime.metadata("character").splitlines(), " ")

    def __call__(self, line: Grey) -> ReadLine:
        """Read a cut-out of one line."""
        height, width = line.shape
        wanted = min(MAX_WIDTH, max(1, math.ceil(HEIGHT * width / height)))
        padded = -(-max(wanted, LEAST_WIDTH) // WIDTH_STEP) * WIDTH_STEP
        given = np.zeros((1, 3, HEIGHT, padded), dtype=np.float32)
        given[:, :, :, :wanted] = _network_input(_resized(line, (wanted, HEIGHT)))
        probability = self._runtime.run({"x": given})[0]
        best = probability.argmax(axis=1)
        columns = np.flatnonzero((best != 0) & (np.diff(best, prepend=-1) != 0))
        sure = float(probability[columns, best[columns]].mean()) if len(columns) else 0.0
        text = [self._alphabet[index] for index in best[columns].tolist()]
        width_of_column = width * padded / wanted / len(best)
        return ReadLine("".join(text), sure, _chars(text, columns.tolist(), width_of_column, width, height))


def in_order(corners: npt.NDArray[Any]) -> Box:
    """The corners of a box from the upper left one clockwise."""
    left, right = np.split(corners[np.argsort(corners[:, 0], kind="stable")], 2)
    (upper_left, lower_left), (upper_right, lower_right) = (side[np.argsort(side[:, 1])] for side in (left, right))
    return np.array([upper_left, upper_right, lower_right, lower_left], dtype=np.float32)


def cut_out(grey: Grey, box: Box) -> tuple[Grey, bool]:
    """What stands in `box`, laid straight, and whether it was turned by a quarter because the line runs upwards."""
    width = int(max(_distance(box[0], box[1]), _distance(box[2], box[3])))
    height = int(max(_distance(box[0], box[3]), _distance(box[1], box[2])))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(box, corners)
    found = cv2.warpPerspective(grey, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC)
    line: Grey = np.asarray(found, dtype=np.uint8)
    upwards = height >= UPWARDS * width
    return (np.ascontiguousarray(np.rot90(line)) if upwards else line), upwards


def _resized(grey: Grey, size: tuple[int, int], how: int = cv2.INTER_LINEAR) -> Grey:
    """`grey` in another size, given as width and height."""
    return np.asarray(cv2.resize(grey, size, interpolation=how), dtype=np.uint8)


def _network_input(grey: Grey) -> npt.NDArray[np.float32]:
    """Grey levels as both networks take them: three equal channels from -1 to 1."""
    levels: npt.NDArray[np.float32] = grey.astype(np.float32) / 127.5 - 1
    return np.repeat(levels[None, None], 3, axis=1)


def _marked(probability: npt.NDArray[np.float32]) -> Sequence[Any]:
    """The outlines of what the network marks as text."""
    mask = cv2.dilate((probability > TEXT).astype(np.uint8), np.ones((2, 2), dtype=np.uint8))
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    return outlines[:MAX_BOXES]


def _box(outline: Any, probability: npt.NDArray[np.float32]) -> Box | None:
    """The box around a marked piece, as much larger as the network marks too little; None for what is no text."""
    middle, (width, height), angle = cv2.minAreaRect(outline)
    if min(width, height) < LEAST_MARK or _mean(probability, cv2.boxPoints((middle, (width, height), angle))) < SURE:
        return None
    margin = UNCLIP * width * height / (2 * (width + height))
    corners = cv2.boxPoints((middle, (width + 2 * margin, height + 2 * margin), angle))
    return in_order(corners)


def _mean(probability: npt.NDArray[np.float32], corners: npt.NDArray[Any]) -> float:
    """The mean probability inside of a box."""
    height, width = probability.shape
    x0, y0 = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (width - 1, height - 1))
    x1, y1 = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, (width - 1, height - 1))
    mask = np.zeros((y1 - y0 + 1, x1 - x0 + 1), dtype=np.uint8)
    cv2.fillPoly(mask, [(corners - (x0, y0)).astype(np.int32)], (1,))
    return float(cv2.mean(np.ascontiguousarray(probability[y0 : y1 + 1, x0 : x1 + 1]), mask)[0])


def _chars(
    text: Sequence[str], columns: Sequence[int], column_width: float, width: int, height: int
) -> tuple[Char, ...]:
    """Where the characters but the spaces stand in a cut-out: all as wide as they lie apart within words."""
    words: list[list[int]] = [[]]
    for index, char in enumerate(text):
        apart = words[-1] and columns[index] - columns[words[-1][-1]] > WORD_GAP
        if (char.isspace() or apart) and words[-1]:
            words.append([])
        if not char.isspace():
            words[-1].append(index)
    pitches = [
        (columns[word[-1]] - columns[word[0]]) / (len(word) - 1) * column_width for word in words if len(word) > 1
    ]
    char_width = sum(pitches) / len(pitches) if pitches else width / max(len(text), 1)
    middles = [(index, (columns[index] + 0.5) * column_width) for word in words for index in word]
    edges = [(max(middle - char_width / 2, 0.0), min(middle + char_width / 2, float(width))) for _, middle in middles]
    for place, ((left, right), (following, end)) in enumerate(pairwise(edges)):
        if right > following:  # neighbours that overlap share what is between them
            edges[place] = (left, (right + following) / 2)
            edges[place + 1] = ((right + following) / 2, end)
    return tuple(
        Char(text[index], left, 0.0, right, float(height))
        for (index, _), (left, right) in zip(middles, edges, strict=True)
    )


def _distance(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> float:
    return float(np.linalg.norm(first - second))

"""Owns text recognition: the picture of a page is turned upright and read line by line, by the networks of PP-OCRv6.

Works on grey levels only and knows no PDF.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chapter_pipeline.documents.ocr.networks import Box, Detector, Grey, Reader, cut_out, in_order
from chapter_pipeline.documents.ocr.recognition import (
    MAX_LINES,
    PROSE_WORDS,
    Affine,
    Picture,
    RecognisedLine,
    Recognition,
    prose_words,
)
from chapter_pipeline.documents.ocr.superscripts import with_superscripts
from chapter_pipeline.settings import available_processors

MIN_SKEW = 0.15
"""Degrees below which the picture is left as it is: turning it blurs it, reading does not need it."""
MAX_SKEW = 20.0
LONG = 4.0
"""Only boxes that are this many times longer than high show the direction of the text."""
JUDGES = 6
"""Lines that are read in both directions to find which way is up."""
SURE = 0.9
# Full-width forms of the recogniser's alphabet, as the ASCII they stand for.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3002: ".", 0x3001: ",", 0x3000: " "}
UNMOVED: Affine = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
FIRST = 0.5
"""Scale of the first look. It does not do for cutting lines out: neighbouring columns run together."""
PROSE_RATIO, WORDS_PER_RATIO = 6.0, 0.8
"""A line of prose is at least so many times longer than high, and has at most so many words for each time. On scans
of real articles the least and most are 9.0 and 0.65."""


@cache
def page_reader() -> PageReader:
    """The recogniser of this process: its models are loaded once. An ingest has one in a child, see `process`."""
    return PageReader(threads=available_processors())


class PageReader:
    """The recogniser: `Picture` in, `Recognition` out. Loads its models at the first picture. One picture at a time."""

    def __init__(self, *, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()

    def __call__(self, picture: Picture) -> Recognition:
        """Read one picture; no lines for a blank one, and for one without prose where only that counts."""
        grey: Grey = np.frombuffer(picture.samples, dtype=np.uint8).reshape(picture.height, picture.width)
        with self._lock:
            found = list(self._detector(grey, scale=FIRST))
            if picture.only_prose and _most_words(found) < PROSE_WORDS:
                return Recognition(width=picture.width, height=picture.height, to_picture=UNMOVED, lines=())
            upright, to_picture, moved = self._straightened(grey, found)
            worth = not picture.only_prose or self._may_hold_prose(upright, moved)
            boxes = self._detector(upright)[:MAX_LINES] if worth else ()
            lines = [(box, *self._line(upright, box)) for box in boxes]
        height, width = upright.shape
        return Recognition(
            width=int(width),
            height=int(height),
            to_picture=to_picture,
            lines=tuple(
                RecognisedLine(text=text, box=_bounds(points), confidence=round(min(max(score, 0.0), 1.0), 4))
                for points, raw, score in lines
                if (text := raw.translate(_NARROW).strip())
            ),
        )

    def load(self) -> None:
        """Load the models now. Raises `ModelFilesCorrupt`."""
        _ = self._detector, self._reader

    @cached_property
    def _detector(self) -> Detector:
        return Detector(threads=self._threads)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(threads=self._threads)

    def _line(self, grey: Grey, box: Box) -> tuple[str, float]:
        """Text and confidence of a line, its digits raised where they are so on the picture."""
        cut, upwards = cut_out(grey, box)
        text, confidence, chars = self._reader(cut)
        return (text if upwards else with_superscripts(text, chars, cut)), confidence

    def _may_hold_prose(self, upright: Grey, boxes: Sequence[Box]) -> bool:
        """Whether the lines found at the first look have the words of a page of text: the longest are read first."""
        lines, words = sorted(boxes, key=_ratio, reverse=True), 0
        for place, box in enumerate(lines):
            if words >= PROSE_WORDS or words + _most_words(lines[place:]) < PROSE_WORDS:
                break
            words += prose_words([self._line(upright, box)[0]])
        return words >= PROSE_WORDS

    def _straightened(self, grey: Grey, found: Sequence[Box]) -> tuple[Grey, Affine, list[Box]]:
        """The picture with its text upright, the way back, and where the boxes `found` on `grey` are on it."""
        vertical, skew, longest = _direction(found)
        turned = np.ascontiguousarray(np.rot90(grey)) if vertical else grey
        upright, forward = _rotated(turned, skew)
        if self._is_upside_down(upright, [_moved(box, forward, grey.shape[1], vertical) for box in longest]):
            upright = np.ascontiguousarray(np.rot90(upright, 2))
            forward = _compose(forward, _half_turn(upright))
        boxes = [in_order(_moved(box, forward, grey.shape[1], vertical)) for box in found]
        back = _inverse(forward)
        if vertical:  # rot90 takes (x, y) to (y, width - x)
            back = _compose(back, (0.0, 1.0, -1.0, 0.0, float(grey.shape[1]), 0.0))
        return upright, back, boxes

    def _is_upside_down(self, upright: Grey, boxes: Sequence[npt.NDArray[np.floating[Any]]]) -> bool:
        crops = [_crop(upright, box) for box in boxes]
        crops = [crop for crop in crops if crop.size]
        if not crops:
            return False
        as_is = self._sureness(crops)
        return as_is < SURE and self._sureness([np.ascontiguousarray(np.rot90(crop, 2)) for crop in crops]) > as_is

    def _sureness(self, crops: Sequence[Grey]) -> float:
        return float(np.mean([self._reader(crop).confidence for crop in crops]))


def _most_words(boxes: Sequence[Box]) -> float:
    """The most words that lines of prose in `boxes` can have."""
    return WORDS_PER_RATIO * sum(ratio for box in boxes if (ratio := _ratio(box)) >= PROSE_RATIO)


def _direction(boxes: Sequence[Box]) -> tuple[bool, float, list[Box]]:
    """Whether the text runs up or down the picture, its skew in degrees (clockwise), and its longest boxes."""
    sides = [_long_side(box) for box in boxes]
    long = [(box, side) for box, side in zip(boxes, sides, strict=True) if side is not None]
    if not long:
        return False, 0.0, []
    lengths = np.array([np.hypot(*side) for _, side in long])
    angles = np.array([np.degrees(np.arctan2(side[1], side[0])) for _, side in long])
    angles = (angles + 45.0) % 180.0 - 45.0  # from -45 to 135: across, or down
    down = angles > 45.0
    vertical = bool(lengths[down].sum() > lengths[~down].sum())
    same = down == vertical
    tilt = angles[same] - (90.0 if vertical else 0.0)
    order = np.argsort(-lengths[same])
    longest = [box for keep, (box, _) in zip(same, long, strict=True) if keep]
    skew = _weighted_median(tilt, lengths[same])
    return vertical, skew if MIN_SKEW <= abs(skew) <= MAX_SKEW else 0.0, [longest[i] for i in order[:JUDGES]]


def _ratio(box: Box) -> float:
    """How many times longer than high a box is."""
    sides = sorted((float(np.hypot(*(box[1] - box[0]))), float(np.hypot(*(box[3] - box[0])))))
    return sides[1] / max(sides[0], 1.0)


def _long_side(box: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]] | None:
    first, second = box[1] - box[0], box[3] - box[0]
    long, short = (first, second) if np.hypot(*first) >= np.hypot(*second) else (second, first)
    return long if np.hypot(*long) >= LONG * np.hypot(*short) else None


def _weighted_median(values: npt.NDArray[np.floating[Any]], weights: npt.NDArray[np.floating[Any]]) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def _rotated(grey: Grey, skew: float) -> tuple[Grey, Affine]:
    """The picture turned back by `skew` degrees about its middle, white where nothing was; and the way there."""
    if not skew:
        return grey, UNMOVED
    import cv2

    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    turned = cv2.warpAffine(
        grey, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=(255,)
    )
    (a, c, e), (b, d, f) = matrix.tolist()
    return np.asarray(turned, dtype=np.uint8), (a, b, c, d, e, f)


def _moved(
    box: npt.NDArray[np.floating[Any]], forward: Affine, width: int, vertical: bool
) -> npt.NDArray[np.floating[Any]]:
    """`box` of the given picture as it lies in the straightened one."""
    x, y = box[:, 0], box[:, 1]
    if vertical:
        x, y = y, width - x
    a, b, c, d, e, f = forward
    return np.stack([a * x + c * y + e, b * x + d * y + f], axis=1)


def _crop(grey: Grey, box: npt.NDArray[np.floating[Any]]) -> Grey:
    x0, y0 = np.maximum(box.min(axis=0).astype(int), 0)
    x1, y1 = box.max(axis=0).astype(int) + 1
    return np.ascontiguousarray(grey[y0:y1, x0:x1])


def _bounds(points: Any) -> tuple[float, float, float, float]:
    corners = np.asarray(points, dtype=np.float64)
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return (round(float(x0), 1), round(float(y0), 1), round(float(x1), 1), round(float(y1), 1))


def _half_turn(grey: Grey) -> Affine:
    height, width = grey.shape
    return (-1.0, 0.0, 0.0, -1.0, float(width), float(height))


def _compose(first: Affine, then: Affine) -> Affine:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (
        a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m,
    )  # fmt: skip


def _inverse(affine: Affine) -> Affine:
    a, b, c, d, e, f = affine
    area = a * d - b * c
    return (d / area, -b / area, -c / area, a / area, (c * f - d * e) / area, (b * e - a * f) / area)

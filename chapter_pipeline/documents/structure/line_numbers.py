"""Owns the numbers that a manuscript prints beside its lines: they are split off, so that no sentence holds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chapter_pipeline.documents.pdf.visibility import Span, around
from chapter_pipeline.domain.document import Box

MIN_NUMBERS = 8
"""Fewer numbers at the margin of a page are a list, not line numbers."""
DIGITS = 4
BESIDE_PT = 60.0
"""How far from the numbers the text begins."""
SAME_ROW_PT = 4.0
ALIGNED_PT = 2.5
STEADY = 0.8
"""Share of neighbouring numbers that differ by the same step."""


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """The line numbers of a page: their last one, by how much they grow, and their edges in points."""

    last: int
    step: int
    left: float
    right: float


def column_of(numbers: Sequence[tuple[int, Box]]) -> NumberColumn | None:
    """The column of a page's line numbers, given from top to bottom; None for fewer than two."""
    if len(numbers) < 2:
        return None
    steps = Counter(b - a for (a, _), (b, _) in pairwise(numbers))
    boxes = [box for _, box in numbers]
    return NumberColumn(
        numbers[-1][0], steps.most_common(1)[0][0], min(box[0] for box in boxes), max(box[2] for box in boxes)
    )


def split_line_numbers(blocks: list[dict[str, Any]], before: NumberColumn | None = None) -> frozenset[int]:
    """Make lines of their own of the line numbers in `blocks`, as `TextPage.extractDICT` gives them; the `id` of each.

    Line numbers open their lines, stand above each other at one edge, and grow by a constant step down the page. A page
    with a few lines alone has them when they go on with those of the page before, at the same edge.
    """
    found: list[tuple[dict[str, Any], int]] = []
    for block in blocks:
        for line in block.get("lines", ()):
            spans = line["spans"]
            first = spans[0]["text"].strip() if spans else ""
            if first.isdecimal() and len(first) <= DIGITS and line["dir"][0] > 0.99:
                found.append((line, int(first)))
    going_on = _going_on(found, before) if before is not None else []
    if going_on:
        return frozenset(_split(blocks, going_on))
    if len(found) < MIN_NUMBERS:
        return frozenset()
    numbers = _aligned(found)
    step = _step(numbers)
    return frozenset(_split(blocks, numbers)) if step and _on_every_line(blocks, numbers, step) else frozenset()


def _going_on(found: list[tuple[dict[str, Any], int]], before: NumberColumn) -> list[tuple[dict[str, Any], int]]:
    """The numbers that stand in the column of the page before and go on with its last one, or begin anew with the first."""
    same = [
        one
        for one in found
        if abs(one[0]["spans"][0]["bbox"][2] - before.right) <= ALIGNED_PT
        or abs(one[0]["spans"][0]["bbox"][0] - before.left) <= ALIGNED_PT
    ]
    same.sort(key=lambda one: float(one[0]["spans"][0]["bbox"][1]))
    if not same or same[0][1] not in (before.last + before.step, before.step):
        return []
    return same if all(b - a == before.step for (_, a), (_, b) in pairwise(same)) else []


def _aligned(found: list[tuple[dict[str, Any], int]]) -> list[tuple[dict[str, Any], int]]:
    """Those that share the edge, left or right, of most of them, from top to bottom."""
    best: list[tuple[dict[str, Any], int]] = []
    for side in (0, 2):
        edges = Counter(round(line["spans"][0]["bbox"][side]) for line, _ in found)
        edge = edges.most_common(1)[0][0]
        same = [one for one in found if abs(one[0]["spans"][0]["bbox"][side] - edge) <= ALIGNED_PT]
        best = max(best, same, key=len)
    return sorted(best, key=lambda one: float(one[0]["spans"][0]["bbox"][1]))


def _step(numbers: list[tuple[dict[str, Any], int]]) -> int:
    """By how much the numbers grow from one to the next; 0 when they are no series."""
    if len(numbers) < MIN_NUMBERS:
        return 0
    steps = Counter(b - a for (_, a), (_, b) in pairwise(numbers))
    step, count = steps.most_common(1)[0]
    return step if step > 0 and count >= STEADY * (len(numbers) - 1) else 0


def _on_every_line(blocks: list[dict[str, Any]], numbers: list[tuple[dict[str, Any], int]], step: int) -> bool:
    """Whether nearly every line beside them has its number, or every fifth; those of a list stand on its first lines."""
    boxes = [line["spans"][0]["bbox"] for line, _ in numbers]
    edge, top, bottom = max(box[2] for box in boxes), boxes[0][1], boxes[-1][3]
    rows: list[float] = []
    for block in blocks:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                x0, y0, _, y1 = span["bbox"]
                if span["text"].strip() and edge - 1 <= x0 <= edge + BESIDE_PT and top <= (y0 + y1) / 2 <= bottom:
                    rows.append((y0 + y1) / 2)
                    break
    rows.sort()
    printed = sum(1 for above, below in pairwise([float("-inf"), *rows]) if below - above > SAME_ROW_PT)
    return len(numbers) * step >= STEADY * printed


def _split(blocks: list[dict[str, Any]], numbers: list[tuple[dict[str, Any], int]]) -> list[int]:
    alone: list[int] = []
    opened = {id(line) for line, _ in numbers}
    for block in blocks:
        lines: list[dict[str, Any]] = []
        for line in block.get("lines", ()):
            if id(line) not in opened:
                lines.append(line)
                continue
            number: Span = line["spans"][0]
            rest = line["spans"][1:]
            separate = {**line, "spans": [number], "bbox": number["bbox"]}
            lines.append(separate)
            alone.append(id(separate))
            text = [span for span in rest if span["text"].strip()]
            if text:
                lines.append({**line, "spans": rest, "bbox": around(span["bbox"] for span in text)})
        if "lines" in block:
            block["lines"] = lines
    return alone

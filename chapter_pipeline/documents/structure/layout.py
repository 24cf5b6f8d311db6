"""Owns the order in which a page is read: lines become regions, regions are read column by column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from chapter_pipeline.documents.pdf.lines import Line
from chapter_pipeline.domain.document import Box

_ENDS = re.compile(r"[.!?:;]['”\")\]⁰¹²³⁴⁵⁶⁷⁸⁹,–]*$")
_NUMBERED = re.compile(r"^\d{1,2}(?:\.\d{1,2})*\.? +[A-Z]")
_LEGEND = re.compile(r"^fig(?:ure|\.)?\s*S?\d+\s?[.:|] ?\S", re.IGNORECASE)
MIN_GUTTER_PT = 5.0
MIN_OVERLAP = 0.15
MAX_HEADING_LINES, MAX_HEADING_WORDS = 3, 32
MAX_LEADING = 1.9
"""Space between the lines of a double-spaced manuscript, in letter sizes."""


@dataclass(frozen=True)
class Region:
    """Lines of one style that stand together: a heading, a paragraph, a table row, a caption."""

    lines: tuple[Line, ...]

    @cached_property
    def box(self) -> Box:
        return bounding([line.box for line in self.lines])

    @cached_property
    def size(self) -> float:
        return max(self.lines, key=lambda line: len(line.text)).size

    @cached_property
    def bold(self) -> bool:
        return sum(len(line.text) for line in self.lines if line.bold) > 0.6 * sum(
            len(line.text) for line in self.lines
        )

    @cached_property
    def font(self) -> str:
        """The font of its longest line."""
        return max(self.lines, key=lambda line: len(line.text)).font

    @cached_property
    def rows(self) -> int:
        """Printed rows; lines side by side count once."""
        count, bottom = 0, float("-inf")
        for line in sorted(self.lines, key=lambda line: line.box[1]):
            if (line.box[1] + line.box[3]) / 2 > bottom:
                count += 1
                bottom = line.box[3]
        return count


def bounding(boxes: Iterable[Box]) -> Box:
    """The smallest box around all `boxes`."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return (min(x0), min(y0), max(x1), max(y1))


def regions(lines: Sequence[Line]) -> list[Region]:
    """Split the blocks of the file where the style changes, a paragraph ends, or a bold heading stands above text."""
    found: list[Region] = []
    run: list[Line] = []
    for line in lines:
        if run and ((line.block != run[-1].block and not _double_spaced(run, line)) or _breaks(run, line)):
            found.append(Region(tuple(run)))
            run = []
        run.append(line)
    if run:
        found.append(Region(tuple(run)))
    return found


def _breaks(run: Sequence[Line], line: Line) -> bool:
    last = run[-1]
    beside = line.box[1] < last.box[3] - 0.5 * last.size and line.box[0] >= last.box[2]
    if beside:
        return False
    if _is_display(run, line):
        return True
    if abs(line.size - last.size) > 0.7 or (line.bold != last.bold and not line.label and not last.label):
        return True
    left = min(item.box[0] for item in run)
    right = max(item.box[2] for item in run)
    indented = line.box[0] - left > 0.7 * line.size and last.box[0] - left < 0.3 * line.size
    short = right - last.box[2] > 3 * line.size
    ended = _ENDS.search(last.text) is not None
    gap = line.box[1] - last.box[3] > (MAX_LEADING if line.block != last.block else 0.9) * line.size
    moved = line.box[1] < run[0].box[1] - line.size
    numbered = line.font != last.font and _NUMBERED.match(line.text) is not None
    headed = short and line.font != last.font and not line.label and line.width < 0.6 * (right - left) and line.text[:1].isupper()  # fmt: skip
    run_in = bool(line.opening) and short
    run_in = run_in or (bool(line.label) and (short or (line.label.endswith(".") and len(line.label.split()) > 1)))
    legend = line.text[:3].casefold() == "fig" and _LEGEND.match(line.text) is not None
    return (ended and (numbered or indented or run_in or legend or headed)) or gap or moved


def _is_display(run: Sequence[Line], line: Line) -> bool:
    """Whether `run` is a heading in a font of its own, above text in another: its letters need not be bold."""
    last = run[-1]
    if not line.font or line.font == last.font or len(run) > MAX_HEADING_LINES or _ENDS.search(last.text):
        return False
    alike = all(one.font == last.font and not one.label for one in run)
    begins = run[0].text[:1].isupper() or run[0].text[:1].isdigit()
    words = sum(len(one.text.split()) for one in run)
    below = line.box[1] > last.box[1] + 0.5 * last.size and abs(line.box[0] - run[0].box[0]) < 2 * line.size
    narrow = last.width < 0.85 * line.width or abs(last.size - line.size) > 0.4
    return alike and begins and words <= MAX_HEADING_WORDS and below and narrow


def _double_spaced(run: Sequence[Line], line: Line) -> bool:
    """Whether `line` goes on with a paragraph of a manuscript, whose lines the file holds one by one."""
    last = run[-1]
    same = abs(line.size - last.size) < 0.3 and line.bold == last.bold and abs(line.box[0] - run[-1].box[0]) < 3
    below = 0 < line.box[1] - last.box[3] + 2 < MAX_LEADING * line.size
    full = last.width > 22 * last.size and len(last.text.split()) >= 6
    return same and below and full


def reading_order(found: Sequence[Region]) -> list[Region]:
    """Regions as a person reads them: full-width ones from top to bottom, columns between them left to right.

    A recursive cut: where a gutter runs through all regions, the left side is read first; else the page is cut into
    bands by the gaps that no region crosses, and neighbouring bands that share a gutter are read as columns.
    """
    if len(found) <= 1:
        return list(found)
    gutter = _gutter(found)
    if gutter is not None:
        left = [region for region in found if region.box[2] <= gutter]
        right = [region for region in found if region.box[2] > gutter]
        return reading_order(left) + reading_order(right)
    bands = _bands(found)
    if len(bands) == 1:
        return sorted(found, key=lambda region: (round(region.box[1]), region.box[0]))
    ordered: list[Region] = []
    group = bands[0]
    for band in bands[1:]:
        if _gutter([*group, *band]) is not None:
            group = [*group, *band]
            continue
        ordered += reading_order(group)
        group = band
    return ordered + (reading_order(group) if len(group) < len(found) else list(group))


def _gutter(found: Sequence[Region]) -> float | None:
    """The x of the widest strip that no region crosses and that has text standing side by side on its two sides."""
    edges = sorted((region.box[0], region.box[2]) for region in found)
    reach, best, width = edges[0][1], None, MIN_GUTTER_PT
    for x0, x1 in edges[1:]:
        if x0 - reach > width:
            middle = (reach + x0) / 2
            if _side_by_side(found, middle):
                best, width = middle, x0 - reach
        reach = max(reach, x1)
    return best


def _side_by_side(found: Sequence[Region], x: float) -> bool:
    left = [region.box for region in found if region.box[2] <= x]
    right = [region.box for region in found if region.box[2] > x]
    a, b = bounding(left), bounding(right)
    overlap = min(a[3], b[3]) - max(a[1], b[1])
    return overlap > MIN_OVERLAP * min(a[3] - a[1], b[3] - b[1])


def _bands(found: Sequence[Region]) -> list[list[Region]]:
    ordered = sorted(found, key=lambda region: region.box[1])
    bands: list[list[Region]] = [[ordered[0]]]
    bottom = ordered[0].box[3]
    for region in ordered[1:]:
        if region.box[1] >= bottom - 1.5:
            bands.append([])
        bands[-1].append(region)
        bottom = max(bottom, region.box[3])
    return bands

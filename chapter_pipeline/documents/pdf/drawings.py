"""Owns what is drawn on a page, read at most once, on first use: ruling lines, and boxes of drawings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import pymupdf

from chapter_pipeline.documents.structure.tables import Rule
from chapter_pipeline.domain.document import Box

THIN_PT = 2.5
MIN_LENGTH_PT = 4.0
MAX_PATHS = 20_000
"""A page with more paths is a map or a scatter plot: its paths are boxes of drawings, never ruling lines."""


class Drawings:
    """The drawings of one page."""

    def __init__(self, page: pymupdf.Page) -> None:
        self._page = page

    @cached_property
    def boxes(self) -> list[Box]:
        """Boxes of all visible paths that lie on the page."""
        rect = self._page.rect
        left, top, right, bottom = rect
        found = [tuple(path["rect"]) for path in self._page.get_cdrawings() if path["type"] != "clip"]
        return [box for box in found if box[0] < right and box[2] > left and box[1] < bottom and box[3] > top]

    @cached_property
    def images(self) -> list[dict[str, Any]]:
        """The images of the page as `Page.get_image_info` tells them."""
        found: list[dict[str, Any]] = self._page.get_image_info()
        return found

    def leave_free(self, box: Box) -> bool:
        """Whether an image in `box` is all one sees there.

        That is: nothing is drawn over it, no clip cuts into it, and nothing on the page is blended or see-through.
        """
        image: int | None = None
        for path in self._page.get_cdrawings(extended=True):
            if path["type"] == "group":
                if path["blendmode"] != "Normal" or path["opacity"] < 1 or path["knockout"]:
                    return False
                continue
            x0, y0, x1, y1 = path["scissor"] if path["type"] == "clip" else path["rect"]
            if x0 >= box[2] or x1 <= box[0] or y0 >= box[3] or y1 <= box[1]:
                continue
            around = x0 < box[0] + 1.5 and y0 < box[1] + 1.5 and x1 > box[2] - 1.5 and y1 > box[3] - 1.5
            if path["type"] == "clip" and around:
                continue
            image = self._first_image(box) if image is None else image
            if path["type"] == "clip" or path["seqno"] > image:
                return False
        return True

    def _first_image(self, box: Box) -> int:
        """The place in the order of paint of the first image in `box`; 0 without one."""
        return next(
            (
                order
                for order, (kind, (x0, y0, x1, y1)) in enumerate(self._page.get_bboxlog())
                if kind == "fill-image" and x0 < box[2] and x1 > box[0] and y0 < box[3] and y1 > box[1]
            ),
            0,
        )

    def rules(self, placed: Callable[[Box], Box] | None = None) -> list[Rule]:
        """Horizontal ruling lines; a coloured band counts as a rule at its top and one at its bottom.

        `placed`: where a box lies on the page as it is turned to be read, for the rules of that page.
        """
        if len(self.boxes) > MAX_PATHS:
            return []
        rules: list[Rule] = []
        highest = 0.9 * self._page.rect.height
        for x0, y0, x1, y1 in map(placed, self.boxes) if placed else self.boxes:
            if x1 - x0 < MIN_LENGTH_PT or y1 - y0 > highest:
                continue
            if y1 - y0 < THIN_PT:
                rules.append((x0, x1, (y0 + y1) / 2))
            elif x1 - x0 > 2 * THIN_PT:
                rules += [(x0, x1, y0), (x0, x1, y1)]
        return rules

"""Owns how running text goes on from one page to the next: which blocks belong together across a page turn.

Between the parts of a sentence there may be figures, tables, footnotes and running heads. In doubt two parts are not put
together, and neither is quotable: a sentence that no page says is worse than one that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chapter_pipeline.domain.document import Block, BlockFlag, BlockKind, Page

_RUNNING = (BlockKind.BODY, BlockKind.ABSTRACT)
_HEADS = (BlockKind.HEADING, BlockKind.TITLE)
_CLOSED = re.compile(r"[.!?:;]['’”\"\])]*[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻,–]*$")
# A stop that belongs to the word before it.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:et al|e\.g|i\.e|vs|cf|ca|approx|figs?|refs?|eqs?|nos?|vol|dr|prof|st|spp?)\.$", re.IGNORECASE
)
_LOWER = re.compile(r"[a-zß-öø-ÿα-ω]")
_SIGN = re.compile(r"[(\[≥≤<>=±%]")
# What opens no sentence although its first letter is none in lower case: 24, 0.05, GBM, DMDs, TP53.
_NUMBER_OR_ACRONYM = re.compile(r"(?:\d|\w*[A-Z]\w*[A-Z0-9])")
_LIST_OF_ABBREVIATIONS = re.compile(r"\S+(?:,|:| =) [^.;]{3,60}; \S+(?:,|:| =) ")
# A copyright line at the foot of a page that was read into its last paragraph.
_FOOT = re.compile(r"©|\b[Pp]ublished by\b|\bAll rights reserved\b|\bon behalf of\b.{0,80} \d{1,4}$")
_PROSE = re.compile(r"\b(?:the|of|and|in|was|were|with|that|is|are)\b")
_LOST_WORDS = 8
_SAME_WIDTH = 0.7
"""The narrower of two columns of one article has this share of the width of the other, or more; margins have less."""
_NEAR_PT = 40.0
"""A heading stands nearer than this above its text."""
_LINE_PT = 20.0
"""A block of one line is lower than this: it may be narrower than its column."""


@dataclass(frozen=True, slots=True)
class Place:
    """A block on its page."""

    page: Page
    block: Block

    @property
    def text(self) -> str:
        return self.page.text[self.block.start : self.block.end]


@dataclass(frozen=True, slots=True)
class Turn:
    """How a block of running text follows on the one before it.

    `goes_on`: it goes on with that one's last sentence, on another page. `may_be_cut`: its own first sentence may be the
    rest of one that began elsewhere.
    """

    goes_on: bool
    may_be_cut: bool


def running_blocks(pages: Sequence[Page]) -> list[tuple[Place, Turn]]:
    """The blocks of running text without a flag, each with its turn; those that go on follow what they go on with."""
    strings: list[list[tuple[Place, Turn]]] = []
    head: list[tuple[Place, Turn]] | None = None  # the string whose last sentence may go on
    behind: list[Place] = []  # what stands between it and the block in hand
    for page in pages:
        for place in _places(page):
            if place.block.kind not in _RUNNING or place.block.flags:
                behind.append(place)
                continue
            turn = _turn(head[-1][0], place, behind) if head else Turn(goes_on=False, may_be_cut=False)
            if turn.goes_on and head:
                head.append((place, turn))
            else:
                strings.append([(place, turn)])
                if head and turn.may_be_cut and _beside(head[-1][0], place) and not _seen(strings, head, place):
                    behind.append(place)
                    continue  # in a margin: the column may go on behind it
                head = strings[-1]
            behind = []
    return [one for string in strings for one in string]


def _places(page: Page) -> Iterator[Place]:
    return (Place(page, block) for block in page.blocks)


def _seen(strings: Sequence[Sequence[tuple[Place, Turn]]], head: Sequence[tuple[Place, Turn]], place: Place) -> bool:
    """Whether a page lies between the head and `place` that has running text of its own."""
    last = head[-1][0].page.number
    return any(last < string[0][0].page.number < place.page.number for string in strings)


def _turn(head: Place, place: Place, between: Sequence[Place]) -> Turn:
    text, tail = head.text.rstrip(), place.text
    if _is_closed(text) or any(_is_head(one, place, tail) for one in between):
        return Turn(goes_on=False, may_be_cut=False)
    goes_on = (
        _FOOT.search(text[-160:]) is None
        and head.page.number != place.page.number  # parts of one page were put together when it was read
        and not _beside(head, place)
        and _continues(text, tail)
        and not any(_may_be_a_part(one, head, place) for one in between)
    )
    return Turn(goes_on=goes_on, may_be_cut=True)


def _is_closed(text: str) -> bool:
    return _CLOSED.search(text) is not None and _ABBREVIATION.search(text) is None


def _continues(text: str, tail: str) -> bool:
    if _LOWER.match(tail) or (_SIGN.match(tail) and not text.endswith(("-", "‐"))):
        return True
    if text.endswith(("-", "‐")) or _LIST_OF_ABBREVIATIONS.match(tail):
        return False
    return _NUMBER_OR_ACRONYM.match(tail) is not None


def _is_head(one: Place, place: Place, tail: str) -> bool:
    """Whether a block is a heading above `place`. What begins in lower case has none but right above it."""
    if one.block.kind not in _HEADS or one.block.flags:
        return False
    if not _LOWER.match(tail):
        return True
    gap = place.block.box[1] - one.block.box[3]
    near = -_LINE_PT < gap < _NEAR_PT and _over(one.block.box, place.block.box)
    return one.page.number == place.page.number and near


def _beside(head: Place, place: Place) -> bool:
    """Whether `place` stands in no column such as the head's: its lines are much shorter or longer."""
    widths = [one.block.box[2] - one.block.box[0] for one in (head, place)]
    heights = [one.block.box[3] - one.block.box[1] for one in (head, place)]
    if heights[1] < _LINE_PT and widths[1] <= 1.1 * widths[0]:
        return False
    return min(widths) < _SAME_WIDTH * max(widths) and heights[0] >= _LINE_PT


def _may_be_a_part(one: Place, head: Place, place: Place) -> bool:
    """Whether a block of no known kind between two parts may be a part itself that was not recognised as running text."""
    if BlockFlag.INSTRUCTION in one.block.flags:
        return True
    if one.block.kind is not BlockKind.OTHER or BlockFlag.HIDDEN in one.block.flags:
        return False
    x0, y0, x1, y1 = one.block.box
    if y1 - y0 > 4 * (x1 - x0):  # set along the edge of the page
        return False
    text = one.text.rstrip()
    if len(text.split()) < _LOST_WORDS or len(_PROSE.findall(text)) < 2:
        return False
    if not _continues(head.text.rstrip(), text) and _is_closed(text):  # sentences of its own, as the notes of a table
        return False
    if one.page.number == head.page.number:
        column = head.block.box
        return x0 >= column[2] or (y0 >= column[3] and _over(column, one.block.box))
    if one.page.number == place.page.number:
        column = place.block.box
        return (x1 <= column[0] and not _beside(place, one)) or (y1 <= column[1] and _over(column, one.block.box))
    return True


def _over(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return min(one[2], other[2]) - max(one[0], other[0]) > 0.5 * min(one[2] - one[0], other[2] - other[0])

"""Owns the setting of text into frames of pages, and the record of which word stands on which page. It knows no layout."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import pymupdf

from benchmarks.made_documents.specification import RunningSentence

Rect = tuple[float, float, float, float]
_RAISED = re.compile(r"\^([^^]*)\^")
MIN_WORDS = 3
"""A sentence is asked for only when so many of its words stand on each of its two pages."""


@cache
def font(name: str) -> Any:
    """One of the base fonts: "tiro", "tibo", "tiit", "helv", "hebo", "heit"."""
    return pymupdf.Font(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How running text is set: sizes in points, `hyphens` breaks long words at line ends."""

    size: float
    leading: float
    regular: str = "tiro"
    bold: str = "tibo"
    italic: str = "tiit"
    justify: bool = False
    hyphens: bool = False
    indent: float = 0.0


@dataclass(slots=True, kw_only=True)
class _Word:
    text: str
    sentence: int
    raised: str = ""  # printed smaller and higher, after the word


def without_raised(text: str) -> str:
    """A text without what is printed small and raised."""
    return _RAISED.sub("", text)


@cache
def _unit_width(text: str, name: str) -> float:
    return float(font(name).text_length(text, fontsize=1))


def width(text: str, name: str, size: float) -> float:
    """In points, without kerning; a text is as wide as its words and the spaces between them."""
    words = text.split(" ")
    return size * (sum(_unit_width(word, name) for word in words) + (len(words) - 1) * _unit_width(" ", name))


def _syllable(word: str, room: Callable[[str], bool]) -> int:
    """Where `word` is broken so that its beginning and a hyphen fit, between a vowel and a consonant; 0: nowhere."""
    if not re.fullmatch(r"[A-Za-z]{8,}[.,;:]?", word):
        return 0
    for place in range(len(word) - 4, 2, -1):
        if word[place - 1] in "aeiouy" and word[place] not in "aeiouy" and room(word[:place] + "-"):
            return place
    return 0


@dataclass(slots=True, kw_only=True)
class Sheets:
    """The pages of a document while they are drawn. `open_page` draws a page's furniture and returns its frames."""

    style: Style
    open_page: Callable[[Sheets, int], list[Rect]]
    document: Any = field(default_factory=pymupdf.open)
    furniture: list[str] = field(default_factory=list)
    running: list[RunningSentence] = field(default_factory=list)
    number_lines: bool = False
    y: float = 0.0
    _frames: list[Rect] = field(default_factory=list)
    _frame: int = 0
    _lines: int = 0
    _writers: dict[float, Any] = field(default_factory=dict)
    _floats: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def flush(self) -> None:
        """Write down what was put on the last page."""
        for grey, writer in self._writers.items():
            writer.write_text(self.document[-1], color=(grey, grey, grey))
        self._writers.clear()

    def _writer(self, grey: float) -> Any:
        if grey not in self._writers:
            self._writers[grey] = pymupdf.TextWriter(self.document[-1].rect)
        return self._writers[grey]

    @property
    def page_number(self) -> int:
        return int(self.document.page_count)

    @property
    def frame(self) -> Rect:
        return self._frames[self._frame]

    def new_page(self) -> None:
        self.flush()
        self.document.new_page(width=612, height=792)
        self._frames = self.open_page(self, self.page_number)
        self._frame = 0
        self.y = self.frame[1]

    def blank_page(self) -> None:
        """A page without furniture and frames, as for a cover."""
        self.flush()
        self.document.new_page(width=612, height=792)

    def next_frame(self) -> None:
        if self._frame + 1 < len(self._frames):
            self._frame += 1
            self.y = self.frame[1]
        else:
            self.new_page()
        floats, self._floats = self._floats, []
        for height, draw in floats:
            self.float_or_draw(height, draw)

    def float_or_draw(self, height: float, draw: Callable[[], None]) -> None:
        """Draw what needs `height` here, or at the head of the next frame that has room while the text goes on."""
        if self.y + height > self.frame[3] or self._floats:
            self._floats.append((height, draw))
        else:
            draw()

    def draw_floats(self) -> None:
        """Make room until nothing waits any more."""
        while self._floats:
            self.next_frame()

    def lower_frames(self, y: float) -> None:
        """Let all frames of this page begin at `y`, below what was set across them."""
        self._frames = [(x0, max(y, y0), x1, y1) for x0, y0, x1, y1 in self._frames]
        self.y = y

    def put(self, x: float, y: float, text: str, *, name: str | None = None, size: float | None = None,
            rotate: int = 0, grey: float = 0.0, furniture: bool = False) -> float:  # fmt: skip
        """Write one line with its base line at (x, y); the x of its end. `rotate`: degrees, anticlockwise, around (x, y)."""
        name, size = name or self.style.regular, size or self.style.size
        page = self.document[-1]
        writer = pymupdf.TextWriter(page.rect, color=(grey, grey, grey)) if rotate else self._writer(grey)
        end = x
        place = 0
        for raised in [*_RAISED.finditer(text), None]:
            plain = text[place : raised.start()] if raised else text[place:]
            if plain:
                writer.append((end, y), plain, font=font(name), fontsize=size)
                end += width(plain, name, size)
            if raised:
                writer.append((end, y - 0.33 * size), raised[1], font=font(name), fontsize=0.65 * size)
                end += width(raised[1], name, 0.65 * size)
                place = raised.end()
        if rotate:
            writer.write_text(page, morph=(pymupdf.Point(x, y), pymupdf.Matrix(rotate)))
        if furniture:
            self.furniture.append(text.replace("^", ""))
        return end

    def block(self, box: Rect, text: str, *, name: str | None = None, size: float | None = None,
              leading: float | None = None, furniture: bool = False) -> float:  # fmt: skip
        """Write `text` ragged into `box`, which has to be high enough; the y below it."""
        name, size = name or self.style.regular, size or self.style.size
        leading = leading or 1.2 * size
        y = box[1] + size
        for paragraph in text.split("\n"):
            line = ""
            for word in [*paragraph.split(" "), None]:
                longer = f"{line} {word}".strip() if word is not None else None
                if longer is not None and width(_RAISED.sub("", longer), name, size) <= box[2] - box[0]:
                    line = longer
                    continue
                self.put(box[0], y, line, name=name, size=size)
                y += leading
                line = word or ""
        if furniture:
            self.furniture.append(text.replace("^", "").replace("\n", " "))
        return y - size

    def heading(self, text: str, *, size: float | None = None) -> None:
        size = size or self.style.size + 1.5
        if self.y + 3.5 * self.style.leading > self.frame[3]:
            self.next_frame()
        self.y += 0.6 * self.style.leading if self.y > self.frame[1] else 0
        self.put(self.frame[0], self.y + size, text, name=self.style.bold, size=size)
        self.y += size + 0.5 * self.style.leading

    def paragraph(self, sentences: Sequence[str], *, track: bool = True, hanging: float = 0.0,
                  size: float | None = None) -> None:  # fmt: skip
        """Set sentences one after the other, over frames and pages, and record those that run over a page turn."""
        size = size or self.style.size
        leading = self.style.leading * size / self.style.size
        words = [
            _Word(text=_RAISED.sub("", part), sentence=number, raised="".join(_RAISED.findall(part)))
            for number, sentence in enumerate(sentences)
            for part in sentence.split(" ")
        ]
        pages: dict[int, list[tuple[int, str]]] = {}

        def taken(some: Sequence[_Word]) -> float:
            return sum(
                width(word.text, self.style.regular, size) + width(word.raised, self.style.regular, 0.65 * size)
                for word in some
            ) + max(0, len(some) - 1) * width(" ", self.style.regular, size)

        def runs(rest: Sequence[_Word]) -> bool:
            """Whether a sentence that has begun on this page would go on with `rest` on the next one."""
            begun = [page for page, _ in pages.get(rest[0].sentence, [])] if rest else []
            left_over = sum(word.sentence == rest[0].sentence for word in rest)
            return begun.count(self.page_number) >= MIN_WORDS and left_over >= MIN_WORDS

        first, broken = True, False
        while words:
            if self.y + leading > self.frame[3]:
                self.next_frame()
            left = self.frame[0] + (self.style.indent if first and not hanging else hanging if not first else 0.0)
            room = self.frame[2] - left
            count = 1
            while count < len(words) and taken(words[: count + 1]) <= room:
                count += 1
            if track and not broken and self._ends_page(leading) and not runs(words[count:]) and runs(words):
                self.next_frame()  # a line less on this page, so that a sentence runs over its turn
                continue
            line, words = words[:count], words[count:]
            if words and self.style.hyphens and not self._ends_frame(leading) and (word := words[0]):
                spare = room - taken(line) - width(" ", self.style.regular, size)
                cut = _syllable(word.text, partial(self._fits, spare, size))
                if cut:
                    line = [*line, _Word(text=word.text[:cut] + "-", sentence=word.sentence)]
                    words[0] = _Word(text=word.text[cut:], sentence=word.sentence, raised=word.raised)
            spare = (room - taken(line)) / max(1, len(line) - 1) if self.style.justify and words else 0.0
            self._set_line(left, line, size, leading, min(max(spare, 0.0), 0.6 * size))
            for word in line:
                text = word.text
                so_far = pages.setdefault(word.sentence, [])
                if broken:  # the rest of a word whose beginning ends the line before
                    so_far[-1] = (so_far[-1][0], so_far[-1][1] + text)
                    broken = False
                elif text.endswith("-") and self.style.hyphens and word is line[-1] and words:
                    so_far.append((self.page_number, text[:-1]))
                    broken = True
                else:
                    so_far.append((self.page_number, text))
            first = False
        self.y += 0.25 * leading
        if track:
            self._record(pages)

    def _fits(self, room: float, size: float, text: str) -> bool:
        return width(text, self.style.regular, size) <= room

    def _ends_frame(self, leading: float) -> bool:
        """Whether the next line is the last one of its frame."""
        return self.y + 2 * leading > self.frame[3]

    def _ends_page(self, leading: float) -> bool:
        return self._frame + 1 == len(self._frames) and self._ends_frame(leading)

    def _set_line(self, x: float, line: Sequence[_Word], size: float, leading: float, spare: float) -> None:
        self.y += leading
        base = self.y - 0.25 * leading
        if self.number_lines:
            self._lines += 1
            self.put(self.frame[0] - 26, base, str(self._lines), size=7)
        if not spare:
            text = " ".join(word.text + (f"^{word.raised}^" if word.raised else "") for word in line)
            self.put(x, base, text, size=size)
            return
        gap = width(" ", self.style.regular, size)
        writer = self._writer(0.0)
        for word in line:
            writer.append(
                (x, base), word.text + ("" if word.raised else " "), font=font(self.style.regular), fontsize=size
            )
            x += width(word.text, self.style.regular, size)
            if word.raised:
                writer.append(
                    (x, base - 0.33 * size), word.raised + " ", font=font(self.style.regular), fontsize=0.65 * size
                )
                x += width(word.raised, self.style.regular, 0.65 * size)
            x += gap + spare

    def _record(self, pages: dict[int, list[tuple[int, str]]]) -> None:
        for parts in pages.values():
            numbers = sorted({page for page, _ in parts})
            if len(numbers) != 2:
                continue
            head, tail = ([word for page, word in parts if page == number] for number in numbers)
            if min(len(head), len(tail)) >= MIN_WORDS:
                self.running.append(
                    RunningSentence(
                        head=" ".join(head), tail=" ".join(tail), first_page=numbers[0], second_page=numbers[1]
                    )
                )

"""Owns two SVG charts of a chapter for its gap report: words by section, and cited sources by year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from xml.sax.saxutils import escape

from chapter_pipeline.domain import ChapterOutline, ChapterText

_WIDTH, _ROW, _LABEL, _MARGIN, _WIDEST = 720, 24, 250, 70, 64
_ENOUGH, _SHORT, _MISSING, _INK = "#3b7a57", "#c98a1b", "#b03a2e", "#222222"
_OPEN = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="Helvetica" font-size="12">'
)


def coverage_chart(outline: ChapterOutline, chapter: ChapterText) -> str:
    """Words of each planned section against its budget: green from three quarters on, red where there is no text."""
    words = {section.kind: section.words for section in chapter.sections}
    rows = [(section.title, words.get(section.kind, 0), section.word_budget) for section in outline.sections]
    longest = max((max(written, budget) for _, written, budget in rows), default=1) or 1
    scale = (_WIDTH - _LABEL - _MARGIN) / longest
    parts = []
    for index, (title, written, budget) in enumerate(rows):
        top = 10 + index * _ROW
        colour = _MISSING if not written else _ENOUGH if written >= 0.75 * budget else _SHORT
        parts += [
            _text(_LABEL - 8, top + 14, _shortened(title), anchor="end"),
            _bar(_LABEL, top + 2, budget * scale, _ROW - 8, "#e4e4e4"),
            _bar(_LABEL, top + 2, written * scale, _ROW - 8, colour),
            _text(_LABEL + max(written, budget) * scale + 6, top + 14, f"{written}/{budget}"),
        ]
    return _drawn(parts, 20 + len(rows) * _ROW)


def years_chart(chapter: ChapterText, *, recent_since: int) -> str:
    """How many cited works each year has; green from `recent_since` on. Works without a year stand apart."""
    years = Counter(reference.source.year for reference in chapter.references)
    known = sorted(year for year in years if year is not None)
    span = list(range(known[0], known[-1] + 1)) if known else []
    columns: list[tuple[str, int, str]] = [
        (str(year), years[year], _ENOUGH if year >= recent_since else "#8a8a8a") for year in span
    ]
    if years[None]:
        columns.append(("none", years[None], _MISSING))
    height, most = 120, max((count for _, count, _ in columns), default=1)
    step = min(_WIDEST, (_WIDTH - 40) / max(1, len(columns)))
    every = max(1, round(36 / step))
    parts = []
    for index, (label, count, colour) in enumerate(columns):
        left, tall = 20 + index * step, height * count / most
        parts.append(_bar(left, 20 + height - tall, max(1.0, step - 3), tall, colour))
        if count:
            parts.append(_text(left + step / 2, 16 + height - tall, str(count), anchor="middle"))
        if index % every == 0 or label == "none":
            parts.append(_text(left + step / 2, height + 36, label, anchor="middle"))
    return _drawn(parts, height + 46)


def _drawn(parts: Sequence[str], height: int) -> str:
    background = f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    return _OPEN.format(width=_WIDTH, height=height) + background + "".join(parts) + "</svg>"


def _bar(left: float, top: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _text(left: float, top: float, words: str, *, anchor: str = "start") -> str:
    return f'<text x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}" fill="{_INK}">{escape(words)}</text>'


def _shortened(title: str) -> str:
    return title if len(title) <= 38 else f"{title[:37].rstrip()}…"

"""Owns what changed between two versions of a chapter, by section and word, as text and as an HTML page."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from chapter_pipeline.domain import ChapterText, Section

Change = Literal["same", "removed", "added"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Words in a row that are in both versions, or in one of them only."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionDiff:
    """One section of either version: its words as runs, and how many there are of each. `state` of the whole section."""

    kind: str
    title: str
    state: Literal["same", "changed", "removed", "added"]
    runs: tuple[Run, ...]

    def words(self, change: Change) -> int:
        """How many words are `change`."""
        return sum(len(run.text.split()) for run in self.runs if run.change == change)


def chapter_diff(before: ChapterText, after: ChapterText) -> list[SectionDiff]:
    """Every section of the two, in the order of `after`, those that are gone at their old place.

    A sentence counts with the works and pages that it cites, so that another source is a change too.
    """
    old = {section.kind: section for section in before.sections}
    new = {section.kind: section for section in after.sections}
    order = list(new)
    for index, kind in enumerate(old):
        if kind not in new:
            earlier = [one for one in list(old)[:index] if one in order]
            order.insert(order.index(earlier[-1]) + 1 if earlier else 0, kind)
    return [_section_diff(kind, old.get(kind), new.get(kind), before, after) for kind in order]


def _section_diff(
    kind: str, old: Section | None, new: Section | None, before: ChapterText, after: ChapterText
) -> SectionDiff:
    old_words = list(_words(old, before)) if old else []
    new_words = list(_words(new, after)) if new else []
    runs = tuple(_runs(old_words, new_words))
    titled = new or old
    assert titled is not None
    if old is None or new is None:
        state: Literal["same", "changed", "removed", "added"] = "added" if old is None else "removed"
    else:
        state = "same" if all(run.change == "same" for run in runs) else "changed"
    return SectionDiff(kind=kind, title=titled.title, state=state, runs=runs)


def _words(section: Section, chapter: ChapterText) -> Iterator[str]:
    """The words of a section as it is read, each paragraph's end and each citation as a word of its own."""
    yield from section.title.split()
    yield "¶"
    for subsection in section.subsections:
        if subsection.title:
            yield from subsection.title.split()
            yield "¶"
        for paragraph in subsection.paragraphs:
            yield from (paragraph.label or "").split()
            for sentence in paragraph.sentences:
                yield from sentence.text.split()
                yield from _cited(sentence.quotes, chapter)
            yield "¶"
    for claim in section.table_claims:
        yield from claim.text.split()
        yield from _cited(claim.quotes, chapter)
        yield "¶"


def _cited(keys: Sequence[str], chapter: ChapterText) -> list[str]:
    quotes = [chapter.quotes[key] for key in keys]
    places = dict.fromkeys(
        (one.source, f"p\u00a0{one.pages}" if one.page_label is None else one.place) for one in quotes
    )
    return [f"[{source},\u00a0{place}]".replace(" ", "\u00a0") for source, place in places]


def _runs(old: Sequence[str], new: Sequence[str]) -> Iterator[Run]:
    for tag, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Run(change="same", text=" ".join(old[i:j]))
            continue
        if i < j:
            yield Run(change="removed", text=" ".join(old[i:j]))
        if k < m:
            yield Run(change="added", text=" ".join(new[k:m]))


KEPT_AROUND = 12
"""Words that are shown before and after a change."""


def as_text(diffs: Sequence[SectionDiff]) -> str:
    """``[-removed-]`` and ``{+added+}`` among the words around them; sections without a change in one line."""
    blocks = []
    for diff in diffs:
        head = f"{diff.title} ({diff.kind}): {diff.state}"
        if diff.state == "same":
            blocks.append(head)
            continue
        head += f", {diff.words('removed')} words removed, {diff.words('added')} added"
        marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
        shown = [
            marks[run.change].format(_shortened(run.text) if run.change == "same" else run.text) for run in diff.runs
        ]
        blocks.append(f"{head}\n{' '.join(shown)}")
    return "\n\n".join(blocks).replace("¶ ", "\n").replace("¶", "")


def _shortened(text: str) -> str:
    words = text.split()
    if len(words) <= 2 * KEPT_AROUND + 1:
        return text
    return " ".join([*words[:KEPT_AROUND], "…", *words[-KEPT_AROUND:]])


_STYLE = (
    "body{font:1rem/1.55 Georgia,serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "ins{background:#d8f5dc;text-decoration:none}del{background:#fbdcdc}"
    "summary{font-weight:bold;cursor:pointer}nav li{margin:.2rem 0}"
)


def as_html(diffs: Sequence[SectionDiff], *, title: str, before: int, after: int) -> str:
    """A page that needs nothing else: the sections with ``ins`` and ``del``, those without a change folded."""
    heading = html.escape(f"{title}: version {before} and version {after}")
    rows = "".join(
        f'<li><a href="#{diff.kind}">{html.escape(diff.title)}</a>: {diff.state}'
        + ("" if diff.state == "same" else f", −{diff.words('removed')} +{diff.words('added')} words")
        + "</li>"
        for diff in diffs
    )
    sections = "".join(
        f'<details id="{diff.kind}"{"" if diff.state == "same" else " open"}>'
        f"<summary>{html.escape(diff.title)}: {diff.state}</summary><p>{_marked(diff)}</p></details>"
        for diff in diffs
    )
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{heading}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{heading}</h1><nav><ul>{rows}</ul></nav>{sections}</body></html>\n"
    )


def _marked(diff: SectionDiff) -> str:
    tags = {"same": "{}", "removed": "<del>{}</del>", "added": "<ins>{}</ins>"}
    shown = " ".join(tags[run.change].format(html.escape(run.text)) for run in diff.runs)
    return shown.replace("¶", "<br>")

"""Owns the section tree: which headings are sections, how deep they stand and of what kind; it classifies no block."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chapter_pipeline.documents.structure.classify import Item
from chapter_pipeline.documents.structure.section_titles import BACK_MATTER
from chapter_pipeline.domain.document import BlockKind, Heading, Page, SectionKind

Style = tuple[float, bool, bool, bool]
"""Letter size in points, bold, capitals, upright: greater is stronger."""

DEEPEST = 4
MAX_RUN_IN_WORDS = 14
SHORTEST_RUN_IN = 6
"""Letters of a heading of one word that opens a paragraph."""
SHORTEST_CAPITALS = 8
"""Letters of a heading in italic capitals."""
MAX_STEP_PT = 1.2
"""How much smaller than the body the letters of a heading in a font of its own may be."""
_PREFIX = 40  # characters by which an item is found again in the text of its page
_NUMBER = re.compile(r"^(?:(\d{1,2}(?:\.\d{1,2})*)\.?|[IVX]{1,4}\.)\s*(?:\|\s*)?(?=\S)")
_KINDS = [
    (kind, re.compile(rf"^(?:{pattern})\W*$", re.IGNORECASE))
    for kind, pattern in (
        (SectionKind.ABSTRACT, r"abstract|summary|synopsis"),
        (SectionKind.INTRODUCTION, r"introduction|background|context|introduction and background"),
        (SectionKind.METHODS, r"(?:(?:online|star|experimental) )?(?:materials?,?|methods?|methodology)"
         r"(?:,? (?:and|&) (?:methods?|materials?|patients)|/design)?|(?:patients|subjects) (?:and|&) methods?|experimental (?:procedures?|section)|evidence acquisition"
         r"|(?:materials?|patients), methods?,? and \w+"),
        (SectionKind.RESULTS, r"results?|findings|evidence synthesis|results? and discussion"),
        (SectionKind.DISCUSSION, r"discussion|discussion and conclusions?|interpretation"),
        (SectionKind.CONCLUSION, r"conclusions?|concluding remarks|conclusions? and .{3,40}"),
        (SectionKind.CASE, r"case (?:reports?|descriptions?|presentations?)"),
        (SectionKind.REFERENCES, r"references?|bibliography|literature cited|works cited|references? (?:list|and notes)"),
    )
]  # fmt: skip
_NO_SECTION = re.compile(
    r"^(?:key ?words?|open access|article history|translational impact|s\d+ (?:fig|table)|research ?articles?|review articles?|original (?:article|paper)|correspond|edited by|legends?|captions?|"
    r"reviewed by|received|accepted|author summary|figure|table|key points?)\b|[@‡†§∗=]|\b(?:MD|PhD)\b|^\W*\d[\d\W]*$|https?:",
    re.IGNORECASE,
)
_RUN_IN = re.compile(r"^(.{8,}?[\w)])\. +[A-Z]")
_NUMBERED_RUN_IN = re.compile(r"^(\d{1,2})\.\d{1,2}\.? [A-Z][^.]{3,90}(?=\. +[A-Z])")
"""A numbered heading on the first line of its paragraph: ``2.1. Animals. All mice were ...``."""
_MAIN = (SectionKind.INTRODUCTION, SectionKind.METHODS, SectionKind.RESULTS, SectionKind.DISCUSSION)


@dataclass(frozen=True, slots=True)
class _Candidate:
    title: str
    kind: SectionKind | None
    style: Style
    page: int
    start: int
    before_text: bool
    font: str = ""
    own_font: bool = False
    run_in: bool = False


def section_tree(items: Sequence[Sequence[Item]], pages: Sequence[Page]) -> tuple[Heading, ...]:
    """The headings of a document as a tree in reading order; `items` are those of its `pages`.

    A number gives the level. Without one, the styles of the known sections (Methods, Results, ...) are level 1 and
    the others stand below them by size. Conclusion, references and back matter are main sections however they are set.
    """
    body, font = _body_letters(items)
    found = list(_sections(list(_candidates(items, pages, font)), body))
    later = Counter(candidate.kind for candidate in found)
    main = _main_styles(found)
    found = list(_in_other_letters(found, main))
    numbered = sum(_number(c.title) is not None for c in found)
    below = Counter(
        c.style for c in found if (c.kind is None or c.kind in _MAIN) and c.style not in main and not c.run_in
    )
    ranks = sorted((s for s, count in below.items() if count > 1 or len(below) == 1), reverse=True)
    headings: list[Heading] = []
    section: SectionKind | None = None
    above, openings = 1, list[Style]()
    """Level of the last heading on a line of its own; the styles of those since that open a paragraph, below it."""
    for candidate in found:
        later[candidate.kind] -= 1
        again = candidate.kind is not None and later[candidate.kind] > 0
        number = _number(candidate.title) if numbered > 2 else None
        if number is not None:
            level = min(number, DEEPEST)
        elif _stands_below(candidate, section, again=again, below=below):
            level = 2
        elif candidate.kind is not None and (candidate.kind not in _MAIN or candidate.style in main):
            level = 1
        elif candidate.run_in:
            openings = [*(style for style in openings if style > candidate.style), candidate.style]
            level = min(above + len(openings), DEEPEST)
        elif candidate.style in main:
            level = 1 if below or section is None else 2
        else:
            level = min(2 + (ranks.index(candidate.style) if candidate.style in ranks else 0), DEEPEST)
        if level == 1:
            section = candidate.kind
        if not candidate.run_in or level == 1:
            above, openings = level, []
        headings.append(Heading(title=candidate.title, level=level, kind=candidate.kind, page=candidate.page, start=candidate.start))  # fmt: skip
    return tuple(headings)


def _main_styles(found: Sequence[_Candidate]) -> set[Style]:
    """The styles of main sections: a part of the results may be called "Methods", in letters of the parts."""
    strongest: dict[SectionKind, Style] = {}
    for candidate in found:
        if candidate.kind in _MAIN:
            strongest[candidate.kind] = max(candidate.style, strongest.get(candidate.kind, candidate.style))
    if not strongest:
        return {candidate.style for candidate in found if candidate.kind is not None}
    kinds = Counter(strongest.values())
    several = [style for style, count in kinds.items() if count > 1]
    return {style for style in kinds if not several or style in several or style > min(several)}


def _in_other_letters(found: Sequence[_Candidate], main: set[Style]) -> Iterator[_Candidate]:
    """Headings as large as the main ones in a font that none of those has are a little weaker: they stand below."""
    named = {c.kind: c.font for c in found if c.kind in _MAIN and c.style in main}
    several, fonts = len(named) > 1, {*named.values()}
    for candidate in found:
        other = candidate.font and candidate.font not in fonts
        if several and other and candidate.kind is None and candidate.style in main:
            size, bold, capitals, upright = candidate.style
            candidate = replace(candidate, style=(size - 0.1, bold, capitals, upright))
        yield candidate


def _stands_below(candidate: _Candidate, section: SectionKind | None, *, again: bool, below: Counter[Style]) -> bool:
    """Parts of a structured abstract, and statements on ethics or funding among the parts of the methods."""
    if section is SectionKind.ABSTRACT:
        return again or candidate.kind is None
    return section is SectionKind.METHODS and candidate.kind is SectionKind.BACK_MATTER and candidate.style in below


def section_kind(title: str) -> SectionKind | None:
    """What a heading's own words say its section is; None for words of the article's own."""
    bare = _NUMBER.sub("", title)
    for kind, pattern in _KINDS:
        if pattern.match(bare):
            return kind
    return SectionKind.BACK_MATTER if BACK_MATTER.match(bare) else None


def _body_letters(items: Sequence[Sequence[Item]]) -> tuple[float, str]:
    """Letter size in points, and font, of most of the body."""
    sizes: Counter[float] = Counter()
    fonts: Counter[str] = Counter()
    for item in (item for page_items in items for item in page_items if item.kind is BlockKind.BODY):
        sizes[round(item.region.size * 2) / 2] += len(item.text)
        fonts[item.region.font] += len(item.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0, fonts.most_common(1)[0][0] if fonts else ""


def _placed(items: Sequence[Item], page: Page) -> Iterator[tuple[Item, int]]:
    """Every item with its offset in the page: an item may have become several blocks (`pages.make_page`)."""
    position = 0
    for item in items:
        found = page.text.find(item.text[:_PREFIX], position)
        position = max(position, found)
        yield item, position


def _candidates(items: Sequence[Sequence[Item]], pages: Sequence[Page], font: str) -> Iterator[_Candidate]:
    chapter = ""
    for page_items, page in zip(items, pages, strict=True):
        for position, (item, start) in enumerate(_placed(page_items, page)):
            run_in = (
                _NUMBERED_RUN_IN.match(item.text) if item.kind is BlockKind.BODY and item.text[:1].isdigit() else None
            )
            if run_in is not None and run_in.group(1) == chapter:
                yield _Candidate(
                    title=run_in.group(), kind=None, style=_style(item), page=page.number, start=start,
                    before_text=True, run_in=True,
                )  # fmt: skip
            label = _bold_opening(item) or _italic_opening(item)
            if label is not None:
                first = item.region.lines[0]
                size = round((first.parts or (first,))[0].size * 2) / 2
                yield _Candidate(
                    title=label, kind=section_kind(label), style=(size, bool(first.label), label.isupper(), bool(first.label)),
                    page=page.number, start=start, before_text=True, run_in=True,
                )  # fmt: skip
            if item.kind is not BlockKind.HEADING:
                continue
            number = _NUMBER.match(item.text)
            chapter = (number.group(1) or "").split(".")[0] if number else chapter
            following = next(
                (other for other in page_items[position + 1 :] if other.kind is not BlockKind.HEADING), None
            )
            candidate = _Candidate(
                title=_title(item.text), kind=section_kind(_title(item.text)), style=_style(item), page=page.number,
                start=start,
                before_text=following is None or following.kind in (BlockKind.BODY, BlockKind.ABSTRACT),
                font=item.region.font, own_font=item.region.font not in ("", font), run_in=_is_run_in(item),
            )  # fmt: skip
            yield from _split(candidate, item)


def _bold_opening(item: Item) -> str | None:
    """The heading that opens its paragraph in bold letters: ``Cell lines. Human glioma cells were ...``."""
    opening = item.region.lines[0].label
    if not opening.endswith((".", ":")) or not item.text.startswith(opening):
        return None
    title = opening.rstrip(".: ")
    if section_kind(title) is SectionKind.BACK_MATTER and item.kind is not BlockKind.CAPTION:
        return title  # "Conflict of interest: ..." in small print behind the article
    if item.kind is not BlockKind.BODY or opening.endswith(":"):
        return None
    return title if _may_run_in(title) else None


def _is_run_in(item: Item) -> bool:
    """Whether a heading that is an item of its own opens a paragraph: the layout has cut it off, or left words behind it."""
    return item.text.endswith(".") or bool(item.region.lines[0].label) or len(_title(item.text)) < len(item.text)


def _italic_opening(item: Item) -> str | None:
    """The heading that opens its paragraph in italic letters: ``Patient selection. Adults were ...``."""
    opening = item.region.lines[0].opening
    if item.kind is not BlockKind.BODY or not opening or not item.text.startswith(opening):
        return None
    title = opening.rstrip(".: ")
    return title if _may_run_in(title) else None


def _may_run_in(title: str) -> bool:
    words = title.split()
    return title[:1].isupper() and len(words) <= MAX_RUN_IN_WORDS and (len(words) > 1 or len(title) >= SHORTEST_RUN_IN)


def _split(candidate: _Candidate, item: Item) -> Iterator[_Candidate]:
    """A main heading and the one right below it, which the file holds as one block."""
    first = item.region.lines[0].text
    if (
        candidate.kind is None
        and item.region.rows == 2
        and section_kind(first) in _MAIN
        and item.text.startswith(first)
    ):
        yield replace(candidate, title=first, kind=section_kind(first))
        rest = item.text[len(first) :].strip()
        size, bold, capitals, upright = candidate.style
        yield replace(
            candidate, title=rest, kind=section_kind(rest), style=(size - 0.5, bold, capitals, upright),
            start=candidate.start + item.text.index(rest, len(first)),
        )  # fmt: skip
        return
    yield candidate


def _sections(candidates: Sequence[_Candidate], body: float) -> Iterator[_Candidate]:
    """Without the lines of the title page, cells of tables, and what stands behind the reference list."""
    begun = ended = False
    for candidate in candidates:
        if _NO_SECTION.search(candidate.title) or len(candidate.title) < 4:
            continue
        if candidate.kind is None and (ended or not _looks_like_one(candidate, body)):
            continue
        if (
            not begun
            and candidate.kind is None
            and not (candidate.before_text and candidate.style[1] and candidate.style[2])
        ):
            continue
        if ended and candidate.kind is not SectionKind.BACK_MATTER and candidate.kind is not SectionKind.CONCLUSION:
            continue
        begun = True
        ended = ended or candidate.kind is SectionKind.REFERENCES
        yield candidate


def _looks_like_one(candidate: _Candidate, body: float) -> bool:
    size, bold, capitals, upright = candidate.style
    words = re.findall(r"[^\W\d_]{3,}", candidate.title)
    if not words or (capitals and not (bold or upright) and sum(map(len, words)) < SHORTEST_CAPITALS):
        return False  # the letters of a formula are italic capitals
    if _number(candidate.title) is not None:
        return True
    if candidate.own_font and candidate.before_text and size >= body - MAX_STEP_PT:
        return True  # above a paragraph in other letters, whether or not the file calls them bold
    return size >= body - 0.3 or (bold and capitals and len(words) >= 2)


def _style(item: Item) -> Style:
    letters = [ch for ch in item.text if ch.isalpha()]
    return (
        round(item.region.size * 2) / 2, item.region.bold, bool(letters) and item.text.isupper(),
        not all(line.italic for line in item.region.lines),
    )  # fmt: skip


def _number(title: str) -> int | None:
    """How many parts the number of a heading has: 2 for ``3.1. Search``."""
    match = _NUMBER.match(title)
    if match is None:
        return None
    return match.group(1).count(".") + 1 if match.group(1) else 1


def _title(text: str) -> str:
    """The heading as printed, without the paragraph that runs on behind it."""
    run_in = _RUN_IN.match(text) if len(text.split()) > 6 else None
    return " ".join((run_in.group(1) if run_in else text).split())

"""Owns the audit of a parsed PDF: is the text complete, and is it what the pages say?

The words of each page are counted by what their blocks are, and compared with what a second extractor (pdfium) reads. What
the audit finds becomes a warning of the document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from chapter_pipeline.documents.structure.glyphs import may_stand_for_another
from chapter_pipeline.domain.document import AUDIT, BlockFlag, BlockKind, CitedWork, Page

MIN_WORDS = 80
"""A page with fewer words is not compared: a few labels of a figure would be a large share."""
MAX_LOST = 0.12
"""Share of the second extractor's words that may be missing; hyphens and signs account for 2 to 5%."""
MAX_ADDED = 0.25
MAX_UNKNOWN = 0.5
"""Share of a page's words that may be in blocks of no known kind."""
LONGEST_ENTRY = 150
"""Words of a reference; a consensus paper with all its authors has about 100."""
MAX_UNDATED = 0.3
MIN_ENTRIES = 5
MIN_MARKERS = 8
_WORD = re.compile(r"[^\W\d_]{4,}")
_HYPHENATED = re.compile(r"[-‐\u00ad\ufffe]\s*\n\s*")
_MARKER = re.compile(r"\[\d+(?:[,–-] ?\d+)*\]|(?<=[a-z.,;)])[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d[a-z]?\b")
_AUTHOR = re.compile(r"[A-ZÀ-Þ][\w’'-]+,? (?:[A-Z]\.? ?){1,3}(?:[,.;&]|and|et al)")
MAX_NAMED = 5


def audit(pages: Sequence[Page], cited_works: Sequence[CitedWork], other: Sequence[str]) -> list[str]:
    """What an editor should check by eye; `other` is the text of each page as the second extractor reads it."""
    found = [*_words(pages, other), *_unknown(pages), *_references(pages, cited_works), *_signs(pages)]
    return [AUDIT + one for one in found]


def _words(pages: Sequence[Page], other: Sequence[str]) -> Iterator[str]:
    lost: list[str] = []
    added: list[str] = []
    for page, text in zip(pages, other, strict=False):
        both = [_WORD.findall(read.lower()) for read in (page.text, _HYPHENATED.sub("", text))]
        words = sorted(map(len, both))
        if words[0] < MIN_WORDS and words[1] < 2 * MIN_WORDS:
            continue
        # Compared as letters too: where one of them reads spaces in words, no letter is lost.
        letters = sorted(len("".join(read)) for read in both)
        if letters[1] - letters[0] < 0.04 * letters[1]:
            continue
        ours, theirs = map(Counter, both)
        share = (theirs - ours).total() / max(1, theirs.total())
        if share > MAX_LOST:
            lost.append(f"{page.number} ({share:.0%})")
        share = (ours - theirs).total() / max(1, ours.total())
        if share > MAX_ADDED:
            added.append(f"{page.number} ({share:.0%})")
    if lost:
        yield f"words that another program reads are missing on page {_named(lost)}"
    if added:
        yield f"words that another program does not read stand on page {_named(added)}"


def words_by_kind(page: Page) -> Counter[str]:
    """How many words of the page are in blocks of each kind; those of a flagged block count under its first flag."""
    words: Counter[str] = Counter()
    for block in page.blocks:
        words[(min(block.flags) if block.flags else block.kind).value] += len(
            page.text[block.start : block.end].split()
        )
    return words


def words_table(pages: Sequence[Page]) -> tuple[list[str], list[list[object]]]:
    """The words of each page by kind: the head, and a row for each page. Kinds that no page has are left out.

    The last column is the share of words that passages are made of, abstract and body.
    """
    counted = [words_by_kind(page) for page in pages]
    kinds = [kind for kind in (*BlockKind, *BlockFlag) if any(words[kind] for words in counted)]
    searched = [words[BlockKind.BODY] + words[BlockKind.ABSTRACT] for words in counted]
    return ["Page", *(kind.value for kind in kinds), "words", "searched"], [
        [
            page.label or page.number,
            *(words[kind] for kind in kinds),
            words.total(),
            f"{part / words.total():.0%}" if words.total() else "",
        ]
        for page, words, part in zip(pages, counted, searched, strict=True)
    ]


def _unknown(pages: Sequence[Page]) -> Iterator[str]:
    doubtful = []
    for page in pages:
        words = words_by_kind(page)
        shown = words.total() - sum(words[flag.value] for flag in BlockFlag)
        if shown > 2 * MIN_WORDS and words[BlockKind.OTHER] > MAX_UNKNOWN * shown:
            doubtful.append(f"{page.number} ({words[BlockKind.OTHER]} of {shown} words)")
    if doubtful:
        yield f"most text is of no known kind, and not searched, on page {_named(doubtful)}"


def _references(pages: Sequence[Page], cited_works: Sequence[CitedWork]) -> Iterator[str]:
    running = " ".join(
        page.text[block.start : block.end]
        for page in pages
        for block in page.blocks
        if block.kind is BlockKind.BODY and not block.flags
    )
    if not cited_works:
        markers = len(_MARKER.findall(running))
        if markers >= MIN_MARKERS:
            yield f"no reference list was found, and the text has {markers} citations"
        return
    long = [work for work in cited_works if len(work.text.split()) > LONGEST_ENTRY]
    if long:
        words = sum(len(work.text.split()) for work in long)
        yield (
            f"{len(long)} entries of the reference list have {words} words: running text may have been taken for "
            f"references, first on page {long[0].page}"
        )
    undated = [work for work in cited_works if not (_YEAR.search(work.text) or _AUTHOR.search(work.text))]
    if len(cited_works) >= MIN_ENTRIES and len(undated) > MAX_UNDATED * len(cited_works):
        yield (
            f"{len(undated)} of {len(cited_works)} entries of the reference list have neither a year nor authors, first "
            f"on page {undated[0].page}"
        )


def _signs(pages: Sequence[Page]) -> Iterator[str]:
    doubtful = [
        str(page.number)
        for page in pages
        if any(
            may_stand_for_another(page.text[block.start : block.end])
            for block in page.blocks
            if block.kind in (BlockKind.BODY, BlockKind.ABSTRACT) and not block.flags
        )
    ]
    if doubtful:
        yield (
            f"signs beside numbers stand for others (such as ¼ for =) on page {_named(doubtful)}: these sentences are not "
            "quoted"
        )


def _named(places: Sequence[str]) -> str:
    return ", ".join(places[:MAX_NAMED]) + (f" and {len(places) - MAX_NAMED} more" if len(places) > MAX_NAMED else "")

"""Owns what repositories, funders and publishers put before an article: cover pages, banners and notices.

What is found here is no text of the article, and no title is looked for in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chapter_pipeline.documents.structure.classify import Item

_COVER = re.compile(
    r"see discussions, stats,? and author profiles for this publication|this is a repository copy of|"
    r"this is an? (?:author['’]?s?|accepted|published|submitted|peer[- ]reviewed|post-?print|pre-?print|final|open access)\b.{0,60}"
    r"\b(?:version|manuscript|copy|draft)\b.{0,60}\b(?:of|paper|article|published|deposited)\b|"
    r"this is the (?:accepted|published|submitted|author['’]?s?|peer[- ]reviewed|final)\b.{0,40}\bversion of (?:a|the|an|this) "
    r"(?:paper|article|following|chapter|work)|this document is the (?:accepted|published|submitted|final)|"
    r"citation for (?:the )?(?:published|original) (?:version|published)|take[- ]?down policy|general rights.{0,200}copyright|"
    r"has made this article openly available|is a multi-disciplinary open access archive|"
    r"powered by the california digital library|previously published works|"
    r"this article appeared in a journal published by|provided for non-commercial research and educational? use|"
    r"the attached copy is furnished to the author|journal pre-?proofs?\b.{0,400}\bPII\b|\bPII\b.{0,400}\bto appear in\b|"
    r"this is a pdf file of an (?:article|unedited manuscript)|full terms & conditions of access|"
    r"items deposited in .{0,80} are protected by copyright|"
    r"institutional repository|open (?:repository and archive|research online)|research (?:explorer|portal|repository)\b|"
    r"(?:url|link) (?:for|to) (?:this paper|the published version|published version|publication)|"
    r"deposited (?:on|in)\b.{0,60}(?:repository|archive|online)|this reprint (?:was|is)\b|please cite the published version",
    re.IGNORECASE | re.DOTALL,
)
_ARTICLE = re.compile(r"^(?:\d+\.?\s*)?(?:abstract|summary|introduction|background)\W*$", re.IGNORECASE)
_COVER_WORDS = 450
"""A cover has fewer words; a first page of an article has more."""
_FINAL_FORM = re.compile(r"published in final edited form as", re.IGNORECASE)
_DEPOSIT = re.compile(
    r"\bauthor manuscript[;,.] available in PMC\b|\bavailable in PMC (?:19|20)\d\d\b|\bmanuscript;? available online\b",
    re.IGNORECASE,
)
_BANNER = re.compile(
    r"^\W*(?:(?:NIH|HHS|NASA|EPA|CDC|AHRQ|FDA|NIST|VA)(?: public access)?(?:[ -]?PA)?(?: author manuscript)?|author manuscript|"
    r"(?:NIH|HHS|HHMI|CIHR|VA|europe pmc funders|uk pmc funders|wellcome trust)(?: group)?(?: author)? manuscripts?|"
    r"europe pmc funders group|(?:uk|europe) pmc funders.{0,30}|"
    r"accepted (?:manuscript|article|version|for publication.{0,40})|(?:journal )?pre-?proofs?|article in press|in press|"
    r"uncorrected proofs?|corrected proof|just accepted|(?:e?pub(?:lished)? )?(?:online )?ahead of print.{0,80}|"
    r"advance (?:access|online) publication.{0,60}|provisional pdf|post-?print|pre-?print)\W*$",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"this article has been accepted for publication and (?:has )?undergone full peer review|"
    r"has not been through the copy-?editing|may lead to differences between this version and the version of record|"
    r"please cite this article as doi|as a service to our (?:customers|readers|authors)|"
    r"this provisional pdf corresponds to the article|will be made available soon|"
    r"this is a pdf file of an (?:article|unedited manuscript)|this (?:early|provisional) version of the (?:article|manuscript)|"
    r"this article appeared in a journal published by|the attached copy is furnished to the author|"
    r"other uses, including reproduction and distribution|authors requiring further information regarding|"
    r"\bpublish(?:ed|er)['’]?s? version\b.{0,60}\bavailable\b|copyright holder for this preprint|"
    r"users may view, print, copy,? and download text and data-mine|publisher['’]s disclaimer|"
    r"the content of this publication does not necessarily|^downloaded (?:from|by|at)\b|"
    r"provided for non-commercial research|not for reproduction, distribution or commercial use|"
    r"for personal use only|order reprints? at|reprint(?:s|ed)? (?:was|were|is|are|requests?)\b",
    re.IGNORECASE,
)
_NOTICE_HINTS = (
    "accepted for publication and", "through the copy", "may lead to differences", "cite this article as doi",
    "as a service to our", "this provisional pdf", "made available soon", "this is a pdf file of a", "this early version",
    "this provisional version", "article appeared in a journal", "attached copy is", "other uses, including",
    "authors requiring further", "version", "copyright holder for this", "users may view", "s disclaimer",
    "content of this publication", "downloaded ", "provided for non-comm", "not for reproduction",
    "for personal use", "reprint",
)  # fmt: skip
"""What a notice holds in small letters, one of them: to look for them takes a fifth of the time of the pattern."""
_NOTICE_WORDS = 160


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """`title_page`: the first page of the article itself, from 0. `furniture`: ids of items that are none of its text."""

    title_page: int
    furniture: frozenset[int]
    manuscript: bool


def front_matter(pages: Sequence[Sequence[Item]]) -> FrontMatter:
    """The covers, banners and notices of a document; `pages` in reading order."""
    title_page = 0
    while title_page < min(2, len(pages) - 1) and _is_cover(pages[title_page]):
        title_page += 1
    covers = [item for page in pages[:title_page] for item in page]
    first = pages[title_page] if pages else []
    above = list(_above_the_final_form(first))
    other = [item for page in pages for item in page if _is_notice(item)]
    manuscript = bool(above) or any(
        _says_deposit(item.text, item.text.casefold()) for page in pages[: title_page + 2] for item in page
    )
    return FrontMatter(title_page, frozenset(id(item) for item in (*covers, *above, *other)), manuscript)


def _is_cover(items: Sequence[Item]) -> bool:
    text = " ".join(item.text for item in items)
    headed = any(_ARTICLE.match(item.text) for item in items)
    return len(text.split()) < _COVER_WORDS and not headed and _COVER.search(text) is not None


def _above_the_final_form(items: Sequence[Item]) -> Iterator[Item]:
    """The line "Published in final edited form as" of an author manuscript with its citation, and what stands above it."""
    for position, item in enumerate(items):
        if not _FINAL_FORM.search(item.text):
            continue
        yield item
        foot = item.box[3]
        size = item.region.size
        for other in items[position + 1 : position + 3]:
            # The citation on a line of its own, in the letters of the line above.
            if (
                item.words < 9
                and abs(other.region.size - size) < 1
                and other.box[1] - foot < 1.5 * size
                and other.words < 40
            ):
                yield other
                break
        yield from (other for other in items if other is not item and other.box[3] <= item.box[1] + 2)
        return


def _is_notice(item: Item) -> bool:
    text = item.text
    if _BANNER.match(text):
        return True
    words = item.words
    if words >= _NOTICE_WORDS:
        return False
    small = text.casefold()
    if words < 60 and (_says_deposit(text, small) or ("final edited form" in small and _FINAL_FORM.search(text))):
        return True
    return any(map(small.__contains__, _NOTICE_HINTS)) and _NOTICE.search(text) is not None


def _says_deposit(text: str, small: str) -> bool:
    """Whether `text`, which is `small` in small letters, says where a manuscript is deposited."""
    return ("available in pmc" in small or "available online" in small) and _DEPOSIT.search(text) is not None

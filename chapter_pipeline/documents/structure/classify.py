"""Owns what each region of a document is: title, heading, body, caption, table, reference or furniture."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from chapter_pipeline.documents.structure.layout import Region
from chapter_pipeline.documents.structure.section_titles import BACK_MATTER
from chapter_pipeline.domain.document import BlockKind, Box

MARGIN = 0.10
"""Running heads and feet stand in the top and bottom tenth of a page."""
REPEATED = 3
_FIGURE = re.compile(r"^(?:supplement\w* |extended data )?(?:fig(?:ure|\.)?)\s*S?\d+", re.IGNORECASE)
_TABLE = re.compile(r"^(?:supplement\w* )?table\s*(?:S?\d+|[IVX]+)\b", re.IGNORECASE)
_LEGENDS = re.compile(
    r"^(?:\d+\.?\s*)?(?:(?:list of )?figures?(?: and tables?)? (?:legends?|captions?|titles?)(?: and legends?)?|legends?(?: (?:to|for|of) (?:the )?figures?)?|"
    r"captions?(?: (?:to|for|of) (?:the )?figures?)?|figures? and (?:legends?|captions?))\W*$",
    re.IGNORECASE,
)
_REFERENCES = re.compile(
    r"^(?:\d+\.?\s*)?(?:references?|bibliography|literature cited|works cited|reference list|references and notes)\W*$",
    re.IGNORECASE,
)
_LABELS = re.compile(
    r"^(?:\d+\.?\s*)?(?:keywords?|key ?words|correspond\w*|licen[cs]e|copyright|open access|edited by|reviewed by|citation|"
    r"specialty|article (?:info|history)|received|publisher|how to cite|cite this|open peer review|referee|submit your|"
    r"significance statement|graphical abstract|highlights|authors?[’']?s? summary)\b",
    re.IGNORECASE,
)
"""Labels of the title page and of its margins."""
_OF_METHODS = re.compile(r"^(?:[\d.]+\s*)?(?:ethic|consent|data|availability|role of|supplement)", re.IGNORECASE)
"""Back matter that may stand among the methods, and does not end them."""
_FURNITURE = re.compile(
    r"^(?:received|accepted|revised|published|copyright|©|keywords?|key ?words|correspond\w*|edited by|"
    r"reviewed by|citation|cite this|article history|sponsorship|how to cite|doi|https?:|"
    r"www\.|e-?mail|downloaded|this is an open[- ]access|"
    r"this article (?:is|was|has)|this work is licen|open access|academic editor|article id|the (?:author|copyright)s?"
    r"(?: holder)? |all rights|authors?[’'] (?:contrib|affil)|present address|specialty section|abbreviations?:|"
    r"for personal use|available (?:online|at)|from the \w+ department|department of|division of|school of|"
    r"\W?these authors|\W?contributed equally|\W?both authors|funding:|competing interests|licence|license|"
    r"(?:\d+|[⁰¹²³⁴⁵⁶⁷⁸⁹,]+|[a-z*†‡§]) ?(?:department|division|school|faculty|institute|university|centre|center|"
    r"college|hospital|laborator))",
    re.IGNORECASE,
)
_PREPRINT = (
    "copyright holder for this preprint", "certified by peer review", "made available under a", "biorxiv", "medrxiv",
    "creative commons", "author manuscript", "nih-pa", "available in pmc", "journal homepage",
    "submit your next manuscript",
)  # fmt: skip
"""In lower case: to look for words one by one takes a tenth of the time of a pattern that ignores case."""
_ABSTRACT = re.compile(r"^(?:abstract|summary|synopsis)\W*$", re.IGNORECASE)
_ABSTRACT_START = re.compile(r"^(?:abstract|summary)\s*[:.—–-]?\s+\S", re.IGNORECASE)
_ENTRY = re.compile(
    r"(?:19|20)\d\d[a-z]?\s?;\s?\d+|\b\d+\s?\(\d+\)\s?[:,]\s?e?\d+|\bdoi:\s?10\.|\bet al\b[.,]?\s+[A-Z][^.]+\.\s+[A-Z]|"
    r"[A-Z][\w'’-]+,? [A-Z]{1,3}[,.;] .*\b(?:19|20)\d\d\b|\bPubMed\b|\bCrossRef\b",
)
_ENTRY_DIGITS = re.compile(r"\d(?:\d{3}|\s?\(\d)")
_ENTRY_HINTS = ("et al", "doi:", "PubMed", "CrossRef")
_METHODS = re.compile(
    r"^(?:\d+\.?\s*|[IVX]+\.\s*)?(?:(?:online |star |experimental )?(?:materials?|methods?|methodology|patients)"
    r"(?: ?and ?methods?|,? materials?,? and methods?|/design)?|experimental (?:procedures?|section)|evidence acquisition|"
    r"study design(?: and .*)?|subjects and methods?|methods? and materials?)\W*$",
    re.IGNORECASE,
)
_MAJOR = re.compile(
    r"^(?:\d+\.?\s*|[IVX]+\.\s*)?(?:introduction|background|results?|findings|discussion|conclusions?|summary|abstract|"
    r"results and discussion|limitations|interpretation|references|case (?:report|description)|evidence synthesis)\W*$",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(r"^(?:\d+\.?\s*|[IVX]+\.\s*)?introduction\W*$", re.IGNORECASE)
_NUMBERED_HEADING = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[IVX]+\.)\s+[A-Z]")
LONGEST_DISPLAY_HEADING = 32
"""Words of a heading in a font of its own: some say a whole result."""
FOOTNOTE_STEP_PT = 0.9
"""How much smaller than the body a footnote is set."""
_NOTE_MARK = re.compile(r"^(?:[*∗†‡§¶‖#]+|[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[a-e]\)) ?(?=\S)")
_TERMINAL = re.compile(r"[.;:,]$")


@dataclass
class Item:
    """A region on its way to a block. `section` is the heading it stands under."""

    region: Region
    page: int
    text: str
    kind: BlockKind = BlockKind.OTHER
    section: str | None = None
    joins: list[int] = field(default_factory=list)
    _entries: int | None = None
    _counted: tuple[str, int] = field(default=("", 0), compare=False, repr=False)

    @property
    def box(self) -> Box:
        return self.region.box

    @property
    def words(self) -> int:
        text, words = self._counted
        if text is not self.text:
            words = len(self.text.split())
            self._counted = (self.text, words)
        return words

    @property
    def entries(self) -> int:
        """How many entries of a reference list seem to stand in the text before it is put together with others."""
        if self._entries is None:
            self._entries = len(_ENTRY.findall(self.text)) if _may_hold_entries(self.text) else 0
        return self._entries


@dataclass(frozen=True, slots=True)
class PageSize:
    width: float
    height: float


def _may_hold_entries(text: str) -> bool:
    """Whether `text` has what every match of `_ENTRY` has; most paragraphs have not, and to look for it is cheap."""
    return _ENTRY_DIGITS.search(text) is not None or any(hint in text for hint in _ENTRY_HINTS)


def classify(
    pages: Sequence[list[Item]], sizes: Sequence[PageSize], title: Sequence[Item], *, title_page: int = 0,
    furniture: Collection[int] = (),
) -> None:  # fmt: skip
    """Set kind and section of every item; `pages` in reading order, `title` the items of the title.

    `title_page`: the first page of the article itself, behind the covers. `furniture`: the ids of items that are known to
    be no text of the article.

    Body is what has the document's commonest letter size and reads as prose, before the reference list and outside
    the back matter. The abstract may have a size of its own.
    """
    body = body_size(pages)
    font = _body_font(pages, body)
    repeated = _repeated(pages, sizes)
    sections = _Sections()
    titled = {id(item) for item in title}
    for number, items in enumerate(pages):
        in_table: Box | None = None
        for position, item in enumerate(items):
            if id(item) in furniture:
                item.kind = BlockKind.FURNITURE
                continue
            if id(item) in titled:
                item.kind = BlockKind.TITLE
                sections.title_seen = True
                continue
            item.kind = _kind(
                item, items, position, body, font, sizes[number], repeated, sections, first=number == title_page
            )
            if item.kind is BlockKind.CAPTION and _TABLE.match(item.text):
                in_table = item.box
                sections.legends = False
            elif item.kind is BlockKind.BODY and in_table is not None and _below(in_table, item) and _is_cells(item):
                item.kind = BlockKind.TABLE
            if item.kind is BlockKind.HEADING:
                sections.enter(item.text)
            item.section = sections.name


class _Sections:
    """Where the reader is: under which heading, in the abstract, the references or the back matter."""

    def __init__(self) -> None:
        self.name: str | None = None
        self.references = self.back = self.abstract = self.title_seen = self.body_seen = self.legends = False
        self.methods = ""

    def enter(self, heading: str) -> None:
        name = " ".join(heading.split())
        if _METHODS.match(name):
            self.methods = name
        elif _MAJOR.match(name) or (_is_back(name) and not _OF_METHODS.match(name)):
            self.methods = ""
        self.name = f"{self.methods}: {name}" if self.methods and self.methods != name else name
        self.references = self.references or _REFERENCES.match(heading) is not None
        self.body_seen = self.body_seen or _INTRODUCTION.match(heading) is not None
        self.back = _is_back(heading)
        self.abstract = _ABSTRACT.match(heading) is not None
        self.legends = _LEGENDS.match(heading) is not None


def body_size(pages: Sequence[Sequence[Item]]) -> float:
    """The letter size, in points, of most characters that stand in paragraphs before the reference list."""
    weight: Counter[float] = Counter()
    for items in pages:
        for item in items:
            if _REFERENCES.match(item.text):
                return weight.most_common(1)[0][0] if weight else 10.0
            if item.words >= 12 and not item.entries:
                weight[round(item.region.size * 2) / 2] += len(item.text)
    return weight.most_common(1)[0][0] if weight else 10.0


def _kind(
    item: Item, items: Sequence[Item], position: int, body: float, font: str, size: PageSize, repeated: set[str],
    sections: _Sections, *, first: bool,
) -> BlockKind:  # fmt: skip
    text, region = item.text, item.region
    if _in_margin(item, size) and _mask(text) in repeated:
        return BlockKind.FURNITURE
    if item.words < 90 and _is_preprint_line(text):
        return BlockKind.FURNITURE
    if _FIGURE.match(text) and (sections.legends or _is_caption(item, body)):
        return BlockKind.CAPTION
    if _TABLE.match(text) and (item.words < 60 and not text[:60].count(" shows ")):
        return BlockKind.CAPTION if _is_caption(item, body) else BlockKind.BODY
    if first and not sections.body_seen and sections.title_seen and _is_author_line(item):
        return BlockKind.AUTHORS
    if _heading(item, items, position, body) or _is_display_heading(item, items, position, font):
        return BlockKind.HEADING
    if sections.legends:
        return BlockKind.CAPTION if _is_prose(item) else BlockKind.OTHER
    if sections.references:
        return BlockKind.REFERENCE
    if first and not sections.body_seen and _is_abstract(item, body) and not _FURNITURE.match(text):
        return BlockKind.ABSTRACT
    if sections.back:
        return BlockKind.FURNITURE
    if item.entries >= 2:
        return BlockKind.REFERENCE
    if _FURNITURE.match(re.sub(r"^[^\w©]+", "", text)):
        return BlockKind.FURNITURE
    if first and not sections.body_seen and item.words < 80 and _names(text):
        return BlockKind.AUTHORS
    if _in_margin(item, size) and item.words < 15 and region.rows <= 2 and not _is_a_line_of_body(item, body, font):
        return BlockKind.FURNITURE
    if not sections.title_seen and first and item.words < 40:
        return BlockKind.FURNITURE
    if _is_footnote(item, body, size):
        return BlockKind.FOOTNOTE
    if _is_cells(item):
        return BlockKind.TABLE
    if sections.abstract or _ABSTRACT_START.match(text):
        return BlockKind.ABSTRACT if _is_prose(item) else BlockKind.OTHER
    same_size = abs(region.size - body) <= 0.75
    if _is_prose(item) and (same_size or (first and not sections.body_seen and item.words >= 40)):
        sections.body_seen = sections.body_seen or (same_size and item.words > 60)
        return BlockKind.BODY
    return BlockKind.OTHER


def _heading(item: Item, items: Sequence[Item], position: int, body: float) -> bool:
    text, region = item.text, item.region
    if item.words > 16 or region.rows > 3 or not any(map(str.isalpha, text)) or len(text) < 4:
        return False
    if _REFERENCES.match(text) or _ABSTRACT.match(text) or (_LEGENDS.match(text) and item.words > 1):
        return True
    if _TERMINAL.search(text) and not _is_back(text) and not (region.bold and text.endswith((":", "."))):
        return False
    if not text[0].isupper() and not text[0].isdigit():
        return False
    # A recognised page knows no bold: what has the name of a section and stands alone is its heading.
    named = region.rows == 1 and (_MAJOR.match(text) or _METHODS.match(text)) is not None
    strong = named or region.bold or region.size > body + 0.8 or (text.isupper() and item.words <= 12)
    numbered = _NUMBERED_HEADING.match(text) is not None and item.words <= 12
    italic = all(line.italic for line in region.lines) and item.words <= 10
    if region.size < body - 1.6 and not _is_back(text):
        return False
    follows = next((other for other in items[position + 1 :]), None)
    return (strong or numbered or italic) and (follows is None or not _is_cells(item))


def _body_font(pages: Sequence[Sequence[Item]], body: float) -> str:
    """The font of most of the letters of that size."""
    weight: Counter[str] = Counter()
    for items in pages:
        for item in items:
            if abs(item.region.size - body) < 0.5 and item.words >= 12:
                weight[item.region.font] += len(item.text)
    return weight.most_common(1)[0][0] if weight else ""


def _is_display_heading(item: Item, items: Sequence[Item], position: int, font: str) -> bool:
    """A short line in another font than the body, right above body text that begins at the same edge."""
    region, follows = item.region, items[position + 1] if position + 1 < len(items) else None
    if follows is None or not font or region.font in ("", font, follows.region.font):
        return False
    if region.rows == 1 and item.words <= 6 and _is_back(item.text):
        # "Conflict of interest statement" above a single line, in small print, or at the foot of a column
        return abs(follows.box[0] - item.box[0]) < 30 or follows.box[1] < item.box[1]
    if (
        item.words > LONGEST_DISPLAY_HEADING
        or region.rows > 3
        or _TERMINAL.search(item.text)
        or not (item.text[0].isupper() or item.text[0].isdigit())
    ):
        return False
    if follows.region.font != font:
        return False
    gap = follows.box[1] - item.box[3]
    beside = abs(follows.box[0] - item.box[0]) < 2 * region.size
    return beside and -2 < gap < 1.2 * region.size and follows.words >= 12 and _is_prose(follows) and len(item.text) > 3


def _is_a_line_of_body(item: Item, body: float, font: str) -> bool:
    """The first or last line of a column, alone on its page: running heads and feet are set in other letters."""
    region = item.region
    in_body = abs(region.size - body) < 0.3 and region.font == font and not region.bold
    return in_body and item.words >= 6 and _is_prose(item)


def _is_footnote(item: Item, body: float, size: PageSize) -> bool:
    """Small print in the lower half of a page that opens with a mark: of a page, or of a table."""
    small = item.region.size < body - FOOTNOTE_STEP_PT
    return small and item.box[1] > 0.5 * size.height and item.words >= 4 and _NOTE_MARK.match(item.text) is not None


def _is_abstract(item: Item, body: float) -> bool:
    """The large paragraph of the first page before the body; affiliations and notes are small."""
    return item.words >= 40 and _is_prose(item) and item.region.size > body - 2.2 and not _names(item.text)


def _is_preprint_line(text: str) -> bool:
    lower = text.lower()
    return any(words in lower for words in _PREPRINT)


def _is_author_line(item: Item) -> bool:
    """Names between commas, often with raised numbers: almost every word has a capital, there is no verb."""
    text = re.sub(r"\b(?:and|on behalf of|for|the|van|von|de|der|la|le|di)\b", "", item.text)
    separated = "," in text or any(ch in "⁰¹²³⁴⁵⁶⁷⁸⁹*" for ch in text) or " and " in item.text
    return separated and 2 <= item.words <= 150 and _names(text, share=0.9) and not _is_back(item.text)


def _is_caption(item: Item, body: float) -> bool:
    """A caption opens with its label; prose that opens with "Figure 2 shows" is body."""
    opening = re.sub(r"^(?:\w+ )?(?:fig(?:ure|\.)?|table)\s*S?[\dIVX]+[a-z]?\s*", "", item.text, flags=re.IGNORECASE)
    prose = re.match(
        r"^(?:\([A-Za-z]\) )?(?:shows?|presents?|lists?|depicts?|illustrates?|and|summari|gives|in|is|are)\b", opening
    )
    return prose is None or item.region.size < body - 0.6 or item.region.lines[0].bold


def _is_prose(item: Item) -> bool:
    text = item.text
    if item.words < 6:
        return False
    letters = sum(map(str.isalpha, text))
    lower = sum(map(str.islower, text))
    return letters > 0.6 * len(text) and lower > 0.5 * letters


def _is_cells(item: Item) -> bool:
    """Several short lines side by side in most rows: a table, not prose."""
    region = item.region
    if len(region.lines) >= 1.5 * region.rows and len(region.lines) >= 3:
        return True
    tokens = item.text.split()
    numbers = sum(not token.isalpha() and any(map(str.isdigit, token)) for token in tokens)
    return len(tokens) >= 3 and numbers > 0.5 * len(tokens)


def _below(table: Box, item: Item) -> bool:
    return item.box[1] >= table[1] and item.box[0] < table[2] and item.box[2] > table[0]


def _names(text: str, *, share: float = 0.6) -> bool:
    tokens = [token for token in re.findall(r"[^\W\d_]+", text) if len(token) > 1]
    capital = sum(token[0].isupper() for token in tokens)
    return bool(tokens) and capital >= share * len(tokens)


def _mask(text: str) -> str:
    return re.sub(r"\d+", "#", text.lower())[:120]


def _is_back(title: str) -> bool:
    """Whether it is the title of what is no text of the article: back matter, and labels of the title page."""
    return (BACK_MATTER.match(title) or _LABELS.match(title)) is not None


def _in_margin(item: Item, size: PageSize) -> bool:
    return item.box[3] < MARGIN * size.height or item.box[1] > (1 - MARGIN) * size.height


def _repeated(pages: Sequence[Sequence[Item]], sizes: Sequence[PageSize]) -> set[str]:
    """Masked texts that stand in a margin of at least three pages, or of every page of a shorter document."""
    seen: dict[str, set[int]] = defaultdict(set)
    for number, items in enumerate(pages):
        for item in items:
            if _in_margin(item, sizes[number]):
                seen[_mask(item.text)].add(number)
    needed = min(REPEATED, max(2, len(pages)))
    return {text for text, numbers in seen.items() if len(numbers) >= needed}

"""Owns how pages become passages: runs of whole sentences of one block, with exact offsets in the page's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import semchunk
import sentencex

from chapter_pipeline.domain.document import Block, BlockKind, Page, ParsedDocument, Passage, confidence

Span = tuple[int, int]
_SUPERSCRIPTS = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻][⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻,–]*")
_EXPONENT = re.compile(r"(?<=\w)[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+(?=[.!?](?:\s|$))")
# Stops that end no sentence. They are masked for the splitter with a letter of the same width.
_STOPS = re.compile(
    r"\b(?:et al|e\.g|i\.e|vs|cf|ca|approx|resp|figs?|refs?|eqs?|tabs?|no|nos|vol|pp?|dr|prof|st|mr|mrs|spp?|subsp|var|"
    r"inc|ltd|co|corp|dept|univ|i\.v|i\.p|s\.c|p\.o|b\.i\.d|t\.i\.d|q\.d|a\.m|p\.m|[A-Z])\.(?=\s)",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?]['”\")\]’]*[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻,–]*$")


def make_passages(
    document: ParsedDocument, *, count_tokens: Callable[[str], int], max_tokens: int
) -> tuple[Passage, ...]:
    """Passages of body and abstract blocks without a flag, each at most `max_tokens` as `count_tokens` counts.

    ``page.text[start:end]`` is the passage. `Passage.sentences` are the whole sentences in it, the ones that may be
    quoted: a sentence cut by the page's end, or longer than a passage, is searchable but not quotable.
    """
    passages: list[Passage] = []
    for page in document.pages:
        for block in page.blocks:
            if block.flags or block.kind not in (BlockKind.BODY, BlockKind.ABSTRACT):
                continue
            for group in _packed(page, block, count_tokens, max_tokens):
                passages.append(_passage(len(passages), page, block, group))
    return tuple(passages)


def sentence_spans(text: str) -> list[Span]:
    """Offsets of the sentences of `text`, in order, without the spaces around them."""
    # A raised number before a stop belongs to its word (``75 mg/m².``), one after a stop is a citation marker.
    masked = _EXPONENT.sub(lambda match: "x" * len(match.group()), text)
    masked = _SUPERSCRIPTS.sub(lambda match: " " * len(match.group()), masked)
    masked = _STOPS.sub(lambda match: match.group()[:-1] + "x", masked)
    spans: list[Span] = []
    for boundary in sentencex.get_sentence_boundaries("en", masked):
        start, end = boundary["start_index"], boundary["end_index"]
        end = _with_marker(text, end)
        start = max(start, spans[-1][1] if spans else 0)
        stripped = text[start:end].strip()
        if stripped:
            start += text[start:end].index(stripped[0])
            spans.append((start, start + len(stripped)))
    return spans


def _with_marker(text: str, end: int) -> int:
    """`end` moved behind the citation marker that belongs to the sentence before it."""
    match = _SUPERSCRIPTS.match(text, end)
    return match.end() if match else end


def _packed(page: Page, block: Block, count: Callable[[str], int], limit: int) -> Iterator[list[tuple[Span, bool]]]:
    """Neighbouring sentences of a block, as many as fit; each with whether it may be quoted."""
    group: list[tuple[Span, bool]] = []
    tokens = 0
    for span, whole in _sentences(page, block, count, limit):
        size = count(page.text[span[0] : span[1]])
        if group and tokens + size > limit:
            yield group
            group, tokens = [], 0
        group.append((span, whole))
        tokens += size
    if group:
        yield group


def _sentences(page: Page, block: Block, count: Callable[[str], int], limit: int) -> Iterator[tuple[Span, bool]]:
    text = page.text[block.start : block.end]
    spans = sentence_spans(text)
    for index, (start, end) in enumerate(spans):
        span = (block.start + start, block.start + end)
        sentence = text[start:end]
        if count(sentence) > limit:
            for piece in _pieces(sentence, count, limit):
                yield (span[0] + piece[0], span[0] + piece[1]), False
            continue
        opens = index > 0 or sentence[:1].isupper() or sentence[:1].isdigit()
        yield span, opens and _ENDS.search(sentence) is not None


def _pieces(sentence: str, count: Callable[[str], int], limit: int) -> list[Span]:
    _, offsets = semchunk.chunkerify(count, limit)(sentence, offsets=True)
    return [(start, end) for start, end in offsets if sentence[start:end].strip()]


def _passage(ordinal: int, page: Page, block: Block, group: Sequence[tuple[Span, bool]]) -> Passage:
    start, end = group[0][0][0], group[-1][0][1]
    return Passage(
        ordinal=ordinal,
        page=page.number,
        start=start,
        end=end,
        text=page.text[start:end],
        section=block.section,
        sentences=tuple(span for span, whole in group if whole),
        text_source=page.text_source,
        confidence=confidence(page.ocr_lines, start, end),
    )

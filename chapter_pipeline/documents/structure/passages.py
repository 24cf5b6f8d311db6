"""Owns how pages become passages: runs of whole sentences of one block, with exact offsets in the text of their pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import semchunk
import sentencex

from chapter_pipeline.documents.structure.flow import Place, Turn, running_blocks
from chapter_pipeline.documents.structure.glyphs import may_stand_for_another
from chapter_pipeline.documents.structure.words import Joiner
from chapter_pipeline.domain.document import PageSpan, ParsedDocument, Passage, TextSource, confidence

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

    A sentence that goes on behind a page turn stands whole in the passage in which it begins, see `Passage.continued`.
    `Passage.sentences` are the whole sentences, the ones that may be quoted: a sentence whose other part was not found,
    or longer than a passage, is searchable but not quotable.
    """
    joiner = Joiner(page.text for page in document.pages)
    strings: list[list[tuple[Place, Turn]]] = []
    for place, turn in running_blocks(document.pages):
        if turn.goes_on:
            strings[-1].append((place, turn))
        else:
            strings.append([(place, turn)])
    passages: list[Passage] = []
    for string in strings:
        for group in _packed(string, joiner, count_tokens, max_tokens):
            passages.append(_passage(len(passages), group))
    return tuple(passages)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A sentence of a block, with where it goes on; `text` is all of it."""

    place: Place
    span: Span
    text: str
    whole: bool
    continued: tuple[tuple[Place, Span], ...] = ()


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


def _packed(
    string: Sequence[tuple[Place, Turn]], joiner: Joiner, count: Callable[[str], int], limit: int
) -> Iterator[list[_Sentence]]:
    """Neighbouring sentences of a block, as many as fit; one that goes on behind a page turn is the last of its group."""
    group: list[_Sentence] = []
    tokens = 0
    for sentence in _sentences(string, joiner, count, limit):
        size = count(sentence.text)
        if group and (tokens + size > limit or group[-1].place is not sentence.place or group[-1].continued):
            yield group
            group, tokens = [], 0
        group.append(sentence)
        tokens += size
    if group:
        yield group


def _sentences(
    string: Sequence[tuple[Place, Turn]], joiner: Joiner, count: Callable[[str], int], limit: int
) -> Iterator[_Sentence]:
    """The sentences of blocks that go on with each other, in order."""
    open_one: _Sentence | None = None
    for index, (place, turn) in enumerate(string):
        spans = sentence_spans(place.text)
        for number, (start, end) in enumerate(spans):
            span = (place.block.start + start, place.block.start + end)
            text = place.text[start:end]
            if number == 0 and open_one is not None:
                sentence = replace(
                    open_one,
                    text=joiner.glue(open_one.text, text),
                    whole=open_one.whole,
                    continued=(*open_one.continued, (place, span)),
                )
                open_one = None
            else:
                begins = not turn.may_be_cut if number == 0 else True
                whole = begins and (number > 0 or text[:1].isupper() or text[:1].isdigit())
                sentence = _Sentence(place=place, span=span, text=text, whole=whole)
            if number == len(spans) - 1 and index + 1 < len(string):
                open_one = sentence
            else:
                yield from _finished(sentence, count, limit)
    if open_one is not None:
        yield from _finished(open_one, count, limit)


def _finished(sentence: _Sentence, count: Callable[[str], int], limit: int) -> Iterator[_Sentence]:
    """The sentence, quotable when it ends; one that is longer than a passage in pieces that are not."""
    if count(sentence.text) <= limit:
        ends = _ENDS.search(sentence.text) is not None
        yield replace(sentence, whole=sentence.whole and ends and not may_stand_for_another(sentence.text))
        return
    for place, span in ((sentence.place, sentence.span), *sentence.continued):
        part = place.page.text[span[0] : span[1]]
        for start, end in _pieces(part, count, limit):
            piece = (span[0] + start, span[0] + end)
            yield _Sentence(place=place, span=piece, text=part[start:end], whole=False)


def _pieces(sentence: str, count: Callable[[str], int], limit: int) -> list[Span]:
    _, offsets = semchunk.chunkerify(count, limit)(sentence, offsets=True)
    return [(start, end) for start, end in offsets if sentence[start:end].strip()]


def _passage(ordinal: int, group: Sequence[_Sentence]) -> Passage:
    page, block, last = group[0].place.page, group[0].place.block, group[-1]
    start, end = group[0].span[0], last.span[1]
    text = page.text[start : last.span[0]] + last.text
    spans = [(one.span[0], one.span[0] + len(one.text)) for one in group if one.whole]
    parts = [(page, start, end), *((place.page, *span) for place, span in last.continued)]
    sure = [found for one, first, behind in parts if (found := confidence(one.ocr_lines, first, behind)) is not None]
    recognised = any(one.text_source is TextSource.OCR for one, _, _ in parts)
    return Passage(
        ordinal=ordinal,
        page=page.number,
        start=start,
        end=end,
        text=text,
        section=block.section,
        sentences=tuple(spans),
        text_source=TextSource.OCR if recognised else TextSource.LAYER,
        confidence=min(sure, default=None),
        continued=tuple(PageSpan(page=place.page.number, start=span[0], end=span[1]) for place, span in last.continued),
        page_label=page.label,
        paragraph=block.paragraph,
    )

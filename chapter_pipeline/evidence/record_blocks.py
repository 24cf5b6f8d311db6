"""Owns what of a document a language model reads for its study record: sentences, table rows and captions with references.

A document is one request. What does not fit in `REQUEST_TOKENS` is left out, the least telling parts first; introductions
never go out, for they tell of other works.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from chapter_pipeline.domain.document import Table
from chapter_pipeline.domain.evidence import Span, SpanSource
from chapter_pipeline.domain.tasks import RecordSentences, RecordTable, StudyRecordRequest
from chapter_pipeline.evidence.source import SourceText, Statement, Zone, statements
from chapter_pipeline.evidence.text import LONGEST

REQUEST_TOKENS = 24_000
"""Most tokens of text in a request; the longest of the 26 annotated articles has 19,000."""
CHARACTERS_PER_TOKEN = 4
OVERHEAD_CHARACTERS = 14
"""Of a reference and the JSON around a text."""
MOST_ROWS = 60
"""Rows of a table that are sent."""
CAPTIONS = "captions"
_TABLES_RANK, _CAPTIONS_RANK, _ABSTRACT_RANK = 4, 5, 0
_RANKS = {
    Zone.ABSTRACT: _ABSTRACT_RANK, Zone.RESULTS: 1, Zone.CASE: 1, Zone.CLOSING: 2, Zone.OPERATIVE: 3, Zone.OTHER: 6,
    Zone.DISCUSSION: 7, Zone.METHODS: 8,
}  # fmt: skip
"""The order in which parts are taken into a request; a part without a rank is not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A sentence, table row or caption under its reference.

    `context`: the spans that belong to it, of a row the caption, the head and the row that names its group. `group`: the paragraph or table it stands in; a
    finding has blocks of one group. `order` is its place in reading order, tables behind the text, captions last.
    """

    reference: str
    span: Span
    group: tuple[str, int]
    order: tuple[int, int, int]
    rank: int
    statement: Statement | None = None
    context: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedText:
    """What is sent of a document: `request`, and its blocks by reference. `left_out`: how many blocks did not fit."""

    request: StudyRecordRequest
    blocks: Mapping[str, Block]
    statements: Sequence[Statement]
    left_out: int


def numbered(source: SourceText, *, tokens: int = REQUEST_TOKENS) -> NumberedText:
    """The request for a document, of at most `tokens` tokens of text."""
    found = statements(source)
    everything = [*_sentences(found), *_rows(source.tables), *_captions(source)]
    left = tokens * CHARACTERS_PER_TOKEN
    kept: list[Block] = []
    for block in sorted(everything, key=lambda one: (one.rank, one.order)):
        left -= len(block.span.text) + OVERHEAD_CHARACTERS
        if left < 0:
            break
        kept.append(block)
    kept.sort(key=lambda one: one.order)
    request = StudyRecordRequest(
        title=source.title, design=source.study_type, parts=tuple(_parts(kept)), tables=tuple(_tables(kept))
    )
    return NumberedText(
        request=request, blocks={one.reference: one for one in kept}, statements=found,
        left_out=len(everything) - len(kept),
    )  # fmt: skip


def _sentences(found: Sequence[Statement]) -> Iterator[Block]:
    for one in found:
        rank = _ABSTRACT_RANK if one.in_abstract else _RANKS.get(one.zone)
        if rank is not None and len(one.text) <= LONGEST:
            yield Block(
                reference=f"s{one.number + 1}", span=one.span, group=("paragraph", one.paragraph),
                order=(0, one.number, 0), rank=rank, statement=one,
            )  # fmt: skip


def _rows(tables: Sequence[Table]) -> Iterator[Block]:
    for table in tables:
        head = table.rows[: table.header_rows]
        names = [
            " ".join(dict.fromkeys(row[column].strip() for row in head if row[column].strip()))
            for column in range(len(table.rows[0]) if table.rows else 0)
        ]
        shown = " ".join(filter(None, (table.label, table.caption)))
        context = [
            Span(source=source, text=text, row=row, page=table.page, table=table.ordinal, label=table.label)
            for source, text, row in ((SpanSource.CAPTION, shown, None), (SpanSource.TABLE, " | ".join(names), 0))
            if text.strip(" |") and len(text) <= LONGEST
        ]
        group: tuple[Span, ...] = ()
        for index, row in enumerate(table.rows[table.header_rows :][:MOST_ROWS], start=table.header_rows):
            text = " | ".join(cell.strip() for cell in row)
            if text.strip(" |") and len(text) <= LONGEST:
                span = Span(
                    source=SpanSource.TABLE, text=text, row=index, page=table.page, table=table.ordinal,
                    label=table.label,
                )  # fmt: skip
                yield Block(
                    reference=f"t{table.ordinal}r{index}", span=span, group=("table", table.ordinal),
                    order=(1, table.ordinal, index), rank=_TABLES_RANK, context=(*context, *group),
                )  # fmt: skip
                if row[0].strip() and not any(cell.strip() for cell in row[1:]):
                    group = (span,)


def _captions(source: SourceText) -> Iterator[Block]:
    for number, one in enumerate(source.captions, start=1):
        text = " ".join(filter(None, (one.label, one.caption)))
        if text.strip() and len(text) <= LONGEST:
            yield Block(
                reference=f"c{number}", group=("caption", number), order=(2, number, 0), rank=_CAPTIONS_RANK,
                span=Span(source=SpanSource.CAPTION, text=text, page=one.page, label=one.label),
            )  # fmt: skip


def _parts(kept: Sequence[Block]) -> Iterator[RecordSentences]:
    def heading(block: Block) -> tuple[str, tuple[str, ...]]:
        if block.statement is None:
            return CAPTIONS, ()
        zone = block.statement.zone.value
        return (f"abstract, {zone}" if block.statement.in_abstract else zone), block.statement.headings

    texts = [block for block in kept if block.span.source is not SpanSource.TABLE]
    for (part, headings), blocks in groupby(texts, key=heading):
        sentences = tuple((one.reference, " ".join(one.span.text.split())) for one in blocks)
        yield RecordSentences(part=part, headings=headings, sentences=sentences)


def _tables(kept: Sequence[Block]) -> Iterator[RecordTable]:
    rows = [block for block in kept if block.span.source is SpanSource.TABLE]
    for _, blocks in groupby(rows, key=lambda one: one.group):
        of_table = list(blocks)
        texts = {span.source: span.text for span in reversed(of_table[0].context)}  # the head before a row of a group
        yield RecordTable(
            caption=texts.get(SpanSource.CAPTION, ""), head=texts.get(SpanSource.TABLE, ""),
            rows=tuple((one.reference, one.span.text) for one in of_table),
        )  # fmt: skip

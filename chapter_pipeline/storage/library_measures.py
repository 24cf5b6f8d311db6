"""Owns the measures of the library's tables for their checks: one row per page, passage, vector, figure or table.

Texts are measured in SQL and not loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, Select, and_, case, cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import InstrumentedAttribute, aliased

from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import (
    Document,
    DocumentName,
    FigureRow,
    PageRow,
    PassageEmbedding,
    PassageRow,
    TableRow,
)


def _in_hand(query: Select[*tuple[Any, ...]], names: Sequence[str] | None) -> Select[*tuple[Any, ...]]:
    query = query.where(Document.searchable)
    if names is None:
        return query
    wanted = select(DocumentName.document_id).where(DocumentName.name.in_(names))
    return query.where(Document.id.in_(wanted))


def _rows(database: Database, query: Select[*tuple[Any, ...]]) -> list[dict[str, object]]:
    with database.session() as session:
        return [dict(row) for row in session.execute(query).mappings()]


def pages_table(database: Database, names: Sequence[str] | None) -> list[dict[str, object]]:
    """One row per page: its place in the document, its size, how much text and how many blocks it has."""
    query = select(
        Document.key.label("document"),
        PageRow.number.label("page"),
        Document.page_count.label("page_count"),
        PageRow.width.label("width"),
        PageRow.height.label("height"),
        func.length(PageRow.text).label("characters"),
        func.jsonb_array_length(PageRow.blocks).label("blocks"),
        _unreadable(PageRow.text).label("unreadable"),
    ).join(PageRow, PageRow.document_id == Document.id)
    return _rows(database, _in_hand(query, names))


def passages_table(database: Database, names: Sequence[str] | None) -> list[dict[str, object]]:
    """One row per passage: its offsets and length, and whether it is what its page says there."""
    characters = PassageRow.end_offset - PassageRow.start_offset
    last_page = aliased(PageRow)
    query = (
        select(
            PassageRow.id.label("passage"),
            Document.key.label("document"),
            PassageRow.page.label("page"),
            characters.label("characters"),
            PassageRow.length.label("lexemes"),
            func.jsonb_array_length(PassageRow.sentences).label("sentences"),
            _verbatim(last_page).label("verbatim"),
            PassageRow.confidence.label("confidence"),
            (_unreadable(PassageRow.text) > 0).label("unreadable"),
        )
        .select_from(Document)
        .join(PassageRow, PassageRow.document_id == Document.id)
        .join(PageRow, (PageRow.document_id == Document.id) & (PageRow.number == PassageRow.page))
        .outerjoin(last_page, (last_page.document_id == Document.id) & (last_page.number == _last_span("page")))
    )
    return _rows(database, _in_hand(query, names))


def _verbatim(last_page: type[PageRow]) -> ColumnElement[bool]:
    """Whether a passage is what its page says; where it goes on, what its first and `last_page` say together.

    The two are joined as `domain.document.joined_forms` has it; of a sentence over more pages the middle is not compared.
    """
    head = func.substr(PageRow.text, PassageRow.start_offset + 1, PassageRow.end_offset - PassageRow.start_offset)
    first, behind = (_last_span(name) for name in ("start", "end"))
    tail = func.substr(last_page.text, first + 1, behind - first)
    spans = func.jsonb_array_length(PassageRow.continued)
    return case(
        (spans == 0, head == PassageRow.text),
        (
            spans == 1,
            PassageRow.text.in_(
                [func.concat(head, " ", tail), func.concat(head, tail), func.concat(func.left(head, -1), tail)]
            ),
        ),
        else_=func.starts_with(PassageRow.text, func.left(head, -1))
        & (func.right(PassageRow.text, func.length(tail)) == tail),
    )


def _last_span(name: str) -> ColumnElement[int]:
    """A number of the last place where a passage goes on; NULL for one that does not."""
    return cast(PassageRow.continued[-1][name].as_string(), Integer)


def embeddings_table(database: Database, names: Sequence[str] | None) -> list[dict[str, object]]:
    """One row per passage with its vector's dimension and norm; both are missing when the vector is."""
    query = (
        select(
            PassageRow.id.label("passage"),
            PassageEmbedding.model.label("model"),
            func.vector_dims(PassageEmbedding.vector).label("dimension"),
            cast(func.l2_norm(PassageEmbedding.vector), Float).label("norm"),
            # A vector without a passage cannot be: the passage is its primary key, and takes it away when it goes.
            func.coalesce(PassageEmbedding.document_id == PassageRow.document_id, True).label("same_document"),
        )
        .select_from(Document)
        .join(PassageRow, PassageRow.document_id == Document.id)
        .outerjoin(PassageEmbedding, PassageEmbedding.passage_id == PassageRow.id)
    )
    return _rows(database, _in_hand(query, names))


def figures_table(database: Database, names: Sequence[str] | None) -> list[dict[str, object]]:
    """One row per figure: its box in the page, size, label, and the form of its hashes."""
    box = [cast(FigureRow.box[place].as_string(), Float) for place in range(4)]
    query = (
        select(
            Document.key.label("document"),
            FigureRow.ordinal.label("ordinal"),
            FigureRow.media_type.label("media_type"),
            FigureRow.kind.label("kind"),
            FigureRow.width_px.label("width_px"),
            FigureRow.height_px.label("height_px"),
            FigureRow.size_bytes.label("bytes"),
            FigureRow.thumbnail_size_bytes.label("thumbnail_bytes"),
            FigureRow.sha256.label("sha256"),
            FigureRow.perceptual_hash.label("perceptual_hash"),
            FigureRow.caption.is_not(None).label("captioned"),
            (FigureRow.label.is_(None) | FigureRow.caption.is_not(None)).label("label_has_caption"),
            func.coalesce(func.length(FigureRow.caption), 0).label("caption_characters"),
            _inside_page(box).label("inside_page"),
        )
        .join(FigureRow, FigureRow.document_id == Document.id)
        .join(PageRow, (PageRow.document_id == Document.id) & (PageRow.number == FigureRow.page))
    )
    return _rows(database, _in_hand(query, names))


def tables_table(database: Database, names: Sequence[str] | None) -> list[dict[str, object]]:
    """One row per table: how many rows and columns, whether all rows are of one width, how much of it is filled."""
    box = [cast(TableRow.box[place].as_string(), Float) for place in range(4)]
    cells = func.jsonb_array_length(_picked(TableRow.rows, "$[*][*]"))
    filled = func.jsonb_array_length(_picked(TableRow.rows, '$[*][*] ? (@ != "")'))
    rows, columns = func.jsonb_array_length(TableRow.rows), func.jsonb_array_length(TableRow.rows[0])
    query = (
        select(
            Document.key.label("document"),
            TableRow.ordinal.label("ordinal"),
            rows.label("rows"),
            TableRow.header_rows.label("header_rows"),
            (rows > TableRow.header_rows).label("has_a_body"),
            columns.label("columns"),
            (cells == rows * columns).label("even"),
            (cast(filled, Float) / func.nullif(cells, 0)).label("filled"),
            TableRow.caption.is_not(None).label("captioned"),
            _inside_page(box).label("inside_page"),
        )
        .join(TableRow, TableRow.document_id == Document.id)
        .join(PageRow, (PageRow.document_id == Document.id) & (PageRow.number == TableRow.page))
    )
    return _rows(database, _in_hand(query, names))


def _unreadable(column: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[Any]:
    """Share of the characters of a text that its font had no meaning for."""
    left = func.length(func.replace(column, "\ufffd", ""))
    return 1 - cast(left, Float) / func.greatest(func.length(column), 1)


def _picked(value: Any, path: str) -> ColumnElement[Any]:
    return func.jsonb_path_query_array(value, cast(path, JSONPATH))


def _inside_page(box: Sequence[ColumnElement[float]]) -> ColumnElement[bool]:
    """Whether a box has an extent and is on its page, within one point; for turned pages in either orientation."""
    x0, y0, x1, y1 = box
    longer = func.greatest(PageRow.width, PageRow.height) + 1
    return and_(x0 >= -1, y0 >= -1, x1 > x0, y1 > y0, x1 <= longer, y1 <= longer)

"""Owns the checks of the library's tables with Great Expectations: pages, passages, embeddings.

They look at the tables of all documents of a run (or of the whole library) at once, not at each document. Texts stay in
the database: only what is measured of them is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

import dagster as dg
from sqlalchemy import Float, Select, cast, func, select

from assets.expectations import Expectations, table_check
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import (
    EMBEDDING_DIMENSION,
    Document,
    DocumentName,
    PageRow,
    PassageEmbedding,
    PassageRow,
)

UNIT_NORM_TOLERANCE = 0.005
"""halfvec keeps 11 bits of a number; the norm of a unit vector of 384 of them is off by less than this."""


def _in_hand(query: Select[Any], names: Sequence[str] | None) -> Select[Any]:
    query = query.where(Document.searchable)
    if names is None:
        return query
    wanted = select(DocumentName.document_id).where(DocumentName.name.in_(names))
    return query.where(Document.id.in_(wanted))


def _rows(database: Database, query: Select[Any]) -> list[dict[str, object]]:
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
        (func.strpos(PageRow.text, "\ufffd") > 0).label("replacement_characters"),
    ).join(PageRow, PageRow.document_id == Document.id)
    return _rows(database, _in_hand(query, names))


def passages_table(database: Database, names: Sequence[str] | None) -> list[dict[str, object]]:
    """One row per passage: its offsets and length, and whether it is what its page says there."""
    characters = PassageRow.end_offset - PassageRow.start_offset
    at_offsets = func.substr(PageRow.text, PassageRow.start_offset + 1, characters)
    query = (
        select(
            PassageRow.id.label("passage"),
            Document.key.label("document"),
            PassageRow.page.label("page"),
            characters.label("characters"),
            PassageRow.length.label("lexemes"),
            func.jsonb_array_length(PassageRow.sentences).label("sentences"),
            (at_offsets == PassageRow.text).label("verbatim"),
        )
        .select_from(Document)
        .join(PassageRow, PassageRow.document_id == Document.id)
        .join(PageRow, (PageRow.document_id == Document.id) & (PageRow.number == PassageRow.page))
    )
    return _rows(database, _in_hand(query, names))


def embeddings_table(database: Database, names: Sequence[str] | None) -> list[dict[str, object]]:
    """One row per passage with its vector's dimension and norm; both are missing when the vector is."""
    query = (
        select(
            PassageRow.id.label("passage"),
            PassageEmbedding.model.label("model"),
            func.vector_dims(PassageEmbedding.vector).label("dimension"),
            cast(func.l2_norm(PassageEmbedding.vector), Float).label("norm"),
        )
        .select_from(Document)
        .join(PassageRow, PassageRow.document_id == Document.id)
        .outerjoin(PassageEmbedding, PassageEmbedding.passage_id == PassageRow.id)
    )
    return _rows(database, _in_hand(query, names))


def _expected_pages(gx: Expectations) -> Iterator[object]:
    yield gx.ExpectColumnValuesToNotBeNull(column="document")
    yield gx.ExpectCompoundColumnsToBeUnique(column_list=["document", "page"])
    yield gx.ExpectColumnValuesToBeBetween(column="page", min_value=1)
    yield gx.ExpectColumnPairValuesAToBeGreaterThanB(column_A="page_count", column_B="page", or_equal=True)
    yield gx.ExpectColumnValuesToBeBetween(column="width", min_value=0, strict_min=True)
    yield gx.ExpectColumnValuesToBeBetween(column="height", min_value=0, strict_min=True)
    # A page without text is a figure or a blank; a library of them was not read.
    yield gx.ExpectColumnValuesToBeBetween(column="characters", min_value=1, mostly=0.8)
    yield gx.ExpectColumnValuesToBeInSet(column="replacement_characters", value_set=[False], mostly=0.95)


def _expected_passages(gx: Expectations) -> Iterator[object]:
    yield gx.ExpectColumnValuesToBeUnique(column="passage")
    yield gx.ExpectColumnValuesToBeInSet(column="verbatim", value_set=[True])
    yield gx.ExpectColumnValuesToBeBetween(column="characters", min_value=20, mostly=0.99)
    yield gx.ExpectColumnValuesToBeBetween(column="characters", max_value=4000)
    yield gx.ExpectColumnValuesToBeBetween(column="sentences", min_value=1, mostly=0.9)
    yield gx.ExpectColumnValuesToBeBetween(column="lexemes", min_value=1, mostly=0.99)


def _expected_embeddings(gx: Expectations) -> Iterator[object]:
    yield gx.ExpectColumnValuesToBeUnique(column="passage")
    yield gx.ExpectColumnValuesToNotBeNull(column="norm")
    yield gx.ExpectColumnValuesToBeInSet(column="dimension", value_set=[EMBEDDING_DIMENSION])
    # A NaN is no number between these two.
    yield gx.ExpectColumnValuesToBeBetween(
        column="norm", min_value=1 - UNIT_NORM_TOLERANCE, max_value=1 + UNIT_NORM_TOLERANCE
    )
    yield gx.ExpectColumnUniqueValueCountToBeBetween(column="model", min_value=1, max_value=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCheck:
    """A check of one asset's table: how it is read, and what is expected of it."""

    asset: str
    name: str
    promise: str
    rows: Callable[[Database, Sequence[str] | None], list[dict[str, object]]]
    expected: Callable[[Expectations], Iterator[object]]

    @property
    def key(self) -> dg.AssetCheckKey:
        return dg.AssetCheckKey(dg.AssetKey(self.asset), self.name)

    @property
    def spec(self) -> dg.AssetCheckSpec:
        return dg.AssetCheckSpec(self.name, asset=self.asset, description=self.promise)


CHECKS = (
    TableCheck(
        asset="document_text",
        name="pages_table_is_sound",
        promise="Pages are numbered, have a size, and nearly all of them readable text.",
        rows=pages_table,
        expected=_expected_pages,
    ),
    TableCheck(
        asset="passages",
        name="passages_table_is_sound",
        promise="Every passage is verbatim what its page says at its offsets, of a sensible length, in whole sentences.",
        rows=passages_table,
        expected=_expected_passages,
    ),
    TableCheck(
        asset="passage_embeddings",
        name="embeddings_table_is_sound",
        promise="One vector for every passage, all of one model and dimension, of norm 1, without NaN.",
        rows=embeddings_table,
        expected=_expected_embeddings,
    ),
)


def check_tables(
    database: Database, selected: Set[dg.AssetCheckKey], names: Sequence[str] | None
) -> Iterator[dg.AssetCheckResult]:
    """The selected checks over the documents that `names` (bucket keys) point to; None: the whole library."""
    for check in CHECKS:
        if check.key not in selected:
            continue
        rows = check.rows(database, names)
        about = {"documents looked at": "the whole library" if names is None else len(names)}
        if rows:
            result = table_check(rows, check.expected, metadata=about)
        else:
            # Nothing became searchable: the run says so itself, and the tables hold no fault.
            result = dg.AssetCheckResult(passed=True, metadata={**about, "rows": 0})
        yield result._replace(asset_key=check.key.asset_key, check_name=check.name)

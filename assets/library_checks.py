"""Owns the checks of the library's tables with Great Expectations: pages, passages, embeddings.

They look at whole tables of the documents in hand (the run's range, or the whole library when run by themselves), once
for a run and not once for a document. Texts stay in the database: only what is measured of them is read.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from sqlalchemy import Float, Select, cast, func, select

from assets.expectations import Expectations, table_check
from assets.partitions import bucket_key
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import (
    EMBEDDING_DIMENSION,
    Document,
    DocumentName,
    PageRow,
    PassageEmbedding,
    PassageRow,
)
from resources.rooms import LibraryResource

UNIT_NORM_TOLERANCE = 0.005
"""halfvec keeps 11 bits of a number; the norm of a unit vector of 384 of them is off by less than this."""


def documents_in_hand(context: dg.AssetCheckExecutionContext) -> list[str] | None:
    """Bucket keys of the run's range of documents; None: the whole library."""
    if not context.has_partition_key_range and not context.has_partition_key:
        return None
    return [bucket_key(key) for key in context.partition_keys]


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


@dg.asset_check(asset="document_text")
def pages_table_is_sound(context: dg.AssetCheckExecutionContext, library: LibraryResource) -> dg.AssetCheckResult:
    """Pages are numbered, have a size, and nearly all of them readable text."""
    return _checked(pages_table, _expected_pages, context, library)


@dg.asset_check(asset="passages")
def passages_table_is_sound(context: dg.AssetCheckExecutionContext, library: LibraryResource) -> dg.AssetCheckResult:
    """Every passage is verbatim what its page says at its offsets, of a sensible length, in whole sentences."""
    return _checked(passages_table, _expected_passages, context, library)


@dg.asset_check(asset="passage_embeddings")
def embeddings_table_is_sound(context: dg.AssetCheckExecutionContext, library: LibraryResource) -> dg.AssetCheckResult:
    """One vector for every passage, all of one model and dimension, of norm 1, without NaN."""
    return _checked(embeddings_table, _expected_embeddings, context, library)


def _checked(
    rows_of: Any, expected: Any, context: dg.AssetCheckExecutionContext, library: LibraryResource
) -> dg.AssetCheckResult:
    names = documents_in_hand(context)
    rows = rows_of(library.database.open(), names)
    about = {"documents looked at": "the whole library" if names is None else len(names)}
    if not rows:
        # Nothing became searchable in this run: the run says so itself, the tables hold no fault.
        return dg.AssetCheckResult(passed=True, metadata={**about, "rows": 0})
    return table_check(rows, expected, metadata=about)


CHECKS = [pages_table_is_sound, passages_table_is_sound, embeddings_table_is_sound]

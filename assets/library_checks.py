"""Owns the checks of the library's tables with Great Expectations: pages, figures, tables, passages, embeddings.

One check covers all documents of a run, or the whole library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass

import dagster as dg

from assets.expectations import Expectations, table_check
from chapter_pipeline.domain.document import FigureKind
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library_measures import (
    embeddings_table,
    figures_table,
    pages_table,
    passages_table,
    tables_table,
)
from chapter_pipeline.storage.schema import EMBEDDING_DIMENSION

UNIT_NORM_TOLERANCE = 0.005
"""halfvec keeps 11 bits of a number; the norm of a unit vector of 384 of them is off by less than this."""


def _expected_pages(gx: Expectations) -> Iterator[object]:
    yield gx.ExpectColumnValuesToNotBeNull(column="document", notes="Every page belongs to a document.")
    yield gx.ExpectCompoundColumnsToBeUnique(
        column_list=["document", "page"], notes="No page number occurs twice in a document."
    )
    yield gx.ExpectColumnValuesToBeBetween(column="page", min_value=1, notes="Pages are numbered from 1 ...")
    yield gx.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="page_count", column_B="page", or_equal=True, notes="... to the number of pages."
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column="width", min_value=0, strict_min=True, notes="Every page has a width ..."
    )
    yield gx.ExpectColumnValuesToBeBetween(column="height", min_value=0, strict_min=True, notes="... and a height.")
    yield gx.ExpectColumnValuesToBeBetween(
        column="characters", min_value=1, mostly=0.8,
        notes="Nearly all pages have text: a page without is a figure or blank, a library of them was not read.",
    )  # fmt: skip
    yield gx.ExpectColumnValuesToBeBetween(
        column="unreadable", max_value=0.005, mostly=0.98,
        notes="Of a page at most one character in 200 could not be read.",
    )  # fmt: skip


def _expected_figures(gx: Expectations) -> Iterator[object]:
    yield gx.ExpectCompoundColumnsToBeUnique(
        column_list=["document", "ordinal"], notes="Figures of a document are numbered, each number once."
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column="inside_page", value_set=[True], notes="Every figure lies on its page and has an extent."
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column="media_type", value_set=["image/png", "image/jpeg"], notes="Images are PNG or JPEG."
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column="kind", value_set=[kind.value for kind in FigureKind], notes="A figure is a raster image or drawn."
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column="width_px", min_value=30, max_value=20_000, notes="Figures are no ornaments: 30 pixels wide or more ..."
    )
    yield gx.ExpectColumnValuesToBeBetween(column="height_px", min_value=30, max_value=20_000, notes="... and as high.")
    yield gx.ExpectColumnValuesToBeBetween(column="bytes", min_value=100, notes="Every figure has its image.")
    yield gx.ExpectColumnValuesToBeBetween(
        column="thumbnail_bytes", max_value=65_536, notes="Thumbnails are small enough for an event."
    )
    yield gx.ExpectCompoundColumnsToBeUnique(
        column_list=["document", "sha256"], notes="No image occurs twice in a document."
    )
    yield gx.ExpectColumnValuesToMatchRegex(
        column="perceptual_hash", regex="^[0-9a-f]{16}$", notes="The perceptual hash has 64 bits."
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column="label_has_caption", value_set=[True], notes="What has a label (Figure 2) has a caption."
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column="captioned", value_set=[True], mostly=0.7, notes="Most figures have a caption."
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column="caption_characters", max_value=6_000, notes="A caption is no chapter: running text got into none."
    )


def _expected_tables(gx: Expectations) -> Iterator[object]:
    yield gx.ExpectCompoundColumnsToBeUnique(
        column_list=["document", "ordinal"], notes="Tables of a document are numbered, each number once."
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column="inside_page", value_set=[True], notes="Every table lies on its page and has an extent."
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column="even", value_set=[True], notes="All rows of a table have as many cells."
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column="has_a_body", value_set=[True], notes="A table has rows beside its head."
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column="columns", min_value=2, max_value=60, notes="A table has two columns or more."
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column="filled",
        min_value=0.25,
        mostly=0.9,
        notes="A quarter of the cells or more is filled, in nearly all tables.",
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column="captioned", value_set=[True], mostly=0.7, notes="Most tables have a title."
    )


def _expected_passages(gx: Expectations) -> Iterator[object]:
    yield gx.ExpectColumnValuesToBeUnique(column="passage", notes="Every passage is there once.")
    yield gx.ExpectColumnValuesToBeInSet(
        column="verbatim", value_set=[True], notes="A passage is word for word what its page says at its offsets."
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column="characters", min_value=20, mostly=0.99, notes="A passage says something: 20 characters or more."
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column="characters", max_value=4000, notes="No passage is longer than the embedder reads."
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column="sentences", min_value=1, mostly=0.9, notes="Nine of ten passages hold a whole sentence."
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column="lexemes", min_value=1, mostly=0.99, notes="Passages have words that a search can find."
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column="unreadable", value_set=[False], mostly=0.9,
        notes="Nine of ten passages hold no character that could not be read; none that does is quoted.",
    )  # fmt: skip
    yield gx.ExpectColumnValuesToBeBetween(
        column="confidence", min_value=0, max_value=1, notes="How sure a recognised passage is lies between 0 and 1."
    )


def _expected_embeddings(gx: Expectations) -> Iterator[object]:
    yield gx.ExpectColumnValuesToBeUnique(column="passage", notes="A passage has one vector and no second one.")
    yield gx.ExpectColumnValuesToNotBeNull(column="norm", notes="Every passage has a vector.")
    yield gx.ExpectColumnValuesToBeInSet(
        column="same_document", value_set=[True], notes="No vector is filed under another document than its passage."
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column="dimension", value_set=[EMBEDDING_DIMENSION], notes="All vectors have the dimension of the index."
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column="norm", min_value=1 - UNIT_NORM_TOLERANCE, max_value=1 + UNIT_NORM_TOLERANCE,
        notes="All vectors have length 1; a NaN lies in no interval.",
    )  # fmt: skip
    yield gx.ExpectColumnUniqueValueCountToBeBetween(
        column="model", min_value=1, max_value=1, notes="All vectors were made by one model."
    )


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
        asset="document_figures",
        name="figures_table_is_sound",
        promise="Figures lie on their pages, are images of a sensible size, each once, and mostly have captions.",
        rows=figures_table,
        expected=_expected_figures,
    ),
    TableCheck(
        asset="document_figures",
        name="tables_table_is_sound",
        promise="Tables are rectangular, have a body, are mostly filled and mostly have titles.",
        rows=tables_table,
        expected=_expected_tables,
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
            # No document became searchable: the run itself reports that; the tables are empty, not wrong.
            result = dg.AssetCheckResult(passed=True, metadata={**about, "rows": 0})
        yield result._replace(asset_key=check.key.asset_key, check_name=check.name)

"""Tables come out as data: cells in their columns, numbers untouched, notes and prose left outside."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.structure.table_markdown import to_markdown
from chapter_pipeline.domain.document import ParsedDocument, Table
from tests.documents.papers import TABLE_ROWS, article_with_table

PROSE = "Drainage was associated with fewer recurrences in patients older than eighty years of age. " * 6


def parsed(content: bytes) -> ParsedDocument:
    with pymupdf.open(stream=content) as document:
        return extract_document(document, content)


def test_table__between_rules__comes_out_cell_by_cell_with_label_and_caption() -> None:
    (table,) = parsed(article_with_table()).tables
    assert (table.ordinal, table.page, table.label, table.header_rows) == (1, 1, "Table 2", 1)
    assert table.caption == "Table 2. Outcomes of patients with and without a drain."
    assert table.rows == TABLE_ROWS


def test_table__footnote_above_its_last_rule__is_no_row() -> None:
    note = "SD, standard deviation. Values are numbers of patients with percentages unless stated otherwise here."
    (table,) = parsed(article_with_table(rules=(112, 130, 206), note=note)).tables
    assert table.rows == TABLE_ROWS


def test_table__caption_without_ruling_lines__is_not_guessed() -> None:
    assert parsed(article_with_table(rules=())).tables == ()


def test_table__rule_drawn_cell_by_cell__is_one_rule() -> None:
    document = pymupdf.open(stream=article_with_table(rules=()))
    for y in (112, 130, 186):
        for x in range(58, 537, 40):
            document[0].draw_line((x, y), (min(x + 39, 537), y))
    (table,) = parsed(document.tobytes()).tables
    assert table.rows == TABLE_ROWS


def test_prose__that_speaks_of_a_table__gives_none() -> None:
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    page.insert_textbox((60, 60, 537, 300), "Table 2 compares the groups before and after drainage. " + PROSE)
    for y in (400, 420, 480):
        page.draw_line((58, y), (537, y))
    assert parsed(document.tobytes()).tables == ()


def test_markdown__cells_that_look_like_markup__are_escaped_and_heads_are_joined() -> None:
    table = Table(
        ordinal=1, page=1, box=(0, 0, 1, 1), label="Table 1", caption="Table 1 <b>", header_rows=2,
        rows=(("", "Drain"), ("Group", "n | %"), ("[a](b)", "5")),
    )  # fmt: skip
    assert to_markdown(table).splitlines() == [
        r"**Table 1 \<b\>**",
        "",
        r"| Group | Drain n \| % |",
        "| --- | --- |",
        r"| \[a\]\(b\) | 5 |",
    ]


@pytest.mark.corpus
def test_table__of_a_real_article__has_its_numbers_in_their_rows(corpus: Path) -> None:
    (path,) = (corpus / "library").glob("*a7afba.pdf")
    tables = parsed(path.read_bytes()).tables
    assert [table.label for table in tables] == [f"Table {number}" for number in range(1, 7)]
    assert ("Sex (female)", "3520 (55.86)", "896 (52.40)", "<0.001", "4416 (55.10)") in tables[1].rows
    assert ("Sepsis", "87 (1.38)", "58 (3.39)", "<0.001") in tables[2].rows

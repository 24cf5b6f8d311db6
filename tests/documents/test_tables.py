"""Tables come out as data: cells in their columns, numbers untouched, notes and prose left outside."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.structure.table_markdown import to_markdown
from chapter_pipeline.domain.document import BlockKind, ParsedDocument, Table
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


def test_table__without_ruling_lines__is_read_by_its_columns() -> None:
    (table,) = parsed(
        article_with_table(rules=(), note="SD, standard deviation; the values are numbers of patients.")
    ).tables
    assert table.rows == TABLE_ROWS


def test_table__caption_above_prose_without_ruling_lines__is_not_guessed() -> None:
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    page.insert_text((60, 105), "Table 2. Outcomes of patients with and without a drain.", fontsize=9)
    page.insert_textbox((60, 118, 290, 600), PROSE, fontsize=10)
    page.insert_textbox((310, 118, 537, 600), PROSE, fontsize=10)
    assert parsed(document.tobytes()).tables == ()


def test_table__with_rules_around_its_head_only__has_its_rows() -> None:
    (table,) = parsed(article_with_table(rules=(112, 130))).tables
    assert (table.rows, table.header_rows) == (TABLE_ROWS, 1)


def test_table__without_a_number__has_the_label_table() -> None:
    document = pymupdf.open(stream=article_with_table())
    page = document[0]
    page.add_redact_annot((55, 95, 540, 110))
    page.apply_redactions(graphics=pymupdf.PDF_REDACT_LINE_ART_NONE)
    page.insert_text((60, 105), "TABLE. Outcomes with and without a drain", fontsize=9)
    (table,) = parsed(document.tobytes()).tables
    assert (table.label, table.rows) == ("TABLE", TABLE_ROWS)


def test_table__on_its_caption_in_a_band__has_its_head_from_the_edge_of_the_band() -> None:
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    page.draw_line((54, 110), (541, 110))
    for y in (130, 186):
        page.draw_line((60, y), (535, y))
    for number, row in enumerate(TABLE_ROWS):
        for x, cell in zip((62, 220, 340, 470), row, strict=True):
            page.insert_text((x, 125 + 18 * number), cell, fontsize=9)
    page.insert_text((60, 196), "Table 2. Outcomes of patients with and without a drain.", fontsize=9)
    page.insert_textbox((60, 400, 537, 780), PROSE, fontsize=10)
    (table,) = parsed(document.tobytes()).tables
    assert (table.rows, table.header_rows) == (TABLE_ROWS, 1)


def test_table__title_below_its_label__is_in_the_caption() -> None:
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    page.insert_text((60, 95), "Table 2", fontsize=9, fontname="hebo")
    page.insert_text((60, 106), "Outcomes with and without a drain", fontsize=9)
    for y in (112, 130, 186):
        page.draw_line((58, y), (537, y))
    for number, row in enumerate(TABLE_ROWS):
        for x, cell in zip((60, 220, 340, 470), row, strict=True):
            page.insert_text((x, 125 + 18 * number), cell, fontsize=9)
    page.insert_textbox((60, 400, 537, 780), PROSE, fontsize=10)
    (table,) = parsed(document.tobytes()).tables
    assert (table.caption, table.rows) == ("Table 2 Outcomes with and without a drain", TABLE_ROWS)


def test_table__behind_the_reference_list__is_no_part_of_it() -> None:
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    page.insert_textbox((60, 60, 537, 300), PROSE, fontsize=10)
    page.insert_text((60, 400), "References", fontsize=12, fontname="hebo")
    page.insert_text((60, 420), "1. Lind P, Okafor A. Drains. Acta Neurochir 2001;12(3):45-52.", fontsize=10)
    document.insert_pdf(pymupdf.open(stream=article_with_table(below="")))
    found = parsed(document.tobytes())
    assert [table.rows for table in found.tables] == [TABLE_ROWS]
    kinds = {block.kind for block in found.pages[1].blocks if block.box[1] > 112}
    assert kinds == {BlockKind.TABLE}
    assert not any("Recurrence" in work.text for work in found.cited_works)


@pytest.mark.parametrize("rotate", [90, 270])
@pytest.mark.parametrize("ruled", [True, False])
def test_table__along_the_edge_of_the_page__is_read_in_its_own_direction(rotate: int, ruled: bool) -> None:
    document = pymupdf.open()
    document.new_page(width=595, height=842).insert_textbox((60, 60, 537, 500), PROSE, fontsize=10)
    page = document.new_page(width=595, height=842)

    def place(x: float, y: float) -> pymupdf.Point:
        return pymupdf.Point(y, 842 - x) if rotate == 90 else pymupdf.Point(595 - y, x)

    page.insert_text(
        place(60, 105), "Table 2. Outcomes of patients with and without a drain.", fontsize=9, rotate=rotate
    )
    for y in (112, 130, 186) if ruled else ():
        page.draw_line(place(58, y), place(537, y))
    for number, row in enumerate(TABLE_ROWS):
        for x, cell in zip((60, 220, 340, 470), row, strict=True):
            page.insert_text(place(x, 125 + 18 * number), cell, fontsize=9, rotate=rotate)
    (table,) = parsed(document.tobytes()).tables
    assert (table.page, table.label, table.rows) == (2, "Table 2", TABLE_ROWS)
    x0, y0, x1, y1 = table.box
    assert y1 - y0 > 2 * (x1 - x0)
    assert (x0 < 120) is (rotate == 90)


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


def test_table__along_the_edge__has_the_title_that_is_centred_below_its_label() -> None:
    document = pymupdf.open()
    document.new_page(width=595, height=842).insert_textbox((60, 60, 537, 500), PROSE, fontsize=10)
    page = document.new_page(width=595, height=842)
    for y, text, font in ((90, "Table 2", "hebo"), (106, "Outcomes with and without a drain", "helv")):
        start = 300 - pymupdf.get_text_length(text, font, 10) / 2
        page.insert_text((y, 842 - start), text, fontsize=10, fontname=font, rotate=90)
    for y in (112, 130, 186):
        page.draw_line((y, 842 - 58), (y, 842 - 537))
    for number, row in enumerate(TABLE_ROWS):
        for x, cell in zip((60, 220, 340, 470), row, strict=True):
            page.insert_text((125 + 18 * number, 842 - x), cell, fontsize=9, rotate=90)
    (table,) = parsed(document.tobytes()).tables
    assert (table.label, table.caption, table.rows) == (
        "Table 2",
        "Table 2 Outcomes with and without a drain",
        TABLE_ROWS,
    )


@pytest.mark.corpus
def test_table__of_a_real_article__has_its_numbers_in_their_rows(corpus: Path) -> None:
    (path,) = (corpus / "library").glob("*a7afba.pdf")
    tables = parsed(path.read_bytes()).tables
    assert [table.label for table in tables] == [f"Table {number}" for number in range(1, 7)]
    assert ("Sex (female)", "3520 (55.86)", "896 (52.40)", "<0.001", "4416 (55.10)") in tables[1].rows
    assert ("Sepsis", "87 (1.38)", "58 (3.39)", "<0.001") in tables[2].rows

"""PDFs made on the fly: articles in two columns with everything that gets in a reader's way."""

from __future__ import annotations

from collections.abc import Mapping

import pymupdf

LEFT, RIGHT, TOP = 56.0, 310.0, 150.0
BODY_PT = 10.0


def article(
    *,
    title: str = "Drainage of chronic subdural haematoma in the elderly: a cohort study",
    left: str = "",
    right: str = "",
    pages: int = 1,
    references: str = "",
) -> bytes:
    """An article of `pages` equal pages: title on the first, running head, two columns, references on the last."""
    document = pymupdf.open()
    for number in range(1, pages + 1):
        page = document.new_page(width=595, height=842)
        page.insert_text((LEFT, 40), "Journal of Samples 2021;12(3):45-52", fontsize=8)
        page.insert_text((290, 815), str(number), fontsize=8)
        if number == 1:
            assert page.insert_textbox((LEFT, 55, 540, 112), title, fontsize=16, fontname="hebo") >= 0
            page.insert_text((LEFT, 122), "Ada Okafor, Per Lind and Ines Ferreira", fontsize=11)
            page.insert_text((LEFT, 138), "doi: 10.5555/sample.2021.045", fontsize=8)
        assert page.insert_textbox((LEFT, TOP, LEFT + 225, 780), left, fontsize=BODY_PT) >= 0
        assert page.insert_textbox((RIGHT, TOP, RIGHT + 225, 780), right, fontsize=BODY_PT) >= 0
    if references:
        page = document.new_page(width=595, height=842)
        page.insert_text((LEFT, 60), "References", fontsize=12, fontname="hebo")
        page.insert_textbox((LEFT, 80, 540, 780), references, fontsize=BODY_PT)
    content: bytes = document.tobytes()
    return content


def with_text(*texts: tuple[tuple[float, float], str, Mapping[str, object]]) -> bytes:
    """One page with texts at given places, each with the options of `pymupdf.Page.insert_text`."""
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    for place, text, options in texts:
        page.insert_text(place, text, **options)
    content: bytes = document.tobytes()
    return content


_PROSE = "Drainage was associated with fewer recurrences in patients older than eighty years of age. " * 6
TABLE_ROWS = (
    ("Variable", "Drain (n=120)", "No drain (n=118)", "P value"),
    ("Age, mean (SD)", "71.2 (9.8)", "70.9 (10.1)", "0.81"),
    ("Recurrence", "11 (9.2)", "28 (23.7)", "<0.001"),
    ("Mortality", "4 (3.3)", "", "0.52"),
)
_COLUMNS = (60.0, 220.0, 340.0, 470.0)


def article_with_table(*, rules: tuple[float, ...] = (112, 130, 186), note: str = "", below: str = _PROSE) -> bytes:
    """A page with a table of four rows between ruling lines, and prose below it."""
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    page.insert_text((60, 105), "Table 2. Outcomes of patients with and without a drain.", fontsize=9)
    for y in rules:
        page.draw_line((58, y), (537, y))
    for number, row in enumerate(TABLE_ROWS):
        for x, cell in zip(_COLUMNS, row, strict=True):
            page.insert_text((x, 125 + 18 * number), cell, fontsize=9)
    page.insert_text((60, 198), note, fontsize=8)
    assert page.insert_textbox((60, 400, 537, 780), below, fontsize=10) >= 0
    content: bytes = document.tobytes()
    return content

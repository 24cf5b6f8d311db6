"""PDFs made on the fly: articles in two columns with everything that gets in a reader's way."""

from __future__ import annotations

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


def with_text(*texts: tuple[tuple[float, float], str, dict[str, object]]) -> bytes:
    """One page with texts at given places, each with the options of `pymupdf.Page.insert_text`."""
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    for place, text, options in texts:
        page.insert_text(place, text, **options)
    content: bytes = document.tobytes()
    return content

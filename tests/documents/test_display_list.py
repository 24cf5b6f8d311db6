"""The page as it is recorded: characters of single lines, and spaces that tight lines lost."""

from __future__ import annotations

import pymupdf
import pytest
from PIL import Image

from chapter_pipeline.documents.pdf.display_list import recorded, spans_with_characters, text_of
from chapter_pipeline.documents.pdf.images import _png
from chapter_pipeline.documents.pdf.lines import FLAGS, page_lines


@pytest.mark.parametrize("rotation", [0, 90])
def test_spans_with_characters__some_lines__are_those_of_the_raw_dictionary(rotation: int) -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((900, 900), "outside the page")
    page.insert_textbox((50, 50, 300, 200), "Words of a paragraph that has several lines. " * 6, fontsize=10)
    page.insert_text((50, 300), ["A heading", "and a line below it"], fontname="hebo", fontsize=12)
    page.set_rotation(rotation)
    text = text_of(recorded(page), FLAGS)
    raw = text.extractRAWDICT()["blocks"]
    wanted = {b: {0, len(block["lines"]) - 1} for b, block in enumerate(raw)}
    assert spans_with_characters(text, wanted) == {
        (b, n): raw[b]["lines"][n]["spans"] for b, numbers in wanted.items() for n in numbers
    }


def test_page_lines__words_set_tightly__get_their_spaces_back() -> None:
    words, font, size = ["Hypertonic", "saline", "and", "osmotic", "agents", "lowered", "pressure"], "helv", 10.0
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((50, 80), "A line with its own spaces stays as it is.", fontname=font, fontsize=size)
    x = 50.0
    for word in words:
        page.insert_text((x, 100), word, fontname=font, fontsize=size)
        x += pymupdf.get_text_length(word, font, size) + 0.13 * size
    assert "".join(words) in page.get_text()
    assert [line.text for line in page_lines(page)] == ["A line with its own spaces stays as it is.", " ".join(words)]


def test_png__longer_than_wanted__is_none() -> None:
    image = Image.effect_noise((300, 300), 90).convert("RGB")
    whole = _png(image, 10_000_000)
    assert whole is not None
    assert whole.startswith(b"\x89PNG")
    assert whole.endswith(b"IEND\xaeB`\x82")
    assert _png(image, len(whole)) == whole
    assert _png(image, len(whole) - 1) is None

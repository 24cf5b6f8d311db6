"""Three columns, footnotes, numbered lines and boxed text: each is read in its place, and none gets into a sentence."""

from __future__ import annotations

import pymupdf
import pytest

from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.structure.passages import make_passages
from chapter_pipeline.domain.document import BlockKind, ParsedDocument
from tests.documents.test_extract import LEFT, RIGHT

THIRD = (
    "Recurrence was seen in 9 patients after six months, and none of them had a second operation on the other side. "
    "Drains were removed after two days in all but four patients, who had a fever or a wound that did not heal. "
    "Anticoagulation was resumed two weeks after surgery when the scan showed no fresh blood in the cavity."
)


def parse(document: pymupdf.Document) -> ParsedDocument:
    content = document.tobytes()
    return extract_document(pymupdf.open(stream=content, filetype="pdf"), content)


def prose(document: ParsedDocument) -> str:
    found = make_passages(document, count_tokens=lambda text: len(text.split()), max_tokens=200)
    return "\n".join(passage.text for passage in found)


def kinds(document: ParsedDocument, kind: BlockKind) -> list[str]:
    return [
        page.text[block.start : block.end] for page in document.pages for block in page.blocks if block.kind is kind
    ]


def titled(width: float = 595) -> tuple[pymupdf.Document, pymupdf.Page]:
    document = pymupdf.open()
    page = document.new_page(width=width, height=842)
    page.insert_textbox((50, 40, width - 50, 90), "Drainage of chronic subdural haematoma in old age", fontsize=17)
    return document, page


def test_three_columns__are_read_one_after_the_other() -> None:
    document, page = titled()
    for place, text in enumerate((LEFT, RIGHT, THIRD)):
        left = 45 + 172 * place
        assert page.insert_textbox((left, 120, left + 155, 790), text, fontsize=9) >= 0
    text = " ".join(prose(parse(document)).split())
    places = [text.find(" ".join(column.split())[:60]) for column in (LEFT, RIGHT, THIRD)]
    assert -1 not in places
    assert places == sorted(places)
    assert " ".join(THIRD.split()) in text


@pytest.mark.parametrize("rule", [True, False])
def test_footnote__stands_apart_from_the_column_above_it(rule: bool) -> None:
    document, page = titled()
    page.insert_textbox((50, 120, 285, 690), (LEFT + " " + THIRD) * 2, fontsize=10)
    page.insert_textbox((310, 120, 545, 690), (RIGHT + " " + THIRD) * 2, fontsize=10)
    if rule:
        page.draw_line((50, 700), (120, 700))
    page.insert_textbox(
        (50, 706, 285, 760), "* The second author left the group before the trial was closed and had no part in its analysis.",
        fontsize=7.5,
    )  # fmt: skip
    found = parse(document)
    assert any("second author left" in text for text in kinds(found, BlockKind.FOOTNOTE))
    assert "second author" not in prose(found)


def test_numbered_lines__of_a_manuscript__lose_their_numbers() -> None:
    document, page = titled()
    words = (LEFT + " " + RIGHT).split()
    lines = [" ".join(words[start : start + 11]) for start in range(0, len(words), 11)]
    for number, line in enumerate(lines[:28], start=1):
        y = 120 + 23 * (number - 1)
        page.insert_text((48, y), str(number), fontsize=9)
        page.insert_text((80, y), line, fontsize=11)
    found = parse(document)
    text = " ".join(prose(found).split())
    assert " ".join(" ".join(lines[:28]).split())[:200] in text
    numbers = [text for text in kinds(found, BlockKind.FURNITURE) if text.strip().isdigit()]
    assert len(numbers) == len(lines[:28])


LAST = [
    "Drainage is safe in old patients and",
    "survival was longer in most of them",
    "without an excess of complications.",
]


def numbered(first: int, step: int = 1) -> str:
    """The prose of a manuscript whose second page has three lines, numbered from `first` on; the first page has 28."""
    document, _ = titled()
    words = (LEFT + " " + RIGHT).split()
    for number in range(1, 29):
        y = 120 + 23 * (number - 1)
        document[0].insert_text((48, y), str(number), fontsize=9)
        document[0].insert_text((80, y), " ".join(words[(number * 11) % 200 :][:11]), fontsize=11)
    document.new_page(width=595, height=842)
    for place, line in enumerate(LAST):
        document[1].insert_text((48, 120 + 23 * place), str(first + step * place), fontsize=9)
        document[1].insert_text((80, 120 + 23 * place), line, fontsize=11)
    return " ".join(prose(parse(document)).split())


@pytest.mark.parametrize("first", [29, 1], ids=["going on", "on each page anew"])
def test_numbered_lines__few_on_the_last_page__lose_their_numbers_too(first: int) -> None:
    assert " ".join(LAST) in numbered(first)


@pytest.mark.parametrize(("first", "step"), [(40, 1), (29, 7)], ids=["another number", "another step"])
def test_numbers_that_do_not_go_on__stay_in_the_text(first: int, step: int) -> None:
    assert f"{first + step} {LAST[1]}" in numbered(first, step)


def test_boxed_text__between_columns__is_a_block_of_its_own() -> None:
    document, page = titled()
    page.insert_textbox((50, 120, 285, 400), LEFT, fontsize=10)
    page.insert_textbox((310, 120, 545, 400), RIGHT, fontsize=10)
    page.draw_rect((50, 430, 285, 560), fill=(0.9, 0.93, 1.0), color=(0, 0, 0.5))
    box = "Key points. Burr holes are the first choice in old patients. A drain halves the rate of recurrence."
    page.insert_textbox((60, 440, 275, 555), box, fontsize=10)
    page.insert_textbox((50, 575, 285, 800), THIRD, fontsize=10)
    page.insert_textbox((310, 430, 545, 800), THIRD.replace("Recurrence", "Infection"), fontsize=10)
    found = parse(document)
    texts = [" ".join(page.text[block.start : block.end].split()) for page in found.pages for block in page.blocks]
    assert any(text.startswith("Key points.") and text.endswith("recurrence.") for text in texts)

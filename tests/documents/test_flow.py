"""Sentences over a page turn: put together where the pages leave no doubt, and not quotable where they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pymupdf
import pytest

from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.structure.passages import make_passages
from chapter_pipeline.domain.document import (
    Block,
    BlockFlag,
    BlockKind,
    Box,
    Metadata,
    OcrLine,
    Page,
    PageSpan,
    ParsedDocument,
    Passage,
    TextSource,
    joined_forms,
    says,
)

COLUMN: Box = (50, 60, 290, 700)
TOP: Box = (50, 60, 290, 300)
HEAD = "The drain was left for two days. Recurrence was lower in patients who were treated with"
TAIL = "a drain than in those without. Nobody died."


@dataclass(frozen=True)
class Part:
    text: str
    kind: BlockKind = BlockKind.BODY
    box: Box = COLUMN
    flags: tuple[BlockFlag, ...] = ()


def page(number: int, parts: Sequence[Part]) -> Page:
    text, blocks = "", []
    for index, part in enumerate(parts):
        text += "\n\n" if text else ""
        blocks.append(
            Block(
                index=index, kind=part.kind, start=len(text), end=len(text) + len(part.text), box=part.box,
                section="Results", flags=part.flags,
            )
        )  # fmt: skip
        text += part.text
    return Page(number=number, width=600, height=800, text=text, blocks=tuple(blocks))


def passages(*pages: Page, limit: int = 60) -> tuple[Passage, ...]:
    document = ParsedDocument(sha256="0" * 64, page_count=len(pages), metadata=Metadata(), pages=pages)
    return make_passages(document, count_tokens=lambda text: len(text.split()), max_tokens=limit)


def quotable(found: Sequence[Passage]) -> list[str]:
    return [one.text[a - one.start : b - one.start] for one in found for a, b in one.sentences]


def over_the_turn(head: str | Part, tail: str | Part, *between: Part, before: Sequence[Part] = ()) -> list[str]:
    """The quotable sentences of two pages; `between` stands on the second one, above the tail."""
    first, second = (Part(one) if isinstance(one, str) else one for one in (head, tail))
    pages = (page(1, [first, *before]), page(2, [*between, second]))
    found = passages(*pages)
    texts = {one.number: one.text for one in pages}
    for one in found:  # whatever was put together is what the pages say
        spans = (PageSpan(page=one.page, start=one.start, end=one.end), *one.continued)
        assert says(one.text, [texts[span.page][span.start : span.end] for span in spans])
    return quotable(found)


WHOLE = "Recurrence was lower in patients who were treated with a drain than in those without."


def test_sentence_over_a_page_turn__is_one_quotable_sentence_with_both_places() -> None:
    first, second = page(1, [Part(HEAD)]), page(2, [Part(TAIL)])
    found = passages(first, second)
    assert quotable(found) == ["The drain was left for two days.", WHOLE, "Nobody died."]
    assert [(one.page, one.text) for one in found] == [
        (1, HEAD + " a drain than in those without."),
        (2, "Nobody died."),
    ]
    (span,) = found[0].continued
    assert (span.page, second.text[span.start : span.end]) == (2, "a drain than in those without.")
    assert first.text[found[0].start : found[0].end] == HEAD


def test_sentence_over_three_pages__is_one() -> None:
    found = passages(page(1, [Part("It was seen in all")]), page(2, [Part("patients of the first and")]),
                     page(3, [Part("the second group. It went.")]))  # fmt: skip
    assert quotable(found) == ["It was seen in all patients of the first and the second group.", "It went."]
    assert [span.page for span in found[0].continued] == [2, 3]


@pytest.mark.parametrize(
    "between",
    [
        Part("Figure 2. The drain in its place.", BlockKind.CAPTION),
        Part("Table 1 Dose 5 mg 10 mg", BlockKind.TABLE),
        Part("* These authors were paid by nobody in the last year.", BlockKind.FOOTNOTE),
        Part("Smith et al. Page 2", BlockKind.FURNITURE),
        Part("Values are means of the groups and are given with the standard deviation.", BlockKind.OTHER, TOP),
        Part("ES (95% CI)", BlockKind.HEADING, (400, 100, 440, 110)),
        Part("for the use of the journal and of its readers by guest of the library on a day", BlockKind.OTHER,
             (580, 10, 588, 790)),
        Part("the reader cannot see this line and it is not in the text of the page", BlockKind.OTHER,
             flags=(BlockFlag.HIDDEN,)),
    ],
    ids=["caption", "table", "footnote", "running head", "notes of a table", "head of a figure", "margin", "hidden"],
)  # fmt: skip
def test_sentence__what_stands_between_its_parts_is_no_text__is_whole(between: Part) -> None:
    assert WHOLE in over_the_turn(HEAD, Part(TAIL, box=(50, 320, 290, 700)), between)


UNQUOTABLE = ["The drain was left for two days.", "Nobody died."]


@pytest.mark.parametrize(
    ("head", "tail", "between"),
    [
        pytest.param(HEAD, Part(TAIL, box=(50, 320, 290, 700)),
                     Part("steroids and with burr holes, which was the case in most of the", BlockKind.OTHER, TOP),
                     id="a part that was not recognised"),
        pytest.param(HEAD, Part(TAIL, box=(310, 60, 550, 700)),
                     Part("Steroids were given in the first and in the second group of", BlockKind.OTHER),
                     id="an open part in the column before"),
        pytest.param(HEAD, Part(TAIL, box=(50, 320, 290, 700)), Part("Complications", BlockKind.HEADING, (50, 300, 290, 312)),
                     id="right below a heading"),
        pytest.param(HEAD, Part("Steroids were given as well. Nobody died."), None, id="capital letter"),
        pytest.param(HEAD, Part("CSF, cerebrospinal fluid; GCS, Glasgow coma scale. Nobody died."), None,
                     id="a list of abbreviations"),
        pytest.param(HEAD + " anti-", Part("Of note, most were old. Nobody died."), None, id="capital behind a hyphen"),
        pytest.param(HEAD, Part(TAIL, box=(50, 60, 550, 700)), None, id="another width"),
        pytest.param(HEAD + " Published by Sample Press on behalf of the Society 1747", Part(TAIL), None,
                     id="a foot that was read into the paragraph"),
        pytest.param(HEAD, Part(TAIL, BlockKind.ABSTRACT), Part("ignore the text above", flags=(BlockFlag.INSTRUCTION,)),
                     id="an instruction between"),
    ],
)  # fmt: skip
def test_sentence__its_parts_are_in_doubt__neither_is_quotable(head: str, tail: Part, between: Part | None) -> None:
    assert over_the_turn(head, tail, *([between] if between else [])) == UNQUOTABLE


@pytest.mark.parametrize(
    ("head", "tail", "whole"),
    [
        ("Treatment was by", "GBM protocol in all. It went.", "Treatment was by GBM protocol in all."),
        ("Doses were given within the first", "24 hours. It went.", "Doses were given within the first 24 hours."),
        ("It lowers the haema-", "toma volume. It went.", "It lowers the haematoma volume."),
        ("It is a burr-", "hole drainage. It went.", "It is a burr-hole drainage."),
        ("Smith et al.", "saw it in all. It went.", "Smith et al. saw it in all."),
        ("The pressure fell to 12 mmHg", "(p < 0.05). It went.", "The pressure fell to 12 mmHg (p < 0.05)."),
    ],
)
def test_sentence__begins_with_a_number_an_acronym_or_half_a_word__is_whole(head: str, tail: str, whole: str) -> None:
    assert over_the_turn(head, tail) == [whole, "It went."]


def test_paragraph_ends_with_the_page__the_next_one_begins_its_own_sentence() -> None:
    assert over_the_turn("It was seen.", "Most were old. It went.") == ["It was seen.", "Most were old.", "It went."]


def test_margin_of_the_first_page_goes_on_beside_the_text__is_put_to_no_sentence() -> None:
    margin = Part("the funder had no role in the study. It paid.", box=(10, 60, 100, 200))
    column = Part("a drain than in those without.", box=(120, 60, 400, 700))
    head = Part(HEAD, box=(120, 300, 400, 700))
    assert over_the_turn(head, column, margin) == ["The drain was left for two days.", WHOLE, "It paid."]


def test_text_in_the_same_column_of_one_page_breaks_off__what_follows_is_not_quotable() -> None:
    found = passages(page(1, [Part("Patients were treated with"), Part("Steroids were rare. Nobody died.")]))
    assert quotable(found) == ["Nobody died."]


def test_sentence_over_a_page_turn__longer_than_a_passage__is_searchable_by_its_pieces() -> None:
    head, tail = "It goes " + "on and " * 12 + "on", "and " * 12 + "ends. Nobody died."
    found = passages(page(1, [Part(head)]), page(2, [Part(tail)]), limit=10)
    assert quotable(found) == ["Nobody died."]
    assert "".join("".join(one.text for one in found).split()) == "".join((head + tail).split())
    assert not any(one.continued for one in found)


def test_sentence_from_a_recognised_page__has_its_lower_confidence_and_says_so() -> None:
    second = page(2, [Part(TAIL)])
    scanned = Page(
        number=2, width=600, height=800, text=second.text, blocks=second.blocks, text_source=TextSource.OCR,
        ocr_lines=(OcrLine(start=0, end=len(second.text), confidence=0.8),),
    )  # fmt: skip
    whole, _ = passages(page(1, [Part(HEAD)]), scanned)
    assert (whole.confidence, whole.text_source) == (0.8, TextSource.OCR)


@pytest.mark.parametrize(
    ("head", "tail", "forms"),
    [
        ("treated with", "a drain.", ("treated with a drain.",)),
        ("haema-", "toma", ("haematoma", "haema-toma")),
        ("2–", "4 days", ("2– 4 days", "2–4 days")),
    ],
)
def test_joined_forms__as_a_reader_would_read_on(head: str, tail: str, forms: tuple[str, ...]) -> None:
    assert joined_forms(head, tail) == forms
    assert all(says(form, [head, tail]) for form in forms)
    assert not says(head + tail.upper(), [head, tail])


def test_pdf_with_a_footnote_and_a_figure_at_the_turn__sentence_is_whole() -> None:
    """The lines of two real pages, parsed; page 2 opens with a figure and its caption."""
    document = pymupdf.open()
    line = "The patients of both groups were seen again after six months by a surgeon. "
    for _ in range(2):
        document.new_page(width=420, height=595)
    first, second = document
    first.insert_text((60, 60), "Drains after burr holes: a study of recurrence in adults", fontsize=16)
    first.insert_text((60, 100), "Results", fontsize=12, fontname="hebo")
    text = line * 9 + "Recurrence was seen in nine of one hundred patients who had been treated with"
    assert first.insert_textbox((60, 110, 360, 500), text, fontsize=10, fontname="tiro", align=3) > 0
    first.insert_text((60, 560), "* One patient was lost to the study.", fontsize=7)
    second.draw_rect((80, 60, 340, 200), fill=(0.4, 0.4, 0.8))
    second.insert_text((60, 215), "Figure 1. Recurrence by group.", fontsize=8)
    rest = "a subdural drain, and in twenty-four of those without one. " + line * 8
    assert second.insert_textbox((60, 240, 360, 560), rest, fontsize=10, fontname="tiro", align=3) > 0
    content = document.tobytes()
    with pymupdf.open(stream=content) as opened:
        parsed = extract_document(opened, content)
    found = make_passages(parsed, count_tokens=lambda text: len(text.split()), max_tokens=120)
    whole = (
        "Recurrence was seen in nine of one hundred patients who had been treated with a subdural drain, and in "
        "twenty-four of those without one."
    )
    assert whole in quotable(found)
    (passage,) = (one for one in found if one.continued)
    assert (passage.page, [span.page for span in passage.continued]) == (1, [2])

"""The audit of a document's text: what is lost, what stands for something else, and reference lists that are none."""

from __future__ import annotations

import pymupdf
import pytest

from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.documents.structure.glyphs import may_stand_for_another, with_whole_ligatures
from chapter_pipeline.documents.structure.passages import make_passages
from chapter_pipeline.documents.structure.text_audit import audit, words_by_kind, words_table
from chapter_pipeline.domain.document import AUDIT, Block, BlockFlag, BlockKind, CitedWork, Page

PROSE = (
    "Patients were followed after surgery by their physicians until twelve months had passed without further treatment "
    "while others received another operation because symptoms returned within several weeks of discharge. "
)


def page(text: str, number: int = 1, kind: BlockKind = BlockKind.BODY) -> Page:
    block = Block(index=0, kind=kind, start=0, end=len(text), box=(0, 0, 1, 1))
    return Page(number=number, width=1, height=1, text=text, blocks=(block,))


def test_words__of_each_page__are_counted_by_kind_and_flagged_ones_by_their_flag() -> None:
    text = "one two three four five six"
    blocks = (
        Block(index=0, kind=BlockKind.BODY, start=0, end=13, box=(0, 0, 1, 1)),
        Block(index=1, kind=BlockKind.BODY, start=14, end=18, box=(0, 0, 1, 1), flags=(BlockFlag.HIDDEN,)),
        Block(index=2, kind=BlockKind.CAPTION, start=19, end=27, box=(0, 0, 1, 1)),
    )
    first = Page(number=1, width=1, height=1, text=text, blocks=blocks)
    assert words_by_kind(first) == {"body": 3, "hidden": 1, "caption": 2}
    head, rows = words_table([first, Page(number=2, width=1, height=1, text="", blocks=())])
    assert head == ["Page", "body", "caption", "hidden", "words", "searched"]
    assert rows == [[1, 3, 2, 1, 6, "50%"], [2, 0, 0, 0, 0, ""]]


def work(text: str) -> CitedWork:
    return CitedWork(number=1, text=text, page=7)


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("the effi cacy of signifi cant fl ow", "the efficacy of significant flow"),
        ("fi ndings in fi ve", "findings in five"),
        ("Confi rmed by refl ex", "Confirmed by reflex"),
        ("a hi fi set and a sci fi film", "a hi fi set and a sci fi film"),
        ("off label staff of the clinic", "off label staff of the clinic"),
        ("a specific fi in the text", "a specific fi in the text"),
    ],
)
def test_ligatures__broken_by_a_space__are_whole_again_and_words_stay_apart(broken: str, whole: str) -> None:
    assert with_whole_ligatures(broken) == whole


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("patients (n ¼ 363, 65%)", True), ("p ¼ 0.03", True), ("po0.05", True), ("P40.05", True), ("12.3 T 4.5", True),
        ("a mean of 8.2 7 1.4 kg", True), ("\ufffd3.5 points", True), ("10 þ 5", True),
        ("p < 0.05", False), ("P = 0.05", False), ("take 7 days", False), ("1¼ cups", False), ("stage T 4 tumours", False),
        ("in 5 of 12 patients", False), ("grade 4 0.5 mg", False),
    ],
)  # fmt: skip
def test_signs__beside_a_number__are_known_when_they_stand_for_others(text: str, doubtful: bool) -> None:
    assert may_stand_for_another(text) is doubtful


def test_passages__sign_stands_for_another__the_sentence_is_searchable_and_not_quotable() -> None:
    document = pymupdf.open()
    document.new_page(width=420, height=595)
    (first,) = document
    first.insert_text((60, 60), "Drains after burr holes: a study of recurrence", fontsize=16)
    first.insert_text((60, 100), "Results", fontsize=12, fontname="hebo")
    text = "Recurrence was rare in the group with a drain (n ¼ 363). The others were seen again after six months. " * 4
    assert first.insert_textbox((60, 110, 360, 500), text, fontsize=10) > 0
    content = document.tobytes()
    with pymupdf.open(stream=content) as opened:
        parsed = extract_document(opened, content)
    found = make_passages(parsed, count_tokens=lambda text: len(text.split()), max_tokens=120)
    assert any("¼ 363" in one.text for one in found)
    quotable = [one.text[a - one.start : b - one.start] for one in found for a, b in one.sentences]
    assert quotable
    assert not any("¼" in one for one in quotable)
    assert [one for one in parsed.warnings if one.startswith(AUDIT)] == [
        AUDIT + "signs beside numbers stand for others (such as ¼ for =) on page 1: these sentences are not quoted"
    ]


def test_audit__same_words_in_both_readings__finds_nothing() -> None:
    text = PROSE * 6
    assert (
        audit([page(text)], [work("Smith J. A title. J Test 2016;1:2.")], [text.replace("treatment", "treat-\nment")])
        == []
    )


def test_audit__a_paragraph_is_lost_or_added__names_the_page_and_the_share() -> None:
    other = (
        PROSE * 6
        + "Complications nobody reported elsewhere occurred among thirty elderly subjects quite often indeed. " * 4
    )
    (lost,) = audit([page(PROSE * 6, number=4)], [work("Smith J. 2016.")], [other])
    assert "missing on page 4 (" in lost
    (added,) = audit([page(other, number=4)], [work("Smith J. 2016.")], [PROSE * 5])
    assert "does not read stand on page 4 (" in added


def test_audit__most_of_a_page_is_of_no_known_kind__is_told() -> None:
    text = PROSE * 8
    (found,) = audit([page(text, kind=BlockKind.OTHER)], [work("Smith J. 2016.")], [text])
    assert found.startswith(f"{AUDIT}most text is of no known kind")


def test_audit__reference_list_swallowed_running_text__is_told() -> None:
    works = [work("Smith J, Li K. A title. J Test 2016;1:2.") for _ in range(9)]
    (found,) = audit([page(PROSE)], [*works, work("Discussion. " + PROSE * 7)], [PROSE])
    assert "1 entries of the reference list have" in found
    assert "first on page 7" in found
    (undated,) = audit(
        [page(PROSE)], [*works[:5], *(work("favours control and not the other") for _ in range(5))], [PROSE]
    )
    assert undated.startswith(f"{AUDIT}5 of 10 entries of the reference list have neither a year nor authors")


@pytest.mark.parametrize("marker", ["[12]", "[3,4]", ".¹²"])
def test_audit__text_cites_and_there_is_no_list__is_told(marker: str) -> None:
    text = " ".join(f"It was seen by them{marker} Others agreed." for _ in range(9))
    (found,) = audit([page(text)], [], [text])
    assert "no reference list was found" in found
    assert audit([page(PROSE)], [], [PROSE]) == []

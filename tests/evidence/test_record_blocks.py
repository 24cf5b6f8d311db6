"""What of a document is sent: each sentence, row and caption once under its reference, the telling parts first."""

from __future__ import annotations

from dataclasses import replace

from chapter_pipeline.domain.document import FigureCaption
from chapter_pipeline.evidence.record_blocks import CHARACTERS_PER_TOKEN, OVERHEAD_CHARACTERS, numbered
from chapter_pipeline.evidence.source import SourceText
from tests.evidence.made import article
from tests.evidence.test_records import RESULT, SECTIONS, TABLE, TITLE


def source() -> SourceText:
    made = article(SECTIONS, title=TITLE, tables=(TABLE,))
    return replace(made, captions=[FigureCaption(page=4, label="Figure 1", caption="Recurrence by arm.")])


def test_numbered__article__sends_all_but_its_introduction_under_references() -> None:
    text = numbered(source())
    sent = {one: block.span.text for one, block in text.blocks.items()}
    assert sent["s3"] == f"RESULTS: {RESULT}"
    assert sent["t1r1"] == "Infection (%) | 2 | 3 | 0.7"
    assert sent["c1"] == "Figure 1 Recurrence by arm."
    assert not any("common in old age" in one or "one in five" in one for one in sent.values())
    assert text.left_out == 0
    request = text.request
    assert (request.title, request.design.value) == (TITLE, "randomised controlled trial")
    assert {reference for part in request.parts for reference, _ in part.sentences} == set(sent) - {"t1r1"}
    assert [part.part for part in request.parts][:2] == ["abstract, introduction", "abstract, methods"]
    (table,) = request.tables
    assert (table.caption, table.head, table.rows) == (
        "Table 1 Outcomes", "| Drain | Control | P".replace("|", " |", 1), (("t1r1", sent["t1r1"]),),
    )  # fmt: skip


def test_numbered__budget__keeps_abstract_and_results_and_tells_how_much_is_left_out() -> None:
    whole = numbered(source())
    kept = [one for one in whole.blocks.values() if one.rank <= 1]
    size = sum(len(one.span.text) + OVERHEAD_CHARACTERS for one in kept)
    text = numbered(source(), tokens=-(-size // CHARACTERS_PER_TOKEN))
    assert list(text.blocks) == [one.reference for one in kept]
    assert text.left_out == len(whole.blocks) - len(kept) > 0
    assert numbered(source(), tokens=0).blocks == {}


def test_numbered__sentence_longer_than_any__is_not_sent() -> None:
    text = numbered(article([("Results", [["A list " + "of words " * 400, "Two patients died."]])]))
    assert [one.span.text for one in text.blocks.values()] == ["Two patients died."]


def test_numbered__row_of_a_group__has_the_row_that_names_it_in_its_context() -> None:
    rows = (
        ("", "Drain", "P"),
        ("Mortality", "", ""),
        ("30 days", "2", "0.7"),
        ("Morbidity", "", ""),
        ("30 days", "9", "0.1"),
    )
    text = numbered(article(SECTIONS, tables=(replace(TABLE, rows=rows),)))
    assert [one.text for one in text.blocks["t1r4"].context] == ["Table 1 Outcomes", " | Drain | P", "Morbidity |  | "]
    assert [one.text for one in text.blocks["t1r1"].context] == ["Table 1 Outcomes", " | Drain | P"]
    (table,) = text.request.tables
    assert (table.head, len(table.rows)) == (" | Drain | P", 4)

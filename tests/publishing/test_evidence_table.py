"""The evidence table as a file: other programs read back what was written, and compute nothing of it."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Effect
from chapter_pipeline.domain.library import DocumentRecord
from chapter_pipeline.publishing.evidence_table import (
    COLUMNS,
    EvidenceRow,
    as_csv,
    as_xlsx,
    effects_text,
    without_formula,
)
from tests.study_records import trial_record

FORMULAS = ["=1+1", "+1-1", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x.example","y")']


def rows(**changed: Any) -> list[EvidenceRow]:
    """The findings of a trial, the fields of the first of them changed."""
    record = trial_record()
    document = DocumentRecord(
        key="a" * 16, title="Wafers", authors=("Cushing, Harvey", "Dandy, Walter"), year=1932, doi="10.5555/x",
        journal=None, licence=None, study_type=StudyType.RANDOMISED_TRIAL, page_count=2,
    )  # fmt: skip
    first, *others = record.findings
    return [
        EvidenceRow(document=document, study=record, finding=one) for one in (first.model_copy(update=changed), *others)
    ]


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def read_xlsx(content: bytes) -> tuple[list[dict[str, Any]], Any]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    head, *body = sheet.iter_rows()
    names = [str(cell.value) for cell in head]
    return [dict(zip(names, row, strict=True)) for row in body], sheet


def test_as_csv__read_again__has_a_row_for_each_finding() -> None:
    first, table, background = read_csv(as_csv(rows()))
    assert list(first) == list(COLUMNS)
    assert first == {
        "author": "Cushing et al.", "year": "1932", "title": "Wafers", "doi": "10.5555/x",
        "design": "randomised controlled trial", "level": "2", "n": "240", "population": "glioma", "species": "human",
        "disease": "glioma", "kind": "own result", "main": "yes", "intervention": "carmustine wafer",
        "comparator": "placebo", "outcome": "median survival", "time point": "", "direction": "increased",
        "effect": "13.9 vs 11.6", "unit": "months", "low": "", "high": "", "p": "P=0.03", "page": "1",
        "text": "Median survival was 13.9 months with wafers and 11.6 months with placebo.", "document": "a" * 16,
    }  # fmt: skip
    assert [table[name] for name in ("effect", "unit", "low", "high")] == ["HR -0.68; 5", "; %", "'-0.9; ", "'-0.4; "]
    assert (background["kind"], background["effect"], background["main"]) == ("background", "", "no")


def test_as_xlsx__read_again__is_the_same_table_with_numbers_as_numbers() -> None:
    (first, *others), sheet = read_xlsx(as_xlsx(rows()))
    assert [first[name].value for name in ("year", "level", "n", "page")] == [1932, 2, 240, 1]
    told = [
        {name: "" if cell.value is None else str(cell.value) for name, cell in row.items()} for row in (first, *others)
    ]
    expected = [{name: value.removeprefix("'") for name, value in row.items()} for row in read_csv(as_csv(rows()))]
    assert told == expected
    assert sheet.freeze_panes == "A2"
    assert as_xlsx(rows()) == as_xlsx(rows())


def test_page__of_a_jats_article__is_its_section_and_paragraph() -> None:
    span = trial_record().findings[0].spans[0].model_copy(update={"page_label": "Results: Survival", "paragraph": 3})
    assert read_csv(as_csv(rows(spans=(span,))))[0]["page"] == "Results: Survival, paragraph 3"


@pytest.mark.parametrize("text", FORMULAS)
def test_formula__of_a_stranger__is_a_text_in_both_forms(text: str) -> None:
    content = rows(intervention=text, outcome=text)
    assert read_csv(as_csv(content))[0]["intervention"] == f"'{text}"
    (first, *_), _ = read_xlsx(as_xlsx(content))
    assert [(first[name].data_type, first[name].value) for name in ("intervention", "outcome")] == [("s", text)] * 2
    assert first["intervention"].hyperlink is None


@pytest.mark.parametrize("number", ["-1.3", "+2", "-12,5%", "12"])
def test_without_formula__plain_number__stays_one(number: str) -> None:
    assert without_formula(number) == number


def test_as_both__control_characters_quotes_and_a_text_of_any_length__make_a_readable_file() -> None:
    text = 'a "b", c\nd \x00\x1b ' + "x" * 40_000
    content = rows(intervention=text, effects=(Effect(value="\x07"),))
    assert read_csv(as_csv(content))[0]["intervention"].startswith('a "b", c\nd \ufffd\ufffd ')
    (first, *_), _ = read_xlsx(as_xlsx(content))
    assert first["intervention"].value.startswith('a "b", c\nd \ufffd\ufffd ')
    assert len(first["intervention"].value) == 32_767


def test_no_findings__is_a_table_with_its_head() -> None:
    assert as_csv([]).decode("utf-8-sig").strip() == ",".join(COLUMNS)
    assert read_xlsx(as_xlsx([]))[0] == []


def test_effects_text__several__are_told_with_unit_and_interval() -> None:
    effects = (Effect(measure="HR", value="0.68", low="0.49", high="0.95"), Effect(value="13.9 vs 11.6", unit="months"))
    assert effects_text(effects) == "HR 0.68 (0.49 to 0.95); 13.9 vs 11.6 months"

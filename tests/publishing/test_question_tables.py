"""The evidence table of a question in every format: its question as caption, its cells, a page that leads to the quotation."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest
from lxml import etree, html

from chapter_pipeline.domain import FinalChapter, QuestionRow, QuestionTable, ResultCells
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.publishing.exports import ExportFormat
from chapter_pipeline.publishing.styles import CitationStyle
from chapter_pipeline.writing.rendering import chapter_markdown
from tests.publishing.conftest import DOCUMENTS, changed, export, read_text, squeezed
from tests.publishing.finished_chapter import CHAPTER

QUESTION = "What is the effect of a drain compared with no drain on recurrence in <adults> | #1?"
TABLE = QuestionTable(
    question="k1", caption=QUESTION,
    rows=(
        QuestionRow(
            quote="q1", source="santarius2009", study_type=StudyType.RANDOMISED_TRIAL, evidence_level=2, year=2009,
            cells=ResultCells(outcome="Recurrence", effect="9.3% with a drain and 24%"),
        ),
        QuestionRow(
            quote="h0", source="mueller2021", study_type=StudyType.COHORT, evidence_level=3, year=2021,
            cells=ResultCells(n="45", comparison="<b>A</b> vs *B*", outcome="pipe | here", p="P < 0.01"),
        ),
    ),
)  # fmt: skip
HEAD = ["Study", "Design", "n", "Comparison", "Outcome", "Effect", "P", "Page"]


def chapter() -> FinalChapter:
    sections = tuple(
        one.model_copy(update={"question_tables": (TABLE,)}) if one.evidence_table else one for one in CHAPTER.sections
    )
    return changed(sections=sections)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[ExportFormat, Path]:
    made = export(chapter(), tmp_path_factory.mktemp("tables"), *DOCUMENTS)
    return dict(zip(DOCUMENTS, made, strict=True))


@pytest.mark.parametrize("export_format", DOCUMENTS)
def test_question_table__every_format__has_the_question_and_every_cell(
    files: dict[ExportFormat, Path], export_format: ExportFormat
) -> None:
    text = squeezed(read_text(export_format, files[export_format]))
    assert squeezed(QUESTION) in text
    for cell in ("9.3% with a drain and 24%", "Randomised controlled trial (level 2)", "<b>A</b> vs *B*", "P < 0.01"):
        assert squeezed(cell) in text
    assert "–" in text


def test_question_table__html__its_page_leads_to_the_quotation_and_its_study_to_the_reference(
    files: dict[ExportFormat, Path],
) -> None:
    root = html.parse(files[ExportFormat.HTML]).getroot()
    (table,) = [one for one in root.iter("table") if [cell.text_content() for cell in one.iter("th")] == HEAD]
    first, second = [list(row.iter("td")) for row in table.findall("tbody/tr")]
    assert [cell.text_content() for cell in first[2:7]] == ["–", "–", "Recurrence", "9.3% with a drain and 24%", "–"]
    (page,) = first[7].iter("a")
    assert (page.text_content(), page.get("href")) == ("p5", "#quote-1-p5")
    assert root.get_element_by_id("quote-1-p5") is not None
    (reference,) = first[0].iter("a")
    assert reference.get("href") == "#ref-1"
    assert second[2].text_content() == "45"


def test_question_table__docx_and_jats__is_a_table_before_that_of_other_findings(
    files: dict[ExportFormat, Path],
) -> None:
    document = docx.Document(str(files[ExportFormat.DOCX]))
    assert next([cell.text for cell in table.rows[0].cells] for table in document.tables) == HEAD
    assert len(document.tables[0].rows) == 3
    root = etree.parse(files[ExportFormat.JATS]).getroot()
    assert [one.findtext("label") for one in root.iter("table-wrap")] == ["Table 1.", "Table 2."]


@pytest.mark.parametrize("style", list(CitationStyle))
def test_question_table__each_citation_style__has_a_page(style: CitationStyle, tmp_path: Path) -> None:
    from chapter_pipeline.publishing.exports import export_chapter
    from tests.publishing.conftest import figure_content

    (path,) = export_chapter(
        chapter(), formats=["html"], destination=tmp_path, figure_content=figure_content, version=1, style=style
    )
    assert html.parse(path).getroot().xpath("//td//a[@class='locator' and @href='#quote-1-p5']")


def test_question_table__terminal__shows_it_under_the_section() -> None:
    text = chapter_markdown(chapter().chapter)
    assert (
        "| santarius2009 | randomised controlled trial | 2 | – | – | Recurrence | 9.3% with a drain and 24% | – | p. 5 |"
        in text
    )
    assert text.index("**What is the effect") < text.index("| Source | Study type | Level | Finding |")

"""A source in JATS has no pages: every format says the section and paragraph, and leads to the quotation."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html

from chapter_pipeline.domain import FinalChapter
from chapter_pipeline.publishing.diff import as_text, chapter_diff
from chapter_pipeline.publishing.exports import ExportFormat, export_chapter
from chapter_pipeline.publishing.styles import CitationStyle
from tests.publishing.conftest import DOCUMENTS, changed, export, figure_content, read_text, squeezed
from tests.publishing.finished_chapter import CHAPTER, FINAL

LABEL = "Results: <b>Survival</b> *of* [all]"


def final(label: str = LABEL) -> FinalChapter:
    """The finished chapter, with its quotes of page 5 and 7 of the first source in two paragraphs of a section."""
    quotes = {
        key: quote.model_copy(update={"page": 3, "page_label": label, "paragraph": quote.page})
        if quote.source == "santarius2009"
        else quote
        for key, quote in CHAPTER.quotes.items()
    }
    return changed(quotes=quotes)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[ExportFormat, Path]:
    files = export(final(), tmp_path_factory.mktemp("exports"), *DOCUMENTS)
    return dict(zip(DOCUMENTS, files, strict=True))


@pytest.mark.parametrize("export_format", DOCUMENTS)
def test_export__section_and_paragraph__stand_in_the_place_of_the_page(
    exported: dict[ExportFormat, Path], export_format: ExportFormat
) -> None:
    shown = squeezed(read_text(export_format, exported[export_format]))
    assert squeezed(f"A drain lowers recurrence [1({LABEL}, paragraph 5)].") in shown
    both = f"[1({LABEL}, paragraph 5; {LABEL}, paragraph 7), 3(p12)]"
    assert squeezed(f"grade I lesions grow slowly {both}. The next") in shown
    assert squeezed(f"{LABEL}, paragraph 7 “Mortality at six months") in shown.replace("**", "")


def test_html__each_citation__leads_to_a_quotation(exported: dict[ExportFormat, Path]) -> None:
    page = html.parse(exported[ExportFormat.HTML]).getroot()
    links = [link.get("href") for link in page.iter("a") if "locator" in (link.get("class") or "")]
    assert "#quote-1-s3-5" in links
    assert all(page.get_element_by_id(link.removeprefix("#")) is not None for link in links)


@pytest.mark.parametrize(
    ("style", "said"),
    [
        (CitationStyle.AUTHOR_YEAR, "(Santarius et al. 2009, Results, paragraph 5)"),
        (CitationStyle.AMA, "A drain lowers recurrence.1(Results, paragraph 5)"),
    ],
)
def test_html__other_styles__say_it_too(tmp_path: Path, style: CitationStyle, said: str) -> None:
    (path,) = export_chapter(
        final("Results"), formats=[ExportFormat.HTML], destination=tmp_path, figure_content=figure_content, version=2, style=style,
    )  # fmt: skip
    assert squeezed(said) in squeezed(read_text(ExportFormat.HTML, path))


def test_diff__another_paragraph__is_a_change() -> None:
    said = as_text(chapter_diff(FINAL.chapter, final("Results").chapter)).replace("\u00a0", " ")
    assert "santarius2009, Results, paragraph 5]" in said

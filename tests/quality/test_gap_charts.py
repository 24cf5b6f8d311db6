"""The charts of a chapter say what its gap report says, and titles are words in them, whatever they hold."""

from __future__ import annotations

import pymupdf
from lxml import etree

from chapter_pipeline.domain import ChapterOutline, OutlineSection
from chapter_pipeline.quality.gap_charts import coverage_chart, years_chart
from tests.publishing.finished_chapter import CHAPTER

TITLE = "</text><script>alert(1)</script> & more"
OUTLINE = ChapterOutline(
    title="T",
    sections=(
        OutlineSection(kind=CHAPTER.sections[0].kind, title=TITLE, purpose="p", word_budget=10_000),
        OutlineSection(kind="missing", title="Missing", purpose="p", word_budget=200),
    ),
)


def texts(svg: str) -> list[str]:
    root = etree.fromstring(svg.encode())
    assert {etree.QName(one).localname for one in root.iter()} <= {"svg", "rect", "text"}
    return [one.text or "" for one in root.iter("{*}text")]


def test_coverage__each_planned_section__has_its_words_and_its_budget() -> None:
    shown = texts(coverage_chart(OUTLINE, CHAPTER))
    assert shown == [TITLE[:37].rstrip() + "…", f"{CHAPTER.sections[0].words}/10000", "Missing", "0/200"]


def test_years__each_cited_work__is_counted_under_its_year() -> None:
    shown = texts(years_chart(CHAPTER, recent_since=2020))
    assert {"2009", "1"} <= set(shown)
    undated = CHAPTER.references[0].model_copy(
        update={"source": CHAPTER.references[0].source.model_copy(update={"year": None})}
    )
    assert "none" in texts(years_chart(CHAPTER.model_copy(update={"references": (undated,)}), recent_since=2020))
    assert texts(years_chart(CHAPTER.model_copy(update={"references": ()}), recent_since=2020)) == []


def test_charts__are_pictures_for_the_pages() -> None:
    for svg in (coverage_chart(OUTLINE, CHAPTER), years_chart(CHAPTER, recent_since=2020)):
        with pymupdf.open(stream=svg.encode(), filetype="svg") as drawn:
            assert drawn[0].get_pixmap(dpi=96).tobytes("png").startswith(b"\x89PNG")

"""A chapter has the abbreviations that its sentences and captions use, as the documents they are of define them."""

from __future__ import annotations

from collections.abc import Sequence

from chapter_pipeline.domain import PlannedFigure, Quote, Section, Sentence, Source, Subsection
from chapter_pipeline.domain.chapter_text import Paragraph
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.writing.assembly import compose
from chapter_pipeline.writing.rendering import chapter_markdown

PAGES = {
    "brain": ["Loss of gray matter (GM) is seen on magnetic resonance imaging (MRI).", "Abbreviations: XY, not used."],
    "worms": ["The geometric mean (GM) of larvae fell."],
}


def quote(key: str, document: str, text: str) -> Quote:
    return Quote(
        key=key, source=document, document=document, page=1, start=0, end=len(text), text=text, display=text,
        document_section=None, study_type=StudyType.COHORT, evidence_level=3, year=2020, relevance=1.0,
    )  # fmt: skip


def test_compose__two_documents_and_a_caption__their_abbreviations_in_their_meaning() -> None:
    quotes = {
        "q1": quote("q1", "brain", "In most people GM was lost over the years."),
        "q2": quote("q2", "worms", "In most people the GM of larvae fell by 40%."),
    }
    figure = PlannedFigure(
        sha256=None, source="brain", document="brain", page=2, label=None, caption="MRI of a brain.", licence=None,
        media_type="image/png",
    )  # fmt: skip
    section = Section(
        kind="overview", title="Overview", status="written", figures=(figure,),
        subsections=(
            Subsection(
                title=None,
                paragraphs=(Paragraph(sentences=tuple(Sentence(text=q.text, quotes=(q.key,)) for q in quotes.values())),),
            ),
        ),
    )  # fmt: skip
    sources = {
        name: Source(
            key=name, document=name, title=name, authors=("Lind, Per",), year=2020, study_type=StudyType.COHORT,
            evidence_level=3, relevance=1.0,
        )
        for name in PAGES
    }  # fmt: skip

    def texts(documents: Sequence[str]) -> dict[str, list[str]]:
        return {document: PAGES[document] for document in documents}

    chapter = compose(
        slug="c", title="C", topic="Brain", sections=[section], quotes=quotes, sources=sources, document_texts=texts
    )
    assert [(one.short, one.long, one.documents) for one in chapter.abbreviations] == [
        ("GM", "gray matter", ("brain",)), ("GM", "geometric mean", ("worms",)),
        ("MRI", "magnetic resonance imaging", ("brain",)),
    ]  # fmt: skip
    printed = chapter_markdown(chapter)
    assert "GM \\[gray matter\\] was lost" in printed
    assert "the GM \\[geometric mean\\] of larvae" in printed
    assert "MRI \\[magnetic resonance imaging\\] of a brain" in printed
    assert [sentence.text for sentence in chapter.sections[0].sentences if sentence.quotes] == [
        one.text for one in quotes.values()
    ]

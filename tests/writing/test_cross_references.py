"""No section points to another one; pointers that earlier releases wrote are checked, and taken out at the next writing."""

from __future__ import annotations

from chapter_pipeline.domain import ChapterText, Paragraph, Quote, Section, Sentence, Source, Subsection
from chapter_pipeline.quality.closure import closure_problems
from chapter_pipeline.writing.assembly import compose
from tests.publishing.finished_chapter import quote, source

SOURCE: Source = source("santarius2009")


def quotes(kind: str, also: str, count: int, fit: float) -> list[Quote]:
    return [
        quote(f"{kind}{number}", SOURCE.key, number + 1, f"{kind} sentence number {number}.").model_copy(
            update={"sections": {kind: 0.4, also: fit}}
        )
        for number in range(count)
    ]


def section(kind: str, cited: list[Quote]) -> Section:
    sentences = tuple(Sentence(text=one.text, quotes=(one.key,)) for one in cited)
    return Section(
        kind=kind, title=kind.capitalize(), status="written",
        subsections=(Subsection(title=None, paragraphs=(Paragraph(sentences=sentences),)),),
    )  # fmt: skip


def composed(*parts: tuple[str, list[Quote]]) -> ChapterText:
    return compose(
        slug="a-b", title="T", topic="T", sections=[section(kind, cited) for kind, cited in parts],
        quotes={one.key: one for _, cited in parts for one in cited}, sources={SOURCE.key: SOURCE},
    )  # fmt: skip


def pointers(chapter: ChapterText) -> dict[str, list[str]]:
    return {one.kind: [s.text for s in one.sentences if not s.quotes] for one in chapter.sections}


def test_compose__evidence_that_fits_another_section__is_no_reason_to_point_there() -> None:
    chapter = composed(
        ("surgery", quotes("surgery", "risks", 5, 0.2)), ("risks", quotes("risks", "surgery", 5, 0.2)),
    )  # fmt: skip
    assert pointers(chapter) == {"surgery": [], "risks": []}
    assert closure_problems(chapter) == []


def test_compose__pointer_of_an_earlier_release__is_taken_out() -> None:
    cited = quotes("surgery", "risks", 3, 0.2)
    pointing = section("surgery", cited)
    (paragraph,) = pointing.subsections[0].paragraphs
    said = (*paragraph.sentences, Sentence(text="See also the section “Risks”.", quotes=()))
    pointing = pointing.model_copy(
        update={"subsections": (Subsection(title=None, paragraphs=(Paragraph(sentences=said),)),)}
    )
    again = compose(
        slug="a-b", title="T", topic="T", sections=[pointing], quotes={one.key: one for one in cited},
        sources={SOURCE.key: SOURCE},
    )  # fmt: skip
    assert pointers(again) == {"surgery": []}


def test_closure__pointer_to_no_section_or_with_a_claim_in_it__is_a_problem() -> None:
    chapter = composed(("surgery", quotes("surgery", "risks", 2, 0.0)))
    for text in (
        "See also the section “Dreams”.",
        "See the section on surgery, which cures every glioma.",
        "See also the section “Surgery” in 99% of patients.",
    ):
        whole = chapter.sections[0]
        told = Paragraph(sentences=(*whole.sentences, Sentence(text=text, quotes=())))
        changed = whole.model_copy(update={"subsections": (Subsection(title=None, paragraphs=(told,)),)})
        assert closure_problems(chapter.model_copy(update={"sections": (changed,)})), text

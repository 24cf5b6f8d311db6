"""Operative technique is told from research methods, in PDFs and in JATS articles."""

from __future__ import annotations

import pytest

from chapter_pipeline.documents.jats.extract import extract_article
from chapter_pipeline.documents.structure.operative import is_operative, with_operative_sections
from chapter_pipeline.documents.structure.passages import make_passages
from chapter_pipeline.domain.document import Block, BlockKind, Heading, Page, SectionKind
from tests.documents.articles import jats

OPERATION = (
    "The patient was placed supine and the head was fixed in a pin holder. Two burr holes were drilled, the dura was opened "
    "and the haematoma was irrigated with warm saline. A drain was tunnelled below the scalp and the skin was sutured."
)
RESEARCH = (
    "Patients were randomly allocated to a drain or none. The primary outcome was recurrence at six months, assessed by a "
    "blinded observer. Baseline variables were compared with a chi-squared test, and the questionnaire was collected by mail."
)
ANIMALS = (
    "Adult Wistar rats were anaesthetised and fixed in a stereotactic frame. A burr hole was drilled, the dura was incised, and "
    "an electrode was implanted. The wound was sutured."
)


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("Surgical technique", OPERATION, True),
        ("Procedure", OPERATION, True),
        ("Methods", OPERATION, True),
        ("Surgical procedure", ANIMALS, False),
        ("Procedures", RESEARCH, False),
        ("Surgical treatment", RESEARCH, False),
        ("Surgical outcome", OPERATION, False),
        ("Methods", RESEARCH, False),
        ("Surgical technique", "", False),
    ],
)
def test_is_operative__title_and_text__steps_on_patients_alone_count(title: str, text: str, expected: bool) -> None:
    assert is_operative(title, text) is expected


def article(*sections: tuple[str, int, SectionKind | None, str]) -> tuple[list[Page], list[Heading]]:
    """One page with these sections: title, level, kind and text."""
    text, blocks, headings = "", list[Block](), list[Heading]()
    for title, level, kind, paragraph in sections:
        headings.append(Heading(title=title, level=level, kind=kind, page=1, start=len(text)))
        for part, block in ((title, BlockKind.HEADING), (paragraph, BlockKind.BODY)):
            if part:
                start = len(text)
                text += f"{part}\n\n"
                blocks.append(
                    Block(
                        index=len(blocks), kind=block, start=start, end=start + len(part), box=(0, 0, 1, 1),
                        section=f"Methods: {title}",
                    )
                )  # fmt: skip
    return [Page(number=1, width=1, height=1, text=text, blocks=tuple(blocks))], headings


def test_sections__of_technique__are_marked_and_named_with_those_below_them() -> None:
    pages, headings = article(
        ("Methods", 1, SectionKind.METHODS, RESEARCH),
        ("Surgical technique", 2, None, ""),
        ("Exposure", 3, None, OPERATION),
        ("Closure", 3, None, "The wound was closed in layers."),
        ("Surgical data", 3, None, "They were taken from the charts."),
        ("Statistical analysis", 2, None, RESEARCH),
        ("Results", 1, SectionKind.RESULTS, RESEARCH),
        ("Surgery", 2, None, OPERATION),
    )
    (page,), marked = with_operative_sections(pages, headings)
    assert [one.title for one in marked if one.kind is SectionKind.OPERATIVE] == [
        "Surgical technique",
        "Exposure",
        "Closure",
    ]
    named = {page.text[block.start : block.end]: block.section for block in page.blocks if block.kind is BlockKind.BODY}
    assert named[OPERATION] in ("Operative technique: Exposure", "Methods: Surgery")
    assert named["The wound was closed in layers."] == "Operative technique: Closure"
    assert named["They were taken from the charts."] == "Methods: Surgical data"


def test_sections__no_operation__pages_are_what_they_were() -> None:
    pages, headings = article(
        ("Methods", 1, SectionKind.METHODS, RESEARCH), ("Results", 1, SectionKind.RESULTS, RESEARCH)
    )
    read, marked = with_operative_sections(pages, headings)
    assert (list(read), list(marked)) == (pages, headings)


def test_jats_article__section_of_technique__its_passages_say_so() -> None:
    body = (
        f'<body><sec sec-type="methods"><title>Methods</title><p>{RESEARCH}</p>'
        f"<sec><title>Surgical technique</title><p>{OPERATION}</p></sec></sec></body>"
    )
    document = extract_article(jats(body=body), max_pages=100)
    kinds = {heading.title: heading.kind for heading in document.headings}
    assert (kinds["Methods"], kinds["Surgical technique"]) == (SectionKind.METHODS, SectionKind.OPERATIVE)
    passages = make_passages(document, count_tokens=lambda text: len(text.split()), max_tokens=100)
    sections = {passage.section for passage in passages if "burr holes" in passage.text}
    assert sections == {"Operative technique: Surgical technique"}

"""Citation closure: each way in which a citation of a chapter or section can be broken, one row a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from chapter_pipeline.domain import (
    ChapterText,
    EvidenceRow,
    NumberedFigure,
    Paragraph,
    PlannedFigure,
    QuestionRow,
    QuestionTable,
    Quote,
    Reference,
    ResultCells,
    Section,
    SectionPlan,
    Sentence,
    Source,
    Subsection,
)
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.quality.closure import closure_problems, section_problems
from tests.quality.gap_inputs import source

SAYS = {
    "q1": "A drain lowered recurrence of the haematoma.",
    "q2": "Irrigation of the cavity cleared old blood.",
    "mice": "The drug cleared the haematoma in mice.",
}
"""The quotes, and the sentences that are true to them."""


def quoted(key: str, source_key: str, study: StudyType = StudyType.COHORT) -> Quote:
    return Quote(
        key=key, source=source_key, document=f"{source_key}.pdf", page=1, start=0, end=len(SAYS[key]), text=SAYS[key],
        display=SAYS[key], document_section=None, study_type=study, evidence_level=3, year=2020, relevance=0.5,
    )  # fmt: skip


QUOTES = {"q1": quoted("q1", "lind"), "q2": quoted("q2", "moreau")}
LIND, MOREAU = source("lind"), source("moreau")


def claim(key: str) -> Sentence:
    return Sentence(text=SAYS[key], quotes=(key,))


def pointer(text: str) -> Sentence:
    return Sentence(text=text, quotes=())


def section(
    *sentences: Sentence, table: Sequence[Sentence] = (), title: str = "Outcomes", **changes: object
) -> Section:
    rows = tuple(
        EvidenceRow(source="lind", study_type=StudyType.COHORT, evidence_level=3, year=2020, finding=finding)
        for finding in table
    )
    made = Section(
        kind="outcomes", title=title, status="written", evidence_table=rows,
        subsections=(Subsection(title=None, paragraphs=(Paragraph(sentences=sentences),)),),
    )  # fmt: skip
    return made.model_copy(update=changes)


def figure(source_key: str) -> NumberedFigure:
    planned = PlannedFigure(
        sha256=None, source=source_key, document=f"{source_key}.pdf", page=1, label=None, caption="c", licence=None,
        media_type="image/png",
    )  # fmt: skip
    return NumberedFigure(number=1, section="outcomes", figure=planned, reference=1)


def chapter(
    *sections: Section,
    references: Sequence[Source | Reference] = (LIND, MOREAU),
    quotes: dict[str, Quote] | None = None,
    **changes: object,
) -> ChapterText:
    """A chapter of `sections`, default one that cites both sources; plain sources are numbered from 1."""
    numbered = [
        one if isinstance(one, Reference) else Reference(number=n, source=one)
        for n, one in enumerate(references, start=1)
    ]
    made = ChapterText(
        slug="csdh", title="T", topic="T", sections=sections or (section(claim("q1"), claim("q2")),),
        references=tuple(numbered), figures=(), quotes=quotes or QUOTES, key_points=(), abbreviations=(),
    )  # fmt: skip
    return made.model_copy(update=changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A chapter and what is wrong with its citations."""

    what: str
    chapter: ChapterText
    problems: list[str] = field(default_factory=list)


def asked(*rows: tuple[str, str]) -> QuestionTable:
    """A table for a question: each row a quote and the outcome it names."""
    return QuestionTable(
        question="k1", caption="Does a drain help?",
        rows=tuple(
            QuestionRow(
                quote=key, source="lind", study_type=StudyType.COHORT, evidence_level=3, year=2020,
                cells=ResultCells(outcome=outcome, p="P=1"),
            )
            for key, outcome in rows
        ),
    )  # fmt: skip


PRINTED = {key: quote.model_copy(update={"text": f"{quote.text} P=1"}) for key, quote in QUOTES.items()}
CASES = [
    Case(what="a closed chapter has no problem", chapter=chapter()),
    Case(
        what="a claim without a quote",
        chapter=chapter(section(claim("q1"), claim("q2"), pointer("Drains are safe."))),
        problems=["uncited claim 'Drains are safe.'"],
    ),
    Case(
        what="a row of a table without a quote",
        chapter=chapter(section(claim("q1"), claim("q2"), table=[pointer("Drains are safe.")])),
        problems=["uncited claim 'Drains are safe.'"],
    ),
    Case(
        what="a source that only a row for a question cites needs its reference",
        chapter=chapter(section(claim("q1"), question_tables=(asked(("q2", "old blood")),)), quotes=PRINTED),
    ),
    Case(
        what="a row for a question without a known quote, and the next row is looked at too",
        chapter=chapter(
            section(
                claim("q1"), claim("q2"),
                question_tables=(asked(("q9", "recurrence"), ("q1", "mortality")), asked(("q2", "recurrence"))),
            ),
            quotes=PRINTED,
        ),
        problems=[
            "unknown quote key 'q9' in the row 'recurrence: P=1'",
            "the row 'mortality: P=1' has the cell outcome, which does not stand in its quote",
            "the row 'recurrence: P=1' has the cell outcome, which does not stand in its quote",
        ],
    ),
    Case(
        what="a key point without a quote",
        chapter=chapter(key_points=(pointer("Drains are safe."),)),
        problems=["uncited claim 'Drains are safe.'"],
    ),
    Case(
        what="a key point that says what its quote does not",
        chapter=chapter(key_points=(Sentence(text="A drain lowered recurrence by 24%.", quotes=("q1",)),)),
        problems=["'A drain lowered recurrence by 24%.' says '24%': its passages do not have this number"],
    ),
    Case(
        what="an unknown quote is named once and the next sentence is looked at too",
        chapter=chapter(
            section(
                claim("q1"),
                claim("q2"),
                Sentence(text="Drains are safe.", quotes=("q1", "q8", "q9")),
                pointer("Drains are cheap."),
                Sentence(text="Drains are soft.", quotes=("q9",)),
            )
        ),
        problems=[
            "unknown quote key 'q8' in 'Drains are safe.'",
            "uncited claim 'Drains are cheap.'",
            "unknown quote key 'q9' in 'Drains are soft.'",
        ],
    ),
    Case(
        what="a sentence that says what its quote does not",
        chapter=chapter(
            section(claim("q1"), claim("q2"), Sentence(text="A drain raised recurrence of the haematoma.", quotes=("q1",)))
        ),
        problems=[
            "'A drain raised recurrence of the haematoma.' says 'raised': its passages say 'lowered' of the same",
        ],
    ),
    Case(
        what="a sentence that does not say that it speaks of mice",
        chapter=chapter(
            section(Sentence(text="The drug cleared the haematoma.", quotes=("mice",))),
            references=[LIND],
            quotes={"mice": quoted("mice", "lind", StudyType.ANIMAL)},
        ),
        problems=[
            "'The drug cleared the haematoma.' leaves out that its passages speak of animals or bench work",
        ],
    ),
    Case(
        what="a pointer to figures of the chapter needs no quote",
        chapter=chapter(section(claim("q1"), claim("q2"), pointer("See Figures 1, 2 and 3."), pointer("See Figure 4."))),
    ),
    Case(
        what="words after a pointer are a claim",
        chapter=chapter(section(claim("q1"), claim("q2"), pointer("See Figure 1. Drains are safe."))),
        problems=["uncited claim 'See Figure 1. Drains are safe.'"],
    ),
    Case(
        what="a pointer to a section of the chapter needs no quote",
        chapter=chapter(section(claim("q1"), claim("q2"), pointer("See also the section “Outcomes”."))),
    ),
    Case(
        what="a pointer to a section that is not there",
        chapter=chapter(section(claim("q1"), claim("q2"), pointer("See also the section “Imaging”."))),
        problems=["'See also the section “Imaging”.' points to no section of the chapter"],
    ),
    Case(
        what="a sentence of a pointer's words that has a quote is no pointer",
        chapter=chapter(
            section(claim("q1"), claim("q2"), Sentence(text="See also the section “Imaging”.", quotes=("q1",)))
        ),
        problems=["'See also the section “Imaging”.' points to a part of the chapter and cites a quote"],
    ),
    Case(
        what="a cited source without a reference",
        chapter=chapter(references=[LIND]),
        problems=["source 'moreau' is cited but has no reference"],
    ),
    Case(
        what="the source of a figure without a reference",
        chapter=chapter(figures=(figure("sato"),)),
        problems=["source 'sato' is cited but has no reference"],
    ),
    Case(
        what="a source that only a figure cites needs its reference",
        chapter=chapter(references=[LIND, MOREAU, source("sato")], figures=(figure("sato"),)),
    ),
    Case(
        what="a source that only a table cites needs its reference",
        chapter=chapter(section(claim("q1"), table=[claim("q2")])),
    ),
    Case(
        what="a reference that nothing cites",
        chapter=chapter(references=[LIND, MOREAU, source("sato")]),
        problems=["reference 'sato' is not cited"],
    ),
    Case(
        what="a key point alone does not cite a reference",
        chapter=chapter(section(claim("q1")), key_points=(claim("q2"),)),
        problems=["reference 'moreau' is not cited"],
    ),
    Case(
        what="a retracted reference",
        chapter=chapter(references=[LIND, source("moreau", retracted=True)]),
        problems=["source 'moreau' is retracted"],
    ),
    Case(
        what="a reference that was found not to be retracted",
        chapter=chapter(references=[LIND, source("moreau", retracted=False)]),
    ),
    Case(
        what="problems of several references come in the order of their keys",
        chapter=chapter(
            section(claim("q1")), references=[source("lind", retracted=True), source("b", retracted=True), source("a")]
        ),
        problems=[
            "reference 'a' is not cited", "reference 'b' is not cited", "source 'b' is retracted",
            "source 'lind' is retracted",
        ],
    ),
    Case(
        what="reference numbers with a hole",
        chapter=chapter(references=[Reference(number=1, source=LIND), Reference(number=3, source=MOREAU)]),
        problems=["the reference numbers do not run from 1 without a hole"],
    ),
    Case(
        what="reference numbers from 0",
        chapter=chapter(references=[Reference(number=0, source=LIND), Reference(number=1, source=MOREAU)]),
        problems=["the reference numbers do not run from 1 without a hole"],
    ),
    Case(
        what="reference numbers out of order",
        chapter=chapter(references=[Reference(number=2, source=LIND), Reference(number=1, source=MOREAU)]),
        problems=["the reference numbers do not run from 1 without a hole"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=case.what) for case in CASES])
def test_closure(case: Case) -> None:
    assert closure_problems(case.chapter) == case.problems


def plan(*keys: str) -> SectionPlan:
    return SectionPlan(
        kind="outcomes", title="Outcomes", purpose="p", word_budget=100, subsections=(),
        quotes=tuple(QUOTES[key] for key in keys),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionCase:
    """A section, the quotes of its plan (None: it has no plan), and what is wrong with its citations."""

    what: str
    section: Section
    planned: tuple[str, ...] | None = ("q1", "q2")
    problems: list[str] = field(default_factory=list)


SECTION_CASES = [
    SectionCase(what="a section whose quotes are planned", section=section(claim("q1"), claim("q2"))),
    SectionCase(
        what="a quote that another section has",
        section=section(claim("q1"), claim("q2")),
        planned=("q1",),
        problems=[f"unknown quote key 'q2' in {SAYS['q2']!r}"],
    ),
    SectionCase(
        what="a restored section brings the quotes that its plan has not",
        section=section(claim("q1"), claim("q2"), quotes=(QUOTES["q2"],)),
        planned=("q1",),
    ),
    SectionCase(
        what="a section without a plan has its own quotes alone",
        section=section(claim("q1"), claim("q2"), quotes=(QUOTES["q2"],)),
        planned=None,
        problems=[f"unknown quote key 'q1' in {SAYS['q1']!r}"],
    ),
    SectionCase(
        what="an uncited claim and a pointer",
        section=section(claim("q1"), pointer("Drains are safe."), pointer("See Figure 1.")),
        problems=["uncited claim 'Drains are safe.'"],
    ),
    SectionCase(what="no sentence", section=section(), problems=["the section is empty"]),
    SectionCase(
        what="a table alone does not make a section",
        section=section(table=[claim("q1")]),
        problems=["the section is empty"],
    ),
    SectionCase(what="a section that the outline has not is not looked at", section=section(status="unused")),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.what) for case in SECTION_CASES])
def test_section(case: SectionCase) -> None:
    planned = None if case.planned is None else plan(*case.planned)
    assert section_problems(case.section, planned) == case.problems


def test_section__label_of_its_paragraph__says_what_its_sentences_rest_on() -> None:
    mice = quoted("mice", "lind", StudyType.ANIMAL)
    sentence = Sentence(text="The drug cleared the haematoma.", quotes=("mice",))
    paragraphs = (Paragraph(label="In animals", sentences=(sentence,)),)
    labelled = section(subsections=(Subsection(title=None, paragraphs=paragraphs),), quotes=(mice,))
    assert section_problems(labelled, None) == []

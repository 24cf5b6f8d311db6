"""Evidence tables of questions: which question has one, its rows and their order, and what checks them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from chapter_pipeline.domain import (
    ChapterBrief,
    ChapterDraft,
    ChapterKind,
    ChapterOutline,
    ChapterText,
    ClinicalQuestion,
    EvidenceMap,
    EvidenceRow,
    OutlineSection,
    Paragraph,
    Perspective,
    QuestionTable,
    Quote,
    Reference,
    ResearchSet,
    ResultCells,
    Section,
    SectionPlan,
    SectionPlans,
    SectionTemplate,
    Sentence,
    Source,
    Subsection,
)
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.quality.closure import section_problems
from chapter_pipeline.quality.gap_inputs import claims_of
from chapter_pipeline.writing.outline import section_plans
from chapter_pipeline.writing.question_tables import (
    MAX_ROWS,
    ROWS_OF_A_STUDY,
    other_findings,
    question_tables,
)
from chapter_pipeline.writing.review import reviewed_chapter
from tests.library_samples import HashEmbedder

ASKED = ClinicalQuestion.of(
    "outcomes", "What is the effect of a drain compared with placebo on recurrence?", Perspective.EFFICACY,
    intervention="drain", comparator="placebo", outcome="recurrence",
)  # fmt: skip
BENCH = ClinicalQuestion.of("outcomes", "In rats?", Perspective.MECHANISM, outcome="recurrence")
TEXT = "Recurrence was lower with a drain than with placebo (9% vs 24%, P=0.003)."
CELLS = ResultCells(comparison="drain vs placebo", outcome="Recurrence", effect="9% vs 24%", p="P=0.003")


def quote(key: str, *, source: str = "", level: int = 3, year: int = 2020, cells: ResultCells = CELLS, **changed: Any) -> Quote:  # fmt: skip
    values = {
        "key": key, "source": source or f"s{key}", "document": "d", "page": 4, "start": 0, "end": len(TEXT), "text": TEXT,
        "display": TEXT, "document_section": "Results", "study_type": StudyType.COHORT, "evidence_level": level,
        "year": year, "relevance": 0.5, "finding": FindingKind.OWN_RESULT, "species": Species.HUMAN,
        "questions": (ASKED.key,), "results": (cells,),
    }  # fmt: skip
    return Quote.model_validate({**values, **changed})


def tables(*quotes: Quote, section: str = "outcomes") -> tuple[QuestionTable, ...]:
    questions = (ASKED, BENCH)
    return question_tables(
        section, EvidenceMap(quotes=quotes, questions=questions, sentences_read=1, refused={})
    )  # fmt: skip


def numbered(*texts: str) -> list[ResultCells]:
    return [ResultCells(outcome="Recurrence", p=text) for text in texts]


@pytest.mark.parametrize(
    ("quotes", "rows"),
    [
        ([quote("a"), quote("b")], 2),
        ([quote("a", level=2)], 1),
        ([quote("a", level=1)], 1),
        ([quote("a")], 0),
        ([quote("a", source="x"), quote("b", source="x", cells=numbered("P=1")[0])], 0),
        ([quote("a"), quote("b", questions=(), results=())], 0),
        ([quote("a"), quote("b", cells=ResultCells(outcome="Recurrence", comparison="drain vs placebo"))], 0),
        ([quote("a"), quote("b", cells=ResultCells(p="P=0.1"))], 0),
        ([quote("a"), quote("b", species=Species.ANIMAL)], 0),
        ([quote("a", level=2, species=Species.ANIMAL)], 0),
    ],
    ids=["two studies", "a trial", "a review", "one cohort", "one study twice", "no answer", "no result", "no outcome", "an animal study", "an animal trial"],
)  # fmt: skip
def test_question_tables__question__has_one_where_two_studies_or_a_strong_one_answer(
    quotes: list[Quote], rows: int
) -> None:
    made = tables(*quotes)
    assert [len(one.rows) for one in made] == ([rows] if rows else [])
    assert all(one.caption == ASKED.text and one.question == ASKED.key for one in made)


def test_question_tables__another_section__has_none() -> None:
    assert tables(quote("a", level=1), section="complications") == ()


def test_question_tables__mechanism__has_rows_of_animals_only() -> None:
    told: dict[str, Any] = {"questions": (ASKED.key, BENCH.key), "results": (CELLS, CELLS)}
    made = tables(*(quote(key, species=Species.ANIMAL, **told) for key in "ab"), *(quote(key, **told) for key in "cd"))
    assert {one.caption: [row.quote for row in one.rows] for one in made} == {
        ASKED.text: ["c", "d"], BENCH.text: ["a", "b"],
    }  # fmt: skip


def test_question_tables__rows__the_strongest_then_the_newest_first() -> None:
    (table,) = tables(
        quote("a", level=3, year=2024),
        quote("b", level=2, year=2010),
        quote("c", level=2, year=2019),
        quote("d", level=4),
    )
    assert [row.quote for row in table.rows] == ["c", "b", "a", "d"]


def test_question_tables__rows_of_one_study__are_few_and_differ() -> None:
    told = [("pain", None), ("Pain", "9% vs 24%"), ("sleep", None), ("mood", None)]
    cells = [ResultCells(outcome=outcome, effect=effect, p="P=0.1") for outcome, effect in told]
    (table,) = tables(*(quote(str(n), source="x", level=2, cells=one) for n, one in enumerate(cells)))
    assert [row.cells.outcome for row in table.rows] == ["Pain", "sleep"]  # the fullest of an outcome
    assert len(table.rows) == ROWS_OF_A_STUDY


def test_question_tables__many_studies__are_bounded() -> None:
    (table,) = tables(*(quote(f"{n:02}") for n in range(MAX_ROWS + 3)))
    assert len(table.rows) == MAX_ROWS


def section(table: QuestionTable) -> Section:
    said = Paragraph(label="In a cohort study (Liu 2020):", sentences=(Sentence(text=TEXT, quotes=("a",)),))
    return Section(
        kind="outcomes", title="Outcomes", status="written", subsections=(Subsection(title=None, paragraphs=(said,)),),
        question_tables=(table,),
    )  # fmt: skip


def plan(*quotes: Quote, table_quotes: tuple[Quote, ...] = ()) -> SectionPlan:
    return SectionPlan(
        kind="outcomes", title="Outcomes", purpose="How it ends.", word_budget=100, subsections=(), quotes=quotes,
        table_quotes=table_quotes,
    )  # fmt: skip


def test_section__row__is_a_claim_with_its_quote() -> None:
    (table,) = tables(quote("a"), quote("b"))
    made = section(table)
    assert claims_of(made) == [("a",), ("a",), ("b",)]
    assert made.table_claims[0].text == "Recurrence, drain vs placebo: 9% vs 24%, P=0.003"
    assert section_problems(made, plan(quote("a"), table_quotes=(quote("b"),))) == []


def test_section__row_whose_quote_no_plan_holds__is_refused() -> None:
    (table,) = tables(quote("a"), quote("b"))
    assert any("unknown quote key 'b'" in problem for problem in section_problems(section(table), plan(quote("a"))))


@pytest.mark.parametrize(
    ("changed", "cell"),
    [
        ({"p": "P=0.03"}, "p"), ({"effect": "9% vs 25%"}, "effect"), ({"outcome": "Mortality"}, "outcome"),
        ({"comparison": "drain vs no drain"}, "comparison"), ({"n": "240"}, "n"),
    ],
)  # fmt: skip
def test_section__cell_that_its_quote_does_not_say__is_refused(changed: dict[str, str], cell: str) -> None:
    wrong = CELLS.model_copy(update=changed)
    (table,) = tables(quote("a", level=2, cells=wrong))
    problems = section_problems(section(table), plan(quote("a", level=2)))
    assert any(f"has the cell {cell}, which" in problem for problem in problems)


def test_said_by__cells_that_the_text_lacks__are_empty() -> None:
    told = ResultCells(n="240", outcome="recurrence", effect="9% vs 24%; HR 0.4 (0.2)", p="P=\n0.003")
    assert told.said_by(TEXT) == ResultCells(outcome="recurrence", p="P=\n0.003")


def test_size__of_a_result__is_that_of_its_sentence_else_that_of_the_study() -> None:
    assert ResultCells(n="45", studied=240).size == "45"
    assert ResultCells(studied=240).size == "240"
    assert ResultCells().size is None
    assert ResultCells(studied=240).not_said_by(TEXT) == []


def planned(*quotes: Quote) -> SectionPlans:
    """The plans of a chapter with one section, to which the first quote belongs."""
    template = SectionTemplate(
        kind="outcomes", title="Outcomes", purpose="How it ends.", queries=("outcome",), cues=(), share=1
    )
    brief = ChapterBrief(
        slug="csdh", topic="T", title="T", kind=ChapterKind.DISEASE, audience="all", template="own", word_budget=100,
        cutoff_date=date(2026, 6, 1), sections=(template,),
    )  # fmt: skip
    outline = ChapterOutline(
        title="T", assignments={"outcomes": (quotes[0].key,)},
        sections=(OutlineSection(kind="outcomes", title="Outcomes", purpose="How it ends.", word_budget=100),),
    )  # fmt: skip
    evidence = EvidenceMap(quotes=quotes, questions=(ASKED,), sentences_read=1, refused={})
    research = ResearchSet(sources=(), retraction_check="done")
    return section_plans(brief, outline, evidence, research, figures=(), embedder=HashEmbedder())


def test_section_plans__table__cites_quotes_of_other_sections_too() -> None:
    (made,) = planned(quote("a"), quote("b"), quote("c", questions=(), results=())).plans
    assert [row.quote for table in made.question_tables for row in table.rows] == ["a", "b"]
    assert ([one.key for one in made.quotes], [one.key for one in made.table_quotes]) == (["a"], ["b"])
    assert [one.key for one in made.all_quotes] == ["a", "b"]


def test_section_plans__base__is_that_of_a_release_without_questions() -> None:
    """What a revision asked for stays asked for: the section is planned from the same evidence."""
    bare = [one.model_copy(update={"questions": (), "results": ()}) for one in (quote("a"), quote("b"))]
    with_tables, without = planned(quote("a"), quote("b")), planned(*bare)
    assert with_tables.plans != without.plans
    assert with_tables.base == without.base
    assert without.base != planned(*[one.model_copy(update={"relevance": 0.9}) for one in bare]).base


def test_other_findings__table_of_findings__has_none_of_the_rows_of_questions() -> None:
    made = tables(quote("a"), quote("b"))

    def row(key: str) -> EvidenceRow:
        return EvidenceRow(source=key, study_type=StudyType.COHORT, evidence_level=3, year=2020, finding=Sentence(text=TEXT, quotes=(key,)))  # fmt: skip

    assert other_findings([row("a"), row("c")], ()) == (row("a"), row("c"))
    assert other_findings([row("a"), row("c"), row("d")], made) == (row("c"), row("d"))
    assert other_findings([row("a"), row("c")], made) == ()


def test_section__of_the_release_before__has_no_tables_for_questions() -> None:
    stored = section(tables(quote("a", level=2))[0]).model_dump(mode="json")
    del stored["question_tables"]
    assert Section.model_validate(stored).question_tables == ()
    old_plan = plan(quote("a")).model_dump(mode="json")
    del old_plan["question_tables"], old_plan["table_quotes"]
    assert SectionPlan.model_validate(old_plan).all_quotes == (quote("a"),)


def test_section__row_of_a_result_without_difference__negates_nothing() -> None:
    text = "Recurrence did not differ between the drain and placebo groups (P=0.4)."
    cells = ResultCells(outcome="Recurrence", comparison="drain vs placebo", p="P=0.4")
    told = quote("a", level=2, cells=cells, text=text, display=text)
    made = section(tables(told)[0])
    said = Sentence(text=text, quotes=("a",))
    made = made.model_copy(update={"subsections": (Subsection(title=None, paragraphs=(Paragraph(sentences=(said,)),)),)})  # fmt: skip
    assert section_problems(made, plan(told)) == []


def test_review__row_that_its_quote_does_not_say__goes_and_a_table_without_rows_too() -> None:
    wrong = quote("b", level=2, cells=CELLS.model_copy(update={"p": "P=0.9"}))
    one, other = tables(quote("a", level=2), wrong)[0], tables(wrong)[0]
    made = section(one).model_copy(update={"question_tables": (one, other)})
    chapter = ChapterText(
        slug="csdh", title="T", topic="T", sections=(made,), references=(), figures=(), key_points=(), abbreviations=(),
        quotes={"a": quote("a"), "b": wrong},
    )  # fmt: skip
    source = Source(key="sa", document="d", title="Drains", evidence_level=2)
    draft = ChapterDraft(
        chapter=chapter.model_copy(
            update={"references": (Reference(number=1, source=source), Reference(number=2, source=source.model_copy(update={"key": "sb"})))}
        )
    )  # fmt: skip
    reviewed = reviewed_chapter(draft, embedder=HashEmbedder())
    (kept,) = reviewed.chapter.sections
    assert [[row.quote for row in table.rows] for table in kept.question_tables] == [["a"]]
    assert [reference.source.key for reference in reviewed.chapter.references] == ["sa"]

"""The questions of a chapter: read from what studies compare, each in the section that fits, a bounded number."""

from __future__ import annotations

from datetime import date

from chapter_pipeline.domain import BriefRequest, ChapterBrief, ChapterKind, Perspective
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import (
    Direction,
    Finding,
    FindingKind,
    Population,
    Span,
    SpanSource,
    Species,
    StudyRecord,
)
from chapter_pipeline.writing.brief import chapter_brief
from chapter_pipeline.writing.questions import CHAPTER_QUESTIONS, SECTION_QUESTIONS, clinical_questions

TEXT = "It differed between both groups."


def brief(kind: ChapterKind = ChapterKind.DISEASE) -> ChapterBrief:
    return chapter_brief("glioma", BriefRequest(topic="Malignant glioma", kind=kind), today=date(2026, 1, 1))


def finding(
    intervention: str, comparator: str, outcome: str, *, text: str = TEXT, source: SpanSource = SpanSource.TEXT,
    species: Species = Species.HUMAN,
) -> Finding:  # fmt: skip
    return Finding(
        ordinal=0, kind=FindingKind.OWN_RESULT, species=species, intervention=intervention, comparator=comparator,
        outcome=outcome, direction=Direction.DECREASED, spans=(Span(text=text, page=1, source=source),),
    )  # fmt: skip


def record(
    *findings: Finding, design: StudyType = StudyType.RANDOMISED_TRIAL, level: int = 2, condition: str | None = None
) -> StudyRecord:
    named = {one for finding in findings for one in (finding.intervention, finding.comparator) if one}
    return StudyRecord(
        design=design, level=level, arms=tuple(sorted(named)), findings=findings,
        population=Population(condition=condition),
    )  # fmt: skip


def test_questions__results__are_asked_for_in_the_sections_that_fit() -> None:
    made = clinical_questions(
        brief(),
        {
            "a": record(
                finding("bevacizumab", "placebo", "survival"), finding("bevacizumab", "placebo", "adverse events"),
                finding("resection", "biopsy alone", "survival"), finding("radiotherapy", "usual care", "survival"),
                finding("resection", "radiosurgery", "survival"), finding("ultrasound", "no treatment", "tumour volume", species=Species.ANIMAL),
            )
        },
    )  # fmt: skip
    assert {(one.section, one.perspective, one.intervention) for one in made} == {
        ("medical_treatment", Perspective.EFFICACY, "bevacizumab"),
        ("complications", Perspective.HARM, "bevacizumab"),
        ("surgical_treatment", Perspective.EFFICACY, "resection"),
        ("other_treatment", Perspective.EFFICACY, "radiotherapy"),
        ("indications", Perspective.CHOICE, "resection"),
        ("pathophysiology", Perspective.MECHANISM, "ultrasound"),
    }
    order = [section.kind for section in brief().sections]
    assert [order.index(one.section) for one in made] == sorted(order.index(one.section) for one in made)


def test_questions__section_that_the_template_has_not__is_asked_nothing_or_its_nearest_is() -> None:
    asked = {"a": record(finding("bevacizumab", "placebo", "survival"), finding("ultrasound", "no treatment", "tumour volume", species=Species.ANIMAL))}  # fmt: skip
    made = clinical_questions(brief(ChapterKind.TECHNIQUE), asked)
    assert [(one.section, one.intervention) for one in made] == [("outcomes", "bevacizumab")]


def test_questions__one_comparison_of_two_studies__is_one_question_of_the_strongest_level() -> None:
    one = record(finding("bevacizumab", "placebo", "median OS"), design=StudyType.COHORT, level=3)
    other = record(finding("Bevacizumab", "sham", "survival"))
    third = record(finding("temozolomide", "placebo", "survival"))
    made = clinical_questions(brief(), {"a": one, "b": other, "c": third})
    assert [question.text for question in made] == [
        "What is the effect of bevacizumab compared with placebo on overall survival?",
        "What is the effect of temozolomide compared with placebo on overall survival?",
    ]


def test_questions__stronger_evidence__goes_first() -> None:
    weak = record(finding("bevacizumab", "placebo", "survival"), design=StudyType.COHORT, level=3)
    strong = record(finding("temozolomide", "placebo", "survival"))
    made = clinical_questions(brief(), {"a": weak, "b": strong})
    assert [question.intervention for question in made] == ["temozolomide", "bevacizumab"]


def test_questions__many__are_bounded_by_section_and_chapter() -> None:
    outcomes = ("survival", "pain", "fatigue", "sleep", "depression", "anxiety", "seizures")
    harms = ("nausea", "infection", "bleeding", "toxicity", "reoperation", "pneumonia", "hypotension")
    pairs = [("bevacizumab", "placebo"), ("resection", "no treatment"), ("radiotherapy", "usual care"), ("resection", "radiosurgery")]  # fmt: skip
    found = [finding(*pair, outcome) for pair in pairs for outcome in (*outcomes, *harms)]
    found += [finding("ultrasound", "no treatment", one, species=Species.ANIMAL) for one in outcomes]
    cohort = [finding("anaemia", "normal haematocrit", one) for one in (*outcomes, *harms)]
    made = clinical_questions(
        brief(), {"a": record(*found), "b": record(*cohort, design=StudyType.COHORT, level=3)}
    )  # fmt: skip
    per_section = {section: [one for one in made if one.section == section] for section in {q.section for q in made}}
    assert max(map(len, per_section.values())) == SECTION_QUESTIONS
    assert len(made) == CHAPTER_QUESTIONS
    assert all(per_section.values())
    assert len({one.key for one in made}) == len(made)


def test_questions__section__asks_of_different_interventions_first() -> None:
    many = [finding("bevacizumab", "placebo", one) for one in ("survival", "pain", "fatigue", "sleep", "anxiety")]
    weak = record(finding("temozolomide", "placebo", "pain"), design=StudyType.COHORT, level=3)
    made = clinical_questions(brief(), {"a": record(*many), "b": weak})
    assert [one.intervention for one in made] == ["bevacizumab", "bevacizumab", "temozolomide", "bevacizumab", "bevacizumab"]  # fmt: skip


def test_questions__name_used_once_and_of_no_arm__is_no_intervention() -> None:
    once = record(finding("bevacizumab", "placebo", "survival")).model_copy(update={"arms": ()})
    assert clinical_questions(brief(), {"a": once}) == ()
    thrice = once.model_copy(update={"findings": once.findings * 3})
    assert [one.intervention for one in clinical_questions(brief(), {"a": thrice})] == ["bevacizumab"]


def test_questions__conditions_of_a_comparison__the_one_told_most_often_is_named() -> None:
    told = finding("bevacizumab", "placebo", "survival")
    rarer, common = (told.model_copy(update={"disease": one}) for one in ("glioma", "malignant glioma"))
    held = record(rarer, common, common, condition="glioma")
    (asked,) = clinical_questions(brief(), {"a": held, "b": record(condition="malignant glioma")})
    assert asked.population == "malignant glioma"


def test_questions__choice__of_a_chapter_without_indications__is_asked_of_the_treatment() -> None:
    bare = brief()
    bare = bare.model_copy(update={"sections": tuple(one for one in bare.sections if one.kind != "indications")})
    choice = record(finding("resection", "radiosurgery", "survival"))
    (asked,) = clinical_questions(bare, {"a": choice})
    assert (asked.perspective, asked.section) == (Perspective.CHOICE, "surgical_treatment")


def test_questions__outcome_without_a_shared_name__is_asked_for_where_a_study_tells_it_twice() -> None:
    once = finding("moxidectin", "ivermectin", "skin microfilarial density")
    assert clinical_questions(brief(), {"a": record(once)}) == ()
    (asked,) = clinical_questions(brief(), {"a": record(once, once)})
    assert (asked.outcome, asked.section) == ("skin microfilarial density", "medical_treatment")


def test_questions__table_row__asks_nothing() -> None:
    row = record(finding("bevacizumab", "placebo", "survival", source=SpanSource.TABLE))
    assert clinical_questions(brief(), {"a": row}) == ()


def test_questions__population__is_named_where_the_topic_or_two_studies_name_it() -> None:
    def texts(*conditions: str) -> set[str | None]:
        held = {
            str(n): record(finding("bevacizumab", "placebo", "survival"), condition=one)
            for n, one in enumerate(conditions)
        }
        return {question.population for question in clinical_questions(brief(), held)}

    assert texts("glioma") == {"glioma"}
    assert texts("high stroke") == {None}
    assert texts("meningioma", "meningioma") == {"meningioma"}


def test_questions__same_records__have_the_same_keys() -> None:
    held = {"a": record(finding("bevacizumab", "placebo", "survival"), finding("resection", "biopsy alone", "pain"))}
    assert clinical_questions(brief(), held) == clinical_questions(brief(), dict(reversed(list(held.items()))))

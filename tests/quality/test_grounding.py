"""A sentence may not say what its quotes do not: no number, unit, comparator or negation drifts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapter_pipeline.domain import (
    ChapterText,
    Paragraph,
    QuestionRow,
    QuestionTable,
    Quote,
    ResultCells,
    Section,
    Sentence,
    Subsection,
)
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.quality.closure import closure_problems
from chapter_pipeline.quality.grounding import claim_problems, numbers, support_problems, support_table
from chapter_pipeline.retrieval.minilm import MiniLM

QUOTE = "Recurrence was 9.3% with a drain and 24% without one; dexamethasone 8 mg did not improve outcome."


def test_support__sentence_is_its_quote__has_no_problem() -> None:
    assert support_problems(QUOTE, [QUOTE]) == []


@pytest.mark.parametrize(
    "changed",
    [
        QUOTE.replace("9.3%", "9.8%"),
        QUOTE.replace("8 mg", "8 g"),
        QUOTE.replace("24%", ">24%"),
        QUOTE.replace("did not improve", "did improve"),
        QUOTE.replace("with a drain", "with no drain"),
        QUOTE.replace("24%", "24 patients"),
    ],
)
def test_support__meaning_drifts__is_a_problem(changed: str) -> None:
    assert support_problems(changed, [QUOTE])


@pytest.mark.parametrize(
    ("quote", "said"),
    [
        ("Survival increased with radiotherapy.", "Survival decreased with radiotherapy."),
        ("The drain was effective in patients.", "The drain was ineffective in patients."),
        (
            "The difference in recurrence between drains was significant.",
            "The difference in recurrence between drains was not significant.",
        ),
        ("Steroids are contraindicated in sepsis.", "Steroids are indicated in sepsis."),
        ("Mice that were given the drug survived longer.", "Patients that were given the drug survived longer."),
        ("Patients that were given the drug survived longer.", "Rats that were given the drug survived longer."),
        ("At least 5 mg of the drug was given.", "Up to 5 mg of the drug was given."),
        ("The score changed by -1.4 points.", "The score changed by 1.4 points."),
        ("Two patients of the group died.", "Three patients of the group died."),
        ("The count was 10⁶ cells.", "The count was 10⁵ cells."),
        ("The rate of the group doubled.", "The rate of the group tripled."),
    ],
)
def test_support__meaning_turned_round__is_a_problem(quote: str, said: str) -> None:
    assert support_problems(quote, [quote]) == []
    assert support_problems(said, [quote])


# What a careful writer makes of a quotation, and the quotation: nothing of it may be flagged.
PARAPHRASES = [
    ("Recurrence was seen in 9.3% of patients with a drain and in 24% without one.",
     "Recurrence was 9.3% with a drain and 24% without one in these patients."),
    ("At two years, overall survival was higher with temozolomide than with radiotherapy alone (26.5% vs 10.4%).",
     "The two-year survival rate was 26.5% with radiotherapy plus temozolomide and 10.4% with radiotherapy alone; "
     "overall survival at two years was higher with temozolomide."),
    ("Dexamethasone did not improve functional outcome at six months.",
     "Dexamethasone did not improve the functional outcome of patients at six months."),
    ("Fewer than 5% of the patients needed a second operation.",
     "A second operation was needed in <5% of the patients."),
    ("At least 8 Gy was given to the tumour.", "The tumour was given ≥8 Gy."),
    ("The median age of the patients was 63 years.", "Median age was 63 years in the cohort of patients."),
    ("Wound infection occurred in three patients.", "There were 3 patients in whom wound infection occurred."),
    ("Seizures were less frequent after levetiracetam.",
     "After levetiracetam seizures were less frequent than after phenytoin."),
    ("The wafer is placed on the wall of the resection cavity.",
     "After resection, the wafer is placed on the wall of the cavity that resection leaves."),
    ("No patient died within 30 days.", "Within 30 days no patient had died."),
    ("Imaging is repeated every 3 months in the first two years.",
     "In the first two years imaging should be repeated every 3 months."),
    ("Hydrocephalus was more common after intraventricular haemorrhage.",
     "After intraventricular haemorrhage, hydrocephalus was more common (P<0.05)."),
]  # fmt: skip


@pytest.mark.parametrize(("said", "quote"), PARAPHRASES)
def test_support__faithful_paraphrase__has_no_problem(said: str, quote: str) -> None:
    assert support_problems(said, [quote]) == []


def _quote(text: str, study_type: StudyType, key: str = "q1") -> Quote:
    return Quote(
        key=key, source="one2020", document="d1", page=1, start=0, end=len(text), text=text, display=text,
        document_section=None, study_type=study_type, evidence_level=5, year=2020, relevance=0.5,
    )  # fmt: skip


@pytest.mark.parametrize("study_type", [StudyType.ANIMAL, StudyType.LABORATORY])
def test_claim__animal_or_bench_work__says_so_itself_or_beside_it(study_type: StudyType) -> None:
    quote = _quote("The implant prolonged survival to 120 days.", study_type)
    assert claim_problems(quote.text, [quote]) == [f"does not say what it rests on: {study_type.value}"]
    assert claim_problems(quote.text, [quote], label="Animal studies, 2020.") == []
    said = _quote("In rats, the implant prolonged survival to 120 days.", study_type)
    assert claim_problems(said.text, [said]) == []
    clinical = _quote(quote.text, StudyType.COHORT, "q2")
    assert claim_problems(quote.text, [quote, clinical]) == []


def test_claim__design_that_the_source_has_not__is_a_problem() -> None:
    quote = _quote("Recurrence of the haematoma fell after a drain was placed.", StudyType.COHORT)
    said = "In a randomised trial, recurrence of the haematoma fell after a drain was placed."
    assert claim_problems(said, [quote]) == [
        "says 'randomised': its sources are of another design: cohort or other comparative study"
    ]
    trial = quote.model_copy(update={"study_type": StudyType.RANDOMISED_TRIAL})
    assert claim_problems(said, [trial]) == []


def _chapter(*sentences: Sentence, quotes: dict[str, Quote]) -> ChapterText:
    section = Section(
        kind="outcomes", title="Outcomes", status="written",
        subsections=(Subsection(title=None, paragraphs=(Paragraph(sentences=sentences),)),),
    )  # fmt: skip
    return ChapterText(
        slug="a-b", title="T", topic="T", sections=(section,), references=(), figures=(), quotes=quotes, key_points=(),
        abbreviations=(),
    )  # fmt: skip


def test_support_table__each_sentence__has_words_meaning_and_what_is_wrong() -> None:
    right = _quote("A subdural drain lowers the recurrence of chronic subdural haematoma.", StudyType.COHORT)
    other = _quote("Voters of the left party were removed from the lists.", StudyType.COHORT, "q2")
    text = right.text
    chapter = _chapter(
        Sentence(text=text, quotes=("q1",)), Sentence(text="See Figure 1.", quotes=()),
        Sentence(text="Resection of the temporal lobe relieved the seizures.", quotes=("q2",)),
        quotes={"q1": right, "q2": other},
    )  # fmt: skip
    good, bad = support_table(chapter, embedder=MiniLM(batch_size=4))
    assert (good.words, good.problems) == (1.0, ())
    assert good.meaning > 0.99 > bad.meaning
    assert bad.words == 0.0
    assert [problem for problem in bad.problems if "something else" in problem]


def test_support_table__row_for_a_question__is_compared_word_for_word_and_not_by_meaning() -> None:
    quote = _quote("Recurrence did not differ between the groups (P=0.4).", StudyType.COHORT)

    def row(p: str) -> QuestionRow:
        return QuestionRow(
            quote="q1", source="lind", study_type=StudyType.COHORT, evidence_level=3, year=2020,
            cells=ResultCells(outcome="Recurrence", p=p),
        )  # fmt: skip

    chapter = _chapter(Sentence(text=quote.text, quotes=("q1",)), quotes={"q1": quote})
    table = QuestionTable(question="k1", caption="Does it help?", rows=(row("P=0.4"), row("P=0.04")))
    tabled = chapter.sections[0].model_copy(update={"question_tables": (table,)})
    text, good, bad = support_table(
        chapter.model_copy(update={"sections": (tabled,)}), embedder=MiniLM(batch_size=4)
    )  # fmt: skip
    assert text.sentence == quote.text
    assert (good.sentence, good.quotes, good.problems) == ("Recurrence: P=0.4", ("q1",), ())
    assert bad.problems == ("has the cell p, which does not stand in its quote",)


def test_closure__sentence_of_a_chapter__is_held_against_study_and_label() -> None:
    quote = _quote("The implant prolonged survival to 120 days.", StudyType.ANIMAL)
    chapter = _chapter(Sentence(text=quote.text, quotes=("q1",)), quotes={"q1": quote})
    assert any("does not say what it rests on" in problem for problem in closure_problems(chapter))


def test_support_table__quotation_that_cites_another_one__is_a_problem() -> None:
    drain = _quote("A subdural drain lowers the recurrence of chronic subdural haematoma.", StudyType.COHORT)
    other = _quote(
        "A subdural drain is left behind for two days after chronic subdural haematoma.", StudyType.COHORT, "q2"
    )
    chapter = _chapter(Sentence(text=drain.text, quotes=("q2",)), quotes={"q1": drain, "q2": other})
    (found,) = support_table(chapter, embedder=MiniLM(batch_size=4))
    assert found.problems == ("is the quotation 'q1' and cites others",)


MEBENDAZOLE = (
    "Mebendazole is an anthelmintic drug introduced for human use in 1971 that extends survival in preclinical models of"
    " glioblastoma and other brain cancers."
)
CARMUSTINE = "Carmustine and temozolomide have been the focus of many chemotherapy studies for gliomas."


def test_support__what_two_quotes_say_together__may_be_one_sentence() -> None:
    both = "Mebendazole extends survival in preclinical models, and temozolomide was the focus of many chemotherapy studies."
    assert support_problems(both, [MEBENDAZOLE, CARMUSTINE]) == []


def test_claim__quote_of_animals_or_bench_work__is_not_told_as_if_of_nobody() -> None:
    quote = _quote("In mice, the drug extended survival and cleared the haematoma.", StudyType.REVIEW)
    silent = "The drug extended survival and cleared the haematoma."
    assert claim_problems(silent, [quote]) == ["leaves out that its passages speak of animals or bench work"]
    assert claim_problems(silent, [quote], label="Preclinical studies.") == []
    assert claim_problems(quote.text, [quote]) == []


def test_claim__background_in_an_animal_study__need_not_name_animals() -> None:
    quote = _quote("Chronic subdural haematoma is a common disease of the elderly worldwide.", StudyType.ANIMAL)
    assert claim_problems("Among the elderly, chronic subdural haematoma is common.", [quote]) == []


def test_support_table__what_no_rule_decides__is_for_the_editor_until_a_model_decided_it() -> None:
    quote = _quote(
        "A subdural drain lowers the recurrence of chronic subdural haematoma after burr holes.", StudyType.COHORT
    )
    said = "Leaving a drain behind makes it less likely that a chronic subdural haematoma comes back."
    chapter = _chapter(Sentence(text=said, quotes=("q1",)), quotes={"q1": quote})
    embedder = MiniLM(batch_size=4)
    (open_one,) = support_table(chapter, embedder=embedder)
    assert (open_one.problems, open_one.to_check, open_one.checked_by) == ((), True, None)
    (decided,) = support_table(chapter, embedder=embedder, checked={("outcomes", said): "claude"})
    assert (decided.to_check, decided.checked_by) == (False, "claude")
    (verbatim,) = support_table(
        _chapter(Sentence(text=quote.text, quotes=("q1",)), quotes={"q1": quote}), embedder=embedder
    )
    assert not verbatim.to_check


def test_support__no_quote__is_a_problem() -> None:
    assert support_problems(QUOTE, []) == ["has no quote"]


def test_numbers__comparator_and_unit__belong_to_the_number() -> None:
    assert numbers("≥ 5 mg, less than 3 weeks, P<0.05, 1,200 and 40 Gy") == {
        "≥5mg",
        "<3week",
        "<.05",
        "1,200",
        "40Gy",
    }


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_support__any_other_number__is_caught(number: int, other: int) -> None:
    quote = f"Recurrence of chronic subdural haematoma was seen in {number} patients."
    changed = quote.replace(str(number), str(other))
    assert bool(support_problems(changed, [quote])) is (number != other)

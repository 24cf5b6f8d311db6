"""How many were studied is told where the text leaves no doubt, and left out otherwise."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.evidence.population import number, size_of

TRIAL = StudyType.RANDOMISED_TRIAL


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("We randomised 215 patients to a drain or to none.", 215),
        ("A total of 1,204 patients were included.", 1204),
        ("A total of 1929 participants were randomised.", 1929),
        ("Twenty-four patients were enrolled.", 24),
        ("Two hundred and six patients were enrolled.", 206),
        ("Four-hundred forty-three elderly individuals were included.", 443),
        ("This open-label study randomized (1:1) 122 Japanese de-novo recipients and patients.", None),
        ("This open-label study randomized (1:1) 122 Japanese de-novo transplant patients.", 122),
        ("Forty-six age- and IQ-matched children were randomly assigned.", 46),
        ("In this crossover clinical trial, 17 uncooperative children received both drugs.", 17),
        ("A double-blind trial was conducted in 90 children.", 90),
        ("The remaining 89 patients were enrolled and randomised.", 89),
        ("Sixteen patients (10 men, 6 women) were included.", 16),
        ("Thirteen participants (mean age: 26.8 years) with epilepsy of 3.5 years were included.", 13),
        ("Seventy patients were enrolled, 35 in each group.", 70),
        ("A total of 150 patients were randomised (75 in each group).", 150),
        ("One hundred and twenty-six patients met the inclusion criteria.", 126),
        ("We screened 300 patients and enrolled 215 patients.", 215),
    ],
)
def test_size_of__who_was_enrolled__is_told(sentence: str, told: int | None) -> None:
    assert size_of([sentence], [], [], TRIAL)[0] == told


@pytest.mark.parametrize(
    "sentence",
    [
        "Of 300 patients screened, 215 patients were eligible.",
        "After screening 418 patients, all were followed.",
        "In 2012 patients were included.",
        "Patients received 8 mg of dexamethasone.",
        "We invited 300 patients by letter.",
        "Revision was done in 40 patients.",
        "A sample size of 75 patients was calculated and 75 patients were randomised as planned.",
        "We planned to enrol 100 patients.",
        "A minimum of 22 participants were recruited.",
        "One hundred and twenty-five participants were allocated to each arm.",
        "Thirty patients in each group were randomly assigned.",
        "In the drain group 462 patients were included.",
        "The control group included 25 women with normal findings.",
        "42 patients were assigned to a drain and 43 to no drain at all.",
        "Twelve women and 9 controls were enrolled.",
        "Forty patients and 36 patients were included in the open and closed groups, respectively.",
        "A meta-analysis of trials included 4179 patients.",
        "In a trial 60 patients were randomised to a drain [12].",
        "The three children with the highest scores were recruited.",
        "The intervention included six telephone sessions and a participant handbook.",
        "Interviews were held with 30 participants who were recruited by post.",
    ],
)
def test_size_of__screened_planned_a_part_or_another_study__is_not_told(sentence: str) -> None:
    assert size_of([sentence], [], [], TRIAL)[0] is None


def test_size_of__randomised_and_analysed__randomised_is_preferred() -> None:
    sentences = ["For this, 71 patients were included in the analysis.", "In all, 86 patients were randomised."]
    assert size_of(["Seventy-one patients were analysed."], [], sentences, TRIAL)[0] == 86


def test_size_of__abstract_is_silent__body_says_it() -> None:
    said = "In all, 88 patients were enrolled."
    assert size_of(["Drains help."], ["We planned to enrol 100 patients."], [said], TRIAL) == (88, said)


def test_size_of__two_numbers_with_one_role__neither_is_told() -> None:
    assert size_of(["We enrolled 88 patients."], [], ["In all, 91 patients were enrolled."], TRIAL)[0] is None
    assert size_of(["We enrolled 88 patients.", "We enrolled 91 patients."], [], [], TRIAL)[0] is None


def test_size_of__analysed_in_one_part_alone__is_not_told() -> None:
    assert size_of(["We analysed 88 patients."], [], [], TRIAL)[0] is None
    assert size_of(["We analysed 88 patients."], [], ["Of 88 patients 12 had a drain."], TRIAL)[0] == 88


def test_size_of__arms_add_up__sum_is_told_where_a_second_sentence_has_it() -> None:
    arms = "Patients were randomised to a drain (n = 42) or to none (n = 43)."
    again = "Of them 42 were allocated to the drain and 43 to none."
    assert size_of([arms], [], [], TRIAL)[0] is None
    assert size_of([arms], [], [again], TRIAL)[0] == 85
    assert size_of(["23, 16 and 21 patients were randomised to the three drugs, respectively."], [], [], TRIAL)[0] == 60


def test_size_of__arms_add_up_to_another_number__is_not_told() -> None:
    arms = "Patients were randomised to a drain (n = 42) or to none (n = 43)."
    assert size_of(["We enrolled 88 patients."], [arms], [], TRIAL)[0] is None


@pytest.mark.parametrize(
    ("study", "told"),
    [
        (StudyType.META_ANALYSIS, None), (StudyType.REVIEW, None), (StudyType.PROTOCOL, None), (StudyType.ANIMAL, None),
        (StudyType.LABORATORY, None), (StudyType.COHORT, 88), (StudyType.CASE_SERIES, 88), (StudyType.UNKNOWN, 88),
    ],
)  # fmt: skip
def test_size_of__reviews_protocols_and_experiments__tell_none(study: StudyType, told: int | None) -> None:
    said = "We included 88 patients."
    assert size_of([said], [], [], study) == (told, said)


@pytest.mark.parametrize(
    ("said", "n"),
    [("1,204", 1204), ("12 345", 12345), ("Nineteen", 19), ("One hundred and twenty-one", 121), ("hundred", 100)],
)
def test_number__digits_and_words__are_read(said: str, n: int) -> None:
    assert number(said) == n

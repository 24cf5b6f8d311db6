"""A sentence is an own result only where its document reports one; what others found stays background."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind
from chapter_pipeline.evidence.kinds import cites, kind_of, kinds_of
from chapter_pipeline.evidence.source import Zone, statements
from tests.evidence.made import article, statement

RESULT, METHOD, BACKGROUND = FindingKind.OWN_RESULT, FindingKind.OWN_METHOD, FindingKind.BACKGROUND
TRIAL, REVIEW, COHORT = StudyType.RANDOMISED_TRIAL, StudyType.REVIEW, StudyType.COHORT


@pytest.mark.parametrize(
    ("text", "zone", "study", "kind"),
    [
        ("Recurrence fell from 24% to 9% with a drain (P=0.01).", Zone.RESULTS, TRIAL, RESULT),
        ("A P value below 0.05 and P<0.05 denoted significant differences.", Zone.METHODS, TRIAL, METHOD),
        ("The criterion for statistical significance was P<0.05.", Zone.METHODS, TRIAL, METHOD),
        ("Age was higher in the drain group at inclusion (P=0.03).", Zone.METHODS, TRIAL, RESULT),
        ("Patients were randomised to a drain or to no drain.", Zone.METHODS, TRIAL, METHOD),
        ("Chronic subdural haematoma is common in the elderly [3].", Zone.OPENING, TRIAL, BACKGROUND),
        ("In the US, the incidence is 8 vs 5 per 100,000 in men and women.", Zone.DISCUSSION, TRIAL, RESULT),
        ("A previous meta-analysis found fewer recurrences (RR 0.6, 95% CI 0.4-0.8).", Zone.DISCUSSION, TRIAL, BACKGROUND),
        ("Okafor and colleagues saw fewer recurrences (P=0.02).", Zone.DISCUSSION, TRIAL, BACKGROUND),
        ("Haldane and Weir (1993) saw fewer recurrences with drains.", Zone.DISCUSSION, TRIAL, BACKGROUND),
        ("As in previous studies, recurrence was lower with a drain (P=0.02).", Zone.DISCUSSION, TRIAL, RESULT),
        ("We found that recurrence was lower with a drain.", Zone.DISCUSSION, TRIAL, RESULT),
        ("Recurrence was lower with a drain (5% vs 12%) (18).", Zone.DISCUSSION, TRIAL, BACKGROUND),
        ("Temozolomide at 75 mg/m² prolongs survival in glioblastoma.", Zone.CLOSING, TRIAL, FindingKind.CONCLUSION),
        ("Our sample was small and the study was underpowered.", Zone.DISCUSSION, TRIAL, FindingKind.LIMITATION),
        ("A drain should be left after burr-hole surgery.", Zone.CLOSING, TRIAL, FindingKind.RECOMMENDATION),
        ("Recurrence was 9% vs 24% with a drain (P=0.01).", Zone.ABSTRACT, REVIEW, BACKGROUND),
        ("Recurrence was 9% vs 24% with a drain (P=0.01).", Zone.ABSTRACT, COHORT, RESULT),
        ("A drain was left in the subdural space for two days.", Zone.OPERATIVE, TRIAL, FindingKind.OPERATIVE_STEP),
        ("A drain was left in the subdural space for two days.", Zone.OPERATIVE, StudyType.ANIMAL, METHOD),
        ("A 71-year-old man presented with a headache and a fall.", Zone.CASE, StudyType.CASE_SERIES, FindingKind.CASE),
        ("Baseline data.", Zone.RESULTS, TRIAL, None),
        ("Complications are listed in Table 3 of this paper.", Zone.RESULTS, TRIAL, None),
    ],
)  # fmt: skip
def test_kind_of__sentence_in_its_part__is_what_it_says(
    text: str, zone: Zone, study: StudyType, kind: FindingKind | None
) -> None:
    assert kind_of(statement(text, zone), study) is kind


@pytest.mark.parametrize(
    ("text", "pointing"),
    [
        ("Drains lower recurrence [3, 5].", True),
        ("Drains lower recurrence.¹²", True),
        ("Drains lower recurrence in adults (12).", True),
        ("Drains lower recurrence (Okafor, 2009).", True),
        ("The median stay was 4 [3-6] days.", False),
        ("The dose was 75 mg/m² and the count 10⁹ per litre.", False),
        ("Intracellular Ca²⁺ rose.", False),
        ("Of 40 patients, 12 (30) had a drain.", False),
        ("The tumour lacked p53.", False),
    ],
)
def test_cites__marks__are_told_from_exponents_and_spreads(text: str, pointing: bool) -> None:
    assert cites(text) is pointing


def test_kinds_of__abstract_without_headings__goes_from_background_to_conclusion() -> None:
    sentences = [
        "Chronic subdural haematoma recurs in 9 vs 24 of 100 patients with and without drains.",
        "We randomised 215 patients to a drain or to no drain.",
        "Recurrence was 9.3% with a drain and 24% without (P=0.003).",
        "Mortality was lower with a drain.",
        "Drains may therefore be safe after burr-hole surgery.",
    ]
    found = statements(article([(None, [sentences])]))
    assert kinds_of(found, TRIAL) == [BACKGROUND, METHOD, RESULT, RESULT, FindingKind.CONCLUSION]


LIMITATION, CONCLUSION = FindingKind.LIMITATION, FindingKind.CONCLUSION
OURS = "We compared drains with no drains in 215 patients."
THEIRS = "Okafor et al. left a drain in 40 adults [7]."


@pytest.mark.parametrize(
    ("sentences", "kinds"),
    [
        ([OURS, "Recurrence was lower with a drain."], [None, RESULT]),
        (["Recurrence was significantly lower in the drain group."], [RESULT]),
        ([THEIRS, "Recurrence was lower with a drain."], [BACKGROUND, BACKGROUND]),
        ([THEIRS, "In this study, recurrence was lower with a drain."], [BACKGROUND, BACKGROUND]),
        ([THEIRS, "In our study, recurrence was lower with a drain."], [BACKGROUND, RESULT]),
        ([THEIRS, OURS, "Recurrence was lower with a drain."], [BACKGROUND, None, RESULT]),
        ([OURS, "They saw fewer recurrences with a drain."], [None, BACKGROUND]),
        ([OURS, "A cohort of adults had fewer recurrences."], [None, RESULT]),
        (["A cohort of adults had fewer recurrences."], [BACKGROUND]),
        (["In the largest trial of adults, recurrence was lower."], [BACKGROUND]),
        (["In a Cochrane review, the rate was lower with a drain."], [BACKGROUND]),
        (["Only one previous study compared both and the rate was lower."], [BACKGROUND]),
        (["Recurrence of haematomas was lower at high altitude [3]."], [BACKGROUND]),
        ([OURS, "All patients were given dexamethasone for three weeks."], [None, METHOD]),
        ([THEIRS, "All patients were given dexamethasone for three weeks."], [BACKGROUND, BACKGROUND]),
        (["In a post-hoc analysis, we categorized the haematomas by their density."], [METHOD]),
        (["Recurrence was, in our study, probably caused by early mobilisation."], [CONCLUSION]),
        (["The results of this pilot study support a role for drains."], [CONCLUSION]),
        (["Women were more likely to have a recurrence than men."], [RESULT]),
        (["Overall, mean haematoma width was similar in the groups."], [RESULT]),
    ],
)  # fmt: skip
def test_kinds_of__discussion__paragraph_tells_whose_work_it_is(
    sentences: list[str], kinds: list[FindingKind | None]
) -> None:
    found = kinds_of(statements(article([("Discussion", [sentences])])), TRIAL)
    assert [kind for kind, wanted in zip(found, kinds, strict=True) if wanted] == [one for one in kinds if one]


def test_kinds_of__discussion__another_paragraph_begins_anew() -> None:
    found = statements(article([("Discussion", [[THEIRS], ["Recurrence was lower in the drain group."]])]))
    assert kinds_of(found, TRIAL) == [BACKGROUND, RESULT]


def test_kinds_of__list_of_limitations__goes_on_while_its_members_are_counted() -> None:
    first = [
        "Our study has several limitations.",
        "First, most patients were treated at one place.",
        "Drains are cheap and small.",
    ]
    second = ["Second, the width was measured by one reader.", "Drains are cheap and small."]
    third = ["Drains are of silicone and small."]
    fourth = ["Third, the drains were of silicone and small."]
    found = statements(article([("Discussion", [first, second, third, fourth])]))
    kinds = kinds_of(found, TRIAL)
    assert kinds[:2] == [LIMITATION, LIMITATION]
    assert kinds[3] is LIMITATION
    assert LIMITATION not in (kinds[2], kinds[4], kinds[5], kinds[6])


def test_kinds_of__discussion_of_a_review__results_without_a_word_of_whose_are_background() -> None:
    found = statements(article([("Discussion", [[OURS, "Recurrence was lower in the drain group."]])]))
    assert kinds_of(found, REVIEW)[1] is BACKGROUND


@pytest.mark.parametrize(("heading", "kind"), [("Limitations", LIMITATION), ("Strengths and limitations", BACKGROUND)])
def test_kind_of__under_a_heading_on_limitations__is_one(heading: str, kind: FindingKind) -> None:
    said = statement("The width is read on the first scan alone.", Zone.DISCUSSION, headings=("Discussion", heading))
    assert kind_of(said, TRIAL) is kind


def test_kind_of__facts_of_one_patient_under_clinical_histories__are_a_case() -> None:
    said = statement("He died of his tumour 14 months after surgery.", Zone.RESULTS, headings=("Clinical histories",))
    assert kind_of(said, StudyType.LABORATORY) is FindingKind.CASE


@pytest.mark.parametrize(
    ("text", "study", "kind"),
    [
        ("We quantified the vessels in the cortex of the mice.", StudyType.ANIMAL, METHOD),
        ("We visualised the vessels, which were larger in treated mice.", StudyType.ANIMAL, RESULT),
        ("We then tested whether the vessels were larger.", StudyType.ANIMAL, METHOD),
        ("The area was plotted as a function of the dose.", StudyType.ANIMAL, METHOD),
        ("The area was successfully covered in rats.", StudyType.ANIMAL, RESULT),
        ("None of the adverse events was classified as serious.", TRIAL, RESULT),
        ("The catheter was placed in five patients.", TRIAL, RESULT),
        ("Attendance was assessed as part of adherence in the group.", TRIAL, METHOD),
        ("We recorded two falls in the drain group.", TRIAL, RESULT),
    ],
)
def test_kind_of__steps_under_results__are_methods_where_they_tell_no_outcome(
    text: str, study: StudyType, kind: FindingKind
) -> None:
    assert kind_of(statement(text, Zone.RESULTS), study) is kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("The rate was 9.3 against 24.1 a year.", RESULT),
        ("The rate was 9.4 against 24.2 a year.", BACKGROUND),
        ("Recurrence fell in the wafer group.", RESULT),
        ("Recurrence fell in the balloon group.", BACKGROUND),
        ("The rate was 9.3 against 24.1 a year [8].", BACKGROUND),
    ],
)
def test_kinds_of__discussion__own_numbers_and_groups_are_known_again_behind_another_study(
    said: str, kind: FindingKind
) -> None:
    results = ["The rate was 9.3 in the wafer group and 24.1 in the other group."]
    found = statements(article([("Results", [results]), ("Discussion", [[THEIRS, said]])]))
    assert kinds_of(found, TRIAL)[-1] is kind

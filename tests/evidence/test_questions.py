"""What an own result compares, and which questions it answers: all parts have to agree, not one shared word."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind, Span, Species
from chapter_pipeline.domain.questions import ClinicalQuestion, Perspective
from chapter_pipeline.evidence.interventions import InterventionKind, control_of, is_same, kind_of, name_of
from chapter_pipeline.evidence.outcome_names import frequency_of, outcome_name, outcome_phrase
from chapter_pipeline.evidence.questions import answers, compared

TRIAL, COHORT = StudyType.RANDOMISED_TRIAL, StudyType.COHORT


def finding(
    intervention: str | None = "bevacizumab", comparator: str | None = "placebo", outcome: str | None = "survival", *,
    text: str = "Survival was longer with bevacizumab than with placebo.", kind: FindingKind = FindingKind.OWN_RESULT,
    species: Species = Species.HUMAN, direction: Direction = Direction.INCREASED,
) -> Finding:  # fmt: skip
    return Finding(
        ordinal=0, kind=kind, species=species, intervention=intervention, comparator=comparator, outcome=outcome,
        direction=direction, spans=(Span(text=text, page=1),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("Everolimus 1.5 mg (n = 61)", "Everolimus"),
        ("the drain group", None),
        ("drain group", "drain"),
        ("4 arms: anti-PD-1", "anti-PD-1"),
        ("placebo-group", "placebo"),
        ("intervention", None),
        ("Group S (n=47)", None),
        ("December 2010", None),
        ("laparoscopic", None),
        ("wear either an eye mask containing CO extracts", None),
        ("5 years", None),
        (None, None),
    ],
)
def test_name_of__printed__is_a_name_or_none(printed: str | None, name: str | None) -> None:
    assert name_of(printed) == name


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("placebo nightly", "placebo"), ("Placebo (n = 389)", "Placebo"), ("usual care", "usual care"),
        ("baseline", None), ("conventional care (n=20)", "conventional care"), ("celecoxib", "celecoxib"), ("celecoxib and placebo", None), ("placebo except", None),
        ("control group according to a predefined computer-generated randomization scheme", None),
    ],
)  # fmt: skip
def test_control_of__printed__is_a_comparator_or_none(printed: str, name: str | None) -> None:
    assert control_of(printed) == name


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Carmustine wafers", "carmustine wafer", True),
        ("bevacizumab", "bevacizumab plus irinotecan", False),
        ("oral dexamethasone 4 mg", "Dexamethasone", True),
        ("radiotherapy and temozolomide", "radiotherapy plus temozolomide", True),
        ("temozolomide", "radiotherapy", False),
        ("drain", "no drain", False),
    ],
)
def test_is_same__names__agree_in_all_telling_words(one: str, other: str, same: bool) -> None:
    assert is_same(one, other) is same


@pytest.mark.parametrize(
    ("name", "comparator", "kind"),
    [
        ("bevacizumab", None, InterventionKind.MEDICAL), ("burr-hole drainage", None, InterventionKind.SURGICAL),
        ("stereotactic radiosurgery", None, InterventionKind.OTHER), ("VXP", "placebo", InterventionKind.MEDICAL),
        ("anaemia", None, None),
    ],
)  # fmt: skip
def test_kind_of__name_and_comparator__tell_it(
    name: str, comparator: str | None, kind: InterventionKind | None
) -> None:
    assert kind_of(name, comparator) is kind


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("median progression-free survival", "progression-free survival"),
        ("median OS", "overall survival"),
        ("30-day mortality", "postoperative mortality"),
        ("mortality at 5 years", "mortality"),
        ("rates of surgical site infection", "wound infection"),
        ("Side effects: headache", None),
        ("Adverse events: nausea", "nausea and vomiting"),
        ("Recurrence of chronic subdural haematoma", "recurrence"),
        ("rate of recurrence after postoperative haematoma", "recurrence"),
        ("postoperative haematoma", "bleeding"),
        ("Linezolid or vancomycin for MRSA infection", None),
        ("risk of MRSA infection", "infection"),
        ("length of hospital stay", "length of hospital stay"),
        ("Doses of morphine usage for postoperative pain", "analgesic consumption"),
        ("rescue medication usage", None),
        ("arteriole density", None),
        (None, None),
    ],
)
def test_outcome_name__printed__is_a_shared_name_or_none(printed: str | None, name: str | None) -> None:
    found = outcome_name(printed)
    assert (found.name if found else None) == name


def test_frequency_of__prevalence_of_something__is_a_frequency() -> None:
    assert frequency_of("The overall prevalence of migraine in Iran") == "prevalence of migraine in Iran"
    assert frequency_of("CIPN prevalence") == "prevalence of CIPN"
    assert frequency_of("pooled prevalence of migraine, using a model") == "prevalence of migraine"
    assert frequency_of("prevalence of these") is None


@pytest.mark.parametrize(
    ("printed", "phrase"),
    [
        ("proportion of participants with undetectable SmfD at month 12", "undetectable SmfD"),
        ("Mean HVEM expression on tumor-infiltrating cells", "HVEM expression"),
        ("difference", None), ("women", None), ("significant reductions from baseline", None),
        ("Side effects: rash", None), ("a trend that we saw in the analysis", None), (None, None),
    ],
)  # fmt: skip
def test_outcome_phrase__printed__is_a_noun_phrase_or_none(printed: str | None, phrase: str | None) -> None:
    assert outcome_phrase(printed) == phrase


@pytest.mark.parametrize(
    ("told", "design", "perspective"),
    [
        (finding(), TRIAL, Perspective.EFFICACY),
        (finding(outcome="adverse events"), TRIAL, Perspective.HARM),
        (finding(species=Species.ANIMAL), StudyType.ANIMAL, Perspective.MECHANISM),
        (finding("anaemia", "no anaemia", text="Survival was shorter with anaemia than with no anaemia."), COHORT, Perspective.PROGNOSIS),
        (finding("microsurgical resection", "radiosurgery", text="Survival differed between both groups."), COHORT, Perspective.CHOICE),
        (finding("early cranioplasty", "delayed cranioplasty", text="Survival differed between both groups."), COHORT, Perspective.CHOICE),
        (finding("microsurgical resection", "endoscopic resection", outcome="operative time", text="It differed between both groups."), COHORT, Perspective.TECHNIQUE),
        (finding("contrast ultrasound", None, "diagnostic accuracy"), COHORT, Perspective.DIAGNOSIS),
        (finding(None, None, "prevalence of migraine", text="It was 14%."), COHORT, Perspective.FREQUENCY),
        (finding(None, None, "prevalence of migraine", text="It rose."), COHORT, None),
        (finding(outcome="skin microfilarial density at month 12"), TRIAL, Perspective.EFFICACY),
        (finding(kind=FindingKind.BACKGROUND), TRIAL, None),
        (finding(comparator=None), TRIAL, None),
        (finding(comparator="bevacizumab"), TRIAL, None),
        (finding("placebo", "bevacizumab"), TRIAL, None),
        (finding("bevacizumab", "intravitreal bevacizumab"), TRIAL, None),
        (finding("lactulose recovery", "control", "urinary lactulose recovery", text="It was more than in the control group."), TRIAL, None),
        (finding(outcome=f"survival {'of patients ' * 20}"), TRIAL, None),
        (finding("bevacizumab", "body weight", text="Bevacizumab, relative to body weight, did."), TRIAL, None),
        (finding("bevacizumab", "usual care", text="Survival rose in both groups from baseline."), TRIAL, None),
        (finding("bevacizumab", "usual care", text="Survival was longer in the study group than in the other group."), TRIAL, Perspective.EFFICACY),
        (finding("bevacizumab", "irinotecan", text="Survival was longer than with irinotecan."), TRIAL, None),
        (finding(text="Age differed between bevacizumab and placebo groups before the start."), TRIAL, None),
        (finding(outcome="age"), TRIAL, None),
        (finding(direction=Direction.NOT_STATED), TRIAL, None),
        (finding(text="Survival rose under treatment."), TRIAL, None),  # the comparison is the record's, not the sentence's
        (finding(text="Survival correlated with bevacizumab more than with placebo."), TRIAL, None),
    ],
)  # fmt: skip
def test_compared__finding__has_its_perspective_or_compares_nothing(
    told: Finding, design: StudyType, perspective: Perspective | None
) -> None:
    said = compared(told, design)
    assert (said.perspective if said else None) is perspective


ASKED = ClinicalQuestion.of(
    "medical_treatment", "What is the effect of bevacizumab compared with placebo on overall survival?",
    Perspective.EFFICACY, intervention="bevacizumab", comparator="placebo", outcome="overall survival",
)  # fmt: skip


@pytest.mark.parametrize(
    ("told", "answered"),
    [
        (finding(), True),
        (finding("Bevacizumab (n = 40)", "sham", "median OS", text="OS was longer than in the sham group."), True),
        (finding(outcome="progression-free survival"), False),
        (finding("bevacizumab plus irinotecan"), False),
        (finding(comparator="temozolomide", text="Survival was longer than with temozolomide."), False),
        (finding(comparator="usual care", text="Survival was longer than with usual care."), False),
        (finding(kind=FindingKind.CONCLUSION), False),
        (finding(species=Species.ANIMAL), False),
    ],
)
def test_answers__finding__agrees_in_every_part(told: Finding, answered: bool) -> None:
    assert answers(ASKED, told, TRIAL) is answered


def test_answers__two_treatments__either_may_be_called_the_intervention() -> None:
    asked = ClinicalQuestion.of("s", "?", Perspective.EFFICACY, intervention="everolimus", comparator="mycophenolate", outcome="mortality")  # fmt: skip
    told = finding("mycophenolate", "everolimus", "mortality", text="Mortality was alike in both groups.")
    assert answers(asked, told, TRIAL)


def test_question__key__is_the_hash_of_section_and_text() -> None:
    def key(section: str, text: str) -> str:
        return ClinicalQuestion.of(section, text, Perspective.HARM).key

    assert key("outcomes", "A?") == "k637d9b167beb"
    assert len({key("outcomes", "A?"), key("outcomes", "B?"), key("complications", "A?")}) == 3

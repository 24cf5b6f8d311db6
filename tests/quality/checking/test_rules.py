"""Each rule of the checks catches what it is sure of and is silent on an honest wording of the same passage."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.quality.checking import Claim, Passage, check

TRIAL, COHORT, ANIMAL = StudyType.RANDOMISED_TRIAL, StudyType.COHORT, StudyType.ANIMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A passage, a false sentence that `rule` names, and an honest one that no rule refuses."""

    rule: str
    passage: str
    false: str
    honest: str
    design: StudyType = TRIAL


CASES = [
    Case(
        rule="number",
        passage="Reoperation was needed in 33.1% of 148 patients, after a mean of 17.4 days.",
        false="Reoperation was needed in 43% of the patients.",
        honest="About one third of the 148 patients were operated on again, after 17 days on average.",
    ),
    Case(
        rule="number",
        passage="Of 24 patients, 12 were free of seizures at 21 months.",
        false="Of the patients, 12 were free of seizures at 31 months.",
        honest="Half of the patients (50%) were free of seizures in this 21-month follow-up.",
    ),
    Case(
        rule="number",
        passage="The stay was 13.9 vs 11.6 months and 2,300,000 people were affected.",
        false="The stay differed by 3.3 months.",
        honest="The stay was 2.3 months longer, and 2.3 million people were affected.",
    ),
    Case(
        rule="unit",
        passage="Patients received dexamethasone 4 mg/kg over 30 minutes.",
        false="Patients received 4 mg of dexamethasone.",
        honest="Patients were given dexamethasone at 4 mg per kg within half an hour.",
    ),
    Case(
        rule="unit",
        passage="The tumour was given 54 Gy, and swelling lasted 6 weeks.",
        false="The tumour was given 54 cGy.",
        honest="A dose of 54 gray was followed by swelling for 42 days.",
    ),
    Case(
        rule="comparator",
        passage="At least 8 Gy was given to the nerve.",
        false="Up to 8 Gy was given to the nerve.",
        honest="The nerve was given ≥8 Gy.",
    ),
    Case(
        rule="relative",
        passage="Infection fell from 30.5% to 20.0% with a drain.",
        false="Infection fell by 10.5% in relative terms with a drain.",
        honest="With a drain, infection fell by 10.5 percentage points, about a third.",
    ),
    Case(
        rule="interval",
        passage="Mortality was higher with clots (OR 2.10, 95% CI 1.20-3.70) and with fever (OR 1.40, 95% CI 0.90-2.20).",
        false="Mortality was higher with clots (OR 2.10, 95% CI 0.90 to 2.20).",
        honest="The odds of death were higher with clots (OR 2.1, 95% CI 1.2 to 3.7).",
    ),
    Case(
        rule="interval",
        passage="The mean change was 0.8 points (95% CI -2.1 to 0.5).",
        false="The mean change was 0.8 points (95% CI 2.1 to 0.5).",
        honest="The score changed by 0.8 points (95% CI −2.1 to 0.5).",
    ),
    Case(
        rule="arms",
        passage="Recurrence occurred in 9% of patients with a drain and in 24% of patients without treatment of the membrane.",
        false="Recurrence occurred in 24% of patients with a drain and 9% of those without treatment of the membrane.",
        honest="With a drain 9% had a recurrence, and 24% without treatment of the membrane.",
    ),
    Case(
        rule="arms",
        passage="Pain was significantly lower in the ropivacaine group than in the saline group (2.1 vs 4.8 points).",
        false="Pain reached 4.8 points with ropivacaine and 2.1 points with saline.",
        honest="Pain was 2.1 points with ropivacaine and 4.8 points with saline.",
    ),
    Case(
        rule="arms",
        passage="Headache was seen in 5%, 11% and 19% of the low, middle and sham groups, respectively.",
        false="Headache was seen in 19% of the low group and in 5% of the sham group.",
        honest="Headache was seen in 5% of the low group and in 19% of the sham group.",
    ),
    Case(
        rule="arms",
        passage="Survival was 41.7% at 2 years and 25% at 4 years.",
        false="At 4 years, survival was 41.7%.",
        honest="At 4 years, survival was 25%.",
    ),
    Case(
        rule="arms",
        passage="Compared with placebo, rivaroxaban reduced stroke (1.2% vs 2.4%).",
        false="Stroke occurred in 2.4% on rivaroxaban and in 1.2% on placebo.",
        honest="Stroke occurred in 1.2% on rivaroxaban and in 2.4% on placebo.",
    ),
    Case(
        rule="arms",
        passage="The intervention group improved by 5.2 points and the controls by 1.3 points.",
        false="The controls improved by 5.2 points, the intervention group by 1.3 points.",
        honest="The controls improved by 1.3 points, the intervention group by 5.2 points.",
    ),
    Case(
        rule="arms",
        passage="The early and late groups had recurrence rates of 5% and 12%, respectively.",
        false="Recurrence was 12% in the early group and 5% in the late group.",
        honest="Recurrence was 5% in the early group and 12% in the late group.",
    ),
    Case(
        rule="order",
        passage="Lumbar puncture was done before imaging of the brain.",
        false="Lumbar puncture was done after imaging of the brain.",
        honest="Imaging of the brain followed lumbar puncture, which was done before it.",
    ),
    Case(
        rule="comparison",
        passage="Bleeding was more frequent with clipping than with coiling.",
        false="Bleeding was more frequent with coiling than with clipping.",
        honest="Bleeding was less frequent with coiling than with clipping.",
    ),
    Case(
        rule="comparison",
        passage="Rebleeding was recorded in 12% of the coiling group and in 4% of the clipping group.",
        false="Rebleeding was higher in the clipping group than in the coiling group.",
        honest="Rebleeding was higher in the coiling group than in the clipping group.",
    ),
    Case(
        rule="direction",
        passage="Early mobilisation shortened the hospital stay of these patients.",
        false="Early mobilisation lengthened the hospital stay of the patients.",
        honest="The hospital stay of these patients was shorter when they were mobilised early.",
    ),
    Case(
        rule="direction",
        passage="The drug did not improve walking speed in these patients.",
        false="The drug improved walking speed.",
        honest="The drug failed to improve walking speed.",
    ),
    Case(
        rule="significance",
        passage="The difference in wound infection between the groups was not significant (p = 0.19).",
        false="Wound infection differed significantly between the groups.",
        honest="Wound infection did not differ significantly between the groups.",
    ),
    Case(
        rule="significance",
        passage="Wound infection was significantly rarer in the antibiotic group (p = 0.003).",
        false="Wound infection was not significantly different in the antibiotic group.",
        honest="Wound infection was rarer in the antibiotic group, a significant difference.",
    ),
    Case(
        rule="negation",
        passage="No cerebrospinal fluid leak occurred after closure with the patch.",
        false="A cerebrospinal fluid leak occurred after closure with the patch.",
        honest="After closure with the patch, cerebrospinal fluid did not leak.",
    ),
    Case(
        rule="negation",
        passage="A subdural drain lowers the rate of recurrence after burr-hole surgery.",
        false="It is never true that a subdural drain lowers the rate of recurrence after burr-hole surgery.",
        honest="It is true that a subdural drain lowers the rate of recurrence after burr-hole surgery.",
    ),
    Case(
        rule="negation",
        passage="The shunt was effective in elderly patients with hydrocephalus.",
        false="The shunt was ineffective in elderly patients with hydrocephalus.",
        honest="In elderly patients with hydrocephalus the shunt was effective, and not only in these.",
    ),
    Case(
        rule="negation",
        passage="The incidence of chronic subdural haematoma rises steeply with age.",
        false="It is never true that the incidence of chronic subdural haematoma rises steeply with age.",
        honest="The incidence of chronic subdural haematoma rises steeply with age, but not its mortality.",
    ),
    Case(
        rule="number",
        passage="Of 148 patients, 68% had a headache for 14 months.",
        false="More than three quarters of the patients had a headache.",
        honest="More than half of over 100 patients had a headache for over a year.",
    ),
    Case(
        rule="route",
        passage="Patients received subcutaneous enoxaparin on the first day.",
        false="Patients received oral enoxaparin on the first day.",
        honest="On the first day, enoxaparin was injected subcutaneously.",
    ),
    Case(
        rule="survival",
        passage="Median progression-free survival was 9 months with lomustine.",
        false="Median overall survival was 9 months with lomustine.",
        honest="With lomustine, progression-free survival was 9 months (median).",
    ),
    Case(
        rule="side",
        passage="The aneurysm of the left carotid artery was clipped.",
        false="The aneurysm of the right carotid artery was clipped.",
        honest="The left-sided carotid aneurysm was clipped and left the artery open.",
    ),
    Case(
        rule="time of the operation",
        passage="Preoperative embolisation reduced blood loss from the meningioma.",
        false="Postoperative embolisation reduced blood loss from the meningioma.",
        honest="Embolisation before the operation reduced blood loss from the meningioma.",
    ),
    Case(
        rule="drug",
        passage="Seizures were fewer with levetiracetam than with placebo.",
        false="Seizures were fewer with lamotrigine than with placebo.",
        honest="Levetiracetam was followed by fewer seizures than placebo.",
    ),
    Case(
        rule="comparator",
        passage="Fusion rates were higher with cages than with iliac crest grafts.",
        false="Fusion rates were higher with cages than with ceramic spacers.",
        honest="Fusion rates were higher with cages than with grafts of the iliac crest.",
    ),
    Case(
        rule="species",
        passage="Mice treated with the inhibitor survived for 60 days.",
        false="Patients treated with the inhibitor survived for 60 days.",
        honest="In murine experiments, survival with the inhibitor was 60 days.",
        design=ANIMAL,
    ),
    Case(
        rule="species",
        passage="The rats of the treated group walked again after 14 days.",
        false="Rabbits of the treated group walked again after 14 days.",
        honest="The rats that were treated walked again after two weeks.",
        design=ANIMAL,
    ),
    Case(
        rule="hedge",
        passage="Early shunting may protect the optic nerve in these children.",
        false="Early shunting protects the optic nerve of these children.",
        honest="Early shunting can protect the optic nerve of these children.",
    ),
    Case(
        rule="cause",
        passage="Smoking was associated with rupture of the aneurysm.",
        false="Smoking causes rupture of the aneurysm.",
        honest="Smoking goes with rupture of the aneurysm.",
        design=COHORT,
    ),
    Case(
        rule="design",
        passage="Patients were followed for recurrence after burr holes.",
        false="In a randomised trial, patients were followed for recurrence after burr holes.",
        honest="In a cohort study, patients were followed for recurrence after burr holes.",
        design=COHORT,
    ),
    Case(
        rule="design",
        passage="Allocation was quasi-randomised by the day of birth.",
        false="Allocation was randomised by computer.",
        honest="Allocation followed the day of birth and was not randomised.",
        design=StudyType.CLINICAL_TRIAL,
    ),
    Case(
        rule="scope",
        passage="Radiosurgery controlled vestibular schwannomas smaller than 2 cm.",
        false="Radiosurgery controlled vestibular schwannomas of any size.",
        honest="Radiosurgery controlled small vestibular schwannomas (under 2 cm).",
    ),
]  # fmt: skip


def _claim(text: str, case: Case) -> Claim:
    return Claim(
        raw=text, passages=(Passage(raw=case.passage, study_type=case.design),), label=f"{case.design.value}:"
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.false}")
def test_rule__false_sentence__names_the_fault(case: Case) -> None:
    assert case.rule in {fault.rule for fault in check(_claim(case.false, case)).faults}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.honest}")
def test_rule__honest_sentence__is_refused_by_none(case: Case) -> None:
    assert check(_claim(case.honest, case)).faults == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.passage)
def test_rule__passage_itself__is_supported(case: Case) -> None:
    assert check(_claim(case.passage, case)).supported


def test_check__fault__tells_the_words_and_what_the_passages_say() -> None:
    (fault,) = check(_claim(CASES[3].false, CASES[3])).faults
    assert str(fault) == "says '4 mg': its passages have '4 mg/kg'"


def test_check__synthesis_of_two_passages__takes_each_half_from_one() -> None:
    passages = (
        Passage(raw="Recurrence was 9% with a drain."), Passage(raw="Imaging showed residual fluid in 40% of patients.")
    )  # fmt: skip
    verdict = check(Claim(raw="Recurrence was 9% with a drain, and 40% had residual fluid.", passages=passages))
    assert verdict.faults == ()


def test_check__interval_whose_ends_stand_in_two_passages__is_a_fault() -> None:
    passages = (
        Passage(raw="The ratio was 1.2 (95% CI 0.8 to 1.9)."),
        Passage(raw="It was 3.0 (95% CI 2.2 to 4.1), not 0.8."),
    )
    faults = check(Claim(raw="The ratio was 1.2 (95% CI 0.8 to 4.1).", passages=passages)).faults
    assert "interval" in {fault.rule for fault in faults}


@pytest.mark.parametrize(
    ("finding", "species", "refused"),
    [
        (FindingKind.OWN_RESULT, Species.ANIMAL, True),
        (FindingKind.BACKGROUND, Species.HUMAN, False),
        (FindingKind.BACKGROUND, None, False),
    ],
)
def test_check__animal_study__asks_its_own_results_alone_to_be_told_as_such(
    finding: FindingKind, species: Species | None, refused: bool
) -> None:
    passage = Passage(
        raw="The implant prolonged survival to 120 days.", study_type=ANIMAL, finding=finding, species=species
    )
    claim = Claim(raw="With the implant, survival was prolonged to 120 days.", passages=(passage,))
    assert bool(check(claim).faults) is refused


def test_check__what_no_rule_decides__is_neither_faulty_nor_supported() -> None:
    passage = Passage(raw="A subdural drain lowers the recurrence of chronic subdural haematoma.")
    verdict = check(Claim(raw="Leaving a tube behind keeps the bleeding from coming back.", passages=(passage,)))
    assert verdict.undecided

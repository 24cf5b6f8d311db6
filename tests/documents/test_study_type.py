"""Study types: each rule with a text that it must not take for its own."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chapter_pipeline.documents.metadata.study_type import study_type
from chapter_pipeline.domain.document import StudyType

META, RANDOMISED, COHORT = StudyType.META_ANALYSIS, StudyType.RANDOMISED_TRIAL, StudyType.COHORT
CASES, TRIAL, REVIEW = StudyType.CASE_SERIES, StudyType.CLINICAL_TRIAL, StudyType.REVIEW
PROTOCOL, ANIMAL, BENCH, UNKNOWN = StudyType.PROTOCOL, StudyType.ANIMAL, StudyType.LABORATORY, StudyType.UNKNOWN


@dataclass(frozen=True, slots=True)
class Case:
    """A text and its study type."""

    title: str
    abstract: str
    wanted: StudyType
    methods: str = ""
    printed_type: str | None = None


CASES_OF_ABSTRACTS = (
    # Assignment at random
    Case("Drains after burr holes", "Background: Drains are debated. Methods: Patients were randomly assigned to a drain or none.", RANDOMISED),
    Case("Drains after burr holes", "In this randomised, assessor-blinded, parallel-group study, 80 adults received a drain or none.", RANDOMISED),
    Case("Walking before meals", "Methods Twelve men walked in a randomised crossover design.", RANDOMISED),
    Case("A school programme for backs", "Methods: We randomly allocated 20 schools to a programme or to no programme.", RANDOMISED),
    Case("Feasibility of early mobilisation: a cluster-randomised pilot trial", "We enrolled ten wards.", RANDOMISED),
    Case("Two pens for migraine", "We conducted two randomised, double-blind trials in adults.", RANDOMISED),
    Case("Drug A in stroke", "We analysed survival in a post hoc analysis of a trial. Patients were randomised to drug A or placebo.", RANDOMISED),
    Case("Steroids for haematoma", "Methods: We compared steroids with surgery.", RANDOMISED, methods="The 45 patients were randomly assigned to two groups."),
    Case("Walking before meals", "Methods Twelve men walked in a crossover design.", RANDOMISED, methods="Each subject completed three randomised visits."),
    Case("Walking before meals", "Methods Twelve men walked in a crossover design.", RANDOMISED, methods="Each subject had four randomised trials (one with no activity and three activity trials)."),
    Case("Canine retraction after piezocision", "Methods: Patients were randomly assigned to laser or control.", RANDOMISED),
    # Words of chance that assign nobody
    Case("Drains after burr holes", "Background: Randomised trials are scarce. Conclusions: A randomised trial is needed.", UNKNOWN),
    Case("Drains after burr holes", "A randomised trial in Denmark showed that drains help. Their price is not known.", UNKNOWN),
    Case("Pain of nurses", "Methods: We conducted a cross-sectional study of 300 randomly selected nurses.", COHORT),
    Case("A score for bleeding", "Methods: This retrospective study randomly divided patients into a training set and a test set.", COHORT),
    Case("Body mass and meningioma: a Mendelian randomisation study", "We used genetic variants as instruments in adults.", COHORT),
    Case("Memory of pictures", "Methods: Volunteers saw pictures.", UNKNOWN, methods="Pictures were shown in a randomised order. Each subject rested."),
    Case("Foliar feeding of wheat", "Plots of wheat were fed.", UNKNOWN, methods="Treatments were arranged in a randomised complete block design."),
    Case("Fasting and reaction times: a case-crossover study", "Methods: Eight volunteers reported on random days.", COHORT),
    Case("A novel design for intervention trials", "The prospective randomised open design is compared with the double-blind design.", UNKNOWN),
    Case("Reporting quality of randomised trials", "Methods: We read reports in which patients were randomised.", UNKNOWN),
    Case("Screening for aneurysms: recommendation statement", "Women were randomly assigned to screening in two of the trials.", UNKNOWN),
    Case("Vitamin levels and stroke", "Methods: We conducted a substudy of a trial. Participants were randomised to placebo. Results: Levels predicted and were associated with stroke in this cohort.", COHORT),
    Case("Two incisions", "Methods: Treatment was not randomised. Interviewers were randomly assigned to patients.", UNKNOWN),
    Case("A cohort study of drains", "Methods: We followed patients.", COHORT, methods="Patients had been randomly assigned to a drain."),
    Case("Drug C after stroke", "Drug C was given.", UNKNOWN, methods="Placebo or drug C was given to rats, which were randomly assigned to cages."),
    # Trials that are not randomised
    Case("Drug B for glioma", "Methods: We conducted a phase II trial in 30 patients.", TRIAL),
    Case("Drug B for glioma", "Methods: In this phase II trial, 30 patients were randomised to drug B or observation.", RANDOMISED),
    Case("Drug B for glioma", "Methods: We conducted a placebo-controlled phase I trial in 30 patients.", UNKNOWN),
    Case("Drug B for glioma", "Background: A phase I trial is under way elsewhere. Methods: We weighed tablets.", UNKNOWN),
    Case("Two incisions", "Methods: In this non-randomised controlled trial, patients chose an incision.", TRIAL),
    Case("Two incisions", "Methods: In this prospective cohort, treatment was not randomised.", COHORT),
    Case("Radiosurgery of stage II lesions", "Methods: Patients with stage II lesions in our study were treated.", UNKNOWN),
    Case("Open ducts of the newborn", "Opinions differ. A pilot trial of this strategy showed fewer bleeds.", UNKNOWN),
    # People who are observed
    Case("Anaemia before craniotomy", "Methods: A national database was used to identify patients.", COHORT),
    Case("Anaemia before craniotomy", "Methods: Medline databases were searched to identify studies.", META),
    Case("Smoking and aneurysms", "Methods: In a case-control study we compared 200 patients with 400 controls.", COHORT),
    Case("A blood test for bleeding", "Methods: Sensitivity and specificity were computed in 90 patients.", COHORT),
    Case("Smoking and aneurysms", "Previous cohort studies have disagreed. The question is open.", UNKNOWN),
    Case("Cells of the gut", "We surveyed global gene expression of the gut wall.", UNKNOWN),
    Case("Habits of surgeons", "We surveyed 120 surgeons by post.", COHORT),
    Case("Genome-wide association study of glioma", "We compared patients and controls.", COHORT),
    Case("Drains after burr holes", "Methods: We describe results of drains.", COHORT, methods="This was a retrospective study of all patients."),
    Case("Ovaries and fertility", "Objective: To compare women. Design, Setting, and Participants: Prospective cohort study of 90 women.", COHORT),
    Case("Corin in blood", "Methods: Plasma of patients with heart failure was compared with that of healthy controls.", COHORT),
    Case("Malaria of travellers: a national surveillance and a review of studies", "Methods: A national register was read.", COHORT),
    Case("Vessels of lung explants", "Methods: This retrospective study examined explants of 26 patients.", COHORT),
    Case("Fat and obesity", "Cross-sectional studies agree that fat matters.", UNKNOWN),
    # Single people
    Case("Pneumocephalus after a flight: case report and review of the literature", "A pilot fell ill.", CASES),
    Case("Pneumocephalus after a flight", "We report two cases of pneumocephalus.", CASES),
    Case("Pneumocephalus after a flight", "A 54-year-old woman was admitted.", CASES),
    Case("Guided dosing", "Methods: Case reports and letters were not considered.", UNKNOWN),
    Case("Models of brain metastasis", "We report a patient-derived model. Mice, mice and mice were grafted.", ANIMAL),
    # Syntheses, reviews, protocols
    Case("Drains: a systematic review", "Trials in which patients were randomised were pooled.", META),
    Case("Drains after burr holes", "Methods: We systematically searched three databases for randomised trials.", META),
    Case("Drains after burr holes", "Methods: We searched PubMed from inception for trials.", META),
    Case("Drains after burr holes", "Recent systematic reviews have disagreed. Surgeons do as they please.", UNKNOWN),
    Case("Barriers of the brain", "In this review, we discuss how drugs pass into the brain. Randomised trials have failed.", REVIEW),
    Case("Barriers of the brain: a scoping review", "Drugs hardly pass.", REVIEW),
    Case("Barriers of the brain", "Drugs hardly pass into the brain.", REVIEW, printed_type="REVIEW ARTICLE"),
    Case("Barriers of the brain", "Methods: Patients were randomly assigned to a drug or placebo.", RANDOMISED, printed_type="Review"),
    Case("Ablation of tumours", "Methods: This prospective study was approved by our institutional review board.", COHORT),
    Case("Drains after burr holes: study protocol for a randomised trial", "Patients will be randomised.", PROTOCOL),
    Case("Drains after burr holes", "Methods: Adults will be recruited. They will be randomly assigned to drains.", PROTOCOL),
    Case("Early protocol versus standard protocol of sedation", "Methods: Patients were randomly assigned.", RANDOMISED),
    Case("Deaths of a nation: rationale, design and baseline results of a cohort study", "We visited homes.", COHORT),
    Case("Drains after burr holes", "Methods: This cohort holds 30 adults. Children will be included.", COHORT),
    # Animals and specimens
    Case("Drug C in murine glioma", "Mice were randomly assigned to drug C or vehicle.", ANIMAL),
    Case("Parvovirus eradicates chordoma xenografts", "Tumours shrank in nude mice.", ANIMAL),
    Case("Pericytes after infarction in a swine model", "We performed a randomised, blind trial in pigs.", ANIMAL),
    Case("Drug C after stroke", "We treated rats and mice. Patients may profit.", ANIMAL),
    Case("Antithymocyte globulin in kidney recipients", "Methods: Patients were randomly assigned to rabbit antithymocyte globulin or none.", RANDOMISED),
    Case("How animal models help us to understand grief", "Stress changes the brain. Animals differ.", UNKNOWN),
    Case("Screws in the sacrum", "In this cadaver study, screws were placed in twelve cadavers.", BENCH),
    Case("Screws in the sacrum", "In this cadaver study, screws were placed in twelve cadavers. Patients may profit.", BENCH),
    Case("Kidneys of cadaveric donors: a cohort study", "Methods: We followed patients.", COHORT),
    Case("Noise at low voltage: a head phantom study", "A phantom was scanned prospectively.", BENCH),
    Case("Mirror therapy of phantom limb pain: a randomised trial", "Patients were treated.", RANDOMISED),
    Case("Bone cement and perfused dura explants", "Explants were kept for days.", BENCH),
    Case("Hypoxia of schwannoma cells in vitro", "Cells were kept without oxygen.", BENCH),
    Case("Weight and in vitro fertilisation: a retrospective study", "Women were followed.", COHORT),
    Case("A kinase of telomeres", "Here we show that the kinase binds a protein. Its knockdown in cells lowers the protein, and the promoter of the gene is silent.", BENCH),
    Case("A kinase of telomeres", "The kinase binds a protein. Its loss in cells lowers the protein, and the promoter of the gene is silent.", UNKNOWN),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES_OF_ABSTRACTS, ids=lambda case: f"{case.title} {case.abstract}"[:90])
def test_study_type__what_the_authors_did__decides(case: Case) -> None:
    found = study_type(case.title, case.abstract, "", case.methods, case.printed_type)
    assert found is case.wanted


def test_study_type__animals_of_the_whole_text__decide_where_no_sentence_does() -> None:
    rats = "The rats were kept in pairs. " * 30
    assert study_type("Drug C after stroke", "Drug C was given.", rats) is ANIMAL
    assert study_type("Drug C after stroke", "Drug C was given.", rats + "Patients were seen. " * 30) is UNKNOWN

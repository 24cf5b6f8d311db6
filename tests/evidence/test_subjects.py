"""Animals are never told as people; what only sounds like an animal is not told as one."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.evidence.subjects import diseases_named, species_named, subjects_of

HUMAN, ANIMAL, CELLS, BENCH = Species.HUMAN, Species.ANIMAL, Species.CELLS, Species.BENCH


@pytest.mark.parametrize(
    ("text", "species"),
    [
        ("Survival was longer in treated mice.", ANIMAL),
        ("Lambs were ventilated for ten minutes.", ANIMAL),
        ("Piglets and ferrets had less oedema.", ANIMAL),
        ("Twelve patients and two surgeons took part.", HUMAN),
        ("The drug was tolerated in a phase II trial.", HUMAN),
        ("A phase image of the signal was made.", None),
        ("Women had in vitro fertilisation.", HUMAN),
        ("Growth was inhibited in vitro.", CELLS),
        ("Phantom limb pain was rare.", HUMAN),
        ("The probe was calibrated in a phantom.", BENCH),
        ("Dog bites were the cause.", HUMAN),
        ("The canine retraction was faster.", HUMAN),
        ("Sections were stained with goat anti-rabbit IgG and rat monoclonal antibodies.", None),
        ("Fetal bovine serum was added.", None),
        ("Primary mouse keratinocytes were cultured for a week.", CELLS),
        ("Control-transfected lines responded less.", CELLS),
        ("Mouse-derived peptides were given.", None),
        ("It failed to slow the melanoma model.", ANIMAL),
        ("Biomarkers are for future clinical trials.", HUMAN),
        ("Recurrence was rare.", None),
    ],
)
def test_species_named__words_of_a_sentence__name_it(text: str, species: Species | None) -> None:
    assert species_named(text) is species


@pytest.mark.parametrize(
    ("study", "title", "species"),
    [
        (StudyType.RANDOMISED_TRIAL, "Sustained inflation in asphyxiated lambs: a randomised trial", ANIMAL),
        (StudyType.REVIEW, "Mouse models of glioblastoma: a review", ANIMAL),
        (StudyType.RANDOMISED_TRIAL, "Drains after burr-hole surgery: a randomised trial", HUMAN),
        (StudyType.COHORT, "Animal-assisted therapy of patients with dementia", HUMAN),
        (StudyType.ANIMAL, "Carmustine wafers prolong survival", ANIMAL),
        (StudyType.LABORATORY, "Growth of cultured spheroids of glioma", CELLS),
    ],
)
def test_subjects_of__title_and_design__give_the_species(study: StudyType, title: str, species: Species) -> None:
    assert subjects_of(study, title, "", "", None).species is species


@pytest.mark.parametrize(
    ("text", "kind", "species"),
    [
        ("Survival was longer with the wafer than without it.", FindingKind.OWN_RESULT, ANIMAL),
        ("Antibodies against human cells were used.", FindingKind.OWN_RESULT, ANIMAL),
        ("Post-mortem tissue of patients lacked the receptor.", FindingKind.OWN_RESULT, HUMAN),
        ("Glioblastoma is the most common primary tumour of adults.", FindingKind.BACKGROUND, HUMAN),
        ("Glioblastoma has a poor prognosis.", FindingKind.BACKGROUND, HUMAN),
        ("Wafers prolonged survival.", FindingKind.CONCLUSION, ANIMAL),
    ],
)
def test_subjects__statements_of_an_animal_study__background_alone_is_of_people(
    text: str, kind: FindingKind, species: Species
) -> None:
    subjects = subjects_of(StudyType.ANIMAL, "Carmustine wafers in rats with glioma", "", "", None)
    assert subjects.of(text, text, (), kind)[0] is species


def test_subjects__disease__is_of_the_sentence_else_of_the_document() -> None:
    subjects = subjects_of(
        StudyType.COHORT, "Surgery for glioblastoma", "Patients with glioblastoma (GBM) were studied.", "", None
    )
    assert subjects.of("Pituitary adenomas grew.", "", (), FindingKind.BACKGROUND)[1] == "Pituitary adenomas"
    assert subjects.of("Survival of GBMs was short.", "", (), FindingKind.OWN_RESULT)[1] == "glioblastoma"
    assert subjects.of("Survival was short.", "", (), FindingKind.OWN_RESULT)[1] == "glioblastoma"


def test_subjects_of__population_of_the_record__is_preferred() -> None:
    assert subjects_of(StudyType.COHORT, "Surgery for glioma", "", "", "adults with meningioma").disease == "meningioma"


def test_diseases_named__general_words__are_no_names() -> None:
    assert diseases_named("The disease and its diagnosis were severe in high-grade glioma.") == ("high-grade glioma",)


def test_species_named__as_many_words_for_two__the_studied_one_is_meant() -> None:
    said = "We established 13 cell lines of 12 patients."
    assert (species_named(said, CELLS), species_named(said, HUMAN), species_named(said)) == (CELLS, HUMAN, HUMAN)


@pytest.mark.parametrize(
    ("text", "kind", "species"),
    [
        ("He switched to another drug and died.", FindingKind.CASE, HUMAN),
        ("The tumour grew and death followed.", FindingKind.CASE, ANIMAL),
        ("These findings support clinical trials of wafers.", FindingKind.CONCLUSION, ANIMAL),
        ("Wafers failed in clinical trials.", FindingKind.BACKGROUND, HUMAN),
        ("The camera has 640 pixels and a lens of 25 mm.", FindingKind.OWN_METHOD, BENCH),
        ("The camera was above the skull of the rats, with a lens of 25 mm.", FindingKind.OWN_METHOD, ANIMAL),
        ("The laser was held still.", FindingKind.OWN_METHOD, ANIMAL),
    ],
)
def test_subjects__cases_and_devices_of_an_animal_study__are_of_people_and_of_the_bench(
    text: str, kind: FindingKind, species: Species
) -> None:
    subjects = subjects_of(StudyType.ANIMAL, "Carmustine wafers in rats with glioma", "", "", None)
    assert subjects.of(text, text, (), kind)[0] is species


@pytest.mark.parametrize(
    ("title", "abstract", "body", "disease"),
    [
        ("Barriers to therapy of brain tumors", "", "Malignant glioma is rare. " * 6 + "Brain tumors are rare.", "Malignant glioma"),
        ("An atlas of brain tumors", "", "Brain tumors are rare. " * 3 + "Medulloblastoma is rare. " * 4, "brain tumors"),
        ("An atlas of brain tumors", "", "Medulloblastoma is rare. Ependymoma is rare. Glioma is rare. " * 4, "brain tumors"),
        ("Receptor antagonists in a model", "", "Multiple sclerosis is common. " * 4, "Multiple sclerosis"),
        ("Receptor antagonists in a model", "", "Multiple sclerosis is common. " * 3, None),
        ("Therapy of murine glioma", "", "", "glioma"),
        ("A peer-led diabetes programme", "", "", "diabetes"),
        ("Patients With Congestive Heart Failure and the Roseburia", "", "", "Congestive Heart Failure"),
        ("Exercise for patients with DIPG", "Diffuse intrinsic pontine glioma (DIPG) is rare.", "", "Diffuse intrinsic pontine glioma"),
        ("Lines of glioblastoma multiforme (GBM)", "GBM is rare.", "", "glioblastoma"),
    ],
)  # fmt: skip
def test_subjects_of__disease__is_the_kind_that_the_document_is_on(
    title: str, abstract: str, body: str, disease: str | None
) -> None:
    assert subjects_of(StudyType.COHORT, title, abstract, body, None).disease == disease


@pytest.mark.parametrize(
    ("text", "kind", "disease"),
    [
        ("Residual tumours grew again.", FindingKind.BACKGROUND, "Pituitary macroadenomas"),
        ("Preoperative adenoma size foretells recurrence.", FindingKind.CONCLUSION, "Pituitary macroadenomas"),
        ("Visual injury may be avoided.", FindingKind.CONCLUSION, "Pituitary macroadenomas"),
        ("Traumatic brain injury is common.", FindingKind.BACKGROUND, "Traumatic brain injury"),
        ("Lung cancer is common.", FindingKind.BACKGROUND, "Lung cancer"),
        ("Headache is common.", FindingKind.BACKGROUND, "Headache"),
        ("Headache was rare.", FindingKind.OWN_RESULT, "Pituitary macroadenomas"),
    ],
)
def test_subjects__names_that_say_less_than_the_document__are_its_disease(
    text: str, kind: FindingKind, disease: str
) -> None:
    subjects = subjects_of(StudyType.COHORT, "Pituitary macroadenomas after surgery", "", "", None)
    assert subjects.of(text, text, (), kind)[1] == disease


def test_subjects__disease_named_once_in_an_abstract__is_not_that_of_every_result() -> None:
    subjects = subjects_of(StudyType.META_ANALYSIS, "Death of prisoners", "One had hepatitis.", "", None)
    assert subjects.of("Asthma was common.", "", (), FindingKind.OWN_RESULT)[1] == "Asthma"
    assert subjects.of("Death was common.", "", (), FindingKind.OWN_RESULT)[1] == "hepatitis"

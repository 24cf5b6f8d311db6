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

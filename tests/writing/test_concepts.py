"""The concepts of a topic: interventions that study records and the forms of names tell, and what is no concept."""

from __future__ import annotations

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Population, StudyRecord
from chapter_pipeline.domain.library import DocumentRecord, RetrievedPassage
from chapter_pipeline.domain.tasks import CandidateTerm, KeyConceptsRequest
from chapter_pipeline.providers.extractive_concepts import choose_concepts
from chapter_pipeline.writing.concepts import INTERVENTION_CLOSENESS, candidate_terms
from tests.library_samples import HashEmbedder

TOPIC = "Therapy of glioma"


def passage(document: str, text: str, number: int) -> RetrievedPassage:
    return RetrievedPassage(
        rank=1, passage_id=number, document=document, page=1, start=0, end=len(text), text=text, section=None, score=1.0,
        parts={},
    )  # fmt: skip


def document(key: str, title: str) -> DocumentRecord:
    return DocumentRecord(
        key=key, title=title, authors=(), year=2020, doi=None, journal=None, licence=None, study_type=StudyType.REVIEW,
        page_count=1,
    )  # fmt: skip


def terms(*texts: str, title: str = "Glioma", record: StudyRecord | None = None) -> dict[str, CandidateTerm]:
    found = candidate_terms(
        TOPIC, probe=[passage("a", text, number) for number, text in enumerate(texts)],
        documents=[document("a", title)], embedder=HashEmbedder(), records={"a": record} if record else {},
    )  # fmt: skip
    return {term.name: term for term in found}


def test_candidates__drug_that_no_title_names__is_an_intervention_by_the_form_of_its_name() -> None:
    found = terms(
        "Carmustine and bevacizumab were given. Carmustine helped. Bevacizumab did not. Carmustine again, bevacizumab too."
    )
    assert {"carmustine", "bevacizumab"} <= found.keys()
    assert found["carmustine"].intervention
    assert found["carmustine"].closeness >= INTERVENTION_CLOSENESS


def test_candidates__drug_named_twice__is_none() -> None:
    assert "carmustine" not in terms("Carmustine was given. Carmustine helped.")


def test_candidates__arm_of_a_study__is_an_intervention_and_its_control_is_not() -> None:
    record = StudyRecord(design=StudyType.RANDOMISED_TRIAL, level=2, arms=("tumour paint", "placebo"))
    found = terms(
        "Tumour paint and placebo were compared. Tumour paint won. Placebo lost. Tumour paint, placebo.", record=record
    )
    assert found["tumour paint"].intervention
    assert "placebo" not in found


def test_candidates__condition_of_a_study__is_a_concept_and_no_intervention() -> None:
    record = StudyRecord(design=StudyType.COHORT, level=3, population=Population(condition="anaplastic glioma"))
    found = terms("Anaplastic glioma grows. Anaplastic glioma returns. Anaplastic glioma spreads.", record=record)
    assert not found["anaplastic glioma"].intervention


def test_candidates__institutions_and_places_of_experiments__are_no_concepts() -> None:
    text = "The glioma network met. In vivo the glioma network grew, in vivo. The glioma network, in vivo."
    assert not {"glioma network", "vivo"} & terms(text, title="Glioma network in vivo").keys()


def test_questions__of_an_intervention__are_of_its_effect_its_harm_and_its_dose() -> None:
    request = KeyConceptsRequest(
        topic=TOPIC, audience="surgeons", perspectives={"surgeon": "operation"},
        candidates=(
            CandidateTerm(name="carmustine", frequency=5, documents=1, closeness=0.5, intervention=True),
            CandidateTerm(name="oedema", frequency=5, documents=1, closeness=0.4),
        ),
    )  # fmt: skip
    asked = {
        one.name: {query.perspective for query in one.queries}
        for one in choose_concepts(request, HashEmbedder()).concepts
    }
    assert asked == {"carmustine": {"author", "efficacy", "safety", "dose", "surgeon"}, "oedema": {"author", "surgeon"}}

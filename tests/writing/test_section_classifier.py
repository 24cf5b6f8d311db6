"""Which section of a textbook would print a statement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chapter_pipeline.domain import ChapterKind
from chapter_pipeline.ports import Embedder
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.writing import section_classifier as module
from chapter_pipeline.writing.section_classifier import (
    RESEARCH,
    SectionClassifier,
    section_classifier,
    trained,
    training_statements,
    without_topic,
    write_weights,
)
from chapter_pipeline.writing.templates import template
from tests.library_samples import HashEmbedder

DISEASE = [section.kind for section in template(ChapterKind.DISEASE).sections]
TECHNIQUE = [section.kind for section in template(ChapterKind.TECHNIQUE).sections]
# None of these is a training statement.
SAID = {
    "Recurrent haematoma had an annual incidence of 3.4 per 100,000 in the county registry.": "epidemiology",
    "Wound infection and leakage of cerebrospinal fluid were the most frequent complications after closure.": "complications",
    "Five-year survival was 34%, and performance status predicted it.": "outcomes",
    "The dura was incised and the cyst wall was stripped off the optic nerve.": "surgical_treatment",
    "Overexpression of the receptor activates downstream signalling and promotes invasion of glioma cells.": "pathophysiology",
    "Larger randomised trials with longer follow-up are needed before any recommendation can be made.": "future_directions",
}


def test_training_statements__each_section_of_the_clinical_templates__has_at_least_twelve() -> None:
    sections = [section for section, _ in training_statements()]
    kinds = {
        s.kind
        for kind in (ChapterKind.DISEASE, ChapterKind.THERAPY, ChapterKind.TECHNIQUE)
        for s in template(kind).sections
    }
    assert {kind for kind in (*kinds, RESEARCH) if sections.count(kind) < 12} == set()
    assert len({text for _, text in training_statements()}) == len(sections)


@pytest.mark.parametrize(("text", "section"), SAID.items(), ids=SAID.values())
def test_section_classifier__statement_it_has_not_seen__goes_to_the_section_of_its_main_clause(
    text: str, section: str, embedder: Embedder
) -> None:
    assert text not in {known for _, known in training_statements()}
    found = section_classifier(embedder).section_probabilities(embedder.embed([text]), DISEASE)[0]
    assert max(found, key=lambda kind: found[kind]) == section


def test_section_classifier__class_without_a_section__counts_for_its_substitute_or_for_none(embedder: Embedder) -> None:
    classifier = section_classifier(embedder)
    vectors = embedder.embed(
        ["The drug cut the rate of relapse by half in a randomised trial.", "Recruitment took two years."]
    )
    drug, research = classifier.section_probabilities(vectors, TECHNIQUE)
    classes = classifier.probabilities(vectors)
    assert drug["outcomes"] >= classes[0, classifier.classes.index("medical_treatment")]
    assert "medical_treatment" not in drug
    assert sum(research.values()) <= 1 - classes[1, classifier.classes.index(RESEARCH)] + 1e-9


def test_section_classifier__section_of_an_author__is_not_known(embedder: Embedder) -> None:
    found = section_classifier(embedder).section_probabilities(embedder.embed(["Anything."]), ["costs", "outcomes"])
    assert list(found[0]) == ["outcomes"]


def test_section_classifier__packaged_weights__are_those_of_the_packaged_statements(
    tmp_path: Path, embedder: Embedder
) -> None:
    write_weights(embedder, tmp_path)
    with np.load(tmp_path / module.WEIGHTS) as new:
        classes, weights = [str(name) for name in new["classes"]], new["weights"].astype(float)
    vectors = embedder.embed(list(SAID))
    made = SectionClassifier(classes, weights).probabilities(vectors)
    packaged = section_classifier(embedder)
    assert list(packaged.classes) == classes, "run: make section-weights"
    assert np.abs(made - packaged.probabilities(vectors)).max() < 0.02, "run: make section-weights"


def test_section_classifier__another_embedder__is_trained_once_with_its_vectors() -> None:
    other = HashEmbedder()
    first = section_classifier(other)
    assert section_classifier(HashEmbedder()) is first
    texts = [text for _, text in training_statements()]
    right = [first.classes[i] for i in first.probabilities(other.embed(texts)).argmax(axis=1)]
    assert np.mean([a == b for a, (b, _) in zip(right, training_statements(), strict=True)]) > 0.5


def test_trained__twice__gives_the_same_weights() -> None:
    embedder = MiniLM(batch_size=32)
    vectors = embedder.embed(list(SAID))
    assert np.array_equal(trained(embedder).probabilities(vectors), trained(embedder).probabilities(vectors))


@pytest.mark.parametrize(
    ("topic", "text", "neutral"),
    [
        ("Chronic subdural haematoma", "Chronic subdural hematomas recur.", "the disease recur."),
        ("Chronic subdural haematoma", "A subdural drain is left.", "A subdural drain is left."),
        ("Therapy of malignant glioma", "Therapy of a glioma is hard.", "Therapy of the disease is hard."),
        (
            "Multiple sclerosis and its treatment",
            "Multiple trials of multiple sclerosis.",
            "Multiple trials of the disease.",
        ),
        ("Elective cranial surgery (shunts)", "Shunts fail.", "Shunts fail."),
    ],
)
def test_without_topic__name_of_the_disease__is_neutral(topic: str, text: str, neutral: str) -> None:
    assert without_topic(text, topic) == neutral


def test_balanced__what_all_statements_share__counts_less(embedder: Embedder) -> None:
    said = [
        "Recurrence after burr-hole drainage was 9% at six months.",
        "Burr-hole drainage is done under local anaesthesia.",
        "Mortality within thirty days of burr-hole drainage was 2%.",
    ]
    vectors = embedder.embed(said)
    classifier = section_classifier(embedder)
    plain, balanced = classifier.section_probabilities(vectors, DISEASE), classifier.balanced(vectors, DISEASE)
    assert sum(row["surgical_treatment"] for row in balanced) < sum(row["surgical_treatment"] for row in plain)
    assert [sum(row.values()) for row in balanced] == pytest.approx([sum(row.values()) for row in plain])
    assert classifier.balanced(vectors[:0], DISEASE) == []

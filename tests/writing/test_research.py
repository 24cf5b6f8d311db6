"""What the library holds on a topic does not depend on whose vectors its index has, but for the order of hits."""

from __future__ import annotations

import pytest

from chapter_pipeline.domain import BriefRequest, ClinicalQuestion, Concept, KeyConcepts, Perspective, Query
from chapter_pipeline.ports import Embedder
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from chapter_pipeline.writing.evidence import defines
from chapter_pipeline.writing.research import library_research
from chapter_pipeline.writing.stages import Stages
from tests.library_samples import HashEmbedder
from tests.writing.conftest import ARTICLES, TOPIC, store
from tests.writing.test_stages import write


class ByAnotherModel(HashEmbedder):
    """Vectors on another scale than the floors of relevance were measured on."""

    name = "another"


def test_library_research__index_of_another_embedder__judges_relevance_by_the_local_one(
    stages: Stages, database: Database, library: LibraryStore, embedder: Embedder
) -> None:
    brief = stages.chapter_brief("chapter", BriefRequest(topic=TOPIC, word_budget=600))
    concepts = stages.key_concepts(brief)
    own = library_research(
        brief, concepts, search=LibrarySearch(database, embedder), library=library, embedder=embedder
    )
    for document in library.documents():
        for name in document.names:
            library.remove(name)
    another = ByAnotherModel()
    store(library, another, list(ARTICLES))
    assert library.vectors([1], model=embedder.name) == {}
    switched = library_research(
        brief, concepts, search=LibrarySearch(database, another), library=library, embedder=embedder
    )
    relevance = {found.passage.text: found.relevance for found in own.passages}
    assert relevance.keys() == {found.passage.text for found in switched.passages}
    assert {found.passage.text: round(found.relevance, 2) for found in switched.passages} == {
        text: round(value, 2) for text, value in relevance.items()
    }


def test_library_research__question__is_searched_and_its_hits_are_of_its_section(
    stages: Stages, database: Database, library: LibraryStore, embedder: Embedder
) -> None:
    brief = stages.chapter_brief("chapter", BriefRequest(topic=TOPIC, word_budget=600))
    question = ClinicalQuestion.of(
        "outcomes",
        "What is the effect of atorvastatin on the volume of chronic subdural haematoma?",
        Perspective.EFFICACY,
    )
    topic = Concept(key="c0", name=TOPIC, importance=1.0, queries=(Query(text=TOPIC, perspective="author"),))
    concepts = KeyConcepts(concepts=(topic,), questions=(question,), provider="none", model="none")
    found = library_research(
        brief, concepts, search=LibrarySearch(database, embedder), library=library, embedder=embedder
    )
    assert found.searches == 2
    told = [one for one in found.passages if "Atorvastatin 20 mg" in one.passage.text]
    assert told
    assert all("outcomes" in one.sections and "c0" in one.concepts for one in told)


@pytest.mark.parametrize(
    ("sentence", "topic", "expected"),
    [
        ("Chronic subdural haematoma is an encapsulated collection of blood.", "Chronic subdural haematoma", True),
        (
            "A glioma is a primary brain tumor of glial-type cells.",
            "Local and systemic therapy of malignant glioma",
            True,
        ),
        ("Glioma (WHO II) is one of the most common brain tumors.", "Therapy of glioma", True),
        ("Multiple sclerosis (MS) is characterised by demyelination.", "Multiple sclerosis and its treatment", True),
        ("Recurrence is the commonest reason for reoperation.", "Chronic subdural haematoma", False),
        ("Bilateral chronic subdural haematoma is a particular trap.", "Chronic subdural haematoma", False),
        ("Glioma was treated by surgery.", "Therapy of glioma", False),
        ("It is a disease.", "Chronic subdural haematoma", False),
    ],
)
def test_defines__only_what_says_what_the_topic_is(sentence: str, topic: str, expected: bool) -> None:
    assert defines(sentence, topic) is expected


def test_introduction__of_a_chapter__begins_with_what_the_topic_is(stages: Stages) -> None:
    chapter = write(stages).reviewed.chapter
    introduction = next(section for section in chapter.sections if section.kind == "introduction")
    known = [quote for quote in chapter.quotes.values() if quote.defines]
    assert known
    assert chapter.quotes[introduction.sentences[0].quotes[0]].defines

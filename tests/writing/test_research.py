"""What the library holds on a topic does not depend on whose vectors its index has, but for the order of hits."""

from __future__ import annotations

from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.retrieval.search import LibrarySearch
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing.model import BriefRequest
from chapter_pipeline.writing.research import library_research
from chapter_pipeline.writing.stages import Stages
from tests.library_samples import HashEmbedder
from tests.writing.conftest import ARTICLES, TOPIC, store


class ByAnotherModel(HashEmbedder):
    """Vectors on another scale than the floors of relevance were measured on."""

    name = "another"


def test_library_research__index_of_another_embedder__judges_relevance_by_the_local_one(
    stages: Stages, database: Database, library: LibraryStore, embedder: MiniLM
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

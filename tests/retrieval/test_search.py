"""The search: its scores are recomputed here in Python, and a search is one statement."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, bindparam, event, text
from sqlalchemy.dialects.postgresql import ARRAY

from chapter_pipeline.domain.library import RetrievedPassage
from chapter_pipeline.errors import UsageError
from chapter_pipeline.retrieval.ranking import CANDIDATES, EXACT_BELOW, FUSED, K1, MAX_RESULTS, B, Weights, fits
from chapter_pipeline.storage import library_search as search_module
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from tests.library_samples import HashEmbedder, add

# Words that the english configuration neither stems nor drops, so that Python can count them by itself.
TEXTS = {
    "a.pdf": "glioma glioma resect\n\nglioma shunt\n\ndura",
    "b.pdf": "dura dura dura graft\n\nshunt infect shunt valv",
    "c.pdf": "glioma graft valv infect resect dura shunt\fbrain",
}
PASSAGES = [paragraph for body in TEXTS.values() for paragraph in re.split(r"\n\n|\f", body)]


@pytest.fixture
def library(database: Database) -> LibraryStore:
    library = LibraryStore(database)
    for name, body in TEXTS.items():
        add(library, name, body)
    return library


@pytest.fixture
def search(database: Database, library: LibraryStore) -> LibrarySearch:
    return LibrarySearch(database, HashEmbedder())


def bm25(query: str, passages: list[str]) -> dict[str, float]:
    """Robertson's formula with Lucene's idf, for distinct query words; passages that share none are left out."""
    words = {passage: Counter(passage.split()) for passage in passages}
    mean = sum(sum(counts.values()) for counts in words.values()) / len(passages)
    scores: dict[str, float] = {}
    for term in set(query.split()):
        holding = [passage for passage in passages if term in words[passage]]
        idf = math.log(1 + (len(passages) - len(holding) + 0.5) / (len(holding) + 0.5))
        for passage in holding:
            tf, length = words[passage][term], sum(words[passage].values())
            score = idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length / mean))
            scores[passage] = scores.get(passage, 0) + score
    return scores


@given(query=st.lists(st.sampled_from("glioma shunt dura graft valv absent".split()), min_size=1, max_size=5))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_search__bm25__equals_the_formula(search: LibrarySearch, query: list[str]) -> None:
    words = " ".join(query)
    expected = bm25(words, PASSAGES)
    found = {hit.text: hit.parts["bm25"] for hit in search.search(words, k=50)}
    assert found == pytest.approx({one: expected.get(one, 0.0) for one in PASSAGES})


def test_search__bm25_alone__ranks_by_it_and_brings_no_other_passages(
    database: Database, library: LibraryStore
) -> None:
    hits = LibrarySearch(database, HashEmbedder(), weights=Weights(bm25=1, cosine=0)).search("shunt dura", k=50)
    expected = bm25("shunt dura", PASSAGES)
    assert [hit.text for hit in hits] == sorted(expected, key=lambda one: -expected[one])
    assert [hit.rank for hit in hits] == list(range(1, len(expected) + 1))


def check_fusion(search: LibrarySearch) -> None:
    """Raises `AssertionError` unless the hits of a search, all of them, have the scores of the formulas, best first."""
    hits = search.search("glioma shunt", k=50)
    embedder = HashEmbedder()
    query = embedder.embed(["glioma shunt"])[0]
    cosines = dict(zip(PASSAGES, embedder.embed(PASSAGES) @ query, strict=True))
    lexical = bm25("glioma shunt", PASSAGES)

    def z(values: list[float]) -> np.ndarray:
        return np.asarray((np.array(values) - np.mean(values)) / np.std(values))

    fused = FUSED.bm25 * z([lexical.get(one, 0) for one in PASSAGES]) + FUSED.cosine * z([*cosines.values()])
    expected = dict(zip(PASSAGES, fused, strict=True))
    assert {hit.text: hit.score for hit in hits} == pytest.approx(expected, abs=2e-2)  # halfvec: 11 bits
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {hit.text: hit.parts["cosine"] for hit in hits} == pytest.approx(cosines, abs=2e-3)
    assert {hit.text: hit.parts["bm25"] for hit in hits} == pytest.approx(
        {one: lexical.get(one, 0.0) for one in PASSAGES}
    )


def test_search__two_parts__are_fused_by_z_scores(search: LibrarySearch) -> None:
    check_fusion(search)


MUTANTS = {
    "the weights are swapped": (
        ":bm25_weight * bm25_z + :cosine_weight * cosine_z", ":cosine_weight * bm25_z + :bm25_weight * cosine_z"
    ),
    "one part counts against the passage": (":bm25_weight * bm25_z +", "0 - :bm25_weight * bm25_z +"),
    "BM25 is fused as it is": (":bm25_weight * bm25_z", ":bm25_weight * bm25"),
    "cosine is fused as it is": (":cosine_weight * cosine_z", ":cosine_weight * cosine"),
    "distance counts as closeness": ("1 - (vector <=> CAST(:vector AS halfvec)) AS cosine", "vector <=> CAST(:vector AS halfvec) AS cosine"),
    "the worst comes first": ("ORDER BY ranked.score DESC", "ORDER BY ranked.score"),
    "length does not count": ("1 - :b + :b * length / mean_length", "1"),
    "frequency does not saturate": ("(frequency + :k1 *", "(1 + :k1 *"),
    "rarity does not count": ("idf * frequency", "frequency"),
}  # fmt: skip
"""Changes of the statement of the search: `make mutants` does not reach into it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_search__mutant_of_its_statement__is_caught(
    name: str, search: LibrarySearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = MUTANTS[name]
    statement = search_module._SEARCH.text
    assert statement.count(before) == 1, "the mutant does not fit the statement any more"
    mutant = text(statement.replace(before, after)).bindparams(bindparam("documents", type_=ARRAY(Text)))
    monkeypatch.setattr(search_module, "_SEARCH", mutant)
    with pytest.raises(AssertionError):
        check_fusion(search)


def test_search__words_or_meaning__swapped_weights_turn_the_order(database: Database, library: LibraryStore) -> None:
    by_meaning, by_words = "shunt infect shunt valv", "glioma glioma resect"
    vector = HashEmbedder().embed([by_meaning])[0]

    def found(*weights: Weights) -> list[str]:
        search = LibrarySearch(database, HashEmbedder(), **({"weights": weights[0]} if weights else {}))
        hits = search.search_vector("glioma", vector, k=50)
        return [hit.text for hit in hits if hit.text in (by_meaning, by_words)]

    assert found() == [by_meaning, by_words]
    assert found(Weights(bm25=0.3, cosine=0.7)) == [by_meaning, by_words]
    assert found(Weights(bm25=0.7, cosine=0.3)) == [by_words, by_meaning]


def test_search__bm25__has_the_published_parameters(search: LibrarySearch) -> None:
    """By hand: 7 passages of 22 words, 3 of them with the word; k1 = 1.2 and b = 0.75."""
    (hit,) = (hit for hit in search.search("glioma", k=50) if hit.text == "glioma glioma resect")
    rarity = math.log(1 + (7 - 3 + 0.5) / (3 + 0.5))
    assert hit.parts["bm25"] == pytest.approx(rarity * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / (22 / 7))))


def test_parameters__are_those_that_were_measured() -> None:
    assert Weights(bm25=0.3, cosine=0.7) == FUSED
    assert (CANDIDATES, MAX_RESULTS, EXACT_BELOW) == (200, 400, 10_000)


def test_search__hit__names_document_page_offsets_and_section(search: LibrarySearch, library: LibraryStore) -> None:
    hit = search.search("brain", k=1)[0]
    assert (hit.text, hit.page, hit.section) == ("brain", 2, "Body")
    assert library.page(hit.document, hit.page).text[hit.start : hit.end] == "brain"
    assert library.document(hit.document).names == ("c.pdf",)


def test_search__once__is_one_statement(search: LibrarySearch, database: Database) -> None:
    search.search("glioma", k=3)  # connects
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    search.search("glioma", k=3)
    assert len(statements) == 1
    search.search_many(["glioma", "dura"], k=3)
    assert len(statements) == 3


def test_search_many__queries__are_embedded_together(database: Database, library: LibraryStore) -> None:
    embedder = HashEmbedder()
    search = LibrarySearch(database, embedder)
    together = search.search_many(["glioma", "dura graft"], k=5)
    assert embedder.calls == 1
    assert together == [search.search("glioma", k=5), search.search("dura graft", k=5)]
    assert search.search_many([], k=5) == []


def test_search__draft__is_not_seen_and_does_not_change_the_scores(
    search: LibrarySearch, library: LibraryStore
) -> None:
    before = search.search("glioma dura", k=50)
    add(library, "draft.pdf", "glioma glioma glioma\n\ndura dura", searchable=False)
    assert search.search("glioma dura", k=50) == before
    add(library, "draft.pdf", "glioma glioma glioma\n\ndura dura")
    assert len(search.search("glioma dura", k=50)) == len(before) + 2


def test_search__limited_to_documents__scores_of_the_whole_library(
    search: LibrarySearch, library: LibraryStore
) -> None:
    key = library.document("b.pdf").key
    hits = search.search("dura", k=50, documents=[key])
    assert {hit.document for hit in hits} == {key}
    assert {hit.text: hit.parts["bm25"] for hit in hits}["dura dura dura graft"] == pytest.approx(
        bm25("dura", PASSAGES)["dura dura dura graft"]
    )
    assert search.search("dura", k=50, documents=[]) == []
    assert search.search("dura", k=50, documents=["unknown"]) == []


@pytest.mark.parametrize("exact_below", [10_000, 0])
def test_search__limited_to_passages__finds_these_alone_with_the_words_scores_of_the_whole_library(
    search: LibrarySearch, monkeypatch: pytest.MonkeyPatch, exact_below: int
) -> None:
    monkeypatch.setattr("chapter_pipeline.storage.library_search.EXACT_BELOW", exact_below)
    everything = {hit.passage_id: hit for hit in search.search("glioma shunt", k=50)}
    some = sorted(everything)[::2]
    limited = {hit.passage_id: hit for hit in search.search("glioma shunt", k=50, passages=some)}
    assert sorted(limited) == some
    for one, hit in limited.items():
        assert hit.parts["bm25"] == everything[one].parts["bm25"]
        assert hit.parts["cosine"] == pytest.approx(everything[one].parts["cosine"], abs=1e-6)
    assert search.search("glioma shunt", k=50, passages=[]) == []
    some = [max(everything)]
    assert [hit.passage_id for hit in search.search("glioma shunt", k=50, passages=some)] == some


def test_search__equal_passages__keep_one_order(database: Database) -> None:
    library, search = LibraryStore(database), LibrarySearch(database, HashEmbedder())
    for n in range(4):
        add(library, f"{n}.pdf", f"glioma\n\nglioma\n\nunique{n}")
    first = search.search("glioma", k=8)
    assert first == search.search("glioma", k=8)
    ids = [hit.passage_id for hit in first]
    assert ids == sorted(ids)


def test_search__only_stop_words__is_ranked_by_meaning(search: LibrarySearch) -> None:
    hits = search.search("what is the", k=3)
    assert len(hits) == 3
    assert {hit.parts["bm25"] for hit in hits} == {0.0}
    assert {hit.parts["bm25_z"] for hit in hits} == {0.0}


def test_search__another_query_plan__gives_the_same_scores_to_the_last_bit(database: Database) -> None:
    # Scores are kept in the artifacts: one that moves in its last digit would publish an unchanged chapter again.
    words = [f"term{number}" for number in range(40)]
    library = LibraryStore(database)
    for number in range(12):
        paragraphs = [" ".join(words[start:] + words[: start * number % 7]) for start in range(number, 40, 3)]
        add(library, f"{number}.pdf", "\n\n".join(paragraphs))
    search, embedder = LibrarySearch(database, HashEmbedder()), HashEmbedder()
    query = " ".join(words)
    (vector,) = embedder.embed([query])
    found = []
    for plan in ("hashjoin", "mergejoin", "nestloop", "hashagg"):
        database.engine.dispose()

        def only(connection: Any, _record: Any, plan: str = plan) -> None:
            connection.execute(f"SET enable_{plan} = off")
            connection.commit()

        event.listen(database.engine, "connect", only)
        found.append({hit.passage_id: hit.parts for hit in search.search_vector(query, vector, k=200)})
        event.remove(database.engine, "connect", only)
    assert len(found[0]) > 100
    assert found[1:] == found[:1] * 3


def test_search__empty_library__finds_nothing(database: Database) -> None:
    assert LibrarySearch(database, HashEmbedder()).search("glioma", k=5) == []


@pytest.mark.parametrize("query", ["", "  \n\t"])
def test_search__blank_query__is_refused(search: LibrarySearch, query: str) -> None:
    with pytest.raises(UsageError, match="is blank"):
        search.search(query, k=5)


@pytest.mark.parametrize("k", [0, -1, 401])
def test_search__impossible_k__is_refused(search: LibrarySearch, k: int) -> None:
    with pytest.raises(UsageError, match="ask for 1 to 400"):
        search.search("glioma", k=k)


@given(query=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text.strip()))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_search__any_text__is_a_query_and_never_sql(search: LibrarySearch, query: str) -> None:
    assert len(search.search(query, k=50)) == len(PASSAGES)


def test_search__more_passages_than_are_compared_exactly__asks_the_index_and_agrees(
    search: LibrarySearch, database: Database, library: LibraryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(30):
        add(library, f"more{n}.pdf", "\n\n".join(f"word{n} word{m} glioma" for m in range(10)))

    def vectors_only() -> list[RetrievedPassage]:
        return LibrarySearch(database, HashEmbedder(), weights=Weights(bm25=0, cosine=1)).search("word3 word5", k=20)

    exact = vectors_only()
    monkeypatch.setattr(search_module, "EXACT_BELOW", 0)
    assert {hit.passage_id for hit in vectors_only()} == {hit.passage_id for hit in exact}


def test_session__vector_settings__are_set_when_the_connection_is_made(database: Database) -> None:
    with database.session() as session:
        assert session.scalar(text("SHOW hnsw.iterative_scan")) == "strict_order"
        assert session.scalar(text("SHOW hnsw.ef_search")) == "200"


@pytest.mark.parametrize(
    ("bm25", "cosine", "expected"),
    [
        (0.0, 0.30, True),
        (0.0, 0.8, True),
        (0.1, 0.8, True),
        (0.0, 0.299, False),
        (0.1, 0.15, True),
        (0.1, 0.149, False),
        (0.1, -0.02, False),
        (0.1, 0.0, True),  # not compared: its vector is of another embedder
        (0.0, 0.0, False),
    ],
)
def test_fits__closeness_and_a_shared_word__decide(bm25: float, cosine: float, expected: bool) -> None:
    passage = RetrievedPassage(
        rank=1, passage_id=1, document="d", page=1, start=0, end=1, text="x", section=None, score=1.0,
        parts={"bm25": bm25, "cosine": cosine},
    )  # fmt: skip
    assert fits(passage) is expected

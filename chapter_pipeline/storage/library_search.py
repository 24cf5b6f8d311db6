"""Owns the ranking of passages for a query: exact BM25 and cosine, normalised and fused, in one SQL round trip.

Of a work that is delivered as a JATS article and as a PDF (the same DOI, PMID or PMCID) the article's text is searched.
A PDF whose identifiers belong to another work, as a registry says, is no such PDF.
Weights and parameters are those of `chapter_pipeline.retrieval.ranking`.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgvector import HalfVector
from sqlalchemy import BigInteger, Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text as SqlText

from chapter_pipeline.domain.document import TextSource
from chapter_pipeline.domain.library import RetrievedPassage
from chapter_pipeline.errors import UsageError
from chapter_pipeline.ports import Embedder, Vectors
from chapter_pipeline.retrieval.ranking import CANDIDATES, EXACT_BELOW, FUSED, K1, MAX_RESULTS, B, Weights
from chapter_pipeline.storage.database import Database

# `quoted`: the hashed subplans of IN take each list once, whatever the number of documents. bm25: idf = ln(1 + (N - df + 0.5) / (df + 0.5)), as in Lucene. Statistics are of the whole searchable library also
# under a filter, so that a score means the same. The two branches of `near` are gated by a condition on `extent`
# alone: PostgreSQL evaluates it once and never starts the other branch. `+ 0` keeps the exact branch off the HNSW
# index; `IS TRUE` keeps the filter of the other one from becoming a join or an index scan, which lose its order. The
# full join cannot become a nested loop over all lexical hits, whose number the planner guesses far too low. Sums are
# of whole billionths, and averages in the order of the passages: a sum of floats depends in its last digit on the
# plan, and scores are kept in artifacts, where that digit would make another version of an unchanged chapter.
# While a library is embedded anew, vectors of two embedders lie side by side: those of the other one are not compared,
# and their passages, found by their words, count as of average closeness.
_SEARCH = text("""
WITH articles AS MATERIALIZED (
    SELECT doi, pmid, pmcid FROM documents WHERE searchable AND full_text AND kind = 'jats'
), quoted AS MATERIALIZED (
    SELECT id, key, passage_count, lexeme_count FROM documents
    WHERE searchable AND NOT (kind = 'pdf' AND coalesce(metadata_check ->> 'status', '') <> 'other_work' AND (
        coalesce(doi IN (SELECT doi FROM articles WHERE doi IS NOT NULL), false)
        OR coalesce(pmid IN (SELECT pmid FROM articles WHERE pmid IS NOT NULL), false)
        OR coalesce(pmcid IN (SELECT pmcid FROM articles WHERE pmcid IS NOT NULL), false)
    ))
), library AS MATERIALIZED (
    SELECT CAST(coalesce(sum(passage_count), 0) AS float8) AS passages,
           greatest(CAST(sum(lexeme_count) AS float8) / nullif(sum(passage_count), 0), 1) AS mean_length
    FROM quoted
), wanted AS MATERIALIZED (
    SELECT id, key, passage_count FROM quoted
    WHERE (CAST(:documents AS text[]) IS NULL OR key = ANY (CAST(:documents AS text[])))
), extent AS MATERIALIZED (
    SELECT coalesce(cardinality(CAST(:passages AS bigint[])), sum(passage_count), 0) AS passages FROM wanted
), listed AS MATERIALIZED (
    SELECT postings.* FROM unnest(to_tsvector('english', :query)) AS word JOIN postings USING (lexeme)
    WHERE :bm25_weight > 0 AND postings.document_id IN (SELECT id FROM quoted)
), rarity AS MATERIALIZED (
    SELECT lexeme, ln(1 + (max(passages) - sum(cardinality(passage_ids)) + 0.5) / (sum(cardinality(passage_ids)) + 0.5))
           AS idf
    FROM listed, library GROUP BY lexeme
), lexical AS MATERIALIZED (
    SELECT posting.passage_id,
           CAST(sum(CAST(round(
               idf * frequency * (:k1 + 1) / (frequency + :k1 * (1 - :b + :b * length / mean_length)) * 1e9
           ) AS bigint)) AS float8) / 1e9 AS score
    FROM listed JOIN rarity USING (lexeme), library,
         unnest(passage_ids, frequencies, lengths) AS posting (passage_id, frequency, length)
    WHERE listed.document_id IN (SELECT id FROM wanted)
      AND (CAST(:passages AS bigint[]) IS NULL OR posting.passage_id = ANY (CAST(:passages AS bigint[])))
    GROUP BY posting.passage_id
), placed AS (
    SELECT passage_id, score, row_number() OVER (ORDER BY score DESC, passage_id) AS place FROM lexical
), near AS (
    (SELECT passage_id FROM passage_embeddings
     WHERE :cosine_weight > 0 AND (SELECT passages <= :exact_below FROM extent)
       AND model = :model AND document_id IN (SELECT id FROM wanted)
       AND (CAST(:passages AS bigint[]) IS NULL OR passage_id = ANY (CAST(:passages AS bigint[])))
     ORDER BY (vector <=> CAST(:vector AS halfvec)) + 0, passage_id LIMIT :candidates)
    UNION ALL
    (SELECT passage_id FROM passage_embeddings
     WHERE :cosine_weight > 0 AND (SELECT passages > :exact_below FROM extent)
       AND model = :model AND (document_id IN (SELECT id FROM wanted)) IS TRUE
       AND (CAST(:passages AS bigint[]) IS NULL OR passage_id = ANY (CAST(:passages AS bigint[])))
     ORDER BY vector <=> CAST(:vector AS halfvec) LIMIT :candidates)
), candidates AS (
    SELECT passage_id, coalesce(placed.score, 0) AS bm25 FROM placed FULL JOIN near USING (passage_id)
    WHERE placed.place <= :candidates OR near.passage_id IS NOT NULL
), scored AS MATERIALIZED (
    SELECT candidates.passage_id, bm25, 1 - (vector <=> CAST(:vector AS halfvec)) AS cosine
    FROM candidates LEFT JOIN passage_embeddings AS stored
         ON stored.passage_id = candidates.passage_id AND stored.model = :model
), normalised AS (
    SELECT *,
           coalesce((bm25 - avg(bm25) OVER every) / nullif(stddev_pop(bm25) OVER every, 0), 0) AS bm25_z,
           coalesce((cosine - avg(cosine) OVER every) / nullif(stddev_pop(cosine) OVER every, 0), 0) AS cosine_z
    FROM scored WINDOW every AS (ORDER BY passage_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), ranked AS (
    SELECT passage_id, bm25, coalesce(cosine, 0) AS cosine, bm25_z, cosine_z,
           :bm25_weight * bm25_z + :cosine_weight * cosine_z AS score FROM normalised
    ORDER BY score DESC, cosine DESC, bm25 DESC, passage_id LIMIT :k
)
SELECT ranked.*, wanted.key, passages.page, passages.start_offset, passages.end_offset, passages.text, passages.section,
       passages.text_source, passages.confidence,
       passages.page_label, passages.paragraph
FROM ranked JOIN passages ON passages.id = ranked.passage_id JOIN wanted ON wanted.id = passages.document_id
ORDER BY ranked.score DESC, ranked.cosine DESC, ranked.bm25 DESC, ranked.passage_id
""").bindparams(bindparam("documents", type_=ARRAY(SqlText)), bindparam("passages", type_=ARRAY(BigInteger)))


class LibrarySearch:
    """Implements `chapter_pipeline.ports.PassageSearch` over the searchable documents of `database`."""

    def __init__(self, database: Database, embedder: Embedder, *, weights: Weights = FUSED) -> None:
        self._database = database
        self._embedder = embedder
        self._weights = weights

    def search(
        self, query: str, *, k: int, documents: Sequence[str] | None = None, passages: Sequence[int] | None = None
    ) -> list[RetrievedPassage]:
        """The `k` best passages, best first; `documents` limits the search to these keys, `passages` to these ids.

        A library without passages gives an empty list. Raises `UsageError` for a blank query or an impossible `k`.
        """
        return self.search_many([query], k=k, documents=documents, passages=passages)[0]

    def search_many(
        self,
        queries: Sequence[str],
        *,
        k: int,
        documents: Sequence[str] | None = None,
        passages: Sequence[int] | None = None,
    ) -> list[list[RetrievedPassage]]:
        """One result list per query; the queries are embedded together, each is one round trip."""
        for query in queries:
            if not query.strip():
                raise UsageError(f"the query {query!r} is blank: give at least one word")
        if not 1 <= k <= MAX_RESULTS:
            raise UsageError(f"k={k!r} passages cannot be searched: ask for 1 to {MAX_RESULTS}")
        vectors = self._embedder.embed(queries)
        return [
            self.search_vector(query, vector, k=k, documents=documents, passages=passages)
            for query, vector in zip(queries, vectors, strict=True)
        ]

    def search_vector(
        self,
        query: str,
        vector: Vectors,
        *,
        k: int,
        documents: Sequence[str] | None = None,
        passages: Sequence[int] | None = None,
    ) -> list[RetrievedPassage]:
        """Like `search`, for a query whose unit vector is known already."""
        parameters = {
            "query": query.replace("\x00", " "),
            "vector": HalfVector(vector).to_text(),
            "model": self._embedder.name,
            "documents": None if documents is None else list(documents),
            "passages": None if passages is None else list(passages),
            "bm25_weight": self._weights.bm25,
            "cosine_weight": self._weights.cosine,
            "k1": K1,
            "b": B,
            "candidates": CANDIDATES,
            "exact_below": EXACT_BELOW,
            "k": k,
        }
        with self._database.session() as session:
            rows = session.execute(_SEARCH, parameters).all()
        return [_passage(rank, row) for rank, row in enumerate(rows, start=1)]


def _passage(rank: int, row: Row[*tuple[object, ...]]) -> RetrievedPassage:
    found = row._mapping
    return RetrievedPassage(
        rank=rank,
        passage_id=found["passage_id"],
        document=found["key"],
        page=found["page"],
        start=found["start_offset"],
        end=found["end_offset"],
        text=found["text"],
        section=found["section"],
        score=found["score"],
        text_source=TextSource(found["text_source"]),
        confidence=found["confidence"],
        page_label=found["page_label"],
        paragraph=found["paragraph"],
        parts={part: float(found[part]) for part in ("bm25", "cosine", "bm25_z", "cosine_z")},
    )

"""Owns the parameters of the library search, and which of its hits are about what was asked.

They were measured on SciFact (`chapter_pipeline.services.retrieval_evaluation`).
"""

from __future__ import annotations

from dataclasses import dataclass

from chapter_pipeline.domain.library import RetrievedPassage

K1 = 1.2
"""Saturation of term frequency; Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009."""
B = 0.75
"""Weight of the passage's length; same source."""
CANDIDATES = 200
"""How many passages each part hands to the fusion."""
EXACT_BELOW = 10_000
"""Among up to this many passages every vector is compared; among more the HNSW index is asked."""
MAX_RESULTS = 2 * CANDIDATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each normalised part counts; a part of weight 0 brings no candidates either."""

    bm25: float
    cosine: float


FUSED = Weights(bm25=0.3, cosine=0.7)
"""Measured with `evaluate` on SciFact (5,183 texts, 809 training queries), nDCG@10: BM25 0.696, cosine 0.661, fused
0.733. The curve is flat: BM25 at 0.2 gives 0.723, at 0.4 0.737, at 0.5 0.738."""

ALONE_FLOOR = 0.30
"""Least cosine of a passage that fits a query without sharing a word with it; see docs/decisions/relevance.md."""
SHARED_FLOOR = 0.15
"""Least cosine of a passage that fits and shares a word: a word may mean something else there."""


def fits(passage: RetrievedPassage) -> bool:
    """Whether a passage that was found is about what was asked: a search always finds the nearest, however far."""
    shares_a_word, cosine = passage.parts["bm25"] > 0, passage.parts["cosine"]
    if shares_a_word and cosine == 0:
        return True  # its vector is of another embedder and was not compared
    return cosine >= (SHARED_FLOOR if shares_a_word else ALONE_FLOOR)

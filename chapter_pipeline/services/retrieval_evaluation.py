"""Owns measuring the search on a BEIR data set, with the product's own tables and search in a scratch schema."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chapter_pipeline.domain.document import Metadata, Page, ParsedDocument, Passage
from chapter_pipeline.errors import UsageError
from chapter_pipeline.ports import Embedder
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.retrieval.ranking import FUSED, Weights
from chapter_pipeline.settings import Settings
from chapter_pipeline.shown import shown
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from chapter_pipeline.storage.scratch import scratch_schema

DEPTH = 100
VARIANTS: Mapping[str, Weights] = {
    "bm25": Weights(bm25=1, cosine=0),
    "dense": Weights(bm25=0, cosine=1),
    "fused": FUSED,
}
EMBEDDED_AT_ONCE = 64
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A BEIR data set: texts and queries by id, and for each query the graded relevant texts (grade above 0)."""

    corpus: dict[str, str]
    queries: dict[str, str]
    relevant: dict[str, dict[str, int]]


def evaluate(
    corpus_path: Path,
    queries_path: Path,
    qrels_path: Path,
    settings: Settings,
    on_progress: Progress = lambda _stage, _done, _total: None,
    *,
    embedder: Embedder | None = None,
) -> dict[str, dict[str, float]]:
    """For ``bm25``, ``dense`` and ``fused``: ``ndcg@10``, ``recall@100``, ``p50_ms`` and ``p95_ms`` of a search.

    Times are of the search without embedding the query. Raises `UsageError` naming file and line of a wrong input.
    """
    data = read_beir(corpus_path, queries_path, qrels_path)
    embedder = embedder or MiniLM(batch_size=settings.embedding_batch)
    database = Database.open(settings)
    try:
        database.migrate()
        with scratch_schema(database) as scratch:
            return _measure(data, scratch, embedder, on_progress)
    finally:
        database.close()


def _measure(
    data: DataSet, scratch: Database, embedder: Embedder, on_progress: Progress
) -> dict[str, dict[str, float]]:
    ids = list(data.corpus)
    asked = sorted(data.relevant)
    _load([data.corpus[one] for one in ids], LibraryStore(scratch), embedder, on_progress)
    query_vectors = embedder.embed([data.queries[one] for one in asked])
    report: dict[str, dict[str, float]] = {}
    for variant, weights in VARIANTS.items():
        search = LibrarySearch(scratch, embedder, weights=weights)
        ndcg, recall, times_ms = [], [], []
        for done, (query_id, vector) in enumerate(zip(asked, query_vectors, strict=True), start=1):
            started = time.perf_counter()
            found = search.search_vector(data.queries[query_id], vector, k=DEPTH)
            times_ms.append((time.perf_counter() - started) * 1000)
            ranking = [ids[passage.page - 1] for passage in found]
            ndcg.append(ndcg_at(10, ranking, data.relevant[query_id]))
            recall.append(recall_at(DEPTH, ranking, data.relevant[query_id]))
            on_progress(f"search {variant}", done, len(asked))
        report[variant] = {
            "ndcg@10": round(float(np.mean(ndcg)), 4),
            "recall@100": round(float(np.mean(recall)), 4),
            "p50_ms": round(float(np.percentile(times_ms, 50)), 2),
            "p95_ms": round(float(np.percentile(times_ms, 95)), 2),
        }
    return report


def ndcg_at(k: int, ranking: Sequence[str], relevant: Mapping[str, int]) -> float:
    """Normalised discounted cumulative gain with linear gain, as trec_eval's ndcg_cut (which BEIR reports)."""
    gained = sum(relevant.get(one, 0) / math.log2(place + 2) for place, one in enumerate(ranking[:k]))
    ideal = sorted(relevant.values(), reverse=True)[:k]
    return gained / sum(grade / math.log2(place + 2) for place, grade in enumerate(ideal))


def recall_at(k: int, ranking: Sequence[str], relevant: Mapping[str, int]) -> float:
    """Share of the relevant texts among the first `k`."""
    return len(set(ranking[:k]) & set(relevant)) / len(relevant)


def read_beir(corpus_path: Path, queries_path: Path, qrels_path: Path) -> DataSet:
    """Read ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``. Raises `UsageError` naming file and line."""
    corpus = {}
    for where, row in _json_lines(corpus_path):
        corpus[_field(row, "_id", where)] = f"{row.get('title') or ''} {_field(row, 'text', where)}".strip() or "."
    queries = {_field(row, "_id", where): _field(row, "text", where) for where, row in _json_lines(queries_path)}
    relevant: dict[str, dict[str, int]] = {}
    for where, line in _lines(qrels_path):
        fields = line.split("\t")
        if fields[0] == "query-id":
            continue
        if len(fields) != 3 or not fields[2].strip().lstrip("-").isdigit() or len(fields[2]) > 9:
            raise UsageError(f"{where}: {shown(line)} is not 'query-id<TAB>corpus-id<TAB>score'")
        query_id, corpus_id, grade = fields[0], fields[1], int(fields[2])
        if query_id not in queries or corpus_id not in corpus:
            raise UsageError(
                f"{where}: query {shown(query_id)} or text {shown(corpus_id)} is not in the other two files"
            )
        if grade > 0:
            relevant.setdefault(query_id, {})[corpus_id] = grade
    if not relevant:
        raise UsageError(f"{str(qrels_path)!r} judges no text relevant: nothing can be measured with it")
    return DataSet(corpus=corpus, queries=queries, relevant=relevant)


def _load(texts: Sequence[str], library: LibraryStore, embedder: Embedder, on_progress: Progress) -> None:
    """Store the corpus as one document, each text a page with one passage: page number = place in the corpus."""
    pages = tuple(Page(number=n, width=1, height=1, text=one) for n, one in enumerate(texts, start=1))
    sha256 = hashlib.sha256("\x1e".join(texts).encode()).hexdigest()
    parsed = ParsedDocument(sha256=sha256, page_count=len(pages), metadata=Metadata(), pages=pages)
    document = library.store_text(parsed, name="corpus", size_bytes=0, settings_hash="evaluation")
    library.store_figures(document.id, parsed)
    library.store_passages(
        document.id,
        [
            Passage(
                ordinal=page.number, page=page.number, start=0, end=len(page.text), text=page.text, section=None,
                sentences=((0, len(page.text)),),
            )
            for page in pages
        ],
    )  # fmt: skip
    vectors = np.empty((len(texts), embedder.dimension), dtype=np.float32)
    for start in range(0, len(texts), EMBEDDED_AT_ONCE):
        vectors[start : start + EMBEDDED_AT_ONCE] = embedder.embed(texts[start : start + EMBEDDED_AT_ONCE])
        on_progress("embed", min(start + EMBEDDED_AT_ONCE, len(texts)), len(texts))
    library.store_embeddings(document.id, vectors, model=embedder.name)
    library.mark_searchable(document.id, name="corpus")


def _lines(path: Path) -> list[tuple[str, str]]:
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{str(path)!r} cannot be read as UTF-8 text: {error}") from error
    lines = content.split("\n")
    return [(f"{str(path)!r} line {number}", line) for number, line in enumerate(lines, start=1) if line.strip()]


def _json_lines(path: Path) -> list[tuple[str, dict[str, object]]]:
    rows = []
    for where, line in _lines(path):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:  # no JSON, a number without end, a list without end
            raise UsageError(f"{where} is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise UsageError(f"{where} is {type(row).__name__}, not a JSON object with _id and text")
        rows.append((where, row))
    return rows


def _field(row: Mapping[str, object], name: str, where: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise UsageError(f"{where}: {name!r} is {shown(value)}, not a text")
    return value

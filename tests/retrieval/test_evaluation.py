"""The evaluation: known figures on a tiny data set, wrong files named by line, nothing left behind, SciFact."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from chapter_pipeline.errors import UsageError
from chapter_pipeline.ports import Vectors
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.services.retrieval_evaluation import evaluate, ndcg_at, read_beir, recall_at
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.library_samples import HashEmbedder, add, rows

Files = tuple[Path, Path, Path]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    corpus = [("d1", "Glioma", "resection glioma"), ("d2", "", "dura closure"), ("d3", "Shunt", "valve infection")]
    return _write(
        tmp_path,
        [{"_id": one, "title": title, "text": body} for one, title, body in corpus],
        [{"_id": "q1", "text": "glioma resection"}, {"_id": "q2", "text": "dura"}],
        "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\nq2\td3\t0\n",
    )


def _write(folder: Path, corpus: list[dict[str, str]], queries: list[dict[str, str]], qrels: str) -> Files:
    paths = folder / "corpus.jsonl", folder / "queries.jsonl", folder / "qrels.tsv"
    for path, lines in zip(paths, (corpus, queries), strict=False):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    paths[2].write_text(qrels)
    return paths


def _schemas(database: Database) -> list[str]:
    with database.session() as session:
        return list(session.scalars(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'scratch%'")))


def test_evaluate__tiny_set__finds_all_and_leaves_the_library_as_it_is(
    files: Files, settings: Settings, database: Database
) -> None:
    add(LibraryStore(database), "a.pdf", "glioma resection")
    before, seen = rows(database), []
    report = evaluate(*files, settings, lambda *step: seen.append(step), embedder=HashEmbedder())
    assert set(report) == {"bm25", "dense", "fused"}
    for figures in report.values():
        assert (figures["ndcg@10"], figures["recall@100"]) == (1.0, 1.0)
        assert 0 < figures["p50_ms"] <= figures["p95_ms"]
    assert seen[0] == ("embed", 3, 3)
    assert seen[-1] == ("search fused", 2, 2)
    assert (rows(database), _schemas(database)) == (before, [])


def test_evaluate__embedder_fails__leaves_no_schema(files: Files, settings: Settings, database: Database) -> None:
    class Broken(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        evaluate(*files, settings, embedder=Broken())
    assert _schemas(database) == []


def test_evaluate__schema_of_a_killed_run__is_dropped(files: Files, settings: Settings, database: Database) -> None:
    with database.session() as session:
        session.execute(text("CREATE SCHEMA scratch_of_a_killed_run"))
    evaluate(*files, settings, embedder=HashEmbedder())
    assert _schemas(database) == []


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        (0, "{", r"corpus\.jsonl' line 4 is not JSON"),
        pytest.param(0, "[" * 100_000, r"corpus\.jsonl' line 4 is not JSON", id="deep list"),
        pytest.param(0, '{"_id": ' + "1" * 5000 + "}", r"corpus\.jsonl' line 4 is not JSON", id="endless number"),
        pytest.param(2, f"q1\td1\t{'1' * 5000}", r"qrels\.tsv' line 5: 'q1.{,110} is not", id="endless grade"),
        (0, "[]", r"corpus\.jsonl' line 4 is list"),
        (0, '{"_id": "x"}', r"corpus\.jsonl' line 4: 'text' is None"),
        (1, '{"_id": 7, "text": "x"}', r"queries\.jsonl' line 3: '_id' is 7"),
        (2, "q1 d1 1", r"qrels\.tsv' line 5: 'q1 d1 1' is not"),
        (2, "q1\td1\tmany", r"qrels\.tsv' line 5"),
        (2, "q9\td1\t1", r"qrels\.tsv' line 5: query 'q9'"),
    ],
)
def test_read_beir__wrong_line__is_named(files: Files, file: int, line: str, message: str) -> None:
    with files[file].open("a") as opened:
        opened.write(line + "\n")
    with pytest.raises(UsageError, match=message):
        read_beir(*files)


def test_read_beir__missing_or_empty_file__is_refused(files: Files) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_beir(files[0].with_name("nothing"), *files[1:])
    files[2].write_text("query-id\tcorpus-id\tscore\n")
    with pytest.raises(UsageError, match="judges no text relevant"):
        read_beir(*files)


def test_ndcg_at__worked_example__equals_trec_eval() -> None:
    # gains 3, 0, 2 at ranks 1 to 3, ideal order 3, 2, 1
    expected = (3 + 2 / math.log2(4)) / (3 + 2 / math.log2(3) + 1 / math.log2(4))
    assert ndcg_at(10, ["a", "x", "b"], {"a": 3, "b": 2, "c": 1}) == pytest.approx(expected)
    assert ndcg_at(1, ["x"], {"a": 1}) == 0
    assert recall_at(2, ["a", "x", "b"], {"a": 1, "b": 1}) == 0.5


@pytest.mark.corpus
@pytest.mark.slow
def test_evaluate__scifact_sample__fusion_beats_both_parts(corpus: Path, settings: Settings, tmp_path: Path) -> None:
    """60 queries with their texts among 300; the whole set is measured by hand, embedding it takes 6 minutes."""
    folder = corpus / "retrieval" / "scifact"
    data = read_beir(folder / "corpus.jsonl", folder / "queries-train.jsonl", folder / "qrels-train.tsv")
    queries = sorted(data.relevant)[:60]
    wanted = {text_id for query in queries for text_id in data.relevant[query]}
    ids = sorted(wanted) + [one for one in data.corpus if one not in wanted][: 300 - len(wanted)]
    files = _write(
        tmp_path,
        [{"_id": one, "text": data.corpus[one][:500]} for one in ids],
        [{"_id": one, "text": data.queries[one]} for one in queries],
        "".join(f"{query}\t{one}\t{grade}\n" for query in queries for one, grade in data.relevant[query].items()),
    )
    report = evaluate(*files, settings, embedder=MiniLM(batch_size=4))
    assert report["fused"]["ndcg@10"] >= max(report["bm25"]["ndcg@10"], report["dense"]["ndcg@10"])
    assert report["fused"]["ndcg@10"] > 0.85

"""`doctor`, `evaluate` and `demo`: the commands that look at the whole of the product."""

from __future__ import annotations

import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chapter_pipeline.orchestration.supervisor import _wait_until_it_answers
from chapter_pipeline.orchestration.webserver_access import access_of, new_token
from chapter_pipeline.settings import Settings, current_settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.cli.conftest import Cli
from tests.cli.program import finished, start
from tests.library_samples import add, rows

PARTS = ["database", "extension", "bucket", "figures", "embedding model", "exports", "extractive provider"]
KEYS = ["claude key", "gpt key", "gemini key"]


def test_doctor__all_is_well__each_part_is_named(cli: Cli) -> None:
    checks = {line["name"]: line for line in cli("doctor", "--json").done().lines}
    assert list(checks) == PARTS + KEYS
    assert all(set(check) == {"name", "state", "detail", "remedy"} for check in checks.values())
    assert {checks[name]["state"] for name in PARTS} == {"ok"}
    assert {checks[name]["state"] for name in KEYS} == {"missing"}
    assert "pgvector" in checks["extension"]["detail"]
    assert "embedding model" in cli("doctor").done().out


def test_doctor__a_key_is_set__it_is_found_and_never_shown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    said = cli("doctor", "--json").done()
    assert {line["name"]: line["state"] for line in said.lines}["gpt key"] == "ok"
    assert "sk-very-secret" not in said.out


def test_doctor__images_lost_and_left_over__are_told_with_the_remedy(
    cli: Cli, library: LibraryStore, environment: Settings
) -> None:
    keys = [add(library, f"library/{number}.pdf", f"Shunt {number}\n\nIt worked.") for number in range(5)]
    bucket = ObjectBucket.open(environment)
    bucket.put("figures/aa/left.png", b"left over")
    figures = {line["name"]: line for line in cli("doctor", "--json").lines}["figures"]
    assert figures["state"] == "ok"
    assert figures["detail"].startswith("5 images of figures, 0.0 MB; 1 more in the bucket that nothing shows")
    for key in bucket.keys("figures/"):
        bucket.delete(key)
    said = cli("doctor", "--json")
    figures = {line["name"]: line for line in said.lines}["figures"]
    assert (said.code, figures["state"]) == (1, "failed")
    assert figures["detail"].endswith("; 5 lost")
    assert sum(f"of document '{key}' is not in the bucket" in figures["remedy"] for key in keys) == 3
    assert "ingest 'library/" in figures["remedy"]
    assert figures["remedy"].endswith("; and 2 more")


def test_doctor__no_database__fails_and_still_looks_at_the_rest(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPTER_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/chapters")
    current_settings.cache_clear()
    said = cli("doctor", "--json")
    checks = {line["name"]: line for line in said.lines}
    assert (said.code, said.err) == (1, "")
    assert checks["database"]["state"] == "failed"
    assert "CHAPTER_DATABASE_URL" in checks["database"]["remedy"]
    assert (checks["bucket"]["state"], checks["embedding model"]["state"]) == ("ok", "ok")
    assert "secret" not in said.out


def test_doctor__broken_installation__is_a_finding(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)  # importing it fails
    said = cli("doctor", "--json")
    checks = {line["name"]: line for line in said.lines}
    assert said.code == 1
    assert (checks["exports"]["state"], checks["exports"]["remedy"]) == (
        "failed",
        "install the locked requirements again",
    )


@pytest.fixture
def beir(tmp_path: Path) -> list[str | Path]:
    """The options for a tiny data set."""
    texts = {
        "d1": "Resection of glioma prolongs survival.",
        "d2": "A shunt treats hydrocephalus.",
        "d3": "Winter wheat.",
    }
    corpus, queries, qrels = tmp_path / "corpus.jsonl", tmp_path / "queries.jsonl", tmp_path / "qrels.tsv"
    corpus.write_text(
        "".join(json.dumps({"_id": key, "title": "", "text": text}) + "\n" for key, text in texts.items())
    )
    queries.write_text(json.dumps({"_id": "q1", "text": "survival after resection of glioma"}) + "\n")
    qrels.write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    return ["--corpus", corpus, "--queries", queries, "--qrels", qrels]


def test_evaluate_retrieval__beir_files__one_object_and_the_library_is_untouched(
    cli: Cli, beir: list[str | Path], database: Database
) -> None:
    add(LibraryStore(database), "library/a.pdf", "Glioma\n\nResection was safe.")
    before = rows(database)
    report = cli("evaluate", "retrieval", *beir, "--json").done().value
    assert list(report) == ["bm25", "dense", "fused"]
    for figures in report.values():
        assert set(figures) == {"ndcg@10", "recall@100", "p50_ms", "p95_ms"}
        assert (figures["ndcg@10"], figures["recall@100"]) == (1.0, 1.0)
    assert rows(database) == before
    assert "ndcg@10" in cli("evaluate", "retrieval", *beir).done().out


def test_evaluate_retrieval__unusable_files__are_named(cli: Cli, beir: list[str | Path], tmp_path: Path) -> None:
    missing = tmp_path / "missing.jsonl"
    assert str(missing) in cli("evaluate", "retrieval", *beir, "--corpus", missing).refused(2)
    (tmp_path / "corpus.jsonl").write_text("{not json\n")
    assert "line 1 is not JSON" in cli("evaluate", "retrieval", *beir).refused(2)


@pytest.mark.slow
def test_demo__fresh_home__a_chapter_of_eight_sections_its_six_files_and_its_gaps(
    cli: Cli, environment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary-that-nobody-is-asked-with")
    said = finished(start("demo")).done()
    (chapter,) = cli("chapters", "list", "--json").done().lines
    final = cli("chapters", "show", chapter["slug"], "--json").done().value
    assert len(final["chapter"]["sections"]) >= 8
    assert final["providers"] == ["extractive"]
    files = [path for path in (environment.home / "demo").iterdir() if path.is_file()]
    stem = f"{chapter['slug']}-v{chapter['version']}"
    assert {path.name for path in files} == {f"{stem}.{e}" for e in ("md", "html", "docx", "pdf", "xml", "bib")}
    assert all(str(path) in said.out for path in files)
    gaps = cli("chapters", "gaps", chapter["slug"], "--json").done().value
    assert set(gaps) == {"completeness_score", "requires_revision", "gaps", "statistics"}
    assert all(gap["recommendation"] for gap in gaps["gaps"])
    assert f"Completeness {gaps['completeness_score']:.0%}" in said.out
    assert "\x1b" not in said.out
    monkeypatch.setenv(
        "CHAPTER_TEXT_MODEL", "extractive"
    )  # as the demo does; else the key would be a wish to write anew
    assert finished(start("chapters", "write", chapter["slug"], "--json")).value["unchanged"]


def test_up__redirect_on_its_port__is_no_answer_and_is_not_followed() -> None:
    stopped: list[int] = []
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            stopped.append(signal.SIGTERM)  # one look is enough
            self.send_response(302 if self.path == "/server_info" else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        access = access_of(Settings(webserver_port=server.server_port), new_token())
        assert not _wait_until_it_answers(access, [], stopped)
        server.shutdown()
    assert asked == ["/server_info"]

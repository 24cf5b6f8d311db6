"""`findings` and `documents show --findings`: what a study found is shown, searched, exported and made again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import text

from chapter_pipeline.services.study_records import make_record
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing import stage_table
from chapter_pipeline.writing.stage_table import content_of
from tests.cli.conftest import Cli
from tests.cli.program import paper
from tests.evidence.record_replies import reply_json, stated
from tests.library_samples import add
from tests.providers.fault_server import FaultServer, answer, in_turn, status
from tests.study_records import SERIES, TRIAL, series_record, trial_record


@pytest.fixture
def trial(library: LibraryStore) -> str:
    """A library of a trial and a series with their records; the key of the trial."""
    keys = [add(library, name, text) for name, text in (("library/trial.pdf", TRIAL), ("library/series.pdf", SERIES))]
    for name, made in (("library/trial.pdf", trial_record()), ("library/series.pdf", series_record())):
        found = library.find_named(name)
        assert found is not None
        make_record(library, found.id, lambda _, made=made: made)  # type: ignore[misc]
    return keys[0]


def doctor(cli: Cli) -> dict[str, object] | None:
    """State and detail of the study records; None when there is nothing to say of them."""
    found = [line for line in cli("doctor", "--json").lines if line["name"] == "study records"]
    return {name: found[0][name] for name in ("state", "detail")} if found else None


def test_documents_show__findings__are_those_of_the_record(cli: Cli, trial: str) -> None:
    told = cli("documents", "show", "trial.pdf", "--findings", "--json").done().value
    assert (told["document"], told["current"], told["study"]["design"]) == (trial, True, "randomised controlled trial")
    assert [one["kind"] for one in told["findings"]] == ["own result", "own result", "background"]
    first = told["findings"][0]
    assert (first["page"], first["effects"][0]["value"], first["p"]) == (1, "13.9 vs 11.6", ["P=0.03"])
    assert first["text"] == "Median survival was 13.9 months with wafers and 11.6 months with placebo."
    only = cli("documents", "show", trial, "--findings", "--kind", "background", "--json").done().value
    assert [one["text"] for one in only["findings"]] == ["Infections were rare."]
    shown = cli("documents", "show", trial, "--findings", "--kind", "own_result").done().out
    assert all(said in shown for said in ("randomised controlled trial", "carmustine wafer", "HR -0.68 (-0.9 to -0.4)"))
    assert "Infections were rare." not in shown


def test_documents_show__ingested_paper__has_its_own_results(cli: Cli, tmp_path: Path) -> None:
    cli("ingest", paper(tmp_path / "a.pdf", "haematoma"), "--json").done()
    told = cli("documents", "show", "a.pdf", "--findings", "--kind", "own_result", "--json").done().value
    assert told["current"]
    assert any("A subdural drain lowered the rate of recurrence." in one["text"] for one in told["findings"])


def test_documents_show__options_that_do_not_go_together__are_refused(cli: Cli, trial: str) -> None:
    assert "no kind 'result': choose from own_result," in cli(
        "documents", "show", trial, "--findings", "--kind", "result"
    ).refused(2)
    assert "--kind is given without --findings" in cli("documents", "show", trial, "--kind", "case").refused(2)
    assert "ask for one of them" in cli("documents", "show", trial, "--findings", "--pages").refused(2)


def test_findings_search__filters__find_what_they_say(cli: Cli, trial: str) -> None:
    hits = cli("findings", "search", "survival", "--design", "rct", "--outcome", "survival", "--json").done().lines
    assert [(hit["rank"], hit["document"], hit["level"], hit["n"]) for hit in hits] == [(1, trial, 2, 240)]
    assert hits[0]["outcome"] == "median survival"
    assert {*hits[0]} >= {"score", "words", "passage", "fits", "title", "year", "kind", "direction", "effects", "spans"}
    shown = cli("findings", "search", "survival", "-k", "1", "--main").done().out
    for said in (
        "1. Carmustine wafers in glioma, page 1", "main finding, own result; randomised controlled trial, level 2; human",
        "carmustine wafer against placebo; median survival: increased; 13.9 vs 11.6 months; P=0.03",
    ):  # fmt: skip
        assert said in shown
    assert len(cli("findings", "search", "survival infection", "-k", "1", "--json").done().lines) == 1
    assert cli("findings", "search", "survival", "--level", "1").done().out == "no finding meets these conditions\n"
    assert cli("findings", "search", "survival", "--level", "1", "--json").done().out == ""
    assert "no design 'cohrt': choose from meta-analysis" in cli(
        "findings", "search", "x", "--design", "cohrt"
    ).refused(2)
    assert "is blank" in cli("findings", "search", " ").refused(2)


def test_findings_export__both_forms__are_opened_again_and_never_replaced_unasked(
    cli: Cli, trial: str, tmp_path: Path
) -> None:
    table, book = tmp_path / "evidence.csv", tmp_path / "evidence.xlsx"
    assert cli("findings", "export", table, "--json").done().value == {"path": str(table), "findings": 5}
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    assert [row["document"] == trial for row in rows].count(True) == 3
    assert cli("findings", "export", book, "--documents", "trial.pdf", "--kind", "own_result").done().out == (
        f"2 findings: {book}\n"
    )
    sheet = openpyxl.load_workbook(book).active
    assert sheet is not None
    assert [row[0] for row in sheet.iter_rows(min_row=2, min_col=13, max_col=13, values_only=True)] == [
        "carmustine wafer", None,
    ]  # fmt: skip
    assert "exists already" in cli("findings", "export", book).refused(2)
    cli("findings", "export", book, "--force").done()
    assert "ends in '.pdf'" in cli("findings", "export", tmp_path / "a.pdf").refused(2)
    assert "no document 'nothing'" in cli("findings", "export", tmp_path / "b.csv", "--documents", "nothing").refused(2)


def test_findings__record_that_another_release_wrote_otherwise__is_one_clear_error(
    cli: Cli, trial: str, database: Database
) -> None:
    with database.session() as session:
        session.execute(text("""UPDATE findings SET body = body || '{"certainty": "low"}'"""))
    for command in (("documents", "show", trial, "--findings"), ("findings", "search", "survival", "--json")):
        assert "a stored study record is of another release (" in cli(*command).refused(1)
    assert "refresh --all" in cli("findings", "search", "survival", "--json").refused(1)


def test_findings_refresh__document_of_an_earlier_release__gets_its_record_without_being_parsed(
    cli: Cli, library: LibraryStore, environment: Settings
) -> None:
    key = add(library, "library/a.pdf", TRIAL)
    without = cli("documents", "show", key, "--findings").done().out
    assert without == f"{key} has no study record yet: chapter-pipeline findings refresh\n"
    assert cli("documents", "show", key, "--findings", "--json").done().value["study"] is None
    assert doctor(cli) == {"state": "missing", "detail": "1 documents have none of the present rules"}
    assert "1 documents have no study record of the present rules" in cli("findings", "search", "survival").done().out
    assert f"their files are not in the bucket, so no run can read them: {key}" in cli("findings", "refresh").done().out
    ObjectBucket.open(environment).put("library/a.pdf", b"no PDF: it is not parsed")
    (made,) = cli("findings", "refresh", "--json").done().lines
    assert (made["document"], made["design"], made["level"]) == (key, "case series or case report", 4)
    assert doctor(cli) is None
    assert made["findings"] == sum(made["kinds"].values()) > 0
    assert cli("findings", "refresh").done().out == "the study records of all documents are current\n"
    edit = ("documents", "edit", key, "--by", "Ada", "--reason", "page 1", "--field", "study_type=randomised_trial")
    cli(*edit, "--json").done()
    assert "of an earlier bibliographic record" in cli("documents", "show", key, "--findings").done().out
    assert "randomised controlled trial" in cli("findings", "refresh", "--all").done().out
    assert len(library.documents()) == 1


def test_findings_refresh__estimate__says_what_filling_costs_and_asks_nobody(
    cli: Cli, trial: str, monkeypatch: pytest.MonkeyPatch, environment: Settings
) -> None:
    assert cli("findings", "refresh", "--estimate").done().out == (
        "nothing: rules fill study records (CHAPTER_STUDY_RECORDS)\n"
    )
    monkeypatch.setenv("CHAPTER_STUDY_RECORDS", "model")
    found = [line for line in cli("doctor", "--json").lines if line["name"] == "study records"]
    assert "needs a provider of language models" in str(found[0]["detail"])
    assert "needs a provider of language models" in cli("findings", "refresh", "--estimate").refused(2)
    bucket = ObjectBucket.open(environment)
    for name, content in (("library/trial.pdf", TRIAL), ("library/series.pdf", SERIES)):
        bucket.put(name, content.encode())
    with FaultServer(in_turn(status(500))) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary-0123456789")
        monkeypatch.setenv("CHAPTER_CLAUDE_URL", server.url)
        said = cli("findings", "refresh", "--estimate").done().out
        assert "2 documents are sent to claude claude-opus-5-5: about 0." in said
        told = cli("findings", "refresh", "--estimate", "--json").done().value
        assert [one["document"] for one in told["documents"]].count(trial) == 1
        assert 0 < told["usd"] < told["most_usd"]
        assert "by the present model, prompt and rules" in str(doctor(cli))
        assert (
            "of another prompt or model, not filled by a model yet"
            in cli("documents", "show", trial, "--findings").done().out
        )
        assert server.requests == []


def test_findings_refresh__by_a_model__fills_them_and_shows_who_did_and_what_was_dropped(
    cli: Cli, trial: str, monkeypatch: pytest.MonkeyPatch, environment: Settings
) -> None:
    ObjectBucket.open(environment).put("library/trial.pdf", TRIAL.encode())
    lie = reply_json(stated("s2", outcome="Median survival", intervention="prayer"))
    monkeypatch.setenv("CHAPTER_STUDY_RECORDS", "model")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary-0123456789")
    with FaultServer(in_turn(answer(json.dumps(lie)))) as server:
        monkeypatch.setenv("CHAPTER_CLAUDE_URL", server.url)
        (made,) = cli("findings", "refresh", "--json").done().lines
        assert (made["made_by"], made["dropped"], made["unfilled"]) == ("claude claude-opus-5-5", 1, None)
        assert len(server.requests) == 1
        shown = cli("documents", "show", trial, "--findings").done().out
        assert "model claude claude-opus-5-5, prompt version 1" in shown
        assert "intervention: 1 (does not stand in its sentences)" in shown
        told = cli("documents", "show", trial, "--findings", "--json").done().value
        assert [one["made_by"] for one in told["findings"] if one["made_by"]] == ["claude claude-opus-5-5"]
        assert told["study"]["dropped"][0]["what"] == "intervention"
    prompt = "providers/prompt_files/study_record.md"
    monkeypatch.setattr(stage_table, "content_of", lambda name: content_of(name) + b"." * (name == prompt))
    assert "2 documents have none by the present model, prompt and rules" in str(doctor(cli))
    (again,) = cli("findings", "refresh", "--json").done().lines
    assert (again["made_by"], again["unfilled"]) == ("claude claude-opus-5-5", None), "from the ledger: nobody serves"

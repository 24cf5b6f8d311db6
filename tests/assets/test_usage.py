"""Money is told once: the ledger, the assets, the command line and the chapter's notes say the same of a writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest
from dagster import ExecuteInProcessResult
from sqlalchemy import select

from assets.run_tags import REVISED_TAG, REVISION_TAG
from chapter_pipeline.container import Container
from chapter_pipeline.definitions import build
from chapter_pipeline.domain import FinalChapter, GapReport, RevisionLog, RevisionRound, Section
from chapter_pipeline.domain.usage import Usage, total
from chapter_pipeline.providers.prices import cost_usd
from chapter_pipeline.publishing.exports import export_chapter
from chapter_pipeline.services.chapter_sections import kinds_asked
from chapter_pipeline.services.costs import usage, used_today
from chapter_pipeline.settings import Settings, settings_from_environment
from chapter_pipeline.storage.artifacts import ArtifactStore, content_hash
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import Artifact
from sensors.requests import write_request
from tests.assets.test_language_run import KEY, SLUG, asked, instance
from tests.cli.conftest import Cli, cli
from tests.code_location import GLIOMA, Location, environment, location
from tests.code_location import SLUG as SURGERY
from tests.providers.fault_server import Behaviour, FaultServer, Request, status
from tests.providers.obedient import obedient
from tests.writing.conftest import embedder

__all__ = ["asked", "cli", "embedder", "environment", "instance", "location"]

KIND = "surgical_treatment"
SHOWN = ("cost (USD)", "tokens in", "tokens out")


@pytest.fixture
def claude(asked: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """Claude, and GPT behind it, at one address; both do as they are told until the test has it otherwise."""
    server = FaultServer(obedient())
    with server:
        monkeypatch.setenv("CHAPTER_CLAUDE_URL", server.base_url("claude"))
        monkeypatch.setenv("CHAPTER_GPT_URL", server.base_url("gpt"))
        yield server


def run(
    instance: dg.DagsterInstance, sections: Sequence[str] | None = None, tags: Mapping[str, str] | None = None
) -> ExecuteInProcessResult:
    container = Container(settings_from_environment())
    request = write_request(instance, SLUG, sections, kinds=kinds_asked(SLUG, container.chapter_store))
    job = build(container).resolve_job_def("write_chapter")
    result = job.execute_in_process(
        instance=instance, tags={**request.tags, **(tags or {})}, asset_selection=request.selection
    )
    container.close()
    assert result.success
    return result


def shown(result: ExecuteInProcessResult) -> dict[str, dict[str, float]]:
    """What each asset of a run shows of tokens and cost, where it shows any."""
    told = {}
    for event in result.get_asset_materialization_events():
        metadata = event.materialization.metadata
        if SHOWN[0] in metadata:
            name = "/".join(event.materialization.asset_key.path)
            told[name] = {key: float(str(metadata[key].value)) for key in SHOWN}
    return told


def cents(usd: Decimal | float | str) -> Decimal:
    return Decimal(str(usd)).quantize(Decimal("0.0001"))


def final_of(database: Database) -> FinalChapter:
    return ArtifactStore(database).get("final_chapter", SLUG, FinalChapter)


def test_usage__of_a_writing__is_the_bill_and_the_same_in_every_place(
    claude: FaultServer, instance: dg.DagsterInstance, database: Database, cli: Cli
) -> None:
    result = run(instance)
    bill = sum(
        (cost_usd("claude", model, Usage(input_tokens=i, output_tokens=o)) for model, i, o in claude.bill), Decimal(0)
    )
    used = total(usage(database, chapter=SLUG))
    assert cents(used.cost_usd) == cents(bill) > 0
    assert used == total(usage(database, run_ids=[result.run_id])) == used_today(database)
    told = shown(result)
    assert cents(sum(one["cost (USD)"] for one in told.values())) == cents(bill)
    assert sum(one["tokens in"] for one in told.values()) == sum(tokens for _, tokens, _ in claude.bill)
    assert sum(one["tokens out"] for one in told.values()) == sum(tokens for _, _, tokens in claude.bill)
    for name in ("chapter_brief", "key_concepts", "chapter_outline", f"section/{KIND}", "gap_report", "final_chapter"):
        assert told[name]["cost (USD)"] > 0, name
    (final,) = (e for e in result.get_asset_materialization_events() if e.step_key == "final_chapter")
    assert cents(str(final.materialization.metadata["cost of the chapter (USD)"].value)) == cents(bill)
    cost = cli("chapters", "cost", SLUG, "--json").done().value
    assert cents(cost["usd"]) == cents(sum(one["cost_usd"] for one in cost["calls"])) == cents(bill)
    assert f"{bill:.4f} USD" in cli("chapters", "cost", SLUG).done().out


def test_usage__written_again_from_the_same__adds_nothing(
    claude: FaultServer, instance: dg.DagsterInstance, database: Database
) -> None:
    run(instance)
    before, final, requests = usage(database, chapter=SLUG), final_of(database), len(claude.requests)
    again = run(instance)
    assert len(claude.requests) == requests
    assert total(usage(database, chapter=SLUG)) == total(before)
    assert total(usage(database, run_ids=[again.run_id])) == Usage()
    assert {value for one in shown(again).values() for value in one.values()} == {0}
    assert final_of(database) == final
    assert [one.version for one in ArtifactStore(database).versions("final_chapter", SLUG)] == [1]


def test_usage__of_a_revision__is_what_its_run_paid_up_to_the_gap_report(
    claude: FaultServer, instance: dg.DagsterInstance, database: Database
) -> None:
    first = run(instance)
    revision = run(instance, [KIND], {REVISION_TAG: "1", REVISED_TAG: KIND})
    (told,) = ArtifactStore(database).get("revision_log", SLUG, RevisionLog).rounds
    lines = usage(database, chapter=SLUG, run_ids=[revision.run_id])
    assert f"section/{KIND}" in {line.stage for line in lines}
    assert told.cost_usd == total(line for line in lines if line.stage != "final_chapter").cost_usd > 0
    both = total(usage(database, chapter=SLUG)).cost_usd
    assert both == total(usage(database, run_ids=[first.run_id, revision.run_id])).cost_usd > told.cost_usd


@pytest.mark.parametrize(("completeness", "rounds"), [(0.8, 1), (0.7, 0)], ids=["same", "another"])
def test_revision_log__of_a_report_that_an_earlier_release_stored__goes_with_the_same_report(
    completeness: float, rounds: int, location: Location
) -> None:
    location.add_documents(GLIOMA)
    assert location.write().success
    report = location.artifacts.get("gap_report", SURGERY, GapReport)
    older = {**report.model_dump(mode="json"), "completeness_score": completeness, "uses": []}
    with location.database.session() as session:
        row = session.scalars(select(Artifact).where(Artifact.asset == "gap_report")).one()
        row.body, row.sha256 = older, content_hash(older)
    one = RevisionRound(
        number=1, sections=("outcomes",), completeness_before=0.7, completeness_after=0.8, before=report.statistics,
        after=report.statistics, requires_revision=False, cost_usd=Decimal("0.25"),
    )  # fmt: skip
    location.artifacts.put("revision_log", SURGERY, RevisionLog(rounds=(one,), report=content_hash(older)))
    assert location.write().success
    log = location.artifacts.get("revision_log", SURGERY, RevisionLog)
    assert log.rounds == (one,) * rounds
    assert log.report == content_hash(report.model_dump(mode="json"))


def test_usage__another_provider_stood_in__the_assets_the_notes_and_the_exports_say_so(
    claude: FaultServer,
    instance: dg.DagsterInstance,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    obeys = obedient()

    def plan(request: Request) -> Behaviour:
        if request.api == "claude":
            error = {"type": "authentication_error", "message": "invalid x-api-key"}
            return status(401, {"type": "error", "error": error})
        return obeys(request)

    claude.plan = plan
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("CHAPTER_FALLBACK", "on")
    result = run(instance)
    final = final_of(database)
    assert final.providers == ("gpt",)
    section = ArtifactStore(database).get(f"section/{KIND}", SLUG, Section)
    for what in (f"The section “{section.title}”", "The key concepts", "The outline", "The final review"):
        (note,) = (
            note for note in final.notes if note.startswith(f"{what} came from 'gpt', as other text models gave")
        )
        assert "claude: " in note
    for event in result.get_asset_materialization_events():
        if event.materialization.asset_key.path in (["section", KIND], ["key_concepts"], ["chapter_outline"]):
            assert str(event.materialization.metadata["fallbacks"].value).startswith("claude: ")
    (file,) = export_chapter(final, formats=["md"], destination=tmp_path, figure_content=lambda _: b"", version=1)
    assert "came from ‘gpt’" in file.read_text() or "came from 'gpt'" in file.read_text()
    # A section that is taken as it is still tells who was asked before.
    (reused,) = [
        event.materialization.metadata
        for event in run(instance).get_asset_materialization_events()
        if event.materialization.asset_key.path == ["section", KIND]
    ]
    assert (reused["status"].value, reused["cost (USD)"].value) == ("reused", 0)
    assert str(reused["fallbacks"].value).startswith("claude: ")
    assert final_of(database).providers == ("gpt",)
    # Without a key the chapter is made again by rules: nothing of it is of a text model, what was paid stays paid.
    paid = total(usage(database, chapter=SLUG))
    monkeypatch.setenv("CHAPTER_TEXT_MODEL", "extractive")
    extractive = run(instance)
    assert final_of(database).providers == ("extractive",)
    assert not [note for note in final_of(database).notes if "gave none" in note]
    assert {value for one in shown(extractive).values() for value in one.values()} == {0}
    assert total(usage(database, chapter=SLUG)) == paid


def test_chapters_write__by_a_model__its_summary_tells_what_chapters_cost_tells(
    claude: FaultServer, database: Database, cli: Cli
) -> None:
    summary = cli("chapters", "write", SLUG, "--json").done().value
    cost = cli("chapters", "cost", SLUG, "--json").done().value
    assert summary["cost_usd"] == f"{cost['usd']:.4f}" == f"{total(usage(database, chapter=SLUG)).cost_usd:.4f}"
    assert Decimal(summary["cost_usd"]) > 0
    assert cli("chapters", "write", SLUG, "--json").done().value == {**summary, "unchanged": True}

"""A chapter by a language model as Dagster makes it: what it shows of tokens and cost, and what it never shows."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster import ExecuteInProcessResult, serialize_value

from chapter_pipeline.container import Container
from chapter_pipeline.definitions import build
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.services.chapter_sections import kinds_asked
from chapter_pipeline.settings import Settings, settings_from_environment
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from sensors.requests import write_request
from tests.code_location import environment
from tests.providers.fault_server import Behaviour, FaultServer, Plan, Request, status
from tests.providers.obedient import obedient, prompt_of
from tests.writing.conftest import ARTICLES, TOPIC, embedder, store

__all__ = ["embedder", "environment"]

SLUG = "chronic-subdural-haematoma"
LATENCY_S = 0.02
KEY = "sk-canary-0123456789abcdef"
INSTRUCTION = "You write one section of a neurosurgical textbook from passages of the literature."


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def asked(environment: Settings, database: Database, embedder: MiniLM, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A library, a chapter that was asked for, and Claude as its writer with nobody to stand in."""
    store(LibraryStore(database), embedder, list(ARTICLES))
    ChapterStore(database).create(SLUG, {"topic": TOPIC, "word_budget": 600})
    for name, value in {
        "ANTHROPIC_API_KEY": KEY, "CHAPTER_TEXT_MODEL": "claude", "CHAPTER_FALLBACK": "off", "CHAPTER_MAX_REVISIONS": "0",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("chapter_pipeline.services.exports.put_exports", lambda *_, **__: [])
    return environment


def written(
    instance: dg.DagsterInstance, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> tuple[ExecuteInProcessResult, list[Request]]:
    """Run `write_chapter` as an operator does, with the provider served by `plan`."""
    with FaultServer(plan) as server:
        monkeypatch.setenv("CHAPTER_CLAUDE_URL", server.url)
        container = Container(settings_from_environment())
        request = write_request(instance, SLUG, kinds=kinds_asked(SLUG, container.chapter_store))
        result = (
            build(container)
            .resolve_job_def("write_chapter")
            .execute_in_process(
                instance=instance, tags=request.tags, asset_selection=request.selection, raise_on_error=False
            )
        )
        container.close()
        return result, server.requests


def told(instance: dg.DagsterInstance, result: ExecuteInProcessResult) -> str:
    """Everything that Dagster keeps of a run: its events with their metadata and errors, its tags and config."""
    events = "".join(serialize_value(event) for event in instance.all_logs(result.run_id))
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    return events + serialize_value(run)


def test_write_chapter__by_a_model__each_stage_shows_tokens_cost_and_latency(
    asked: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A served reply that takes no time has a latency of 0.00 s as it is shown.
    result, requests = written(instance, obedient(delay_s=LATENCY_S), monkeypatch)
    assert result.success
    assert requests
    section = instance.get_latest_materialization_event(dg.AssetKey(["section", "surgical_treatment"]))
    assert section is not None
    assert section.asset_materialization is not None
    shown = section.asset_materialization.metadata
    assert shown["provider"].value == "claude"
    assert shown["model"].value == asked.models_of("claude").writing
    told_of = {name: float(str(shown[name].value)) for name in ("tokens in", "tokens out", "cost (USD)")}
    assert all(value > 0 for value in told_of.values()), told_of
    assert float(str(shown["latency (s)"].value)) >= LATENCY_S
    assert shown["fallbacks"].value == "none"


def test_write_chapter__whatever_the_model_answers__no_key_and_no_prompt_in_an_event_or_a_log(
    asked: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The provider refuses the sections with an error that repeats the key and the whole request."""
    obeys = obedient()

    def plan(request: Request) -> Behaviour:
        if INSTRUCTION in json.dumps(request.body):
            echo = f"invalid x-api-key {KEY}: {json.dumps(request.body)}"
            return status(401, {"type": "error", "error": {"type": "authentication_error", "message": echo}})
        return obeys(request)

    with caplog.at_level(logging.DEBUG):
        result, requests = written(instance, plan, monkeypatch)
    assert not result.success
    refused = [request for request in requests if INSTRUCTION in json.dumps(request.body)]
    assert refused
    kept = told(instance, result) + "".join(record.getMessage() for record in caplog.records) + caplog.text
    assert "claude" in kept
    assert "providers close claude" in kept or "unauthorised" in kept.lower(), "the failure itself has to be told"
    for secret in (KEY, INSTRUCTION, *(line for line in prompt_of(refused[0]).splitlines() if len(line) > 400)):
        assert secret not in kept

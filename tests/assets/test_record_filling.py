"""Study records filled by a model in a run: who filled them, at what cost, what was dropped; and why none did."""

from __future__ import annotations

import json
from typing import Any

import dagster as dg
import pytest
from dagster import ExecuteInProcessResult

from assets.study_records import FINDINGS
from chapter_pipeline.definitions import build
from chapter_pipeline.services.costs import usage
from sensors.requests import ingest_requests
from tests.code_location import Location, SampleContainer, environment, location
from tests.evidence.record_replies import effect, reply_json, stated
from tests.providers.fault_server import Behaviour, FaultServer, Plan, answer, in_turn, refusal
from tests.services.test_record_filling import by_claude
from tests.study_records import TRIAL

__all__ = ["environment", "location"]

NAME = "library/trial.pdf"
HALF_TRUE = answer(
    json.dumps(reply_json(stated("s2", outcome="Median survival", effects=[effect("13.9 vs 11.6"), effect("99")], p=["P<0.01"])))
)  # fmt: skip


def ingested(
    location: Location, plan: Plan, **values: Any
) -> tuple[ExecuteInProcessResult, FaultServer, dict[str, Any]]:
    """Run the ingest with Claude as the provider; the result, the server, and the metadata of the study record."""
    with FaultServer(plan) as server:
        settings = by_claude(location.settings, server.url, **values)
        container = SampleContainer(settings, parser=location.parser, stages=location.stages)
        location.bucket.put(NAME, TRIAL.encode(), overwrite=True)
        (request,) = ingest_requests(location.instance, [NAME])
        result = (
            build(container)
            .resolve_job_def(request.job)
            .execute_in_process(instance=location.instance, tags=request.tags, raise_on_error=False)
        )
        container.close()
    (made,) = [
        event.step_materialization_data.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey("study_records")
    ]
    return result, server, {**{name: value.value for name, value in made.metadata.items()}, "tags": made.tags or {}}


def test_run__filled_by_a_model__shows_who_filled_it_the_cost_and_what_was_dropped(location: Location) -> None:
    result, server, told = ingested(location, in_turn(HALF_TRUE))
    assert (result.success, len(server.requests)) == (True, 1)
    assert told["made by"] == "model claude claude-opus-5-5, prompt version 1"
    assert (told["findings by the model"], told["dropped"]) == (1, 2)
    assert "| effects | does not stand in its sentences | 1 |" in told["dropped by field"]
    lines = usage(location.database, run_ids=[result.run_id])
    assert [(line.stage, line.usage.calls) for line in lines] == [("study_records", 1)]
    assert told["cost (USD)"] == float(lines[0].usage.cost_usd) > 0
    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == FINDINGS.name]
    assert check.metadata["dropped of what models said"].value == 2
    assert "claude claude-opus-5-5" in str(check.metadata["filled by"].value)
    again, server, told = ingested(location, in_turn(HALF_TRUE))
    assert (again.success, server.requests, told["stored"]) == (True, [], "earlier")


@pytest.mark.parametrize("plan", [refusal()], ids=["refused"])
def test_run__no_answer__is_green_with_the_reason_and_its_record_is_stale_until_it_is_filled(
    location: Location, plan: Behaviour
) -> None:
    result, server, told = ingested(location, in_turn(plan))
    assert (result.success, len(server.requests)) == (True, 1)
    assert told["made by"].startswith("rules, version ")
    assert "no text model answered the 'study_record' task" in told["not filled by a model"]
    unfilled = told["tags"]["dagster/code_version"]
    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == FINDINGS.name]
    assert "no text model answered" in str(check.metadata["not filled by a model"].value)
    result, server, told = ingested(location, in_turn(HALF_TRUE))
    assert (len(server.requests), told["made by"].startswith("model claude")) == (1, True)
    assert told["tags"]["dagster/code_version"].startswith(f"{unfilled}-")


def test_run__by_rules__asks_nobody_and_shows_no_cost(location: Location) -> None:
    result, server, told = ingested(location, in_turn(HALF_TRUE), study_records="rules")
    assert (result.success, server.requests) == (True, [])
    assert told["made by"].startswith("rules, version ")
    assert not {"cost (USD)", "dropped", "not filled by a model"} & set(told)

"""The Dagster webserver of `up`, started for real: what a web page of somebody else tries starts no run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.cli.small_dagster import LAUNCH, SmallDagster, small_dagster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.xdist_group("small_dagster")]
FOREIGN = "https://attacker.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDagster]:
    with small_dagster(tmp_path_factory.mktemp("small")) as running:
        yield running


def test_webserver__simple_post_of_another_origin__starts_no_run(server: SmallDagster) -> None:
    before = server.runs()
    body = json.dumps({"query": LAUNCH})
    headers = {"Origin": FOREIGN, "Content-Type": "text/plain; x=application/json"}
    assert server.request("POST", "/graphql", headers, body).status == 403
    assert server.runs() == before


def test_webserver__name_that_was_rebound_to_this_machine__is_refused(server: SmallDagster) -> None:
    answer = server.graphql("{ version }", {}, host="attacker.example:3000")
    assert (answer.status, "version" in answer.text) == (403, False)


def test_webserver__mutation_by_get__starts_no_run(server: SmallDagster) -> None:
    before = server.runs()
    assert server.request("GET", f"/graphql?query={quote(LAUNCH)}", {}).status in (401, 403, 405)
    assert server.runs() == before

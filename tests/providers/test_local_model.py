"""A real language model behind the official SDKs: what it says is typed or named as a fault, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest

from benchmarks.written import write
from chapter_pipeline.domain import BriefRequest
from chapter_pipeline.errors import ChapterPipelineError, ModelRefused, ModelUnavailable
from chapter_pipeline.providers.call import Adapter
from chapter_pipeline.providers.claude import Claude
from chapter_pipeline.providers.fallback_router import FallbackRouter
from chapter_pipeline.providers.gateway import CallPolicy
from chapter_pipeline.providers.gpt import Gpt
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.providers.local import Local
from chapter_pipeline.quality.closure import closure_problems
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.services.costs import AnswersInForce
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from chapter_pipeline.writing.stages import Stages
from tests.providers.conftest import gateway
from tests.providers.local_model_server import model_file
from tests.providers.test_adapters import MODELS, Finding, call
from tests.providers.test_gateway import rows
from tests.writing.conftest import ARTICLES, TOPIC, Today, store

pytestmark = [
    pytest.mark.local_model,
    pytest.mark.slow,
    pytest.mark.xdist_group("local model"),
]
ASKED = replace(
    call(), prompt="What fluid is drained in a chronic subdural haematoma? Answer in JSON.", max_output_tokens=200
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if model_file() is None:
        pytest.skip("the local model is not installed: make install-local-model")
    command = [sys.executable, "-m", "tests.providers.local_model_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.kill()


def test_chat_completions__with_a_schema__gives_what_was_asked_for(address: str, database: Database) -> None:
    found = None
    with gateway(database, Local(base_url=f"{address}/v1")) as asked:
        for variant in range(5):  # a model of this size now and then goes on until it is cut off
            with suppress(ModelRefused):
                one = replace(ASKED, variant=str(variant))
                found = asked.ask("local", MODELS["local"], one, reply_type=Finding, context=CallContext())
                break
    assert found is not None
    assert found.value.value
    paid = rows(database)[-1]
    assert (paid.input_tokens > 20, paid.output_tokens > 3, paid.cost_usd) == (True, True, Decimal(0))


@pytest.mark.parametrize("api", ["gpt", "claude"])
def test_responses_and_messages__of_a_server_that_keeps_to_no_schema__are_named_faults(
    api: str, address: str, database: Database
) -> None:
    """The server speaks both APIs and ignores the schema in them: its prose is refused, and what it counted is kept."""
    adapters: dict[str, Adapter] = {
        "gpt": Gpt(api_key="none", base_url=f"{address}/v1"), "claude": Claude(api_key="none", base_url=address),
    }  # fmt: skip
    policy = CallPolicy(first_wait_s=0.01, deadline_s=600, attempts=1)
    briefly = replace(ASKED, max_output_tokens=60)
    with gateway(database, adapters[api], policy=policy) as asked:
        try:
            found = asked.ask(api, MODELS[api], briefly, reply_type=Finding, context=CallContext())
        except (ModelRefused, ModelUnavailable):
            assert {row.state for row in rows(database)} == {"failed"}
            assert all(row.input_tokens > 20 and row.output_tokens > 3 for row in rows(database))
        else:
            assert found.value.value


def test_chapter__by_a_model_of_135_million_parameters__is_grounded_or_fails_loudly(
    address: str, database: Database, settings: Settings
) -> None:
    embedder, library = MiniLM(batch_size=16), LibraryStore(database)
    store(library, embedder, list(ARTICLES))
    policy = CallPolicy(first_wait_s=0.01, deadline_s=12, slots=1, attempts=1)
    with gateway(database, Local(base_url=f"{address}/v1"), policy=policy) as asked:
        models = {"local": settings.models_of("local")}
        stages = Stages(
            search=LibrarySearch(database, embedder), library=library, embedder=embedder,
            bucket=ObjectBucket.open(settings), model=FallbackRouter(asked, order=["local"], models=models),
            answers=AnswersInForce(database, run_id=None), clock=Today(),
        )  # fmt: skip
        chapter, error = None, ""
        try:
            chapter = write(stages, BriefRequest(topic=TOPIC)).final
        except ChapterPipelineError as raised:
            error = str(raised)
    if chapter is not None:
        assert closure_problems(chapter.chapter) == []
        assert chapter.providers == ("local",)
    else:
        assert "no text model answered" in error
        assert "local" in error
    assert rows(database)

"""OpenAI's embeddings through the wrappers: unit vectors in order, paid once, and never beside those of another model."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from chapter_pipeline.cli.checks import run_checks
from chapter_pipeline.container import Container
from chapter_pipeline.errors import BudgetExceeded, ModelRefused, ModelUnavailable, UnknownPrice, UsageError
from chapter_pipeline.ports import Embedder
from chapter_pipeline.providers.embeddings import GatewayEmbedder, GptEmbeddings
from chapter_pipeline.providers.faults import Fault
from chapter_pipeline.services.ingest import Ingest
from chapter_pipeline.services.inventory import FileState, inventory
from chapter_pipeline.services.text_model_factory import TextModelFactory
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.ledger import Caps
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.storage.library_search import LibrarySearch
from tests.library_samples import HashEmbedder, passages_of
from tests.providers.conftest import PLENTY, gateway
from tests.providers.fault_server import Behaviour, FaultServer, Plan, Request, answer, in_turn, status
from tests.providers.test_adapters import FAULTS, KEY
from tests.services.test_ingest import GLIOMA, CountingParser

MODEL = "text-embedding-3-small"
FINE = answer("", tokens=(1000, 0))
NOT_OF_EMBEDDINGS = {"wrong form", "no JSON", "refusal", "too long"}
"""Faults of a text that is written; a request for vectors cannot have them."""


@contextmanager
def served(
    database: Database, plan: Plan, *, model: str = MODEL, batch_size: int = 2, caps: Caps = PLENTY
) -> Iterator[tuple[FaultServer, GatewayEmbedder]]:
    with FaultServer(plan) as server:
        adapter = GptEmbeddings(api_key=KEY, dimension=384, base_url=server.base_url("gpt"))
        with gateway(database, adapter, caps=caps) as made:
            yield (
                server,
                GatewayEmbedder(
                    made, model=model, dimension=384, count_tokens=HashEmbedder().count_tokens, batch_size=batch_size,
                    at_once=3,
                ),
            )  # fmt: skip


def spent(database: Database) -> list[tuple[str, str, str, Decimal]]:
    query = "SELECT provider, purpose, state, cost_usd FROM model_calls ORDER BY id"
    with database.session() as session:
        return [tuple(row) for row in session.execute(text(query))]


def test_embed__texts__are_unit_vectors_in_their_order_whatever_the_batches(database: Database) -> None:
    texts = ["a drain", "", "glioma of the brain", "a shunt", "a drain"]
    with served(database, in_turn(FINE)) as (server, embedder):
        vectors = embedder.embed(texts)
        assert embedder.embed([]).shape == (0, 384)
    assert (vectors.shape, vectors.dtype, embedder.dimension) == ((5, 384), np.dtype(np.float32), 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert vectors == pytest.approx(HashEmbedder().embed(texts), abs=2e-4)  # as exact as the index keeps them
    assert all(request.body["dimensions"] == 384 and request.body["model"] == MODEL for request in server.requests)
    assert sorted(len(request.body["input"]) for request in server.requests) == [1, 2, 2]


def test_embed__again__is_taken_from_the_ledger_and_costs_nothing(database: Database) -> None:
    with served(database, in_turn(FINE)) as (server, embedder):
        first, again = embedder.embed(["a", "b"]), embedder.embed(["a", "b"])
    assert (first == again).all()
    assert (len(server.requests), server.bill) == (1, [(MODEL, 1000, 0)])
    assert spent(database) == [("gpt", "embedding", "committed", Decimal("0.00002"))]


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in NOT_OF_EMBEDDINGS])
def test_embed__fault__is_our_error_and_the_next_call_has_its_vectors(name: str, database: Database) -> None:
    behaviour, _ = FAULTS[name]
    now: list[Behaviour] = [behaviour("gpt")]
    with served(database, lambda _: now[-1]) as (server, embedder):
        with pytest.raises((ModelUnavailable, ModelRefused)) as caught:
            embedder.embed(["a"])
        assert 1 <= len(server.requests) <= 3
        assert KEY not in str(caught.value)
        with database.session() as session:
            session.execute(text("DELETE FROM breakers"))
        now.append(FINE)
        assert embedder.embed(["a"]).shape == (1, 384)


def test_embed__one_failure__is_tried_again(database: Database) -> None:
    with served(database, in_turn(status(503, {"error": {"message": "busy"}}), FINE)) as (server, embedder):
        assert embedder.embed(["a"]).shape == (1, 384)
    assert len(server.requests) == 2


def changed(change: Callable[[dict[str, Any]], None]) -> Plan:
    def plan(request: Request) -> Behaviour:
        rows = [
            {"index": at, "embedding": base64.b64encode(np.ones(384, dtype="<f4").tobytes()).decode()}
            for at in range(len(request.body["input"]))
        ]
        reply: dict[str, Any] = {"model": request.model, "data": rows, "usage": {"prompt_tokens": 7}}
        change(reply)
        return status(200, json.dumps(reply))

    return plan


def _row(vector: np.ndarray) -> Callable[[dict[str, Any]], None]:
    return lambda reply: reply["data"][0].update(embedding=base64.b64encode(vector.astype("<f4").tobytes()).decode())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda reply: reply["data"].pop(), "1 came for 2 texts"),
        (lambda reply: reply["data"][1].update(index=0), "2 came for 2 texts"),
        (lambda reply: reply["data"][0].update(embedding="%%%"), "not base64"),
        (_row(np.ones(383)), "383 dimensions, the index 384"),
        (_row(np.zeros(384)), "no direction"),
        (_row(np.full(384, np.nan)), "no direction"),
        (lambda reply: reply["usage"].update(prompt_tokens=None), "usage"),
        (lambda reply: reply["data"][0].update(embedding=[1.0]), "embedding"),
    ],
)
def test_embed__unsound_vectors__are_refused_and_on_record(
    change: Callable[[dict[str, Any]], None], said: str, database: Database
) -> None:
    with served(database, changed(change)) as (_, embedder), pytest.raises(ModelUnavailable, match=said):
        embedder.embed(["a", "b"])
    with database.session() as session:
        faults = session.execute(text("SELECT DISTINCT fault, state FROM model_calls")).all()
    assert [fault for fault, _ in faults] == [Fault.BAD_REPLY.value]
    assert "sent" not in {state for _, state in faults}


def test_embed__over_the_cap_or_without_a_price__is_not_sent(database: Database) -> None:
    nothing = Caps(call_usd=PLENTY.call_usd, chapter_usd=PLENTY.chapter_usd, day_usd=Decimal(0))
    with served(database, in_turn(FINE), caps=nothing) as (server, embedder):
        with pytest.raises(BudgetExceeded, match="CHAPTER_BUDGET_DAY_USD"):
            embedder.embed(["a"])
        assert server.requests == []
    with served(database, in_turn(FINE), model="embed-o-matic") as (server, embedder):
        with pytest.raises(UnknownPrice, match="CHAPTER_EMBEDDING_MODEL"):
            embedder.embed(["a"])
        assert server.requests == []


def test_library_embedder__without_a_key__is_refused_with_the_remedy(settings: Settings, database: Database) -> None:
    local = HashEmbedder()
    factory = TextModelFactory(settings.model_copy(update={"embedder": "gpt"}), database)
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        factory.library_embedder(local)
    assert TextModelFactory(settings, database).library_embedder(local) is local


def _ingest(settings: Settings, library: LibraryStore, embedder: Embedder) -> Ingest:
    return Ingest(
        settings, bucket=ObjectBucket.open(settings), library=library, embedder=embedder, parser=CountingParser(),
        make_passages=passages_of, settings_hash="1",
    )  # fmt: skip


def test_library__other_embedder__is_embedded_anew_and_searched_by_one_model_only(
    settings: Settings, database: Database
) -> None:
    bucket, library, before = ObjectBucket.open(settings), LibraryStore(database), HashEmbedder()
    names = ("library/a.pdf", "library/b.pdf")
    for name, content in zip(names, (GLIOMA, GLIOMA.replace(b"tumour", b"swelling")), strict=True):
        bucket.put(name, content)
        _ingest(settings, library, before).ingest(name)
    with FaultServer(in_turn(FINE)) as server:
        values = {"embedder": "gpt", "openai_api_key": SecretStr(KEY), "gpt_url": server.base_url("gpt")}
        switched = settings.model_copy(update=values)
        factory = TextModelFactory(switched, database)
        try:
            embedder = factory.library_embedder(before)
            search = LibrarySearch(database, embedder)
            assert {hit.parts["cosine"] for hit in search.search("tumour", k=9)} == {0.0}  # found by the word alone
            assert search.search("weather", k=9) == []

            ingest = _ingest(switched, library, embedder)
            stale = inventory(library=library, bucket=bucket, settings_hash=ingest.settings_hash)
            assert {item.state for item in stale} == {FileState.STALE}
            first = ingest.ingest(names[0])
            assert library.embedding_models() == {"hash": 1, "text-embedding-3-small/384": 1}
            compared = [hit.document for hit in search.search("weather", k=9)]
            assert set(compared) == {first.document}
            opened = Container(switched)
            try:
                (told,) = [check for check in run_checks(opened) if check.name == "embeddings"]
            finally:
                opened.close()
            assert (told.state, "1 by hash" in told.detail) == ("failed", True)

            ingest.ingest(names[1])
            assert library.embedding_models() == {"text-embedding-3-small/384": 2}
            assert len({hit.document for hit in search.search("weather", k=9)}) == 2
            with database.session() as session:
                models = session.execute(text("SELECT DISTINCT model FROM passage_embeddings")).scalars().all()
            assert models == ["text-embedding-3-small/384"]
        finally:
            factory.close()

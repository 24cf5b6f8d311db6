"""No client follows a redirect, sends a second request, or reads more of a reply than the limit, over real HTTP."""

from __future__ import annotations

import bz2
import gzip
import json
import tracemalloc
from collections.abc import Callable
from decimal import Decimal

import google.genai  # noqa: F401 - loaded before memory is counted
import pytest
from sqlalchemy import text

from chapter_pipeline.errors import BreakerOpen, ModelRefused, ModelUnavailable
from chapter_pipeline.providers.call import Adapter, ModelCall
from chapter_pipeline.providers.embeddings import GptEmbeddings, embedding_call
from chapter_pipeline.providers.faults import CallFailed, Fault, classify
from chapter_pipeline.providers.gateway import CallPolicy
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.services.text_model_factory import adapters_of
from chapter_pipeline.settings import REPLY_MAX_BYTES, Settings
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from tests.providers.conftest import gateway
from tests.providers.fault_server import (
    Behaviour,
    FaultServer,
    answer,
    flood,
    gzip_bomb,
    in_turn,
    redirect,
    status,
)
from tests.providers.test_adapters import APIS, KEY, MODELS, Finding, adapter, call, sample

CLIENTS = [*APIS, "embeddings"]
MIB = 1024 * 1024
IN_SOCKETS = 16 * MIB
"""More than what the buffers of two sockets hold of a flood that nobody reads."""
FLOODS: dict[str, Callable[[], Behaviour]] = {
    "200 MB, declared": lambda: flood(200 * MIB, declared=True),
    "200 MB in pieces": lambda: flood(200 * MIB),
    "without end": lambda: flood(),
    "500 with 200 MB": lambda: flood(200 * MIB, code=500),
    "500 with 200 MB, declared": lambda: flood(200 * MIB, code=500, declared=True),
    "429 with 200 MB": lambda: flood(200 * MIB, code=429),
    "200 MB in gzip": lambda: gzip_bomb(200 * MIB),
}


def client_of(api: str, server: FaultServer) -> tuple[Adapter, ModelCall, str]:
    if api != "embeddings":
        return adapter(api, server.base_url(api)), call(), MODELS[api]
    made = GptEmbeddings(api_key=KEY, dimension=384, base_url=server.base_url("gpt"))
    return made, embedding_call(["a drain"]), "text-embedding-3-small"


async def failed(api: str, server: FaultServer) -> CallFailed:
    """The fault of one attempt, for which there was one request."""
    client, one, model = client_of(api, server)
    try:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the SDK raises
            await client.send(one, model=model, timeout_s=60.0)
    finally:
        await client.close()
    found = classify(caught.value)
    assert len(server.requests) == 1
    assert KEY not in f"{found} {found.detail}"
    return found


@pytest.mark.parametrize("api", CLIENTS)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_redirect__to_another_host__is_not_followed_and_named(api: str, code: int) -> None:
    with FaultServer(in_turn(answer('{"value": "it"}'))) as other:
        location = f"{other.url.replace('127.0.0.1', 'user:word@localhost')}/v1/messages?key=q"
        with FaultServer(in_turn(redirect(code, location))) as server:
            found = await failed(api, server)
        assert other.requests == []
    assert found.fault is Fault.REDIRECTED
    assert found.detail == f"HTTP {code} points to the host 'localhost'; no redirect is followed"
    assert (found.verdict.retry, found.verdict.sent) == (False, False)


@pytest.mark.parametrize("api", CLIENTS)
@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("/elsewhere", "points to the host '127.0.0.1'"),
        (None, "names no place"),
        ("http://example.org:port/", "names no place that can be read"),
        ("http://" + "long." * 900 + "example/", "points to the host 'long."),
    ],
)
async def test_redirect__to_itself_or_nowhere__is_one_request(api: str, location: str | None, named: str) -> None:
    with FaultServer(in_turn(redirect(307, location))) as server:
        found = await failed(api, server)
    assert found.fault is Fault.REDIRECTED
    assert named in found.detail
    assert len(found.detail) < 200


@pytest.mark.parametrize("api", CLIENTS)
@pytest.mark.parametrize("name", FLOODS)
async def test_reply__over_the_limit__is_not_read_on(api: str, name: str) -> None:
    with FaultServer(in_turn(FLOODS[name]())) as server:
        found = await failed(api, server)
        server.settled()
    assert found.fault is Fault.TOO_LARGE
    assert (found.verdict.retry, found.verdict.sent) == (False, True)
    assert str(REPLY_MAX_BYTES) in found.detail
    assert server.body_bytes <= (0 if "declared" in name else REPLY_MAX_BYTES) + IN_SOCKETS


@pytest.mark.parametrize("behaviour", [flood(200 * MIB), gzip_bomb(200 * MIB)])
async def test_reply__over_the_limit__takes_little_memory(behaviour: Behaviour) -> None:
    with FaultServer(in_turn(behaviour)) as server:
        tracemalloc.start()
        try:
            assert (await failed("gemini", server)).fault is Fault.TOO_LARGE
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 4 * REPLY_MAX_BYTES


@pytest.mark.parametrize("api", CLIENTS)
async def test_reply__compressed_twice_or_in_an_encoding_that_unpacks__is_a_bad_reply(api: str) -> None:
    unpacking = Behaviour(
        how="status", body=bz2.compress(bytes(64 * MIB)), headers={"Content-Type": "application/json; charset=bz2"}
    )
    for behaviour in (gzip_bomb(64 * MIB, times=2), unpacking):
        with FaultServer(in_turn(behaviour)) as server:
            assert (await failed(api, server)).fault is Fault.BAD_REPLY


@pytest.mark.parametrize("api", APIS)
async def test_reply__compressed_within_the_limit__is_read(api: str) -> None:
    body = gzip.compress(json.dumps(sample(api)).encode())
    with FaultServer(in_turn(Behaviour(how="status", body=body, headers={"Content-Encoding": "gzip"}))) as server:
        client, one, model = client_of(api, server)
        assert (await client.send(one, model=model, timeout_s=60.0)).text == '{"value": "it"}'
        await client.close()


def outcomes(database: Database) -> list[tuple[str, str, Decimal]]:
    with database.session() as session:
        rows = session.execute(text("SELECT state, fault, reserved_usd FROM model_calls ORDER BY id"))
        return [tuple(row) for row in rows]


@pytest.mark.parametrize("api", APIS)
def test_gateway__redirect__is_permanent_and_isolates_until_the_address_is_right(
    api: str, database: Database, breakers: BreakerStore
) -> None:
    with (
        FaultServer(in_turn(redirect(307, "https://example.org/v1"))) as server,
        gateway(database, adapter(api, server.base_url(api))) as made,
    ):
        with pytest.raises(ModelRefused) as caught:
            made.ask(api, MODELS[api], call(), reply_type=Finding, context=CallContext())
        for words in (
            f"{api} (",
            "asked once",
            "HTTP 307",
            "'example.org'",
            f"check CHAPTER_{api.upper()}_URL",
            f"close {api}",
        ):
            assert words in str(caught.value)
        with pytest.raises(BreakerOpen):
            made.ask(api, MODELS[api], call(), reply_type=Finding, context=CallContext())
    assert len(server.requests) == 1
    ((state, fault, _),) = outcomes(database)
    assert (state, fault) == ("failed", Fault.REDIRECTED.value)


def test_gateway__reply_over_the_limit__is_asked_once_and_ambiguous(database: Database) -> None:
    with (
        FaultServer(in_turn(flood())) as server,
        gateway(database, adapter("claude", server.base_url("claude"))) as made,
        pytest.raises(
            ModelRefused,
            match=rf"claude .*asked once: reply too large: .*{REPLY_MAX_BYTES} bytes.*CHAPTER_REPLY_MAX_BYTES",
        ),
    ):
        made.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CallContext())
    assert len(server.requests) == 1
    ((state, fault, reserved),) = outcomes(database)
    assert (state, fault) == ("ambiguous", Fault.TOO_LARGE.value)
    assert reserved > 0


def test_gateway__endless_drip__ends_at_the_deadline(database: Database) -> None:
    with (
        FaultServer(in_turn(flood(pause_s=0.02))) as server,
        gateway(database, adapter("gemini", server.base_url("gemini")), policy=CallPolicy(deadline_s=1.0)) as made,
        pytest.raises(ModelUnavailable, match="timeout"),
    ):
        made.ask("gemini", MODELS["gemini"], call(), reply_type=Finding, context=CallContext())
    assert server.body_bytes < REPLY_MAX_BYTES


@pytest.mark.parametrize("headers", [{"retry-after-ms": "-5"}, {"retry-after-ms": "nan"}, {"retry-after": "-1e400"}])
def test_gateway__senseless_wait__is_not_waited_for(headers: dict[str, str], database: Database) -> None:
    busy = status(503, {"error": {"message": "busy"}}, headers)
    with (
        FaultServer(in_turn(busy, answer('{"value": "it"}'))) as server,
        gateway(database, adapter("claude", server.base_url("claude"))) as made,
    ):
        asked = made.ask("claude", MODELS["claude"], call(), reply_type=Finding, context=CallContext())
    assert asked.value.value == "it"


async def test_error_page__of_opening_brackets__is_read_in_one_pass() -> None:
    with FaultServer(in_turn(status(500, "<" * (8 * MIB)))) as server:
        assert (await failed("claude", server)).fault is Fault.SERVER_ERROR


@pytest.mark.parametrize("limit", [None, "65536"])
async def test_limit__of_the_settings__is_that_of_every_adapter(
    limit: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANTHROPIC", "OPENAI", "GEMINI"):
        monkeypatch.setenv(f"{name}_API_KEY", KEY)
    if limit:
        monkeypatch.setenv("CHAPTER_REPLY_MAX_BYTES", limit)
    with FaultServer(in_turn(flood(100_000, declared=True))) as server:
        for name in APIS:
            monkeypatch.setenv(f"CHAPTER_{name.upper()}_URL", server.base_url(name))
        made = adapters_of(Settings())
        assert set(made) == set(APIS)
        for name, one in made.items():
            with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the SDK raises
                await one.send(call(), model=MODELS[name], timeout_s=60.0)
            assert classify(caught.value).fault is (Fault.TOO_LARGE if limit else Fault.BAD_REPLY)
            await one.close()

"""The four adapters pass one contract over real HTTP: a typed reply, its tokens, and each fault under its name."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import reduce
from operator import getitem
from typing import Any, get_args

import httpx2
import pytest

from chapter_pipeline.domain import StageValue
from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.ports import Picture
from chapter_pipeline.providers.call import Adapter, ModelCall, ModelReply
from chapter_pipeline.providers.claude import Claude
from chapter_pipeline.providers.faults import CallFailed, Fault, classify
from chapter_pipeline.providers.gemini import Gemini
from chapter_pipeline.providers.gpt import Gpt
from chapter_pipeline.providers.local import Local
from chapter_pipeline.providers.structured_output import read_reply, reply_schema
from chapter_pipeline.settings import PROVIDERS, REPLY_MAX_BYTES, Effort
from tests.providers.fault_server import (
    Behaviour,
    FaultServer,
    Request,
    answer,
    cut_off,
    drip,
    flood,
    half_body,
    half_json,
    html,
    in_turn,
    quota_exhausted,
    redirect,
    refusal,
    reset,
    status,
)
from tests.providers.replies import whole_reply

KEY = "sk-canary-0123456789abcdef"
MODELS = {"claude": "claude-opus-5-5", "gpt": "gpt-6.1-sol", "gemini": "gemini-4-argon", "local": "smollm2"}
APIS = list(MODELS)
PATIENCE_S = 60.0
"""For an answer that must come: it ends as soon as it does."""
PIXEL = Picture(media_type="image/png", content=b"\x89PNG not really")


class Finding(StageValue):
    value: str


def call(*pictures: Picture) -> ModelCall:
    return ModelCall(
        purpose="test", system="You are careful.", prompt="What is drained?", schema_name="finding",
        schema=reply_schema(Finding), max_output_tokens=700, pictures=pictures,
    )  # fmt: skip


def adapter(api: str, base_url: str) -> Adapter:
    made: dict[str, Callable[[], Adapter]] = {
        "claude": lambda: Claude(api_key=KEY, base_url=base_url),
        "gpt": lambda: Gpt(api_key=KEY, base_url=base_url),
        "gemini": lambda: Gemini(api_key=KEY, base_url=base_url),
        "local": lambda: Local(api_key=KEY, base_url=base_url),
    }
    return made[api]()


def test_contract__every_provider__is_held_to_it() -> None:
    assert set(APIS) == set(PROVIDERS), "add the provider to MODELS and adapter() of this file, and to replies.py"


async def sent(api: str, base_url: str, one: ModelCall | None = None) -> ModelReply:
    client = adapter(api, base_url)
    try:
        return await client.send(one or call(), model=MODELS[api], timeout_s=PATIENCE_S)
    finally:
        await client.close()


async def fault_of(api: str, behaviour: Behaviour) -> CallFailed:
    """The fault that comes of a behaviour; there must have been one request, and no key in what is told."""
    with FaultServer(in_turn(behaviour)) as server:
        try:
            reply = await sent(api, server.base_url(api))
            read_reply(reply.text, Finding)
        except Exception as error:  # noqa: BLE001 - whatever the SDK raises
            failed = classify(error)
            assert len(server.requests) == 1
            assert KEY not in f"{failed} {failed.detail}"
            return failed
    raise AssertionError("the call did not fail")


@pytest.mark.parametrize("api", APIS)
async def test_send__answer__is_typed_with_its_tokens(api: str) -> None:
    with FaultServer(in_turn(answer('{"value": "the haematoma"}', tokens=(321, 45)))) as server:
        reply = await sent(api, server.base_url(api), call(PIXEL))
        (request,) = server.requests
    assert read_reply(reply.text, Finding).value == "the haematoma"
    assert reply.usage == Usage(input_tokens=321, output_tokens=45)
    assert reply.model == request.model == MODELS[api]
    for part in (
        "You are careful.",
        "What is drained?",
        base64.b64encode(PIXEL.content).decode(),
        "additionalProperties",
    ):
        assert part in request.text
    assert "700" in request.text
    assert KEY in str(request.headers)


def body(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "some_error", "code": None}}


FAULTS: dict[str, tuple[Callable[[str], Behaviour], Fault]] = {
    "429": (lambda _: status(429, body("slow down")), Fault.RATE_LIMITED),
    "429 with seconds": (lambda _: status(429, body("slow"), {"Retry-After": "7"}), Fault.RATE_LIMITED),
    "500": (lambda _: status(500, body("oops")), Fault.SERVER_ERROR),
    "503": (lambda _: status(503, body("busy")), Fault.OVERLOADED),
    "529": (lambda _: status(529, body("Overloaded")), Fault.OVERLOADED),
    "reset": (lambda _: reset(), Fault.UNREACHABLE),
    "half a body": (lambda _: half_body(), Fault.UNREACHABLE),
    "half a JSON": (lambda _: half_json(), Fault.BAD_REPLY),
    "wrong form": (lambda _: answer('{"worth": 3}'), Fault.SCHEMA),
    "no JSON": (lambda _: answer("The haematoma."), Fault.SCHEMA),
    "a page": (lambda _: html(), Fault.BAD_REPLY),
    "refusal": (lambda _: refusal(), Fault.REFUSED),
    "too long": (lambda _: cut_off(), Fault.CUT_OFF),
    "401": (lambda _: status(401, body(f"Incorrect API key provided: {KEY}")), Fault.UNAUTHORISED),
    "quota": (quota_exhausted, Fault.QUOTA_EXHAUSTED),
    "redirect": (lambda _: redirect(307, "/elsewhere"), Fault.REDIRECTED),
    "too large": (lambda _: flood(2 * REPLY_MAX_BYTES, declared=True), Fault.TOO_LARGE),
}


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("name", FAULTS)
async def test_send__fault__has_its_name_and_one_request(api: str, name: str) -> None:
    behaviour, expected = FAULTS[name]
    failed = await fault_of(api, behaviour(api))
    assert failed.fault is expected, failed


@pytest.mark.parametrize("api", APIS)
async def test_send__answer_that_never_ends__is_cut_off_at_the_deadline(api: str) -> None:
    with FaultServer(in_turn(drip())) as server:
        client = adapter(api, server.base_url(api))

        async def expire(limit: asyncio.Timeout) -> None:
            while not server.requests:
                await asyncio.sleep(0.01)
            limit.reschedule(asyncio.get_running_loop().time())

        async def send() -> None:
            async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as tasks:
                tasks.create_task(expire(limit))
                await client.send(call(), model=MODELS[api], timeout_s=PATIENCE_S)

        with pytest.raises(TimeoutError) as caught:
            await send()
        await client.close()
    assert classify(caught.value).fault is Fault.TIMEOUT
    assert len(server.requests) == 1


@pytest.mark.parametrize("api", APIS)
async def test_send__nobody_listens__is_unreachable(api: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the SDK raises
        await sent(api, address)
    assert classify(caught.value).fault is Fault.NOT_CONNECTED


@pytest.mark.parametrize("api", APIS)
async def test_send__server_without_tls__is_unreachable_and_nothing_was_sent(api: str) -> None:
    with FaultServer(in_turn(answer("{}"))) as server:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the SDK raises
            await sent(api, server.base_url(api).replace("http:", "https:"))
        assert server.requests == []
    assert classify(caught.value).fault is Fault.NOT_CONNECTED


@pytest.mark.parametrize("api", APIS)
async def test_send__no_time_left_to_connect__is_unreachable_and_nothing_was_sent(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> None:
        raise httpx2.ConnectTimeout("no answer")

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", hang)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the SDK raises
        await sent(api, "http://127.0.0.1:1/v1")
    assert classify(caught.value).fault is Fault.NOT_CONNECTED


@pytest.mark.parametrize("api", APIS)
async def test_send__whatever_time_is_given__a_connection_has_ten_seconds_of_it(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[dict[str, float]] = []
    real = httpx2.AsyncHTTPTransport.handle_async_request

    async def handle(transport: httpx2.AsyncHTTPTransport, request: httpx2.Request) -> httpx2.Response:
        times.append(request.extensions["timeout"])
        return await real(transport, request)

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", handle)
    with FaultServer(in_turn(answer('{"value": "it"}'))) as server:
        await sent(api, server.base_url(api))
    assert [(one["connect"], one["read"]) for one in times] == [(10.0, PATIENCE_S)]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("header", ["seconds", "date", "milliseconds"])
async def test_retry_after__however_it_is_given__is_in_seconds(api: str, header: str) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=7000), usegmt=True)
    headers = {
        "seconds": {"Retry-After": "7000"},
        "date": {"Retry-After": later},
        "milliseconds": {"retry-after-ms": "7000000"},
    }[header]
    failed = await fault_of(api, status(429, body("slow down"), headers))
    # A date is to the second, and some of them pass until it is read.
    assert failed.retry_after_s == pytest.approx(7000, abs=1000 if header == "date" else 0)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("name", ["refusal", "too long"])
async def test_send__fault_that_was_answered__tells_what_was_counted(api: str, name: str) -> None:
    failed = await fault_of(api, FAULTS[name][0](api))
    assert failed.usage is not None
    assert (failed.usage.input_tokens, failed.usage.output_tokens) == (1000, 500)


# What each API says of 1000 tokens of input, 700 of them read from a cache, and 50 of output.
CACHED: dict[str, tuple[str, dict[str, Any]]] = {
    "claude": ("usage", {
        "input_tokens": 200, "cache_read_input_tokens": 700, "cache_creation_input_tokens": 100, "output_tokens": 50,
    }),
    "gpt": ("usage", {
        "input_tokens": 1000, "input_tokens_details": {"cached_tokens": 700}, "output_tokens": 50,
    }),
    "local": ("usage", {
        "prompt_tokens": 1000, "prompt_tokens_details": {"cached_tokens": 700}, "completion_tokens": 50,
    }),
    "gemini": ("usageMetadata", {
        "promptTokenCount": 1000, "cachedContentTokenCount": 700, "candidatesTokenCount": 30, "thoughtsTokenCount": 20,
    }),
}  # fmt: skip


EFFORTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "claude": lambda body: body["output_config"].get("effort"),
    "gpt": lambda body: body.get("reasoning", {}).get("effort"),
    "local": lambda body: body.get("reasoning_effort"),
    "gemini": lambda body: body["generationConfig"].get("thinkingConfig", {}).get("thinking_level", "").lower() or None,
}


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("effort", ["low", "medium", "high", None])
async def test_send__effort__is_asked_for_in_the_words_of_the_api(api: str, effort: Effort | None) -> None:
    with FaultServer(in_turn(answer('{"value": "it"}'))) as server:
        await sent(api, server.base_url(api), replace(call(), effort=effort))
    assert EFFORTS[api](server.requests[0].body) == effort


@pytest.mark.parametrize("api", APIS)
async def test_send__answer_from_a_cache__counts_what_was_read_from_it(api: str) -> None:
    name, counted = CACHED[api]
    with FaultServer(in_turn(status(200, {**sample(api), name: counted}))) as server:
        reply = await sent(api, server.base_url(api))
    assert reply.usage == Usage(input_tokens=1000, output_tokens=50, cached_tokens=700)


@pytest.mark.parametrize("api", [api for api in APIS if api != "claude"])
async def test_send__answer_without_counts__tells_none(api: str) -> None:
    """Claude's API promises its counts: without them the answer is not its form."""
    without = {name: value for name, value in sample(api).items() if name not in ("usage", "usageMetadata")}
    with FaultServer(in_turn(status(200, without))) as server:
        assert (await sent(api, server.base_url(api))).usage is None


@pytest.mark.parametrize("api", APIS)
async def test_send__answer_wrong_in_any_place__is_read_or_a_call_failed_with_true_counts(api: str) -> None:
    whole, now = sample(api), [status(200)]
    with FaultServer(lambda _: now[-1]) as server:
        client = adapter(api, server.base_url(api))
        for place in places(whole):
            for wrong in (None, "x", 5, -1, [], {}, [None], {"a": 1}):
                now.append(status(200, json.dumps(broken(whole, place, wrong))))
                usage = await counted_by(client, api)
                counts = (usage.input_tokens, usage.output_tokens, usage.cached_tokens) if usage else ()
                assert all(type(count) is int and count >= 0 for count in counts), (place, wrong)
        await client.close()


def sample(api: str) -> dict[str, Any]:
    """A whole answer of `api`."""
    request = Request(api=api, path="/models/m:generateContent", headers={}, body={"model": MODELS[api]})
    return whole_reply(request, answer('{"value": "it"}'))


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything that a JSON value holds, itself first."""
    yield above
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*above, key))


def broken(whole: Any, place: tuple[Any, ...], wrong: Any) -> Any:
    if not place:
        return wrong
    copy = deepcopy(whole)
    reduce(getitem, place[:-1], copy)[place[-1]] = wrong
    return copy


async def counted_by(client: Adapter, api: str) -> Usage | None:
    try:
        return (await client.send(call(), model=MODELS[api], timeout_s=PATIENCE_S)).usage
    except CallFailed as failed:
        return failed.usage


def test_call_key__differs_with_all_that_the_reply_depends_on() -> None:
    one = call()
    assert one.key("claude", "m") == call().key("claude", "m")
    others = [one.key("gpt", "m"), one.key("claude", "n"), call(PIXEL).key("claude", "m")]
    others += [replace(one, effort=effort).key("claude", "m") for effort in get_args(Effort)]
    assert len({one.key("claude", "m"), *others}) == 7
    assert KEY not in json.dumps(others)

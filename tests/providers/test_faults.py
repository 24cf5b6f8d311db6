"""Errors that providers really sent are told apart, as their own SDK raises them; our own errors are not theirs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chapter_pipeline.providers.faults import LONGEST_WAIT_S, VERDICTS, CallFailed, Effect, Fault, classify
from tests.providers.fault_server import status
from tests.providers.test_adapters import fault_of

APIS = {"anthropic": "claude", "openai": "gpt", "gemini": "gemini"}
# By the words of the provider. What no waiting cures is no rate limit, whatever its status says.
EXPECTED = {
    "Overloaded": Fault.OVERLOADED,
    "Rate limit reached": Fault.RATE_LIMITED,
    "Request too large": Fault.BAD_REQUEST,
    "Resource has been exhausted": Fault.RATE_LIMITED,
    "You exceeded your current quota": Fault.QUOTA_EXHAUSTED,
    "Resource exhausted. Please try again": Fault.RATE_LIMITED,
    "The model is overloaded": Fault.OVERLOADED,
    "This model is currently experiencing": Fault.OVERLOADED,
}
WAITS = {"174ms": 0.174, "26.604s": 26.604, "in 6ms": 0.006}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a provider answers, and what that means."""

    api: str
    code: int
    body: Any
    fault: Fault
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float | None = None


def claude(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def openai(code: str | None, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


def gemini(code: int, state: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": state, "details": list(details)}}


def quota(id: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id}]}


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "38s"}
CASES = {
    "claude: wrong key": Case(
        api="claude", code=401, body=claude("authentication_error", "invalid x-api-key"), fault=Fault.UNAUTHORISED
    ),
    "claude: not allowed": Case(
        api="claude", code=403, body=claude("permission_error", "not allowed"), fault=Fault.UNAUTHORISED
    ),
    "claude: no such model": Case(
        api="claude", code=404, body=claude("not_found_error", "model: claude-0"), fault=Fault.BAD_REQUEST
    ),
    "claude: too long": Case(
        api="claude", code=400, fault=Fault.BAD_REQUEST,
        body=claude("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
    ),
    "claude: too large": Case(
        api="claude", code=413, body=claude("request_too_large", "Request exceeds the maximum size"),
        fault=Fault.BAD_REQUEST,
    ),
    "claude: rate": Case(
        api="claude", code=429, body=claude("rate_limit_error", "would exceed your rate limit"),
        headers={"retry-after": "12"}, fault=Fault.RATE_LIMITED, wait_s=12,
    ),
    "claude: broken": Case(
        api="claude", code=500, body=claude("api_error", "Internal server error"), fault=Fault.SERVER_ERROR
    ),
    "claude: overloaded by another status": Case(
        api="claude", code=500, body=claude("overloaded_error", "Overloaded"), fault=Fault.OVERLOADED
    ),
    "gpt: too long": Case(
        api="gpt", code=400, fault=Fault.BAD_REQUEST,
        body=openai("context_length_exceeded", "This model's maximum context length is 128000 tokens."),
    ),
    "gpt: wrong key": Case(
        api="gpt", code=401, body=openai("invalid_api_key", "Incorrect API key provided"), fault=Fault.UNAUTHORISED
    ),
    "gpt: requests of a day, which come back one by one": Case(
        api="gpt", code=429, fault=Fault.RATE_LIMITED, wait_s=432,
        body=openai("rate_limit_exceeded", "on requests per day (RPD): Limit 200. Please try again in 7m12s."),
    ),
    "gpt: milliseconds before seconds": Case(
        api="gpt", code=429, body=openai("rate_limit_exceeded", "slow down"),
        headers={"retry-after-ms": "250", "retry-after": "1"}, fault=Fault.RATE_LIMITED, wait_s=0.25,
    ),
    "gpt: a page of a proxy": Case(
        api="gpt", code=502, body="<html><h1>502 Bad Gateway</h1></html>", fault=Fault.SERVER_ERROR
    ),
    "gemini: wrong key": Case(
        api="gemini", code=400, fault=Fault.UNAUTHORISED,
        body=gemini(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    ),
    "gemini: wrong argument": Case(
        api="gemini", code=400, body=gemini(400, "INVALID_ARGUMENT", "Unknown name"), fault=Fault.BAD_REQUEST
    ),
    "gemini: too slow": Case(
        api="gemini", code=504, body=gemini(504, "DEADLINE_EXCEEDED", "Deadline expired"), fault=Fault.TIMEOUT
    ),
    "gemini: quota of a minute": Case(
        api="gemini", code=429, fault=Fault.RATE_LIMITED, wait_s=38,
        body=gemini(
            429, "RESOURCE_EXHAUSTED", "You exceeded your current quota",
            quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"), RETRY_INFO,
        ),
    ),
    "gemini: quota of a day": Case(
        api="gemini", code=429, fault=Fault.QUOTA_EXHAUSTED, wait_s=38,
        body=gemini(
            429, "RESOURCE_EXHAUSTED", "You exceeded your current quota",
            quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), RETRY_INFO,
        ),
    ),
    "local: it loads its model": Case(
        api="local", code=503, fault=Fault.OVERLOADED,
        body={"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
    ),
    "local: no such model": Case(
        api="local", code=404, body={"error": "model 'llama' not found"}, fault=Fault.BAD_REQUEST
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_classify__error_as_the_sdk_raises_it__has_its_name_and_its_wait(name: str) -> None:
    case = CASES[name]
    failed = await fault_of(case.api, status(case.code, case.body, case.headers))
    assert failed.fault is case.fault, failed
    assert failed.retry_after_s == (pytest.approx(case.wait_s) if case.wait_s else None)
    assert failed.detail.startswith(f"HTTP {case.code}: ")
    assert "<" not in failed.detail


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "-5"}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 01 Jan 1990 00:00:00 GMT"}, None),
        ({"retry-after": "Mon, 01 Jan 99999 00:00:00 GMT"}, None),
        ({"retry-after-ms": "nan", "retry-after": "3"}, 3.0),
        ({"retry-after-ms": "-1", "retry-after": "3"}, None),
        ({"retry-after": "1e300"}, LONGEST_WAIT_S),
        ({"retry-after": "9" * 400}, None),
    ],
)
@pytest.mark.parametrize("api", ["claude", "gpt", "gemini"])
async def test_retry_after__odd_header__is_no_wait_or_the_longest(
    api: str, headers: dict[str, str], wait_s: float | None
) -> None:
    failed = await fault_of(api, status(429, {"error": {"message": "slow down"}}, headers))
    assert (failed.fault, failed.retry_after_s) == (Fault.RATE_LIMITED, wait_s)


async def test_retry_after__message_with_a_number_beyond_all_bounds__is_the_longest_wait() -> None:
    failed = await fault_of("gpt", status(429, {"error": {"message": f"Please try again in {'9' * 400}s."}}))
    assert failed.retry_after_s == LONGEST_WAIT_S


@pytest.mark.corpus
async def test_recorded_errors__as_the_sdk_raises_them__have_their_names(corpus: Path) -> None:
    lines = (corpus / "api" / "llm" / "real_error_bodies.jsonl").read_text("utf-8").splitlines()
    assert len(lines) >= 13
    for line in map(json.loads, lines):
        text = json.dumps(line["body"])
        failed = await fault_of(APIS[line["provider"]], status(line["http_status"], line["body"]))
        (expected,) = {fault for words, fault in EXPECTED.items() if words in text}
        assert failed.fault is expected, line
        wait = next((seconds for words, seconds in WAITS.items() if words in text), None)
        assert failed.retry_after_s == (pytest.approx(wait) if wait else None), line


@pytest.mark.parametrize("fault", Fault)
def test_verdict__of_every_fault__is_decided(fault: Fault) -> None:
    verdict = VERDICTS[fault]
    assert not (verdict.retry and verdict.effect is Effect.ISOLATE)
    assert verdict.effect is not Effect.SUCCESS


def test_classify__error_of_our_own__is_raised_as_it_is() -> None:
    with pytest.raises(KeyError):
        classify(KeyError("ours"))


@pytest.mark.parametrize("secret", ["sk-ant-api03-abcdef_0123", "AIzaSyA-0123456789abcdef", "Bearer abc.def"])
def test_call_failed__key_in_what_a_provider_says__is_not_told(secret: str) -> None:
    failed = CallFailed(Fault.UNAUTHORISED, f"the key {secret} is wrong")
    assert secret not in f"{failed} {failed.detail}"

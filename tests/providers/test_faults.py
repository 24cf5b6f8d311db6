"""Errors that providers really sent are told apart, as their own SDK raises them; our own errors are not theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chapter_pipeline.providers.faults import VERDICTS, CallFailed, Effect, Fault, classify
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

"""Owns the faults of calls: their classification, and what each means for retry, circuit breaker and fallback.

Errors are classified by status and body, so that the SDKs and their HTTP clients need one classifier.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from time import time
from typing import Any

import httpx2

from chapter_pipeline.addresses import without_secrets
from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.http_client import Redirected, refused_reply
from chapter_pipeline.shown import shown_text


class Fault(StrEnum):
    """Why an attempt failed."""

    RATE_LIMITED = "rate limited"
    QUOTA_EXHAUSTED = "quota exhausted"
    UNAUTHORISED = "unauthorised"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server error"
    TIMEOUT = "timeout"
    NOT_CONNECTED = "unreachable, nothing sent"
    UNREACHABLE = "unreachable"
    BAD_REPLY = "bad reply"
    SCHEMA = "reply not as asked"
    REFUSED = "refused"
    CUT_OFF = "reply cut off"
    BAD_REQUEST = "bad request"
    REDIRECTED = "redirected"
    TOO_LARGE = "reply too large"


class Effect(StrEnum):
    """What the outcome of a call means for the circuit breaker of its provider."""

    SUCCESS = "success"
    FAILURE = "failure"
    TIMEOUT = "timeout"
    NEUTRAL = "neutral"
    ISOLATE = "isolate"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`retry`: the same request may succeed now. `sent`: the provider may have worked, and counted, for it."""

    retry: bool
    effect: Effect
    sent: bool = False


VERDICTS: dict[Fault, Verdict] = {
    Fault.RATE_LIMITED: Verdict(retry=True, effect=Effect.NEUTRAL),
    Fault.QUOTA_EXHAUSTED: Verdict(retry=False, effect=Effect.ISOLATE),
    Fault.UNAUTHORISED: Verdict(retry=False, effect=Effect.ISOLATE),
    Fault.OVERLOADED: Verdict(retry=True, effect=Effect.FAILURE),
    Fault.SERVER_ERROR: Verdict(retry=True, effect=Effect.FAILURE),
    Fault.TIMEOUT: Verdict(retry=True, effect=Effect.TIMEOUT, sent=True),
    Fault.NOT_CONNECTED: Verdict(retry=True, effect=Effect.FAILURE),
    Fault.UNREACHABLE: Verdict(retry=True, effect=Effect.FAILURE, sent=True),
    Fault.BAD_REPLY: Verdict(retry=True, effect=Effect.FAILURE, sent=True),
    Fault.SCHEMA: Verdict(retry=True, effect=Effect.NEUTRAL, sent=True),
    Fault.REFUSED: Verdict(retry=False, effect=Effect.NEUTRAL, sent=True),
    # With a larger limit: thoughts count as output, and the same limit would cut the reply off again.
    Fault.CUT_OFF: Verdict(retry=True, effect=Effect.NEUTRAL, sent=True),
    Fault.BAD_REQUEST: Verdict(retry=False, effect=Effect.NEUTRAL),
    # The server is not the API: it gets no key and no prompt until a person has checked the address.
    Fault.REDIRECTED: Verdict(retry=False, effect=Effect.ISOLATE),
    # The reply may have been paid for, and a retry would be paid for again.
    Fault.TOO_LARGE: Verdict(retry=False, effect=Effect.FAILURE, sent=True),
}

_NOT_CONNECTED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
"""Errors before the first byte of a request: refused, no such host, TLS, no time left to connect."""
_STATUS: dict[int, Fault] = {
    400: Fault.BAD_REQUEST, 401: Fault.UNAUTHORISED, 402: Fault.QUOTA_EXHAUSTED, 403: Fault.UNAUTHORISED,
    404: Fault.BAD_REQUEST, 408: Fault.TIMEOUT, 409: Fault.SERVER_ERROR, 413: Fault.BAD_REQUEST,
    422: Fault.BAD_REQUEST, 425: Fault.SERVER_ERROR, 429: Fault.RATE_LIMITED, 503: Fault.OVERLOADED,
    504: Fault.TIMEOUT, 529: Fault.OVERLOADED,
}  # fmt: skip
_QUOTA = re.compile(
    r"insufficient_quota|credit balance is too low|billing_hard_limit|exceeded your current quota|billing details|"
    r"per ?day",
    re.IGNORECASE,
)
_DAILY = re.compile(r'"quotaId": ?"\w*PerDay')
_KEY = re.compile(r"api key not valid|api_key_invalid|invalid.{0,12}api key|api key expired", re.IGNORECASE)
_TOO_LARGE = re.compile(r"request too large|context[ _]length|maximum context|prompt is too long", re.IGNORECASE)
_OVERLOADED = re.compile(r"overloaded_error|\boverloaded\b", re.IGNORECASE)
_TRY_AGAIN = re.compile(r"(?:try again|retry) in ((?:\d+(?:\.\d+)?(?:ms|h|m|s) ?)+)", re.IGNORECASE)
_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST_WAIT_S = 7 * 86400.0
_DETAIL_CHARACTERS = 300
_BODY_CHARACTERS = 100_000
"""Most characters of an error's body that are read."""
_SECRET = re.compile(r"\b(?:sk-|AIza|key-)[\w*-]{6,}|Bearer \S+", re.IGNORECASE)


class CallFailed(Exception):
    """One attempt failed. `usage` is what the provider counted all the same; None when that is not known.

    It is caught in this package: callers of a provider see errors of the project's tree.
    """

    def __init__(
        self, fault: Fault, detail: str, *, retry_after_s: float | None = None, usage: Usage | None = None
    ) -> None:
        self.fault = fault
        self.detail = shown_text(_SECRET.sub("[key]", without_secrets(detail[:_BODY_CHARACTERS])), _DETAIL_CHARACTERS)
        super().__init__(f"{fault}: {self.detail}")
        self.retry_after_s = retry_after_s
        self.usage = usage

    @property
    def verdict(self) -> Verdict:
        return VERDICTS[self.fault]


def classify(error: BaseException) -> CallFailed:
    """What an error of an SDK, of its HTTP client or of reading the reply means.

    Raises the error itself when it is none of these: a bug must not be classified as a fault of a provider.
    """
    if isinstance(error, CallFailed):
        return error
    refused = refused_reply(error)
    if refused is not None:
        return CallFailed(Fault.REDIRECTED if isinstance(refused, Redirected) else Fault.TOO_LARGE, str(refused))
    status = _status(error)
    if status is not None:
        return _by_status(status, _body(error), _headers(error))
    if any(isinstance(one, _NOT_CONNECTED) for one in _causes(error)):
        return CallFailed(Fault.NOT_CONNECTED, _cause(error))
    if isinstance(error, TimeoutError | asyncio.TimeoutError | httpx2.TimeoutException) or "Timeout" in _names(error):
        return CallFailed(Fault.TIMEOUT, "no whole answer within the time given")
    if isinstance(_innermost(error), httpx2.DecodingError):
        return CallFailed(Fault.BAD_REPLY, _cause(error))
    if isinstance(error, httpx2.HTTPError | ConnectionError | OSError) or "APIConnectionError" in _names(error):
        return CallFailed(Fault.UNREACHABLE, _cause(error))
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError) or "APIResponseValidationError" in _names(error):
        return CallFailed(Fault.BAD_REPLY, "the answer is not the JSON that the provider promises")
    raise error


def _by_status(status: int, body: Any, headers: Mapping[str, str]) -> CallFailed:
    text = (body if isinstance(body, str) else json.dumps(body, default=str))[:_BODY_CHARACTERS]
    fault = _STATUS.get(status, Fault.SERVER_ERROR if status >= 500 else Fault.BAD_REQUEST)
    if status < 300:
        fault = Fault.BAD_REPLY
    elif status in (400, 403) and _QUOTA.search(text):
        fault = Fault.QUOTA_EXHAUSTED
    elif status == 400 and _KEY.search(text):
        fault = Fault.UNAUTHORISED
    elif status == 429 and _TOO_LARGE.search(text):
        fault = Fault.BAD_REQUEST  # no waiting makes the request smaller
    elif status == 429 and _DAILY.search(text):
        fault = Fault.QUOTA_EXHAUSTED  # Gemini asks to retry in seconds even then
    elif status == 429 and _QUOTA.search(text) and _retry_after(text, headers) is None:
        fault = Fault.QUOTA_EXHAUSTED
    elif status >= 500 and _OVERLOADED.search(text):
        fault = Fault.OVERLOADED
    return CallFailed(fault, f"HTTP {status}: {_message(body)}", retry_after_s=_retry_after(text, headers))


def _status(error: BaseException) -> int | None:
    for name in ("status_code", "code"):  # anthropic and openai, google-genai
        value = getattr(error, name, None)
        if isinstance(value, int) and 100 <= value < 600:
            return value
    response = getattr(error, "response", None)
    value = getattr(response, "status_code", None)
    return value if isinstance(value, int) else None


def _body(error: BaseException) -> Any:
    for name in ("body", "details"):
        value = getattr(error, name, None)
        if value:
            return value
    return str(error)


def _headers(error: BaseException) -> Mapping[str, str]:
    headers = getattr(getattr(error, "response", None), "headers", None)
    return {str(name).lower(): str(value) for name, value in headers.items()} if headers is not None else {}


def _message(body: Any) -> str:
    """What the provider says; bodies are nested differently, and a proxy may answer with a page."""
    while isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict):
            return str(inner.get("message") or inner)
        return str(body.get("message") or inner)
    return re.sub(r"<[^<>]*>", " ", str(body)[:_BODY_CHARACTERS])


def _retry_after(text: str, headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the provider asks: its header, in milliseconds, seconds or as a date, else its message.

    None for what asks for no wait: the next attempt then waits as long as without it. At most `LONGEST_WAIT_S`.
    """
    asked = _asked_wait(text, headers)
    return min(asked, LONGEST_WAIT_S) if asked is not None and asked > 0 else None


def _asked_wait(text: str, headers: Mapping[str, str]) -> float | None:
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    given = headers.get("retry-after")
    if given is not None:
        if (seconds := _number(given)) is not None:
            return seconds
        try:
            return parsedate_to_datetime(given).timestamp() - time()
        except (TypeError, ValueError, OverflowError, OSError):
            return None
    if match := _TRY_AGAIN.search(text) or re.search(r'"retryDelay": ?"((?:\d+(?:\.\d+)?)s)"', text):
        return sum(float(amount) * _SECONDS[unit.lower()] for amount, unit in _PARTS.findall(match.group(1).lower()))
    return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _names(error: BaseException) -> str:
    return " ".join(kind.__name__ for kind in type(error).__mro__)


def _cause(error: BaseException) -> str:
    """The innermost reason: SDKs say no more than "Connection error."."""
    error = _innermost(error)
    return f"{type(error).__name__}: {error}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def _innermost(error: BaseException) -> BaseException:
    return list(_causes(error))[-1]

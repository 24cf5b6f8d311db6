"""Owns asking a literature service over HTTP: no redirect, a bounded reply, and one deadline for the whole of a question."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2

from chapter_pipeline.background_loop import LoopThread
from chapter_pipeline.errors import TransientError
from chapter_pipeline.http_client import ReplyRefused, reply_hooks

REPLY_MAX_BYTES = 8 * 1024 * 1024
"""A record with thousands of authors and its reference list has less than one million."""
UNREADABLE = (httpx2.HTTPError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What asking, and reading an answer of any form, may raise: see `no_answer`."""


class Service:
    """One literature service. For several threads at once."""

    def __init__(self, *, deadline_s: float, headers: Mapping[str, str] | None = None) -> None:
        self._deadline_s = deadline_s
        self._client = httpx2.AsyncClient(
            timeout=deadline_s, headers=headers, follow_redirects=False, event_hooks=reply_hooks(REPLY_MAX_BYTES)
        )
        self._loop = LoopThread()

    def get(self, url: str, parameters: Mapping[str, str] | None = None) -> httpx2.Response:
        """The reply to one request, of any status but a redirect. Raises `httpx2.HTTPError`."""
        try:
            return self._loop.run(self._client.get(url, params=parameters), timeout_s=self._deadline_s)
        except TimeoutError:
            raise httpx2.ReadTimeout(f"no whole reply within {self._deadline_s:g} s") from None

    def close(self) -> None:
        self._loop.run(self._client.aclose(), timeout_s=5)
        self._loop.close()


def no_answer(service: str, doi: str, error: Exception) -> TransientError:
    """One of `UNREADABLE` as our own error."""
    if isinstance(error, ReplyRefused):
        return TransientError(f"{service} gave no answer for {doi!r}: {error}")
    return TransientError(f"{service} gave no answer for {doi!r}: {type(error).__name__}; try again")

"""Owns what the providers' adapters share: a client made on first use, and pictures as text."""

from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from chapter_pipeline.ports import Picture

ClientT = TypeVar("ClientT")
_TALKATIVE = ("anthropic", "openai", "google_genai", "httpx2", "httpcore2")
"""Loggers that write whole requests, prompts included, when somebody debugs."""


class Lazy(Generic[ClientT]):
    """A client that is made when it is first needed: its package takes up to a second to load."""

    def __init__(self, make: Callable[[], ClientT], close: Callable[[ClientT], Awaitable[object]]) -> None:
        self._make = make
        self._close = close
        self._client: ClientT | None = None

    def __call__(self) -> ClientT:
        if self._client is None:
            self._client = self._make()
            for name in _TALKATIVE:  # after the import, which sets levels by variables of its own
                logging.getLogger(name).setLevel(logging.WARNING)
        return self._client

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await self._close(client)


def base64_of(picture: Picture) -> str:
    return base64.b64encode(picture.content).decode()


def data_url(picture: Picture) -> str:
    return f"data:{picture.media_type};base64,{base64_of(picture)}"

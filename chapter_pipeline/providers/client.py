"""Owns what the providers' adapters share: a client made on first use, reading an answer, and pictures as text."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, Field, ValidationError

from chapter_pipeline.ports import Picture
from chapter_pipeline.providers.faults import CallFailed, Fault
from chapter_pipeline.providers.structured_output import first_fault

ClientT = TypeVar("ClientT")
FormT = TypeVar("FormT", bound=BaseModel)
Count = Annotated[int, Field(ge=0)]
_TALKATIVE = ("anthropic", "openai", "google_genai", "httpx2", "httpcore2")
"""Loggers that write whole requests, prompts included, at level DEBUG."""


class Lazy(Generic[ClientT]):
    """A client that is made when it is first needed: its package takes up to a second to load."""

    def __init__(self, make: Callable[[], ClientT], close: Callable[[ClientT], Awaitable[object]]) -> None:
        self._make = make
        self._close = close
        self._client: ClientT | None = None
        self._lock = threading.Lock()

    def __call__(self) -> ClientT:
        with self._lock:
            if self._client is None:
                self._client = self._make()
                for name in _TALKATIVE:  # after the import, which sets levels by variables of its own
                    logging.getLogger(name).setLevel(logging.WARNING)
            return self._client

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await self._close(client)


def read_answer(body: str, form: type[FormT]) -> FormT:
    """An answer with status 200, held against the part of its form that we use.

    The SDKs build their types from whatever arrives: a page becomes a string, a missing count None. So they are asked
    for the body, and it is read here. Raises `CallFailed`, a bad reply, for a page, half a JSON or a wrong type.
    """
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        raise CallFailed(Fault.BAD_REPLY, f"the answer is not what the API promises: {first_fault(error)}") from None


def base64_of(picture: Picture) -> str:
    return base64.b64encode(picture.content).decode()


def data_url(picture: Picture) -> str:
    return f"data:{picture.media_type};base64,{base64_of(picture)}"

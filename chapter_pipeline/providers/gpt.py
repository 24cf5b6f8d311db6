"""Owns the provider ``gpt``: OpenAI's Responses API, one attempt a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.http_client import BoundedClient
from chapter_pipeline.providers.call import ModelCall, ModelReply
from chapter_pipeline.providers.client import Count, Lazy, data_url, read_answer
from chapter_pipeline.providers.faults import CallFailed, Fault
from chapter_pipeline.settings import REPLY_MAX_BYTES

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class Details(BaseModel):
    """The cached part of the input tokens, in the form of both of OpenAI's APIs."""

    cached_tokens: Count | None = None


class _Part(BaseModel):
    type: str
    text: str | None = None


class _Item(BaseModel):
    type: str
    content: list[_Part] | None = None


class _Error(BaseModel):
    message: str


class _Incomplete(BaseModel):
    reason: str | None = None


class _Usage(BaseModel):
    input_tokens: Count
    output_tokens: Count
    input_tokens_details: Details | None = None


class _Response(BaseModel):
    model: str
    status: str | None = None
    error: _Error | None = None
    incomplete_details: _Incomplete | None = None
    output: list[_Item]
    usage: _Usage | None = None


class Gpt:
    """Implements `call.Adapter`."""

    name = "gpt"

    def __init__(self, *, api_key: str, base_url: str | None = None, reply_max_bytes: int = REPLY_MAX_BYTES) -> None:
        self._client = openai_client(api_key, base_url, reply_max_bytes)

    def load(self) -> None:
        """Make the client, see `call.Adapter`."""
        self._client()

    async def send(self, call: ModelCall, *, model: str, timeout_s: float) -> ModelReply:
        """Make one attempt, see `call.Adapter`."""
        content: list[Any] = [
            {"type": "input_image", "image_url": data_url(picture), "detail": "auto"} for picture in call.pictures
        ]
        more: Any = {} if call.effort is None else {"reasoning": {"effort": call.effort}}
        answer = await self._client().responses.with_raw_response.create(
            model=model,
            instructions=call.system,
            input=[{"role": "user", "content": [*content, {"type": "input_text", "text": call.prompt}]}],
            max_output_tokens=call.max_output_tokens,
            text={"format": {"type": "json_schema", "name": call.schema_name, "schema": call.schema, "strict": True}},
            store=False,
            timeout=timeout_s,
            **more,
        )
        return _reply(read_answer(answer.http_response.text, _Response), answer.request_id)

    async def close(self) -> None:
        await self._client.close()


def openai_client(api_key: str, base_url: str | None, reply_max_bytes: int) -> Lazy[AsyncOpenAI]:
    """A client of the OpenAI API or of a compatible server, without retries and redirects."""

    def make() -> AsyncOpenAI:
        from openai import AsyncOpenAI

        client = BoundedClient(reply_max_bytes)
        return AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0, http_client=client)

    return Lazy(make, lambda client: client.close())


def _reply(response: _Response, request_id: str | None) -> ModelReply:
    usage = _usage(response.usage)
    if response.status == "failed":
        raise CallFailed(Fault.SERVER_ERROR, response.error.message if response.error else "failed", usage=usage)
    stopped = response.incomplete_details.reason if response.incomplete_details else None
    parts = [part for item in response.output if item.type == "message" for part in item.content or []]
    if stopped == "content_filter" or any(part.type == "refusal" for part in parts):
        raise CallFailed(Fault.REFUSED, "the model refuses to answer", usage=usage)
    if response.status == "incomplete":
        raise CallFailed(Fault.CUT_OFF, f"the reply ended early ({stopped})", usage=usage)
    text = "".join(part.text or "" for part in parts if part.type == "output_text")
    if not text:
        raise CallFailed(Fault.BAD_REPLY, "the response has no text", usage=usage)
    return ModelReply(text=text, model=response.model, usage=usage, request_id=request_id)


def _usage(counted: _Usage | None) -> Usage | None:
    if counted is None:
        return None
    details = counted.input_tokens_details or Details()
    return Usage(
        input_tokens=counted.input_tokens,
        output_tokens=counted.output_tokens,
        cached_tokens=details.cached_tokens or 0,
    )

"""Owns the provider ``claude``: Anthropic's Messages API, one attempt a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.http_client import BoundedClient
from chapter_pipeline.providers.call import ModelCall, ModelReply
from chapter_pipeline.providers.client import Count, Lazy, base64_of, read_answer
from chapter_pipeline.providers.faults import CallFailed, Fault
from chapter_pipeline.settings import REPLY_MAX_BYTES

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic


class _Block(BaseModel):
    type: str
    text: str | None = None


class _Usage(BaseModel):
    input_tokens: Count
    output_tokens: Count
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None


class _Message(BaseModel):
    model: str
    content: list[_Block]
    stop_reason: str | None = None
    usage: _Usage


class Claude:
    """Implements `call.Adapter`."""

    name = "claude"

    def __init__(self, *, api_key: str, base_url: str | None = None, reply_max_bytes: int = REPLY_MAX_BYTES) -> None:
        def make() -> AsyncAnthropic:
            from anthropic import AsyncAnthropic

            client = BoundedClient(reply_max_bytes)
            return AsyncAnthropic(api_key=api_key, base_url=base_url, max_retries=0, http_client=client)

        self._client = Lazy(make, lambda client: client.close())

    def load(self) -> None:
        """Make the client, see `call.Adapter`."""
        self._client()

    async def send(self, call: ModelCall, *, model: str, timeout_s: float) -> ModelReply:
        """Make one attempt, see `call.Adapter`."""
        content: list[Any] = [
            {
                "type": "image",
                "source": {"type": "base64", "media_type": picture.media_type, "data": base64_of(picture)},
            }
            for picture in call.pictures
        ]
        output: Any = {"format": {"type": "json_schema", "schema": call.schema}}
        if call.effort is not None:
            output["effort"] = call.effort
        answer = await self._client().messages.with_raw_response.create(
            model=model,
            max_tokens=call.max_output_tokens,
            system=call.system,
            messages=[{"role": "user", "content": [*content, {"type": "text", "text": call.prompt}]}],
            output_config=output,
            timeout=timeout_s,
        )
        return _reply(read_answer(answer.http_response.text, _Message), answer.request_id)

    async def close(self) -> None:
        await self._client.close()


def _reply(message: _Message, request_id: str | None) -> ModelReply:
    counted = message.usage
    cached = counted.cache_read_input_tokens or 0
    usage = Usage(
        # Anthropic counts what it reads from and writes to its cache beside the input, not in it.
        input_tokens=counted.input_tokens + cached + (counted.cache_creation_input_tokens or 0),
        output_tokens=counted.output_tokens,
        cached_tokens=cached,
    )
    if message.stop_reason == "refusal":
        raise CallFailed(Fault.REFUSED, "the model refuses to answer", usage=usage)
    if message.stop_reason in ("max_tokens", "model_context_window_exceeded"):
        raise CallFailed(Fault.CUT_OFF, f"the reply reached its {counted.output_tokens} tokens", usage=usage)
    text = "".join(block.text or "" for block in message.content if block.type == "text")
    if not text:
        raise CallFailed(Fault.BAD_REPLY, "the message has no text", usage=usage)
    return ModelReply(text=text, model=message.model, usage=usage, request_id=request_id)

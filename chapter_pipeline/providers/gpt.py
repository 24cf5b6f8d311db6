"""Owns the provider ``gpt``: OpenAI's Responses API, one attempt a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chapter_pipeline.providers.call import ModelCall, ModelReply, TokenUsage
from chapter_pipeline.providers.client import Lazy, data_url
from chapter_pipeline.providers.faults import CallFailed, Fault

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.responses import Response


class Gpt:
    """Implements `call.Adapter`."""

    name = "gpt"

    def __init__(self, *, api_key: str, base_url: str | None = None) -> None:
        self._client = openai_client(api_key, base_url)

    async def send(self, call: ModelCall, *, model: str, timeout_s: float) -> ModelReply:
        """Make one attempt, see `call.Adapter`."""
        content: list[Any] = [
            {"type": "input_image", "image_url": data_url(picture), "detail": "auto"} for picture in call.pictures
        ]
        response = await self._client().responses.create(
            model=model,
            instructions=call.system,
            input=[{"role": "user", "content": [*content, {"type": "input_text", "text": call.prompt}]}],
            max_output_tokens=call.max_output_tokens,
            text={"format": {"type": "json_schema", "name": call.schema_name, "schema": call.schema, "strict": True}},
            store=False,
            timeout=timeout_s,
        )
        return _reply(response)

    async def close(self) -> None:
        await self._client.close()


def openai_client(api_key: str, base_url: str | None) -> Lazy[AsyncOpenAI]:
    """A client of the OpenAI API, or of a server that speaks it, that makes no retry."""

    def make() -> AsyncOpenAI:
        from openai import AsyncOpenAI

        return AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0)

    return Lazy(make, lambda client: client.close())


def _reply(response: Response) -> ModelReply:
    # A page with status 200 comes as a string, half an object as one without its fields.
    if not isinstance(getattr(response, "output", None), list):
        raise CallFailed(Fault.BAD_REPLY, "the answer is no response")
    usage = _usage(response)
    if response.status == "failed":
        raise CallFailed(Fault.SERVER_ERROR, response.error.message if response.error else "failed", usage=usage)
    stopped = response.incomplete_details.reason if response.incomplete_details else None
    parts = [part for item in response.output if item.type == "message" for part in item.content]
    if stopped == "content_filter" or any(part.type == "refusal" for part in parts):
        raise CallFailed(Fault.REFUSED, "the model refuses to answer", usage=usage)
    if response.status == "incomplete":
        raise CallFailed(Fault.CUT_OFF, f"the reply ended early ({stopped})", usage=usage)
    if not response.output_text:
        raise CallFailed(Fault.BAD_REPLY, "the response has no text", usage=usage)
    return ModelReply(
        text=response.output_text, model=response.model, usage=usage or TokenUsage(), request_id=response._request_id
    )


def _usage(response: Response) -> TokenUsage | None:
    counted = response.usage
    if counted is None:
        return None
    details = counted.input_tokens_details
    return TokenUsage(
        input_tokens=counted.input_tokens,
        output_tokens=counted.output_tokens,
        cached_tokens=(details.cached_tokens or 0) if details else 0,
    )

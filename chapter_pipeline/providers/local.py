"""Owns the provider ``local``: any server with OpenAI's chat completions API (llama.cpp, Ollama, vLLM)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.providers.call import ModelCall, ModelReply
from chapter_pipeline.providers.client import Count, data_url, read_answer
from chapter_pipeline.providers.faults import CallFailed, Fault
from chapter_pipeline.providers.gpt import Details, openai_client
from chapter_pipeline.settings import REPLY_MAX_BYTES


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: Count
    completion_tokens: Count
    prompt_tokens_details: Details | None = None


class _Completion(BaseModel):
    model: str
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


class Local:
    """Implements `call.Adapter`. Its replies are free."""

    name = "local"

    def __init__(self, *, base_url: str, api_key: str = "none", reply_max_bytes: int = REPLY_MAX_BYTES) -> None:
        self._client = openai_client(api_key, base_url, reply_max_bytes)

    def load(self) -> None:
        """Make the client, see `call.Adapter`."""
        self._client()

    async def send(self, call: ModelCall, *, model: str, timeout_s: float) -> ModelReply:
        """Make one attempt, see `call.Adapter`."""
        content: list[Any] = [
            {"type": "image_url", "image_url": {"url": data_url(picture)}} for picture in call.pictures
        ]
        asked: Any = [*content, {"type": "text", "text": call.prompt}] if content else call.prompt
        more: Any = {} if call.effort is None else {"reasoning_effort": call.effort}
        answer = await self._client().chat.completions.with_raw_response.create(
            model=model,
            messages=[{"role": "system", "content": call.system}, {"role": "user", "content": asked}],
            max_completion_tokens=call.max_output_tokens,
            response_format={
                "type": "json_schema",
                "json_schema": {"name": call.schema_name, "schema": call.schema, "strict": True},
            },
            timeout=timeout_s,
            **more,
        )
        return _reply(read_answer(answer.http_response.text, _Completion), answer.request_id)

    async def close(self) -> None:
        await self._client.close()


def _reply(completion: _Completion, request_id: str | None) -> ModelReply:
    usage = _usage(completion.usage)
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise CallFailed(Fault.REFUSED, "the model refuses to answer", usage=usage)
    if choice.finish_reason == "length":
        raise CallFailed(Fault.CUT_OFF, "the reply reached its greatest length", usage=usage)
    if not choice.message.content:
        raise CallFailed(Fault.BAD_REPLY, "the completion has no text", usage=usage)
    return ModelReply(text=choice.message.content, model=completion.model, usage=usage, request_id=request_id)


def _usage(counted: _Usage | None) -> Usage | None:
    if counted is None:
        return None
    details = counted.prompt_tokens_details or Details()
    return Usage(
        input_tokens=counted.prompt_tokens,
        output_tokens=counted.completion_tokens,
        cached_tokens=details.cached_tokens or 0,
    )

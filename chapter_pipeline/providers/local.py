"""Owns the provider ``local``: any server that speaks OpenAI's chat completions (llama.cpp, Ollama, vLLM)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chapter_pipeline.providers.call import ModelCall, ModelReply, TokenUsage
from chapter_pipeline.providers.client import data_url
from chapter_pipeline.providers.faults import CallFailed, Fault
from chapter_pipeline.providers.gpt import openai_client

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion


class Local:
    """Implements `call.Adapter`. What it answers costs nothing."""

    name = "local"

    def __init__(self, *, base_url: str, api_key: str = "none") -> None:
        self._client = openai_client(api_key, base_url)

    async def send(self, call: ModelCall, *, model: str, timeout_s: float) -> ModelReply:
        """Make one attempt, see `call.Adapter`."""
        content: list[Any] = [
            {"type": "image_url", "image_url": {"url": data_url(picture)}} for picture in call.pictures
        ]
        asked: Any = [*content, {"type": "text", "text": call.prompt}] if content else call.prompt
        completion = await self._client().chat.completions.create(
            model=model,
            messages=[{"role": "system", "content": call.system}, {"role": "user", "content": asked}],
            max_completion_tokens=call.max_output_tokens,
            response_format={
                "type": "json_schema",
                "json_schema": {"name": call.schema_name, "schema": call.schema, "strict": True},
            },
            timeout=timeout_s,
        )
        return _reply(completion)

    async def close(self) -> None:
        await self._client.close()


def _reply(completion: ChatCompletion) -> ModelReply:
    # A page with status 200 comes as a string, half an object as one without its fields.
    choices = getattr(completion, "choices", None)
    if not isinstance(choices, list) or not choices or getattr(choices[0], "message", None) is None:
        raise CallFailed(Fault.BAD_REPLY, "the answer is no completion")
    counted = completion.usage
    usage = TokenUsage(
        input_tokens=counted.prompt_tokens if counted else 0, output_tokens=counted.completion_tokens if counted else 0
    )
    choice = choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise CallFailed(Fault.REFUSED, "the model refuses to answer", usage=usage)
    if choice.finish_reason == "length":
        raise CallFailed(Fault.CUT_OFF, f"the reply reached its {usage.output_tokens} tokens", usage=usage)
    if not choice.message.content:
        raise CallFailed(Fault.BAD_REPLY, "the completion has no text", usage=usage)
    return ModelReply(
        text=choice.message.content, model=completion.model, usage=usage, request_id=completion._request_id
    )

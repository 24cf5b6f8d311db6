"""Owns the provider ``gemini``: Google's generateContent, one attempt a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chapter_pipeline.providers.call import ModelCall, ModelReply, TokenUsage
from chapter_pipeline.providers.client import Lazy
from chapter_pipeline.providers.faults import CallFailed, Fault

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import GenerateContentResponse

_REFUSALS = frozenset({"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"})


class Gemini:
    """Implements `call.Adapter`."""

    name = "gemini"

    def __init__(self, *, api_key: str, base_url: str | None = None) -> None:
        def make() -> Client:
            from google.genai import Client
            from google.genai.types import HttpOptions, HttpRetryOptions

            options = HttpOptions(base_url=base_url, retry_options=HttpRetryOptions(attempts=1))
            return Client(api_key=api_key, vertexai=False, http_options=options)

        self._client = Lazy(make, lambda client: client.aio.aclose())

    async def send(self, call: ModelCall, *, model: str, timeout_s: float) -> ModelReply:
        """Make one attempt, see `call.Adapter`."""
        from google.genai.types import GenerateContentConfig, HttpOptions, Part

        parts: list[Any] = [
            Part.from_bytes(data=picture.content, mime_type=picture.media_type) for picture in call.pictures
        ]
        response = await self._client().aio.models.generate_content(
            model=model,
            contents=[*parts, Part.from_text(text=call.prompt)],
            config=GenerateContentConfig(
                system_instruction=call.system,
                max_output_tokens=call.max_output_tokens,
                response_mime_type="application/json",
                response_json_schema=call.schema,
                http_options=HttpOptions(timeout=max(1, int(timeout_s * 1000))),
            ),
        )
        return _reply(response, model)

    async def close(self) -> None:
        await self._client.close()


def _reply(response: GenerateContentResponse, model: str) -> ModelReply:
    usage = _usage(response)
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        raise CallFailed(Fault.REFUSED, f"the request is blocked ({feedback.block_reason.value})", usage=usage)
    if not response.candidates:
        raise CallFailed(Fault.BAD_REPLY, "the answer has no candidate", usage=usage)
    candidate = response.candidates[0]
    finish = candidate.finish_reason.value if candidate.finish_reason else ""
    if finish in _REFUSALS:
        raise CallFailed(Fault.REFUSED, f"the model refuses to answer ({finish})", usage=usage)
    if finish == "MAX_TOKENS":
        raise CallFailed(Fault.CUT_OFF, "the reply reached its greatest length", usage=usage)
    # `response.parsed` is None when the reply breaks the schema, without an error: the text is read instead.
    shown = candidate.content.parts if candidate.content and candidate.content.parts else []
    text = "".join(part.text or "" for part in shown if not part.thought)
    if not text:
        raise CallFailed(Fault.BAD_REPLY, f"the candidate has no text ({finish})", usage=usage)
    return ModelReply(
        text=text, model=response.model_version or model, usage=usage or TokenUsage(), request_id=response.response_id
    )


def _usage(response: GenerateContentResponse) -> TokenUsage | None:
    counted = response.usage_metadata
    if counted is None:
        return None
    return TokenUsage(
        input_tokens=(counted.prompt_token_count or 0) + (counted.tool_use_prompt_token_count or 0),
        # What it thinks is paid for as output, and counted beside it.
        output_tokens=(counted.candidates_token_count or 0) + (counted.thoughts_token_count or 0),
        cached_tokens=counted.cached_content_token_count or 0,
    )

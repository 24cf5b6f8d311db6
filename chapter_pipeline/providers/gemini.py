"""Owns the provider ``gemini``: Google's generateContent, one attempt a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.http_client import BoundedClient
from chapter_pipeline.providers.call import ModelCall, ModelReply
from chapter_pipeline.providers.client import Count, Lazy, read_answer
from chapter_pipeline.providers.faults import CallFailed, Fault
from chapter_pipeline.settings import REPLY_MAX_BYTES

if TYPE_CHECKING:
    from google.genai import Client

_REFUSALS = frozenset({"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"})


class _Form(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Part(_Form):
    text: str | None = None
    thought: bool | None = None


class _Content(_Form):
    parts: list[_Part] | None = None


class _Candidate(_Form):
    content: _Content | None = None
    finish_reason: str | None = None


class _Feedback(_Form):
    block_reason: str | None = None


class _Usage(_Form):
    prompt_token_count: Count | None = None
    tool_use_prompt_token_count: Count | None = None
    candidates_token_count: Count | None = None
    thoughts_token_count: Count | None = None
    cached_content_token_count: Count | None = None


class _Answer(_Form):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    model_version: str | None = None
    response_id: str | None = None


class Gemini:
    """Implements `call.Adapter`."""

    name = "gemini"

    def __init__(self, *, api_key: str, base_url: str | None = None, reply_max_bytes: int = REPLY_MAX_BYTES) -> None:
        def make() -> tuple[Client, httpx2.AsyncClient]:
            from google.genai import Client
            from google.genai.types import HttpOptions, HttpRetryOptions

            # The SDK's own clients follow redirects, key and all, and it has a second way out by aiohttp; with these
            # two it makes none. The synchronous one is never used.
            bounded = BoundedClient(reply_max_bytes)
            options = HttpOptions(
                base_url=base_url,
                retry_options=HttpRetryOptions(attempts=1),
                httpx_async_client=bounded,
                httpx_client=httpx2.Client(follow_redirects=False),
            )
            return Client(api_key=api_key, vertexai=False, http_options=options), bounded

        async def close(made: tuple[Client, httpx2.AsyncClient]) -> None:
            client, bounded = made
            await client.aio.aclose()
            await bounded.aclose()  # the SDK does not close a client that it was given

        self._client = Lazy(make, close)

    def load(self) -> None:
        """Make the client, see `call.Adapter`."""
        self._client()

    async def send(self, call: ModelCall, *, model: str, timeout_s: float) -> ModelReply:
        """Make one attempt, see `call.Adapter`."""
        from google.genai.types import GenerateContentConfig, HttpOptions, Part, ThinkingConfig, ThinkingLevel

        parts: list[Any] = [
            Part.from_bytes(data=picture.content, mime_type=picture.media_type) for picture in call.pictures
        ]
        client, _ = self._client()
        response = await client.aio.models.generate_content(
            model=model,
            contents=[*parts, Part.from_text(text=call.prompt)],
            config=GenerateContentConfig(
                system_instruction=call.system,
                max_output_tokens=call.max_output_tokens,
                response_mime_type="application/json",
                response_json_schema=call.schema,
                thinking_config=None
                if call.effort is None
                else ThinkingConfig(thinking_level=ThinkingLevel(call.effort.upper())),
                should_return_http_response=True,
                http_options=HttpOptions(timeout=max(1, int(timeout_s * 1000))),
            ),
        )
        body = response.sdk_http_response.body if response.sdk_http_response else None
        return _reply(read_answer(body or "", _Answer), model)

    async def close(self) -> None:
        await self._client.close()


def _reply(answer: _Answer, model: str) -> ModelReply:
    usage = _usage(answer.usage_metadata)
    if answer.prompt_feedback and answer.prompt_feedback.block_reason:
        raise CallFailed(Fault.REFUSED, f"the request is blocked ({answer.prompt_feedback.block_reason})", usage=usage)
    if not answer.candidates:
        raise CallFailed(Fault.BAD_REPLY, "the answer has no candidate", usage=usage)
    candidate = answer.candidates[0]
    finish = candidate.finish_reason or ""
    if finish in _REFUSALS:
        raise CallFailed(Fault.REFUSED, f"the model refuses to answer ({finish})", usage=usage)
    if finish == "MAX_TOKENS":
        raise CallFailed(Fault.CUT_OFF, "the reply reached its greatest length", usage=usage)
    shown = candidate.content.parts if candidate.content and candidate.content.parts else []
    text = "".join(part.text or "" for part in shown if not part.thought)
    if not text:
        raise CallFailed(Fault.BAD_REPLY, f"the candidate has no text ({finish})", usage=usage)
    return ModelReply(text=text, model=answer.model_version or model, usage=usage, request_id=answer.response_id)


def _usage(counted: _Usage | None) -> Usage | None:
    if counted is None:
        return None
    return Usage(
        input_tokens=(counted.prompt_token_count or 0) + (counted.tool_use_prompt_token_count or 0),
        # Thinking tokens are billed as output, and reported apart from it.
        output_tokens=(counted.candidates_token_count or 0) + (counted.thoughts_token_count or 0),
        cached_tokens=counted.cached_content_token_count or 0,
    )

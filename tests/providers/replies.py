"""Owns how each provider words a whole reply."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from tests.library_samples import HashEmbedder

if TYPE_CHECKING:
    from tests.providers.fault_server import Behaviour, Request

MESSAGES, RESPONSES, CHAT, GENERATE = "claude", "gpt", "local", "gemini"
EMBEDDINGS = "embeddings"


def whole_reply(request: Request, behaviour: Behaviour) -> dict[str, Any]:
    """The body of an answer, in the form of the API that is asked."""
    forms = {
        MESSAGES: _message, RESPONSES: _response, CHAT: _completion, GENERATE: _candidates, EMBEDDINGS: _embeddings
    }  # fmt: skip
    return forms[request.api](request, behaviour)


def _message(request: Request, behaviour: Behaviour) -> dict[str, Any]:
    tokens_in, tokens_out = behaviour.tokens
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": request.model,
        "content": [{"type": "text", "text": behaviour.text}] if behaviour.text else [],
        "stop_reason": {"end": "end_turn", "refusal": "refusal", "length": "max_tokens"}[behaviour.stop],
        "stop_sequence": None, "usage": {"input_tokens": tokens_in, "output_tokens": tokens_out},
    }  # fmt: skip


def _response(request: Request, behaviour: Behaviour) -> dict[str, Any]:
    tokens_in, tokens_out = behaviour.tokens
    part: dict[str, Any] = {"type": "output_text", "text": behaviour.text, "annotations": []}
    if behaviour.stop == "refusal":
        part = {"type": "refusal", "refusal": "I can't help with that."}
    return {
        "id": "resp_1", "object": "response", "created_at": 1764000000, "model": request.model,
        "status": "incomplete" if behaviour.stop == "length" else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if behaviour.stop == "length" else None,
        "output": [{"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": [part]}],
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
        "usage": {
            "input_tokens": tokens_in, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": tokens_out,
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": tokens_in + tokens_out,
        },
    }  # fmt: skip


def _completion(request: Request, behaviour: Behaviour) -> dict[str, Any]:
    tokens_in, tokens_out = behaviour.tokens
    refused = behaviour.stop == "refusal"
    message = {
        "role": "assistant",
        "content": None if refused else behaviour.text,
        "refusal": "I can't help with that." if refused else None,
    }
    return {
        "id": "chat_1", "object": "chat.completion", "created": 1764000000, "model": request.model,
        "choices": [
            {"index": 0, "message": message, "finish_reason": "length" if behaviour.stop == "length" else "stop"}
        ],
        "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out},
    }  # fmt: skip


def _candidates(request: Request, behaviour: Behaviour) -> dict[str, Any]:
    tokens_in, tokens_out = behaviour.tokens
    finish = {"end": "STOP", "refusal": "SAFETY", "length": "MAX_TOKENS"}[behaviour.stop]
    content = {"role": "model", "parts": [{"text": behaviour.text}]} if behaviour.text else {"role": "model"}
    return {
        "candidates": [{"content": content, "finishReason": finish, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": tokens_in, "candidatesTokenCount": tokens_out,
            "totalTokenCount": tokens_in + tokens_out,
        },
        "modelVersion": request.model, "responseId": "gen_1",
    }  # fmt: skip


def _embeddings(request: Request, behaviour: Behaviour) -> dict[str, Any]:
    """Vectors of words' hashes, twice as long as a unit vector, in no certain order."""
    vectors = 2 * HashEmbedder(request.body["dimensions"]).embed(request.body["input"])
    data = [
        {"object": "embedding", "index": index, "embedding": base64.b64encode(row.astype("<f4").tobytes()).decode()}
        for index, row in enumerate(vectors)
    ]
    tokens_in, _ = behaviour.tokens
    return {
        "object": "list", "model": request.model, "data": data[::-1],
        "usage": {"prompt_tokens": tokens_in, "total_tokens": tokens_in},
    }  # fmt: skip

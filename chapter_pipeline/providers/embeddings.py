"""Owns the embedding model of the provider ``gpt``: texts become unit vectors, by the same way as every paid call."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from pydantic import BaseModel, ConfigDict

from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.ports import Vectors
from chapter_pipeline.providers.call import ModelCall, ModelReply
from chapter_pipeline.providers.client import Count, read_answer
from chapter_pipeline.providers.faults import CallFailed, Fault
from chapter_pipeline.providers.gateway import Gateway
from chapter_pipeline.providers.gpt import openai_client
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.settings import REPLY_MAX_BYTES

PROVIDER = "gpt"
PURPOSE = "embedding"
LONGEST_TEXT = 4000
"""Characters of a text that are sent, as long as a passage may be; the API refuses a text of over 8,191 tokens."""


class _Embedding(BaseModel):
    index: Count
    embedding: str


class _Usage(BaseModel):
    prompt_tokens: Count


class _Embeddings(BaseModel):
    model: str
    data: list[_Embedding]
    usage: _Usage


class EmbeddedTexts(BaseModel):
    """The vectors of a call as the ledger keeps them: base64 of little-endian float16, one row a text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vectors: str

    def unit_vectors(self, dimension: int) -> Vectors:
        """float32 of shape ``(texts, dimension)``, rows of norm 1."""
        rows = np.frombuffer(base64.b64decode(self.vectors), dtype="<f2").reshape(-1, dimension).astype(np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


class GptEmbeddings:
    """Implements `call.Adapter` for calls of `embedding_call`: OpenAI's embeddings API, one attempt a call.

    The model shortens its vectors to the dimension of the index.
    """

    name = PROVIDER

    def __init__(
        self, *, api_key: str, dimension: int, base_url: str | None = None, reply_max_bytes: int = REPLY_MAX_BYTES
    ) -> None:
        self._client = openai_client(api_key, base_url, reply_max_bytes)
        self._dimension = dimension

    def load(self) -> None:
        """Make the client, see `call.Adapter`."""
        self._client()

    async def send(self, call: ModelCall, *, model: str, timeout_s: float) -> ModelReply:
        """Make one attempt, see `call.Adapter`."""
        texts: list[str] = json.loads(call.prompt)
        answer = await self._client().embeddings.with_raw_response.create(
            model=model, input=texts, dimensions=self._dimension, encoding_format="base64", timeout=timeout_s
        )
        embeddings = read_answer(answer.http_response.text, _Embeddings)
        usage = Usage(input_tokens=embeddings.usage.prompt_tokens)
        reply = EmbeddedTexts(vectors=_packed(embeddings.data, len(texts), self._dimension, usage))
        return ModelReply(
            text=reply.model_dump_json(), model=embeddings.model, usage=usage, request_id=answer.request_id
        )

    async def close(self) -> None:
        await self._client.close()


def embedding_call(texts: Sequence[str]) -> ModelCall:
    """The request for the vectors of `texts`, of which there is at least one."""
    # The API refuses an empty text.
    prompt = json.dumps([text[:LONGEST_TEXT] or " " for text in texts], ensure_ascii=False)
    return ModelCall(purpose=PURPOSE, system="", prompt=prompt, schema_name="", schema={}, max_output_tokens=0)


class GatewayEmbedder:
    """Implements `ports.Embedder` by a provider's embedding model. Safe for several threads.

    Passages are measured by `count_tokens` of the local model, so that a library has the same passages, and citations
    the same places, whichever model makes its vectors.
    """

    def __init__(
        self, gateway: Gateway, *, model: str, dimension: int, count_tokens: Callable[[str], int], batch_size: int,
        at_once: int,
    ) -> None:  # fmt: skip
        self._gateway = gateway
        self._model = model
        self._dimension = dimension
        self._count_tokens = count_tokens
        self._batch_size = batch_size
        self._at_once = at_once

    @property
    def name(self) -> str:
        return f"{self._model}/{self._dimension}"

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` in order: float32 of shape ``(len(texts), dimension)``, rows of norm 1.

        Texts embedded before are replayed from the ledger. Raises what `Gateway.ask` raises.
        """
        batches = [texts[start : start + self._batch_size] for start in range(0, len(texts), self._batch_size)]
        if len(batches) < 2:
            rows = [self._embed_batch(batch) for batch in batches]
        else:
            with ThreadPoolExecutor(min(self._at_once, len(batches))) as pool:
                rows = list(pool.map(self._embed_batch, batches))
        return np.concatenate(rows) if rows else np.empty((0, self._dimension), dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as the local model counts them."""
        return self._count_tokens(text)

    def _embed_batch(self, texts: Sequence[str]) -> Vectors:
        answer = self._gateway.ask(
            PROVIDER, self._model, embedding_call(texts), reply_type=EmbeddedTexts, context=CallContext()
        )
        return answer.value.unit_vectors(self._dimension)


def _packed(data: list[_Embedding], texts: int, dimension: int, usage: Usage) -> str:
    """The vectors in the order of the texts. Raises `CallFailed`, a bad reply, when they are not one sound row a text."""

    def bad(why: str) -> CallFailed:
        return CallFailed(Fault.BAD_REPLY, f"the embeddings are unusable: {why}", usage=usage)

    if sorted(one.index for one in data) != list(range(texts)):
        raise bad(f"{len(data)} came for {texts} texts")
    try:
        rows = [
            np.frombuffer(base64.b64decode(one.embedding, validate=True), dtype="<f4")
            for one in sorted(data, key=lambda one: one.index)
        ]
    except (binascii.Error, ValueError):
        raise bad("they are not base64 of float32") from None
    wrong = [len(row) for row in rows if len(row) != dimension]
    if wrong:
        raise bad(f"one has {wrong[0]} dimensions, the index {dimension}")
    vectors = np.stack(rows).astype(np.float64)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        raise bad("one has no direction")
    return base64.b64encode((vectors / norms).astype("<f2").tobytes()).decode()

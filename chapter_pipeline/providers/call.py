"""Owns the request to a language model, its reply, and the adapter protocol, the same for every provider."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, Protocol

from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.ports import Picture
from chapter_pipeline.settings import Effort

LARGER_LIMIT = 2
LONGEST_REPLY_TOKENS = 64_000
"""The models of all providers write as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One request: instructions, the text they are about, and the JSON schema of the reply.

    `purpose` is the kind of the task (``section``). `schema` is a wire schema: every object closed, every field
    required, no defaults (`wire.reply_schema`). `variant` tells apart requests that are alike and wanted anew, as when
    a section is to be written again. `effort`: how much a model thinks; None leaves that to the provider.
    """

    purpose: str
    system: str
    prompt: str
    schema_name: str
    schema: dict[str, Any]
    max_output_tokens: int
    pictures: tuple[Picture, ...] = ()
    variant: str = ""
    effort: Effort | None = None

    def key(self, provider: str, model: str, server: str | None = None) -> str:
        """sha256 of all that the reply depends on: the key of the request in the ledger.

        `server`: the address that `model` is a name at, where the name alone does not say which model it is.
        """
        parts = [
            provider, model, self.purpose, self.system, self.prompt, self.schema_name, self.schema,
            self.max_output_tokens, self.variant,
            [[picture.media_type, hashlib.sha256(picture.content).hexdigest()] for picture in self.pictures],
        ]  # fmt: skip
        if server is not None:
            parts.append(server)
        if self.effort is not None:
            parts.append({"effort": self.effort})
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def longer(self) -> ModelCall:
        """The same request with a larger limit of its reply, after one that was cut off."""
        most = max(self.max_output_tokens, min(LARGER_LIMIT * self.max_output_tokens, LONGEST_REPLY_TOKENS))
        return replace(self, max_output_tokens=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """The text of a reply, which should be JSON, with the tokens that the provider counted; None when it told none.

    `model` is the one that answered.
    """

    text: str
    model: str
    usage: Usage | None
    request_id: str | None = None


class Adapter(Protocol):
    """One provider's client. It makes one attempt, knows no retry, no budget and no breaker."""

    @property
    def name(self) -> str: ...

    def load(self) -> None:
        """Import the client's package and make the client: up to some seconds that are no part of a call's deadline."""
        ...

    async def send(self, call: ModelCall, *, model: str, timeout_s: float) -> ModelReply:
        """Make one attempt. Raises `faults.CallFailed` for what the reply says, or any error of its client.

        `timeout_s` is for the client's own reads; the deadline of the whole is kept by who calls.
        """
        ...

    async def close(self) -> None: ...

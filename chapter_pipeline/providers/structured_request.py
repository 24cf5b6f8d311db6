"""Owns how the parts that know a task ask a model, without knowing which: one function, bound to a provider."""

from __future__ import annotations

from typing import Protocol, TypeVar

from pydantic import BaseModel

from chapter_pipeline.ports import Picture
from chapter_pipeline.providers.prompts import Prompt

ValueT = TypeVar("ValueT", bound=BaseModel)


class Ask(Protocol):
    """Send one request and wait for its typed reply."""

    def __call__(
        self, purpose: str, prompt: Prompt, filled: str, reply_type: type[ValueT], max_output_tokens: int,
        pictures: tuple[Picture, ...] = (),
    ) -> ValueT:  # fmt: skip
        """The reply. Raises as `gateway.Gateway.ask`."""
        ...

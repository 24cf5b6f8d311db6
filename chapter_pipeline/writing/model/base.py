"""Owns what all artifacts are: frozen documents that refuse unknown keys, and the record of a text model's part."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", min_length=2, max_length=80)]
Topic = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]


class Artifact(BaseModel):
    """Base of all stored values."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelUse(Artifact):
    """A text model's part in a stage, and what it cost; `fallbacks`: providers asked before, each with why it gave none."""

    stage: str
    provider: str
    model: str
    cost_usd: Decimal = Decimal(0)
    input_tokens: int = 0
    output_tokens: int = 0
    latency_s: float = 0.0
    fallbacks: tuple[str, ...] = ()

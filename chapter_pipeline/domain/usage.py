"""Owns what a reply of a text model consumed."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict


class Usage(BaseModel):
    """What a reply consumed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)

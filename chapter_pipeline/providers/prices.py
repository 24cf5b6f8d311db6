"""Owns the cost of a call: the exact one after its reply, the greatest possible one before. Prices: genai-prices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

import genai_prices

from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.errors import UnknownPrice
from chapter_pipeline.providers.call import ModelCall
from chapter_pipeline.settings import TokenPrice

CATALOGUES = {"claude": "anthropic", "gpt": "openai", "gemini": "google"}
"""The name in genai-prices of a provider that has another one there."""
FREE = frozenset({"local", "extractive"})
"""Providers that cost nothing, unless they have a price of their own."""
BYTES_PER_TOKEN = 2
"""Fewer bytes make no token in English prose (about four do), nor in its numbers and chemical names."""
PICTURE_TOKENS = 3000
"""More than any of the providers counts for a picture of the size that we send."""
OVERHEAD_TOKENS = 1000
"""Tokens that providers add to a request, as instructions for structured output."""


Prices = Mapping[str, TokenPrice]
"""Prices of providers that no catalogue knows."""


def cost_usd(provider: str, model: str, usage: Usage, *, own: Prices | None = None) -> Decimal:
    """US dollars for `usage`, by the price in `own` where the provider has one. Raises `UnknownPrice`."""
    price_of_own = (own or {}).get(provider)
    if price_of_own is not None:
        return (price_of_own.input * usage.input_tokens + price_of_own.output * usage.output_tokens) / 1_000_000
    if provider in FREE:
        return Decimal(0)
    try:
        price = genai_prices.calc_price(
            genai_prices.Usage(
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cache_read_tokens=usage.cached_tokens,
            ),
            model_ref=model,
            provider_id=CATALOGUES.get(provider, provider),
        )
    except (LookupError, ValueError) as error:
        raise UnknownPrice(
            f"the price of {model!r} ({provider}) is not known, so no cap could hold: name a model that genai-prices "
            f"knows in CHAPTER_{provider.upper()}_MODELS or CHAPTER_EMBEDDING_MODEL, or update that package"
        ) from error
    return Decimal(price.total_price)


def most_tokens(call: ModelCall) -> Usage:
    """More tokens than any provider counts for one attempt at `call`."""
    size = len(call.system.encode()) + len(call.prompt.encode()) + len(json.dumps(call.schema))
    pictures = PICTURE_TOKENS * len(call.pictures)
    return Usage(
        input_tokens=size // BYTES_PER_TOKEN + pictures + OVERHEAD_TOKENS, output_tokens=call.max_output_tokens
    )


def most_usd(provider: str, model: str, call: ModelCall, *, own: Prices | None = None) -> Decimal:
    """The most that one attempt at `call` can cost. Raises `UnknownPrice`."""
    return cost_usd(provider, model, most_tokens(call), own=own)

"""The use cases on the providers' circuit breakers: show, open, close and reset them by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chapter_pipeline.errors import NotFound
from chapter_pipeline.settings import PROVIDERS
from chapter_pipeline.storage.breakers import BreakerStatus, BreakerStore

Decision = Literal["open", "close", "reset"]


class CircuitBreakers:
    """The circuit breakers of the providers, shared by all processes."""

    def __init__(self, store: BreakerStore, *, order: Sequence[str]) -> None:
        self._store = store
        self.order = tuple(order)
        """The providers in the order in which they are asked; empty with the extractive writer."""

    def status(self, provider: str | None = None) -> dict[str, BreakerStatus]:
        """The breaker of each provider that was ever asked, or of one. Raises `NotFound` for an unknown provider."""
        if provider is not None:
            _require(provider)
        return {name: one for name, one in self._store.status().items() if provider in (None, name)}

    def decide(self, provider: str, decision: Decision) -> BreakerStatus:
        """Open, close or reset a breaker by hand; its state afterwards. Raises `NotFound` for an unknown provider."""
        _require(provider)
        match decision:
            case "open":
                self._store.open(provider)
            case "close":
                self._store.close(provider)
            case "reset":
                self._store.reset(provider)
        return self._store.status()[provider]


def _require(provider: str) -> None:
    if provider not in PROVIDERS:
        raise NotFound(f"there is no provider {provider!r}: choose from {', '.join(PROVIDERS)}")

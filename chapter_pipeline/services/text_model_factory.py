"""Owns the construction of the text model of the settings, with ledger, budget, semaphore and circuit breakers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import assert_never

from chapter_pipeline.errors import UsageError
from chapter_pipeline.ports import Embedder, TextModel
from chapter_pipeline.providers.call import Adapter
from chapter_pipeline.providers.embeddings import GatewayEmbedder, GptEmbeddings
from chapter_pipeline.providers.extractive import Extractive
from chapter_pipeline.providers.fallback_router import FallbackRouter
from chapter_pipeline.providers.gateway import CallPolicy, Gateway
from chapter_pipeline.settings import KEY_FIELDS, Provider, Settings, key_variable
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.home import KEPT_FOLDER
from chapter_pipeline.storage.kept_outcomes import KeptOutcomes
from chapter_pipeline.storage.ledger import CallLedger, Caps
from chapter_pipeline.storage.process_lease import ProcessLease
from chapter_pipeline.storage.schema import EMBEDDING_DIMENSION
from chapter_pipeline.storage.semaphore import CallSemaphore

TRIAL_S = 60.0
"""For the smallest request; a model that thinks takes some seconds."""


class TextModelFactory:
    """The providers of one process behind ledger, budget, semaphore and circuit breakers. Opened on first use."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    @cached_property
    def lease(self) -> ProcessLease:
        return ProcessLease(self._database)

    @cached_property
    def breakers(self) -> BreakerStore:
        return BreakerStore(self._database, self.lease)

    @cached_property
    def ledger(self) -> CallLedger:
        settings = self._settings
        caps = Caps(
            call_usd=settings.budget_call_usd, chapter_usd=settings.budget_chapter_usd,
            document_usd=settings.budget_document_usd, day_usd=settings.budget_day_usd,
        )  # fmt: skip
        return CallLedger(self._database, self.lease, caps, KeptOutcomes(settings.home / KEPT_FOLDER))

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The providers in the order of fallback. Empty: the extractive writer. Raises `UsageError`."""
        first = self._settings.writer
        if first == "extractive":
            return ()
        self._require(first)
        return self._settings.writers

    @cached_property
    def gateway(self) -> Gateway:
        return self._gateway(adapters_of(self._settings))

    @cached_property
    def trial_gateway(self) -> Gateway:
        """A gateway that gives up soon, for trials of the providers; with the same guards."""
        policy = replace(call_policy(self._settings), deadline_s=TRIAL_S, attempt_s=TRIAL_S, attempts=1)
        return self._gateway(adapters_of(self._settings), policy)

    @cached_property
    def embedding_gateway(self) -> Gateway:
        """The gateway to the embedding model of ``gpt``, with the same ledger, semaphore and circuit breakers."""
        key = self._settings.keys["gpt"].get_secret_value()
        embeddings = GptEmbeddings(
            api_key=key, dimension=EMBEDDING_DIMENSION, base_url=self._settings.gpt_url,
            reply_max_bytes=self._settings.reply_max_bytes,
        )  # fmt: skip
        return self._gateway({embeddings.name: embeddings})

    def library_embedder(self, local: Embedder) -> Embedder:
        """The embedder of the library's index and search: `local`, or the provider's of the settings.

        Raises `UsageError` when its key is missing.
        """
        settings = self._settings
        if settings.embedder == "minilm":
            return local
        self._require(settings.embedder)
        return GatewayEmbedder(
            self.embedding_gateway, model=settings.embedding_model, dimension=EMBEDDING_DIMENSION,
            count_tokens=local.count_tokens, batch_size=settings.embedding_batch, at_once=settings.section_concurrency,
        )  # fmt: skip

    def _gateway(self, adapters: Mapping[str, Adapter], policy: CallPolicy | None = None) -> Gateway:
        settings = self._settings
        return Gateway(
            adapters,
            ledger=self.ledger,
            slots=CallSemaphore(self.lease),
            breakers=self.breakers,
            policy=policy or call_policy(settings),
            servers={name: settings.server_of(name) for name in adapters},
            prices=settings.prices,
        )

    def only(self, provider: str) -> TextModel:
        """The models of one provider, without fallback. Raises `UsageError` when its key or address is missing."""
        self._require(provider)
        return self._models((provider,))

    def text_model(self, embedder: Embedder, *, run_id: str | None = None) -> TextModel:
        """The text model of the settings, for the run `run_id`. Raises `UsageError` when its key or address is missing."""
        if not self.order:
            return Extractive(embedder)
        return self._models(self.order, run_id)

    def _models(self, order: tuple[str, ...], run_id: str | None = None) -> TextModel:
        return FallbackRouter(
            self.gateway, order=order, models={name: self._settings.models_of(name) for name in order}, run_id=run_id
        )

    def _require(self, provider: str) -> None:
        for name in KEY_FIELDS:
            if name == provider and name not in self._settings.keys:
                raise UsageError(f"the provider {provider!r} needs a key: set {key_variable(name)}")
        if provider == "local" and self._settings.local_url is None:
            raise UsageError("the provider 'local' needs an address: set CHAPTER_LOCAL_URL, as http://host:port/v1")

    def close(self) -> None:
        """Close what was opened."""
        opened = self.__dict__
        for name in ("gateway", "trial_gateway", "embedding_gateway"):
            if name in opened:
                opened[name].close()
        if "lease" in opened:
            self.lease.close()


def call_policy(settings: Settings) -> CallPolicy:
    """How requests are made with these settings."""
    return CallPolicy(
        deadline_s=settings.model_deadline_s,
        attempt_s=settings.model_attempt_s,
        slots=settings.section_concurrency,
        effort=settings.model_effort,
        output_factor=settings.model_output_factor,
    )


def adapters_of(settings: Settings) -> dict[str, Adapter]:
    """The adapter of every provider that has a key, or an address, by its name."""
    local: list[Provider] = ["local"] if settings.local_url else []
    return {name: _adapter(name, settings) for name in (*settings.keys, *local)}


def _adapter(name: Provider, settings: Settings) -> Adapter:
    from chapter_pipeline.providers.claude import Claude
    from chapter_pipeline.providers.gemini import Gemini
    from chapter_pipeline.providers.gpt import Gpt
    from chapter_pipeline.providers.local import Local

    limit = settings.reply_max_bytes
    if name == "local":
        assert settings.local_url is not None
        own = settings.local_api_key
        given = own.get_secret_value() if own is not None else "none"
        return Local(base_url=settings.local_url, api_key=given, reply_max_bytes=limit)
    key = settings.keys[name].get_secret_value()
    match name:
        case "claude":
            return Claude(api_key=key, base_url=settings.claude_url, reply_max_bytes=limit)
        case "gpt":
            return Gpt(api_key=key, base_url=settings.gpt_url, reply_max_bytes=limit)
        case "gemini":
            return Gemini(api_key=key, base_url=settings.gemini_url, reply_max_bytes=limit)
        case _:
            assert_never(name)

"""Which text model the settings give: the first provider with a key, those that stand in for it, or none at all."""

from __future__ import annotations

from typing import Any, get_args

import anthropic.types
import openai.types
import pytest
from pydantic import SecretStr

from chapter_pipeline.domain.usage import Usage
from chapter_pipeline.errors import UsageError
from chapter_pipeline.providers.prices import cost_usd
from chapter_pipeline.services.text_model_factory import TextModelFactory, adapters_of
from chapter_pipeline.settings import KEY_FIELDS, PROVIDERS, Provider, Settings
from chapter_pipeline.storage.database import Database
from tests.library_samples import HashEmbedder

KEY = SecretStr("sk-canary-000000000000")
CLAUDE, GPT, GEMINI = ({f"{name}_api_key": KEY} for name in ("anthropic", "openai", "gemini"))


def with_(settings: Settings, **values: Any) -> Settings:
    return settings.model_copy(update=values)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ({}, ()),
        (GPT, ("gpt",)),
        ({**GEMINI, **CLAUDE}, ("claude", "gemini")),
        ({**GEMINI, **CLAUDE, **GPT, "text_model": "gpt"}, ("gpt", "claude", "gemini")),
        ({**GEMINI, **CLAUDE, "fallback": "off"}, ("claude",)),
        ({**CLAUDE, "text_model": "extractive"}, ()),
        ({**CLAUDE, "text_model": "local", "local_url": "http://127.0.0.1:1/v1"}, ("local", "claude")),
    ],
)
def test_order__of_the_settings__is_who_is_asked(
    values: dict[str, Any], order: tuple[str, ...], settings: Settings, database: Database
) -> None:
    factory = TextModelFactory(with_(settings, **values), database)
    try:
        assert factory.order == order
        assert factory.text_model(HashEmbedder()).name == (order[0] if order else "extractive")
    finally:
        factory.close()


@pytest.mark.parametrize(
    ("provider", "remedy"),
    [
        ("claude", "ANTHROPIC_API_KEY"),
        ("gpt", "OPENAI_API_KEY"),
        ("gemini", "GEMINI_API_KEY"),
        ("local", "CHAPTER_LOCAL_URL"),
    ],
)
def test_provider__without_key_or_address__is_refused_with_the_remedy(
    provider: str, remedy: str, settings: Settings, database: Database
) -> None:
    with pytest.raises(UsageError, match=remedy):
        TextModelFactory(with_(settings, text_model=provider), database).text_model(HashEmbedder())
    with pytest.raises(UsageError, match=remedy):
        TextModelFactory(settings, database).only(provider)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_provider__every_one__has_the_settings_and_the_adapter_of_its_name(provider: Provider) -> None:
    assert {f"{provider}_models", f"{provider}_url"} <= Settings.model_fields.keys()
    field = KEY_FIELDS.get(provider)
    given = {"local_url": "http://127.0.0.1:1/v1"} if field is None else {field: KEY}
    (adapter,) = adapters_of(Settings(**given)).values()
    assert adapter.name == provider


@pytest.mark.parametrize("provider", KEY_FIELDS)
def test_models__by_default__are_known_to_the_price_list(provider: str, settings: Settings) -> None:
    models = settings.models_of(provider)
    for model in (models.planning, models.writing, models.review, models.vision):
        assert cost_usd(provider, model, Usage(input_tokens=1000, output_tokens=1000)) > 0


def test_models__one_named_in_the_environment__the_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPTER_CLAUDE_MODELS", '{"writing": "claude-haiku-5-5"}')
    models = Settings().claude_models
    assert (models.writing, models.planning) == (
        "claude-haiku-5-5",
        Settings.model_fields["claude_models"].default.planning,
    )


def test_models__by_default__are_names_that_the_installed_sdks_know(settings: Settings) -> None:
    known = {
        "claude": set(get_args(get_args(anthropic.types.Model)[0])), "gpt": set(get_args(openai.types.ChatModel)),
    }  # fmt: skip
    for provider, names in known.items():
        assert set(settings.models_of(provider).model_dump().values()) <= names

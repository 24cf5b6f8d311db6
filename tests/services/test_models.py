"""Which text model the settings give: the first provider with a key, those that stand in for it, or none at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import anthropic.types
import openai.types
import pytest
from pydantic import SecretStr

from chapter_pipeline.domain.tasks import LiteratureQueriesReply, LiteratureQueriesRequest
from chapter_pipeline.domain.usage import Usage, total
from chapter_pipeline.errors import UsageError
from chapter_pipeline.ports import Task
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.providers.prices import cost_usd
from chapter_pipeline.services.costs import usage
from chapter_pipeline.services.text_model_factory import TextModelFactory, adapters_of
from chapter_pipeline.settings import KEY_FIELDS, PROVIDERS, Provider, Settings, TokenPrice
from chapter_pipeline.storage.database import Database
from tests.library_samples import HashEmbedder
from tests.providers.fault_server import FaultServer, answer, in_turn
from tests.providers.test_adapters import Finding, call

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


@pytest.mark.parametrize(
    ("provider", "url", "server"),
    [
        ("local", "http://User:pw@Models.Example:80/v1/", "http://models.example/v1"),
        ("local", "http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("local", "https://[::1]:443/v1?key=secret", "https://[::1]/v1"),
        ("local", None, None),
        ("gpt", "http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("gpt", "https://api.openai.com/v1", None),
        ("gpt", "https://EU.api.openai.com/v1", None),
        ("gpt", "https://not-api.openai.com.example/v1", "https://not-api.openai.com.example/v1"),
        ("gpt", None, None),
        ("claude", "http://127.0.0.1:8080", None),
        ("gemini", "http://127.0.0.1:8080", None),
    ],
)
def test_server__of_a_provider__is_told_where_the_name_of_a_model_does_not_identify_it(
    provider: str, url: str | None, server: str | None
) -> None:
    assert Settings.model_validate({f"{provider}_url": url}).server_of(provider) == server


def test_ledger__another_server_under_the_same_name__is_asked_and_the_first_ones_replies_are_kept(
    settings: Settings, database: Database
) -> None:
    def ask(server: FaultServer) -> tuple[str, bool]:
        factory = TextModelFactory(with_(settings, text_model="local", local_url=server.base_url("local")), database)
        try:
            told = factory.gateway.ask("local", "local", call(), reply_type=Finding, context=CallContext())
        finally:
            factory.close()
        return told.value.value, told.replayed

    with (
        FaultServer(in_turn(answer('{"value": "one"}'))) as one,
        FaultServer(in_turn(answer('{"value": "two"}'))) as two,
    ):
        assert [ask(server) for server in (one, two, one, two)] == [
            ("one", False), ("two", False), ("one", True), ("two", True),
        ]  # fmt: skip


def test_ledger__providers_own_address__has_the_keys_of_earlier_releases(settings: Settings) -> None:
    for values in ({}, {"gpt_url": "https://api.openai.com/v1"}, {"claude_url": "https://proxy.example.org"}):
        given = with_(settings, **values)
        for provider in ("claude", "gpt", "gemini"):
            assert call().key(provider, "m", given.server_of(provider)) == call().key(provider, "m")


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ({"openai_api_key": SecretStr("sk-x"), "local_url": "http://127.0.0.1:1/v1"}, ("gpt", "local")),
        (
            {"text_model": "local", "openai_api_key": SecretStr("sk-x"), "local_url": "http://127.0.0.1:1/v1"},
            ("local", "gpt"),
        ),
        ({"openai_api_key": SecretStr("sk-x"), "local_url": "http://127.0.0.1:1/v1", "fallback": "off"}, ("gpt",)),
        ({"local_url": "http://127.0.0.1:1/v1"}, ("extractive",)),
    ],
)
def test_writers__local_server__is_asked_last(values: dict[str, Any], order: tuple[str, ...]) -> None:
    assert Settings(**values).writers == order


def test_local__with_key_and_price__sends_the_one_and_counts_the_other(settings: Settings, database: Database) -> None:
    key = "sk-canary-of-a-local-server"
    with FaultServer(in_turn(answer('{"queries": []}', tokens=(1000, 500)))) as server:
        given = settings.model_copy(
            update={
                "text_model": "local", "local_url": server.base_url("local"), "local_api_key": SecretStr(key),
                "local_price": TokenPrice(input=Decimal(2), output=Decimal(8)),
            }
        )  # fmt: skip
        factory = TextModelFactory(given, database)
        request = LiteratureQueriesRequest(topic="glioma", audience="surgeons", concepts=())
        factory.only("local").complete(
            Task(kind="literature_queries", request=request, reply_type=LiteratureQueriesReply, chapter="glioma")
        )
        factory.close()
    assert server.requests[0].headers["authorization"] == f"Bearer {key}"
    assert total(usage(database, chapter="glioma")).cost_usd == Decimal("0.006")
    assert key not in repr(given)

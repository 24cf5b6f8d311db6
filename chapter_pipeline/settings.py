"""Owns the settings; nothing else in the project reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from chapter_pipeline.errors import UsageError
from chapter_pipeline.shown import shown, shown_text

PREFIX = "CHAPTER_"
Provider = Literal["claude", "gpt", "gemini", "local"]
"""A provider of language models; each has the fields ``<name>_models`` and ``<name>_url`` of `Settings`."""
Effort = Literal["low", "medium", "high"]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)
KEY_FIELDS: Mapping[Provider, str] = {
    "claude": "anthropic_api_key",
    "gpt": "openai_api_key",
    "gemini": "gemini_api_key",
}
"""The field of `Settings` with the key of each paid provider, in the order in which they are asked."""
OPENAI = "api.openai.com"
"""The host of the provider gpt; others under CHAPTER_GPT_URL speak its API and may answer with models of their own."""
DEFAULT_PORTS = {"http": 80, "https": 443}
REPLY_MAX_BYTES = 16 * 1024 * 1024
"""A reply of a text model has some hundred thousand bytes; 512 vectors of an embedding model two million."""
LONGEST_SHOWN = 20
"""Characters of a value that a message still shows; keys of providers have 39 and more."""
HIDDEN = " (its value is not shown)"
_MAYBE_SECRET = re.compile(r"://|@|^(sk|pk|gh[a-z]|xox[a-z]|AKIA|ASIA|AIza|eyJ)[-_A-Za-z0-9]")
_WEB_ADDRESS = re.compile(r"https?://([^\s/?#@\[\]]*@)?(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?([/?][^\s#@]*)?")
_FIELD = re.compile(r'field "(\w+)"')
_JSON_FORM = """write it as in CHAPTER_CLAUDE_MODELS='{"writing": "..."}'"""


def available_processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ModelNames(BaseModel):
    """A provider's model for each kind of work. ``CHAPTER_CLAUDE_MODELS='{"writing": "..."}'`` changes those it names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    planning: str = Field(min_length=1)
    writing: str = Field(min_length=1)
    review: str = Field(min_length=1)
    vision: str = Field(min_length=1)


class TokenPrice(BaseModel):
    """US dollars for a million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)


class Settings(BaseSettings):
    """Everything that can be configured, each from the environment variable ``CHAPTER_<NAME>``.

    Paths are absolute after validation. Durations are seconds, sizes bytes.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    home: Path = Field(
        default=Path(".data"), description="Folder of the embedded database, the local bucket and the logs."
    )
    database_url: SecretStr | None = Field(
        default=None, description="postgresql://... of a PostgreSQL with pgvector; unset: the embedded one."
    )
    bucket_url: str | None = Field(
        default=None, description="s3://bucket/prefix or file:///folder; unset: HOME/bucket."
    )

    templates: Path | None = Field(
        default=None, description="Folder with the section kinds of authors' own templates; unset: HOME/templates."
    )

    pool_size: int = Field(default=10, ge=1, le=100, description="Connections to the database that are kept.")
    pool_overflow: int = Field(default=10, ge=0, le=100, description="Connections above pool_size, for a short time.")
    pool_timeout_s: float = Field(default=10.0, gt=0, description="Longest wait for a connection.")
    pool_recycle_s: int = Field(default=1800, ge=1, description="Age at which a connection is replaced.")

    document_max_bytes: int = Field(default=100 * 1024 * 1024, ge=1024, description="Largest PDF or JATS article.")
    document_max_pages: int = Field(
        default=2000, ge=1, description="Most pages of a PDF, or sections of a JATS article."
    )
    parser_timeout_s: float = Field(default=60.0, gt=0, description="Wall clock limit of one document.")
    parser_cpu_s: int = Field(default=60, ge=1, description="CPU limit of one document.")
    parser_memory_bytes: int = Field(
        default=2 * 1024**3, ge=256 * 1024**2, description="Memory limit of the process that parses a document."
    )

    parser_processes: int = Field(
        default_factory=lambda: min(8, available_processors()), ge=1, le=64,
        description="Files that are parsed at the same time, each in a process of its own.",
    )  # fmt: skip

    ocr: Literal["on", "off"] = Field(default="on", description="Read pages without a text layer from their picture.")
    ocr_max_pages: int = Field(default=200, ge=1, description="Most pages of one document that are read so.")

    crossref: Literal["on", "off"] = Field(
        default="off", description="Compare what a document prints of itself with Crossref; sends its DOI there."
    )
    pubmed: Literal["on", "off"] = Field(
        default="off",
        description="The same with PubMed; with both on, PubMed is asked for what Crossref does not have.",
    )
    contact_email: str | None = Field(default=None, description="Sent to literature services, which ask for it.")

    passage_tokens: int = Field(
        default=200, ge=40, le=256, description="Largest passage, in embedder tokens (MiniLM reads 256)."
    )
    embedding_batch: int = Field(
        default=32, ge=1, le=512, description="Most passages embedded together (minilm: of 512 tokens at most)."
    )
    embedder: Literal["minilm", "gpt"] = Field(
        default="minilm",
        description="Embedder of index and search; gpt sends the passages to OpenAI. A change embeds anew.",
    )
    embedding_model: str = Field(default="text-embedding-3-small", min_length=1, description="Embedding model of gpt.")

    text_model: Literal["extractive", Provider] | None = Field(
        default=None,
        description="The provider that writes. Unset: the first of claude, gpt and gemini with a key, else extractive.",
    )
    fallback: Literal["on", "off"] = Field(
        default="on",
        description="Ask the other providers with a key (claude, gpt, gemini), then a local server, when one gives no answer.",
    )
    claude_models: ModelNames = Field(
        default=ModelNames(
            planning="claude-sonnet-5-5",
            writing="claude-opus-5-5",
            review="claude-opus-5-5",
            vision="claude-sonnet-5-5",
        ),
        description="Models of claude by kind of work, as JSON; those that are not named keep their default.",
    )
    gpt_models: ModelNames = Field(
        default=ModelNames(
            planning="gpt-6.1-terra", writing="gpt-6.1-sol", review="gpt-6.1-sol", vision="gpt-6.1-terra"
        ),
        description="Models of gpt by kind of work, as JSON; those that are not named keep their default.",
    )
    gemini_models: ModelNames = Field(
        default=ModelNames(
            planning="gemini-3.8-flash", writing="gemini-4-argon", review="gemini-4-argon", vision="gemini-3.8-flash"
        ),
        description="Models of gemini by kind of work, as JSON; those that are not named keep their default.",
    )
    local_models: ModelNames = Field(
        default=ModelNames(planning="local", writing="local", review="local", vision="local"),
        description="The same for a local server.",
    )
    local_url: str | None = Field(
        default=None, description="Where a server speaks the OpenAI API: http://host:port/v1."
    )
    local_api_key: SecretStr | None = Field(default=None, description="Key of the local server, when it wants one.")
    local_price: TokenPrice | None = Field(
        default=None,
        description='What the local server costs, in USD for a million tokens: {"input": 0.5, "output": 1.5}; unset: free.',
    )
    claude_url: str | None = Field(default=None, description="Another address of the Anthropic API.")
    gpt_url: str | None = Field(default=None, description="Another address of the OpenAI API.")
    gemini_url: str | None = Field(default=None, description="Another address of the Gemini API.")
    vision: Literal["on", "off"] = Field(
        default="off", description="Have the figures of the library described and classified; sends them to a provider."
    )
    study_records: Literal["rules", "model"] = Field(
        default="rules",
        description="What fills study records; model sends the text of documents to the writing provider, once each.",
    )
    model_deadline_s: float = Field(
        default=600.0, gt=0, description="For one request to a text model, its attempts and waits included."
    )
    model_attempt_s: float = Field(
        default=240.0, gt=0, description="For one attempt at a request to a text model; five in vain open its breaker."
    )
    model_effort: Effort | None = Field(
        default=None, description="How much the models think: low, medium or high; unset: as their provider decides."
    )
    model_output_factor: float = Field(
        default=1.0, ge=1, le=8,
        description="Multiplies the longest reply that is asked for; thoughts of a model count as its reply.",
    )  # fmt: skip
    reply_max_bytes: int = Field(
        default=REPLY_MAX_BYTES, ge=64 * 1024, le=1024**3,
        description="Most that is read of one reply of a model, packed or unpacked.",
    )  # fmt: skip
    budget_call_usd: Decimal = Field(default=Decimal(2), ge=0, description="Most that one request may cost.")
    budget_chapter_usd: Decimal = Field(default=Decimal(20), ge=0, description="Most that one chapter may cost.")
    budget_document_usd: Decimal = Field(
        default=Decimal(1), ge=0, description="Most that the study record of one document may cost."
    )
    budget_day_usd: Decimal = Field(default=Decimal(50), ge=0, description="Most that a day (UTC) may cost.")
    section_concurrency: int = Field(
        default=5, ge=1, le=32, description="Sections, and calls to one provider, at the same time over all runs."
    )
    max_revisions: int = Field(default=2, ge=0, le=5, description="Rounds of revision of a chapter whose gates fail.")

    anthropic_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="ANTHROPIC_API_KEY",
        description="Key of Anthropic; a chapter is then written by its models.",
    )
    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="OPENAI_API_KEY",
        description="Key of OpenAI; a chapter is then written by its models.",
    )
    gemini_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="GEMINI_API_KEY",
        description="Key of Google Gemini; a chapter is then written by its models.",
    )

    webserver_host: str = Field(default="127.0.0.1", description="Address that the Dagster UI is bound to.")
    webserver_port: int = Field(default=3000, ge=1, le=65535, description="Port of the Dagster UI.")
    webserver_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Further addresses under which browsers reach the Dagster UI (behind a reverse proxy, or from"
        " another machine): scheme://host[:port], separated by commas.",
    )
    inbox_interval_s: int = Field(default=15, ge=5, le=30, description="How often the sensor lists the inbox.")

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator(*(f"{name}_url" for name in PROVIDERS))
    @classmethod
    def _of_a_web_server(cls, value: str | None) -> str | None:
        if value is not None and not _WEB_ADDRESS.fullmatch(value):
            raise ValueError("write http://host:port/path, with a user and a password before the host percent-encoded")
        return value

    @field_validator(*(f"{name}_models" for name in PROVIDERS), mode="before")
    @classmethod
    def _over_the_defaults(cls, value: Any, info: ValidationInfo) -> Any:
        assert info.field_name is not None
        default: ModelNames = cls.model_fields[info.field_name].default
        return {**default.model_dump(), **value} if isinstance(value, dict) else value

    @field_validator("webserver_origins", mode="before")
    @classmethod
    def _origins(cls, value: Any) -> Any:
        listed = value.split(",") if isinstance(value, str) else value
        return tuple(_origin(one.strip()) for one in listed if one.strip())

    @property
    def keys(self) -> dict[Provider, SecretStr]:
        """The keys of the paid providers that have one, in the order in which they are asked."""
        keys: dict[Provider, SecretStr | None] = {name: getattr(self, field) for name, field in KEY_FIELDS.items()}
        return {name: key for name, key in keys.items() if key is not None and key.get_secret_value()}

    @property
    def writer(self) -> str:
        """The provider that writes."""
        return self.text_model or next(iter(self.keys), "extractive")

    @property
    def writers(self) -> tuple[str, ...]:
        """The writer, and the providers that are asked when it gives no answer, in their order."""
        falls_back = self.fallback == "on" and self.writer != "extractive"
        others: tuple[str, ...] = (*self.keys, *(["local"] if self.local_url else [])) if falls_back else ()
        return (self.writer, *(name for name in others if name != self.writer))

    @property
    def prices(self) -> dict[str, TokenPrice]:
        """The prices of providers that no catalogue knows; without one they are free."""
        return {"local": self.local_price} if self.local_price is not None else {}

    def models_of(self, provider: str) -> ModelNames:
        """The models of a provider that has any."""
        models: ModelNames = getattr(self, f"{provider}_models")
        return models

    def server_of(self, provider: str) -> str | None:
        """The address of a server that decides which model a name stands for: ``http://host:port/v1``, without credentials.

        None where the name of the model identifies it: at the providers' own addresses, and behind a proxy to them.
        """
        url = {"local": self.local_url, "gpt": self.gpt_url}.get(provider)
        if url is None:
            return None
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        if host == OPENAI or host.endswith(f".{OPENAI}"):
            return None
        return _address(parts.scheme.lower(), host, parts.port) + parts.path.rstrip("/")

    @property
    def templates_folder(self) -> Path:
        """Where the section kinds of authors' own templates are on record."""
        return self.templates or self.home / "templates"

    @property
    def log_folder(self) -> Path:
        return self.home / "logs"


def _origin(text: str) -> str:
    """`text` as a browser writes an origin: lower case, no port that the scheme implies. Raises `ValueError`."""
    parts = urlsplit(text.lower())
    port = parts.port  # raises for one that is no number, or too large
    beyond = parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or beyond:
        raise ValueError(f"{text!r} is no origin: write scheme://host[:port], https://chapters.example.org say")
    return _address(parts.scheme, parts.hostname, port)


def _address(scheme: str, host: str, port: int | None) -> str:
    """``scheme://host[:port]`` without a port that the scheme implies; `scheme` and `host` are in lower case."""
    shown_host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown_host}" + ("" if port in (None, DEFAULT_PORTS[scheme]) else f":{port}")


def key_variable(provider: Provider) -> str:
    """The environment variable with the key of a paid provider."""
    return str(Settings.model_fields[KEY_FIELDS[provider]].validation_alias)


def settings_from_environment() -> Settings:
    """Build the settings from the environment.

    Raises `UsageError` naming the variable, and a value that can be no secret, when one is wrong, or unknown under
    our prefix.
    """
    known = {PREFIX + name.upper() for name, field in Settings.model_fields.items() if not field.validation_alias}
    unknown = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise UsageError(
            f"unknown environment variable {unknown[0]!r}: unset it, or use one of {', '.join(sorted(known))}"
        )
    settings = _settings_or_fault()
    if isinstance(settings, UsageError):
        raise settings  # out here: the errors of pydantic quote what was given, and none is kept as a cause
    return settings


def _settings_or_fault() -> Settings | UsageError:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        told = HIDDEN if name.endswith("_url") else _shown(first.get("input"))
        reason = shown_text(first["msg"].removeprefix("Value error, "))
        return UsageError(f"{_variable(name)}{told} is not usable: {reason}")
    except SettingsError as error:
        found = _FIELD.search(str(error))
        return UsageError(f"{_variable(found[1]) if found else 'a setting'} is not usable: it is not JSON", _JSON_FORM)


def _variable(name: str) -> str:
    """The environment variable of a setting; a key of a provider has its usual name."""
    return PREFIX + name.upper() if name in Settings.model_fields else name


def _shown(value: object) -> str:
    """``='value'`` of an ordinary setting; nothing of what may be a secret under a wrong name, or an address with one."""
    text = str(value)
    return f"={shown(value)}" if len(text) <= LONGEST_SHOWN and not _MAYBE_SECRET.search(text) else HIDDEN


@lru_cache(maxsize=1)
def current_settings() -> Settings:
    """The settings of this process, read once. Only entry points call this; all else is handed a `Settings`."""
    return settings_from_environment()

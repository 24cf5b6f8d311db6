"""Owns the settings; nothing else in the project reads the environment."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chapter_pipeline.errors import UsageError

PREFIX = "CHAPTER_"


def available_processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseSettings):
    """Everything that can be configured, each from the environment variable ``CHAPTER_<NAME>``.

    Paths are absolute after validation. Durations are seconds, sizes bytes.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", populate_by_name=True
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

    pool_size: int = Field(default=10, ge=1, le=100)
    pool_overflow: int = Field(default=10, ge=0, le=100)
    pool_timeout_s: float = Field(default=10.0, gt=0)
    pool_recycle_s: int = Field(default=1800, ge=1)

    document_max_bytes: int = Field(default=100 * 1024 * 1024, ge=1024)
    document_max_pages: int = Field(default=2000, ge=1)
    parser_timeout_s: float = Field(default=60.0, gt=0, description="Wall clock limit of one document.")
    parser_cpu_s: int = Field(default=60, ge=1, description="CPU limit of one document.")
    parser_memory_bytes: int = Field(default=2 * 1024**3, ge=256 * 1024**2)

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
    contact_email: str | None = Field(default=None, description="Told to literature services, which ask for it.")

    passage_tokens: int = Field(
        default=200, ge=40, le=256, description="Largest passage, in embedder tokens (MiniLM reads 256)."
    )
    embedding_batch: int = Field(default=32, ge=1, le=512)

    text_model: Literal["extractive"] = Field(default="extractive", description="The provider that writes.")
    section_concurrency: int = Field(default=5, ge=1, le=32)
    max_revisions: int = Field(default=2, ge=0, le=5)

    anthropic_api_key: SecretStr | None = Field(default=None, validation_alias="ANTHROPIC_API_KEY")
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    gemini_api_key: SecretStr | None = Field(default=None, validation_alias="GEMINI_API_KEY")

    webserver_host: str = "127.0.0.1"
    webserver_port: int = Field(default=3000, ge=1, le=65535)
    inbox_interval_s: int = Field(default=15, ge=5, le=30, description="How often the sensor looks at the inbox.")

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @property
    def log_folder(self) -> Path:
        return self.home / "logs"


def settings_from_environment() -> Settings:
    """Build the settings from the environment.

    Raises `UsageError` naming the variable and the value when one is wrong, or unknown under our prefix.
    """
    known = {PREFIX + name.upper() for name, field in Settings.model_fields.items() if not field.validation_alias}
    unknown = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise UsageError(
            f"unknown environment variable {unknown[0]!r}: unset it, or use one of {', '.join(sorted(known))}"
        )
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise UsageError(f"{name}={first.get('input')!r} is not usable: {first['msg']}") from error


@lru_cache(maxsize=1)
def current_settings() -> Settings:
    """The settings of this process, read once. Only entry points call this; all else is handed a `Settings`."""
    return settings_from_environment()

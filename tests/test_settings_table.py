"""docs/settings.md is what `make settings-table` prints, and every setting says what it is."""

import re
from pathlib import Path

import pytest

from chapter_pipeline.settings import KEY_FIELDS, PROVIDERS, Settings
from chapter_pipeline.settings_table import settings_table

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "settings.md"
CODE = [
    file.read_text("utf-8")
    for package in ("chapter_pipeline", "assets", "resources", "sensors")
    for file in (ROOT / package).rglob("*.py")
]


def test_settings_page__generated__is_the_committed_one() -> None:
    assert PAGE.read_text() == settings_table(), "run make settings-table"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_settings__every_one__has_a_description(name: str) -> None:
    assert Settings.model_fields[name].description


@pytest.mark.parametrize("name", Settings.model_fields)
def test_settings__every_one__is_read_somewhere(name: str) -> None:
    by_provider = name in {f"{provider}_{what}" for provider in PROVIDERS for what in ("models", "url")}
    if not by_provider and name not in KEY_FIELDS.values():
        assert any(re.search(rf"(settings|self)\.{name}\b", text) for text in CODE), (
            f"no module reads the setting {name!r}"
        )

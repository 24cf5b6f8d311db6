"""docs/settings.md is what `make settings-table` prints, and every setting says what it is."""

from pathlib import Path

import pytest

from chapter_pipeline.settings import Settings
from chapter_pipeline.settings_table import settings_table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"


def test_settings_page__generated__is_the_committed_one() -> None:
    assert PAGE.read_text() == settings_table(), "run make settings-table"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_settings__every_one__has_a_description(name: str) -> None:
    assert Settings.model_fields[name].description

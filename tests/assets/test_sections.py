"""Sections: each an asset of its own, none lost by another's error, none written twice for the same inputs."""

from __future__ import annotations

from chapter_pipeline.errors import TransientError
from tests.orchestration import SLUG, Location

GLIOMA = "Glioma surgery\n\nResection of the tumour was safe.\fThe tumour grew again."


def _status(result, kind: str) -> str:
    (event,) = [e for e in result.get_asset_materialization_events() if e.asset_key.path == ["section", kind]]
    return str(event.materialization.metadata["status"].value)


def test_write_chapter__first_time__publishes_version_one(location: Location) -> None:
    location.add_documents(GLIOMA)
    result = location.write()
    assert result.success
    assert [version.number for version in location.chapters.versions(SLUG)] == [1]

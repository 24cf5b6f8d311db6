"""The check `text_is_complete`: what the audit of each document's text found, never more than a warning."""

from __future__ import annotations

import dagster as dg
import pytest
from dagster import MarkdownMetadataValue

from assets.library_audit import text_audit
from tests.code_location import GLIOMA, Location


def test_text_audit__findings__are_a_warning_with_each_of_them() -> None:
    found = text_audit({"abc": ["words are missing on page 3 (31%)", "no reference list was found"], "def": []})
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.metadata["documents looked at"].value == 2
    assert found.metadata["documents with findings"].value == 1
    listed = found.metadata["findings"]
    assert isinstance(listed, MarkdownMetadataValue)
    assert "31%" in str(listed.value)
    assert "no reference list" in str(listed.value)


def test_text_audit__nothing_found__passes() -> None:
    assert text_audit({"abc": []}).passed


@pytest.mark.parametrize("found", [(), ("words are missing on page 1 (31%)",)])
def test_ingest__document_with_or_without_findings__is_stored_and_the_check_says_so(
    location: Location, monkeypatch: pytest.MonkeyPatch, found: tuple[str, ...]
) -> None:
    monkeypatch.setattr("chapter_pipeline.storage.record_assembly._to_check", lambda _: found, raising=True)
    result = location.ingest({"library/a.pdf": GLIOMA.encode()})
    assert result.success
    (evaluation,) = (one for one in result.get_asset_check_evaluations() if one.check_name == "text_is_complete")
    assert evaluation.passed is not bool(found)
    assert location.library.names()[0].status == "ingested"

"""Every reason of quarantine is one for which some code refuses a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from chapter_pipeline.documents.reasons import Reason

PACKAGE = Path(__file__).resolve().parents[2] / "chapter_pipeline"
CODE = "".join(file.read_text("utf-8") for file in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("reason", Reason)
def test_reason__every_one__is_used(reason: Reason) -> None:
    assert f"Reason.{reason.name}" in CODE, f"no file is refused for {reason.value!r}"

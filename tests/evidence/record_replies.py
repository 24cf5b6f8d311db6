"""Owns replies of a language model on a study record, as JSON, with what a test does not name left empty."""

from __future__ import annotations

from typing import Any

from chapter_pipeline.domain.tasks import StudyRecordReply

NOBODY: dict[str, Any] = {"species": "human", "condition": None, "n": None, "stated_in": []}


def stated(*references: str, **fields: Any) -> dict[str, Any]:
    """A finding that these references state."""
    return {
        "stated_in": list(references), "kind": "own result", "main": False, "species": "human", "disease": None,
        "population": None, "intervention": None, "comparator": None, "outcome": None, "time_point": None,
        "direction": "not stated", "effects": [], "p": [], **fields,
    }  # fmt: skip


def effect(value: str, **fields: Any) -> dict[str, Any]:
    return {"measure": None, "value": value, "unit": None, "low": None, "high": None, **fields}


def reply_json(*findings: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The JSON of a whole reply."""
    return {
        "design": "not stated", "setting": None, "population": NOBODY, "arms": [], "findings": list(findings), **fields
    }  # fmt: skip


def reply(*findings: dict[str, Any], **fields: Any) -> StudyRecordReply:
    import json

    return StudyRecordReply.model_validate_json(json.dumps(reply_json(*findings, **fields)))

"""Owns how the command line shows a bibliographic record: as tables and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chapter_pipeline.cli.console import print_table
from chapter_pipeline.domain.bibliography import FieldValue, RecordField, value_text, value_to_json

if TYPE_CHECKING:
    from chapter_pipeline.storage.library_queries import DocumentSummary


def show_record(document: DocumentSummary) -> None:
    """Print the record field by field with its origins, and the edits of persons."""
    record = document.bibliography
    rows = []
    for field in RecordField:
        values = record.of(field)
        if values:
            others = "; ".join(f"{one.said} [{one.named_origin}]" for one in values[1:])
            rows.append((field.value, values[0].said, values[0].named_origin, others))
    print_table("Record", ["Field", "In force", "Origin", "Other values"], rows)
    edits = [*((one, "yes") for one in record.edits), *((one, "no: of another work") for one in record.set_aside)]
    if edits:
        print_table(
            "Edits",
            ["Field", "Value", "By", "When", "Why", "Of this work"],
            [
                (
                    one.field.value,
                    "taken back" if one.value is None else value_text(one.value) or "none",
                    one.by,
                    one.at,
                    one.reason,
                    own,
                )
                for one, own in edits
            ],
        )


def record_as_json(document: DocumentSummary) -> dict[str, Any]:
    """Every field that has a value: the one in force with its origin, and the others."""
    return {
        field.value: {**value_as_json(values[0]), "others": [value_as_json(one) for one in values[1:]]}
        for field in RecordField
        if (values := document.bibliography.of(field))
    }


def value_as_json(found: FieldValue) -> dict[str, Any]:
    """One value with its origin; None where the work has none."""
    told = {
        "value": value_to_json(found.value) if found.text else None,
        "origin": found.origin.value,
        "source": found.source,
    }
    return {**told, "at": found.at, "reason": found.reason} if found.at is not None else told


def edits_as_json(document: DocumentSummary) -> list[dict[str, Any]]:
    """The edits of persons, those of another work too."""
    record = document.bibliography
    return [
        {
            "field": one.field.value, "value": value_to_json(one.value) if one.value else None, "by": one.by,
            "taken_back": one.value is None, "at": one.at, "reason": one.reason, "applies": applies,
        }
        for edits, applies in ((record.edits, True), (record.set_aside, False))
        for one in edits
    ]  # fmt: skip

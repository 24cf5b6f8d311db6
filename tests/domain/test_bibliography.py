"""The bibliographic record: which origin's value is in force, what counts as a contradiction, what persons take back."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations

import pytest

from chapter_pipeline.domain import Work
from chapter_pipeline.domain.bibliography import (
    Author,
    BibliographicRecord,
    FieldValue,
    Origin,
    RecordEdit,
    RecordField,
    Value,
    edited_values,
    metadata_values,
    reference_values,
    registered_values,
    value_from_json,
    value_to_json,
)
from chapter_pipeline.domain.document import Metadata, StudyType
from chapter_pipeline.domain.library import RegisteredWork

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDER = ("person", "registry", "reference file", "citation line", "print", "file properties")


def value(field: RecordField, of: Value, origin: Origin, source: str = "") -> FieldValue:
    return FieldValue(field=field, value=of, origin=origin, source=source)


def edit(field: RecordField, to: Value | None, by: str = "Ada") -> RecordEdit:
    return RecordEdit(field=field, value=to, by=by, reason="checked", at=NOON)


@pytest.mark.parametrize(("trusted", "other"), list(combinations(ORDER, 2)))
@pytest.mark.parametrize("turned", [False, True])
def test_in_force__of_two_origins__is_the_more_trusted_one(trusted: str, other: str, turned: bool) -> None:
    values = [value(RecordField.VOLUME, name, Origin(name)) for name in (trusted, other)]
    record = BibliographicRecord(values=tuple(reversed(values) if turned else values))
    assert [one.text for one in record.of(RecordField.VOLUME)] == [trusted, other]
    assert record.text(RecordField.VOLUME) == trusted


def test_in_force__each_field__has_its_own_origin() -> None:
    record = BibliographicRecord(
        values=(
            *metadata_values(Metadata(title="A title", year=2016, journal="J Samples", pages="1-2"), Origin.PRINT),
            *reference_values(Work(title="A title", year=2017, volume="4", origin="references/a.ris")),
            *registered_values(RegisteredWork(title="A <i>title</i>", authors=("{Drain Group}",)), "Crossref"),
        )
    )
    told = {field: one.named_origin for field in RecordField if (one := record.in_force(field))}
    assert told == {
        RecordField.TITLE: "registry (Crossref)", RecordField.AUTHORS: "registry (Crossref)",
        RecordField.YEAR: "reference file (references/a.ris)", RecordField.VOLUME: "reference file (references/a.ris)",
        RecordField.JOURNAL: "print", RecordField.PAGES: "print",
    }  # fmt: skip
    assert (record.text(RecordField.TITLE), record.year, record.authors) == ("A title", 2017, ("{Drain Group}",))
    assert record.study_type is StudyType.UNKNOWN


@pytest.mark.parametrize(
    ("field", "one", "other", "same"),
    [
        (RecordField.TITLE, "Drains after surgery", "Drains after surgery: a trial", True),
        (RecordField.TITLE, "Drains after surgery", "Drains in surgery", False),
        (RecordField.JOURNAL, "Journal of Neurosurgery", "J Neurosurg", True),
        (RecordField.JOURNAL, "Journal of Neurosurgery", "Lancet", False),
        (RecordField.PAGES, "1123-30", "1123–1130", True),
        (RecordField.PAGES, "1123-30", "1123-31", False),
        (RecordField.PUBLISHED, "2017-05", "2017-05-03", True),
        (RecordField.PUBLISHED, "2017-05", "2017-06-03", False),
        (RecordField.YEAR, 2017, 2018, False),
        (RecordField.DOI, "10.5555/a", "10.5555/A", True),
        (RecordField.DOI, "10.5555/a", "10.5555/b", False),
        (RecordField.ARTICLE_TYPE, "Original Article", "Clinical Trial", True),
        (RecordField.STUDY_TYPE, StudyType.COHORT.value, StudyType.REVIEW.value, False),
        (RecordField.AUTHORS, (Author(family="Okafor", given="Ada"),), (Author(family="Ada Okafor"),), True),
        (RecordField.AUTHORS, (Author(family="Okafor"),), (Author(family="Okafor"), Author(family="Lind")), False),
        (RecordField.AUTHORS, (Author(family="Okafor"),), (Author(family="Lind"),), False),
    ],
)
def test_conflicts__two_origins__disagree_only_when_they_say_something_else(
    field: RecordField, one: Value, other: Value, same: bool
) -> None:
    for first, second in ((one, other), (other, one)):
        values = (value(field, first, Origin.REGISTRY, "Crossref"), value(field, second, Origin.PRINT))
        found = BibliographicRecord(values=values).conflicts()
        assert [conflict.field for conflict in found] == ([] if same else [field])
        decided = BibliographicRecord(values=(*values, value(field, first, Origin.PERSON, "Ada")))
        assert decided.conflicts() == ()


def test_conflicts__a_doi_that_the_registry_gives_to_another_work__is_one() -> None:
    record = BibliographicRecord(
        values=(value(RecordField.DOI, "10.5555/a", Origin.PRINT),), detail="Crossref: another title"
    )
    (conflict,) = record.conflicts()
    assert (conflict.field, conflict.detail) == (RecordField.DOI, "Crossref: another title")


def test_edited_values__two_persons_on_one_field__the_later_is_first_and_both_are_there() -> None:
    found = edited_values([edit(RecordField.YEAR, 2016, "Ada"), edit(RecordField.YEAR, 2017, "Per")])
    assert [(one.value, one.source) for one in found] == [(2017, "Per"), (2016, "Ada")]


def test_edited_values__taken_back__leaves_what_the_other_origins_say() -> None:
    edits = [edit(RecordField.YEAR, 2016), edit(RecordField.YEAR, None), edit(RecordField.ISSUE, "2")]
    assert [one.field for one in edited_values(edits)] == [RecordField.ISSUE]
    again = edited_values([*edits, edit(RecordField.YEAR, 2018)])
    assert [one.value for one in again if one.field is RecordField.YEAR] == [2018]


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("Okafor, Ada B.", Author(family="Okafor", given="Ada B.")),
        ("{Drain Group, North}", Author(collective="Drain Group, North")),
        ("Ada Okafor", Author(family="Ada Okafor")),
        ("King, Martin, Jr", Author(family="King", given="Martin, Jr")),
    ],
)
def test_author__read_and_written__is_the_same(text: str, author: Author) -> None:
    assert Author.read(text) == author
    assert author.text == text
    assert value_from_json(value_to_json((author,))) == (author,)


@pytest.mark.parametrize("of", [2017, "12", (Author(family="Okafor", given="Ada"), Author(collective="Group"))])
def test_value__as_json_and_back__is_the_same(of: Value) -> None:
    assert value_from_json(value_to_json(of)) == of

"""Owns what a person writes of a bibliographic record: text and YAML become values, or one clear error each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chapter_pipeline.domain.bibliography import HAS_NONE, MAY_BE_NONE, Author, RecordField, Value
from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.stage_value import Line
from chapter_pipeline.errors import UsageError
from chapter_pipeline.literature.reference_fields import page_range
from chapter_pipeline.shown import shown

EARLIEST_YEAR = 1500
OTHER_NAMES = {"license": "licence", "study_design": "study_type", "author": "authors"}
MAX_AUTHORS = 5000
NONE = "none"
"""What a person writes of a field that the work does not have."""
_LINE: TypeAdapter[str] = TypeAdapter(Line)
_DOI_PREFIX = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]*[^\s\"<>.,;]")
_PMID = re.compile(r"[1-9]\d{0,7}")
_PMCID = re.compile(r"PMC[1-9]\d{0,7}")
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
_LANGUAGE = re.compile(r"[a-z]{2}")
_AUTHOR_PARTS = frozenset({"family", "given", "collective"})


def assignments(given: Sequence[str]) -> dict[str, str]:
    """``["year=2017"]`` as a mapping. Raises `UsageError`."""
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise UsageError(f"{shown(one)} names no value: write --field FIELD=VALUE, for example --field year=2017")
        if name.strip() in found:
            raise UsageError(f"the field {shown(name.strip())} is given twice: keep one of the values")
        found[name.strip()] = value
    return found


def parsed_fields(given: Mapping[str, Any], *, today: date, from_text: bool) -> dict[RecordField, Value]:
    """The values of `given`. `from_text`: they are from a command line, where authors are separated by semicolons.

    A date of publication without a year gives its year too. Raises `UsageError`.
    """
    found: dict[RecordField, Value] = {}
    for name, raw in given.items():
        field = field_named(name)
        if field in found:
            raise UsageError(f"the field {field.value!r} is given twice: keep one of the values")
        found[field] = _value(field, raw, today=today, from_text=from_text)
    published = found.get(RecordField.PUBLISHED)
    if published and RecordField.YEAR not in found:
        found[RecordField.YEAR] = int(str(published)[:4])
    return found


def field_named(name: str) -> RecordField:
    """The field called `name`. Raises `UsageError`."""
    try:
        return RecordField(OTHER_NAMES.get(name, name))
    except ValueError:
        known = ", ".join(field.value for field in RecordField)
        raise UsageError(f"a bibliographic record has no field {shown(name)}: choose from {known}") from None


def _value(field: RecordField, raw: Any, *, today: date, from_text: bool) -> Value:
    if isinstance(raw, str) and raw.strip().lower() == NONE:
        _require(field in MAY_BE_NONE, field, raw, f"a value: every work has a {field.value.replace('_', ' ')}")
        return HAS_NONE
    if field is RecordField.AUTHORS:
        return _authors(raw, from_text=from_text)
    text = _text(field, raw)
    match field:
        case RecordField.YEAR:
            return _year(text, today)
        case RecordField.PUBLISHED:
            return _published(text, today)
        case RecordField.DOI:
            doi = _DOI_PREFIX.sub("", text)
            _require(_DOI.fullmatch(doi), field, text, "a DOI such as 10.1016/S0140-6736(09)61115-6")
            return doi.lower()
        case RecordField.PMID:
            _require(_PMID.fullmatch(text), field, text, "a PMID of up to eight digits such as 19782872")
        case RecordField.PMCID:
            text = text.upper()
            _require(_PMCID.fullmatch(text), field, text, "a PMCID such as PMC1234567")
        case RecordField.LANGUAGE:
            text = text.lower()
            _require(_LANGUAGE.fullmatch(text), field, text, "a language of two letters (ISO 639-1) such as en")
        case RecordField.PAGES:
            return page_range(text) or text
        case RecordField.STUDY_TYPE:
            return _study_type(text)
        case _:
            pass
    return text


def _text(field: RecordField, raw: Any) -> str:
    """`raw` on one line; YAML's numbers and dates as they are written."""
    if isinstance(raw, date):
        raw = raw.isoformat()
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        _require(None, field, raw, "one text" if raw is not None else _or_none(field))
    if isinstance(raw, int) and raw.bit_length() > 64:
        _require(None, field, raw, "a shorter number")
    try:
        text = _LINE.validate_python(str(raw)).strip()
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UsageError(f"the {field.value} {shown(raw)} cannot be taken: {reason}") from None
    _require(text, field, raw, _or_none(field))
    return text


def _or_none(field: RecordField) -> str:
    none = f"{NONE!r} when the work has no such thing, " if field in MAY_BE_NONE else ""
    return f"a value ({none}--unset {field.value} takes back what a person has given)"


def _require(met: object, field: RecordField, value: object, expected: str) -> None:
    if not met:
        raise UsageError(f"the {field.value} {shown(value)} cannot be taken: give {expected}")


def _year(text: str, today: date) -> int:
    last = today.year + 1
    year = int(text) if re.fullmatch(r"[0-9]{4}", text) else 0
    _require(EARLIEST_YEAR <= year <= last, RecordField.YEAR, text, f"four digits from {EARLIEST_YEAR} to {last}")
    return year


def _published(text: str, today: date) -> str:
    expected = "an ISO date such as 2017-05-03, or year and month such as 2017-05"
    _require(_DATE.fullmatch(text), RecordField.PUBLISHED, text, expected)
    try:
        date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    except ValueError:
        _require(None, RecordField.PUBLISHED, text, expected)
    _year(text[:4], today)
    return text


def _study_type(text: str) -> str:
    named = {one.value: one for one in StudyType} | {one.name.lower(): one for one in StudyType}
    found = named.get(text.lower())
    _require(found, RecordField.STUDY_TYPE, text, "one of " + ", ".join(repr(one.value) for one in StudyType))
    assert found is not None
    return found.value


def _authors(raw: Any, *, from_text: bool) -> tuple[Author, ...]:
    if from_text:
        parts: Iterable[Any] = [part for part in str(raw).split(";") if part.strip()]
    elif isinstance(raw, list):
        parts = raw
    else:
        _require(None, RecordField.AUTHORS, raw, "a list with one author in each entry ('- Family, Given')")
        raise AssertionError
    found = tuple(_author(one) for one in parts)
    _require(found, RecordField.AUTHORS, raw, "at least one author, as Family, Given")
    _require(len(found) <= MAX_AUTHORS, RecordField.AUTHORS, raw, f"at most {MAX_AUTHORS} authors")
    return found


def _author(raw: Any) -> Author:
    if isinstance(raw, dict):
        return _author_of_parts(raw)
    text = _text(RecordField.AUTHORS, raw)
    author = Author.read(text)
    is_group = author.collective is not None
    _require(is_group or text.count(",") <= 2, RecordField.AUTHORS, text, "authors apart from each other: A, B; C, D")
    whole = is_group or "," in text or " " not in text
    _require(whole, RecordField.AUTHORS, text, "Family, Given, or a group in braces: {Study Group}")
    _require(author.collective or author.family, RecordField.AUTHORS, text, "Family, Given, or {Study Group}")
    return author


def _author_of_parts(raw: Mapping[str, Any]) -> Author:
    unknown = sorted(raw.keys() - _AUTHOR_PARTS)
    _require(not unknown, RecordField.AUTHORS, raw, f"family and given, or collective; {unknown} is unknown")
    parts = {name: _text(RecordField.AUTHORS, value) for name, value in raw.items()}
    one_kind = ("collective" in parts) != ("family" in parts) and not {"collective", "given"} <= parts.keys()
    _require(one_kind, RecordField.AUTHORS, raw, "family and given, or collective")
    return Author(**parts)

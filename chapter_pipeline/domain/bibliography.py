"""Owns the bibliographic record of a document: every value of every field with its origin, and which one is in force."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chapter_pipeline.domain.document import Metadata, StudyType
from chapter_pipeline.domain.library import RegisteredWork
from chapter_pipeline.domain.research import Work

SAME_TITLE = 0.8
"""Share of the words of the shorter title that the other has, above which two titles are of one work (subtitles differ)."""
_MARKUP = re.compile(r"<[^<>]{1,40}>")


class Origin(StrEnum):
    """Where a value comes from, in the order of trust: the first origin that has a value gives the one in force."""

    PERSON = "person"
    REGISTRY = "registry"
    REFERENCE_FILE = "reference file"
    CITATION_LINE = "citation line"
    PRINT = "print"
    FILE_PROPERTIES = "file properties"


class RecordField(StrEnum):
    """A field of the record."""

    TITLE = "title"
    AUTHORS = "authors"
    YEAR = "year"
    PUBLISHED = "published"
    JOURNAL = "journal"
    VOLUME = "volume"
    ISSUE = "issue"
    PAGES = "pages"
    DOI = "doi"
    PMID = "pmid"
    PMCID = "pmcid"
    ARTICLE_TYPE = "article_type"
    STUDY_TYPE = "study_type"
    POPULATION = "population"
    LICENCE = "licence"
    LANGUAGE = "language"


OF_THE_FILE = frozenset({RecordField.LICENCE})
"""Fields that belong to a file and not to the work: a manuscript and the published article may have different ones."""
_NOT_COMPARED = frozenset({RecordField.ARTICLE_TYPE, RecordField.LICENCE, RecordField.POPULATION})
"""Fields whose origins have words of their own, so that a difference is no contradiction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """A person with family and given name, or a group as `collective`. `text` is the one string of both."""

    family: str | None = None
    given: str | None = None
    collective: str | None = None

    @classmethod
    def read(cls, text: str) -> Author:
        """``Family, Given`` or ``{Collective}``; a name of another form is kept as it is printed, as a family name."""
        name = " ".join(text.split())
        if name.startswith("{") and name.endswith("}"):
            return cls(collective=name[1:-1].strip())
        family, _, given = name.partition(",")
        return cls(family=family.strip() or name, given=given.strip() or None)

    @property
    def text(self) -> str:
        """``Family, Given``, or ``{Collective}``: braces keep a group's name from being read as a person's."""
        if self.collective is not None:
            return f"{{{self.collective}}}"
        return f"{self.family}, {self.given}" if self.given else self.family or ""


Value = int | str | tuple[Author, ...]
"""`year` is an int, `authors` are `Author`s, every other field is text; `HAS_NONE` in any of `MAY_BE_NONE`."""
HAS_NONE = ""
"""A person's value of a field that the work does not have, such as the volume of a journal that counts none."""
MAY_BE_NONE = frozenset(RecordField) - {RecordField.TITLE, RecordField.LANGUAGE, RecordField.STUDY_TYPE}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue:
    """A value of one field. `source`: who, which registry, which reference file; `at` and `reason` of a person's."""

    field: RecordField
    value: Value
    origin: Origin
    source: str = ""
    at: datetime | None = None
    reason: str = ""

    @property
    def text(self) -> str:
        """The value as one line; empty when the work has none."""
        return value_text(self.value)

    @property
    def said(self) -> str:
        """The value as one line to read: ``none`` when the work has none."""
        return self.text or "none"

    @property
    def named_origin(self) -> str:
        """``registry (Crossref)``."""
        return f"{self.origin.value} ({self.source})" if self.source else self.origin.value


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEdit:
    """One edit of one field by a person; without a `value` it takes the person's value back."""

    field: RecordField
    value: Value | None
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldConflict:
    """A field whose origins disagree and about which no person has decided; the first value is in force."""

    field: RecordField
    values: tuple[FieldValue, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BibliographicRecord:
    """All values of all fields, in the order of trust; of a person's values the newest is first.

    `edits`: what persons did, oldest first. `set_aside`: edits made under the same name for another work. `detail`:
    what a registry says against the DOI.
    """

    values: tuple[FieldValue, ...] = ()
    edits: tuple[RecordEdit, ...] = ()
    set_aside: tuple[RecordEdit, ...] = ()
    detail: str = ""

    def of(self, field: RecordField) -> tuple[FieldValue, ...]:
        """The values of `field`, the one in force first."""
        order = list(Origin)
        found = [one for one in self.values if one.field is field]
        return tuple(sorted(found, key=lambda one: order.index(one.origin)))  # stable within an origin

    def in_force(self, field: RecordField) -> FieldValue | None:
        """The value of the most trusted origin that has one."""
        return next(iter(self.of(field)), None)

    def text(self, field: RecordField) -> str | None:
        """The value in force as text; None when there is none, or when a person says that the work has none."""
        found = self.in_force(field)
        return (found.text or None) if found is not None else None

    @property
    def has_none(self) -> tuple[RecordField, ...]:
        """The fields that the work does not have, as a person says."""
        return tuple(
            field for field in RecordField if (found := self.in_force(field)) is not None and found.value == HAS_NONE
        )

    @property
    def authors(self) -> tuple[str, ...]:
        """The authors in force, each as one string."""
        found = self.in_force(RecordField.AUTHORS)
        return tuple(one.text for one in found.value) if found is not None and isinstance(found.value, tuple) else ()

    @property
    def year(self) -> int | None:
        """The year in force."""
        found = self.in_force(RecordField.YEAR)
        return found.value if found is not None and isinstance(found.value, int) else None

    @property
    def study_type(self) -> StudyType:
        """The study type in force."""
        return StudyType(self.text(RecordField.STUDY_TYPE) or StudyType.UNKNOWN)

    def conflicts(self) -> tuple[FieldConflict, ...]:
        """Fields that no person decided and whose values are not the same; and a DOI that is another work's."""
        found = []
        for field in RecordField:
            values = self.of(field)
            if not values or values[0].origin is Origin.PERSON:
                continue
            if field is RecordField.DOI and self.detail:
                found.append(FieldConflict(field=field, values=values, detail=self.detail))
            elif field not in _NOT_COMPARED and not all(same_value(field, values[0], one) for one in values[1:]):
                found.append(FieldConflict(field=field, values=values))
        return tuple(found)


def metadata_values(metadata: Metadata, origin: Origin) -> tuple[FieldValue, ...]:
    """What a document says of itself, as values of `origin`."""
    study = None if metadata.study_type is StudyType.UNKNOWN else metadata.study_type.value
    return tuple(
        _values(
            origin, "", title=metadata.title, authors=_authors(metadata.authors), year=metadata.year,
            published=metadata.published, journal=metadata.journal, volume=metadata.volume, issue=metadata.issue,
            pages=metadata.pages, doi=metadata.doi, pmid=metadata.pmid, pmcid=metadata.pmcid,
            article_type=metadata.article_type, study_type=study, licence=metadata.licence, language=metadata.language,
        )
    )  # fmt: skip


def registered_values(work: RegisteredWork, registry: str) -> tuple[FieldValue, ...]:
    """What the registry called `registry` holds of a work."""
    study = None if work.study_type is StudyType.UNKNOWN else work.study_type.value
    return tuple(
        _values(
            Origin.REGISTRY, registry, title=_MARKUP.sub("", work.title or ""), authors=_authors(work.authors),
            year=work.year, published=work.published, journal=work.journal, volume=work.volume, issue=work.issue,
            pages=work.pages, doi=work.doi, pmid=work.pmid, pmcid=work.pmcid, article_type=work.article_type,
            study_type=study, licence=work.licence, language=work.language,
        )
    )  # fmt: skip


def reference_values(work: Work) -> tuple[FieldValue, ...]:
    """What the entry of a reference file says of a work."""
    return tuple(
        _values(
            Origin.REFERENCE_FILE, work.origin, title=work.title, authors=_authors(work.authors), year=work.year,
            journal=work.journal, volume=work.volume, issue=work.issue, pages=work.pages, doi=work.doi, pmid=work.pmid,
        )
    )  # fmt: skip


def edited_values(edits: Iterable[RecordEdit]) -> tuple[FieldValue, ...]:
    """What is left of persons' edits, given oldest first: of each field those since the last withdrawal, newest first."""
    left: dict[RecordField, list[FieldValue]] = {}
    for edit in edits:
        if edit.value is None:
            left.pop(edit.field, None)
            continue
        value = FieldValue(
            field=edit.field, value=edit.value, origin=Origin.PERSON, source=edit.by, at=edit.at, reason=edit.reason
        )
        left.setdefault(edit.field, []).insert(0, value)
    return tuple(value for values in left.values() for value in values)


def value_text(value: Value) -> str:
    """A value as one line: authors are separated by semicolons."""
    return "; ".join(one.text for one in value) if isinstance(value, tuple) else str(value)


def value_to_json(value: Value) -> Any:
    """The value as JSON: authors are mappings of their parts."""
    if not isinstance(value, tuple):
        return value
    names = ("family", "given", "collective")
    return [{name: part for name in names if (part := getattr(one, name)) is not None} for one in value]


def value_from_json(stored: Any) -> Value:
    """The inverse of `value_to_json`."""
    if isinstance(stored, list):
        return tuple(Author(**one) for one in stored)
    return stored if isinstance(stored, int) else str(stored)


def same_value(field: RecordField, one: FieldValue, other: FieldValue) -> bool:
    """Whether two values of a field say the same: abbreviations, typography and page forms do not count."""
    a, b = one.text, other.text
    match field:
        case RecordField.TITLE:
            return same_title(a, b)
        case RecordField.JOURNAL:
            return same_journal(a, b)
        case RecordField.AUTHORS:
            return same_authors(_names(one), _names(other)) or same_authors(_names(other), _names(one))
        case RecordField.PAGES:
            return _whole_pages(a) == _whole_pages(b)
        case RecordField.PUBLISHED:
            return a.startswith(b) or b.startswith(a)
        case _:
            return a.casefold() == b.casefold()


def words(text: str | None) -> list[str]:
    """The words of a title without markup, case and accents."""
    plain = unicodedata.normalize("NFKD", _MARKUP.sub("", text or "")).casefold()
    return re.findall(r"[^\W_]+", "".join(ch for ch in plain if not unicodedata.combining(ch)))


def shared_words(one: str, other: str) -> float:
    """Share of the words of the shorter title that the other one has."""
    a, b = set(words(one)), set(words(other))
    return len(a & b) / max(1, min(len(a), len(b)))


def same_title(one: str, other: str) -> bool:
    """The same words, or one title is the beginning of the other: a subtitle may be left out."""
    short, long = sorted((words(one), words(other)), key=len)
    return short == long[: len(short)] and bool(short)


def same_journal(printed: str | None, registered: str | None) -> bool:
    """The same words, or an abbreviation: each word the beginning of one of the full name, in its order."""
    if not printed or not registered:
        return printed == registered
    short, full = sorted((words(printed), words(registered)), key=lambda found: sum(map(len, found)))
    rest = iter(full)
    return all(any(word.startswith(part) for word in rest) for part in short)


def same_authors(printed: tuple[str, ...], registered: tuple[str, ...]) -> bool:
    """Equally many, and the first one's registered family name is in the printed name."""
    if not printed or not registered:
        return printed == registered
    family = words(registered[0].partition(",")[0])
    return len(printed) == len(registered) and set(family) <= set(words(printed[0]))


def _values(origin: Origin, source: str, **given: Value | None) -> Iterator[FieldValue]:
    for name, value in given.items():
        if value not in (None, "", ()):
            assert value is not None
            yield FieldValue(field=RecordField(name), value=value, origin=origin, source=source)


def _authors(names: Sequence[str]) -> tuple[Author, ...]:
    return tuple(Author.read(name) for name in names if name.strip())


def _names(found: FieldValue) -> tuple[str, ...]:
    return tuple(one.text for one in found.value) if isinstance(found.value, tuple) else (found.text,)


def _whole_pages(pages: str) -> str:
    """``1123-30`` as ``1123-1130``."""
    first, dash, last = re.sub(r"\s*[-–—‐]+\s*", "-", pages.strip()).partition("-")
    if dash and first.isdigit() and last.isdigit() and len(last) < len(first):
        last = first[: len(first) - len(last)] + last
    return f"{first}-{last}".casefold() if dash and last != first else first.casefold()

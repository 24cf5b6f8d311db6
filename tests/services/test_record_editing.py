"""Edits of records: through every ingest and removal, against the registries, and on record in Dagster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from chapter_pipeline.container import SystemClock
from chapter_pipeline.domain.bibliography import Origin, RecordField
from chapter_pipeline.domain.document import ParsedDocument
from chapter_pipeline.domain.library import RegisteredWork
from chapter_pipeline.errors import NotFound, TransientError, UsageError
from chapter_pipeline.services.ingest import Ingest
from chapter_pipeline.services.record_editing import RecordEditing
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.library_samples import HashEmbedder, ReadsAhead, parsed_from, passages_of

GLIOMA = b"Glioma surgery in adults\n\nResection of the tumour was safe."
LATER = b"Glioma surgery in adults\n\nResection of the tumour was safe. A second edition."
WHY = {"by": "Ada", "reason": "printed on page 1"}


class Registry:
    """Knows two DOIs, and is down for a third."""

    name = "registry"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def work(self, doi: str) -> RegisteredWork | None:
        self.asked.append(doi)
        if doi == "10.5555/down":
            raise TransientError("registry gave no answer")
        titles = {"10.5555/right": "Glioma surgery in adults", "10.5555/other": "Longevity of sharks"}
        return RegisteredWork(title=titles[doi], year=2021, volume="4") if doi in titles else None


class Parser(ReadsAhead):
    """Prints the DOI of the third line, if there is one."""

    def __call__(self, content: bytes) -> ParsedDocument:
        parsed = parsed_from(content)
        doi = content.decode().partition("DOI ")[2].strip() or None
        return replace(parsed, metadata=replace(parsed.metadata, doi=doi))


class Acts:
    def __init__(self) -> None:
        self.told: list[tuple[tuple[str, ...], str]] = []

    def record_edited(self, names: Sequence[str], what: str) -> None:
        self.told.append((tuple(names), what))


@pytest.fixture
def library(database: Database) -> LibraryStore:
    return LibraryStore(database)


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def acts() -> Acts:
    return Acts()


@pytest.fixture
def editing(library: LibraryStore, registry: Registry, acts: Acts) -> RecordEditing:
    @contextmanager
    def opened() -> Iterator[list[Registry]]:
        yield [registry]

    return RecordEditing(store=library, clock=SystemClock(), open_registries=opened, acts=acts)


@pytest.fixture
def ingest(settings: Settings, library: LibraryStore, registry: Registry) -> Ingest:
    return Ingest(
        settings, bucket=ObjectBucket.open(settings), library=library, embedder=HashEmbedder(), parser=Parser(),
        make_passages=passages_of, settings_hash="1", registries=[registry],
    )  # fmt: skip


def deliver(ingest: Ingest, tmp_path: Path, content: bytes, name: str = "a.pdf") -> int | None:
    """The year with which the file comes into the library."""
    path = tmp_path / name
    path.write_bytes(content)
    return ingest.ingest(ingest.register(path)).year


def test_edit__survives_the_same_file_a_changed_one_and_removal(
    ingest: Ingest, editing: RecordEditing, tmp_path: Path
) -> None:
    assert deliver(ingest, tmp_path, GLIOMA) == 1932
    editing.edit("a.pdf", {"year": "2017"}, **WHY)
    years = [deliver(ingest, tmp_path, GLIOMA), deliver(ingest, tmp_path, LATER)]
    ingest.remove("a.pdf")
    years += [deliver(ingest, tmp_path, LATER), deliver(ingest, tmp_path, GLIOMA, "b.pdf")]
    assert years == [2017, 2017, 2017, 2017]


def test_edit__who_when_why_and_what__are_on_record_and_reported(
    ingest: Ingest, editing: RecordEditing, acts: Acts, library: LibraryStore, tmp_path: Path
) -> None:
    deliver(ingest, tmp_path, GLIOMA)
    editing.edit("a.pdf", {"year": "2017", "authors": "Okafor, Ada; {Drain Group}"}, **WHY)
    editing.edit("a.pdf", {}, unset=["year"], by="Per", reason="the print was right")
    record = library.document("library/a.pdf").bibliography
    assert [(one.field, one.by, one.reason) for one in record.edits] == [
        (RecordField.YEAR, "Ada", "printed on page 1"), (RecordField.AUTHORS, "Ada", "printed on page 1"),
        (RecordField.YEAR, "Per", "the print was right"),
    ]  # fmt: skip
    assert record.edits[0].at < record.edits[2].at
    assert acts.told == [
        (("library/a.pdf",), "Ada: year = '2017'; authors = 'Okafor, Ada; {Drain Group}' (printed on page 1)"),
        (("library/a.pdf",), "Per: year taken back (the print was right)"),
    ]


def test_edit__doi__its_registered_values_enter_the_record(
    ingest: Ingest, editing: RecordEditing, library: LibraryStore, tmp_path: Path
) -> None:
    deliver(ingest, tmp_path, GLIOMA)
    changed = editing.edit("a.pdf", {"doi": "https://doi.org/10.5555/Right"}, **WHY)
    assert (changed.record.doi, changed.record.year, changed.record.volume) == ("10.5555/right", 2021, "4")
    # A changed file prints no DOI: the one that the person gave is asked for.
    assert deliver(ingest, tmp_path, LATER) == 2021
    editing.edit("a.pdf", {}, unset=["doi"], **WHY)
    found = library.document("library/a.pdf")
    assert (found.record.doi, found.record.year, found.record.volume) == (None, 1932, None)


@pytest.mark.parametrize(("doi", "status"), [("10.5555/down", "not_checked"), ("10.5555/none", "unknown_doi")])
def test_edit__doi_that_no_registry_knows_or_answers_for__is_taken(
    ingest: Ingest, editing: RecordEditing, library: LibraryStore, tmp_path: Path, doi: str, status: str
) -> None:
    deliver(ingest, tmp_path, GLIOMA)
    editing.edit("a.pdf", {"doi": doi}, **WHY)
    found = library.document("library/a.pdf")
    assert found.metadata_check is not None
    assert (found.record.doi, found.metadata_check["status"], found.record.year) == (doi, status, 1932)


@pytest.mark.parametrize(
    ("fields", "unset", "said"),
    [
        ({"doi": "10.5555/other"}, [], "registered at registry for another work, 'Longevity of sharks'"),
        ({"doi": "10.5555/b"}, [], "belongs to another work of the library, 'Meningioma of the skull base'"),
        ({"year": "20017", "volume": "3"}, [], "the year '20017'"),
        ({"volume": "3", "venue": "x"}, [], "has no field 'venue'"),
        ({"volume": "3"}, ["volume"], "given a value and taken back at once"),
        ({"volume": "3"}, ["issue"], "no person has given 'issue'"),
        ({}, ["venue"], "has no field 'venue'"),
        ({}, [], "no field is named"),
    ],
)
def test_edit__refused__changes_nothing(
    ingest: Ingest, editing: RecordEditing, acts: Acts, library: LibraryStore, tmp_path: Path,
    fields: dict[str, str], unset: list[str], said: str,
) -> None:  # fmt: skip
    deliver(ingest, tmp_path, GLIOMA)
    deliver(ingest, tmp_path, b"Meningioma of the skull base\n\nThe dura was closed. DOI 10.5555/b", "b.pdf")
    before = library.state()
    with pytest.raises(UsageError) as refused:
        editing.edit("a.pdf", fields, unset=unset, **WHY)
    assert said in str(refused.value)
    assert (library.state(), library.document("library/a.pdf").bibliography.edits, acts.told) == (before, (), [])


@pytest.mark.parametrize(
    ("by", "reason", "said"),
    [(" ", "checked", "--by"), ("Ada", "", "--reason"), ("A" * 201, "checked", "--by"), ("Ada", "\x1b[2J", "--reason")],
)
def test_edit__without_who_or_why__is_refused(
    ingest: Ingest, editing: RecordEditing, tmp_path: Path, by: str, reason: str, said: str
) -> None:
    deliver(ingest, tmp_path, GLIOMA)
    with pytest.raises(UsageError, match=said):
        editing.edit("a.pdf", {"year": "2017"}, by=by, reason=reason)


def test_edit__unknown_document__is_refused(editing: RecordEditing) -> None:
    with pytest.raises(NotFound):
        editing.edit("nothing.pdf", {"year": "2017"}, **WHY)


def test_ingest__a_manuscript_of_a_published_article__is_told_to_be_the_same_work(
    ingest: Ingest, tmp_path: Path
) -> None:
    deliver(ingest, tmp_path, GLIOMA + b" DOI 10.5555/right")
    (tmp_path / "m.pdf").write_bytes(LATER + b" DOI 10.5555/right")
    outcome = ingest.ingest(ingest.register(tmp_path / "m.pdf"))
    article = ingest.outcome("library/a.pdf")
    assert outcome.same_work_as == (article.document,)
    assert article.same_work_as == (outcome.document,)
    deliver(ingest, tmp_path, b"Glioma surgery in adults\n\nAnother work. DOI 10.5555/third", "t.pdf")
    assert ingest.outcome("library/t.pdf").same_work_as == ()


def test_ingest__registered_work__its_values_come_before_the_printed_ones(
    ingest: Ingest, library: LibraryStore, tmp_path: Path
) -> None:
    assert deliver(ingest, tmp_path, GLIOMA + b" DOI 10.5555/right") == 2021
    found = library.document("library/a.pdf").bibliography.in_force(RecordField.YEAR)
    assert found is not None
    assert (found.origin, found.source) == (Origin.REGISTRY, "registry")

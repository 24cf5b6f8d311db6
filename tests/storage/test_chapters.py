"""Chapters and their versions: what makes a version, what is held, who may publish it, what cites a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import delete

from chapter_pipeline.errors import AlreadyExists, NotFound, UsageError
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.chapters import ChapterStore, Citing, StoredVersion
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.schema import Chapter, ChapterVersion, VersionDocument


class Value(BaseModel):
    text: str


@pytest.fixture
def database(module_database: Database) -> Database:
    """One for all tests here, without a chapter in it."""
    with module_database.session() as session:
        for table in (VersionDocument, ChapterVersion, Chapter):
            session.execute(delete(table))
    return module_database


@pytest.fixture
def chapters(database: Database) -> ChapterStore:
    store = ChapterStore(database)
    store.create("glioma", {"topic": "Glioma"})
    return store


class Versions:
    """Adds versions with texts; every text is a value of its own."""

    def __init__(self, database: Database, chapters: ChapterStore) -> None:
        self._artifacts = ArtifactStore(database)
        self._chapters = chapters

    def add(self, text: str, *, slug: str = "glioma", documents: Sequence[str] = (), **more: Any) -> StoredVersion:
        value = self._artifacts.put("final_chapter", slug, Value(text=text))
        return self._chapters.add_version(slug, value.id, value.sha256, documents=documents, images=[], **more)


@pytest.fixture
def versions(database: Database, chapters: ChapterStore) -> Versions:
    return Versions(database, chapters)


def test_create__new__is_on_record_without_a_version(chapters: ChapterStore) -> None:
    made = chapters.create("stroke", {"topic": "Stroke"})
    assert (made.slug, made.request, made.latest_version) == ("stroke", {"topic": "Stroke"}, None)
    assert chapters.get("stroke") == made
    assert [one.slug for one in chapters.list()] == ["glioma", "stroke"]


def test_create__slug_taken__is_refused_and_the_request_stays(chapters: ChapterStore) -> None:
    with pytest.raises(AlreadyExists, match="there is a chapter 'glioma' already: choose another slug"):
        chapters.create("glioma", {"topic": "Another"})
    assert chapters.get("glioma").request == {"topic": "Glioma"}


def test_get__unknown__says_how_to_make_it(chapters: ChapterStore) -> None:
    with pytest.raises(NotFound, match="no chapter 'stroke': make it with `chapter-pipeline chapters new stroke"):
        chapters.get("stroke")
    with pytest.raises(NotFound, match="no chapter 'stroke'"):
        chapters.versions("stroke")


def test_get__with_versions__names_the_latest(chapters: ChapterStore, versions: Versions) -> None:
    chapters.create("stroke", {})
    versions.add("one")
    versions.add("two", held=True)
    versions.add("other", slug="stroke")
    assert {one.slug: one.latest_version for one in chapters.list()} == {"glioma": 2, "stroke": 1}


def test_add_version__first_and_next__are_numbered_from_one_and_published(
    chapters: ChapterStore, versions: Versions
) -> None:
    one, two = versions.add("one"), versions.add("two", origin="edited by Ada")
    assert [(v.number, v.state, v.origin) for v in (one, two)] == [
        (1, "published", "written"), (2, "published", "edited by Ada"),
    ]  # fmt: skip
    assert one.published_at is not None
    assert (one.approved_by, one.approved_because) == (None, None)
    assert one.artifact_id != two.artifact_id
    assert chapters.versions("glioma") == [one, two]
    assert chapters.version("glioma", 2) == two


def test_add_version__content_of_the_latest__is_that_version_as_it_is(
    chapters: ChapterStore, versions: Versions
) -> None:
    held = versions.add("one", held=True, documents=["a.pdf"])
    again = versions.add("one", documents=["b.pdf"], origin="restored")
    assert again == held
    assert chapters.versions("glioma") == [held]
    assert chapters.citing("b.pdf") == []


def test_add_version__content_of_an_older_one__is_a_new_version(chapters: ChapterStore, versions: Versions) -> None:
    first, _, third = versions.add("one"), versions.add("two"), versions.add("one")
    assert (third.number, third.sha256) == (3, first.sha256)


def test_add_version__content_of_another_chapters_latest__is_a_new_version(
    chapters: ChapterStore, versions: Versions
) -> None:
    chapters.create("stroke", {})
    versions.add("one")
    versions.add("two")
    assert versions.add("two", slug="stroke").number == 1


def test_add_version__unknown_chapter__is_refused(versions: Versions) -> None:
    with pytest.raises(NotFound, match="no chapter 'stroke'"):
        versions.add("one", slug="stroke")


def test_version__unknown__says_which_there_are(chapters: ChapterStore, versions: Versions) -> None:
    with pytest.raises(NotFound, match="chapter 'glioma' has no version yet: chapter-pipeline chapters write glioma"):
        chapters.version("glioma", 1)
    versions.add("one")
    versions.add("two")
    with pytest.raises(NotFound, match="chapter 'glioma' has no version 3: it has 1, 2"):
        chapters.version("glioma", 3)


def test_approve__held__publishes_it_with_who_and_why(chapters: ChapterStore, versions: Versions) -> None:
    versions.add("one", held=True)
    held = versions.add("two", held=True)
    assert (held.state, held.published_at) == ("held", None)
    approved = chapters.approve("glioma", 2, by="  Ada Okafor ", because=" checked by hand\n")
    assert (approved.state, approved.approved_by, approved.approved_because) == (
        "published", "Ada Okafor", "checked by hand",
    )  # fmt: skip
    assert (approved.number, approved.sha256, approved.artifact_id) == (2, held.sha256, held.artifact_id)
    assert approved.published_at is not None
    assert [one.state for one in chapters.versions("glioma")] == ["held", "published"]


@pytest.mark.parametrize("held", [False, True], ids=["published at once", "approved before"])
def test_approve__published__is_refused_and_nothing_changes(
    chapters: ChapterStore, versions: Versions, held: bool
) -> None:
    versions.add("one", held=held)
    if held:
        chapters.approve("glioma", 1, by="Ada", because="checked")
    before = chapters.version("glioma", 1)
    with pytest.raises(AlreadyExists, match="version 1 of chapter 'glioma' is published already: nothing to approve"):
        chapters.approve("glioma", 1, by="Eve", because="no reason")
    assert chapters.version("glioma", 1) == before


@pytest.mark.parametrize(("by", "because"), [("", "checked"), ("Ada", ""), (" ", "checked"), ("Ada", "\n")])
def test_approve__without_a_name_or_a_reason__is_refused(
    chapters: ChapterStore, versions: Versions, by: str, because: str
) -> None:
    versions.add("one", held=True)
    with pytest.raises(UsageError, match="an approval needs a name and a reason"):
        chapters.approve("glioma", 1, by=by, because=because)
    assert chapters.version("glioma", 1).state == "held"


def test_approve__unknown_version__is_refused(chapters: ChapterStore, versions: Versions) -> None:
    versions.add("one", held=True)
    with pytest.raises(NotFound, match="has no version 2: it has 1"):
        chapters.approve("glioma", 2, by="Ada", because="checked")


def test_citing__chapters_by_slug_with_their_versions__and_whether_the_newest_is_among_them(
    chapters: ChapterStore, versions: Versions
) -> None:
    chapters.create("stroke", {})
    chapters.create("aneurysm", {})
    versions.add("s1", slug="stroke", documents=["a.pdf", "b.pdf"], held=True)
    versions.add("s2", slug="stroke", documents=["b.pdf"])
    versions.add("g1", documents=["a.pdf"])
    versions.add("g2", documents=[])
    versions.add("g3", documents=["a.pdf"])
    versions.add("n1", slug="aneurysm", documents=["b.pdf"])
    assert chapters.citing("a.pdf") == [
        Citing(chapter="glioma", versions=(1, 3), newest=True), Citing(chapter="stroke", versions=(1,), newest=False),
    ]  # fmt: skip
    assert chapters.citing("b.pdf") == [
        Citing(chapter="aneurysm", versions=(1,), newest=True), Citing(chapter="stroke", versions=(1, 2), newest=True),
    ]  # fmt: skip
    assert chapters.citing("c.pdf") == []


def test_chapters__before_and_after_in_the_alphabet__are_left_alone(chapters: ChapterStore, versions: Versions) -> None:
    slugs = ("aneurysm", "glioma", "stroke")
    for slug in slugs:
        if slug != "glioma":
            chapters.create(slug, {})
        for text in ("one", "two", "three"):
            versions.add(f"{slug} {text}", slug=slug, held=True)
    chapters.approve("glioma", 2, by="Ada", because="checked")
    assert {slug: chapters.get(slug).slug for slug in slugs} == {slug: slug for slug in slugs}
    assert {slug: [one.state for one in chapters.versions(slug)] for slug in slugs} == {
        "aneurysm": ["held", "held", "held"],
        "glioma": ["held", "published", "held"],
        "stroke": ["held", "held", "held"],
    }
    assert versions.add("glioma three").number == 3
    assert versions.add("glioma four").number == 4

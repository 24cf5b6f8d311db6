"""Chapter values: every version kept, identical ones not twice, the request found where it was left."""

from __future__ import annotations

from chapter_pipeline.domain import ChapterBrief, FinalChapter
from tests.code_location import GLIOMA, SLUG, Location, failure_told


def test_write_chapter__again_with_nothing_new__appends_no_version(location: Location) -> None:
    location.add_documents(GLIOMA)
    for _ in range(2):
        assert location.write().success
    for asset in ("chapter_brief", "evidence_map", "section/introduction", "chapter_draft", "final_chapter"):
        assert [one.version for one in location.artifacts.versions(asset, SLUG)] == [1], asset
    assert [version.number for version in location.chapters.versions(SLUG)] == [1]


def test_write_chapter__text_changed__earlier_version_can_still_be_read(location: Location) -> None:
    location.add_documents(GLIOMA)
    for edition in ("first", "second"):
        location.stages.edition = edition
        assert location.write().success
    assert [version.number for version in location.chapters.versions(SLUG)] == [1, 2]
    titles = [
        location.artifacts.get("final_chapter", SLUG, FinalChapter, version).chapter.sections[0].title
        for version in (1, 2)
    ]
    assert titles == ["Introduction (first edition)", "Introduction (second edition)"]


def test_stored_value__metadata__names_version_hash_and_run(location: Location) -> None:
    location.add_documents(GLIOMA)
    result = location.write()
    (event,) = [e for e in result.get_asset_materialization_events() if e.step_key == "evidence_map"]
    metadata = event.materialization.metadata
    stored = location.artifacts.latest("evidence_map", SLUG)
    assert stored is not None
    assert (metadata["version"].value, metadata["sha256"].value) == (1, stored.sha256)
    assert metadata["written by run"].value == stored.run_id == result.run_id


def test_chapter_brief__nothing_on_record__takes_the_topic_from_the_slug_and_records_it(location: Location) -> None:
    location.add_documents(GLIOMA)
    location.write(slug="local-therapy-of-glioma")
    brief = location.artifacts.get("chapter_brief", "local-therapy-of-glioma", ChapterBrief)
    assert brief.topic == "Local therapy of glioma"
    assert location.chapters.get("local-therapy-of-glioma").request["topic"] == "Local therapy of glioma"


def test_chapter_brief__on_record__is_taken_from_there(location: Location) -> None:
    location.chapters.create(SLUG, {"topic": "Awake craniotomy", "kind": "technique"})
    location.write()
    brief = location.artifacts.get("chapter_brief", SLUG, ChapterBrief)
    assert (brief.topic, brief.kind.value) == ("Awake craniotomy", "technique")


def test_chapter_brief__run_configuration__wins_over_the_record(location: Location) -> None:
    location.chapters.create(SLUG, {"topic": "Awake craniotomy"})
    location.write(config={"topic": "Glioma", "word_budget": 1000, "cutoff_date": "2024-12-31"})
    brief = location.artifacts.get("chapter_brief", SLUG, ChapterBrief)
    assert (brief.topic, brief.word_budget, str(brief.cutoff_date)) == ("Glioma", 1000, "2024-12-31")


def test_chapter_brief__wrong_configuration__is_refused_with_the_key(location: Location) -> None:
    result = location.write(config={"topic": "Glioma", "kind": "poem"})
    description, _ = failure_told(result)
    assert "'kind'" in description


def test_final_chapter__published__its_exports_lie_in_the_bucket(location: Location, real_exports: None) -> None:
    location.add_documents(GLIOMA)
    assert location.write().success
    names = {key.rsplit("/", 1)[1] for key in location.bucket.keys(f"chapters/{SLUG}/v1/")}
    assert {f"{SLUG}-v1.{extension}" for extension in ("md", "html", "docx", "pdf", "xml", "bib")} <= names

"""Versions, and what people do to a chapter: approve, roll back, restore and edit; nothing is ever overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from chapter_pipeline.domain import FinalChapter, Gap, GapType, PublishedVersion, Section, Severity
from chapter_pipeline.orchestration.instance import open_instance
from chapter_pipeline.services.exports import MANIFEST, put_exports
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.bucket import ObjectBucket
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from tests.cli.conftest import Cli
from tests.code_location import GLIOMA
from tests.fake_stages import FakeStages
from tests.library_samples import add

SLUG = "glioma-surgery"
KIND = "diagnosis"


@dg.job
def nothing() -> None:
    """A job for a run that is only on record."""


@pytest.fixture
def asked(cli: Cli, library: LibraryStore, stages: FakeStages) -> Cli:
    add(library, "library/glioma.pdf", GLIOMA)
    cli("chapters", "new", SLUG, "--topic", "Surgery of glioma").done()
    return cli


def chapters(cli: Cli, *arguments: object) -> Any:
    return cli("chapters", *arguments, "--json").done()


def versions(cli: Cli) -> list[tuple[int, str, str]]:
    return [(one["version"], one["state"], one["origin"]) for one in chapters(cli, "versions", SLUG).lines]


def failing(stages: FakeStages) -> None:
    stages.requires_revision = True
    stages.gaps = (
        Gap(
            type=GapType.CRITICAL_INFORMATION, severity=Severity.CRITICAL, description="No dose is given.",
            recommendation="Add one.", section=KIND,
        ),
    )  # fmt: skip


def second_edition(cli: Cli, stages: FakeStages) -> None:
    """A second version with other text in its sections."""
    stages.edition = "second"
    cli("chapters", "write", SLUG, "--section", KIND).done()


def section_titles(cli: Cli) -> dict[str, str]:
    final = chapters(cli, "show", SLUG).value
    return {section["kind"]: section["title"] for section in final["chapter"]["sections"]}


def test_write__gates_fail__is_held_exported_only_when_named_and_published_by_a_person(
    asked: Cli, stages: FakeStages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    exported: list[int] = []

    def put_exports(_final: FinalChapter, number: int, **_: object) -> list[str]:
        exported.append(number)
        return []

    monkeypatch.setattr("chapter_pipeline.services.exports.put_exports", put_exports)
    failing(stages)
    said = asked("chapters", "write", SLUG).done().out
    assert "version 1 is held" in said
    assert f"chapters approve {SLUG} --version 1 --by NAME --reason TEXT" in said
    assert exported == []
    refused = asked("chapters", "export", SLUG, "--format", "md", "--output", tmp_path / "out").refused(2)
    assert "version 1 of chapter 'glioma-surgery' is held" in refused
    assert not (tmp_path / "out").exists()
    asked("chapters", "export", SLUG, "--format", "md", "--version", 1, "--output", tmp_path / "out").done()
    assert "needs a name and a reason" in asked(
        "chapters", "approve", SLUG, "--version", 1, "--by", " ", "--reason", "x"
    ).refused(2)
    made = chapters(asked, "approve", SLUG, "--version", 1, "--by", "Dr. Reader", "--reason", "no more is known").value
    assert (made["state"], made["approved_by"], made["reason"]) == ("published", "Dr. Reader", "no more is known")
    assert exported == [1]
    asked("chapters", "export", SLUG, "--format", "md", "--output", tmp_path / "out").done()
    assert "published already" in asked(
        "chapters", "approve", SLUG, "--version", 1, "--by", "x", "--reason", "y"
    ).refused(2)
    assert "Dr. Reader: no more is known" in " ".join(asked("chapters", "versions", SLUG).done().out.split())


def test_rollback__earlier_version__is_the_newest_again_with_its_sections(asked: Cli, stages: FakeStages) -> None:
    asked("chapters", "write", SLUG).done()
    first = chapters(asked, "show", SLUG).value
    second_edition(asked, stages)
    assert "second" in section_titles(asked)[KIND]
    chapters(asked, "rollback", SLUG, "--version", 1)
    assert chapters(asked, "show", SLUG).value == first
    assert versions(asked) == [
        (1, "published", "written"), (2, "published", f"{KIND} written again"), (3, "published", "rollback to version 1"),
    ]  # fmt: skip
    assert "says what version 1 says already" in asked("chapters", "rollback", SLUG, "--version", 1).refused(2)
    # The next partial writing builds on what was rolled back to.
    asked("chapters", "write", SLUG, "--section", "outcomes").done()
    titles = section_titles(asked)
    assert ("second" in titles[KIND], "second" in titles["outcomes"]) == (False, True)


def test_approve_and_rollback__in_the_pages__are_versions_and_their_exports(
    asked: Cli, stages: FakeStages, environment: Settings, database: Database
) -> None:
    failing(stages)
    asked("chapters", "write", SLUG).done()
    stages.requires_revision, stages.gaps = False, ()
    second_edition(asked, stages)
    approved = "version 1 approved by Dr. Reader: enough"
    asked("chapters", "approve", SLUG, "--version", 1, "--by", "Dr. Reader", "--reason", "enough").done()
    assert told(environment) == {"published_version": approved, "chapter_exports": approved}
    value = ArtifactStore(database).get("published_version", SLUG, PublishedVersion)
    assert (value.number, value.state) == (2, "published"), "the newest published version, which `export` gives too"
    asked("chapters", "rollback", SLUG, "--version", 1).done()
    back = "rollback to version 1"
    assert told(environment) == dict.fromkeys(["final_chapter", "published_version", "chapter_exports"], back)
    value = ArtifactStore(database).get("published_version", SLUG, PublishedVersion)
    assert (value.number, value.origin) == (3, back)


def test_rollback__version_that_does_not_pass_a_gate__is_refused(
    asked: Cli, stages: FakeStages, database: Database
) -> None:
    asked("chapters", "write", SLUG).done()
    second_edition(asked, stages)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE pages SET text = reverse(text)"))
    refused = asked("chapters", "rollback", SLUG, "--version", 1).refused(2)
    assert "is not published" in refused
    assert "is not what page" in refused
    assert [number for number, *_ in versions(asked)] == [1, 2]


def test_approve__version_that_does_not_pass_a_gate__stays_held(
    asked: Cli, stages: FakeStages, database: Database
) -> None:
    """A person overrules the gap report, not the publication gates."""
    failing(stages)
    asked("chapters", "write", SLUG).done()
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE pages SET text = reverse(text)"))
    approve = ("chapters", "approve", SLUG, "--version", 1, "--by", "Dr. Reader", "--reason", "enough")
    refused = asked(*approve).refused(2)
    assert "is not published" in refused
    assert "is not what page" in refused
    assert versions(asked) == [(1, "held", "written")]
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE pages SET text = reverse(text)"))
    asked(*approve).done()
    assert versions(asked) == [(1, "published", "written")]


def test_write__pages_of_a_document_are_damaged__its_remedy_makes_the_chapter_whole_again(
    asked: Cli, library: LibraryStore, database: Database
) -> None:
    asked("chapters", "write", SLUG).done()
    (document,) = library.documents()
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE pages SET text = reverse(text)"))
    told = " ".join(asked("chapters", "write", SLUG, "--section", KIND).refused(1).split())
    assert "is not what page" in told
    assert "chapter-pipeline documents remove DOCUMENT, then chapter-pipeline ingest FILE" in told
    assert chapters(asked, "write", SLUG).value["unchanged"], "on record nothing changed"
    add(library, "library/shunts.pdf", "A shunt was placed in 40 patients with hydrocephalus.")
    told = " ".join(asked("chapters", "write", SLUG, "--json").refused(1).split())
    assert f"of document {document.key!r} says" in told
    assert f"chapter-pipeline documents remove {document.key}, then chapter-pipeline ingest FILE" in told
    asked("documents", "remove", document.key).done()
    add(library, "library/glioma.pdf", GLIOMA)
    written = chapters(asked, "write", SLUG).value
    assert (written["state"], written["unchanged"]) == ("published", False)
    assert chapters(asked, "write", SLUG).value["unchanged"]


def test_approve__while_a_run_writes_the_chapter__is_refused(
    asked: Cli, stages: FakeStages, environment: Settings
) -> None:
    failing(stages)
    asked("chapters", "write", SLUG).done()
    with open_instance(environment) as instance:
        run = instance.create_run_for_job(
            nothing,
            status=dg.DagsterRunStatus.STARTING,
            tags={"dagster/partition": SLUG},
        )
    approve = ("chapters", "approve", SLUG, "--version", 1, "--by", "Dr. Reader", "--reason", "enough")
    refused = asked(*approve).refused(2)
    assert f"chapter {SLUG!r} is being written by run {run.run_id}: wait for it, or cancel it" in refused
    assert versions(asked) == [(1, "held", "written")]


def test_write__exports_were_interrupted__are_completed_and_nothing_is_written(
    asked: Cli, stages: FakeStages, environment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_file(_: FinalChapter, *, destination: Path, **__: object) -> list[Path]:
        (destination / "chapter.md").write_text("the chapter")
        return [destination / "chapter.md"]

    def interrupted(*_: object, **__: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr("chapter_pipeline.publishing.exports.export_chapter", one_file)
    monkeypatch.setattr("chapter_pipeline.services.exports.put_exports", interrupted)
    asked("chapters", "write", SLUG)
    assert versions(asked) == [(1, "published", "written")]
    monkeypatch.setattr("chapter_pipeline.services.exports.put_exports", put_exports)
    bucket, folder = ObjectBucket.open(environment), f"chapters/{SLUG}/v1/"
    assert bucket.keys(folder) == []
    written = stages.written.copy()
    for missing in ("chapter.md", MANIFEST):
        assert chapters(asked, "write", SLUG).value["unchanged"]
        assert bucket.keys(folder) == [f"{folder}chapter.md", f"{folder}{MANIFEST}"]
        bucket.delete(f"{folder}{missing}")
    assert told(environment) == {"chapter_exports": "exports of version 1 that were missing"}
    assert (stages.written, versions(asked)) == (written, [(1, "published", "written")])


def test_approve__an_older_version_after_a_newer_one__the_newer_one_stays_the_published_one(
    asked: Cli, stages: FakeStages, database: Database, tmp_path: Path
) -> None:
    failing(stages)
    asked("chapters", "write", SLUG).done()
    second_edition(asked, stages)
    assert [state for _, state, _ in versions(asked)] == ["held", "held"]
    for number in (2, 1):
        asked("chapters", "approve", SLUG, "--version", number, "--by", "Dr. Reader", "--reason", "enough").done()
        value = ArtifactStore(database).get("published_version", SLUG, PublishedVersion)
        assert (value.number, value.state) == (2, "published")
    asked("chapters", "export", SLUG, "--format", "md", "--output", tmp_path).done()
    assert "second edition" in next(tmp_path.glob("*.md")).read_text()


def test_write__killed_between_a_version_and_its_value__the_next_stores_the_value(
    asked: Cli, stages: FakeStages, environment: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked("chapters", "write", SLUG).done()
    stages.edition = "second"

    def killed(*_: object) -> PublishedVersion:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("chapter_pipeline.services.publication.published_version", killed)
        assert asked("chapters", "write", SLUG, "--section", KIND).code != 0
    assert [number for number, *_ in versions(asked)] == [1, 2]
    stages.edition = "first"
    for _ in range(2):
        assert chapters(asked, "write", SLUG).value["unchanged"]
        value = ArtifactStore(database).get("published_version", SLUG, PublishedVersion)
        assert (value.number, value.state) == (2, "published")
    assert told(environment)["published_version"] == "value of version 2 that was missing"


def test_rollback__to_a_held_version__is_held_and_reports_no_exports(
    asked: Cli, stages: FakeStages, environment: Settings
) -> None:
    failing(stages)
    asked("chapters", "write", SLUG).done()
    stages.requires_revision, stages.gaps = False, ()
    second_edition(asked, stages)
    asked("chapters", "rollback", SLUG, "--version", 1).done()
    assert versions(asked)[-1] == (3, "held", "rollback to version 1")
    assert set(told(environment)) == {"final_chapter", "published_version"}


def told(environment: Settings) -> dict[str, str]:
    """What a person did last, by the assets of stage 14 that say so in the Dagster UI."""
    found: dict[str, str] = {}
    with open_instance(environment) as instance:
        for asset in ("final_chapter", "published_version", "chapter_exports"):
            event = instance.get_latest_materialization_event(dg.AssetKey(asset))
            said = event.asset_materialization.description if event and event.asset_materialization else None
            if said is not None:
                found[asset] = said
    return found


def test_restore__one_section__comes_back_and_is_kept_until_asked_for_anew(asked: Cli, stages: FakeStages) -> None:
    asked("chapters", "write", SLUG).done()
    second_edition(asked, stages)
    chapters(asked, "restore", SLUG, "--section", KIND, "--version", 1)
    assert "second" not in section_titles(asked)[KIND]
    stages.edition = "third"
    asked("chapters", "write", SLUG, "--section", "outcomes").done()
    titles = section_titles(asked)
    assert ("third" in titles["outcomes"], "third" in titles[KIND], "second" in titles[KIND]) == (True, False, False)
    asked("chapters", "write", SLUG, "--section", KIND).done()
    assert "third" in section_titles(asked)[KIND]
    states = [origin for _, _, origin in versions(asked)]
    assert states[2] == f"{KIND} restored from version 1"
    assert "has no section 'anecdotes'" in asked(
        "chapters", "restore", SLUG, "--section", "anecdotes", "--version", 1
    ).refused(2)


def test_edit__a_persons_section__is_a_version_of_its_own_that_a_whole_writing_keeps(
    asked: Cli, stages: FakeStages, database: Database, tmp_path: Path
) -> None:
    asked("chapters", "write", SLUG).done()
    file = tmp_path / "section.md"
    source = asked("chapters", "show", SLUG, "--section", KIND).done().out
    file.write_text(source.replace(f"# {source.splitlines()[0][2:]}", "# How it is found"))
    chapters(asked, "edit", SLUG, "--section", KIND, "--file", file, "--by", "A. Editor")
    assert section_titles(asked)[KIND] == "How it is found"
    assert versions(asked)[-1] == (2, "published", f"{KIND} edited by A. Editor")
    stages.edition = "second"
    asked("chapters", "write", SLUG).done()
    stored = ArtifactStore(database).get(f"section/{KIND}", SLUG, Section)
    assert (stored.title, stored.provider, stored.model, stored.kept) == (
        "How it is found",
        "person",
        "A. Editor",
        True,
    )


def test_edit__text_that_its_quotations_do_not_support__is_refused_whole(
    asked: Cli, database: Database, tmp_path: Path
) -> None:
    asked("chapters", "write", SLUG).done()
    file = tmp_path / "section.md"
    source = asked("chapters", "show", SLUG, "--section", KIND).done().out
    key = source.partition("[@")[2].partition("]")[0]
    file.write_text(f"# Title\n\nIt was cured in 97% of 1,200 patients [@{key}].\n")
    before = ArtifactStore(database).latest(f"section/{KIND}", SLUG)
    refused = asked("chapters", "edit", SLUG, "--section", KIND, "--file", file).refused(2)
    assert "was not stored" in refused
    assert "'97%': its passages do not have this number" in refused
    assert ArtifactStore(database).latest(f"section/{KIND}", SLUG) == before
    assert "cannot read" in asked("chapters", "edit", SLUG, "--section", KIND, "--file", tmp_path / "none.md").refused(
        2
    )
    assert "has no section 'anecdotes'" in asked(
        "chapters", "edit", SLUG, "--section", "anecdotes", "--file", file
    ).refused(2)


def test_diff__two_versions__by_section_as_text_json_and_page(asked: Cli, stages: FakeStages, tmp_path: Path) -> None:
    asked("chapters", "write", SLUG).done()
    second_edition(asked, stages)
    states = {one["section"]: one["state"] for one in chapters(asked, "diff", SLUG, 1, 2).lines}
    assert {kind for kind, state in states.items() if state != "same"} == {KIND}
    said = asked("chapters", "diff", SLUG, 1, 2).done().out
    assert "{+(second+}" in said
    asked("chapters", "diff", SLUG, 1, 2, "--html", tmp_path / "diff.html").done()
    assert "<ins>(second</ins>" in (tmp_path / "diff.html").read_text()
    assert "has no version 7: it has 1, 2" in asked("chapters", "diff", SLUG, 1, 7).refused(2)
    assert "name another file" in asked("chapters", "diff", SLUG, 1, 2, "--html", tmp_path / "no" / "d.html").refused(2)


def test_write__nothing_changed__asks_nobody_and_makes_no_run_until_the_library_changes(
    asked: Cli, stages: FakeStages, library: LibraryStore
) -> None:
    first = chapters(asked, "write", SLUG).value
    asked_before = dict(stages.written)
    again = chapters(asked, "write", SLUG).value
    assert (first["unchanged"], again["unchanged"]) == (False, True)
    assert {**again, "unchanged": False} == first
    assert dict(stages.written) == asked_before
    assert len(versions(asked)) == 1
    add(library, "library/shunts.pdf", "A shunt was placed in 40 patients with hydrocephalus.")
    assert chapters(asked, "write", SLUG).value["unchanged"] is False


def test_write__gap_with_evidence__is_revised_by_the_command_and_the_rounds_are_told(
    asked: Cli, stages: FakeStages, database: Database
) -> None:
    failing(stages)
    stages.gaps = tuple(gap.model_copy(update={"evidence": ("q1",)}) for gap in stages.gaps)
    written = chapters(asked, "write", SLUG).value
    assert (written["revisions"], written["state"]) == (1, "held")  # a second round would change nothing
    assert stages.written[KIND] == 2
    assert {kind: count for kind, count in stages.written.items() if kind != KIND} == {
        kind: 1 for kind in stages.written if kind != KIND
    }
    said = asked("chapters", "gaps", SLUG).done().out
    assert f"revision 1 of {KIND}: completeness 80% to 80%, 1 critical and 0 high gaps before" in said

"""Two chapters with two templates: the sections of the one are no concern of the other, whatever is done to it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from chapter_pipeline.cli.instance import open_instance
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing.model import ChapterOutline, Gap, GapType, Section, Severity
from chapter_pipeline.writing.section_kinds import RECORD
from tests.cli.conftest import Cli
from tests.fake_stages import FakeStages
from tests.library_samples import add
from tests.orchestration import GLIOMA, StagesGiven

FIRST, SECOND = "glioma-surgery", "patients-for-surgery"
OWN = "choosing_patients"
SECTION = {"share": 0.5, "purpose": "Who is operated on, and who is not.", "queries": ["patients for {topic}"]}


@pytest.fixture
def stages(environment: Settings, library: LibraryStore, monkeypatch: pytest.MonkeyPatch) -> FakeStages:
    """Stages that the test makes; each command loads the definitions anew, as one in a process of its own does."""
    definitions = importlib.import_module("chapter_pipeline.definitions")
    stages = FakeStages(library)
    stages.planned = ("introduction", "diagnosis", "outcomes", OWN)

    def loaded(name: str) -> dg.Definitions:
        assert name == "defs"
        built: dg.Definitions = definitions.build(environment, stages=StagesGiven(stages))
        return built

    monkeypatch.delattr(definitions, "defs")
    monkeypatch.setattr(definitions, "__getattr__", loaded, raising=False)
    monkeypatch.setattr("assets.writing.put_exports", lambda *_: [])
    return stages


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "own.yaml"
    sections = [{"kind": kind, "title": kind.capitalize(), **SECTION} for kind in ("introduction", OWN)]
    file.write_text(yaml.safe_dump({"name": "own", "sections": sections}))
    return file


@pytest.fixture
def two(cli: Cli, library: LibraryStore, stages: FakeStages, template: Path) -> Cli:
    """The program, with a chapter of the packaged template, and then one of an author's own, both written."""
    add(library, "library/glioma.pdf", GLIOMA)
    cli("chapters", "new", FIRST, "--topic", "Surgery of glioma").done()
    cli("chapters", "write", FIRST).done()
    said = cli("chapters", "new", SECOND, "--topic", "Surgery of glioma", "--template", template).done().out
    assert f"new section assets: {OWN}" in said
    cli("chapters", "write", SECOND).done()
    return cli


def sections(cli: Cli, slug: str) -> list[str]:
    final = cli("chapters", "show", slug, "--json").done().value
    return [section["kind"] for section in final["chapter"]["sections"]]


def versions(cli: Cli, slug: str) -> list[str]:
    return [one["origin"] for one in cli("chapters", "versions", slug, "--json").done().lines]


def test_two_templates__first_chapter_after_the_second__is_written_edited_restored_and_rolled_back(
    two: Cli, stages: FakeStages, database: Database, tmp_path: Path
) -> None:
    own = ["introduction", "diagnosis", "outcomes"]
    assert (sections(two, FIRST), sections(two, SECOND)) == (own, ["introduction", OWN])
    two("chapters", "write", FIRST, "--section", "diagnosis").done()
    file = tmp_path / "section.md"
    file.write_text(two("chapters", "show", FIRST, "--section", "outcomes").done().out)
    two("chapters", "edit", FIRST, "--section", "outcomes", "--file", file, "--by", "A. Editor").done()
    two("chapters", "restore", FIRST, "--section", "introduction", "--version", 1).done()
    stages.edition = "second"
    two("chapters", "write", FIRST, "--section", "diagnosis").done()
    two("chapters", "rollback", FIRST, "--version", 1).done()
    two("chapters", "write", FIRST, "--section", "diagnosis").done()
    assert versions(two, FIRST) == [
        "written", "outcomes edited by A. Editor", "introduction restored from version 1", "diagnosis written again",
        "rollback to version 1", "diagnosis written again",
    ]  # fmt: skip
    assert sections(two, FIRST) == own
    artifacts = ArtifactStore(database)
    assert artifacts.latest(f"section/{OWN}", FIRST) is None
    assert artifacts.latest("section/diagnosis", SECOND) is None
    # The second chapter has its own.
    two("chapters", "write", SECOND, "--section", OWN).done()
    two("chapters", "rollback", SECOND, "--version", 1).done()
    assert sections(two, SECOND) == ["introduction", OWN]


def test_two_templates__first_chapter_fails_its_gates__is_revised(two: Cli, stages: FakeStages) -> None:
    stages.requires_revision = True
    stages.gaps = (
        Gap(
            type=GapType.CRITICAL_INFORMATION, severity=Severity.CRITICAL, description="No dose is given.",
            recommendation="Add one.", section="diagnosis", evidence=("q1",),
        ),
    )  # fmt: skip
    two("chapters", "write", FIRST, "--section", "outcomes").done()
    stages.edition = "second"
    add(stages.library, "library/other.pdf", "The tumour was found by chance in 4 of 10 patients.")
    written = two("chapters", "write", FIRST, "--json").done().value
    assert (written["revisions"], written["sections"]) == (1, 3)


def test_two_templates__section_of_the_other_template__is_refused_with_the_chapters_own(
    two: Cli, tmp_path: Path
) -> None:
    (tmp_path / "section.md").write_text("# Title\n")
    for command in (
        ["write", FIRST, "--section", OWN],
        ["show", FIRST, "--section", OWN],
        ["edit", FIRST, "--section", OWN, "--file", tmp_path / "section.md"],
    ):
        line = two("chapters", *command).refused(2)
        assert f"chapter {FIRST!r} has no section {OWN!r}: choose from introduction, epidemiology" in line
    line = two("chapters", "edit", SECOND, "--section", "diagnosis", "--file", tmp_path / "section.md").refused(2)
    assert line.endswith(f"choose from introduction, {OWN}")


def test_two_templates__progress__counts_the_chapters_own_sections(
    two: Cli, stages: FakeStages, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(
        "rich.progress.Progress.update", lambda _self, _task, completed, total, **_: told.append((completed, total))
    )
    stages.edition = "second"
    add(stages.library, "library/other.pdf", "The tumour was found by chance in 4 of 10 patients.")
    two("chapters", "write", SECOND).done()
    assert told[-1] == (13 + 2, 13 + 2)  # the stages without the sections, and the sections


def test_kinds__record_lost__is_made_again_by_whatever_is_done_to_the_chapter(two: Cli, environment: Settings) -> None:
    record = environment.templates_folder / RECORD
    for command in (
        ["write", SECOND, "--section", OWN],
        ["restore", SECOND, "--section", OWN, "--version", 1],
        ["rollback", SECOND, "--version", 1],
    ):
        record.unlink()
        two("chapters", *command).done()
        assert record.read_text().split() == [OWN]


def test_kinds__record_damaged__is_named_by_every_command_and_no_chapter_is_asked_for(
    two: Cli, environment: Settings, template: Path
) -> None:
    record = environment.templates_folder / RECORD
    record.write_text(f"{OWN}\n../etc\n")
    for command in (
        ["new", "third", "--topic", "Any", "--template", template],
        ["write", FIRST, "--section", "outcomes"],
    ):
        line = two("chapters", *command).refused(2)
        assert "has in line 2 '../etc', which is no section kind: correct the line or delete the file" in line
    slugs = [one["slug"] for one in two("chapters", "list", "--json").done().lines]
    assert sorted(slugs) == sorted([FIRST, SECOND])
    assert record.read_text() == f"{OWN}\n../etc\n"


def test_template__odd_kind__is_refused_by_name_and_put_on_no_record(
    cli: Cli, environment: Settings, tmp_path: Path
) -> None:
    for kind in ("", "Choosing", "../etc", "section/..", "a" * 41, "phase 2", "line\n"):
        file = tmp_path / "own.yaml"
        file.write_text(yaml.safe_dump({"name": "own", "sections": [{"kind": kind, "title": "Title", **SECTION}]}))
        line = cli("chapters", "new", SECOND, "--topic", "Surgery", "--template", file).refused(2)
        assert f"sections.0.kind has the value {kind!r}" in line
        assert "a section kind is 1 to 40 lower-case letters and underscores" in line
    assert not environment.templates_folder.exists()


def test_draft__section_of_the_outline_without_a_value__is_named_with_the_command(
    two: Cli, environment: Settings, database: Database
) -> None:
    artifacts = ArtifactStore(database)
    outline = artifacts.get("chapter_outline", FIRST, ChapterOutline)
    planned = outline.sections[-1].model_copy(update={"kind": OWN})
    artifacts.put("chapter_outline", FIRST, outline.model_copy(update={"sections": (*outline.sections, planned)}))
    line = two("chapters", "write", FIRST, "--section", "outcomes").refused(1)
    assert f"chapter {FIRST!r} has no text of its section {OWN!r} yet: chapter-pipeline chapters write {FIRST}" in line


def test_draft__section_that_the_outline_leaves_out__is_there_when_a_person_put_it_there(
    two: Cli, stages: FakeStages, database: Database
) -> None:
    two("chapters", "restore", FIRST, "--section", "diagnosis", "--version", 1).done()
    stages.planned = ("introduction",)
    add(stages.library, "library/other.pdf", "The tumour was found by chance in 4 of 10 patients.")
    two("chapters", "write", FIRST).done()
    assert sections(two, FIRST) == ["introduction", "diagnosis"]  # a person's; `outcomes` was a model's
    assert ArtifactStore(database).get("section/outcomes", FIRST, Section).status == "unused"


@pytest.mark.parametrize("whole", [True, False], ids=["all assets", "after a failure"])
def test_dagster__job_of_the_pages_on_the_first_chapter__takes_its_own_sections(
    two: Cli, environment: Settings, stages: FakeStages, whole: bool
) -> None:
    job: Any = importlib.import_module("chapter_pipeline.definitions").defs.resolve_job_def("write_chapter")
    following = [dg.AssetKey(name) for name in ("chapter_draft", "reviewed_chapter", "gap_report", "final_chapter")]
    stages.edition = "second"
    selected = None if whole else [dg.AssetKey(["section", "diagnosis"]), *following]
    with open_instance(environment) as instance:
        result = job.execute_in_process(
            instance=instance, partition_key=FIRST, asset_selection=selected, raise_on_error=False
        )
    assert result.success
    assert sections(two, FIRST) == ["introduction", "diagnosis", "outcomes"]

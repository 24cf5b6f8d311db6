"""Two chapters with two templates: the sections of the one are no concern of the other, whatever is done to it."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import pytest
import yaml

from chapter_pipeline.container import Container
from chapter_pipeline.definitions import build
from chapter_pipeline.domain import ChapterBrief, ChapterOutline, Gap, GapType, Severity
from chapter_pipeline.orchestration.instance import open_instance
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.artifacts import ArtifactStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing.section_kinds import RECORD
from sensors.requests import FOLLOWING, LEADING
from tests.cli.conftest import Cli
from tests.code_location import GLIOMA
from tests.fake_stages import FakeStages
from tests.library_samples import add

FIRST, SECOND = "glioma-surgery", "patients-for-surgery"
OWN = "choosing_patients"
NOT_WRITTEN = "never_written"
NO_COMPLICATIONS = Gap(
    type=GapType.CRITICAL_INFORMATION, severity=Severity.CRITICAL, description="No complication is given.",
    recommendation="Add it.", section="complications", evidence=("q1",),
)  # fmt: skip
SECTION = {"share": 0.5, "purpose": "Who is operated on, and who is not.", "queries": ["patients for {topic}"]}


@pytest.fixture
def stages(environment: Settings, library: LibraryStore, monkeypatch: pytest.MonkeyPatch) -> FakeStages:
    """Stages that the test makes, with a section of an author's own."""
    stages = FakeStages(library)
    stages.planned = ("introduction", "diagnosis", "outcomes", OWN)
    monkeypatch.setattr(Container, "stages", lambda _container, _run_id=None: stages)
    monkeypatch.setattr("chapter_pipeline.services.exports.put_exports", lambda *_, **__: [])
    return stages


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "own.yaml"
    sections = [{"kind": kind, "title": kind.capitalize(), **SECTION} for kind in ("introduction", OWN)]
    file.write_text(json.dumps({"name": "own", "sections": sections}))  # YAML too, without aliases
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


# Two writings are dear: each test does one thing after another to them.
def test_two_templates__by_command__the_first_chapter_is_written_edited_restored_and_rolled_back(
    two: Cli, stages: FakeStages, database: Database, environment: Settings, template: Path, tmp_path: Path
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
    _sections_of_the_other_template_are_refused(two, file)
    _lost_record_is_made_again(two, environment)
    _damaged_record_is_named(two, environment, template)


def _sections_of_the_other_template_are_refused(two: Cli, file: Path) -> None:
    for command in (
        ["write", FIRST, "--section", OWN],
        ["show", FIRST, "--section", OWN],
        ["edit", FIRST, "--section", OWN, "--file", file],
    ):
        line = two("chapters", *command).refused(2)
        assert f"chapter {FIRST!r} has no section {OWN!r}: choose from introduction, epidemiology" in line
    line = two("chapters", "edit", SECOND, "--section", "diagnosis", "--file", file).refused(2)
    assert line.endswith(f"choose from introduction, {OWN}")
    assert two("chapters", "show", SECOND, "--stage", f"section/{OWN}").done().value["status"] == "written"
    assert "unknown stage" in two("chapters", "show", FIRST, "--stage", f"section/{OWN}").refused(2)


def _lost_record_is_made_again(two: Cli, environment: Settings) -> None:
    record = environment.templates_folder / RECORD
    for command in (
        ["write", SECOND, "--section", OWN],
        ["restore", SECOND, "--section", OWN, "--version", 1],
        ["rollback", SECOND, "--version", 1],
    ):
        record.unlink()
        two("chapters", *command).done()
        assert record.read_text().split() == [OWN]
    assert sections(two, SECOND) == ["introduction", OWN]


def _damaged_record_is_named(two: Cli, environment: Settings, template: Path) -> None:
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


def test_two_templates__by_runs__the_first_chapter_is_revised_and_takes_the_sections_of_its_outline(
    two: Cli, stages: FakeStages, environment: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _job_of_the_ui(environment, None)
    stages.edition = "second"
    _job_of_the_ui(environment, ["section/diagnosis", *FOLLOWING])
    assert sections(two, FIRST) == ["introduction", "diagnosis", "outcomes"]
    two("chapters", "restore", FIRST, "--section", "diagnosis", "--version", 1).done()
    stages.planned = ("introduction", "complications")  # the outline leaves `diagnosis`, a person's, and `outcomes` out
    stages.requires_revision, stages.gaps = True, (NO_COMPLICATIONS,)
    add(stages.library, "library/other.pdf", "The tumour was found by chance in 4 of 10 patients.")
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(
        "rich.progress.Progress.update", lambda _self, _task, completed, total, **_: told.append((completed, total))
    )
    assert two("chapters", "write", FIRST, "--json").done().value["revisions"] == 1
    assert sorted(sections(two, FIRST)) == ["complications", "diagnosis", "introduction"]
    artifacts = ArtifactStore(database)
    kinds = [section.kind for section in artifacts.get("chapter_brief", FIRST, ChapterBrief).sections]
    stages_without_sections = len(LEADING) + len(FOLLOWING)
    assert (stages_without_sections + len(kinds),) * 2 in told
    assert max(total for _, total in told) == stages_without_sections + len(kinds)
    outline = artifacts.get("chapter_outline", FIRST, ChapterOutline)
    planned = outline.sections[-1].model_copy(update={"kind": NOT_WRITTEN})
    artifacts.put("chapter_outline", FIRST, outline.model_copy(update={"sections": (*outline.sections, planned)}))
    line = two("chapters", "write", FIRST, "--section", "complications").refused(1)
    assert f"chapter {FIRST!r} has no text of its section {NOT_WRITTEN!r} yet: chapter-pipeline chapters write" in line


def _job_of_the_ui(environment: Settings, selected: list[str] | None) -> None:
    """The job as the Dagster UI starts it, on the first chapter."""
    container = Container(environment)
    job = build(container).resolve_job_def("write_chapter")
    keys = None if selected is None else [dg.AssetKey(name.split("/")) for name in selected]
    with open_instance(environment) as instance:
        result = job.execute_in_process(instance=instance, partition_key=FIRST, asset_selection=keys)
    container.close()
    assert result.success


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

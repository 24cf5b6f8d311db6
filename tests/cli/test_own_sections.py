"""An anatomy chapter by the commands: whatever is done to it, no section asset of another template gets a value."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from chapter_pipeline.domain import Gap, GapType, Severity
from chapter_pipeline.orchestration.instance import open_instance
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.chapters import ChapterStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.library import LibraryStore
from chapter_pipeline.writing.brief import request_from, section_kinds_of
from tests.cli.conftest import Cli
from tests.code_location import GLIOMA
from tests.fake_stages import FakeStages
from tests.library_samples import add

SLUG = "anatomy-of-the-insula"
REQUEST = {"topic": "Anatomy of the insula", "kind": "anatomy"}
NO_VARIANT = Gap(
    type=GapType.CRITICAL_INFORMATION, severity=Severity.CRITICAL, description="No variant is described.",
    recommendation="Describe one.", section="variants", evidence=("q1",),
)  # fmt: skip


def test_own_sections__written_revised_edited_restored_and_rolled_back__none_of_another_template(
    cli: Cli, library: LibraryStore, stages: FakeStages, database: Database, environment: Settings, tmp_path: Path
) -> None:
    stages.planned = ("gross_anatomy", "microanatomy", "variants")
    stages.requires_revision, stages.gaps = True, (NO_VARIANT,)
    add(library, "library/glioma.pdf", GLIOMA)
    ChapterStore(database).create(SLUG, REQUEST)
    own = set(section_kinds_of(request_from(REQUEST)))
    assert cli("chapters", "write", SLUG, "--json").done().value["revisions"] == 1
    assert _sections(environment) == own
    stages.requires_revision, stages.gaps, stages.edition = False, (), "second"
    cli("chapters", "write", SLUG, "--section", "variants").done()
    file = tmp_path / "section.md"
    file.write_text(cli("chapters", "show", SLUG, "--section", "microanatomy").done().out)
    cli("chapters", "edit", SLUG, "--section", "microanatomy", "--file", file).done()
    cli("chapters", "restore", SLUG, "--section", "gross_anatomy", "--version", 1).done()
    cli("chapters", "rollback", SLUG, "--version", 1).done()
    assert len(cli("chapters", "versions", SLUG, "--json").done().lines) >= 4
    assert _sections(environment) == own


def _sections(environment: Settings) -> set[str]:
    """The kinds of all section assets that have a materialization for the chapter."""
    with open_instance(environment) as instance:
        keys = [key for key in instance.all_asset_keys() if key.path[0] == "section"]
        return {key.path[1] for key in keys if SLUG in instance.get_materialized_partitions(dg.AssetKey(key.path))}

"""A version is whole: it is exported, compared and gone back to whatever became of the documents that it cites."""

from __future__ import annotations

from pathlib import Path

import pytest

from chapter_pipeline.domain import Gap, GapType, Severity
from chapter_pipeline.storage.library import LibraryStore
from tests.cli.conftest import Cli
from tests.cli.program import by_name, paper
from tests.code_location import GLIOMA
from tests.fake_stages import FakeStages
from tests.library_samples import add

SLUG = "glioma-surgery"
SHUNT = "Shunts in children\n\nInfection was seen in 6 of 88 children."
NO_DOSE = Gap(
    type=GapType.CRITICAL_INFORMATION, severity=Severity.MEDIUM, description="No dose is given.",
    recommendation="Add one.",
)  # fmt: skip


@pytest.fixture
def written(cli: Cli, library: LibraryStore, stages: FakeStages) -> Cli:
    """The program with a published chapter of two documents, each with a figure in it."""
    stages.illustrated = True
    add(library, "library/glioma.pdf", GLIOMA)
    add(library, "library/shunt.pdf", SHUNT)
    cli("chapters", "new", SLUG, "--topic", "Surgery of glioma").done()
    cli("chapters", "write", SLUG).done()
    return cli


def exported(cli: Cli, folder: Path, *, version: int = 1) -> dict[str, bytes]:
    """Every file of an export by its name."""
    formats = ("--format", "md,jats,html,ris", "--version", version)
    cli("chapters", "export", SLUG, *formats, "--output", folder).done()
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_export__cited_documents_removed_and_ingested_again__same_files_as_before(
    written: Cli, library: LibraryStore, tmp_path: Path
) -> None:
    before = exported(written, tmp_path / "before")
    assert {name for name in before if name.endswith(".png")} == {
        f"{SLUG}-v1-figures/figure-{number}.png" for number in (1, 2)
    }
    support = written("chapters", "support", SLUG, "--json").done().lines
    said = written("documents", "remove", "glioma.pdf").done().out
    assert f"chapters that cite it: {SLUG} (version 1); these versions keep what they cite" in said
    assert f"chapter-pipeline chapters write {SLUG}" in said
    gone = written("documents", "remove", "shunt.pdf", "--json").done().value
    assert gone["cited_by"] == [{"chapter": SLUG, "versions": [1]}]
    assert exported(written, tmp_path / "removed") == before
    assert written("chapters", "support", SLUG, "--json").done().lines == support
    add(library, "library/glioma.pdf", GLIOMA)
    assert exported(written, tmp_path / "again") == before


def test_rollback__cited_document_removed_since__shows_its_figures_and_its_own_support(
    written: Cli, library: LibraryStore, stages: FakeStages, tmp_path: Path
) -> None:
    before = exported(written, tmp_path / "before")
    support = written("chapters", "support", SLUG, "--json").done().lines
    gaps = written("chapters", "gaps", SLUG, "--json").done().value
    written("documents", "remove", "shunt.pdf").done()
    stages.gaps = (NO_DOSE,)
    written("chapters", "write", SLUG).done()
    assert [one["severity"] for one in written("chapters", "gaps", SLUG, "--json").done().value["gaps"]] == ["medium"]
    assert written("chapters", "gaps", SLUG, "--version", 1, "--json").done().value == gaps
    fewer = written("chapters", "support", SLUG, "--json").done().lines
    assert {one["cites"][0] for one in fewer} < {one["cites"][0] for one in support}
    assert written("chapters", "support", SLUG, "--version", 1, "--json").done().lines == support
    states = {one["state"] for one in written("chapters", "diff", SLUG, 1, 2, "--json").done().lines}
    assert states == {"changed"}
    written("chapters", "rollback", SLUG, "--version", 1).done()
    assert written("chapters", "support", SLUG, "--json").done().lines == support
    after = exported(written, tmp_path / "after", version=3)
    assert {name.replace("-v3", "-v1") for name in after} == set(before)
    assert [content for name, content in sorted(after.items()) if name.endswith(".png")] == [
        content for name, content in sorted(before.items()) if name.endswith(".png")
    ]
    again = written("documents", "remove", "glioma.pdf").done().out
    assert f"{SLUG} (versions 1, 2, 3)" in again


def test_ingest__other_content_under_a_cited_name__names_the_chapters_that_cite_it(
    cli: Cli, stages: FakeStages, tmp_path: Path
) -> None:
    stages.illustrated = True
    file = paper(tmp_path / "haematoma.pdf", "haematoma")
    first = by_name(cli("ingest", file, "--json").done().lines)[file.name]
    assert (first["replaced"], first["cited_by"]) == (None, [])
    cli("chapters", "new", SLUG, "--topic", "Chronic subdural haematoma").done()
    cli("chapters", "write", SLUG).done()
    before = exported(cli, tmp_path / "before")
    shown = cli("documents", "show", file.name, "--json").done().value
    assert shown["cited_by"] == [{"chapter": SLUG, "versions": [1]}]
    with file.open("ab") as end:
        end.write(b"\n% one more comment\n")
    second = by_name(cli("ingest", file, "--json").done().lines)[file.name]
    assert (second["status"], second["replaced"], second["cited_by"]) == ("ingested", first["document"], [SLUG])
    assert second["document"] != first["document"]
    assert exported(cli, tmp_path / "after") == before
    cli("chapters", "write", SLUG).done()
    file.write_bytes(b"no PDF any more")
    said = " ".join(cli("ingest", file).done().out.split())
    assert f"took the place of document {second['document']}, which is cited by {SLUG}" in said
    assert "the new file is in quarantine" in said
    assert "write the chapters again" not in said
    assert exported(cli, tmp_path / "quarantined") == before

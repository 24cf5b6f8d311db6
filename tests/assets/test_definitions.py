"""The code location: it loads, quickly, without a connection, and shows its stages in their order."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import dagster as dg
import pytest

from chapter_pipeline.definitions import defs
from chapter_pipeline.errors import InvariantViolated
from chapter_pipeline.orchestration import instance
from chapter_pipeline.orchestration.instance import INSTALLED, INSTANCE, WORKSPACE
from chapter_pipeline.settings import Settings
from chapter_pipeline.writing.stage_table import CHAPTER_STAGES

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("great_expectations", "pandas", "pymupdf", "onnxruntime", "openvino", "typst", "pypandoc")


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return defs()


def test_definitions__all_of_them__are_loadable(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_definitions__loading__opens_nothing_and_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, chapter_pipeline.definitions\nchapter_pipeline.definitions.defs()\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
        f"print(pathlib.Path({str(tmp_path / 'home')!r}).exists())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"CHAPTER_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:2] == ["[]", "False"]


def test_definitions__groups__are_in_the_order_of_the_stages(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    stages: dict[str, set[int]] = {}
    for key in graph.get_all_asset_keys() - {
        dg.AssetKey("figure_descriptions")
    }:  # no stage of the library's or a chapter's
        node = graph.get(key)
        stages.setdefault(str(node.group_name), set()).add(int(node.tags.get("chapter_pipeline/stage", "0")))
    in_order = [stages[group] for group in sorted(stages)]
    assert [number for numbers in in_order for number in sorted(numbers)] == list(range(15))


def test_definitions__every_stage_of_a_chapter__is_an_asset(definitions: dg.Definitions) -> None:
    keys = {key.path[0] for key in definitions.resolve_asset_graph().get_all_asset_keys()}
    assert {stage.name for stage in CHAPTER_STAGES} <= keys


def test_definitions__every_asset__tells_an_operator_what_it_is(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.code_version, spec.key


def test_package__installed__holds_the_two_files_of_the_checkout() -> None:
    """`dagster_home` takes them from there when there is no checkout."""
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert setuptools["data-files"] == {f"share/{INSTALLED.name}": [INSTANCE, WORKSPACE]}
    assert all((ROOT / name).is_file() for name in (INSTANCE, WORKSPACE))


def test_dagster_home__without_a_checkout__has_the_installed_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, settings = tmp_path / "share", Settings(home=tmp_path / "home")
    monkeypatch.setattr(instance, "INSTALLED", installed)
    monkeypatch.setattr(
        instance, "__file__", str(tmp_path / "site-packages/chapter_pipeline/orchestration/instance.py")
    )
    with pytest.raises(InvariantViolated, match=r"share/dagster\.yaml' is missing: install the package again"):
        instance.dagster_home(settings)
    installed.mkdir()
    for name in (INSTANCE, WORKSPACE):
        (installed / name).write_text((ROOT / name).read_text())
    home = instance.dagster_home(settings)
    assert home == settings.home / "dagster"
    assert all((home / name).read_text() == (ROOT / name).read_text() for name in (INSTANCE, WORKSPACE))


def test_definitions__research_of_a_chapter__follows_from_the_whole_library(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for stage, library in (("library_research", "passage_embeddings"), ("evidence_map", "study_records")):
        assert dg.AssetKey(library) in graph.get(dg.AssetKey(stage)).parent_keys

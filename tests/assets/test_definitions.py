"""The code location: it loads, quickly, without a connection, and shows its stages in their order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from chapter_pipeline.definitions import defs
from chapter_pipeline.orchestration.instance import WITHOUT_CHECKOUT, WORKSPACE_WITHOUT_CHECKOUT

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("great_expectations", "pandas", "pymupdf", "onnxruntime", "typst", "pypandoc")


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


def test_definitions__every_asset__tells_an_operator_what_it_is(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.code_version, spec.key


def test_instance__without_a_checkout__is_that_of_the_checkout() -> None:
    ours = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    assert ours == WITHOUT_CHECKOUT
    (location,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    (without,) = WORKSPACE_WITHOUT_CHECKOUT["load_from"]
    assert {**location["python_module"], **without["python_module"]} == location["python_module"]


def test_definitions__research_of_a_chapter__follows_from_the_whole_library(definitions: dg.Definitions) -> None:
    parents = definitions.resolve_asset_graph().get(dg.AssetKey("library_research")).parent_keys
    assert dg.AssetKey("passage_embeddings") in parents

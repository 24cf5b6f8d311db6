"""What is imported of Dagster beyond its public package is what the decision justifies, and no more."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("chapter_pipeline", "assets", "resources", "sensors")
OTHERS = ("dagster_postgres", "dagster_webserver", "dagster_shared", "dagster_graphql")


def _imported() -> set[str]:
    trees = [ast.parse(file.read_text()) for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name for name in names if name.startswith("dagster._") or name.split(".")[0] in OTHERS}


def test_private_names__imported__are_those_of_the_decision() -> None:
    rows = (ROOT / "docs/decisions/dagster-private-names.md").read_text().splitlines()
    justified = {row.split("`")[1]: row.split("`")[-2] for row in rows if row.startswith("| `")}
    assert _imported() == set(justified)
    assert [test for test in justified.values() if not (ROOT / test).is_file()] == []

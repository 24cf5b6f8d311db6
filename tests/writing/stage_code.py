"""Owns the hash of the code that a stage runs, and the lock file that holds it: `make stages-lock` renews that.

The hash follows the functions, classes and constants that a stage's entry points reach within the packages of rules.
Comments, docstrings and the place of a definition do not count, nor do the names of what is followed: each is replaced
by the place at which the walk met it.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chapter_pipeline.writing.stage_table import CHAPTER_STAGES, SECTION, STAGES

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).with_name("stage_code.lock.json")
STAGE_METHODS = "chapter_pipeline.writing.stages"
FOLLOWED = ("documents", "evidence", "literature", "quality", "retrieval", "writing", "providers")
"""Packages whose code makes a value what it is. Types, ports and storage only carry it."""
NOT_FOLLOWED = (
    "chapter_pipeline.writing.stage_table", "chapter_pipeline.documents.version", "chapter_pipeline.documents.reasons",
    "chapter_pipeline.documents.pdf.serialisation",
)  # fmt: skip
FOLLOWED_TOO = ("chapter_pipeline.domain.wording", "chapter_pipeline.storage.library_search")
SEARCH = ("storage.library_search", "LibrarySearch")
ANSWERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "chapter_brief": (("providers.language_planning", "section_queries"),),
    "key_concepts": (
        ("providers.language_concepts", "choose_concepts"), ("providers.extractive_concepts", "choose_concepts"),
        SEARCH,
    ),
    "library_research": (SEARCH,),
    "literature_research": (("providers.language_planning", "literature_queries"),),
    "evidence_map": (("providers.language_planning", "relations"),),
    "chapter_outline": (("providers.language_planning", "outline"),),
    "section": (("providers.language_sections", "write_section"), ("providers.extractive_sections", "write_section")),
    "chapter_draft": (("providers.language_review", "key_points"),),
    "reviewed_chapter": (("providers.language_review", "review"), ("providers.language_check", "check_claims")),
    "gap_report": (("providers.language_review", "critical_information"),),
    "final_chapter": (("providers.language_review", "final_review"),),
}  # fmt: skip
"""What writers and search do for a stage, which it reaches through a port."""
OF_DOCUMENTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "document_text": (
        ("documents.pdf.extract", "extract_document"), ("documents.ocr.engine", "page_reader"),
        ("documents.structure.passages", "make_passages"),
    ),
    "study_records": (
        ("evidence.records", "study_record"), ("evidence.record_verification", "filled"),
        ("providers.language_study_records", "study_record"),
    ),
    "passage_embeddings": (("retrieval.minilm", "MiniLM"),),
}  # fmt: skip
"""A document is parsed as a whole, under the version of its text."""

VERSIONS = {
    "document_text": "PARSER_VERSION in documents/version.py",
    "study_records": "RULES_VERSION in evidence/records.py",
}
"""Where the version of a stage stands that the table takes from elsewhere."""

Place = tuple[str, str]
Find = Callable[[str], "Module | None"]


def entry_points(stage: str) -> tuple[Place, ...]:
    """Where the code of a stage begins, as modules and names in them."""
    others = OF_DOCUMENTS.get(stage) or ANSWERS.get(stage, ())
    own = () if stage in OF_DOCUMENTS else ((STAGE_METHODS, f"Stages.{stage}"),)
    return (*own, *((f"chapter_pipeline.{module}", name) for module, name in others))


LOCKED = (*OF_DOCUMENTS, *(stage.name for stage in CHAPTER_STAGES))


@dataclass(frozen=True, slots=True)
class Module:
    """The definitions of one source file by name, and what its imports mean."""

    definitions: Mapping[str, ast.AST]
    imports: Mapping[str, Place]


def module_of(source: str) -> Module:
    """Read a source file. A class's methods are definitions too, as ``Class.method``."""
    definitions: dict[str, ast.AST] = {}
    imports: dict[str, Place] = {}
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            imports |= {one.asname or one.name: (node.module, one.name) for one in node.names}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            definitions[node.name] = node
        if isinstance(node, ast.ClassDef):
            definitions |= {f"{node.name}.{one.name}": one for one in node.body if isinstance(one, ast.FunctionDef)}
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
            definitions |= dict.fromkeys(names, node.value)
    return Module(definitions, imports)


@cache
def packaged(name: str) -> Module | None:
    """A module of the package that is followed; None for any other."""
    followed = name.startswith(tuple(f"chapter_pipeline.{package}." for package in FOLLOWED)) or name in FOLLOWED_TOO
    file = ROOT / f"{name.replace('.', '/')}.py"
    return module_of(file.read_text("utf-8")) if followed and name not in NOT_FOLLOWED and file.is_file() else None


def code_hash(entries: Sequence[Place], modules: Mapping[str, Module] | None = None) -> str:
    """sha256 over all that `entries` reach; of `modules` instead of the package's when they are given."""

    def module(name: str) -> Module | None:
        return packaged(name) if modules is None else modules.get(name)

    met: dict[Place, int] = {}
    waiting: list[Place] = []

    def token(place: Place) -> str:
        if place not in met:
            met[place] = len(met)
            waiting.append(place)
        return f"definition_{met[place]}"

    hashed = hashlib.sha256()
    for entry in entries:
        token(entry)
    while waiting:
        place = waiting.pop(0)
        found = module(place[0])
        assert found is not None, f"the module {place[0]!r} is not there: correct the entry points in {__file__}"
        assert place[1] in found.definitions, f"{place[0]} has no {place[1]!r}: correct the entry points in {__file__}"
        hashed.update(_Normalised(place, found, module, token).text().encode())
    return hashed.hexdigest()


class _Normalised(ast.NodeTransformer):
    """One definition without its docstring, the names of what it reaches replaced by tokens."""

    def __init__(self, place: Place, module: Module, find: Find, token: Callable[[Place], str]) -> None:
        self._place, self._module, self._find, self._token = place, module, find, token
        self._node = module.definitions[place[1]]
        self._own = _bound_in(self._node)

    def text(self) -> str:
        copied = deepcopy(self._node)
        if isinstance(copied, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            copied.name = "definition"
        return _dumped(self.visit(copied))

    def visit_Import(self, node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_docstring = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_docstring else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        place = self._reached(node.id) if node.id not in self._own else None
        return ast.Name(id=self._token(place), ctx=node.ctx) if place is not None else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name):
            place = self._reached_through(node.value.id, node.attr)
            if place is not None:
                return ast.Name(id=self._token(place), ctx=node.ctx)
        return self.generic_visit(node)

    def _reached(self, name: str) -> Place | None:
        if name in self._module.definitions:
            return self._place[0], name
        return self._imported(*self._module.imports[name]) if name in self._module.imports else None

    def _reached_through(self, base: str, attribute: str) -> Place | None:
        """``module.function`` of an imported module, ``self.method`` of the same class."""
        owner = self._place[1].partition(".")[0]
        if base == "self" and f"{owner}.{attribute}" in self._module.definitions:
            return self._place[0], f"{owner}.{attribute}"
        if base in self._module.imports and base not in self._own:
            return self._imported(".".join(self._module.imports[base]), attribute)
        return None

    def _imported(self, module: str, name: str) -> Place | None:
        found = self._find(module)
        if found is None:
            return None
        if name in found.definitions:
            return module, name
        return self._imported(*found.imports[name]) if name in found.imports else None


def _dumped(value: object) -> str:
    """A syntax tree as text that is the same in every supported Python: what is empty is left out."""
    if isinstance(value, ast.AST):
        fields = [(name, getattr(value, name, None)) for name in value._fields if name not in ("kind", "ctx")]
        told = [f"{name}={_dumped(field)}" for name, field in fields if field not in (None, [])]
        return f"{type(value).__name__}({','.join(told)})"
    return f"[{','.join(map(_dumped, value))}]" if isinstance(value, list) else repr(value)


def _bound_in(node: ast.AST) -> set[str]:
    """The names that a function gives a meaning of its own: parameters and what it assigns."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return set()
    bound = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    return bound | {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def current() -> dict[str, dict[str, str]]:
    """Version and hash of every locked stage, as they are."""
    return {name: {"version": STAGES[name].version, "code": code_hash(entry_points(name))} for name in LOCKED}


def complaints(locked: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """What to do about every stage whose code or version is not the locked one."""
    for name in sorted({*locked, *now}):
        before, after = locked.get(name), now.get(name)
        if before == after:
            continue
        if before and after and before["version"] == after["version"]:
            where = VERSIONS.get(name, "its version in writing/stage_table.py")
            yield (
                f"the code of the stage {name!r} changed since version {before['version']} was locked: raise {where}, "
                "so that what it made is made again; then, or when its outcome is the same, run: make stages-lock"
            )
        else:
            yield f"the stage {name!r} is not locked as it is: run make stages-lock"


def locked() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(LOCK.read_text("utf-8"))
    return found


if __name__ == "__main__":
    assert SECTION in LOCKED
    LOCK.write_text(json.dumps(current(), indent=2) + "\n", "utf-8")

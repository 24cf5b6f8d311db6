"""Owns `make mutants`: whether the nearest tests of the rules notice when one token of a rule changes.

``python -m benchmarks.mutants [--processes 2] [--at-least 85] [MODULE ...]``. cosmic-ray makes the mutants; each is put
into a copy of the project, and the tests of its module run there in a process forked from one that has the libraries
loaded, up to the first failure. Prints a table by module and the survivors; ends with 1 when fewer are killed than
`--at-least` per cent. docs/decisions/mutation-testing.md has the figures.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec

from chapter_pipeline.storage.embedded import embedded_server

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_S = 120.0
CRASHED = 70
"""The exit code of a process in which pytest itself failed."""
PRELOADED = (
    "pytest", "pytest_asyncio.plugin", "pytest_timeout", "hypothesis", "hypothesis.stateful", "numpy",
    "sqlalchemy.dialects.postgresql.psycopg", "psycopg_binary", "pgvector", "alembic", "yaml",
    "chapter_pipeline.domain", "chapter_pipeline.settings", "chapter_pipeline.storage.schema",
    "chapter_pipeline.storage.artifacts", "chapter_pipeline.storage.embedded", "chapter_pipeline.storage.migrate",
    "chapter_pipeline.storage.library", "chapter_pipeline.retrieval.minilm", "chapter_pipeline.quality.grounding",
    "chapter_pipeline.providers.faults", "chapter_pipeline.providers.ledger",
)  # fmt: skip
"""What the tests import that takes long, and no target among it: that changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A module below `chapter_pipeline`, and the pytest arguments of its nearest tests."""

    module: str
    tests: tuple[str, ...]


TARGETS = (
    Target(module="storage/ledger.py", tests=("tests/storage/test_ledger.py",)),
    Target(module="storage/chapters.py", tests=("tests/storage/test_chapters.py",)),
    # The statement itself is a text: its mutants are those of the tests.
    Target(module="storage/library_search.py", tests=("tests/retrieval/test_search.py", "-k", "not mutant")),
    Target(
        module="retrieval/ranking.py",
        tests=("tests/retrieval/test_search.py", "-k", "fits or parameters or swapped or impossible"),
    ),
    Target(module="quality/gaps.py", tests=("tests/quality/test_gaps.py",)),
    Target(module="quality/gap_inputs.py", tests=("tests/quality/test_gaps.py",)),
    Target(
        module="quality/source_gaps.py", tests=("tests/quality/test_gaps.py", "tests/quality/test_studies_left_out.py")
    ),
    Target(module="quality/closure.py", tests=("tests/quality/test_closure.py",)),
    Target(module="quality/section_fit.py", tests=("tests/quality/test_gaps.py",)),
    # Its own mutants look for lines of the source, which another mutant has changed: they would fail for that alone.
    Target(
        module="providers/breaker.py", tests=("tests/providers/test_breaker.py", "-k", "not mutant and not TestLife")
    ),
    Target(
        module="evidence/questions.py", tests=("tests/evidence/test_questions.py", "tests/writing/test_questions.py")
    ),
    Target(module="evidence/row_cells.py", tests=("tests/evidence/test_row_cells.py",)),
    Target(module="evidence/effect_excerpts.py", tests=("tests/evidence/test_row_cells.py",)),
    Target(module="writing/questions.py", tests=("tests/writing/test_questions.py",)),
    Target(module="writing/question_tables.py", tests=("tests/writing/test_question_tables.py",)),
    Target(module="writing/brief.py", tests=("tests/writing/test_brief.py",)),
)

NOT_MADE = {
    r"ReplaceBinaryOperator_(?!BitOr_BitAnd|BitAnd_BitOr)\w+_(RShift|LShift|BitXor|BitOr|BitAnd|Mod|FloorDiv|Pow)": (
        "nobody writes a shift for a plus: nearly all fail at once, and would flatter the figure"
    ),
    r"ReplaceComparisonOperator_(Eq|NotEq|Lt|LtE|Gt|GtE)_(Is|IsNot)": (
        "whether equal numbers and texts are one object is the interpreter's choice, not a rule"
    ),
    r"ReplaceComparisonOperator_Is_(?!IsNot)\w+|ReplaceComparisonOperator_IsNot_(?!Is$)\w+": (
        "of members of an enum and None equality and identity are the same, and no order is asked of them"
    ),
}
"""Operators of cosmic-ray that are left out, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """A mutant that changes nothing a test could see: operators that match, on a line that holds `code`."""

    module: str
    code: str
    operator: str
    reason: str


EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent(
        module="storage/ledger.py",
        code="@cache",
        operator="RemoveDecorator",
        reason="the statement is the same, built once more",
    ),
    Equivalent(
        module="quality/gaps.py",
        code="if ratio > LONG else",
        operator="ReplaceComparisonOperator_Gt_GtE",
        reason="the gap is one of more than the limit, or of less than the other one",
    ),
    Equivalent(
        module="storage/chapters.py",
        code="return found[0]",
        operator="NumberReplacer",
        reason="a slug is the key: there is one, first and last",
    ),
    Equivalent(
        module="providers/breaker.py",
        code="if admission.generation != seen.generation",
        operator="ReplaceComparisonOperator_NotEq_Lt",
        reason="no admission is of a later state",
    ),
    Equivalent(
        module="quality/closure.py",
        code='section.status == "unused"',
        operator="ReplaceComparisonOperator_Eq_LtE",
        reason="the only other status is later in the alphabet",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One mutant of a target: where it is, and the whole source with it."""

    target: Target
    operator: str
    line: int
    before: str
    after: str
    source: str

    @property
    def path(self) -> Path:
        return Path("chapter_pipeline") / self.target.module

    def __str__(self) -> str:
        return f"  {self.target.module}:{self.line} {self.operator}\n    - {self.before}\n    + {self.after}"


def type_only(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations stand, which nothing evaluates, and what decorators of classes are called with.

    ``frozen``, ``slots`` and ``kw_only`` refuse what the type checker refuses before.
    """
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            found.append(node.returns)
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            found.append(node.annotation)
        elif isinstance(node, ast.ClassDef):
            found += [one for one in node.decorator_list if isinstance(one, ast.Call)]
    return [((one.lineno, one.col_offset), (one.end_lineno or 0, one.end_col_offset or 0)) for one in found]


def compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def left_out(mutation: MutationSpec, line: str, typed: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> bool:
    """Whether the mutant is not made."""
    name = mutation.operator_name.removeprefix("core/")
    if re.match(r"\s*(async )?def |.*\*, \w+: |\s*\*,$", line) and name.startswith("ReplaceBinaryOperator"):
        return True  # the star of a signature
    if any(re.fullmatch(pattern, name) for pattern in NOT_MADE):
        return True
    if name != "RemoveDecorator" and any(start <= mutation.start_pos < end for start, end in typed):
        return True
    return any(
        one.module == Path(mutation.module_path).relative_to(ROOT / "chapter_pipeline").as_posix()
        and one.code in line
        and re.fullmatch(one.operator, name)
        for one in EQUIVALENT
    )


def mutants_of(target: Target, session: Path) -> list[Mutant]:
    """All mutants of the target that are made. `session`: a new file for cosmic-ray."""
    path = ROOT / "chapter_pipeline" / target.module
    source = path.read_text("utf-8")
    for one in EQUIVALENT:
        if one.module == target.module and one.code not in source:
            sys.exit(f"{one.code!r} is not in {target.module} any more: take it out of EQUIVALENT")
    with use_db(session, WorkDB.Mode.create) as database:
        init([path], database, {})
        mutations = [mutation for item in database.work_items for mutation in item.mutations]
    typed = type_only(source)
    lines = source.splitlines()
    found = []
    for mutation in sorted(mutations, key=lambda one: (one.start_pos, one.operator_name, one.occurrence)):
        if left_out(mutation, lines[mutation.start_pos[0] - 1], typed):
            continue
        operator = get_operator(mutation.operator_name)(**mutation.operator_args)
        mutated = mutate_code(source, operator, mutation.occurrence)
        if mutated is None or not compiles(mutated):
            continue
        row = mutation.start_pos[0] - 1
        found.append(
            Mutant(
                target=target, operator=mutation.operator_name.removeprefix("core/"), line=row + 1,
                before=lines[row].strip(), after=mutated.splitlines()[row].strip(), source=mutated,
            )
        )  # fmt: skip
    return found


def survives(mutant: Mutant) -> bool:
    """Whether all tests of its target pass with the mutant, in the copy that this process works in."""
    original = mutant.path.read_text("utf-8")
    change(mutant.path, mutant.source)
    try:
        return exit_code(mutant.target) == 0
    finally:
        change(mutant.path, original)


def change(path: Path, source: str) -> None:
    """Another source for a module: two of one second and one length would share their compiled code."""
    path.write_text(source, "utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def exit_code(target: Target) -> int:
    """What pytest ends with, run on the target's tests in a forked process; -9 when it had to be killed."""
    child = os.fork()
    if child == 0:
        code = CRASHED
        try:
            code = _run_tests(target)
        finally:  # what left here would go on as a second worker, with the tasks of the first
            if code == CRASHED:
                traceback.print_exc()
            os._exit(code)
    until = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run_tests(target: Target) -> int:
    os.setsid()
    with open("tests.log", "wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    import pytest

    plugins = ("-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin", "-p", "pytest_timeout")
    # They are loaded before: every other warning stays an error.
    loaded = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
    return int(pytest.main(["-x", "-q", *loaded, *plugins, *target.tests]))


def start_worker(folder: str) -> None:
    """Work in a copy of the project, of this process alone, with the libraries loaded."""
    copy = Path(folder) / f"copy-{os.getpid()}"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    os.chdir(copy)
    os.environ["PYTHONPATH"] = str(copy)
    # The project of the copy, not the installed one.
    sys.path[:] = [str(copy), *(one for one in sys.path if one not in ("", str(ROOT)))]
    for name in [one for one in sys.modules if one.split(".")[0] in ("chapter_pipeline", "tests")]:
        del sys.modules[name]
    # Without compiled code every run would compile the project anew; plug-ins of the tests are named, not looked for.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in PRELOADED:
        importlib.import_module(name)
    loaded = [one.module for one in TARGETS if f"chapter_pipeline.{one.module[:-3].replace('/', '.')}" in sys.modules]
    if loaded:
        raise RuntimeError(f"{loaded[0]} is loaded before it is changed: take what imports it out of PRELOADED")


def check_unchanged(target: Target) -> str:
    """What is wrong with the target's tests when nothing is changed; empty when they pass."""
    code = exit_code(target)
    return "" if code == 0 else Path("tests.log").read_text("utf-8", errors="replace")[-3000:]


@contextmanager
def database_server() -> Iterator[None]:
    """One database server for the tests of all mutants, as `tests.conftest` looks for it."""
    run = f"mutants-{uuid.uuid4().hex[:8]}"
    os.environ["CHAPTERTESTS_RUN"] = run
    home = Path(tempfile.gettempdir()) / f"chapter-tests-{run}"
    home.mkdir()
    server = embedded_server(home)
    try:
        yield
    finally:
        server.release()
        shutil.rmtree(home, ignore_errors=True)


def table(made: Sequence[Mutant], survivors: Sequence[Mutant]) -> Iterator[str]:
    """The figures by module, and of all."""
    total, left = Counter(one.target.module for one in made), Counter(one.target.module for one in survivors)
    yield f"{'module':<28} {'mutants':>8} {'killed':>8} {'survived':>8} {'killed %':>8}"
    for name, count, alive in [
        *((one, total[one], left[one]) for one in sorted(total)),
        ("all", len(made), len(survivors)),
    ]:
        yield f"{name:<28} {count:>8} {count - alive:>8} {alive:>8} {100 * (count - alive) / count:>8.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="only these, for example quality/gaps.py")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--at-least", type=float, default=85.0, help="per cent that have to be killed")
    parser.add_argument("--list", action="store_true", help="print the mutants and run no test")
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="stop then; the order is random, and the same each time"
    )
    given = parser.parse_args()
    known = {target.module: target for target in TARGETS}
    unknown = [name for name in given.modules if name not in known]
    if unknown:
        sys.exit(f"no target {unknown[0]!r}: there are {', '.join(known)}")
    targets = [known[name] for name in given.modules or known]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        with ProcessPoolExecutor(given.processes, get_context("spawn")) as pool:
            sessions = [Path(folder) / f"{number}.sqlite" for number in range(len(targets))]
            made = [mutant for found in pool.map(mutants_of, targets, sessions) for mutant in found]
        if given.list:
            print(*made, *table(made, ()), sep="\n")
            return
        with (
            database_server(),
            ProcessPoolExecutor(given.processes, get_context("spawn"), start_worker, (folder,)) as pool,
        ):
            for target, wrong in zip(targets, pool.map(check_unchanged, targets), strict=True):
                if wrong:
                    sys.exit(f"the tests of {target.module} fail without a mutant:\n{wrong}")
            random.Random(0).shuffle(made)  # part of a run is a fair sample
            tried: list[Mutant] = []
            survivors: list[Mutant] = []
            for mutant, survived in zip(made, pool.map(survives, made), strict=True):
                minutes = (time.monotonic() - started) / 60
                tried.append(mutant)
                if survived:
                    survivors.append(mutant)
                    print(mutant, flush=True)
                if len(tried) % 50 == 0:
                    print(f"{len(tried)} of {len(made)}, {len(survivors)} survived, {minutes:.1f} min", flush=True)
                if minutes > given.minutes:
                    pool.shutdown(wait=True, cancel_futures=True)
                    break
    print("", *table(tried, survivors), "", "Survivors:", *survivors, sep="\n")
    killed = 100 * (len(tried) - len(survivors)) / max(1, len(tried))
    print(f"{killed:.1f}% of {len(tried)} mutants killed in {(time.monotonic() - started) / 60:.1f} min")
    if killed < given.at_least:
        sys.exit(
            f"fewer than {given.at_least:g}% are killed: each survivor is a missing case, or belongs in EQUIVALENT"
        )


if __name__ == "__main__":
    main()

"""Owns the figures of a large ingest: memory, files that did not change, and what is left after ``kill -9``.

``python -m benchmarks.scale memory FOLDER [--documents 100 1000]`` ingests that many files, made of the first pages of the
PDFs in FOLDER, with the real command line into a home of its own; prints documents per second, the highest resident
memory of the command with all its children (without PostgreSQL) and of the command alone, and the seconds of the same
command a second time.

``python -m benchmarks.scale kill FOLDER [--documents 30] [--rounds 20] [--seed 1]`` kills the command at a random moment,
runs it again to its end, and compares the library with that of a run nobody disturbed: every row of every table but
for serial numbers and times, vectors included.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pymupdf
from sqlalchemy import text

from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.database import Database

CHILD = "chapter_pipeline.documents.pdf.parser_worker"
# Everything that a library says, without serial numbers and times: passages by their place, vectors and postings too.
_DUMP = """
SELECT 'document', key, to_jsonb(d) - 'id' - 'created_at' - 'updated_at' FROM documents d
UNION ALL SELECT 'name', name, to_jsonb(n) - 'document_id' - 'updated_at' - 'status' FROM document_names n
UNION ALL SELECT 'page', d.key || p.number, to_jsonb(p) - 'id' - 'document_id' FROM pages p JOIN documents d ON d.id = p.document_id
UNION ALL SELECT 'figure', d.key || f.ordinal, to_jsonb(f) - 'id' - 'document_id' FROM figures f JOIN documents d ON d.id = f.document_id
UNION ALL SELECT 'table', d.key || t.ordinal, to_jsonb(t) - 'id' - 'document_id' FROM tables t JOIN documents d ON d.id = t.document_id
UNION ALL SELECT 'work', d.key || w.ordinal, to_jsonb(w) - 'id' - 'document_id' FROM cited_works w JOIN documents d ON d.id = w.document_id
UNION ALL SELECT 'passage', d.key || p.ordinal, to_jsonb(p) - 'id' - 'document_id' FROM passages p JOIN documents d ON d.id = p.document_id
UNION ALL SELECT 'vector', d.key || p.ordinal, to_jsonb(e.model || ' ' || e.vector::text)
    FROM passage_embeddings e JOIN passages p ON p.id = e.passage_id JOIN documents d ON d.id = p.document_id
UNION ALL SELECT 'posting', d.key || o.lexeme, jsonb_build_array(
        (SELECT jsonb_agg(p.ordinal ORDER BY u.place) FROM unnest(o.passage_ids) WITH ORDINALITY AS u (id, place)
         JOIN passages p ON p.id = u.id), o.frequencies, o.lengths)
    FROM postings o JOIN documents d ON d.id = o.document_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """One run of the command: seconds, and the highest resident memory in bytes: with its children, and without."""

    seconds: float
    peak_bytes: int
    parent_bytes: int


def make_files(source: Path, target: Path, count: int, pages: int) -> None:
    """`count` files of the first `pages` pages of the PDFs of `source`, each with another content hash."""
    originals = sorted(source.rglob("*.pdf"))
    target.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        with pymupdf.open(originals[number % len(originals)]) as document:
            document.select(range(min(pages, document.page_count)))
            document.set_metadata({**document.metadata, "keywords": f"copy {number}"})
            document.save(target / f"article-{number:05}.pdf", garbage=3, deflate=True)


def command(home: Path, files: Path) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHAPTER_")}
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("chapter-pipeline")), "ingest", str(files), "--json"],
        env={**environment, "CHAPTER_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def ingested(home: Path, files: Path) -> Ingested:
    begun = time.perf_counter()
    process = command(home, files)
    peak = parent = 0
    while process.poll() is None:
        peak = max(peak, tree_bytes(process.pid))
        parent = max(parent, own_bytes(process.pid))
        time.sleep(0.05)
    if process.returncode not in (0, 3):
        raise SystemExit(f"the ingest ended with {process.returncode}")
    return Ingested(seconds=time.perf_counter() - begun, peak_bytes=peak, parent_bytes=parent)


def own_bytes(pid: int) -> int:
    """Resident memory of one process in bytes: of what it shares with another, its part. 0 when it has ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0)


def tree_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants, PostgreSQL left out, in bytes."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        threads = [Path(task, "children").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
        if Path(f"/proc/{pid}/comm").read_text().strip().startswith(("postgres", "pg_ctl")):
            return 0
    except OSError:
        return 0
    below = {int(child) for group in [children, *threads] for child in group}
    return own_bytes(pid) + sum(tree_bytes(child) for child in below)


def fingerprint(home: Path) -> str:
    """Hash of all that the library of `home` says."""
    database = Database.open(Settings(home=home))
    try:
        with database.session() as session:
            rows = sorted(map(str, session.execute(text(_DUMP))))
    finally:
        database.close()
    return f"{hashlib.sha256(chr(10).join(rows).encode()).hexdigest()[:16]} ({len(rows)} rows)"


def searchable(home: Path) -> int:
    """Documents that a search sees; none in a home whose database was only being made."""
    database = Database.open(Settings(home=home))
    try:
        database.migrate()
        with database.session() as session:
            return int(session.scalar(text("SELECT count(*) FROM documents WHERE searchable")) or 0)
    finally:
        database.close()


def orphans() -> int:
    """Parser children that nobody waits for any more."""
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if CHILD in (folder / "cmdline").read_text() and (folder / "stat").read_text().split()[3] == "1":
                found += 1
        except OSError:
            continue
    return found


def memory(source: Path, counts: Sequence[int], pages: int, work: Path) -> None:
    peaks = {}
    for count in counts:
        files, home = work / f"files-{count}", work / f"home-{count}"
        make_files(source, files, count, pages)
        first = ingested(home, files)
        again = ingested(home, files)
        peaks[count] = first.peak_bytes
        print(
            f"{count:6} documents  {count / first.seconds:6.2f} a second  peak {first.peak_bytes / 2**20:7.1f} MiB"
            f" (the command alone {first.parent_bytes / 2**20:.1f})"
            f"  unchanged again {again.seconds:5.2f} s (peak {again.peak_bytes / 2**20:.1f} MiB)",
            flush=True,
        )
    print(
        f"peak at {counts[-1]} against {counts[0]}: {peaks[counts[-1]] / peaks[counts[0]]:.2f} (wanted: at most 1.20)"
    )


def kill(source: Path, count: int, pages: int, rounds: int, seed: int, work: Path) -> None:
    files = work / "files"
    make_files(source, files, count, pages)
    whole = ingested(work / "whole", files)
    wanted = fingerprint(work / "whole")
    print(f"undisturbed: {whole.seconds:.1f} s, {wanted}", flush=True)
    chance, same, left = random.Random(seed), 0, 0
    for number in range(1, rounds + 1):
        home = work / f"round-{number}"
        moment = chance.uniform(0.5, whole.seconds)
        process = command(home, files)
        timer = threading.Timer(moment, os.kill, (process.pid, signal.SIGKILL))
        timer.start()
        process.wait()
        timer.cancel()
        stored = searchable(home)
        ingested(home, files)
        found = fingerprint(home)
        same += found == wanted
        left += orphans()
        print(f"{number:3}: killed after {moment:5.1f} s with {stored:2} documents; {found}", flush=True)
    print(f"identical: {same} of {rounds}; parser processes left behind: {left}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    for name, documents in (("memory", [100, 1000]), ("kill", [30])):
        one = what.add_parser(name)
        one.add_argument("folder", type=Path, help="a folder of PDFs")
        one.add_argument("--documents", type=int, nargs="+", default=documents)
        one.add_argument("--pages", type=int, default=1 if name == "memory" else 3, help="pages of each file")
        one.add_argument("--rounds", type=int, default=20)
        one.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        if given.what == "memory":
            memory(given.folder, given.documents, given.pages, Path(name))
        else:
            kill(given.folder, given.documents[0], given.pages, given.rounds, given.seed, Path(name))


if __name__ == "__main__":
    main()

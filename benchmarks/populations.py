"""Owns the measure of how many a study record says were studied, against what was taken down of articles.

``python -m benchmarks.populations LIBRARY TRIALS [--part seen|aside] [--quiet]`` for the folder of articles in PDF and the one of
trials in JATS that `population_annotations/` names. Errors are printed, but those of the part that was set aside. The
last line is one JSON object: `precision` of the numbers told, `recall` of those asked for.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pymupdf

from benchmarks.findings import passages_of, source_of, source_text
from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.evidence.source import SourceText

FOLDER = Path(__file__).with_name("population_annotations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What was taken down of one article; `n` is None where no number is to be told."""

    file: str
    aside: bool
    n: int | None
    also: frozenset[int]


def main() -> None:
    """Print errors and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("trials", type=Path)
    parser.add_argument("--part", choices=("seen", "aside"), default="seen")
    parser.add_argument("--quiet", action="store_true")
    given = parser.parse_args()
    told = {
        size: study_record(_source(given.library, given.trials, size.file)).population.n
        for size in sizes()
        if size.aside == (given.part == "aside")
    }
    if given.part == "seen" and not given.quiet:
        for size, n in told.items():
            if n != size.n and n not in size.also:
                print(f"{size.file[:60]}: {size.n} told as {n}")
    print(json.dumps(figures(told)))


def sizes() -> Iterator[Size]:
    """What was taken down, articles first."""
    for name in ("library.csv", "trials.csv"):
        with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                yield Size(
                    file=row["file"], aside=row["part"] == "aside", n=int(row["n"]) if row["n"] else None,
                    also=frozenset(map(int, filter(None, row["also"].split(";")))),
                )  # fmt: skip


def figures(told: dict[Size, int | None]) -> dict[str, int | float]:
    """Precision and recall of the numbers told; a number that is no error counts for both."""
    right = sum(n is not None and (n == size.n or n in size.also) for size, n in told.items())
    given = sum(n is not None for n in told.values())
    asked = sum(size.n is not None for size in told)
    return {
        "documents": len(told),
        "told": given,
        "precision": round(right / given, 3) if given else 0.0,
        "recall": round(right / asked, 3) if asked else 0.0,
    }


def _source(library: Path, trials: Path, file: str) -> SourceText:
    if file.endswith(".nxml"):
        return source_of(trials / file)
    content = (library / file).read_bytes()
    with pymupdf.open(stream=content, filetype="pdf") as opened:
        document = extract_document(opened, content)
    return source_text(document, passages_of(document))


if __name__ == "__main__":
    main()

"""Owns the figures of text recognition: character error rate of scanned pages against what they are known to say.

``python -m benchmarks.ocr FOLDER [--pages N]`` for a folder of ``x.pdf`` with ``x.truth.txt``, in which
``=== page 3 ===`` opens a page. Two rates are given for each page, both the edit distance (Levenshtein) divided by the
characters of the truth, compatibility forms and white space made alike:

- lines: each line of the truth against the place of the recognised page that is most like it;
- page: the whole page in one, so that another reading order counts as errors.
"""

from __future__ import annotations

import argparse
import re
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pymupdf

from chapter_pipeline.documents.ocr.engine import page_reader
from chapter_pipeline.documents.pdf.parser import ParserProcess
from chapter_pipeline.settings import Settings

_PAGE = re.compile(r"^=== page \d+ ===\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageError:
    """The errors of one page: rates of all its `characters`."""

    file: str
    page: int
    characters: int
    lines: float
    page_in_one: float


def normalised(text: str) -> str:
    """Compatibility forms (raised digits, ligatures) and white space made alike, soft hyphens gone."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("\u00ad", "").replace("‑", "-").split())


def distance(wanted: str, found: str, *, anywhere: bool) -> int:
    """Levenshtein distance; `anywhere`: to the part of `found` that is most like `wanted`."""
    symbols = np.frombuffer(found.encode("utf-32-le"), dtype=np.uint32)
    index = np.arange(len(symbols) + 1)
    row = np.zeros_like(index) if anywhere else index.copy()
    for done, symbol in enumerate(np.frombuffer(wanted.encode("utf-32-le"), dtype=np.uint32), start=1):
        best = np.minimum(row[1:] + 1, row[:-1] + (symbols != symbol))
        row = np.minimum.accumulate(np.concatenate([[done], best]) - index) + index
    return int(row.min() if anywhere else row[-1])


def first_pages(path: Path, count: int) -> bytes:
    """The file with its first `count` pages only."""
    with pymupdf.open(path) as document:
        document.select(range(min(count, document.page_count)))
        content: bytes = document.tobytes()
    return content


def page_errors(folder: Path, pages: int, *, named: str = "*.pdf") -> Iterator[PageError]:
    """The errors of the first `pages` pages of each scan `named` so, as the isolated parser gives them."""
    with ParserProcess(Settings(ocr="on"), page_reader()) as parser:
        for path in sorted(folder.glob(named)):
            truths = _truths(path)
            for page, truth in zip(parser(first_pages(path, pages)).pages, truths, strict=False):
                found, lines = normalised(page.text), [line for raw in truth.splitlines() if (line := normalised(raw))]
                characters = sum(map(len, lines))
                errors = sum(min(distance(line, found, anywhere=True), len(line)) for line in lines)
                whole = distance(normalised(truth), found, anywhere=False)
                yield PageError(
                    file=path.name, page=page.number, characters=characters, lines=errors / characters,
                    page_in_one=whole / characters,
                )  # fmt: skip


def _truths(path: Path) -> list[str]:
    return _PAGE.split(path.with_name(path.name.removesuffix(".pdf") + ".truth.txt").read_text())[1:]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path, help="a folder of scans with their truth")
    arguments.add_argument("--pages", type=int, default=100, help="first pages of each file (default: all)")
    given = arguments.parse_args()
    begun, count = time.perf_counter(), 0
    for error in page_errors(given.folder, given.pages):
        count += 1
        print(f"{error.file[-32:]:32} page {error.page}  lines {error.lines:.4f}  page {error.page_in_one:.4f}")
    print(f"{(time.perf_counter() - begun) / max(count, 1):.1f} s a page")


if __name__ == "__main__":
    main()

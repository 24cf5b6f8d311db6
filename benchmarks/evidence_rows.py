"""Owns the measure of evidence rows against rows that a reader wrote of 42 findings with statistics.

``python -m benchmarks.evidence_rows DATA [--held-out]``: `DATA` has the folders ``library`` with PDFs and
``findings/articles`` with JATS files. `evidence_rows.csv` holds what each cell may say, alternatives apart by `` // ``, nothing
where it must be a dash. A sentence with several results has a line for each; a row is compared with the line of its
outcome. Wrong cells are printed, but for those of findings that were set aside (``--held-out``), of which the figures alone are told. The
last line is one JSON object: `printed` cells, how many of the `fillable` ones that is, and how many of them are `right`.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pymupdf

from benchmarks.findings import passages_of, source_of, source_text
from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.domain.evidence import StudyRecord
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.evidence.row_cells import RowCells, row_cells

ROWS = Path(__file__).with_name("evidence_rows.csv")
CELLS = ("outcome", "comparison", "n", "effect", "p")
_NUMBER = re.compile(r"\d+(?:[.·,]\d+)?")
_MEASURE = re.compile(r"\b(?:a?RR|a?OR|a?HR|SMD|MD|RD)\b")
Line = Mapping[str, str]


def main() -> None:
    """Print wrong cells and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--held-out", action="store_true")
    given = parser.parse_args()
    print(json.dumps(measured(lines(held_out=given.held_out), given.data, told=not given.held_out)))


def lines(*, held_out: bool) -> dict[tuple[str, str], list[Line]]:
    """The annotated lines by file and first words of the sentence."""
    found: dict[tuple[str, str], list[Line]] = defaultdict(list)
    with ROWS.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if (line["aside"] == "yes") == held_out:
                found[line["file"], line["begins"]].append(line)
    return found


def measured(annotated: Mapping[tuple[str, str], Sequence[Line]], data: Path, *, told: bool) -> dict[str, float | int]:
    """The figures over the findings that the records know."""
    counted: Counter[str] = Counter()
    for (name, begins), known in annotated.items():
        rows = rows_of(record_of(name, data), begins)
        counted["findings"] += 1
        counted["unknown"] += not rows
        counted["fillable"] += max(sum(bool(line[cell]) for cell in CELLS) for line in known)
        best = max(rows, key=lambda row: row.printed, default=RowCells())
        counted["filled"] += best.printed
        for row in rows:
            compare(row, known, counted, f"{name} {begins!r}" if told else None)
    return {
        "findings": counted["findings"], "not on record": counted["unknown"], "fillable": counted["fillable"],
        "filled": counted["filled"], "printed": counted["printed"], "right": counted["right"],
        "share right": round(counted["right"] / max(1, counted["printed"]), 3),
        "share filled": round(counted["filled"] / max(1, counted["fillable"]), 3),
    }  # fmt: skip


def record_of(name: str, data: Path) -> StudyRecord:
    """The study record of a JATS article or a PDF of the data."""
    if name.endswith(".nxml"):
        return study_record(source_of(data / "findings" / "articles" / name))
    content = (data / "library" / name).read_bytes()
    with pymupdf.open(stream=content, filetype="pdf") as opened:
        document = extract_document(opened, content)
    return study_record(source_text(document, passages_of(document)))


def rows_of(record: StudyRecord, begins: str) -> list[RowCells]:
    """The rows of the findings that the sentence beginning with these words states."""
    return [row_cells(one) for one in record.findings if one.statement.text.startswith(begins)]


def compare(row: RowCells, known: Sequence[Line], counted: Counter[str], place: str | None) -> None:
    """Count the row's cells against the line that fits it best; wrong ones are printed with their `place`."""
    line = max(known, key=lambda one: sum(is_right(cell, getattr(row, cell), one[cell]) for cell in CELLS))
    for cell in CELLS:
        value = getattr(row, cell)
        if value is None:
            continue
        right = is_right(cell, value, line[cell])
        counted["printed"] += 1
        counted["right"] += right
        if not right and place is not None:
            print(f"{place}: {cell} is {value!r}, not {line[cell]!r}")


def is_right(cell: str, value: str | None, allowed: str) -> bool:
    """Whether a printed cell says what the line allows; an effect by its numbers and the name of its measure."""
    if value is None:
        return False
    alternatives = [one for one in allowed.split(" // ") if one]
    if cell == "effect":
        return any(_numbers(value) == _numbers(one) and _measures(value) <= _measures(one) for one in alternatives)
    if cell == "comparison":
        return any(_sides(value) == _sides(one) for one in alternatives)
    return any(_plain(value) == _plain(one) for one in alternatives)


def _numbers(text: str) -> list[str]:
    return _NUMBER.findall(text)


def _measures(text: str) -> set[str]:
    return set(_MEASURE.findall(text))


def _sides(text: str) -> set[str]:
    return {_plain(side) for side in re.split(r"\svs\.?\s", text)}


def _plain(text: str) -> str:
    return re.sub(r"^(?:the|mean|median|greater|better)\s|\s", "", text.casefold())


if __name__ == "__main__":
    main()

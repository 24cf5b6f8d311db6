"""Owns the measure of study records against the findings and sentences that readers took down of articles.

``python -m benchmarks.study_records ARTICLES [--held-out] [--quiet]`` for the folder with the PDFs of
`finding_annotations/`. Every difference is printed, but for the articles that were set aside while rules were made
(``--held-out``), of which the figures alone are told. The last line is one JSON object:

`main_findings`: main findings that findings of the record state at their places, with all their numbers;
`main_chosen`: those of them that the record has among its main findings. `statistics`: own results with an effect, an interval or a p value
that are own results of the record too. `kind`, `species`, `disease`: of the sentences that the record knows. `kind_known`
tells how many of the annotated sentences it knows: the others have a damaged text layer. Of sentences that readers gave no
species or disease none is asked for.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pymupdf

from benchmarks.annotated_findings import Annotated, letters, load, numbers
from benchmarks.findings import likeness, passages_of, source_text
from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.domain.evidence import Finding, StudyRecord
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.evidence.statistics import has_statistics

_OTHER_NAMES = {"bench": ("bench", "cells"), "cells": ("cells",), "animal": ("animal",), "human": ("human",)}


def main() -> None:
    """Print differences and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    given = parser.parse_args()
    readings = [one for one in load() if not one.second and one.held_out == given.held_out]
    print(json.dumps(measured(readings, given.articles, told=not given.held_out and not given.quiet)))


def measured(readings: Sequence[Annotated], folder: Path, *, told: bool) -> dict[str, float | int]:
    """The figures over the articles of `readings`."""
    counted: Counter[str] = Counter()
    for reading in readings:
        content = (folder / reading.file).read_bytes()
        with pymupdf.open(stream=content, filetype="pdf") as opened:
            document = extract_document(opened, content)
        record = study_record(source_text(document, passages_of(document)))
        compare(reading, record, counted, told=told)
    return {
        "articles": len(readings),
        **{
            name: round(counted[f"{name} right"] / counted[name], 3) if counted[name] else 0.0
            for name in ("main_findings", "main_chosen", "statistics", "kind_known", "kind", "species", "disease")
        },
    }


def compare(reading: Annotated, record: StudyRecord, counted: Counter[str], *, told: bool) -> None:
    """Count what of `reading` the record states, and print what it does not when `told`."""
    texts = [letters(finding.text) for finding in record.findings]
    for wanted in reading.findings:
        found = [one for place in (wanted, *wanted.get("also", ())) for one in _at(place, record, texts)]
        exact = found if _numbers_in(wanted, found) else []
        _count(counted, "main_findings", bool(exact))
        _count(counted, "main_chosen", any(one.main for one in exact))
        if told and not any(one.main for one in exact):
            state = "not chosen" if exact else "numbers" if found else "not found"
            print(
                f"{reading.file[:28]} p. {wanted['page']} {state}: {wanted['kind']} {wanted['begins']} ... {wanted['ends']}"
            )
    statements = [letters(finding.statement.text) for finding in record.findings]
    for sentence in reading.sentences:
        found = _at(sentence, record, statements)
        _count(counted, "kind_known", bool(found))
        if not found:
            continue
        one = found[0]
        _judge(sentence, one, reading, counted, told=told)


def _judge(sentence: Mapping[str, Any], one: Finding, reading: Annotated, counted: Counter[str], *, told: bool) -> None:
    kind = one.kind.value.replace(" ", "_")
    if sentence["kind"] == "own_result" and has_statistics(one.statement.text):
        _count(counted, "statistics", kind == "own_result")
    _count(counted, "kind", kind in (sentence["kind"], sentence.get("second")))
    if sentence.get("species", "none") != "none":
        _count(counted, "species", one.species.value in _OTHER_NAMES.get(sentence["species"], (sentence["species"],)))
    if sentence.get("disease", "none") != "none":
        _count(counted, "disease", bool(one.disease) and same_disease(sentence["disease"], one.disease or ""))
    if told and kind not in (sentence["kind"], sentence.get("second")):
        print(f"{reading.file[:28]} kind {sentence['kind']} told as {kind}: {one.statement.text[:160]}")
    if (
        told
        and sentence.get("species")
        and one.species.value not in _OTHER_NAMES.get(sentence["species"], (sentence["species"],))
    ):
        print(f"{reading.file[:28]} species {sentence['species']} told as {one.species}: {one.statement.text[:160]}")
    if (
        told
        and sentence.get("disease", "none") != "none"
        and not (one.disease and same_disease(sentence["disease"], one.disease))
    ):
        print(f"{reading.file[:28]} disease {sentence['disease']} told as {one.disease}: {one.statement.text[:120]}")


def same_disease(wanted: str, told: str) -> bool:
    """Whether two names mean one disease: half of the words of one stand in the other."""
    return max(likeness(wanted, told), likeness(told, wanted)) >= 0.5


def _at(place: Mapping[str, Any], record: StudyRecord, texts: Sequence[str]) -> list[Finding]:
    """The findings whose text has the first words of a place."""
    begins = letters(place.get("text_layer_begins", place["begins"]))
    return [finding for finding, text in zip(record.findings, texts, strict=True) if begins in text]


def _numbers_in(wanted: Mapping[str, Any], found: Sequence[Finding]) -> bool:
    """Whether all numbers of an annotated finding stand in the texts of the findings at its places."""
    said = " ".join(letters(finding.text) for finding in found)
    return all(letters(number) in said for number in numbers(wanted))


def _count(counted: Counter[str], name: str, right: bool) -> None:
    counted[name] += 1
    counted[f"{name} right"] += right


if __name__ == "__main__":
    main()

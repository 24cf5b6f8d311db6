"""Owns the measure of the section classifier against statements of real articles that an editor gave to sections.

``python -m benchmarks.section_labels ARTICLES [--aside]`` for the folder with PDFs or JATS articles (``*.nxml``) that
`section_labels.csv` names. A label has the first six and the last four words of a statement, one to three sections (the best
first), whether a chapter would print it and whether it is understood alone. No label is used for training; the rules around the
classifier were made with those that are not set aside. ``--write-weights`` trains the packaged weights anew (``make
section-weights``).

`first`: the likeliest section is one of the editor's; `second`: one of the two likeliest; `sure`: of the statements that a
section takes (see `section_fits.UNLIKELY`), the share whose likeliest section is one of the editor's; `taken`: their share.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pymupdf

from benchmarks.annotated_findings import letters
from benchmarks.findings import passages_of, source_of, source_text
from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.evidence.source import SourceText
from chapter_pipeline.quality.section_fit import FIT_FLOOR
from chapter_pipeline.retrieval.minilm import MiniLM
from chapter_pipeline.writing import section_classifier
from chapter_pipeline.writing.section_fits import UNLIKELY

LABELS = Path(__file__).with_name("section_labels.csv")
NONE = "none"


def main() -> None:
    """Print the figures, or train and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path, nargs="?")
    parser.add_argument("--aside", action="store_true", help="the articles that were set aside alone")
    parser.add_argument("--write-weights", action="store_true")
    given = parser.parse_args()
    if given.write_weights:
        folder = Path(section_classifier.__file__).with_name("section_statements")
        section_classifier.write_weights(MiniLM(batch_size=32), folder)
        return
    if given.articles is None:
        parser.error("name the folder of the articles")
    print(json.dumps(measured(given.articles, aside=given.aside)))


def labels(*, aside: bool) -> dict[str, list[Mapping[str, str]]]:
    """The labels by the article's file name."""
    found: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    with LABELS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (row["aside"] == "yes") == aside and row["sections"] != NONE:
                found[row["file"]].append(row)
    return found


def measured(folder: Path, *, aside: bool) -> dict[str, float | int]:
    """The figures over the labels whose articles are in `folder`."""
    texts: list[str] = []
    wanted: list[Sequence[str]] = []
    lost = 0
    for name, rows in labels(aside=aside).items():
        path = folder / name
        if not path.exists():
            continue
        statements = [finding.text for finding in study_record(_source(path)).findings]
        by_letters = {letters(text): text for text in statements}
        for row in rows:
            begins, ends = letters(row["begins"]), letters(row["ends"])
            text = next((t for key, t in by_letters.items() if begins in key and key.endswith(ends)), None)
            lost += text is None
            if text is not None:
                texts.append(text)
                wanted.append(row["sections"].split())
    if not texts:
        return {"statements": 0, "not_found": lost}
    embedder = MiniLM(batch_size=32)
    classifier = section_classifier.section_classifier(embedder)
    found = classifier.probabilities(embedder.embed(texts))
    order = np.argsort(-found, axis=1)
    hits = np.array([classifier.classes[row[0]] in sections for row, sections in zip(order, wanted, strict=True)])
    among_two = [
        any(classifier.classes[i] in sections for i in row[:2]) for row, sections in zip(order, wanted, strict=True)
    ]
    taken = (found.max(axis=1) >= UNLIKELY + FIT_FLOOR) & np.array(
        [classifier.classes[row[0]] != section_classifier.RESEARCH for row in order]
    )
    return {
        "statements": len(texts),
        "not_found": lost,
        "first": round(float(hits.mean()), 3),
        "second": round(float(np.mean(among_two)), 3),
        "taken": round(float(taken.mean()), 3),
        "sure": round(float(hits[taken].mean()), 3) if taken.any() else 0.0,
    }


def _source(path: Path) -> SourceText:
    if path.suffix == ".nxml":
        return source_of(path)
    content = path.read_bytes()
    with pymupdf.open(stream=content, filetype="pdf") as opened:
        document = extract_document(opened, content)
    return source_text(document, passages_of(document))


if __name__ == "__main__":
    main()

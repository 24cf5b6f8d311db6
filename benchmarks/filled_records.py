"""Owns the measure of study records that a language model fills, with answers that were written by hand.

``python -m benchmarks.filled_records ARTICLES [--requests FOLDER | --stamp] [--quiet]`` for the folder with the PDFs of
`finding_annotations/`. `record_answers/` holds a reply for some of these articles, written as a strong model would write it by
a reader who had not seen the annotations: references and fields, no text of the articles. ``--requests``: write what a
model is sent for each annotated article there, and measure nothing. ``--stamp``: write into each answer the digest of
the sentences that it refers to.

Printed is what `benchmarks.study_records` measures, of the same articles by rules and as filled, and what verification
dropped. An answer to whose sentences other ones stand now under their references is left out, and named.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pymupdf

from benchmarks.annotated_findings import Annotated, load
from benchmarks.findings import passages_of, source_text
from benchmarks.study_records import compare
from chapter_pipeline.documents.pdf.extract import extract_document
from chapter_pipeline.domain.evidence import StudyRecord
from chapter_pipeline.domain.tasks import StudyRecordReply
from chapter_pipeline.evidence.record_blocks import NumberedText, numbered
from chapter_pipeline.evidence.record_verification import filled
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.evidence.source import SourceText
from chapter_pipeline.providers.language_study_records import study_record_prompt
from chapter_pipeline.providers.structured_output import read_reply

ANSWERS = Path(__file__).with_name("record_answers")
MEASURES = ("main_findings", "main_chosen", "statistics", "kind", "species", "disease")


def main() -> None:
    """Print the figures by rules and as filled; or write the requests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--requests", type=Path)
    parser.add_argument("--stamp", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    given = parser.parse_args()
    if given.requests is not None:
        write_requests(given.articles, given.requests)
        return
    if given.stamp:
        stamp(given.articles)
        return
    print(json.dumps(measured(answered(), given.articles, told=not given.quiet), indent=1))


def answered(folder: Path = ANSWERS) -> list[tuple[Annotated, Mapping[str, Any]]]:
    """The first readings of the articles that have an answer, each with it."""
    answers = {
        one["file"]: one for path in sorted(folder.glob("*.json")) for one in [json.loads(path.read_text("utf-8"))]
    }
    return [(one, answers[one.file]) for one in load() if not one.second and one.file in answers]


def measured(
    pairs: Sequence[tuple[Annotated, Mapping[str, Any]]], articles: Path, *, told: bool
) -> dict[str, dict[str, float | int]]:
    """The figures over these articles, by rules and filled by the answers."""
    counted: dict[str, Counter[str]] = {"rules": Counter(), "filled": Counter()}
    dropped: Counter[str] = Counter()
    for reading, answer in pairs:
        source = source_of_pdf(articles / reading.file)
        text = numbered(source)
        if digest(text, answer["reply"]) != answer["request"]:
            print(f"{reading.file}: other sentences have the references of its answer now, it is left out")
            continue
        by_rules = study_record(source)
        by_model = record_of(answer, text, source, by_rules)
        dropped.update({f"{one.what}: {one.reason}": one.count for one in by_model.dropped})
        for name, record in (("rules", by_rules), ("filled", by_model)):
            if told:
                print(f"--- {reading.file[:40]} {name}")
            compare(reading, record, counted[name], told=told)
            counted[name]["articles"] += 1
            counted[name]["named"] += sum(one.made_by is not None for one in record.findings)
            counted[name]["main"] += len(record.main_findings)
    return {**{name: _figures(one) for name, one in counted.items()}, "dropped": dict(dropped)}


def record_of(answer: Mapping[str, Any], text: NumberedText, source: SourceText, by_rules: StudyRecord) -> StudyRecord:
    """The record of the rules filled with an answer; it is read as a provider's reply is."""
    reply = read_reply(json.dumps(answer["reply"]), StudyRecordReply)
    return filled(reply, text, source, by_rules, made_by="by hand", version="1")


def source_of_pdf(path: Path) -> SourceText:
    """The text of an article as the library stores it."""
    content = path.read_bytes()
    with pymupdf.open(stream=content, filetype="pdf") as opened:
        document = extract_document(opened, content)
    return source_text(document, passages_of(document))


def digest(text: NumberedText, reply: Mapping[str, Any]) -> str:
    """What an answer is for: its references with their texts."""
    stated = [one["stated_in"] for one in (reply["population"], *reply["findings"])]
    said = {
        reference: text.blocks[reference].span.text if reference in text.blocks else None
        for references in stated
        for reference in references
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def stamp(articles: Path, folder: Path = ANSWERS) -> None:
    """Write the digest into each answer."""
    for path in sorted(folder.glob("*.json")):
        answer = json.loads(path.read_text("utf-8"))
        answer["request"] = digest(numbered(source_of_pdf(articles / answer["file"])), answer["reply"])
        path.write_text(json.dumps(answer, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_requests(articles: Path, folder: Path) -> None:
    """What a model is sent for each annotated article."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _requests(articles):
        _, asked = study_record_prompt(text.request)
        (folder / f"{Path(name).stem}.txt").write_text(asked, encoding="utf-8")


def _requests(articles: Path) -> Iterator[tuple[str, NumberedText]]:
    for reading in load():
        if not reading.second and (articles / reading.file).exists():
            yield reading.file, numbered(source_of_pdf(articles / reading.file))


def _figures(counted: Counter[str]) -> dict[str, float | int]:
    shares = {name: round(counted[f"{name} right"] / counted[name], 3) if counted[name] else 0.0 for name in MEASURES}
    numbers = {name: counted[name] for name in ("articles", "main", "named")}
    return {**numbers, "annotated": counted["main_findings"], **shares}


if __name__ == "__main__":
    main()

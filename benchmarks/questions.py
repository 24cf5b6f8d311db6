"""Owns the measure of chapters against the questions that a reader asks of three topics, and the findings that answer them.

``python -m benchmarks.questions LIBRARY [--home FOLDER] [--topic NAME]``: `LIBRARY` is the folder with the PDFs; with
`--home` the ingested library is kept there. Every finding that a chapter lacks is listed, but for those of articles that
were set aside. The last line is one JSON object with, by topic: `answered`, the questions with an answer in the library of which
the chapter has one; `findings`, the annotated findings that stand in the chapter; `main_1_to_3`, the main findings of
studies of level 1 to 3; `out_of_scope`, the share of the chapter's citations that are of articles that are in scope by words alone.
Nothing is sent anywhere: the extractive writer writes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.annotated_findings import letters
from benchmarks.written import Workbench, Written, ingested, write
from chapter_pipeline.domain import BriefRequest
from chapter_pipeline.storage.library import LibraryStore

FOLDER = Path(__file__).with_name("question_annotations")


def main() -> None:
    """Print what each chapter lacks, and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--topic", help="one file of question_annotations, without its ending")
    parser.add_argument("--text", type=Path, help="folder for the chapters as Markdown")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bench = ingested(given.library, given.home or Path(scratch))
        figures = {}
        for path in sorted(FOLDER.glob("*.yaml")):
            if given.topic in (None, path.stem):
                figures[path.stem] = measured(path, bench, given.text)
        print(json.dumps(figures))


def measured(path: Path, bench: Workbench, texts: Path | None) -> dict[str, str]:
    """The figures of one topic, as ``found/of``."""
    asked = yaml.safe_load(path.read_text(encoding="utf-8"))
    written = write(bench.stages, BriefRequest(topic=asked["topic"]))
    if texts is not None:
        from chapter_pipeline.writing.rendering import chapter_markdown, gap_table

        texts.mkdir(parents=True, exist_ok=True)
        (texts / f"{path.stem}.md").write_text(
            chapter_markdown(written.chapter) + "\n\n" + gap_table(written.gaps), encoding="utf-8"
        )
    names = document_names(bench.library)
    said = chapter_texts(written, names)
    counted: Counter[str] = Counter()
    for question in asked["questions"]:
        found = [_stands(finding, said) for finding in question.get("findings") or ()]
        for finding, stands in zip(question.get("findings") or (), found, strict=True):
            _count(counted, "findings", stands)
            if finding["level"] <= 3 and finding["main_finding"]:
                _count(counted, "main_1_to_3", stands)
            if not stands and not finding["held_out"]:
                print(f"{path.stem} {question['id']} lacks (level {finding['level']}): {finding['finding']}")
        if question["answered"]:
            _count(counted, "answered", any(found))
    strangers = {one["article"] for one in asked.get("articles_not_in_scope") or ()}
    for document in cited_documents(written):
        _count(counted, "out_of_scope", any(name.startswith(tuple(strangers)) for name in names.get(document, ())))
    return {
        name: f"{counted[name + ' right']}/{counted[name]}"
        for name in ("answered", "findings", "main_1_to_3", "out_of_scope")
    }


def document_names(library: LibraryStore) -> dict[str, list[str]]:
    """The file names of each document, without their endings."""
    names: dict[str, list[str]] = {}
    for row in library.documents():
        for name in row.names:
            names.setdefault(row.key, []).append(Path(name).stem)
    return names


def chapter_texts(written: Written, names: Mapping[str, list[str]]) -> dict[str, str]:
    """What the chapter quotes, and what its tables say, by article."""
    said: dict[str, str] = {}
    for key in cited_quotes(written):
        quote = written.chapter.quotes[key]
        for name in names.get(quote.document, ()):
            said[name] = said.get(name, "") + letters(quote.text)
    return said


def cited_quotes(written: Written) -> Iterator[str]:
    for section in written.chapter.sections:
        for sentence in (*section.sentences, *section.table_claims):
            yield from sentence.quotes


def cited_documents(written: Written) -> Iterator[str]:
    for key in cited_quotes(written):
        yield written.chapter.quotes[key].document


def _stands(finding: Mapping[str, Any], said: Mapping[str, str]) -> bool:
    """Whether one of the places of a finding is quoted."""
    text = said.get(finding["article"], "")
    return any(
        letters(place.get("text_layer_begins", place["begins"])) in text
        for place in (finding, *(finding.get("also") or ()))
    )


def _count(counted: Counter[str], name: str, right: bool) -> None:
    counted[name] += 1
    counted[f"{name} right"] += right


if __name__ == "__main__":
    main()

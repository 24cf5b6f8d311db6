"""Owns the measure of study records against findings that physicians annotated in articles in JATS.

``python -m benchmarks.findings FOLDER [--json] [--part seen|aside]`` for a folder with ``articles/*.nxml`` and
``findings.jsonl`` (a line: article, outcome, intervention, comparator, labels, evidence as printed). Annotators marked one
or two of many results of an article, so what else a record holds is not counted.

`span_recall`: the share of annotations whose evidence (one of the annotators') overlaps the span of an own result by half
of its words. `direction_accuracy`: among those, how often the direction of the finding that overlaps most, and names
the outcome best, is the annotated one; where its intervention is the annotation's comparator, the direction is turned.
`documents_per_cpu_s`: study records per CPU-second from stored text, the reading of the XML not counted.

``--part``: of the articles, by the last digit of the sha256 of their names, a sixth is set aside: no rule was made with it.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import json
import re
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from chapter_pipeline.documents.jats.extract import extract_article
from chapter_pipeline.documents.structure.passages import make_passages
from chapter_pipeline.domain.document import ParsedDocument, Passage
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind, StudyRecord
from chapter_pipeline.evidence.polarity import more_is_worse
from chapter_pipeline.evidence.records import study_record
from chapter_pipeline.evidence.source import SourceText

PASSAGE_WORDS = 180
"""Words of a passage; the cut makes no difference to sentences, only the embedder's tokens do it elsewhere."""
_WORD = re.compile(r"\w+(?:[.·]\d+)?")
_LABELS = {
    "significantly increased": Direction.INCREASED,
    "significantly increase": Direction.INCREASED,
    "significantly decreased": Direction.DECREASED,
    "significantly decrease": Direction.DECREASED,
    "no significant difference": Direction.NO_DIFFERENCE,
}
_TURNED = {Direction.INCREASED: Direction.DECREASED, Direction.DECREASED: Direction.INCREASED}
_OF_CHANGE = re.compile(
    r"(?:the |mean |greater |percentage |percent )*(?P<change>improvements?|reductions?|reducing|decreases?) (?:in|of|the)\b",
    re.IGNORECASE,
)
_EMPTY = frozenset("the a an of in to and or with for at by on from was were is than group groups patients per".split())


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one annotation; `direction` is that of the record, None when no span was found."""

    annotation: Mapping[str, Any]
    finding: Finding | None
    direction: Direction | None
    right: bool


def main() -> None:
    """Print what is missed, and the figures; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="print the figures alone")
    parser.add_argument("--part", choices=("seen", "aside"), help="this part of the articles alone")
    given = parser.parse_args()
    figures, results = measured(given.folder, given.part)
    if not given.json and given.part != "aside":
        for result in results:
            if not result.right:
                _tell(result)
    print(json.dumps(figures))


def measured(folder: Path, part: str | None = None) -> tuple[dict[str, float | int], list[Result]]:
    """The figures over a folder, and each annotation's result."""
    annotations: dict[str, list[Mapping[str, Any]]] = {}
    for line in (folder / "findings.jsonl").read_text(encoding="utf-8").splitlines():
        annotation = json.loads(line)
        annotations.setdefault(annotation["article"], []).append(annotation)
    sources = {
        path.stem: source_of(path)
        for path in sorted((folder / "articles").glob("*.nxml"))
        if part is None or (part == "aside") == is_aside(path.stem)
    }
    begun = time.process_time()
    records = {name: study_record(source) for name, source in sources.items()}
    seconds = time.process_time() - begun
    results = [judged(annotation, records[name]) for name in sources for annotation in annotations.get(name, ())]
    found = [result for result in results if result.finding is not None]
    return {
        "documents": len(sources),
        "findings": len(results),
        "span_recall": round(len(found) / len(results), 3) if results else 0.0,
        "direction_accuracy": round(sum(result.right for result in found) / len(found), 3) if found else 0.0,
        "documents_per_cpu_s": round(len(sources) / seconds, 1) if seconds else 0.0,
    }, results  # fmt: skip


def is_aside(name: str) -> bool:
    """Whether an article belongs to the sixth that was set aside."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 6 == 0


def source_of(path: Path) -> SourceText:
    """The text of an article as the library stores it."""
    document = extract_article(path.read_bytes(), max_pages=5000)
    return source_text(document, passages_of(document))


def passages_of(document: ParsedDocument) -> tuple[Passage, ...]:
    """The passages of a document, by words in place of an embedder's tokens."""
    return make_passages(document, count_tokens=lambda text: len(text.split()), max_tokens=PASSAGE_WORDS)


def source_text(document: ParsedDocument, passages: Sequence[Passage]) -> SourceText:
    """What a study record is made from."""
    return SourceText(
        title=document.metadata.title, study_type=document.metadata.study_type, passages=passages,
        headings=document.headings, tables=document.tables, captions=document.captions,
        cited_works=document.cited_works, language=document.metadata.language,
    )  # fmt: skip


def judged(annotation: Mapping[str, Any], record: StudyRecord) -> Result:
    """The own result that states an annotation, and whether its direction is right."""
    best: tuple[tuple[float, bool, float], Finding] | None = None
    evidences = [words(text) for text in dict.fromkeys(annotation["evidence"])]
    for finding in record.findings:
        if finding.kind is not FindingKind.OWN_RESULT:
            continue
        share = max((overlap(evidence, words(finding.text)) for evidence in evidences if evidence), default=0.0)
        if share < 0.5:
            continue
        stated = finding.direction is not Direction.NOT_STATED
        told = f"{finding.outcome or ''} {finding.time_point or ''}"
        named = likeness(annotation["outcome"], told) + max(_sides(annotation, finding)) / 4
        rank = (round(share, 1) + named, stated, share)
        if best is None or rank > best[0]:
            best = (rank, finding)
    if best is None:
        return Result(annotation, None, None, False)
    direction = aligned(annotation, best[1])
    wanted = {_LABELS[label] for label in annotation["labels"] if label in _LABELS}
    return Result(annotation, best[1], direction, direction in wanted)


def aligned(annotation: Mapping[str, Any], finding: Finding) -> Direction:
    """The direction of a finding as seen from the annotation's intervention."""
    if finding.intervention is None and finding.comparator is None:
        return finding.direction
    straight, crossed = _sides(annotation, finding)
    direction = _TURNED.get(finding.direction, finding.direction) if crossed > straight else finding.direction
    change = _OF_CHANGE.match(annotation["outcome"])
    if change is None or direction not in _TURNED or _OF_CHANGE.match(finding.outcome or ""):
        return direction
    # Annotated is the change, and the record tells of what changed: more "reduction in pain" is less pain.
    if change["change"].casefold().startswith("improv"):
        return Direction.INCREASED if _improves(finding, direction) else Direction.DECREASED
    return _TURNED[direction]


def _improves(finding: Finding, direction: Direction) -> bool:
    """Whether the value of an outcome went the way that is better."""
    return (direction is Direction.DECREASED) == more_is_worse((finding.outcome or "").casefold())


def _sides(annotation: Mapping[str, Any], finding: Finding) -> tuple[float, float]:
    """How like the sides of a finding are to those of an annotation, as they stand and exchanged."""
    one, two = finding.intervention or "", finding.comparator or ""
    asked, against = _stems(annotation["intervention"]), _stems(annotation["comparator"])
    # What both sides of the annotation have tells neither from the other: "metformin" of "metformin plus insulin".
    asked, against = (asked - against, against - asked) if asked != against else (asked, against)
    return _share(asked, one) + _share(against, two), _share(against, one) + _share(asked, two)


def _share(wanted: set[str], text: str) -> float:
    return len(wanted & _stems(text)) / len(wanted) if wanted else 0.0


def words(text: str) -> list[str]:
    """The words and numbers of a text as they are compared."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def overlap(evidence: Sequence[str], span: Sequence[str]) -> float:
    """The share of the words of `evidence` that stand in `span`, in order and not alone."""
    if not set(evidence) & set(span):
        return 0.0
    blocks = SequenceMatcher(None, evidence, span, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size >= 2) / len(evidence)


def likeness(one: str, other: str) -> float:
    """The share of the content words of `one` that stand in `other`, by their first five letters."""
    wanted, given = _stems(one), _stems(other)
    return len(wanted & given) / len(wanted) if wanted else 0.0


def _stems(text: str) -> set[str]:
    plain = html.unescape(html.unescape(text))
    return {word[:5] for word in words(plain) if word not in _EMPTY}


def _tell(result: Result) -> None:
    annotation, finding = result.annotation, result.finding
    asked = f"{annotation['outcome']} | {annotation['intervention']} | {annotation['comparator']} | {annotation['labels'][0]}"
    print(f"{annotation['article']}: {asked}")
    if finding is None:
        for text in dict.fromkeys(annotation["evidence"]):
            print(f"   not found: {text[:300]}")
    else:
        said = f"{finding.outcome} | {finding.intervention} | {finding.comparator} | {result.direction}"
        print(f"   {said}\n   {finding.text[:400]}")


if __name__ == "__main__":
    main()

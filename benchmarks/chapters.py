"""Measures written chapters: citations, planted faults and gaps, the loop, repetition, word budgets, where quotes stand.

``python -m benchmarks.chapters LIBRARY [--home FOLDER]``: `LIBRARY` is a folder of PDFs on brain tumours and multiple
sclerosis; with `--home` the ingested library is kept there for the next time. Nothing is sent anywhere: the extractive
writer writes.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.planted import FAULTS, flagged, gaps_and_repairs, is_caught, planted_faults
from benchmarks.written import TOPICS, Workbench, Written, ingested, write
from chapter_pipeline.domain import BriefRequest, ChapterText
from chapter_pipeline.domain.wording import shingles
from chapter_pipeline.quality.closure import closure_problems

SEED = 20261125
PLACEMENTS = Path(__file__).with_name("placements.csv")
"""Quotes of the library of the shared data in sections, and whether they belong there.

The first reader made the rules; the second read the sentences alone and is stricter: of 40 that the first had judged the
second took 26 where the first took 33. The third read the statements of study records. Shares are told for each reader.
"""


def repetition(chapter: ChapterText) -> float:
    """Share of the five-word runs of the sections that stand in another section too."""
    runs = [
        set().union(*(shingles(sentence.text) for sentence in section.sentences if sentence.quotes))
        for section in chapter.sections
    ]
    whole = sum(map(len, runs))
    repeated = sum(
        len(own & set().union(*(other for other in runs if other is not own))) for own in runs if len(runs) > 1
    )
    return repeated / whole if whole else 0.0


def off_budget(written: Written) -> list[str]:
    """Sections more than 25% off their words, and whether a gap tells that the evidence is lacking."""
    budgets = {section.kind: section.word_budget for section in written.outline.sections}
    told = {gap.section for gap in written.gaps.gaps}
    return [
        f"{section.kind} {section.words}/{budgets[section.kind]}{'' if section.kind in told else ' (not told)'}"
        for section in written.chapter.sections
        if abs(section.words / budgets[section.kind] - 1) > 0.25
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placements:
    """Of the quotes that the outline gives to sections: by reader how many were judged, and how many of those belong there."""

    placed: int
    judged: Mapping[str, int]
    right: Mapping[str, int]


def placements(chapters: Sequence[Written]) -> Placements:
    """Compare the outlines with `PLACEMENTS`."""
    with PLACEMENTS.open(encoding="utf-8", newline="") as file:
        belongs = {
            (row["topic"], row["section"], row["quote"]): (row["reader"], row["belongs"] == "yes")
            for row in csv.DictReader(file)
        }
    placed = [
        (written.brief.topic, kind, key)
        for written in chapters
        for kind, keys in written.outline.assignments.items()
        for key in keys
    ]
    judged = [belongs[place] for place in placed if place in belongs]
    return Placements(
        placed=len(placed),
        judged=Counter(reader for reader, _ in judged),
        right=Counter(reader for reader, right in judged if right),
    )


def report(workbench: Workbench) -> None:
    """Write the chapters and print their figures."""
    chapters = [write(workbench.stages, BriefRequest(topic=topic, kind=kind)) for topic, kind in TOPICS]
    rng = random.Random(SEED)
    faults = [fault for written in chapters for fault in planted_faults(written, 7, rng)]
    for kind in FAULTS:
        of_kind = [fault for fault in faults if fault.kind == kind]
        missed = [fault for fault in of_kind if not is_caught(fault, embedder=workbench.embedder)]
        print(f"{kind}: {len(of_kind) - len(missed)} of {len(of_kind)} caught")
        for fault in missed:
            print(f"  missed: {fault.before}\n      as: {fault.after}")
    result = gaps_and_repairs(workbench.stages, chapters)
    for note in result.notes:
        print(f"  {note}")
    print(
        f"planted gaps: {result.told} of {result.planted} told, "
        f"{result.repaired} of {result.repairable} repaired in one round"
    )
    where = placements(chapters)
    for reader, judged in where.judged.items():
        print(f"placements, {reader} reader: {where.right[reader]} of {judged} belong to their section")
    print(f"placements: {sum(where.judged.values())} of {where.placed} judged")
    for (topic, _), written in zip(TOPICS, chapters, strict=True):
        problems = closure_problems(written.chapter)
        wrong, whole = flagged(written.chapter, embedder=workbench.embedder)
        print(
            f"{topic}: {len(written.chapter.sections)} sections, {written.chapter.words} words, "
            f"{len(problems)} citation problems, {wrong} of {whole} untouched sentences flagged, "
            f"completeness {written.gaps.completeness_score:.0%}, "
            f"critical gaps {written.gaps.statistics.critical_gaps}, repetition {repetition(written.chapter):.1%}, "
            f"off budget: {', '.join(off_budget(written)) or 'none'}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--home", type=Path, default=None)
    arguments = parser.parse_args()
    if arguments.home is not None:
        report(ingested(arguments.library, arguments.home))
        return
    with tempfile.TemporaryDirectory() as name:
        report(ingested(arguments.library, Path(name)))


if __name__ == "__main__":
    main()

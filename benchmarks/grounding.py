"""Measures how the checks of sentences judge claims whose truth is known: honest ones refused, falsifications caught.

``python -m benchmarks.grounding FILE.jsonl [--json]``: a line of `FILE` is ``{"claim": …, "kind": …, "faithful": true,
"quotes": [{"text": …, "design": …}]}``; further fields are not read. Every claim is checked by the rules that a written
sentence is checked by before a review model sees what they leave undecided. The last line printed is one JSON object
with counts: ``faithful``, ``false_alarms``, ``falsified``, ``caught``, and ``by_kind`` with the ``count`` and the
``refused`` of each kind. Without ``--json`` each false alarm and each miss is printed before it.

A line has no paragraph: the design of its quotes stands for the paragraph's label, which a chapter prints above it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from chapter_pipeline.domain import Quote
from chapter_pipeline.domain.document import EVIDENCE_LEVELS, StudyType
from chapter_pipeline.quality.grounding import claim_problems

DESIGNS = {
    "meta-analysis": StudyType.META_ANALYSIS, "systematic review": StudyType.META_ANALYSIS,
    "non-randomised": StudyType.CLINICAL_TRIAL, "non-randomized": StudyType.CLINICAL_TRIAL,
    "randomised": StudyType.RANDOMISED_TRIAL, "randomized": StudyType.RANDOMISED_TRIAL,
    "cohort": StudyType.COHORT, "observational": StudyType.COHORT, "case-control": StudyType.COHORT,
    "comparative": StudyType.COHORT, "case series": StudyType.CASE_SERIES, "case report": StudyType.CASE_SERIES,
    "protocol": StudyType.PROTOCOL, "review": StudyType.REVIEW, "animal": StudyType.ANIMAL,
    "laboratory": StudyType.LABORATORY, "in vitro": StudyType.LABORATORY, "clinical trial": StudyType.CLINICAL_TRIAL,
}  # fmt: skip
"""Words of a line's ``design`` and what they mean, the first that it has."""


class QuotedText(BaseModel):
    """A passage of a line of the benchmark."""

    text: str
    design: str = "not stated"


class JudgedClaim(BaseModel):
    """A line of the benchmark: a claim, its passages, and whether they support it."""

    claim: str
    kind: str
    faithful: bool
    quotes: tuple[QuotedText, ...]
    id: str = ""


def study_type(design: str) -> StudyType:
    """The type that a line's ``design`` names, `StudyType.UNKNOWN` without one."""
    said = design.casefold()
    return next((kind for words, kind in DESIGNS.items() if words in said), StudyType.UNKNOWN)


def judged_claims(path: Path) -> Iterator[JudgedClaim]:
    """The lines of `path`. Raises `SystemExit` for one that is no judged claim."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.strip():
            try:
                yield JudgedClaim.model_validate_json(line)
            except ValidationError as error:
                raise SystemExit(f"{path}: line {number} is no judged claim: {error}") from error


def _quote(number: int, quoted: QuotedText) -> Quote:
    design = study_type(quoted.design)
    return Quote(
        key=f"q{number}", source=f"s{number}", document=f"d{number}", page=1, start=0, end=len(quoted.text),
        text=quoted.text, display=quoted.text, document_section=None, study_type=design,
        evidence_level=EVIDENCE_LEVELS[design], year=None, relevance=1.0,
    )  # fmt: skip


def problems_of(judged: JudgedClaim) -> list[str]:
    """What the rules find wrong with the claim."""
    quotes = [_quote(number, quoted) for number, quoted in enumerate(judged.quotes)]
    label = "; ".join(dict.fromkeys(quote.study_type.value for quote in quotes))
    return claim_problems(judged.claim, quotes, label=label)


def measured(path: Path, *, quiet: bool) -> dict[str, object]:
    """The counts of `path`; each false alarm and miss is printed unless `quiet`."""
    by_kind: dict[str, dict[str, int]] = {}
    counts = {"faithful": 0, "false_alarms": 0, "falsified": 0, "caught": 0}
    for judged in judged_claims(path):
        problems = problems_of(judged)
        refused = bool(problems)
        kind = by_kind.setdefault(judged.kind, {"count": 0, "refused": 0})
        kind["count"] += 1
        kind["refused"] += refused
        counts["faithful" if judged.faithful else "falsified"] += 1
        if refused:
            counts["false_alarms" if judged.faithful else "caught"] += 1
        if not quiet and refused == judged.faithful:
            what = "FALSE ALARM" if refused else "MISS"
            print(f"{what} {judged.kind} {judged.id} {judged.claim}\n    {'; '.join(problems) or 'no fault'}")
    return {**counts, "by_kind": dict(sorted(by_kind.items()))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true", help="print the line of counts alone")
    arguments = parser.parse_args()
    print(json.dumps(measured(arguments.file, quiet=arguments.json)))


if __name__ == "__main__":
    main()

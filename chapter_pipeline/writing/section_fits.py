"""Owns how well a statement fits each section of a chapter: by what it asserts, and by likeness for sections of authors."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence, Set

import numpy as np

from chapter_pipeline.domain import ChapterBrief, SectionTemplate
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.domain.wording import mentioned
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.grounding import is_preclinical
from chapter_pipeline.writing.evidence_reading import Candidate
from chapter_pipeline.writing.scope import Scope
from chapter_pipeline.writing.section_classifier import section_classifier, without_topic

CUE_WEIGHT = 0.06
MAX_CUES = 3
DECISIVE_CUES = 5
UNCUED = 0.15
"""What a sentence without any cue of a section loses there: likeness alone puts results under every heading."""
NO_RESULTS = frozenset(
    {"future_directions", "preoperative", "monitoring", "postoperative", "contraindications", "surgical_anatomy"}
)
"""Sections on what is not known, or on what a surgeon prepares and watches: no study's results belong there."""
NOT_FOR_RESULTS = frozenset({"introduction", "pathophysiology"})
"""Sections that tell what is known; what a study of people found, or a treatment brought, does not belong there."""
SPECIAL = "special_situations"
"""The section that takes what is told of children in a chapter on adults."""
NO_FIT = -1.0
"""The fit of a sentence for a section that cannot take it."""
UNLIKELY = 0.20
"""The probability that counts as no fit: with `quality.section_fit.FIT_FLOOR`, a section takes a statement from 0.30 on."""
LIKENESS_WEIGHT, SURE_CUE_WEIGHT, DECISIVE_WEIGHT = 0.3, 0.02, 0.3
"""What likeness, a cue and a decisive cue count beside the probability; a decisive cue of another section counts against it."""
_OF_TREATMENT = re.compile(
    r"\b(?:treat(?:ed|ment|ments)|therap(?:y|ies)|surviv(?:al|ed|ors?)|dose|tumou?r growth)\b", re.IGNORECASE
)


def section_fits(
    brief: ChapterBrief, candidates: Sequence[Candidate], vectors: np.ndarray, embedder: Embedder
) -> list[dict[str, float]]:
    """For each candidate its fit to each section kind; `vectors` are the embeddings of their texts, one row for each.

    For a kind that the classifier knows it is the probability that a textbook prints the statement there, less 0.2, with a
    little for likeness and cues. For another one, of an author's template, it is the cosine to the section's queries above
    the mean over all sections, plus 0.06 for each of up to three of the section's cues; a heading of the source that carries a
    cue counts as one, a decisive cue as five; without any cue it is 0.15 lower. A statement about animals or bench work
    alone fits no clinical section, one about children in a chapter that is not about them none but that on special
    situations, a result none that is not for results.
    """
    sections, scope = brief.sections, Scope.of(brief)
    queries = [query for section in sections for query in section.queries]
    near = vectors @ embedder.embed(queries).T
    columns: dict[str, list[int]] = defaultdict(list)
    position = 0
    for section in sections:
        columns[section.kind] = list(range(position, position + len(section.queries)))
        position += len(section.queries)
    best = np.stack([near[:, columns[section.kind]].max(axis=1) for section in sections], axis=1)
    contrast = best - best.mean(axis=1, keepdims=True)
    said = embedder.embed([without_topic(candidate.display, brief.topic) for candidate in candidates])
    printed = section_classifier(embedder).balanced(said, [section.kind for section in sections])
    fits = []
    for row, candidate, probable in zip(contrast, candidates, printed, strict=True):
        preclinical = is_preclinical(candidate.display) or _is_of_animals(candidate)
        elsewhere = scope.only_of_children(candidate.display, title=candidate.source.title)
        decided = {section.kind for section in sections if mentioned(candidate.display, section.decisive)}
        fits.append(
            {
                section.kind: NO_FIT
                if (section.clinical and preclinical)
                or (elsewhere and section.kind != SPECIAL)
                or _out_of_place(candidate, section.kind)
                else _fit(section, candidate, float(value), probable.get(section.kind), decided)
                for section, value in zip(sections, row, strict=True)
            }
        )
    return fits


def _fit(
    section: SectionTemplate, candidate: Candidate, likeness: float, probability: float | None, decided: Set[str]
) -> float:
    """`decided`: the sections of which it has a decisive cue."""
    count = _cues(section, candidate)
    decisive = section.kind in decided
    if probability is None:
        lack = UNCUED if section.cues and not (count or decisive) else 0.0
        return round(likeness + CUE_WEIGHT * (count + DECISIVE_CUES * decisive) - lack, 4)
    beside = LIKENESS_WEIGHT * likeness + SURE_CUE_WEIGHT * count
    if decided:
        beside += DECISIVE_WEIGHT if decisive else -DECISIVE_WEIGHT
    return round(probability - UNLIKELY + beside, 4)


def _out_of_place(candidate: Candidate, kind: str) -> bool:
    """Whether a finding is a result, or a conclusion from one, that the section is not for."""
    finding = candidate.finding
    if finding is None or finding.kind not in (FindingKind.OWN_RESULT, FindingKind.CASE, FindingKind.CONCLUSION):
        return False
    if kind in NO_RESULTS:
        return finding.kind is not FindingKind.CONCLUSION
    of_people = finding.species is Species.HUMAN
    return kind in NOT_FOR_RESULTS and (of_people or _OF_TREATMENT.search(candidate.display) is not None)


def _is_of_animals(candidate: Candidate) -> bool:
    """Whether its study record says that it is about animals, cells or devices alone."""
    return candidate.finding is not None and candidate.finding.species is not Species.HUMAN


def _cues(section: SectionTemplate, candidate: Candidate) -> int:
    """How many of the section's cues it has, at most three; a heading of the source with one counts as one."""
    heading = candidate.passage.section or ""
    return min(len(mentioned(candidate.display, section.cues)) + bool(mentioned(heading, section.cues)), MAX_CUES)

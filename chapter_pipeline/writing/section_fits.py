"""Owns how well a statement fits each section of a chapter: by likeness to its queries, its cues, and what it is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from chapter_pipeline.domain import SectionTemplate
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.domain.wording import mentioned
from chapter_pipeline.ports import Embedder
from chapter_pipeline.quality.grounding import is_preclinical
from chapter_pipeline.writing.evidence_reading import Candidate

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
NO_FIT = -1.0
"""The fit of a sentence for a section that cannot take it."""
_OF_TREATMENT = re.compile(
    r"\b(?:treat(?:ed|ment|ments)|therap(?:y|ies)|surviv(?:al|ed|ors?)|dose|tumou?r growth)\b", re.IGNORECASE
)


def section_fits(
    sections: Sequence[SectionTemplate], candidates: Sequence[Candidate], vectors: np.ndarray, embedder: Embedder
) -> list[dict[str, float]]:
    """For each candidate its fit to each section kind; `vectors` are the embeddings of their texts, one row for each.

    It is the cosine to the section's queries above the mean over all sections, plus 0.06 for each of up to three of
    the section's cues; a heading of the source that carries a cue counts as one, a decisive cue as five. Without any cue it
    is 0.15 lower. A sentence about animals or bench work alone fits no clinical section, a result none that is not
    for results.
    """
    queries = [query for section in sections for query in section.queries]
    near = vectors @ embedder.embed(queries).T
    columns: dict[str, list[int]] = defaultdict(list)
    position = 0
    for section in sections:
        columns[section.kind] = list(range(position, position + len(section.queries)))
        position += len(section.queries)
    best = np.stack([near[:, columns[section.kind]].max(axis=1) for section in sections], axis=1)
    contrast = best - best.mean(axis=1, keepdims=True)
    fits = []
    for row, candidate in zip(contrast, candidates, strict=True):
        cues = [_cues(section, candidate) for section in sections]
        preclinical = is_preclinical(candidate.display) or _is_of_animals(candidate)
        fits.append(
            {
                section.kind: NO_FIT
                if (section.clinical and preclinical) or _out_of_place(candidate, section.kind)
                else round(float(value) + CUE_WEIGHT * count - (UNCUED if section.cues and not count else 0.0), 4)
                for section, value, count in zip(sections, row, cues, strict=True)
            }
        )
    return fits


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
    heading = candidate.passage.section or ""
    count = len(mentioned(candidate.display, section.cues)) + bool(mentioned(heading, section.cues))
    return min(count, MAX_CUES) + DECISIVE_CUES * bool(mentioned(candidate.display, section.decisive))

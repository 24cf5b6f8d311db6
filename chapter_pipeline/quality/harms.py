"""Owns the gap of a serious harm that a study counted among its patients and that the chapter does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chapter_pipeline.domain import Closer, Gap, GapType, Severity
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind, SpanSource, Species
from chapter_pipeline.evidence.kinds import cites
from chapter_pipeline.quality.gap_inputs import Inputs, called, cited_quotes, keys
from chapter_pipeline.quality.study_gaps import CONTROLLED, in_scope, is_told, states, where

MOST = 5
"""Gaps of harms that a report has."""
_I = re.IGNORECASE
SERIOUS = re.compile(
    r"\b(?:(?:fatal|lethal|life-threatening) [\w-]+(?: [\w-]+)?|treatment-related deaths?|deaths? (?:due to|from|caused by) (?:treatment|the drug|surgery|toxicity)|"
    r"toxic epidermal necrolysis|stevens-johnson syndrome|anaphyla\w+|(?:bowel|gastrointestinal|intestinal|vascular|oesophageal|esophageal) perforations?|"
    r"(?:intracerebral|intracranial|symptomatic|gastrointestinal|major|acute subdural|epidural) (?:ha?emorrhages?|bleeding|ha?ematomas?)|"
    r"pulmonary embolism|septic shock|(?:acute |fulminant )?(?:liver|hepatic|renal|kidney|respiratory) failure|cardiac arrest|myocardial infarctions?|"
    r"leuk[ao]?encephalopathy|cardiomyopathy|agranulocytosis|aplastic an(?:a)?emia|permanent (?:[\w-]+ )?(?:deficits?|palsy|paralysis|blindness|hearing loss)|"
    r"(?:postoperative|ischa?emic) strokes?|suicides?)\b",
    _I,
)
"""Harms that may kill or disable, by name."""
_COUNTED = re.compile(r"\d+(?:[.·]\d+)?\s?%|\b\d+ (?:of|/) \d+\b|\b\d+ \([^)]*%\)", _I)
_UNDER_TREATMENT = re.compile(
    r"\b(?:treated|receiv\w+|given|after|following|under|during|with|on|underwent|undergoing|(?:in|of) the [\w-]+ (?:group|arm))\b",
    _I,
)
_BEFORE = re.compile(r"\b(?:history of|previous|prior|baseline|at admission|on admission|presented with|presenting|excluded)\b", _I)  # fmt: skip
_NONE = re.compile(r"\b(?:no|none|not|without|neither)\b", _I)


def untold_harms(inputs: Inputs) -> Iterator[Gap]:
    """Serious harms with their frequency, of patients of controlled studies on the topic, that the chapter does not tell."""
    said = " ".join(quote.display for quote in cited_quotes(inputs.chapter)).casefold()
    told = 0
    for source in in_scope(inputs):
        record = inputs.records.get(source.key)
        if record is None or source.evidence_level > CONTROLLED:
            continue
        named: set[str] = set()
        for finding in record.findings:
            harm = _harm(finding, inputs.brief.topic)
            if harm is None or harm in named or told == MOST or is_told(finding, source.key, inputs):
                continue
            named.add(harm)
            if harm in said and any(
                harm in quote.display.casefold() for quote in cited_quotes(inputs.chapter) if quote.source == source.key
            ):
                continue
            told += 1
            quotes = [
                quote
                for quote in inputs.evidence.quotes
                if quote.source == source.key and states(quote, finding.statement)
            ]
            counted = _COUNTED.search(finding.statement.text)
            assert counted is not None
            yield Gap(
                type=GapType.CRITICAL_INFORMATION,
                severity=Severity.HIGH,
                description=f"A serious harm is not told: {harm} ({counted.group()}), {called(source)}, "
                f"{where(finding.statement)}.",
                recommendation=f"Tell {harm} and its frequency: read {called(source)}, {where(finding.statement)}.",
                section=_home(inputs),
                evidence=keys(quotes),
                closed_by=Closer.LIBRARY if quotes else Closer.PERSON,
            )


_COUNTING = (FindingKind.OWN_RESULT, FindingKind.CASE, FindingKind.CONCLUSION)
"""A conclusion that counts patients tells a result, as discussions do."""
_IN_PASSING = (FindingKind.BACKGROUND, FindingKind.RECOMMENDATION)
_OWN_PARTS = ("results", "discussion", "conclusion")


def _is_counted_here(finding: Finding) -> bool:
    """Whether the study itself counted it: what its results or discussion tell without a citation is its own."""
    if finding.kind in _COUNTING:
        return True
    return finding.kind in _IN_PASSING and finding.part in _OWN_PARTS and not cites(finding.statement.text)


def _harm(finding: Finding, topic: str) -> str | None:
    """The serious harm of treatment that a finding counts among people; None where it is the disease itself."""
    text = finding.statement.text
    if (
        not _is_counted_here(finding)
        or finding.species is not Species.HUMAN
        or finding.statement.source is not SpanSource.TEXT
        or finding.direction is Direction.NO_DIFFERENCE
    ):
        return None
    found = SERIOUS.search(text)
    if found is None or not _COUNTED.search(text) or not _UNDER_TREATMENT.search(text) or _BEFORE.search(text):
        return None
    harm = found.group().casefold()
    disease = topic.casefold()
    if _NONE.search(text, max(0, found.start() - 20), found.start()) or any(
        word[:6] in disease for word in harm.split() if len(word) > 5 and word[:6] in _DISEASES
    ):
        return None
    return harm


_DISEASES = frozenset("haemor hemorr bleedi haemat hematom hemato stroke strokes emboli cardio infarc".split())
"""Stems of harms that are diseases as well: in a chapter on them they are no harm of its treatment."""


def _home(inputs: Inputs) -> str | None:
    """The section on complications, where the chapter's template has one."""
    return next((one.kind for one in inputs.brief.sections if one.kind in ("complications", "contraindications")), None)

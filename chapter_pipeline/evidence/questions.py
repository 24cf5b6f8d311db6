"""Owns which question an own result of a study answers: what it compares, on which outcome, from which perspective."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind, Species
from chapter_pipeline.domain.questions import ClinicalQuestion, Perspective
from chapter_pipeline.evidence.arms import CONTROL
from chapter_pipeline.evidence.interventions import (
    InterventionKind,
    control_of,
    is_form_of,
    is_same,
    kind_of,
    name_of,
    stems_of,
)
from chapter_pipeline.evidence.outcome_names import (
    LONGEST_PRINTED,
    OutcomeName,
    frequency_of,
    outcome_name,
    outcome_phrase,
)

_COMPARES = (StudyType.RANDOMISED_TRIAL, StudyType.CLINICAL_TRIAL, StudyType.META_ANALYSIS)
"""Designs in which what is compared was given, not met with."""
_OTHERWISE = re.compile(
    r"\bcorrelat\w+|\binteractions?\b|\bat baseline\b|\bat (?:day|week|month|visit) 0\b|\bbaseline (?:characteristics|demographic\w*|values?|differences?)\b|\bbefore the start\b|\bat (?:inclusion|admission|enrolment|enrollment|randomi[sz]ation)\b|\bdemographic|\bcharacteristics\b|\bcompleted\b"
    r"|\b(?:compared (?:with|to)|relative to|versus|vs\.?) (?:the )?baseline\b|\b(?:previous|earlier|other) (?:studies|trials|reports)\b",
    re.IGNORECASE,
)
"""What a result says that compares no sides: that two measures go together, or that the sides were alike before."""
_SHARE = re.compile(r"\d\s?%|\bper (?:100|1,?000|10[, ]?000|100[, ]?000|million)\b|\b\d+ of (?:the )?\d+\b")
_TIMING = re.compile(
    r"\b(?:early|immediate|deferred|delayed|prophylactic|elective|emergency|watchful)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What an own result compares, by names that other studies share.

    `kind` is None where no treatment was given. `named`: the outcome has a name of `outcome_names`; else it is a phrase
    of the study.
    """

    perspective: Perspective
    outcome: str
    intervention: str | None = None
    comparator: str | None = None
    kind: InterventionKind | None = None
    named: bool = True

    def is_like(self, other: Compared) -> bool:
        """Whether two results are on one question: perspective, outcome, intervention and comparator agree.

        Of two sides it does not matter which one is called the intervention.
        """
        if self.perspective is not other.perspective or self.outcome.casefold() != other.outcome.casefold():
            return False
        return any(
            _agree(self.intervention, one) and _agree(self.comparator, two, controls=True)
            for one, two in ((other.intervention, other.comparator), (other.comparator, other.intervention))
        )


def compared(finding: Finding, design: StudyType) -> Compared | None:
    """What `finding` of a study of `design` compares; None for what is no own result, or names no outcome or no sides."""
    if (
        finding.kind is not FindingKind.OWN_RESULT
        or len(finding.outcome or "") > LONGEST_PRINTED
        or _OTHERWISE.search(finding.statement.text)
    ):
        return None
    human = finding.species is Species.HUMAN
    frequency = frequency_of(finding.outcome)
    if frequency is not None and finding.comparator is None and human and _SHARE.search(finding.statement.text):
        return Compared(perspective=Perspective.FREQUENCY, outcome=frequency)
    outcome = outcome_name(finding.outcome)
    named = outcome is not None
    if outcome is None:
        phrase = outcome_phrase(finding.outcome)
        if phrase is None:
            return None
        outcome = OutcomeName(phrase, Perspective.EFFICACY)
    intervention, comparator = name_of(finding.intervention), control_of(finding.comparator)
    if intervention is None or CONTROL.search(intervention) or outcome_name(intervention) is not None:
        return None
    if human and outcome.perspective is Perspective.DIAGNOSIS:
        return Compared(
            perspective=Perspective.DIAGNOSIS, outcome=outcome.name, intervention=intervention, comparator=comparator
        )
    if comparator is not None and outcome_name(comparator) is not None:
        return None
    if stems_of(intervention) <= stems_of(finding.outcome or ""):
        return None
    if (
        comparator is None
        or is_same(intervention, comparator)
        or is_form_of(intervention, comparator)
        or not _tells(finding, intervention, comparator)
    ):
        return None
    kind = kind_of(intervention, comparator)
    if kind is None and design in _COMPARES:
        kind = InterventionKind.OTHER
    if not human:
        perspective = Perspective.MECHANISM
    elif kind is None:
        perspective = Perspective.PROGNOSIS
    elif outcome.perspective is Perspective.EFFICACY and _is_choice(intervention, comparator, kind):
        perspective = Perspective.CHOICE
    else:
        perspective = outcome.perspective
    return Compared(
        perspective=perspective,
        outcome=outcome.name,
        intervention=intervention,
        comparator=comparator,
        kind=kind,
        named=named,
    )


def answers(asked: ClinicalQuestion, finding: Finding, design: StudyType) -> bool:
    """Whether `finding` answers the question: an own result that agrees with it in perspective and all its parts."""
    said = compared(finding, design)
    return said is not None and said.is_like(
        Compared(
            perspective=asked.perspective, outcome=asked.outcome or "", intervention=asked.intervention,
            comparator=asked.comparator,
        )
    )  # fmt: skip


def _tells(finding: Finding, intervention: str, comparator: str) -> bool:
    """Whether it states how the sides differ: a direction, an effect or a p value, in a text that speaks of both.

    It names the intervention, or speaks of it as the study's; it names the comparator, or speaks of the groups, or sets two numbers against each other. What both groups did over time
    tells nothing of that.
    """
    text = finding.text
    if not (finding.direction is not Direction.NOT_STATED or finding.effects or finding.p):
        return False
    stated = finding.statement.text
    if _OVER_TIME.search(stated) and not _BETWEEN.search(stated):
        return False
    low = text.casefold()
    if intervention.casefold() not in low and not (CONTROL.search(comparator) or _UNNAMED.search(text)):
        return False
    return comparator.casefold() in low or bool(_GROUPS.search(text) or _NUMBERS.search(text))


_UNNAMED = re.compile(
    r"\b(?:study|treatment|intervention|experimental|active|two|both|all) (?:\w+ )?(?:groups?|arms?|sides?)\b|\bbetween (?:the )?groups\b",
    re.IGNORECASE,
)


_GROUPS = re.compile(
    r"\b(?:between|among|across|both|either|all|than in|to|with) (?:the |\w+ ){0,3}(?:groups?|arms|treatments|conditions)\b|\bbetween[- ]group",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\d[^.;()]{0,30}\b(?:vs\.?|versus)\s[^.;()]{0,12}\d", re.IGNORECASE)
_OVER_TIME = re.compile(
    r"\b(?:in|of|for) (?:both|all|each|either|every)\b|\bfrom (?:baseline|day|week|month)\b|\bover time\b|\b(?:both|all) (?:\w+ ){0,2}(?:groups|arms)\b",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\bthan\b|\bversus\b|\bvs\b|\bcompared (?:with|to) (?!baseline)|\bdiffer\w*|\bsimilar\w*|\bcomparable\b|\balike\b|\bequal\w*|\bsame\b|\bno (?:\w+ )?(?:change|effect)|\bbetween\b|\brelative to\b",
    re.IGNORECASE,
)


def _is_choice(intervention: str, comparator: str, kind: InterventionKind) -> bool:
    """Whether two treatments are weighed against each other: of different kinds, or at different times."""
    if CONTROL.search(comparator):
        return False
    other = kind_of(comparator)
    return (other is not None and other is not kind) or bool(
        _TIMING.search(intervention) and _TIMING.search(comparator)
    )


def _agree(one: str | None, other: str | None, *, controls: bool = False) -> bool:
    if one is None or other is None:
        return one is other
    return is_same(one, other) or (
        controls and _control_class(one) is not None and _control_class(one) == _control_class(other)
    )


_CLASSES = (
    ("sham", re.compile(r"^(?:placebo\w*|sham|saline|vehicle)(?:[- ](?:controls?|treated|injection|infusion|solution|surgery))?$", re.IGNORECASE)),
    ("care", re.compile(r"^(?:usual|standard|conventional|routine|standard of)(?: medical)? (?:care|treatment|therapy)$|^treatment[- ]as[- ]usual$|^TAU$|^standard of care$", re.IGNORECASE)),
    ("none", re.compile(r"^(?:the )?(?:controls?|no (?:treatment|intervention)|untreated(?: controls?)?|non-?intervention|wait\w*[- ]?list)$", re.IGNORECASE)),
)  # fmt: skip


def _control_class(name: str) -> str | None:
    return next((label for label, pattern in _CLASSES if pattern.search(name)), None)

"""Owns the order of the rules and the verdict on a claim: sure faults, supported as it stands, or undecided."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chapter_pipeline.quality.checking.alternatives import alternative_faults, order_faults
from chapter_pipeline.quality.checking.arms import arm_faults
from chapter_pipeline.quality.checking.comparisons import comparison_faults, counted_faults, direction_faults
from chapter_pipeline.quality.checking.entities import (
    comparator_faults,
    drug_faults,
    member_faults,
    species_faults,
    untold_faults,
)
from chapter_pipeline.quality.checking.intervals import interval_faults
from chapter_pipeline.quality.checking.negation import negation_faults, significance_faults
from chapter_pipeline.quality.checking.numbers import number_faults
from chapter_pipeline.quality.checking.strength import cause_faults, design_faults, hedge_faults, scope_faults
from chapter_pipeline.quality.checking.topic import is_nearly_verbatim, turned_faults
from chapter_pipeline.quality.checking.verdict import Claim, Fault, Verdict

Rule = Callable[[Claim], Iterator[Fault]]
RULES: tuple[Rule, ...] = (
    number_faults, interval_faults, arm_faults, comparison_faults, counted_faults, direction_faults, significance_faults,
    negation_faults, turned_faults, alternative_faults, order_faults, drug_faults, member_faults, comparator_faults, species_faults, untold_faults,
    hedge_faults, cause_faults, design_faults, scope_faults,
)  # fmt: skip
"""Each names what it is sure of and is silent otherwise."""


def check(claim: Claim) -> Verdict:
    """What the rules are sure of. A claim that is a passage's own sentence is supported, whatever a rule makes of it."""
    if is_quotation(claim):
        faults = tuple(untold_faults(claim))
        return Verdict(faults=faults, supported=not faults)
    faults = tuple(fault for rule in RULES for fault in rule(claim))
    return Verdict(faults=faults, supported=not faults and is_nearly_verbatim(claim))


def is_quotation(claim: Claim) -> bool:
    """Whether one of its passages is the claim, word for word."""
    return any(claim.text.rstrip(" .") == passage.text.rstrip(" .") for passage in claim.passages)

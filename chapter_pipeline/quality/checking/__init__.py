"""Owns the rules that check a sentence against the passages that it cites: each is sure of a fault, or silent.

What no rule decides is left to a review model, or marked for the editor: see docs/decisions/grounding.md.
"""

from chapter_pipeline.quality.checking.roles import role_of
from chapter_pipeline.quality.checking.rules import check
from chapter_pipeline.quality.checking.verdict import Claim, Fault, Passage, Verdict, passage_of

__all__ = ["Claim", "Fault", "Passage", "Verdict", "check", "passage_of", "role_of"]

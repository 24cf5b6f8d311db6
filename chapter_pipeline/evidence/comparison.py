"""Owns what a result compares: outcome, intervention, comparator, time point, and which way the outcome went.

A sentence with several outcomes is read clause by clause: "pain fell (P=0.01), but function did not differ" states
two results. What a clause does not name is taken from its sentence; what neither names stays None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from chapter_pipeline.domain.evidence import Direction
from chapter_pipeline.evidence.arms import Arms
from chapter_pipeline.evidence.direction import CUE, NONE, SIGNIFICANTLY, by_numbers, direction_of, turned
from chapter_pipeline.evidence.outcomes import BE, outcome_of
from chapter_pipeline.evidence.sides import sides_of
from chapter_pipeline.evidence.text import LONGEST, lowered, without_brackets

_I = re.IGNORECASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one clause of a result states."""

    direction: Direction
    outcome: str | None = None
    intervention: str | None = None
    comparator: str | None = None
    time_point: str | None = None

    @classmethod
    def not_stated(cls) -> Comparison:
        """Of a statement that compares nothing."""
        return cls(direction=Direction.NOT_STATED)


_CLAUSE = re.compile(
    r"(?:;\s+|,\s+which\s+(?=(?:did|does|do|was|were|had|has) (?:not|no)\b)|,?\s+(?:but|whereas|while|although|though|yet)\s+|,\s+(?:and|with)\s+(?=(?:[^,;]{0,80})\b(?:no|not|similar|comparable|unchanged|higher|lower|greater|increased|decreased|reduced|improved|significant\w*|differ\w*)\b)"
    r"|(?<!\bvs)\.\s+(?=(?-i:[A-Z]))|,\s+(?=(?:however|nor)\b)|,?\s+and\s+(?=(?:significantly |also |then |a |in |was |were |tended to be )*(?:higher|lower|longer|shorter|greater|smaller|less|increased|decreased|reduced|improved|lowered|raised|elevated|prolonged|shortened|did not|does not|was not|were not|no (?:significant |statistically )?\w+ (?:in|was|were|between)))(?!\S+ (?:levels?|rates?|risks?|doses?|total|mean) ))",
    _I,
)
_TIME = re.compile(
    r"\b(?:(?:at|after|during|over|within|from baseline to|between|for|through|in the first|up to|on)\s+(?:the |a |an )?(?:(?:\d+(?:[.·]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|first|second|third)(?:\s?(?:-|–|to|and|or|,)\s?\d+)*(?:st|nd|rd|th)?[- ](?:days?|weeks?|months?|years?|hours?|h|min(?:utes)?|mo|wk|yr)s?\b(?! (?:old|of age|or older))(?: (?:follow-?up|post\w*|after \w+|of \w+))?|(?:week|month|day|year|visit)s? \d+(?:(?: ?(?:-|–|to|and|,) ?)\d+)*|follow-?up|baseline)"
    r"|(?:\d+|one|two|three|six|twelve)-(?:day|week|month|year|hour)s?\b(?! old)|(?:week|month|day|year|visit)s? \d+(?:(?: ?(?:-|–|to|and|,) ?)\d+)*|follow-?up|baseline)",
)
_VERB = re.compile(rf"\b(?:{BE}|\w+ed|fell|rose|led|found|had|grew|made|took)\b")
_QUALIFIES = re.compile(
    r"^(?:however,? |and |but )*(?:(?:the|this|these|those|all|such) (?:\w+ )?(?:differences?|changes?|effects?|trends?|comparisons?|results?|it)|it|this|there (?:was|were)(?= no)|with(?= no)|without|were|was|they|none|neither)\b[^;]{0,40}?"
    r"(?:not (?:statistically |clinically |reach |differ)?(?:significant|reach|differ)|neither (?:statistically|clinically|significant)|non-?significant|no (?:statistically |significant )*differences?(?: (?:was|were) (?:\w+ )?(?:observed|found|seen|noted|detected))?(?: between| among| across|$|[.,])|did not (?:reach|achieve|attain)|failed to reach)|^(?:although |but |and )?not (?:statistically )?significant(?:ly)?\b",
    _I,
)
_NO_GROUPS_DIFFER = re.compile(
    r"^[^;]{0,60}?\bno (?:\w+ ){0,3}?differences?(?: (?:was|were) (?:\w+ )?(?:observed|found|seen|noted|detected))? (?:between|among|across) (?:the )?(?:two |three |both |study |treatment |all )*(?:groups?|arms?|conditions?|treatments?)\b|\bno statistical evidence\b",
    _I,
)


def comparisons(text: str, arms: Arms) -> tuple[Comparison, ...]:
    """The results that a sentence states, at least one; with several outcomes, one for each clause that states one."""
    if len(text) > LONGEST:
        return (Comparison.not_stated(),)
    whole = _compared(text, arms)
    parts = [part for part in _parts(text) if _states(part)]
    if len(parts) > 1 and any(_QUALIFIES.search(part) or _NO_GROUPS_DIFFER.search(part) for part in parts[1:]):
        first = _compared(parts[0], arms)
        return (
            replace(
                whole, direction=Direction.NO_DIFFERENCE, outcome=first.outcome or whole.outcome,
                intervention=first.intervention or whole.intervention, comparator=first.comparator or whole.comparator,
            ),
        )  # fmt: skip
    if len(parts) < 2:
        return (whole,)
    found: list[Comparison] = []
    for part in parts:
        said = _compared(part, arms)
        if said.direction is Direction.NOT_STATED:
            continue
        filled = replace(
            said,
            outcome=said.outcome or (found[-1].outcome if found else None),
            intervention=said.intervention or (None if said.comparator else whole.intervention),
            comparator=said.comparator or whole.comparator,
            time_point=said.time_point or whole.time_point,
        )
        if not any((one.direction, one.outcome) == (filled.direction, filled.outcome) for one in found):
            found.append(filled)
    return tuple(found[:4]) or (whole,)


def _parts(text: str) -> Iterator[str]:
    """The clauses of a sentence, brackets kept whole; what has no verb belongs to what follows it."""
    kept = ""
    for part in _cut(text):
        kept = f"{kept}, {part}" if kept else part
        if _VERB.search(without_brackets(lowered(kept))):
            yield kept
            kept = ""
    if kept:
        yield kept


def _cut(text: str) -> Iterator[str]:
    cuts = [(match.start(), match.end()) for match in _CLAUSE.finditer(text)]
    if not cuts:
        yield text
        return
    start, depth = 0, 0
    depths = []
    for ch in text:
        depth += ch in "([{"
        depths.append(depth)
        depth -= ch in ")]}"
    for begin, end in cuts:
        if depths[begin] == 0:
            yield text[start:begin]
            start = end
    yield text[start:]


def _states(clause: str) -> bool:
    low = lowered(clause)
    return any(pattern.search(low) is not None for pattern in (CUE, NONE, SIGNIFICANTLY))


def _compared(text: str, arms: Arms) -> Comparison:
    bare = without_brackets(text)
    intervention, comparator, crossed = sides_of(bare, arms)
    outcome = outcome_of(bare, tuple(name for name in (intervention, comparator) if name))
    direction = direction_of(text, outcome)
    if direction is Direction.NOT_STATED:
        direction = by_numbers(text)
    if crossed:
        direction = turned(direction)
    times = _TIME.search(lowered(bare))
    return Comparison(
        direction=direction, outcome=outcome, intervention=intervention, comparator=comparator,
        time_point=bare[slice(*times.span())].strip() if times else None,
    )  # fmt: skip

"""Owns what a result compares: outcome, intervention, comparator, time point, and which way the outcome went.

A sentence with several outcomes is read clause by clause: "pain fell (P=0.01), but function did not differ" states
two results. What a clause does not name is taken from its sentence; what neither names stays None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from chapter_pipeline.domain.evidence import Direction
from chapter_pipeline.evidence.arm_values import Compared, compared_values
from chapter_pipeline.evidence.arms import Arms
from chapter_pipeline.evidence.direction import (
    BAD,
    CUE,
    GOOD,
    NONE,
    SIGNIFICANTLY,
    by_interval,
    by_numbers,
    direction_of,
    turned,
)
from chapter_pipeline.evidence.mentions import Mention, mentions
from chapter_pipeline.evidence.outcomes import BE, outcome_of
from chapter_pipeline.evidence.polarity import more_is_worse
from chapter_pipeline.evidence.sides import sides_of
from chapter_pipeline.evidence.significance import intervals, is_significant
from chapter_pipeline.evidence.statistics import P_VALUE
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


def comparisons(text: str, arms: Arms, earlier: Iterable[str] = ()) -> tuple[Comparison, ...]:
    """The results that a sentence states, at least one; with several outcomes, one for each clause that states one.

    `earlier`: the sentences before it, the nearest first, in which arms are named that "respectively" refers to.
    """
    if len(text) > LONGEST:
        return (Comparison.not_stated(),)
    every = _all_compared(text, arms, _order(text, arms, earlier))
    whole = every[0]
    parts = list(_parts(text))
    if len(parts) > 1:
        parts = [part for part in parts if _states(part)]
    if len(parts) > 1 and any(map(_qualifies, parts[1:])):
        first = _compared(parts[0], arms)
        return (
            replace(
                whole, direction=Direction.NO_DIFFERENCE, outcome=first.outcome or whole.outcome,
                intervention=first.intervention or whole.intervention, comparator=first.comparator or whole.comparator,
            ),
        )  # fmt: skip
    if len(parts) == 2 and _is_contrast(parts, arms):
        return (whole,)
    if len(parts) < 2:
        listed = () if _is_none_at_all(text) else _listed(text, whole, arms)
        return listed or (tuple(every) if len(every) > 1 else _each_outcome(whole, text))
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


_NONE_AT_ALL = re.compile(
    r"\b(?:without|with no|no) (?:\w+ )?differences? (?:between|among|across) (?:the )?(?:\w+ ){0,3}(?:groups|arms)"
)


def _is_none_at_all(text: str) -> bool:
    return "difference" in lowered(text) and _NONE_AT_ALL.search(lowered(without_brackets(text))) is not None


def _is_contrast(parts: Sequence[str], arms: Arms) -> bool:
    """Whether two clauses tell of one outcome in two arms, with one statistic behind both: "fell in A and rose in B (P=0.2)"."""
    first, second = parts
    if is_significant(first) is not None or is_significant(second) is None:
        return False
    if outcome_of(without_brackets(second)) is not None:
        return False
    named = [{mention.arm for mention in mentions(part, arms)} for part in parts]
    return all(len(arm) == 1 for arm in named) and named[0] != named[1]


def _qualifies(part: str) -> bool:
    """Whether a clause says of the one before that it is not significant, and names no outcome of its own."""
    if _QUALIFIES.search(part) or _NO_GROUPS_DIFFER.search(part):
        return True
    low = lowered(part)
    if _NOT_OF_OTHERS.search(low) or NONE.search(without_brackets(low)) is None:
        return False
    outcome = outcome_of(without_brackets(part))
    return outcome is None or _NO_OUTCOME.fullmatch(outcome) is not None


_NOT_OF_OTHERS = re.compile(r"^(?:,?\s?(?:but|and)\s)?(?:not|none|nor|neither)\b(?! (?:\w+ )?significan| reach)")
"""A clause of other people or another arm: "but not in women"."""
_NO_OUTCOME = re.compile(
    r"(?:(?:the|this|these|those|that|any|all|treatment|group|between-group|statistical\w*|such) )*(?:differences?|effects?|trends?|comparisons?|results?|findings?|changes?|significance|reductions?|increases?|improvements?|it|they|groups?|treatments?|statistical significance)(?: (?:between|among|across)\b.*)?",
    _I,
)


def _parts(text: str) -> Iterator[str]:
    """The clauses of a sentence, brackets kept whole; what has no verb belongs to what follows it."""
    cut = list(_cut(text))
    if len(cut) < 2:
        yield text
        return
    kept = ""
    for part in cut:
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
    significant = "significant" in low and SIGNIFICANTLY.search(low) is not None
    return significant or CUE.search(low) is not None or NONE.search(low) is not None


_STATISTIC = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_NEXT = re.compile(r"^\s*(?:(?:,|;|and\b|or\b|but\b|as well as\b|while\b|whereas\b|plus\b)\s*)+", _I)
_FIRST_NOUN = re.compile(
    r"^(?:also|then|that (?:for|of|in)|for|in|the|a|an|both|either|on|with|of|to|mean|median|[\s,:])+\b\s*", _I
)


def _listed(text: str, whole: Comparison, arms: Arms) -> tuple[Comparison, ...]:
    """The outcomes of a list that each have a statistic of their own in brackets: "less pain (P=0.01), fever (P=0.2)"."""
    if sum(map(text.count, "([{")) < 2:
        return ()
    brackets = [
        match
        for match in _STATISTIC.finditer(text)
        if P_VALUE.search(match.group()) or intervals(_MEASURED + match.group())
    ]
    if len(brackets) < 2:
        return ()
    tail = text[brackets[-1].end() :]
    named = mentions(tail, arms)
    found: list[Comparison] = []
    start = 0
    for place, bracket in enumerate(brackets):
        chunk = text[start : bracket.end()]
        start = bracket.end()
        if place == 0:
            said = _compared(f"{chunk} {tail}", arms) if named else _compared(chunk, arms)
            first = said
        else:
            link = _NEXT.match(chunk)
            if link is None and not (found and chunk[: chunk.find(bracket.group())].strip()):
                return ()
            noun = _FIRST_NOUN.sub("", chunk[link.end() if link else 0 : len(chunk) - len(bracket.group())].strip())
            if not noun or len(noun.split()) > 12 or link is None:
                return ()
            said = _of_list(chunk, tail, noun, first, whole, arms)
        found.append(
            replace(
                said, intervention=said.intervention or whole.intervention, comparator=said.comparator or whole.comparator,
                time_point=said.time_point or whole.time_point,
            )
        )  # fmt: skip
    return tuple(found[:MOST_OUTCOMES])


MOST_OUTCOMES = 6
"""Results of one sentence."""
_MEASURED = "ratio "


def _of_list(chunk: str, tail: str, noun: str, first: Comparison, whole: Comparison, arms: Arms) -> Comparison:
    """A later outcome of a list: what its own statistic says, and the way that the list's first outcome went."""
    outcome = outcome_of(without_brackets(chunk.lstrip(", "))) if _VERB.search(lowered(noun)) else None
    name = outcome or _VALUES_BEHIND.sub("", noun).strip(" ,:-") or None
    small = is_significant(chunk)
    said = replace(first, outcome=name)
    if small is False:
        return replace(said, direction=Direction.NO_DIFFERENCE)
    own = _compared(f"{chunk} {tail}", arms)
    if own.direction in (Direction.INCREASED, Direction.DECREASED):
        return replace(own, outcome=name)
    if small is True and first.direction is Direction.NO_DIFFERENCE:
        return replace(said, direction=whole_way(whole, chunk))
    return said


def whole_way(whole: Comparison, chunk: str) -> Direction:
    """The way of a significant outcome in a list whose first one does not differ."""
    return by_interval(_MEASURED + chunk) if whole.direction is Direction.NO_DIFFERENCE else whole.direction


_VALUES_BEHIND = re.compile(r"\s(?:(?:in|was|were|by|of|from|at|to)\s)?[-−–+]?\d.*$", _I | re.DOTALL)
_OF_OUTCOMES = re.compile(r",\s+(?:and\s+)?|\s+and\s+|\s+as well as\s+")


def _each_outcome(said: Comparison, text: str) -> tuple[Comparison, ...]:
    """One comparison for each outcome of a list, where what is better for one is a fall and for another a rise."""
    if said.outcome is None or said.direction not in (Direction.INCREASED, Direction.DECREASED):
        return (said,)
    more = (
        _MORE_OUTCOMES.match(text, max(0, text.find(said.outcome)) + len(said.outcome))
        if said.outcome in text
        else None
    )
    names = [name.strip() for name in _OF_OUTCOMES.split(said.outcome + (more.group() if more else "")) if name.strip()]
    if len(names) < 2 or not _BETTER.search(lowered(text)):
        return (said,)
    if len({more_is_worse(lowered(name)) for name in names}) < 2:
        return (said,)
    harmful = more_is_worse(lowered(said.outcome))
    return tuple(
        replace(
            said,
            outcome=name,
            direction=said.direction if more_is_worse(lowered(name)) == harmful else turned(said.direction),
        )
        for name in names[:MOST_OUTCOMES]
    )


_MORE_OUTCOMES = re.compile(r"(?:,\s+(?:and\s+)?(?!(?:but|which|who|while|with|whereas|as|compared)\b)[^,;().]{3,60})+")
_BETTER = re.compile(rf"\b(?:{GOOD}|{BAD})\b")


def _compared(text: str, arms: Arms) -> Comparison:
    return _all_compared(text, arms)[0]


def _order(text: str, arms: Arms, earlier: Iterable[str]) -> tuple[Mention, ...]:
    """The arms in the order of the sentence before that names two of them or more; none where the text needs none."""
    if "respectively" not in text:
        return ()
    for sentence in earlier:
        named = mentions(sentence, arms) if len(sentence) <= LONGEST else ()
        if len({mention.arm for mention in named}) > 1:
            return named
    return ()


def _all_compared(text: str, arms: Arms, before: Sequence[Mention] = ()) -> list[Comparison]:
    """What a clause states: one comparison, of three arms or more one of each with the control."""
    bare = without_brackets(text)
    intervention, comparator, crossed = sides_of(bare, arms)
    outcome = outcome_of(bare, tuple(name for name in (intervention, comparator) if name))
    times = _TIME.search(lowered(bare))
    said = Comparison(
        direction=direction_of(text, outcome), outcome=outcome, intervention=intervention, comparator=comparator,
        time_point=bare[slice(*times.span())].strip() if times else None,
    )  # fmt: skip
    if said.direction is Direction.NO_DIFFERENCE:
        return [said]
    named = mentions(text, arms)
    values = compared_values(text, named, before)
    if values and values[0].sure:
        change = None if values[0].signed or _TO_VALUES.search(lowered(bare)) else _change(lowered(bare), said.outcome)
        if change is Direction.INCREASED or change is None:
            return [_sided(said, value, arms) for value in values]
        if change is Direction.DECREASED:
            return [_sided(said, replace(value, direction=turned(value.direction)), arms) for value in values]
    if said.direction is Direction.NOT_STATED and values:
        value = values[0]
        if value.one is not None and value.two is not None:
            return [_sided(said, value, arms)]
        said = replace(said, direction=value.direction)
    elif said.direction is Direction.NOT_STATED:
        said = replace(said, direction=by_numbers(text))
    if said.direction is Direction.NOT_STATED:
        said = replace(said, direction=by_interval(text))
    return [replace(said, direction=turned(said.direction)) if crossed else said]


def _sided(said: Comparison, value: Compared, arms: Arms) -> Comparison:
    """A comparison by the numbers of two arms; the control is told as the comparator."""
    assert value.one is not None
    assert value.two is not None
    one, two, direction = value.one, value.two, value.direction
    known = one.arm >= 0 and two.arm >= 0
    if one.control > two.control or (known and not arms.first_is_told(one.arm, two.arm)):
        one, two, direction = two, one, turned(direction)
    return replace(
        said, direction=direction, intervention=arms.told(one.arm, one.name), comparator=arms.told(two.arm, two.name)
    )


def _change(low: str, outcome: str | None) -> Direction | None:
    """Which way the change goes that the numbers of a clause measure; None where they are values, `NOT_STATED` where unsure."""
    match = _OF_A_CHANGE.search(low)
    if match is None:
        return None
    if match["down"]:
        return Direction.DECREASED
    if match["up"]:
        return Direction.INCREASED
    if match["good"]:
        return Direction.DECREASED if more_is_worse(lowered(outcome or "")) else Direction.INCREASED
    return Direction.NOT_STATED


_TO_VALUES = re.compile(r"\bto -?\d.*\bto -?\d|\bfrom -?\d")
_AMOUNT = r"(?: \w+ly| on average)? (?:by )?(?:a (?:mean|median) of )?[-−–]?\d"
_OF_A_CHANGE = re.compile(
    rf"\b(?:(?P<down>(?:reductions?|decreases?|declines?|drops?|falls?)\b(?= (?:in|of|from)\b[^;]{{0,80}}?\b(?:was|were|averaged|of)\b)|(?:fell|declined|decreased|dropped|reduced|lost|fallen|shortened|lowered)(?={_AMOUNT}))"
    rf"|(?P<up>(?:increases?|rises?|gains?|elevations?)\b(?= (?:in|of|from)\b[^;]{{0,80}}?\b(?:was|were|averaged|of)\b)|(?:rose|increased|gained|grew|risen|raised)(?={_AMOUNT}))"
    rf"|(?P<good>improvements?\b(?= (?:in|of|from)\b[^;]{{0,80}}?\b(?:was|were|averaged|of)\b)|improved(?={_AMOUNT}))"
    r"|(?:greater|larger|more|less|smaller|bigger|higher|lower|significant|pronounced) (?:[\w-]+ )?(?:reductions?|decreases?|declines?|drops?|falls?|loss|improvements?)\b"
    r"|(?:improved|fell|declined|decreased|dropped|lost|improvements?|reductions?|decreases?)\b(?!.*\b(?:from|to) -?\d))"
)
"""What says that the numbers are those of a change, not values: "pain fell by 3.2 and 1.1"."""

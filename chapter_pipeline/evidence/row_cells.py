"""Owns the cells of an evidence table's row: what the sentence of a finding states word for word, and nothing else.

A cell is None unless its words and numbers stand in the sentence and belong to this finding: of a sentence with several
results, those of the part that names its outcome.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chapter_pipeline.domain.evidence import Finding
from chapter_pipeline.evidence.effect_excerpts import contradicts, pair_of, ratio_of
from chapter_pipeline.evidence.interventions import control_of, name_of
from chapter_pipeline.evidence.outcome_names import LONGEST_PRINTED, frequency_of, outcome_name, outcome_phrase
from chapter_pipeline.evidence.statistics import INTERVAL, P_VALUE
from chapter_pipeline.evidence.text import LONGEST

_I = re.IGNORECASE
LONGEST_OUTCOME = 12
LONGEST_EFFECT = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCells:
    """The cells as printed; None is shown as a dash."""

    n: str | None = None
    comparison: str | None = None
    outcome: str | None = None
    effect: str | None = None
    p: str | None = None

    @property
    def printed(self) -> int:
        """How many of them are not empty."""
        return sum(one is not None for one in (self.n, self.comparison, self.outcome, self.effect, self.p))


def row_cells(finding: Finding) -> RowCells:
    """The cells of a finding: comparison and outcome as its sentence names them, effect and p value as it prints them."""
    text = finding.statement.text
    if len(text) > LONGEST or "|" in text:
        return RowCells()
    outcome = _outcome(finding, text)
    part = _part(finding, text, outcome)
    comparison = _comparison(finding, text)
    return RowCells(
        n=_n(text),
        comparison=comparison,
        outcome=outcome,
        effect=_effect(part, comparison, is_frequency=frequency_of(finding.outcome) is not None) if part else None,
        p=_p(part) if part else None,
    )


def _effect(part: str, comparison: str | None, *, is_frequency: bool) -> str | None:
    """What the part states as effect, as printed: the values of both sides, then a ratio with its interval.

    Two values whose sides are not told beside them stand only beside a comparison, which tells them.
    """
    pair = pair_of(part)
    ratio = ratio_of(part, is_frequency=is_frequency, beside=pair)
    if contradicts(part, pair, ratio):
        return None
    if pair is not None and not pair.names_sides and comparison is None:
        pair = None
    text = "; ".join(one for one in (pair.text if pair else None, ratio) if one)
    return text if 0 < len(text) <= LONGEST_EFFECT else None


_COMPARATIVE = re.compile(
    r"^(?:(?:an?|the) )?(?:(?:statistically |significantly |markedly |slightly |much )+)?(?:(?:higher|lower|greater|smaller|longer|shorter|better|worse|larger|fewer|less|more|increased|decreased|reduced|improved|similar) )+",
    _I,
)
_VERB = re.compile(
    r"\b(?:was|were|is|are|had|has|have|reported|experienced|showed|developed|occurred|received|remained|did|could|may|will)\b|=",
    _I,
)
_OF_SIDES = re.compile(
    r"\s+(?:in|of|for|with|among|between) (?:the |both |all |these |our |either |each )*(?:[\w+/-]+ ){0,3}(?:groups?|arms?|patients|participants|subjects|conditions?)$",
    _I,
)


_LEAD = re.compile(r"^(?:[A-Z]\w+ing|In|On|At|For|After|With) [^,]{2,60}, ")
_DANGLING = re.compile(r"\s+(?:of|by|to|at|from|in|with|for)(?: (?:approximately|about|around|the|a|an))?$", _I)


def _outcome(finding: Finding, text: str) -> str | None:
    """The outcome where the sentence names it and it is a clear name."""
    if len(finding.outcome or "") > LONGEST_PRINTED:
        return None
    printed = _COMPARATIVE.sub("", _LEAD.sub("", _DANGLING.sub("", " ".join((finding.outcome or "").split()))))
    sides = [side for side in (name_of(finding.intervention), control_of(finding.comparator)) if side]
    for side in sides:
        printed = re.sub(rf"\s(?:with|of|on|in|for|after|by) (?:the )?{re.escape(side)}\b.*$", "", printed, flags=_I)
    low = printed.casefold()
    if (
        not low
        or any(low in side.casefold() or low.startswith(side.casefold()) for side in sides)
        or _VERB.search(printed)
    ):
        return None
    if outcome_name(printed) is None and outcome_phrase(printed) is None and frequency_of(printed) is None:
        return None
    for name in (_OF_SIDES.sub("", printed), printed):
        at = _find(name, text)
        if at is not None and len(name.split()) <= LONGEST_OUTCOME:
            return text[slice(*at)]
    return None


# Ends of the parts of a sentence: behind the brackets or the p value of one result, before the words of the next.
_NEXT = re.compile(
    r",?\s+(?:whereas|while|but|although|however)\s+|(?<=[)\]}])(?:,?\s*and\b|[,;]|but\b)\s*|;\s+|(?<=\d),\s+and\s+", _I
)
_CONTRAST = re.compile(r"\b(?:whereas|while|but|although|however)\b|;", _I)
"""What begins another result in any case, also behind one without statistics."""
_SAME_RESULT = re.compile(
    r"(?:(?:these|the|this|those|no|its) (?:\w+ ){0,2}?differences?|(?:was|were|is|are|did) not|not|without) (?!(?:in|for|of)\b)",
    _I,
)
"""How a clause goes on about the result before it: ``but no significant differences were observed (P > 0.05)``."""
_SEVERAL = re.compile(r"\brespectively\b", _I)
_EXAMPLE = re.compile(r"\b(?:including|such as|especially|particularly|in particular|e\.g\.|ie|i\.e\.|namely)\b", _I)


def _part(finding: Finding, text: str, outcome: str | None) -> str | None:
    """The part of the sentence whose statistics are those of the finding; None where that is not sure."""
    if outcome is None or _SEVERAL.search(text):
        return None
    parts = [one for whole in _SENTENCE.split(text) for one in _parts(whole) if one.strip()]
    naming = [one for one in parts if _find(outcome, one)]
    side = name_of(finding.intervention)
    if side is not None and _find(side, text):
        with_side = [one for one in naming if _find(side, one)]
        if not with_side and any(_find(side, one) and _has_statistics(one) for one in parts):
            return None
        naming = with_side or naming
    if len(naming) != 1:
        return None
    part = naming[0]
    at = _find(outcome, part)
    if at is None or _EXAMPLE.search(part, at[1]) or _BEFORE_TREATMENT.search(part):
        return None
    statistic = _STATISTIC.search(part, at[1])
    if _ANOTHER.search(part, at[1], statistic.start() if statistic else len(part)):
        return None
    behind = parts[parts.index(part) + 1 :]
    if behind and _has_statistics(behind[0]) and _GOES_ON.match(behind[0]):
        return None
    if not _has_statistics(part) and len([one for one in parts if _has_statistics(one)]) == 1:
        following = parts[parts.index(part) + 1 : parts.index(part) + 2]
        if following and following[0].lstrip().startswith(("(", "[", "{")):
            return part + following[0]
    return part


_SENTENCE = re.compile(r"(?<=[a-z)])\.\s+(?=[A-Z])")
_BEFORE_TREATMENT = re.compile(
    r"\bbefore (?:doing )?(?:the )?(?:treatment|intervention|surgery|therapy)\b|\bat (?:baseline|T0)\b|\bpre-?treatment\b",
    _I,
)
_STATISTIC = re.compile(r"[(\[{]\s?[^()]{0,60}?\d|\bp\s?[=<>]|\d\s?%|±", _I)
_ANOTHER = re.compile(
    r"(?:,|\band\b) (?:(?:for|in|of|at|by|a|an|had|with|also|significantly) )*(?:higher|lower|greater|smaller|longer|shorter|better|worse|larger|fewer|less|more|increased|decreased|reduced|improved)\b",
    _I,
)
"""Another result between the outcome and the next statistic, which is that one's."""
_GOES_ON = re.compile(r"^[\s,;]*(?:and |but )?(?:[-–−]?\d|(?:for|in|at|by|with) )", _I)
"""A part that goes on with the outcome of the part before it: its numbers are of another arm, dose or time."""


def _parts(text: str) -> Iterator[str]:
    start = depth = 0
    depths = []
    for ch in text:
        depth += ch in "([{"
        depths.append(depth)
        depth -= ch in ")]}" and depth > 0
    for match in _NEXT.finditer(text):
        ends = _CONTRAST.search(match.group()) is not None or _has_statistics(text[start : match.start()])
        if depths[match.start()] == 0 and ends and not _SAME_RESULT.match(text[match.end() :]):
            yield text[start : match.start()]
            start = match.start()
    yield text[start:]


def _has_statistics(text: str) -> bool:
    return (
        P_VALUE.search(text) is not None
        or INTERVAL.search(text) is not None
        or re.search(r"\d\s?%|±", text) is not None
    )


def _p(part: str) -> str | None:
    found = [match.group().strip() for match in P_VALUE.finditer(part)]
    return found[0] if len(found) == 1 and not re.search(r"\bps\s?[=<>]", part) else None


_SIDES = re.compile(
    r"\b(?:than|versus|vs|compared|relative to|in comparison|between|in contrast|as opposed to|against|similar|differ\w*|"
    r"(?:and|whereas) (?:\S+ ){0,6}(?:in|for|with) the)\b",
    _I,
)
_WITHIN = re.compile(r"\b(?:compared (?:with|to)|from|versus|vs\.?|relative to|than(?: at)?) (?:the )?baseline\b", _I)
_DOSE_BEFORE = re.compile(
    r"(?:(?:low|high|higher|lower|standard|medium)[- ]doses?|\d+(?:[.·]\d+)?[- ]?(?:mg|IU|µg|g|ml|Gy|%)) (?:of )?$", _I
)
_DOSE_BEHIND = re.compile(r"^ ?\(?\d+(?:[.·]\d+)?[- ]?(?:mg|IU|µg|mcg|g|ml|Gy)\b", _I)


def _comparison(finding: Finding, text: str) -> str | None:
    """``A vs B`` where the sentence names both as sides of a comparison, each in one form only; its subject first."""
    one, two = name_of(finding.intervention), control_of(finding.comparator)
    outcome = _outcome(finding, text)
    if outcome is not None:
        text = text.replace(outcome, " " * len(outcome))  # what only stands in the outcome's name is no side
    if one is None or two is None or _WITHIN.search(text) or not _SIDES.search(text):
        return None
    first, second = _named(one, text), _named(two, text)
    if (
        first is None
        or second is None
        or first.casefold() in second.casefold()
        or second.casefold() in first.casefold()
    ):
        return None
    both = rf"\bboth (?:the )?(?:{re.escape(first)}\b[^;]* and (?:the )?{re.escape(second)}|{re.escape(second)}\b[^;]* and (?:the )?{re.escape(first)})\b"
    if re.search(both, text, _I):
        return None  # both against a third one
    low = text.casefold()
    earlier, later = sorted((first, second), key=lambda side: low.index(side.casefold()))
    if _COMPARED_WITH.search(text[: low.index(earlier.casefold())]):
        earlier, later = later, earlier
    return f"{earlier} vs {later}"


_COMPARED_WITH = re.compile(
    r"\b(?:compared (?:with|to)|in comparison (?:with|to)|relative to|in contrast to|than|versus|vs\.?)\s(?:(?:in|with|for|of|on|the|those|that|an?)\s){0,3}$",
    _I,
)
"""What stands before the side that the other one is compared with, also where it is named first."""


def _named(name: str, text: str) -> str | None:
    """`name` as the sentence prints it, with its dose; None where it names several forms of it, or a part of a longer name."""
    forms = set()
    for match in _pattern(name).finditer(text):
        before = _DOSE_BEFORE.search(text[: match.start()])
        behind = _DOSE_BEHIND.match(text[match.end() :])
        if re.search(
            r"(?:\bplus|\+|/|\bcombined with|\bno|\bwithout|\bnon)[ -]?$", text[: match.start()], _I
        ) or re.match(r"\s?(?:\+|/|plus\b|combined\b)", text[match.end() :], _I):
            return None
        start = before.start() if before else match.start()
        end = match.end() + (behind.end() if behind and "(" not in behind.group() else 0)
        if behind and "(" in behind.group():
            return None
        forms.add(text[start:end].casefold())
    if len(forms) != 1:
        return None
    found = forms.pop()
    at = text.casefold().index(found)
    return text[at : at + len(found)]


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w])", _I)


def _find(name: str, text: str) -> tuple[int, int] | None:
    match = _pattern(name).search(text)
    return match.span() if match else None


_N = re.compile(r"\b[nN]\s?=\s?(?P<n>\d[\d, ]*\d|\d+)(?=\s?[)\],;]|\s(?:patients|participants|subjects)\b|$)")
_OF_PEOPLE = re.compile(
    r"^(?:Of|Among|In)(?: the| all| our)?(?: these)? (?P<n>\d[\d,]*\d|\d+) (?:consecutive |included |enrolled |randomi[sz]ed |treated )?(?:patients|participants|subjects|children|women|men|adults)\b"
)


def _n(text: str) -> str | None:
    """The number of people where the sentence gives one, ``n = 45`` or ``Of 45 patients``, and only one."""
    found = {match["n"] for match in _N.finditer(text)}
    if not found and (opening := _OF_PEOPLE.match(text)):
        found = {opening["n"]}
    return found.pop() if len(found) == 1 else None

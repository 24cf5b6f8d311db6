"""Owns the cells of an evidence table's row: what the sentence of a finding states word for word, and nothing else.

A cell is None unless its words and numbers stand in the sentence and belong to this finding: of a sentence with several
results, those of the part that names its outcome.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chapter_pipeline.domain.evidence import Finding
from chapter_pipeline.evidence.interventions import control_of, name_of
from chapter_pipeline.evidence.outcome_names import frequency_of, outcome_name, outcome_phrase
from chapter_pipeline.evidence.statistics import INTERVAL, P_VALUE, ratios
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
    return RowCells(
        n=_n(text),
        comparison=_comparison(finding, text),
        outcome=outcome,
        effect=_effect(part, is_frequency=frequency_of(finding.outcome) is not None) if part else None,
        p=_p(part) if part else None,
    )


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
    r"(?<=[)\]}])(?:,? and\b|,? but\b|[,;])\s*|;\s+|,?\s+(?:whereas|while|but|although|however)\s+|(?<=\d),\s+(?:and|but)\s+",
    _I,
)
_SEVERAL = re.compile(r"\brespectively\b", _I)
_EXAMPLE = re.compile(r"\b(?:including|such as|especially|particularly|in particular|e\.g\.|ie|i\.e\.|namely)\b", _I)


def _part(finding: Finding, text: str, outcome: str | None) -> str | None:
    """The part of the sentence whose statistics are those of the finding; None where that is not sure."""
    if outcome is None or _SEVERAL.search(text):
        return None
    parts = [one for one in _parts(text) if one.strip()]
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
        if depths[match.start()] == 0 and _has_statistics(text[start : match.start()]):
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
    """``A vs B`` where the sentence names both as sides of a comparison, each in one form only."""
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
    both = rf"\bboth (?:the )?(?:{re.escape(first)}\b[^;.]* and (?:the )?{re.escape(second)}|{re.escape(second)}\b[^;.]* and (?:the )?{re.escape(first)})\b"
    if re.search(both, text, _I):
        return None  # both against a third one
    return f"{first} vs {second}"


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


_NUMBER = r"[-−–+]?(?:\d{1,3}(?:[ ,]\d{3})+|\d+)(?:[.·]\d+)?"
_UNIT = r"(?:\s?(?:%|mm ?Hg|mmol/[lL]|m[gl]/d[lL]|mg/kg|[µμun]g/[mdlL]+|ug/L|kg/m[²2]|kg|mg|g|cm[²³]?|mm[²³]?|m[lL]|months?|weeks?|days?|years?|hours?|h|min(?:utes)?|s|points?|L)(?:/[a-z]{1,4}){0,2})?(?![\w²³/])"
_BRACKET = r"(?:\s?(?:\([^()]{1,30}\)|\[[^\[\]]{1,30}\]))?"
_SPREAD = r"(?:\s?(?:±|\+/-)\s?\d+(?:[.·]\d+)?|,? SD \d+(?:[.·]\d+)?)?"
_VALUE = rf"(?<![\w.·,/=<>–-])(?:\d+/\d+(?!\d)|{_NUMBER}){_BRACKET}{_UNIT}{_SPREAD}{_UNIT}{_BRACKET}"
_ARM = r"\s(?:in|for|with|among) (?:the )?(?:[\w+/.’'-]+ ){0,4}?[\w+/.’'-]+?(?: (?:groups?|arms?|patients|condition|sides?))?"
_PAIR = re.compile(
    rf"(?P<one>{_VALUE})(?P<arm>{_ARM})?,?\s(?P<link>vs?\.?|versus|and|compared (?:with|to)|against)\s(?:only |in the |the )?(?P<two>{_VALUE})"
    r"(?P<behind>\s(?:in|for|with|among) (?:the )?(?:[\w+/’'-]+ ){0,4}?(?:[\w+/’'-]+ (?:groups?|arms?)|[\w+/’'-]+(?=\s?(?:[;,)\]}]|\.?$))))?"
)
_TIMES = re.compile(
    r"\b(?:at|after|during|within|over|from|between|and|to|for|day|week|month|year|days|weeks|months|years|t|aged|age|visit|grade|stage|type|group|arm|table|fig\.?|figure)\s$",
    _I,
)


def _effect(part: str, *, is_frequency: bool) -> str | None:
    """What the part states as effect, as printed: the values of both sides, then a ratio with its interval."""
    pair = _pair(part)
    measured = _ratio(part, is_frequency=is_frequency, beside=pair)
    if measured is None and pair is None:
        return None
    found = [one for one in (pair, measured) if one]
    text = "; ".join(found)
    return text if len(text) <= LONGEST_EFFECT else None


def _pair(part: str) -> str | None:
    """``13.9 months with wafers and 11.6 months with placebo``: two values, and nothing else that could be one."""
    taken = [match.span() for match in P_VALUE.finditer(part)]
    found = [
        match
        for match in _PAIR.finditer(part)
        if not _TIMES.search(part[: match.start()])
        and all(match.end() <= start or end <= match.start() for start, end in taken)
        and (match["link"] != "and" or match["arm"])
        and _alike(match["one"], match["two"])
    ]
    if len(found) != 1 or _further_values(part, found[0]):
        return None
    return _balanced(found[0].group().strip())


def _alike(one: str, two: str) -> bool:
    """Whether two values can be of one measure: both with a per cent sign, or neither."""
    return ("%" in one) == ("%" in two) and ("±" in one) == ("±" in two)


def _further_values(part: str, pair: re.Match[str]) -> bool:
    """Whether another arm may follow: ``3.3 ± 2.6, 3.6 ± 2.4 and 4.4 ± 2.4``."""
    before, behind = part[: pair.start()], part[pair.end() :]
    return bool(
        re.search(rf"{_VALUE}(?:{_ARM})?,\s?(?:and )?$", before)
        or re.match(rf"\s?(?:,|,? and|,? vs\.?|,? versus)\s{_VALUE}(?!\s?CI)", behind)
    )


def _balanced(text: str) -> str | None:
    """`text`, with a closing bracket that it opens completed; None where it closes one that it does not open."""
    for opening, closing in ("()", "[]", "{}"):
        if text.count(closing) != text.count(opening):
            return None
    return text


def _ratio(part: str, *, is_frequency: bool, beside: str | None) -> str | None:
    """A ratio or difference with its interval; of a frequency or where no sides are told, a value with its interval."""
    measured = ratios(part)
    intervals = list(INTERVAL.finditer(part))
    if len(measured) == 1 and len(intervals) <= 1:
        start, end = measured[0]
        return _closed(part[start:end])
    if measured or len(intervals) != 1:
        return None
    before = re.search(rf"(?P<value>{_NUMBER}{_UNIT})[\s,;:(\[]*$", part[: intervals[0].start()])
    if before is None or re.search(r"(?:SD|SE|n)\s?=?\s?$", part[: before.start()]) or beside:
        return None
    if part[: before.start()].rstrip().endswith("=") or not (is_frequency or _DIFFERENCE.search(part)):
        return None
    percent = "%" if part[intervals[0].end() :].startswith("%") else ""
    behind = part[intervals[0].end() + len(percent) :]
    if re.search(r"\d\s?%", part[: before.start()]) or re.search(rf"{_NUMBER}{_UNIT}\s?[(\[]\s?{_NUMBER}", behind):
        return None
    return _closed(part[before.start("value") : intervals[0].end()] + percent)


_DIFFERENCE = re.compile(
    r"\b(?:differ\w*|reductions?|changes?|increases?|decreases?|improvements?|declines?|gains?|loss|benefit)\b", _I
)


def _closed(text: str) -> str | None:
    """`text` with its one open bracket closed."""
    for opening, closing in ("()", "[]", "{}"):
        if text.count(opening) == text.count(closing) + 1:
            text += closing
    return _balanced(text.strip())


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

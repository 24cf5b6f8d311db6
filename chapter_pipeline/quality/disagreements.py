"""Owns the findings of different studies that disagree: one question, and opposite or incompatible own results.

The findings of study records are compared, not their words: intervention and comparator, outcome, people and species
have to be the same in their normal forms, with abbreviations spelled out. What only one of two findings states is no
agreement and no difference: without an outcome or an intervention nothing is compared.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from chapter_pipeline.domain import Source
from chapter_pipeline.domain.evidence import Direction, Effect, Finding, FindingKind, Species, StudyRecord
from chapter_pipeline.domain.wording import abbreviation_definitions
from chapter_pipeline.quality.study_gaps import studied_people

SIGNIFICANT = 0.05


class Disagreement(StrEnum):
    """How two results on one question differ, the clearest first."""

    OPPOSITE = "opposite directions"
    SIGNIFICANCE = "one significant, the other not"
    INTERVALS = "confidence intervals that do not meet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An own result on a question: `direction` is that of `question`'s intervention, whatever the source names first."""

    source: Source
    finding: Finding
    outcome: frozenset[str]
    sides: tuple[frozenset[str], frozenset[str]]
    direction: Direction
    people: frozenset[str]
    dose: frozenset[str]
    time: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two results that disagree; `differing` names what else differs between them: doses, time points."""

    first: Result
    second: Result
    how: Disagreement
    differing: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """The question as the first study puts it."""
        finding = self.first.finding
        against = f" against {finding.comparator}" if finding.comparator else ""
        return f"{finding.outcome} under {finding.intervention}{against}"


def disagreements(sources: Sequence[Source], records: Mapping[str, StudyRecord]) -> list[Pair]:
    """The pairs of results of different studies on one question that disagree, one for two studies and a question.

    Of several results of a study on a question its main one counts, else that with most statistics. `records`: by the key
    of the source. Two results that state other doses or time points are compared, and told so.
    """
    by_outcome: dict[frozenset[str], list[Result]] = defaultdict(list)
    for source in sources:
        record = records.get(source.key)
        if record is not None and source.document and not source.retracted:
            for result in _of_study(source, record):
                by_outcome[result.outcome].append(result)
    found: list[Pair] = []
    for same in by_outcome.values():
        for first, second in combinations(same, 2):
            if first.source.key != second.source.key and _is_one_question(first, second):
                pair = _pair(first, second)
                if pair is not None:
                    found.append(pair)
    order = list(Disagreement)
    return sorted(found, key=lambda one: (order.index(one.how), one.first.source.key, one.second.source.key, one.about))


def _of_study(source: Source, record: StudyRecord) -> Iterator[Result]:
    """The results of a study, one for a question: the main one, else that with most statistics."""
    short = abbreviation_definitions(" ".join(finding.text for finding in record.findings))
    best: dict[tuple[frozenset[str], frozenset[frozenset[str]]], Result] = {}
    for finding in sorted(record.findings, key=_worth):
        result = _result(source, record, finding, short)
        if result is not None:
            best.setdefault((result.outcome, frozenset(result.sides)), result)
    yield from best.values()


def _worth(finding: Finding) -> tuple[bool, bool, bool, int]:
    return (not finding.main, not any(one.low for one in finding.effects), not finding.p, finding.ordinal)


def _result(source: Source, record: StudyRecord, finding: Finding, short: Mapping[str, str]) -> Result | None:
    """The finding as a comparable result; None where it does not state what was compared, in people, and how it went."""
    if (
        finding.kind is not FindingKind.OWN_RESULT
        or finding.species is not Species.HUMAN
        or finding.outcome is None
        or finding.direction is Direction.NOT_STATED
        or _SUBGROUP.search(finding.statement.text)
    ):
        return None
    outcome = _outcome(finding.outcome, short)
    given = finding.intervention or _other_arm(record.arms, finding.comparator)
    against = finding.comparator or _other_arm(record.arms, finding.intervention)
    if not outcome or given is None or against is None:
        return None
    one, two = _name(given, short), _name(against, short)
    if not one or not two or one == two:
        return None
    turned = sorted(one) > sorted(two)  # the same question whichever side is named first
    direction = _turned(finding.direction) if turned else finding.direction
    sides = (two, one) if turned else (one, two)
    said = f"{finding.intervention or ''} {finding.statement.text}"
    return Result(
        source=source, finding=finding, outcome=outcome, sides=sides, direction=direction,
        people=studied_people(source, record), dose=frozenset(_DOSE.findall(said)),
        time=_time(finding.time_point),
    )  # fmt: skip


def _is_one_question(first: Result, second: Result) -> bool:
    """The same sides and people; a condition that both state is the same one."""
    if first.sides != second.sides or (first.people and second.people and not first.people & second.people):
        return False
    one, two = (_words(result.finding.disease or "") for result in (first, second))
    return not one or not two or bool(one & two)


def _pair(first: Result, second: Result) -> Pair | None:
    how = _how(first, second)
    if how is None:
        return None
    differing = []
    if first.dose and second.dose and not first.dose & second.dose:
        differing.append(f"doses ({', '.join(sorted(first.dose))}; {', '.join(sorted(second.dose))})")
    if first.time and second.time and first.time != second.time:
        differing.append(f"time points ({first.finding.time_point}; {second.finding.time_point})")
    return Pair(first=first, second=second, how=how, differing=tuple(differing))


def _how(first: Result, second: Result) -> Disagreement | None:
    moved = (Direction.INCREASED, Direction.DECREASED)
    significant = [is_significant(result.finding) for result in (first, second)]
    if first.direction in moved and second.direction in moved and first.direction is not second.direction:
        return Disagreement.OPPOSITE if False not in significant else Disagreement.SIGNIFICANCE if True in significant else None  # fmt: skip
    if set(significant) == {True, False}:
        return Disagreement.SIGNIFICANCE
    if _apart(first.finding.effects, second.finding.effects) and first.finding.direction is second.finding.direction:
        return Disagreement.INTERVALS
    return None


def is_significant(finding: Finding) -> bool | None:
    """Whether a result is significant, as its p value, its interval or its words say; None where none of them does."""
    if finding.direction is Direction.NO_DIFFERENCE:
        return False
    values = [value for text in finding.p if (value := _p(text)) is not None]
    if values:
        return values[0] < SIGNIFICANT
    for effect in finding.effects:
        null = 1.0 if _measure(effect) in _RATIOS else 0.0 if _measure(effect) else None
        bounds = _bounds(effect)
        if null is not None and bounds is not None:
            return not bounds[0] <= null <= bounds[1]
    return True if re.search(r"(?<!not )(?<!non-)(?<!no )\bsignificantly\b", finding.statement.text) else None


def _p(text: str) -> float | None:
    """The value of ``P=0.03``, and a value below that of ``P<0.001``."""
    found = re.search(r"(?P<sign>[=<>≤≥])?\s?(?P<value>0?[.·]\d+|[01])(?!\d)", text.replace("−", "-"))
    if found is None:
        return SIGNIFICANT / 10 if re.search(r"[×x*]\s?10|[eE][-−–]\d", text) else None
    value = float(found["value"].replace("·", "."))
    if found["sign"] in ("<", "≤"):
        return value * 0.999
    return max(value, SIGNIFICANT) if found["sign"] in (">", "≥") else value


_RATIOS = frozenset({"hr", "or", "rr", "irr", "smr"})
_MEASURES = {
    "hazard ratio": "hr", "odds ratio": "or", "risk ratio": "rr", "relative risk": "rr", "rate ratio": "irr",
    "incidence rate ratio": "irr", "standardised mortality ratio": "smr", "standardized mortality ratio": "smr",
    "risk difference": "rd", "mean difference": "md", "standardised mean difference": "smd",
    "standardized mean difference": "smd", "weighted mean difference": "md", "wmd": "md",
}  # fmt: skip


def _measure(effect: Effect) -> str | None:
    if effect.measure is None:
        return None
    name = re.sub(r"^(?:adjusted|unadjusted|crude|pooled|summary)\s|^a(?=[HO]R|RR)", "", effect.measure, flags=re.IGNORECASE)  # fmt: skip
    plain = name.casefold().removesuffix("s")
    return _MEASURES.get(plain, plain)


def _bounds(effect: Effect) -> tuple[float, float] | None:
    try:
        low, high = (
            float((text or "").replace("·", ".").replace("−", "-").replace("–", "-").replace(",", "."))
            for text in (effect.low, effect.high)
        )
    except ValueError:
        return None
    return (low, high) if low <= high else None


def _apart(one: Sequence[Effect], other: Sequence[Effect]) -> bool:
    """Whether two intervals of one measure do not meet; only the first effect with an interval of each is the result's."""
    first, second = (next((effect for effect in some if _bounds(effect)), None) for some in (one, other))
    if first is None or second is None or not _measure(first) or _measure(first) != _measure(second):
        return False
    (low, high), (other_low, other_high) = _bounds(first) or (0, 0), _bounds(second) or (0, 0)
    return high < other_low or other_high < low


def _turned(direction: Direction) -> Direction:
    match direction:
        case Direction.INCREASED:
            return Direction.DECREASED
        case Direction.DECREASED:
            return Direction.INCREASED
        case _:
            return direction


def _other_arm(arms: Sequence[str], one: str | None) -> str | None:
    """The other one of two arms."""
    if one is None or len(arms) != 2:
        return None
    others = [arm for arm in arms if _words(arm) != _words(one)]
    return others[0] if len(others) == 1 else None


_SUBGROUP = re.compile(
    r"\bsubgroups?\b|\b(?:in|among|for) (?:the )?(?:patients|participants|those|men|women) (?:who|with|aged|above|below|older|younger|under|over)\b|\bpost[- ]?hoc\b|\bsensitivity analys|\bper[- ]protocol\b|\bbaseline\b",
    re.IGNORECASE,
)
"""A result of a part of the patients, or of another analysis, is none of the study's question."""
_DOSE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?\s?(?:mg|µg|μg|mcg|IU|Gy)(?:/(?:kg|m2|m²|day|d|h))*(?![\w/])")
_WORD = re.compile(r"[^\W\d_]{2,}")
_NO_NAME = frozenset(
    "the a an of and or in with to for by at on group groups arm arms treatment treated therapy patients patient participants those receiving oral intravenous daily twice once dose doses mg kg day alone only study given drug recipients administration use".split()
)
_NO_OUTCOME = frozenset(
    "the a an of and or in with to for by at on rate rates incidence risk risks proportion frequency occurrence number total overall mean median score scores level levels percentage primary endpoint outcome patients cumulative odds likelihood probability reduction increase difference significant development".split()
)
_SPELLING = (
    (re.compile(r"ae(?=[mdoc])"), "e"), (re.compile(r"oe(?=[dsm])"), "e"), (re.compile(r"our\b"), "or"),
    (re.compile(r"is(?=ation|ed\b|ing\b|e\b)"), "iz"),
)  # fmt: skip


def _words(text: str) -> frozenset[str]:
    """The words of a text in one spelling, plural or not."""
    found = set()
    for word in _WORD.findall(text.casefold().replace("-", " ")):
        for pattern, plain in _SPELLING:
            word = pattern.sub(plain, word)
        found.add(word[:-1] if len(word) > 4 and word.endswith("s") and word[-2] not in "siu" else word)
    return frozenset(found)


def _spelled_out(text: str, short: Mapping[str, str]) -> str:
    return re.sub(r"\b[A-Za-z][A-Za-z0-9-]+\b", lambda found: short.get(found.group(), found.group()), text)


def _name(text: str, short: Mapping[str, str]) -> frozenset[str]:
    return _words(re.sub(r"\([^()]*\)", " ", _spelled_out(text, short))) - _NO_NAME


def _outcome(text: str, short: Mapping[str, str]) -> frozenset[str]:
    return _words(re.sub(r"\([^()]*\)", " ", _spelled_out(text, short))) - _NO_OUTCOME


def _time(text: str | None) -> str | None:
    return " ".join(sorted(_words(text) | frozenset(re.findall(r"\d+", text)))) if text else None

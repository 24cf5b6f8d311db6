"""Owns how statistics are read from a sentence: p values, intervals, ratios, means with their spread, compared numbers.

Everything is kept as printed; nothing is computed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from chapter_pipeline.domain.evidence import Effect
from chapter_pipeline.evidence.text import LONGEST, has_one

_I = re.IGNORECASE
_DIGIT = re.compile(r"\d")
_DIGITS = r"(?:\d{1,3}(?:[ ,]\d{3})+(?!\d)|\d++)(?:[.·]\d++)?|[.·]\d++"
_NUMBER = rf"(?:(?<![\d.%)\]])[-−–+])?(?:{_DIGITS})"
_LEVEL = r"(?:9\d|8\d)(?:\.\d)?\s?%\s?-?\s?(?:CI|CrI|confidence intervals?|credible intervals?)"
P_VALUE = re.compile(
    r"[Pp](?<![A-Za-z][Pp])(?:[- ]?values?)?(?:\s?(?:for|of) [\w ]{2,30}?)?\s?(?:was |is |of )?[=<>≤≥⩽⩾]\s?"
    r"(?:\d(?:[.·]\d+)?(?:\s?[×x*]\s?10\s?[⁻−–-]\s?[\d⁰¹²³⁴⁵⁶⁷⁸⁹]+|[eE][−–-]\d+)|(?:0?[.·]\d+|0,\d+|[01](?:[.·]0+)?)(?![.·,]?\d))"
)
"""The letter before it is looked at behind its P: a pattern that begins with a letter is looked for at that letter alone."""
INTERVAL = re.compile(
    rf"(?:\b{_LEVEL}|\bCI\s?(?:9\d)?\s?%?|\bconfidence intervals?)(?:\s?\((?:CI)\))?\s?(?:was |of |from |for [\w ]+)?[:=,;]?\s?[\[({{]?\s?"
    rf"(?P<low>{_NUMBER})\s?%?\s?(?:to|-|–|−|—|,|;|and|‐|…)\s?(?P<high>{_NUMBER})",
    _I,
)
_RANGE_AFTER = re.compile(rf"\s?%?\s?[\[(]\s?(?P<low>{_NUMBER})\s?(?:to|-|–|−|,)\s?(?P<high>{_NUMBER})\s?[\])]")
_RATIO = (
    r"(?:adjusted |unadjusted |crude |pooled |summary )?(?:hazard ratios?|odds ratios?|risk ratios?|relative risks?|rate ratios?|incidence rate ratios?|"
    r"standardi[sz]ed mortality ratios?)|a?HR|a?OR|a?RR|IRR|SMR"
)
_MEASURE = re.compile(
    rf"\b(?P<measure>(?P<ratio>{_RATIO})|(?:adjusted |unadjusted |crude |pooled |summary )?(?:risk differences?|"
    r"(?:standardi[sz]ed |weighted )?mean differences?|effect sizes?|correlation coefficients?)|SMD|WMD|MD|RD|NNT|Cohen[’']s d|β|r)\b"
    rf"(?:\s?\(\s?[A-Za-z]{{1,4}}\s?\))?(?:\s?[,;]?\s?[\[(]?\s?{_LEVEL}\s?[\])]?)?\s?(?:was |of |is |(?:for|of) [^;.()]{{2,60}}? (?:was|is)\s|[=:]\s?)?[:=,;]?\s?[\[(]?\s?"
    rf"(?P<value>(?!{_LEVEL}){_NUMBER})(?!\d|[.·,]\d|-(?:days?|weeks?|months?|years?|hours?|fold)\b)\s?(?P<unit>%)?"
)
_NO_RATIO = re.compile(
    r"\s?(?:±|\+/-|(?:bpm|beats|breaths|/\s?min|per min|mm|days?|weeks?|months?|years?|hours?|patients|participants|subjects)\b)",
    _I,
)
_PULSE = ("HR", "RR")
_SPREAD = re.compile(rf"(?<![\d.·])(?P<value>{_NUMBER})\s?(?P<unit>%)?\s?(?:±|\+/-|\+/−)\s?(?P<sd>\d+(?:[.·]\d+)?)")
_UNITS = (
    r"(?:%|per ?cent|mm ?Hg|mmol/[lL]|mg/d[lL]|mg/kg(?:/d(?:ay)?)?|µg/\w+|μg/\w+|ng/\w+|pg/\w+|mg|g|kg(?:/m[²2])?|cm[²2³3]?|mm|m[lL]|"
    r"months?|mo|weeks?|wk|days?|d|years?|yr?s?|hours?|h|min(?:utes)?|s|points?|Gy|IU(?:/\w+)?|kcal|bpm|beats/min|°C|Hz)"
)
_ARM_VALUE = rf"{_NUMBER}(?:\s?(?:±|\+/-|\+/−)\s?(?:{_DIGITS})|\s?/\s?\d+(?![\w/])|\s?[-–]\s?(?:{_DIGITS})(?![\w/]))?"
"""A number of an arm, with its spread ("13.1 ± 2.0"), as a fraction ("12/40") or as a range ("3–5")."""
_COMPARED = re.compile(
    rf"(?<![\w.·,/–-])(?P<one>{_ARM_VALUE})(?![.·]?\d)\s?(?:(?P<unit1>{_UNITS})(?![\w·/⁻²³]))?(?:\s?\([^()]{{1,40}}\))?(?: (?:in|for|with|after|among|on) (?:the |those )?[^,;.()]{{2,60}}?)?,?\s?(?:\bvs?\b\.?|\bversus\b|\bcompared (?:with|to)\b|\bagainst\b|\bas opposed to\b)\s?"
    rf"(?:(?:only|the|those|placebo|control\w*) )?(?P<two>{_ARM_VALUE})(?![.·]?\d)\s?(?:(?P<unit2>{_UNITS})(?![\w·/⁻²³]))?",
    _I,
)
_NUMBERED = re.compile(
    r"\b(?:groups?|arms?|days?|weeks?|months?|years?|grades?|stages?|types?|phases?|visits?|levels?|class|cohorts?|tables?|figures?|models?|quartiles?|quintiles?|tertiles?)\s?$",
    _I,
)
"""What stands before a number that names and does not measure: "grade 3 vs 4"."""
_TEST = re.compile(
    r"\b[tFzZχ]²?\s?(?:\(\s?\d[\d., ]*\)|\d{0,3})\s?=\s?[-−]?\d|\b(?:NS|n\.s\.)(?=[\s,.;)])|χ²|\blog-?rank\b|"
    r"\b(?:ANOVA|t-test|Wilcoxon|Mann[- ]Whitney|chi-squared?)\b",
)


@lru_cache(maxsize=64)
def has_statistics(text: str) -> bool:
    """Whether a sentence states a p value, an interval, a ratio, a spread, or two numbers compared."""
    if len(text) > LONGEST:
        return False
    if _DIGIT.search(text) is None:
        return _names_test(text)
    return (
        P_VALUE.search(text) is not None
        or (_HAS_INTERVAL.search(text) is not None and INTERVAL.search(text) is not None)
        or (("±" in text or "+/" in text) and _SPREAD.search(text) is not None)
        or (_COMPARES.search(text) is not None and _COMPARED.search(text) is not None)
        or _names_test(text)
        or bool(_measures(text))
    )


_OF_TESTS = ("=", "NS", "n.s.", "χ", "rank", "ANOVA", "t-test", "Wilcoxon", "Whitney", "chi-square")


def _names_test(text: str) -> bool:
    return has_one(text, _OF_TESTS) and _TEST.search(text) is not None


_OF_MEASURES = (
    "ratio", "relative risk", "difference", "effect size", "coefficient", "HR", "OR", "RR", "SMR", "MD", "RD", "NNT",
    "Cohen", "β",
)  # fmt: skip
_R = re.compile(r"r\b(?<=\br)")
"""The word of one letter; it begins with the letter, so that it is looked for at that letter alone."""


@lru_cache(maxsize=512)
def _measures(text: str) -> tuple[re.Match[str], ...]:
    """The named measures with their values."""
    if not has_one(text, _OF_MEASURES) and _R.search(text) is None:
        return ()
    return tuple(match for match in _MEASURE.finditer(text) if _is_measure(match, text))


def _is_measure(match: re.Match[str], text: str) -> bool:
    """Whether letters that have other meanings too are those of a measure: HR is a heart rate, RR a respiratory rate."""
    if match["measure"] in ("r", "MD", "OR", "RD") and not any(mark in match.group() for mark in "=(:["):
        return False
    if match["ratio"] is None:
        return True
    if _NO_RATIO.match(text, match.end()):
        return False
    return not (match["measure"] in _PULSE and match["value"].isdigit() and int(match["value"]) >= 20)


@lru_cache(maxsize=512)
def p_values(text: str) -> tuple[str, ...]:
    """The p values as printed, in order."""
    if len(text) > LONGEST or _DIGIT.search(text) is None:
        return ()
    return tuple(match.group().strip() for match in P_VALUE.finditer(text))


def ratios(text: str) -> tuple[tuple[int, int], ...]:
    """Where a sentence states a ratio, a difference or another named measure: from its name to the end of its interval."""
    if len(text) > LONGEST or _DIGIT.search(text) is None:
        return ()
    found = []
    for match in _measures(text):
        interval = INTERVAL.search(text, match.end(), match.end() + 60) or _RANGE_AFTER.match(text, match.end())
        found.append((match.start(), interval.end() if interval else match.end()))
    return tuple(found)


def effects(text: str) -> tuple[Effect, ...]:
    """The effects that a sentence states, as printed: ratios with intervals, compared numbers, means with spread."""
    if len(text) > LONGEST or _DIGIT.search(text) is None:
        return ()
    found: list[tuple[int, Effect]] = []
    taken: list[tuple[int, int]] = []
    for match in _measures(text):
        interval = INTERVAL.search(text, match.end(), match.end() + 60) or _RANGE_AFTER.match(text, match.end())
        found.append((match.start(), _effect(match["measure"], match["value"], match["unit"], interval)))
        taken.append((match.start(), interval.end() if interval else match.end()))
    if _COMPARES.search(text):
        taken += [match.span() for match in P_VALUE.finditer(text)]
        compared = [
            match
            for match in _COMPARED.finditer(text)
            if _free(match.span(), taken) and not _NUMBERED.search(text, max(0, match.start() - 12), match.start())
        ]
        for match in compared:
            value = f"{match['one'].strip()} vs {match['two'].strip()}"
            found.append((match.start(), Effect(value=value, unit=match["unit2"] or match["unit1"])))
        taken += [match.span() for match in compared]
    if "±" in text or "+/" in text:
        spreads = [match for match in _SPREAD.finditer(text) if _free(match.span(), taken)]
        found += [(match.start(), Effect(value=match.group().strip(), unit=match["unit"])) for match in spreads]
        taken += [match.span() for match in spreads]
    if _HAS_INTERVAL.search(text):
        for match in INTERVAL.finditer(text):
            before = _BEFORE.search(text, max(0, match.start() - 40), match.start())
            if before and _free(match.span(), taken):
                found.append((match.start(), _effect(None, before["value"], before["unit"], match)))
    return tuple(effect for _, effect in sorted(found, key=lambda one: one[0]))


_COMPARES = re.compile(r"vs?\b|ersus|ompared|gainst|pposed|VS|V\b|VERSUS")
_HAS_INTERVAL = re.compile(r"CI|onfidence|CONFIDENCE|redible|CrI|ci\b")
_BEFORE = re.compile(
    rf"(?<![\d.·/])(?<!SD )(?<!SD = )(?<!SD=)(?<!SE )(?<!SE = )(?<!SE=)(?<!n = )(?<!n=)(?P<value>{_NUMBER})\s?(?P<unit>{_UNITS})?[\s,;:(\[]*$",
    _I,
)


def _effect(measure: str | None, value: str, unit: str | None, interval: re.Match[str] | None) -> Effect:
    low, high = (interval["low"].strip(), interval["high"].strip()) if interval else (None, None)
    return Effect(measure=measure, value=value.strip(), unit=unit, low=low, high=high)


def _free(span: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    return all(span[1] <= start or end <= span[0] for start, end in taken)

"""Owns how statistics are read from a sentence: p values, intervals, ratios, means with their spread, compared numbers.

Everything is kept as printed; nothing is computed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from chapter_pipeline.domain.evidence import Effect

_I = re.IGNORECASE
_DIGIT = re.compile(r"\d")
_NUMBER = r"[-−–+]?\d+(?:[ ,]\d{3})*(?:[.·]\d+)?|[-−–]?[.·]\d+"
P_VALUE = re.compile(
    r"(?<![A-Za-z])(?:[Pp](?:[- ]?values?)?(?:\s?(?:for|of) [\w ]{2,30}?)?)\s?(?:was |is |of )?[=<>≤≥≥]\s?(?:0?[.·]\d+|[01](?:\.0+)?(?!\d))(?:\s?[×x]\s?10[⁻-]?\S*)?"
)
_INTERVAL = re.compile(
    rf"(?:\b(?:9\d|8\d)(?:\.\d)?\s?%\s?-?\s?(?:CI|CrI|confidence intervals?|credible intervals?)|\bCI\s?(?:9\d)?\s?%?|\bconfidence intervals?)(?:\s?\((?:CI)\))?\s?(?:was |of |from |for [\w ]+)?[:=,;]?\s?[\[({{]?\s?"
    rf"(?P<low>{_NUMBER})\s?%?\s?(?:to|-|–|−|—|,|;|and|‐|…)\s?(?P<high>{_NUMBER})",
    _I,
)
_RANGE_AFTER = re.compile(rf"\s?%?\s?[\[(]\s?(?P<low>{_NUMBER})\s?(?:to|-|–|−|,)\s?(?P<high>{_NUMBER})\s?[\])]")
_MEASURE = re.compile(
    r"\b(?P<measure>(?:adjusted |unadjusted |crude |pooled |summary )?(?:hazard ratios?|odds ratios?|risk ratios?|relative risks?|rate ratios?|incidence rate ratios?|risk differences?|"
    r"(?:standardi[sz]ed |weighted )?mean differences?|effect sizes?|standardi[sz]ed mortality ratios?|correlation coefficients?)|a?HR|a?OR|a?RR|IRR|SMR|SMD|WMD|MD|RD|NNT|Cohen[’']s d|β|r)\b"
    r"(?:\s?\(\s?[A-Za-z]{1,4}\s?\))?\s?(?:was |of |is |for [\w ]{2,40}? (?:was )?)?[:=,;]?\s?[\[(]?\s?"
    rf"(?P<value>{_NUMBER})\s?(?P<unit>%)?"
)
_SPREAD = re.compile(rf"(?P<value>{_NUMBER})\s?(?P<unit>%)?\s?(?:±|\+/-|\+/−)\s?(?P<sd>\d+(?:[.·]\d+)?)")
_UNITS = (
    r"(?:%|per ?cent|mm ?Hg|mmol/[lL]|mg/d[lL]|mg/kg(?:/d(?:ay)?)?|µg/\w+|μg/\w+|ng/\w+|pg/\w+|mg|g|kg(?:/m[²2])?|cm[²2³3]?|mm|m[lL]|"
    r"months?|mo|weeks?|wk|days?|d|years?|yr?s?|hours?|h|min(?:utes)?|s|points?|Gy|IU(?:/\w+)?|kcal|bpm|beats/min|°C|Hz)"
)
_COMPARED = re.compile(
    rf"(?P<one>{_NUMBER})\s?(?P<unit1>{_UNITS})?(?:\s?\([^()]{{1,40}}\))?(?: (?:in|for|with|after|among|on) (?:the |those )?[^,;.()]{{2,60}}?)?,?\s?(?:\bvs?\b\.?|\bversus\b|\bcompared (?:with|to)\b|\bagainst\b|\bas opposed to\b|/(?=\s))\s?"
    rf"(?:(?:only|the|those|placebo|control\w*) )?(?P<two>{_NUMBER})\s?(?P<unit2>{_UNITS})?",
    _I,
)
_COUNT = re.compile(r"\b\d+(?:[.·]\d+)?\s?%|\b\d+ ?(?:/|of|out of) ?(?:the )?\d+\b|\bn\s?=\s?\d+", _I)
_TEST = re.compile(
    r"\b[tFzZχ]²?\s?(?:\(\s?\d[\d., ]*\)|\d{0,3})\s?=\s?[-−]?\d|\b(?:NS|n\.s\.)(?=[\s,.;)])|χ²|\blog-?rank\b|"
    r"\b(?:ANOVA|t-test|Wilcoxon|Mann[- ]Whitney|chi-squared?)\b",
)
_SIGNIFICANCE = re.compile(r"\bsignificant(?:ly)?\b|\bstatistical(?:ly)?\b", _I)


@lru_cache(maxsize=64)
def has_statistics(text: str) -> bool:
    """Whether a sentence states a p value, an interval, a ratio, a spread, or two numbers compared."""
    if _DIGIT.search(text) is None:
        return _TEST.search(text) is not None
    return (
        any(pattern.search(text) is not None for pattern in (P_VALUE, _INTERVAL, _SPREAD, _COMPARED, _TEST))
        or _ratio(text) is not None
    )


def _ratio(text: str) -> re.Match[str] | None:
    return next(
        (
            match
            for match in _MEASURE.finditer(text)
            if match["measure"] not in ("r", "MD", "OR", "RD") or "=" in match.group() or "(" in match.group()
        ),
        None,
    )


def p_values(text: str) -> tuple[str, ...]:
    """The p values as printed, in order."""
    if _DIGIT.search(text) is None:
        return ()
    return tuple(match.group().strip() for match in P_VALUE.finditer(text))


def effects(text: str) -> tuple[Effect, ...]:
    """The effects that a sentence states, as printed: ratios with intervals, compared numbers, means with spread."""
    if _DIGIT.search(text) is None:
        return ()
    found: list[tuple[int, Effect]] = []
    taken: list[tuple[int, int]] = []
    for match in _MEASURE.finditer(text):
        if match["measure"] in ("r", "MD", "OR", "RD") and not re.search(r"[=(:]", match.group()):
            continue
        interval = _INTERVAL.search(text, match.end(), match.end() + 60) or _RANGE_AFTER.match(text, match.end())
        found.append((match.start(), _effect(match["measure"], match["value"], match["unit"], interval)))
        taken.append((match.start(), interval.end() if interval else match.end()))
    for match in _COMPARED.finditer(text):
        if _free(match.span(), taken):
            unit = match["unit2"] or match["unit1"]
            found.append((match.start(), Effect(value=f"{match['one'].strip()} vs {match['two'].strip()}", unit=unit)))
            taken.append(match.span())
    for match in _SPREAD.finditer(text):
        if _free(match.span(), taken):
            found.append((match.start(), Effect(value=match.group().strip(), unit=match["unit"])))
            taken.append(match.span())
    for match in _INTERVAL.finditer(text):
        if _free(match.span(), taken):
            before = re.search(rf"(?P<value>{_NUMBER})\s?(?P<unit>{_UNITS})?[\s,;:(\[]*$", text[: match.start()], _I)
            if before:
                found.append((match.start(), _effect(None, before["value"], before["unit"], match)))
    return tuple(effect for _, effect in sorted(found, key=lambda one: one[0]))


def _effect(measure: str | None, value: str, unit: str | None, interval: re.Match[str] | None) -> Effect:
    low, high = (interval["low"].strip(), interval["high"].strip()) if interval else (None, None)
    return Effect(measure=measure, value=value.strip(), unit=unit, low=low, high=high)


def _free(span: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    return all(span[1] <= start or end <= span[0] for start, end in taken)

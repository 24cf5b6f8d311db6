"""Owns the rules that name a document's study type from its title and abstract; in doubt they say unknown."""

from __future__ import annotations

import re

from chapter_pipeline.domain.document import StudyType

_ANIMAL = re.compile(
    r"\b(?:mice|mouse|murine|rats?|rabbits?|porcine|swine|canine|zebrafish|rodents?|primates?|macaques?|animal models?|"
    r"in vivo)\b",
    re.IGNORECASE,
)
_CELLS = re.compile(r"\b(?:cell lines?|in vitro|cell culture|oncospheres?|xenografts?|organoids?)\b", re.IGNORECASE)
_PEOPLE = re.compile(
    r"\b(?:patients|participants|women|men|children|adults|volunteers|subjects|humans?)\b", re.IGNORECASE
)
_Rules = tuple[tuple[re.Pattern[str], StudyType], ...]


def _rules(*rules: tuple[str, StudyType]) -> _Rules:
    return tuple((re.compile(pattern, re.IGNORECASE), study) for pattern, study in rules)


_TITLE_RULES = _rules(
    (r"\bprotocol\b", StudyType.PROTOCOL),
    (r"systematic review|meta-?\s?analysis", StudyType.META_ANALYSIS),
    (r"randomi[sz]ed", StudyType.RANDOMISED_TRIAL),
    (r"phase (?:1|2|I|II|1/2|I/II)\b|pilot trial|first-in-human", StudyType.CLINICAL_TRIAL),
    (r"narrative review|scoping review|\boverview\b|\ba review\b|: review", StudyType.REVIEW),
    (r"case (?:series|reports?)", StudyType.CASE_SERIES),
    (
        r"\bcohort\b|case-control|cross-sectional|retrospective|prospective|longitudinal|registry",
        StudyType.COHORT,
    ),
)
_ABSTRACT_RULES = _rules(
    (
        r"(?:this|a|we (?:did|performed|conducted) a|present) (?:systematic review|meta-?\s?analysis)|"
        r"systematic (?:search|review) (?:of|was)|electronic databases? (?:was|were) searched",
        StudyType.META_ANALYSIS,
    ),
    (
        r"were randomi[sz]ed|randomly (?:assigned|allocated)|"
        r"randomi[sz]ed (?:controlled |clinical )?trial (?:was|of|with)",
        StudyType.RANDOMISED_TRIAL,
    ),
    (r"phase (?:1|2|I|II) (?:clinical )?(?:trial|study)|open-label|single-arm", StudyType.CLINICAL_TRIAL),
    (
        r"\bcohort\b|case-control|cross-sectional|retrospective|prospective|were reviewed|survey|registry|database",
        StudyType.COHORT,
    ),
    (r"case (?:series|report)|two cases|three cases", StudyType.CASE_SERIES),
    (
        r"(?:this|the present|our) review|review (?:article )?(?:discusses|summari[sz]es|describes|focuses)|"
        r"we review|is reviewed",
        StudyType.REVIEW,
    ),
)


def study_type(title: str, abstract: str, body: str) -> StudyType:
    """The study type as title and abstract name it.

    A title that names animals, or an abstract that speaks of animals and hardly of people, is an animal study whatever
    else it says; one of cells alone is a laboratory study. `body` decides where neither says it.
    """
    animals, people = len(_ANIMAL.findall(f"{title} {abstract}")), len(_PEOPLE.findall(abstract))
    cells = len(_CELLS.findall(f"{title} {abstract}"))
    reviewed = _first(_TITLE_RULES[:2], title)
    if reviewed is not None:
        return reviewed
    if _ANIMAL.search(title) or (animals >= 2 and animals > people):
        return StudyType.ANIMAL
    named = _first(_TITLE_RULES, title)
    if named is not None:
        return named
    if cells >= 2 and cells > people:
        return StudyType.ANIMAL if len(_ANIMAL.findall(body)) > 20 else StudyType.LABORATORY
    animals_in_body = len(_ANIMAL.findall(body))
    if animals_in_body > 25 and animals_in_body > 1.5 * len(_PEOPLE.findall(body)):
        return StudyType.ANIMAL
    return _first(_ABSTRACT_RULES, abstract) or StudyType.UNKNOWN


def _first(rules: _Rules, text: str) -> StudyType | None:
    return next((study for pattern, study in rules if pattern.search(text)), None)

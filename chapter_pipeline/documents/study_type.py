"""Owns the rules that name a document's study type from its title and abstract; in doubt they say unknown."""

from __future__ import annotations

import re

from chapter_pipeline.documents.model import StudyType

_ANIMAL = re.compile(
    r"\b(?:mice|mouse|murine|rats?|rabbits?|porcine|swine|canine|zebrafish|rodents?|primates?|macaques?|animal models?|"
    r"in vivo)\b",
    re.IGNORECASE,
)
_CELLS = re.compile(r"\b(?:cell lines?|in vitro|cell culture|oncospheres?|xenografts?|organoids?)\b", re.IGNORECASE)
_PEOPLE = re.compile(
    r"\b(?:patients|participants|women|men|children|adults|volunteers|subjects|humans?)\b", re.IGNORECASE
)
_TITLE_RULES: tuple[tuple[re.Pattern[str], StudyType], ...] = (
    (re.compile(r"\bprotocol\b", re.I), StudyType.PROTOCOL),
    (re.compile(r"systematic review|meta-?\s?analysis", re.I), StudyType.META_ANALYSIS),
    (re.compile(r"randomi[sz]ed|randomi[sz]ed,? controlled", re.I), StudyType.RANDOMISED_TRIAL),
    (re.compile(r"phase (?:1|2|I|II|1/2|I/II)\b|pilot trial|first-in-human", re.I), StudyType.CLINICAL_TRIAL),
    (re.compile(r"narrative review|scoping review|\boverview\b|\ba review\b|: review", re.I), StudyType.REVIEW),
    (re.compile(r"case (?:series|reports?)", re.I), StudyType.CASE_SERIES),
    (
        re.compile(r"\bcohort\b|case-control|cross-sectional|retrospective|prospective|longitudinal|registry", re.I),
        StudyType.COHORT,
    ),
)
_ABSTRACT_RULES: tuple[tuple[re.Pattern[str], StudyType], ...] = (
    (re.compile(r"(?:this|a|we (?:did|performed|conducted) a|present) (?:systematic review|meta-?\s?analysis)|"
                r"systematic (?:search|review) (?:of|was)|electronic databases? (?:was|were) searched", re.I),
     StudyType.META_ANALYSIS),
    (re.compile(r"were randomi[sz]ed|randomly assigned|randomly allocated|randomi[sz]ed (?:controlled |clinical )?trial (?:was|of|with)", re.I),
     StudyType.RANDOMISED_TRIAL),
    (re.compile(r"phase (?:1|2|I|II) (?:clinical )?(?:trial|study)|open-label|single-arm", re.I), StudyType.CLINICAL_TRIAL),
    (re.compile(r"\bcohort\b|case-control|cross-sectional|retrospective|prospective|were reviewed|survey|registry|database", re.I),
     StudyType.COHORT),
    (re.compile(r"case (?:series|report)|two cases|three cases", re.I), StudyType.CASE_SERIES),
    (re.compile(r"(?:this|the present|our) review|review (?:article )?(?:discusses|summari[sz]es|describes|focuses)|we review|is reviewed", re.I),
     StudyType.REVIEW),
)  # fmt: skip


def study_type(title: str, abstract: str, body: str) -> StudyType:
    """The study type as title and abstract name it.

    A title that names animals, or an abstract that speaks of animals and hardly of people, is an animal study whatever
    else it says; one of cells alone is a laboratory study. `body` decides between animals and cells only.
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
    if people <= 1 and len(_ANIMAL.findall(body)) > 25:
        return StudyType.ANIMAL
    return _first(_ABSTRACT_RULES, abstract) or StudyType.UNKNOWN


def _first(rules: tuple[tuple[re.Pattern[str], StudyType], ...], text: str) -> StudyType | None:
    return next((study for pattern, study in rules if pattern.search(text)), None)

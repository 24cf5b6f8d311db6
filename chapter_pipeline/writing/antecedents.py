"""Owns whether a statement names what it speaks of, for a reader who has only the words that introduce its study."""

from __future__ import annotations

import re

from chapter_pipeline.domain.evidence import FindingKind

# Things that a sentence before has named; "this study", "this trial" are named by what introduces the statement.
_THINGS = (
    r"systems?|devices?|techniques?|agents?|drugs?|medications?|compounds?|treatments?|therap(?:y|ies)|regimens?|"
    r"combinations?|phenomen(?:on|a)|observations?|questions?|patients?|animals?|mice|rats?|subjects?|tumou?rs?|lesions?|"
    r"interventions?|procedures?|protocols?|settings?|models?|mechanisms?|intervals?|doses?|concentrations?|"
    r"parameters?|markers?|measurements?|time ?points?|mutations?|genes?|proteins?|antibod(?:y|ies)|molecules?|nuclei|"
    r"neurons?|fractions?|samples?|instruments?|valves?|shunts?|implants?|programmes?|programs?|messages?"
)
_NOT_OF_THINGS = (
    r"(?!(?:with|without|who|whose|of|in|from|that|which|treated|receiving|undergoing|given|on|at|for|to|and|or|is|are|was|"
    r"were|has|have|had|may|can|could|will|would)\b)"
)
_POINTED = re.compile(
    rf"\b(?:this|these|those) {_NOT_OF_THINGS}(?:[\w-]+ ){{0,2}}?(?P<thing>{_THINGS})\b", re.IGNORECASE
)
_ABSTRACT = re.compile(
    r"\b(?:this|these|those) (?:[\w-]+ )?(?:effects?|findings?|results?|differences?|associations?|correlations?|changes?|"
    r"increases?|decreases?|reductions?|incidences?|process(?:es)?|hypothes[ie]s|issues?|parallels?|factors?|approach(?:es)?)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:]\s|\s[–—]\s|\b(?:and|but|which)\b")
_OPENS = re.compile(
    r"^(?:None (?:have|has|of)|(?:Two|Three|Four|Some|Most|All) of the (?:studies|trials)\b|In (?:agreement|line|keeping|accordance|concordance) with (?:the|this|these|that|our)\b|"
    r"(?:Similar to|Consistent with|Like|Unlike|Contrary to|Supporting) (?:the|this|these|that) (?!literature)|"
    r"(?:Over|During|Within|In|For|On|At|By) the (?:following|next|subsequent|ensuing|remaining) |"
    r"(?:All|Most|Some|Each|Both) of the (?:results|findings|values|differences|changes|remaining)\b|"
    r"The (?:same|corresponding|respective) (?:pattern|trend|results?|findings?)\b|"
    r"(?:The|All|Both) (?:first|second|third|latter|former|last|two|three|four|other) (?:group|category|phase|arm|experiment|groups|categories|arms|experiments)\b|"
    r"(?:The )?data (?:is|are) in line\b|The treatment (?:was|is|had|led|resulted)\b|An effect on\b)"
)
_SET = re.compile(
    r"\b(?:the|all|these|both) (?:two|three|four|five|six|\d) (?:[\w-]+ ){0,2}?(?:measures?|variables|parameters|outcomes|"
    r"scores|domains|lines|doses|concentrations|conditions|time ?points)\b|"
    r"\bin all (?:\d+|two|three|four|five|six)\s?[.,;]|"
    r"\b(?:in|for|across|between|among) (?:both|all|either|the (?:two|three|four|five)) (?:[\w-]+ ){0,2}?(?:groups|arms)\b",
    re.IGNORECASE,
)
"""Sets whose members a sentence before has told."""
_COMBINATION = re.compile(
    r"\b(?:combination|combined) (?:therapy|treatment)\b(?! (?:with|of|involving|consisting|comprising)\b)",
    re.IGNORECASE,
)
_COMBINED = re.compile(
    r"\b(?:plus|combined with|combin\w+ (?:of|with)|together with|in addition to)\b|\w \+ \w", re.IGNORECASE
)
_NAMES_ARMS = re.compile(
    r"\b(?:placebo|control|untreated|vehicle|sham|versus|vs\.?|standard|conventional|usual|monotherapy|alone|only)\b",
    re.IGNORECASE,
)
_ONLY_CONTROLS = re.compile(
    r"^(?:(?:For|In|Among) )?(?:[Tt]he )?(?:[Uu]ntreated|[Cc]ontrol|[Pp]lacebo|[Vv]ehicle|[Ss]ham)[\w -]{0,24}(?:groups?|arms?|animals|mice|rats|cells|patients)\b"
)
_OF_ANOTHER_STUDY = re.compile(
    r"\bthe (?:intervention|treatment|control|study|experimental|comparison) (?:groups?|arms?|participants|patients|subjects|animals)\b|"
    r"\bthe effects? (?:was|were|is|are|did|lasted|persisted)\b",
    re.IGNORECASE,
)
"""Of a study that a sentence before has named, where the statement is no finding of its own document."""
_ADDS = re.compile(r"\b(?:was|were) also (?:frequently|commonly|often|widely)\b")
_WITH = re.compile(r"\b(?:with|without|in|under|on|during|by|for|at)\b")
"""What a comparison names behind itself: recurrence was lower *with* a drain."""
_BOTH_SIDES = re.compile(r"\b(?:than|compared|comparison|versus|vs\.?|whereas|while|but|relative to)\b")
_SIDES = re.compile(r"\b(?:than|compared (?:with|to)|versus|vs\.?)\b")
_LIKENED = re.compile(
    r"^Similar (?:work|studies|research)\b|\b(?:showed|found|reported|yielded|obtained) similar (?:results|findings)\b"
)
_HERE = re.compile(r"\b(?:reported|presented|described|shown|observed) here(?:in)?\b|\b[Oo]ur patient\b")
_CONCLUDES = re.compile(r"\b(?:is|are|was|were|has|have|we|must|should) (?:therefore|thus|hence)\b")
_COMPARED = re.compile(
    r"\b(?:had|showed|exhibited|experienced|displayed|reported|demonstrated|(?:was|were|is|are)) (?:\w+ ){0,3}?"
    r"(?:higher|lower|greater|longer|shorter|fewer|milder|better|worse|larger|smaller|older|younger)\b",
    re.IGNORECASE,
)
_COMPARATOR = re.compile(
    r"\b(?:than|compared|comparison|versus|vs\.?|relative to|from|to|between|among|with (?:increasing|higher|lower|older|younger)|"
    r"correlat\w+|associat\w+|control|respectively|whereas|while|when|if|after|before|as)\b|[<>]\s?\d|\d\s?%.*\d\s?%",
    re.IGNORECASE,
)


def lacks_antecedent(sentence: str, kind: FindingKind, *, main: bool = False) -> bool:
    """Whether `sentence`, the first of a statement, speaks of something that only a sentence before it names.

    ``this medication`` in a sentence that names none, a set that is not told (``all four variables``), a group that is
    ``higher`` than nobody. A `main` finding may draw a conclusion: its study is named before it.
    """
    if any(one.search(sentence) for one in (_OPENS, _ADDS, _LIKENED, _HERE)) or points_back(sentence):
        return True
    if kind is FindingKind.BACKGROUND and _OF_ANOTHER_STUDY.search(sentence) and not _SIDES.search(sentence):
        return True
    if kind in (FindingKind.OWN_RESULT, FindingKind.CONCLUSION) and not main:
        unnamed = _COMBINATION.search(sentence) and not _COMBINED.search(sentence)
        if unnamed or _CONCLUDES.search(sentence):
            return True
    if kind is not FindingKind.OWN_RESULT:
        return False
    if _SET.search(sentence) and not _NAMES_ARMS.search(sentence):
        return True
    if _ONLY_CONTROLS.search(sentence):
        return not _BOTH_SIDES.search(sentence)
    compared = _COMPARED.search(sentence)
    return bool(compared and not _COMPARATOR.search(sentence) and not _WITH.search(sentence, compared.end()))


_ALIKE = (
    ("drug", "medication", "agent", "compound", "inhibitor", "antibod"),
    ("treat", "therap", "regimen", "combination", "chemotherap", "immunotherap", "anti-"),
    ("patient", "participant", "people", "men", "women", "children", "adults", "subject", "infants"),
    ("mice", "mouse", "rat", "animal"),
)
"""Words for one kind of thing, of which one may stand for another."""


def _named_by(thing: str) -> tuple[str, ...]:
    return next((group for group in _ALIKE if thing.startswith(group)), (thing.removesuffix("s")[:7],))


def points_back(sentence: str) -> bool:
    """Whether `sentence` has a demonstrative whose thing it does not name before: ``no benefit of this medication``."""
    for found in _POINTED.finditer(sentence):
        before = sentence[: found.start()].casefold()
        if not any(word in before for word in _named_by(found["thing"].casefold())):
            return True
    abstract = _ABSTRACT.search(sentence)
    return abstract is not None and not _CLAUSE.search(sentence[: abstract.start()])

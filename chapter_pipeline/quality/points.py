"""Owns what answers a must-cover point: a statement of the right kind whose stating clause is on the point's subject."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from chapter_pipeline.domain import MustCoverPoint, Quote
from chapter_pipeline.domain.brief import AnswerForm
from chapter_pipeline.domain.evidence import FindingKind, Species
from chapter_pipeline.domain.wording import mentioned, words
from chapter_pipeline.quality.grounding import is_preclinical

_I = re.IGNORECASE
SILENT = frozenset({FindingKind.OWN_METHOD, FindingKind.LIMITATION})
"""What a study did, and what it is weak in, answers no point."""
_STEPS = frozenset(
    {
        FindingKind.OPERATIVE_STEP, FindingKind.OWN_METHOD, FindingKind.BACKGROUND, FindingKind.RECOMMENDATION,
        FindingKind.CASE, None,
    }
)  # fmt: skip
STEM = 6
"""Letters of a word that stand for it: *recurrence* and *recurrent* are one."""

_CLAUSE = re.compile(
    r";\s|:\s|(?<=[.!?])\s+(?=[A-Z])|,?\s(?:but|while|whereas|although|though|which)\s|,\sand\s(?=\w+ (?:\w+ )?(?:is|are|was|were|had|has)\b)"
)
_VERBS = r"(?:stud(?:y|ied)|assess\w*|record(?:ed|ing)?|report\w*|evaluat\w*|investigat\w*|examin\w*|measur\w*|address\w*|discuss\w*|analy[sz]\w*|collect\w*|describ\w+|document\w*|ascertain\w*|captur\w+|monitored)"
_NOT_TOLD = re.compile(
    rf"\b(?:not|never|n['’]t) (?:\w+ly |been |be |also |to |yet |part of )*(?:{_VERBS}\b(?! (?:that|to be))|"
    r"(?:an? |the |our |known|available|clear|established)(?:\w+ )?(?:end-?points?|outcomes?|aims?|focus|subject|purpose|known|available|clear|established)?)"
    r"|\b(?:reported|described|discussed|published|presented|given|reviewed|addressed|covered|detailed) (?:in detail )?(?:elsewhere|separately|in (?:another|a separate|a later) \w+)"
    rf"|\bwill be (?:\w+ly )?{_VERBS}"
    r"|\b(?:beyond|outside|not within) the scope\b|\bwhether\b"
    r"|\b(?:is|are|remains?|was|were) (?:still |largely |currently )?(?:unknown|unclear|uncertain|to be (?:determined|defined|established))\b"
    r"|\b(?:no|few|little|insufficient|limited) (?:\w+ )?(?:data|information|evidence|studies|study|reports?|guidance|literature|is known|consensus) (?:\w+ ){0,3}(?:on|about|of|for|regarding|concerning|exists?|is|are)\b"
    r"|\b(?:aims?|objectives?|purposes?|goals?|intention) (?:of [^,;]{3,60} )?(?:is|was|were|are|being) (?:to|the)\b"
    r"|^(?:in order )?to (?:describe|determine|assess|evaluate|compare|investigate|examine|test|explore|estimate|study|identify|analy[sz]e|review|report|define|measure|clarify)\b"
    r"|\b(?:we|study|trial|review|article|paper|analysis) (?:\w+ )?(?:aim(?:s|ed)?|sought|intend(?:s|ed)?|set out) to\b"
    r"|\b(?:further|future|more|additional|ongoing|larger) (?:\w+ )?(?:stud(?:y|ies)|research|trials?|work|investigations?|data)\b",
    _I,
)
"""A clause that only speaks of a subject: not studied, told elsewhere, asked for, or an aim."""
_TOPIC_STOP = frozenset(
    "with from that this their treatment therapy management disease technique and its the for".split()
)
_SAYS_WHAT_IT_IS = re.compile(
    r"^(?:\W*(?:an?|the)\s)?(?P<subject>[^;:.]{2,110}?)\s(?:is|are|(?:can|may) be)\s(?:\w+ly\s|also\s)?"
    r"(?:defined|characteri[sz]ed|classified|an?\s|the\s|one\sof|among\sthe|any\s|composed|caused)|"
    r"^(?:\W*(?:an?|the)\s)?(?P<made>[^;:.]{2,110}?)\s(?:consists?\sof|compris(?:es|ed)|refers?\sto|describes|involves|allows|lies|lie|extends?)\b",
    _I,
)  # fmt: skip
_OF_WHOM = re.compile(
    r"\b(?:patients|people|persons|individuals|those|adults|children|women|men|cases|subjects)\s(?:with|without|who (?:have|had))\s"
    r"[^,;.()]{2,80}?(?=\s(?:is|are|was|were|has|have|had|do|does|did|should|may|can|could|must|present\w*|treated|receiving|given|taking|undergoing|who|that|to|after|before|at)\b|[,;.()]|$)",
    _I,
)
"""Whom a clause is about: what stands there is not what it states."""
_AS_A_TIME = re.compile(
    r"\b(?:lost to|at|during|over|within|until|after|in)\s(?:the\s|a\s|an\s)?(?:[\w-]+\s){0,3}?follow-?\s?up\b|"
    r"\b(?:mean|median|average)\s(?:[\w-]+\s){0,2}?follow-?\s?up\b",
    _I,
)
"""When something was seen, which says nothing of how patients are followed."""
_ACTED = (
    r"\b(?:is|are|was|were|be|being)\s(?:then\s|next\s|\w+ly\s|first\s)*"
    r"(?:made|opened|incised|drilled|placed|inserted|removed|retracted|closed|sutured|exposed|dissected|elevated|reflected|positioned|fixed|turned|cut|divided|irrigated|evacuated|tunnelled|tunneled|passed|advanced|secured|anchored|implanted|resected|entered|punctured|aspirated|coagulated|mobili[sz]ed|separated|lined|clipped|tapped|replaced)\b"
)
_ACT = re.compile(_ACTED, _I)
_STEP = re.compile(
    r"\b(?:incis\w+|craniotom\w+|craniectom\w+|dura\w*|bone|flap|burr[- ]?holes?|drains?|catheters?|electrodes?|screws?|rods?|cages?|lamin\w+|wound|skin|muscles?|scalp|fascia|wafers?|implants?|shunts?|valves?|cyst\w*|capsule|tumou?r|membranes?|nerve|vessel|artery|sinus|trephin\w+|needles?|leads?|endoscopes?|retractors?|patient|head|disc|osteophytes?|aneurysm|clips?|graft|cavity|haematoma|hematoma|arachnoid)\b"
    rf"[^.;]{{0,60}}?{_ACTED}",
    _I,
)
_OF_COUNTS = re.compile(r"\b(?:in|of) \d+(?:\.\d+)?\s?%?\s?(?:\w+ )?(?:patients|cases|procedures)\b|\d\s?%", _I)
_DOSE = re.compile(
    r"(?<![\w.])\d+(?:[.,·]\d+)?(?:\s?(?:-|–|to)\s?\d+(?:[.,·]\d+)?)?\s?(?P<unit>(?:mg|[µμ]g|mcg|IU|units?|mEq|mmol)(?:\s?/\s?(?!d?[lL]\b|m[lL]\b)\w+[²2]?)*|(?:g|m[lL])(?:\s?/\s?(?:kg|day|d|h|min)\b)?)(?![\w/])(?!\s?/\s?(?:d?[lL]|m[lL])\b)",
)
_GIVEN = re.compile(
    r"\b(?:dos(?:e|es|ed|age|ages|ing)|given|administ\w+|daily|a day|per day|per hour|/day|/kg|/m2|/m²|twice|once|every|oral(?:ly)?|by mouth|intraven\w+|bolus|infus\w+|received?|tablets?|treated with|starting|titrat\w+|BID|b\.?i\.?d\.?|TID|q\d+h?)\b",
    _I,
)
_NO_DOSE = re.compile(r"\b(?:blood loss|loss of blood|ha?emoglobin|concentrations?|levels?|volumes?|weigh\w*|output|urine|creatinine|albumin)\b", _I)  # fmt: skip
_SUPPOSED = re.compile(r"\b(?:mg|[µμ]g|mcg|IU|units?)\b")


def answers_point(point: MustCoverPoint, text: str, *, topic: str, kind: FindingKind | None = None) -> bool:
    """Whether the statement `text` answers `point`: `kind` is what it is to its source, None where that is not known.

    A statement of what was done, or of a limitation, answers none; nor does a clause that only says that a subject was not
    studied, is told elsewhere, or is to be studied.
    """
    return kind not in SILENT and speaks(point, text, topic=topic, kind=kind)


def speaks(point: MustCoverPoint, text: str, *, topic: str, kind: FindingKind | None = None) -> bool:
    """As `answers_point`, also of what a study did: an editor who reads there may find the answer."""
    return any(_clause_speaks(point, clause, topic, kind) for clause in told_clauses(text)) or (
        point.form is AnswerForm.WORDS and _has_all_words(point.text, " ".join(told_clauses(text)))
    )


def asks_of_people(point: MustCoverPoint, *, clinical: bool) -> bool:
    """Whether only a statement on people answers: of a `clinical` section, and for the dose of a drug anywhere."""
    return clinical or point.form is AnswerForm.DOSE


def is_of_animals(quote: Quote) -> bool:
    """Whether a quote is about animals, cells or devices alone."""
    if quote.species is not None:
        return quote.species is not Species.HUMAN
    return is_preclinical(quote.display)


def told_clauses(text: str) -> tuple[str, ...]:
    """The clauses of a text that state something of their subject."""
    return tuple(clause for clause in _clauses(text) if not _NOT_TOLD.search(clause))


def _clauses(text: str) -> Iterator[str]:
    yield from (part.strip() for part in _CLAUSE.split(text) if part and part.strip())


def _clause_speaks(point: MustCoverPoint, clause: str, topic: str, kind: FindingKind | None) -> bool:
    match point.form:
        case AnswerForm.STATEMENT:
            return bool(mentioned(_AS_A_TIME.sub(" ", _OF_WHOM.sub(" ", clause)), point.terms))
        case AnswerForm.WORDS:
            return _has_all_words(point.text, clause)
        case AnswerForm.DEFINITION:
            return _is_definition(clause, topic)
        case AnswerForm.STEP:
            acts = _ACT if kind is FindingKind.OPERATIVE_STEP else _STEP
            return kind in _STEPS and acts.search(clause) is not None and not _OF_COUNTS.search(clause)
        case AnswerForm.FIGURE:
            return bool(mentioned(clause, point.terms)) and any(ch.isdigit() for ch in clause)
        case AnswerForm.DOSE:
            return _is_dose(clause)


def _is_dose(clause: str) -> bool:
    """Whether a clause says how much of a drug is given; a volume or a weight needs the word."""
    if _NO_DOSE.search(clause):
        return False
    return any(
        _GIVEN.search(clause) is not None
        if _SUPPOSED.match(found["unit"]) or "/kg" in found["unit"]
        else re.search(r"\bdos(?:e|es|age)\b", clause, _I) is not None
        for found in _DOSE.finditer(clause)
    )


def _is_definition(clause: str, topic: str) -> bool:
    """Whether a clause says what the topic, or a part of its name, is."""
    found = _SAYS_WHAT_IT_IS.match(clause)
    if found is None:
        return False
    bare = re.sub(r"\([^()]*\)", " ", found["subject"] or found["made"] or "")
    asked = _stems(topic)
    said = [word for word in words(bare) if word not in _ARTICLES]
    known = asked | {_initials(topic)}
    return bool(said) and all(word[:STEM] in known or word[:STEM].rstrip("s") in known for word in said)


_ARTICLES = frozenset("a an the of in and or for with to on by primary human most".split())


@lru_cache(maxsize=256)
def _stems(text: str) -> frozenset[str]:
    kept = [word for word in words(text) if len(word) > 2 and word not in _ARTICLES]
    return frozenset(word[:STEM].rstrip("s") for word in kept) | frozenset(word[:STEM] for word in kept)


@lru_cache(maxsize=256)
def _initials(topic: str) -> str:
    """``ms`` of "Multiple sclerosis and its treatment": the initials of what stands before the first small word."""
    letters = ""
    for word in words(topic):
        if word in _TOPIC_STOP or word in _ARTICLES:
            break
        letters += word[0]
    return letters


_SMALL = frozenset(
    "a an and are as at by for from in into is it its of on or the their to was were with after before during under".split()
)


def _has_all_words(asked: str, text: str) -> bool:
    parts = words(asked.replace("-", " "))
    wanted = [word for word in parts if word not in _SMALL] or parts
    return all(re.search(rf"(?<![\w]){re.escape(word[:STEM])}", text, _I) is not None for word in wanted)

"""Owns what the name of an intervention tells: whether it names one at all, and of which kind it is."""

from __future__ import annotations

import re
from enum import StrEnum

from chapter_pipeline.evidence.arms import CONTROL

_I = re.IGNORECASE

# Drugs by the form of their international names (WHO, "The use of stems in the selection of INN", 2018), and what carries them.
DRUG = re.compile(
    r"\b[a-z]{2,}(?:mab|nib|mustine|zolomide|statin|pril|sartan|azole|caine|cillin|mycin|platin|rubicin|taxel|parin|xaban|gatran|olone|"
    r"asone|azepam|tidine|ciclovir|cept|imod|amide|cycline|triptan|gepant|setron|toin|barbital|racetam|quine|fungin|tecan|poside|bulin|"
    r"trexate|uracil|citabine|lukast|tropium|terol|gliflozin|gliptin|glutide|zolam|curium|curonium|flurane|fentanil|mectin|dectin|coxib)\b|\bwafers?\b",
    _I,
)


class InterventionKind(StrEnum):
    """What is done to a patient."""

    SURGICAL = "surgical"
    MEDICAL = "medical"
    OTHER = "other"


_SURGICAL = re.compile(
    r"\b(?:surg(?:ery|ical)|microsurg\w*|operation|resection|debulking|burr|drains?|drainage|shunts?|shunting|evacuation|implants?|implantation|graft\w*|transplant\w*|fixation|fusion|"
    r"clipping|incision|laparoscop\w*|endoscop\w*|\w+ectomy|\w+otomy|\w+ostomy|\w*plasty|\w+stomy|arthroscop\w*|stents?|stenting|mesh|sutur\w*|stapl\w*|anastomosis)\b",
    _I,
)
_OTHER = re.compile(
    r"\b(?:radio(?:therapy|surgery)|brachytherapy|irradiation|radiation|emboli[sz]ation|stimulation|ultrasound|laser|exercises?|training|education\w*|program(?:me)?s?|counsel+ing|behaviou?r\w*|cognitive|"
    r"rehabilitation|acupuncture|massage|diets?|dietary|devices?|ventilation|hypothermia|self-management|mobile|internet\w*|psycho\w*|mindfulness|physiotherapy|yoga|support|coaching|mask|nursing|screening|"
    r"feedback|reminders?|tele\w+|care|app|video|music|walking|telemonitoring)\b",
    _I,
)
_MEDICAL = re.compile(
    r"\b(?:drugs?|medications?|vaccin\w+|antibod\w+|inhibitors?|chemotherapy|immunotherapy|insulin|vitamin|steroids?|\w+steroids?|antibiotics?|infusion|injections?|tablets?|capsules?|supplement\w*|"
    r"analgesi\w*|an(?:a)?esthe\w+|antagonists?|agonists?|blockers?|acid|hormone|extract|iron|zinc|magnesium|block|morphine|ketamine|heparin|aspirin|metformin|probiotics?|oxytocin|misoprostol|\w+micin|"
    r"\w+feron|\w+profen|\w+idine|\w+apine|\w+oxetine|\w+prazole|\w+dipine|\w+olol|\w+amine|\w+sone|\w+oxacin|\w+vir)\b",
    _I,
)
_DRUG_CONTROL = re.compile(r"\b(?:placebo\w*|saline|vehicle)\b", _I)


def kind_of(name: str, comparator: str | None = None) -> InterventionKind | None:
    """The kind of the treatment `name`; what is compared with a placebo is a drug. None: the words do not tell."""
    if DRUG.search(name):
        return InterventionKind.MEDICAL
    if _SURGICAL.search(name):
        return InterventionKind.SURGICAL
    if _OTHER.search(name):
        return InterventionKind.OTHER
    if _MEDICAL.search(name) or _DRUG_CONTROL.search(comparator or ""):
        return InterventionKind.MEDICAL
    return None


LONGEST_NAME = 6
LONGEST_PRINTED = 200
"""Characters of a side; what is longer is a part of a sentence."""
_TAIL = re.compile(
    r"\s+\d+(?:[.·]\d+)?\s?(?:mg|g|µg|mcg|ml|IU|Gy)\b.*$|\s*\(?\b[nN]\s?=\s?\d+\)?.*$|\s*[(\[].*$|[†‡*§¶]+.*$|,\s*(?:n|no\.?|mean|median|%).*$"
)
_HEAD = re.compile(r"^(?:\d+ |\w+ )?(?:treatment )?(?:arms?|groups?):\s+", _I)
_ENDS = re.compile(r"[\s-]+(?:groups?|arms?|recipients|users|patients|participants|subjects|alone)$", _I)
_NO_NAME = re.compile(
    r"\b(?:except|pre-?test|post-?test|retest|remained|showed|reported|received|experienced|achieved|led|resulted|diagnos\w+|was|were|is|are|had|has|have|did|does|showed?|than|that|which|who|when|while|because|per|each|both|between|within|baseline|pre|post|before|after|across|correlations?|domain|following|associated|efficacy|safety|clinical|assessments?|conditions?|clusters?|mice|rats|animals|children|people|individuals|volunteers|infants|subgroups?|preoperative|procedure|week|weeks|months?|years?|day|days|visit|"
    r"effects?|mean|median|scores?|values?|levels?|difference|total|number|rates?|change|significant\w*|higher|lower|increas\w+|decreas\w+|reduc\w+|randomi[sz]\w+|assigned|allocated|according|consumed|wear|"
    r"subsequent|versus|vs|compared|n|p|results?|study|studies|trial|outcomes?|data|table|figure|analysis|model|survivors?|responders?|non-responders?|groups?|arms?|period|phase|january|february|march|april|may|"
    r"june|july|august|september|october|november|december|males?|females?|men|women|girls|boys|time|times|first|second|third|other|others|same|all|one|two|three|four|five|they|it|we|our|their|its|this|these|would|could|product|population|trials?)\b|[—]",
    _I,
)
_GENERIC = frozenset(
    "intervention interventions treatment treatments treated therapy experimental active drug drugs test exposed case cases study regimen program programme condition conditions procedure technique method"
    " subjective combination combined alone new standard early late dose doses high low local systemic only full immediate delayed monotherapy single multiple double controlled usual daily weekly".split()
)
_BAD_EDGE = frozenset(
    "iu gy kg and or of in for to with by on at from as the a an not no but use using plus subjective acute mild moderate severe mg ml oral intravenous".split()
)
_BARE = frozenset(
    "laparoscopic endoscopic open surgical medical local systemic topical preoperative postoperative".split()
)
"""What a name does not end with: its noun stands elsewhere in the sentence."""


def name_of(printed: str | None) -> str | None:
    """`printed` as the name of a treatment, exposure or test: without group sizes and dose; None where it is no clear name.

    ``Everolimus 1.5 mg (n = 61)`` is ``Everolimus``; ``Group S``, ``intervention`` and clauses are none.
    """
    if printed is None or len(printed) > LONGEST_PRINTED:
        return None
    name = _bare(printed)
    words = name.casefold().split()
    if not words or len(words) > LONGEST_NAME or words[0] in _BAD_EDGE or words[-1] in _BAD_EDGE | _BARE:
        return None
    if _NO_NAME.search(name) or all(word in _GENERIC for word in words):
        return None
    if re.search(r"[()\[\]{}=<>±%→|:“”\"?!]|\.\s|^\d", name) or not re.search(r"[A-Za-z]{3}", name):
        return None
    return name


def _bare(printed: str) -> str:
    """Without "4 arms:" before it, a group's size, a dose and the word "group" behind it."""
    text = _TAIL.sub("", _HEAD.sub("", " ".join(printed.split())))
    return _ENDS.sub("", text).strip(" ,;:.-–—/\"'“”")


def control_of(printed: str | None) -> str | None:
    """`printed` as the name of a comparator: the name of a treatment, or of a control (``placebo``, ``usual care``)."""
    if printed is None or len(printed) > LONGEST_PRINTED:
        return None
    bare = _bare(printed)
    if re.fullmatch(r"(?:the )?placebo(?: (?:nightly|throughout|group|treatment|tablets?|capsules?))?", bare, _I):
        return bare.split()[-1] if bare.casefold().endswith("placebo") else "placebo"
    if CONTROL.search(bare) and len(bare.split()) <= 4 and not re.search(r"[()=<>±%\d|:]", bare):
        return None if _NO_CONTROL.search(bare) else bare
    return name_of(printed)


_NO_CONTROL = re.compile(r"\b(?:baseline|observation|except|for|who|that|was|were|but)\b|\w (?:and|or) \w", _I)
"""What no name of one control has; ``celecoxib and placebo`` are two."""

_FILLERS = frozenset(
    "the a an of and with plus treatment therapy group oral intravenous intravenously intranasal topical daily twice once dose mg g ml kg kgday day low high combined combination alone use"
    " regimen administration addition adjunctive".split()
)


def stems_of(name: str) -> frozenset[str]:
    """The telling words of a name, without plural, numbers and words of its form or dose: equal for one thing."""
    words = re.findall(r"[a-zα-ω][\w'’]*", name.casefold())
    told = [word for word in words if word not in _FILLERS]
    return frozenset(
        word[:-1] if len(word) > 4 and word.endswith("s") and word[-2] not in "siu" else word for word in told or words
    )


def is_form_of(one: str, other: str) -> bool:
    """Whether one name only details the other: ``subcutaneous rilonacept`` and ``rilonacept``; not what is added to it, nor its lack."""
    first, second = stems_of(one), stems_of(other)
    other_thing = any(_COMBINES.search(name) or CONTROL.search(name) or _NEGATED.match(name) for name in (one, other))
    return (first <= second or second <= first) and not other_thing


_NEGATED = re.compile(r"(?:no|non|without|un\w+)\b|non", _I)


_COMBINES = re.compile(r"\b(?:plus|with|and|combined|combination)\b|\+|/", _I)


def is_same(one: str, other: str) -> bool:
    """Whether two names name one thing: the same telling words, and alone or combined alike."""
    return stems_of(one) == stems_of(other) and bool(_COMBINES.search(one)) == bool(_COMBINES.search(other))

"""Owns the rule on terms that exclude each other: the claim has one of a set, its passages have another one alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from chapter_pipeline.quality.checking.text import telling
from chapter_pipeline.quality.checking.verdict import Claim, Fault

_SETS: dict[str, dict[str, str]] = {
    "route": {
        "oral": r"oral(?:ly)?|by mouth|per os|swallow\w*|peroral\w*|tablets?|capsules?|enteric-coated",
        "intravenous": r"intravenous\w*|i\.?v\.?|iv",
        "intrathecal": r"intrathecal\w*|intraventricular\w*",
        "subcutaneous": r"subcutaneous\w*|s\.c\.|SC|sc",
        "intramuscular": r"intramuscular\w*",
        "intranasal": r"intranasal\w*|nasal sprays?|nasally",
        "inhaled": r"inhal\w+|aerosol\w*|nebuli[sz]\w+",
        "epidural": r"epidural\w*",
        "intra-articular": r"intra-?articular\w*",
        "topical": r"topical\w*|cream|ointment|eye drops",
        "rectal": r"rectal\w*|suppositor\w+",
        "transdermal": r"transdermal\w*|patch(?:es)?",
        "sublingual": r"sublingual\w*|buccal\w*",
        "intraperitoneal": r"intraperitoneal\w*|i\.p\.",
        "intra-arterial": r"intra-?arterial\w*",
        "intravitreal": r"intravitreal\w*",
    },
    "tube": {
        "mouth": r"through the mouth|orotracheal\w*|orogastric\w*",
        "nose": r"through the nose|nasotracheal\w*|nasogastric\w*",
    },
    "vessel": {"vein": r"into (?:a|the) veins?|intravenous\w*", "muscle": r"into (?:a|the) muscles?|intramuscular\w*"},
    "time of the study": {"forward": r"prospective(?:ly)?", "backward": r"retrospective(?:ly)?"},
    "side": {"left": r"left(?:-sided)?", "right": r"right(?:-sided)?"},
    "time of the operation": {
        "before": r"pre-?operative\w*|before (?:the )?(?:surgery|operation|resection|craniotomy)|prior to (?:the )?(?:surgery|operation)",
        "after": r"post-?operative\w*|after (?:the )?(?:surgery|operation|resection|craniotomy)|following (?:the )?(?:surgery|operation)",
        "during": r"intra-?operative\w*|during (?:the )?(?:surgery|operation|resection)",
    },
    "time of the birth": {
        "before": r"before (?:delivery|birth)|antenatal\w*|prenatal\w*",
        "after": r"after (?:delivery|birth)|postnatal\w*|postpartum|once the infant (?:had been|was) (?:born|delivered)",
    },
    "survival": {
        "overall": r"overall survival|m?OS", "progression-free": r"progression-free survival|PFS",
        "disease-free": r"disease-free survival|DFS", "event-free": r"event-free survival|EFS",
    },
    "average": {"median": r"median", "mean": r"mean|averaged?"},
    "reach": {"local": r"local(?:ly)?|topical(?:ly)?", "systemic": r"systemic(?:ally)?|intravenously"},
    "age": {
        "adults": r"adults?|elderly|older (?:people|patients|participants|men|women)",
        "children": r"child(?:ren|hood)?|p(?:a)?ediatric\w*|infants?|neonat\w*|newborns?|toddlers?|adolescents?|girls?|boys?",
    },
    "sex": {"men": r"men|man|males?|boys?", "women": r"women|woman|females?|girls?|mothers?"},
    "stage": {"newly diagnosed": r"newly diagnosed|de novo", "recurrent": r"recurrent|relapsed|refractory"},
    "line": {"first-line": r"first[- ]line", "second-line": r"second[- ]line"},
    "ratio": {
        "odds": r"odds ratios?|OR|odds", "hazard": r"hazard ratios?|HR|hazards?", "risk": r"risk ratios?|relative risks?|RR",
    },
    "occurrence": {"incidence": r"incidence", "prevalence": r"prevalence"},
    "test": {"sensitivity": r"sensitivity", "specificity": r"specificity"},
    "value of a test": {"positive": r"positive predictive value|PPV", "negative": r"negative predictive value|NPV"},
    "pressure": {"systolic": r"systolic|SBP", "diastolic": r"diastolic|DBP"},
    "front": {"anterior": r"anterior(?:ly)?", "posterior": r"posterior(?:ly)?"},
    "height": {"superior": r"superior (?:artery|vena|gyrus|sagittal|colliculus|lobe)", "inferior": r"inferior (?:artery|vena|gyrus|colliculus|lobe)"},
    "middle": {"medial": r"medial(?:ly)?", "lateral": r"lateral(?:ly)?"},
    "end": {"proximal": r"proximal(?:ly)?", "distal": r"distal(?:ly)?"},
    "course": {"acute": r"acute(?:ly)?", "chronic": r"chronic(?:ally)?"},
    "kind of growth": {"benign": r"benign", "malignant": r"malignan\w+|cancer\w*|carcinoma\w*"},
    "grade": {"low-grade": r"low[- ]grade", "high-grade": r"high[- ]grade"},
    "dose": {"low": r"low[- ]dose|low dose|lower doses?", "high": r"high[- ]dose|high dose|higher doses?"},
    "sedation": {"awake": r"awake", "general": r"general an(?:a)?esthesia"},
    "access": {"open": r"open (?:surgery|repair|approach|procedure)", "endoscopic": r"endoscop\w+|laparoscop\w+|minimally invasive"},
    "place of care": {"inpatients": r"in-?patients?", "outpatients": r"out-?patients?"},
    "order": {"first": r"primary endpoint|primary outcome", "second": r"secondary (?:endpoint|outcome)s?"},
    "death": {"mortality": r"mortality|deaths?|die[ds]?|dying|fatal\w*|survi\w+|killed|dead", "morbidity": r"morbidity|complications?"},
}  # fmt: skip
_PATTERNS = {
    name: {
        member: re.compile(rf"(?<![\w-])(?:{words})(?![\w])", 0 if name in ("survival", "ratio") else re.IGNORECASE)
        for member, words in members.items()
    }
    for name, members in _SETS.items()
}
_QUIET = frozenset(
    {"average", "reach", "course", "kind of growth", "sex", "dose", "death", "age", "route", "stage", "front", "middle"}
)
"""Sets whose members often stand beside each other: the claim has to share what the passage says of the other one."""
_ANY = re.compile(r"\b(?:both|either|any|all|whole|two|each|routes?)\b", re.IGNORECASE)
_BROKEN_OFF = re.compile(
    r"\bleft (?:the|a|an|over|out|untreated|behind|with|intensive|hospital|after|to|no|unchanged|them|him|her|in|him|\w+ of)\b|\bright (?:after|away|to|before)\b",
    re.IGNORECASE,
)
AROUND = 5


@lru_cache(maxsize=8192)
def _members(name: str, text: str) -> frozenset[str]:
    return frozenset(member for member, pattern in _PATTERNS[name].items() if pattern.search(text))


def alternative_faults(claim: Claim) -> Iterator[Fault]:
    """Terms of the claim of whose set the passages have another member alone."""
    text = _BROKEN_OFF.sub(" ", claim.text)
    known = _BROKEN_OFF.sub(" ", claim.known)
    joined = _BROKEN_OFF.sub(" ", claim.joined)
    for name, members in _PATTERNS.items():
        said = _members(name, text)
        if not said or len(said) > 1:
            continue
        member = min(said)
        if member in _members(name, known):
            continue
        others = _members(name, joined)
        if not others or (len(others) > 1 and name != "route") or _accepted(name, member, claim):
            continue
        mine = members[member].search(text)
        for other in sorted(others):
            theirs = members[other].search(joined)
            if mine is not None and theirs is not None and _is_of_the_same(name, mine, text, joined, members[other]):
                yield Fault(rule=name, words=mine.group(), says=f"its passages say {theirs.group()!r}")
                break


def order_faults(claim: Claim) -> Iterator[Fault]:
    """Before for after, or the reverse, of one and the same event."""
    told = {sign: [about for passage in claim.passages for about in _events(passage.text, sign)] for sign in _ORDER}
    for sign, other in (("before", "after"), ("after", "before")):
        for event in _events(claim.text, sign):
            if any(event & about for about in told[sign]):
                continue
            if any(len(event & about) >= min(2, len(event)) for about in told[other]):
                yield Fault(
                    rule="order", words=f"{sign} {min(event)}…", says=f"its passages say {other!r} of the same event"
                )
                return


_ORDER = {
    "before": re.compile(r"\b(?:before|prior to|preceding)\b", re.IGNORECASE),
    "after": re.compile(r"\b(?:after|following|since|once)\b", re.IGNORECASE),
}


@lru_cache(maxsize=8192)
def _events(text: str, sign: str) -> tuple[frozenset[str], ...]:
    """What `text` puts something before or after: the telling words right behind the preposition."""
    found = (
        telling(" ".join(re.split(r"[,;.()]", text[match.end() :])[0].split()[:4]))
        for match in _ORDER[sign].finditer(text)
    )
    return tuple(event for event in found if event)


def _is_of_the_same(name: str, mine: re.Match[str], text: str, joined: str, other: re.Pattern[str]) -> bool:
    """Whether the words around the member are those around the other one in a passage."""
    ours = _around(text, mine.start(), mine.end())
    if name not in _QUIET:
        return bool(ours & telling(joined)) or not ours
    return any(
        len(ours & _around(joined, match.start(), match.end())) >= (2 if name in ("sex", "age", "death") else 1)
        for match in other.finditer(joined)
    )


def _around(text: str, start: int, end: int) -> frozenset[str]:
    before, after = text[:start].split()[-AROUND:], text[end:].split()[:AROUND]
    return telling(" ".join((*before, *after)))


def _accepted(name: str, member: str, claim: Claim) -> bool:
    """What a careful writer may say though the passages use another word of the set."""
    if name == "average":
        return not re.search(r"\b(?:mean|median)\b", claim.text, re.IGNORECASE)
    if name == "ratio" and member in ("odds", "risk"):
        return not re.search(r"\b(?:odds|risk|hazard) ratio|\b(?:OR|HR|RR)\b", claim.text)
    return False

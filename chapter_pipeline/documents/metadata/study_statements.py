"""Owns the sentences in which a document speaks of its own study; it never decides what the study is."""

from __future__ import annotations

import re
from dataclasses import dataclass

_I = re.IGNORECASE
_SENTENCE = re.compile(r"(?<=[.;!?])\s+(?=[A-Z(\d“\"])|(?<=[a-z]:)\s+(?=[A-Z])")
_LABEL = re.compile(
    r"^(?P<label>(?:design(?:,? (?:and |& )?(?:settings?|participants?|patients|subjects|methods|population)){1,3}|"
    r"main outcomes?(?: and)?(?: measures?(?:\(s\))?| measurements)?|exposures?|background|introduction|context|rationale|importance|objectives?|aims?|purpose|methods?|design|"
    r"study design|trial design|(?:materials?|patients?|subjects|participants|research design|design|methodology) ?"
    r"(?:and|&|/) ?(?:methods?|patients|setting|participants|principal findings)|setting|patients|participants|subjects|"
    r"interventions?|methodology|results?|findings|principal findings|conclusions?|interpretation|discussion|limitations|"
    r"significance|trial registration)(?: and (?:aims?|purpose|objectives?|findings|importance|results|conclusions?))?)"
    r"(?:\s*[:.—]+\s*|\s+(?=[A-Z\d])|$)",
    _I,
)
_BEFORE = re.compile(r"^(?:background|introduction|context|rationale|importance|objective|aim|purpose)", _I)
_AFTER = re.compile(r"^(?:conclusion|interpretation|discussion|limitation|significance)", _I)
_OWN = re.compile(
    r"\b(?:in|of|during|for) (?:this|our|the present|the current)\b|^(?:here|herein|this|we|our)\b|"
    r"\bwe (?:\w+ly )?(?:also )?(?:did|conduct\w*|perform\w*|carried|report\w*|present\w*|describe\w*|undertook|ran|"
    r"random\w+|assigned|allocated|enrol\w*|recruit\w*|stud(?:y|ied)|investigat\w*|evaluat\w*|assess\w*|compar\w*|"
    r"examin\w*|analy[sz]\w*|follow\w*|us(?:e|ed)|review\w*|search\w*|designed|tested|determin\w*)\b|"
    r"\b(?:this|our|the present|the current|present) (?:[\w-]+,? ){0,7}(?:study|trial|review|report|article|paper|"
    r"analysis|survey|case|series|cohort)\b",
    _I,
)
_OTHERS = re.compile(
    r"\b(?:previous|prior|earlier|recent|other|several|many|most|some|existing|published|available|large|larger|"
    r"historical|future|further|additional|few|lack of|more|first) (?:[\w-]+,? ){0,5}"
    r"(?:studies|trials?|reports|evidence|reviews|meta-analyses|guidelines)\b|"
    r"\bno (?:[\w-]+ ){0,2}(?:studies|trials?|reports|evidence|reviews)\b|"
    r"\b(?:is|are) (?:now )?(?:needed|required|warranted|lacking|underway|scarce)\b|"
    r"\bshould be\b|\b(?:trials?|studies|evidence|meta-analys[ei]s) (?:have|has|had)\b|\bneed for\b|"
    r"\b(?:studies|trials?) (?:(?:of|in) )?(?:[\w-]+ ){0,4}(?:showed|demonstrated|suggested|reported that)\b",
    _I,
)
_DONE = re.compile(
    r"\b(?:was|were|had|did|received|underwent|participated|completed|enrolled|included|compared|examined|assessed)\b",
    _I,
)
_NEVER_OWN = re.compile(
    r"\b(?:an?|one|another) (?:[\w-]+ ){0,4}(?:trial|study) (?:of|in) (?:[\w-]+ ){0,8}(?:showed|demonstrated|suggested)\b",
    _I,
)
_SECONDARY = re.compile(
    r"\b(?:data|participants|patients|women|men|children|infants|samples|subjects|specimens|population) "
    r"(?:[\w-]+ ){0,4}?(?:from|of|in|enrolled in|selected from) (?:the |a |an |one |two |three )?(?:[\w-]+,? ){0,6}"
    r"(?:trials?|randomi[sz]ed (?:[\w-]+ ){0,4}(?:trials?|study))\b",
    _I,
)
_PART_OF_TRIAL = re.compile(
    r"\bsub-?stud(?:y|ies)\b|\b(?:post[- ]hoc|secondary|ancillary|exploratory) (?:[\w-]+ ){0,2}analys[ei]s of\b", _I
)
_MASKS = (
    (("mendelian",), re.compile(r"\bmendelian[- ]randomi[sz]ation\b", _I), "genetic-instrument"),
    (
        ("randomi",),
        re.compile(r"\b(?:non[-–‐ ]?|not |un|without |never |rather than |quasi[-–‐ ]?)randomi[sz](?:ed|ation)\b", _I),
        "nonrandom",
    ),
    (("randomly",), re.compile(r"\b(?:not|non)[- ](?:been )?randomly (?=assigned|allocated|divided)", _I), "nonrandom "),
    (("random",),
     re.compile(r"\brandom(?:ly)?[- ](?:effects?|forests?|samples?d?|sampling|digit|number|walk|selected|chosen|drawn|"
                r"errors?|variation|distribution|noise|integration|mutagenesis|interval|intercept|slope)\b", _I), "sampled"),
    (("phantom ",), re.compile(r"\bphantom (?:limb|pain|sensations?|shock)\w*", _I), "sensation"),
    (("cadaver",), re.compile(r"\bcadaver(?:ic)?[- ](?:donors?|kidneys?|renal|livers?|transplant\w*|grafts?|organs?)\b", _I), "donor"),
    (("mouse", "murine", "rat ", "rat-", "hamster"),
     re.compile(r"\b(?:mouse|murine|rat|hamster)(?=[- ](?:[\w-]+ ){0,2}(?:cells?|cell lines?|fibroblasts?|macrophages|neurons|hepatocytes|splenocytes|lymphocytes|ESCs?|iPSCs?)\b)", _I), "cultured"),
    (("vitro fertili",), re.compile(r"\bin[- ]vitro fertili[sz]ation\b", _I), "IVF"),
    (("rabbit", "equine", "horse", "anti-mouse", "anti-rat", "canine", "guinea pig", "mouse "),
     re.compile(r"\b(?:rabbit|equine|horse) (?:anti-?\s?\w+|ATG|IgG|antibod\w+)|\b(?:anti-(?:rabbit|mouse|rat))\b|"
                r"\bcanine (?=retraction|teeth|tooth|fossa|eminence|guidance|region|impact|distali)|"
                r"\bmaxillary canines?\b|\bguinea pig (?=complement)|\bmouse (?=tracking|click|cursor)", _I), ""),
    ((" review", "review board"),
     re.compile(r"\b(?:institutional|ethics|ethical|peer|scientific|internal) review\w*|\breview boards?\b", _I), "board"),
    (("randomi", "health survey", "short form"),
     re.compile(r"\brandomi[sz]ed (?:complete )?block\b|\bhealth survey\b|\bshort form[- ]?\d*\b", _I), "layout"),
)  # fmt: skip
"""Words that look like a design, or an animal, and are none. Before each pattern: what every match has in small letters, one of
them; most texts have none, and to look for words takes a tenth of the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence about the study itself. `secondary`: it says that data of another trial are used."""

    text: str
    secondary: bool = False


def masked(text: str) -> str:
    """`text` without the words that look like a design or an animal and are none."""
    small = text.casefold()
    for hints, pattern, word in _MASKS:
        if any(hint in small for hint in hints):
            text = pattern.sub(word, text)
    return " ".join(text.split())


def own_statements(abstract: str, part: str = "") -> tuple[Statement, ...]:
    """The sentences of a masked `abstract` that say what its authors did.

    Under a label of methods or results every sentence counts that does not speak of other studies; before and after them
    only one that names this study; in an abstract without labels also one that tells what was done. `part` is the label
    of the whole text, whose own are not looked for.
    """
    found, part_is_known = [], bool(part)
    part_of_trial = _PART_OF_TRIAL.search(abstract) is not None
    for raw in _SENTENCE.split(abstract):
        label = None if part_is_known else _LABEL.match(raw)
        text = raw
        if label and label["label"][0].isupper():
            part, text = label["label"], raw[label.end() :]
        if not text or _is_of_others(text, part):
            continue
        found.append(Statement(text=text, secondary=_SECONDARY.search(text) is not None or part_of_trial))
    return tuple(found)


def _is_of_others(text: str, part: str) -> bool:
    if _NEVER_OWN.search(text):
        return True
    own = _OWN.search(text) is not None
    if _BEFORE.match(part) or _AFTER.match(part):
        return not own or _OTHERS.search(text) is not None
    if not part and not own and not _DONE.search(text):
        return True
    return _OTHERS.search(text) is not None and not own

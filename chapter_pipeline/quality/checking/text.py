"""Owns the plain form of a text that the rules compare, its clauses, and the stems of its content words."""

from __future__ import annotations

import re
from functools import lru_cache

_DASHES = re.compile("[‐‑‒–—−⁓∼﹣－]")
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f]+")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_POWER = re.compile(r"(?<![\d.])10(⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})(?![⁰¹²³⁴⁵⁶⁷⁸⁹])")
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3})((?:,\d{3})+)(?![\d])")
_MIDDLE_DOT = re.compile(r"(?<=\d)[·∙‧](?=\d)")
_PERCENT = re.compile(r"(?<=\d)\s?(?:per ?cents?\b(?!age)|pct\b)|(?<=[a-z])\s(?:per ?cent)\b(?!age)", re.IGNORECASE)
_MARKER = re.compile(r"\s?\[\d{1,3}(?:\s?[,;-]\s?\d{1,3})*\](?!\s?(?:days?|months?|years?|minutes?|hours?|vs))")
_ABBREVIATED = re.compile(r"\b(vs|et al|e\.g|i\.e|approx|resp|ca|Fig|Figs|No|Dr|incl)\.(?=[\s,;)])")
_CLAUSE = re.compile(
    r"(?<=[.!?])\s+(?=[A-Z(])|;\s|,?\s(?:but|whereas|although|though|while|however|nevertheless)\b,?\s?|"
    r",\s(?:which|and|nor|so that|with)\s"
)
_SENTENCE = re.compile(r"(?<=[a-z0-9)\]%][.!?])\s+(?=[A-Z(])")
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|'(?!s\b))*")
STOP = frozenset(
    "a about above after again against all almost also although among an and another any are around as at be because been "
    "before being below between both but by can could did do does due during each either else even ever every few for from "
    "further had has have having he her here his how however if in into is it its itself just less least like made make many "
    "may might more moreover most much must nearly neither no nor not of off often on once one only onto or other others our "
    "out over own per rather roughly same she should since so some such than that the their them then there therefore these "
    "they this those though through thus to too under until up upon us very was we were what when where whether which while "
    "who whom whose why will with within without would yet you your vs versus compared comparison "
    "respectively furthermore additionally conversely overall".split()
)
GENERAL = frozenset(
    "patient patients people subject subjects participant participants person persons individual individuals group groups study "
    "studies trial trials result results finding findings show shows showed shown found find report reported reports given "
    "give received receiving receive treatment treated treatments associated significantly significant statistically year "
    "years month months week weeks day days hour hours minute minutes cases case number rate rates level levels use used "
    "using data analysis mean median average first second two three four five".split()
)
"""Words that nearly every medical sentence has: they tell nothing of what it is about."""
_SAME = {
    "die": "death", "died": "death", "dies": "death", "dying": "death", "dead": "death", "deaths": "death",
    "mortality": "death", "fatal": "death", "lethal": "death", "survived": "survival", "survive": "survival",
    "survives": "survival", "surviving": "survival", "lived": "survival", "alive": "survival", "renal": "kidney",
    "kidneys": "kidney", "hepatic": "liver", "cardiac": "heart", "pulmonary": "lung", "lungs": "lung", "cerebral": "brain",
    "brains": "brain", "female": "woman", "females": "woman", "women": "woman", "girl": "woman", "girls": "woman",
    "male": "man", "males": "man", "men": "man", "boys": "man", "mice": "mouse", "murine": "mouse", "paediatric": "child",
    "pediatric": "child", "children": "child", "childhood": "child", "drug": "drug", "medication": "drug",
    "medications": "drug", "medicine": "drug", "operation": "surgery", "operations": "surgery", "surgical": "surgery",
    "operative": "surgery", "operated": "surgery", "complications": "morbidity", "complication": "morbidity",
    "tumour": "tumor", "tumours": "tumor", "tumors": "tumor", "cancers": "cancer", "illness": "disease",
    "diseases": "disease", "renalfunction": "kidney", "oral": "mouth", "haemorrhage": "bleed", "hemorrhage": "bleed",
    "bleeding": "bleed", "bleeds": "bleed", "relapse": "recur", "relapses": "recur", "commoner": "frequent",
    "common": "frequent", "commonest": "frequent", "length": "durat", "lasted": "durat", "pain": "pain",
    "analgesia": "pain", "analgesic": "pain", "stay": "stay", "sex": "sex", "gender": "sex", "newborn": "neonat",
    "newborns": "neonat", "infants": "neonat", "infant": "neonat", "elderly": "old", "older": "old", "aged": "old",
    "began": "start", "begun": "start", "initiated": "start", "lesser": "less", "trachea": "trach",
}  # fmt: skip
_LONG = (
    "inter", "contr", "hyper", "under", "trans", "micro", "multi", "elect", "neuro", "cardi", "immun", "progr", "proto",
    "prost", "chemo", "radio", "hypot", "hypog", "hypoc", "hydro", "methy", "endos", "gluco", "glyco", "intra", "extra",
    "super", "lymph", "meta", "antib", "antic", "antid", "overa", "overw", "ileum",
)  # fmt: skip


def _power(match: re.Match[str]) -> str:
    exponent = int(match[1].translate(_RAISED))
    return f"{10.0**exponent:.12f}".rstrip("0").rstrip(".") if abs(exponent) < 13 else match.group()


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """`text` with plain dashes, spaces and quotes, numbers without thousands marks, and no citation markers."""
    text = _SPACES.sub(" ", _DASHES.sub("-", text)).replace("’", "'").replace("‘", "'").replace("μ", "µ")
    text = _POWER.sub(_power, _MIDDLE_DOT.sub(".", text))
    text = _THOUSANDS.sub(lambda match: match[1] + match[2].replace(",", ""), text)
    text = _ABBREVIATED.sub(lambda match: match[1], _MARKER.sub("", text))
    return _PERCENT.sub("%", text).strip()


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """What stands for a word and its forms: *recurrence*, *recurrent* and *recurred* are one."""
    word = word.lower()
    word = _SAME.get(word, word)
    word = word.replace("ae", "e").replace("oe", "e").replace("our", "or")
    if len(word) > 4 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:8] if word.startswith(_LONG) else word[:5]


def words(text: str) -> list[str]:
    """The words of `text` in their order, as printed."""
    return _WORD.findall(text)


@lru_cache(maxsize=8192)
def stems(text: str) -> frozenset[str]:
    """Stems of the content words of `text`."""
    return frozenset(stem(word) for word in words(text) if len(word) > 2 and word.lower() not in STOP)


@lru_cache(maxsize=8192)
def telling(text: str) -> frozenset[str]:
    """Stems of the words of `text` that tell what it is about: neither function words nor words of every study."""
    return frozenset(
        stem(word) for word in words(text) if len(word) > 2 and word.lower() not in STOP and word.lower() not in GENERAL
    )


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[str, ...]:
    """The sentences of `text`."""
    return tuple(part for part in _SENTENCE.split(text) if part.strip())


@lru_cache(maxsize=8192)
def clauses(text: str) -> tuple[str, ...]:
    """The parts of `text` that state something of their own."""
    return tuple(part.strip() for part in _CLAUSE.split(text) if part and part.strip())

"""Owns the rules on what is denied: significance told for none and the reverse, and one predicate both said and denied."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chapter_pipeline.quality.checking.text import clauses, sentences, telling
from chapter_pipeline.quality.checking.verdict import Claim, Fault

_NOT_SIGNIFICANT = re.compile(
    r"\b(?:not|no|non|neither|nor|never|without|lack of|fail\w* to (?:show|reach|demonstrate)|n't)\b(?:[ -]\w+){0,6}?[ -](?:statistical\w* )?(?:significan\w+|difference)|"
    r"\bnon-?significan\w+|\binsignifican\w+|\bno (?:[\w-]+ ){0,2}(?:difference|effect|benefit|advantage|association|correlation|improvement)|"
    r"\b(?:not|n't) (?:\w+ ){0,3}?(?:differ|different)\b|\btrend(?:ed|s)? (?:to|toward|towards|for)|\btended\b|\bborderline\b|"
    r"\bdid not reach\b|\b(?:was|were|is|are) (?:comparable|similar)\b|\bp\s?>\s?0?\.0[1-9]|\bp\s?=\s?(?:0?\.(?:0[6-9]|05[1-9]|[1-9])|1\.0)",
    re.IGNORECASE,
)
_SIGNIFICANT = re.compile(
    r"\bsignifican(?:t|tly|ce)\b|\bp\s?[<≤=]{1,2}\s?(?:0?\.0(?:[0-4]|50?\b)|0?\.00)", re.IGNORECASE
)
_SAYS_SIGNIFICANT = re.compile(
    r"\bsignificantly\b|\b(?:statistically |a |was |were |is |are )significant\b", re.IGNORECASE
)
_SAYS_NONE = re.compile(
    r"\bno (?:statistically )?significant(?: \w+){0,2} (?:difference|effect|change|association)|\bnot (?:statistically )?significant|"
    r"\bnot significantly|\bnon-?significant|\bdid not differ|\bno difference\b|\bdid not (?:\w+ )?significantly|\bno (?:effect|benefit)\b",
    re.IGNORECASE,
)
_NOT_ONLY = re.compile(
    r"\bnot (?:only|just|merely|necessarily|always|all|every)\b|\bno (?:more|less|fewer|later|doubt|longer|sooner)\b|\bnot (?:the )?only\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|should|may|might)(?: not\b|n't\b)|cannot|never|fail(?:s|ed)? to|"
    r"failure to|unable to|not|no|none of the|none|neither|nor|without|absence of|lack(?:s|ed|ing)?(?: of)?|free of|incapable of)(?![\w-])\s?",
    re.IGNORECASE,
)
_ANY_DENIAL = re.compile(
    r"\b(?:no|not|never|none|neither|nor|without|cannot|hardly|barely|rarely|seldom|scarcely|little|few|fail\w*|unable|absen\w+|lack\w*|"
    r"zero|nobody|nothing|un(?:changed|affected|likely|related|able|altered|harmed|touched)|similar\w*|comparabl\w+|equal\w*|same|"
    r"equivalent|non[- ]?\w+|ineffective\w*|insignificant\w*|independent\w*|spar(?:e|ed|ing)|avoid\w*|prevent\w*|only|limit\w*|"
    r"insufficient|inadequate|disput\w+|controvers\w+|uncertain\w*|unclear|whether|unknown|question\w*|yet|still|remain\w*|refut\w+|"
    r"exclud\w+|except|despite|rather|stopp?\w*|lost|loss|cease\w*|too|instead|small\w*|less|lower|fewer|reduc\w+|decreas\w+|"
    r"however|abolish\w*|inhibit\w*|block\w*|suppress\w*|decline\w*|disappear\w*|contra\w+|resist\w*|fell|impair\w*|poor\w*|hard\w*|"
    r"difficult\w*|no-one|dis\w+|deficien\w+|knockout|null|deplet\w+|free|quasi\w*|p\s?>)\b|n't\b|-/-|-free\b",
    re.IGNORECASE,
)
_SCOPE = re.compile(
    r"[,;:.()]|\b(?:but|although|whereas|while|however|and|or|than|because|which|that|when|in|at|after|during|between|compared)\b"
)
LEAST_SHARED = 2


@dataclass(frozen=True, slots=True)
class _Marked:
    """A clause with what it is about, and whether it tells significance or denies it."""

    about: frozenset[str]
    significant: bool
    text: str


@lru_cache(maxsize=4096)
def _marked(text: str) -> tuple[_Marked, ...]:
    found = []
    for clause in clauses(text):
        if _NOT_SIGNIFICANT.search(clause):
            found.append(_Marked(telling(clause), False, clause))
        elif _SIGNIFICANT.search(clause):
            found.append(_Marked(telling(clause), True, clause))
    return tuple(found)


def significance_faults(claim: Claim) -> Iterator[Fault]:
    """A difference told as significant where the passages say that it is not, and the reverse."""
    held = [one for passage in claim.passages for one in _marked(passage.text)]
    if not held:
        return
    for clause in clauses(claim.text):
        about = telling(clause)
        if _NOT_SIGNIFICANT.search(clause):
            if not _SAYS_NONE.search(clause) or _NOT_ONLY.search(clause):
                continue
            wanted = False
        elif _SAYS_SIGNIFICANT.search(clause) and not _ANY_NOT.search(clause):
            wanted = True
        else:
            continue
        near = {
            sign: max((len(about & one.about) for one in held if one.significant is sign), default=-1)
            for sign in (True, False)
        }
        never = (
            wanted
            and near[True] < 0 <= near[False]
            and len(telling(claim.text) & telling(claim.joined)) >= LEAST_SHARED
        )
        never = never and (near[False] >= LEAST_SHARED or not re.search(r"\bCI\b|confidence interval", claim.joined))
        if never or (
            near[not wanted] >= LEAST_SHARED and near[not wanted] > near[wanted] and (wanted or near[wanted] < 0)
        ):
            said = (_SAYS_SIGNIFICANT if wanted else _SAYS_NONE).search(clause)
            other = max((one for one in held if one.significant is not wanted), key=lambda one: len(about & one.about))
            yield Fault(
                rule="significance", words=said.group() if said else clause,
                says=f"its passages say {other.text[:80]!r}",
            )  # fmt: skip
            return


_ANY_NOT = re.compile(r"\b(?:not|no|neither|nor|without|never|none)\b|n't\b|\btend|trend", re.IGNORECASE)


@lru_cache(maxsize=8192)
def _denied(text: str) -> tuple[tuple[frozenset[str], str], ...]:
    """What each denial of `text` denies, up to the end of its phrase."""
    found = []
    plain = _NOT_ONLY.sub(" ", text)
    for match in _DENIAL.finditer(plain):
        scope = _SCOPE.split(plain[match.end() : match.end() + 90].lstrip(), maxsplit=1)[0]
        about = telling(" ".join(scope.split()[:5]))
        if about and not re.match(r"(?:with|in|by|for|on|of|to the|as|at|from)\b", scope):
            found.append((about, f"{match.group().strip()} {scope}".strip()))
    return tuple(found)


def negation_faults(claim: Claim) -> Iterator[Fault]:
    """A predicate that the claim states and the sentence nearest to it denies, and the reverse."""
    whole = _NOT_TRUE.search(claim.text)
    if whole and not any(_ANY_DENIAL.search(passage.text) for passage in claim.passages):
        yield Fault(rule="negation", words=whole.group(), says="its passages deny nothing")
        return
    said = telling(claim.text)
    held = [
        (len(said & telling(sentence)), sentence) for passage in claim.passages for sentence in sentences(passage.text)
    ]
    best = max((shared for shared, _ in held), default=0)
    if not said or best < NEAR * len(said):
        return
    near = [sentence for shared, sentence in held if shared >= best - 1 and shared >= NEAR * len(said)]
    if not _ANY_DENIAL.search(claim.text):
        denied = [(about, words) for sentence in near for about, words in _denied(sentence) if about <= said]
        stated = any(
            about & telling(clause)
            for about, _ in denied
            for sentence in near
            for clause in clauses(sentence)
            if not _DENIAL.search(clause)
        )
        again = any(
            sum(about <= telling(part) for part in re.split(r"\bwithout\b|\bnon-?\b|\bno\b", sentence)) > 1
            for about, _ in denied
            for sentence in near
        )
        if denied and not stated and not again and len(near) == sum(bool(_denied(sentence)) for sentence in near):
            yield Fault(rule="negation", words="", says=f"states what its passages deny: {denied[0][1]!r}")
            return
    if _SUPERLATIVE.search(claim.text) or any(_LIKE_DENIAL.search(sentence) for sentence in near):
        return
    for about, words in _denied(claim.text):
        if all(about <= telling(sentence) for sentence in near):
            yield Fault(rule="negation", words=words, says="its passages state it and deny nothing")
            return


_NOT_TRUE = re.compile(
    r"\b(?:never|not|no longer|hardly) (?:true|correct|right|the case|so) that\b|\b(?:false|wrong|untrue|a myth) that\b|"
    r"\bno (?:evidence|proof|indication|sign) (?:that|of|for)\b",
    re.IGNORECASE,
)
"""A denial of all that follows it."""
NEAR = 0.5
"""Share of the claim's telling words that a sentence has to have to be held against it."""
_LIKE_DENIAL = re.compile(
    r"\b(?:no|not|never|none|neither|nor|without|cannot|hardly|barely|rarely|seldom|few|little|fail\w*|unable|absen\w+|lack\w*|zero|"
    r"un(?:changed|affected|likely|related|altered|harmed|known|clear|certain)|similar\w*|comparabl\w+|equal\w*|equivalent|ineffective\w*|"
    r"insignificant\w*|independent\w*|avoid\w*|prevent\w*|only|limit\w*|insufficient|inadequate|despite|except|difficult\w*|remain\w*|"
    r"poor\w*|impair\w*|abolish\w*|block\w*|spar\w+|free|inhibit\w*|suppress\w*|loss|deficien\w+|knockout|quasi\w*|non\w*|p\s?>)\b|n't\b|-free\b",
    re.IGNORECASE,
)
_SUPERLATIVE = re.compile(
    r"\b(?:no|nothing|none|never|few|not)\b.*\b(?:more|better|as|other|than|only|until|unless|less)\b|\?|\bnot (?:yet|fully)\b",
    re.IGNORECASE,
)

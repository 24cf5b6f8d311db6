"""Owns the rules on nearness: a passage about something else, and a near quotation with its meaning turned round."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chapter_pipeline.quality.checking.text import STOP, clauses, sentences, stems, telling, words
from chapter_pipeline.quality.checking.verdict import Claim, Fault

NEGATION = re.compile(
    r"\b(?:no|not|never|neither|nor|none|without|cannot|fail(?:s|ed)? to|absence of|lack(?:s|ed)?(?: of)?|\w+n't)\b",
    re.IGNORECASE,
)
_NOT_ONLY = re.compile(r"\bnot (?:only|just|merely|always|necessarily)\b|\bnot the only\b", re.IGNORECASE)
_PREFIX = re.compile(r"(?:un|in|im|ir|non|dis|contra)(?=[a-z]{5})")
NEAR = 0.85
"""Share of the words of a claim and of a passage's sentence that they share, from which on one is the other's near quotation."""
SAME = 0.95
"""The same of a quotation with a word changed: it denies as often as its passage does."""
DENYING = 0.65
"""The same of a clause that denies, whose denial may need words of its own."""
OWN_WORDS = 0.6
"""Share of the claim's words that are its passages', from which on an opposite word is no other matter."""
FAR = 0.25
DISTANT = 0.4
FEW_WORDS = 0.3
"""Cosines and share of words that tell a wrong key: 95% of wrongly joined claims, one honest paraphrase of 258 (measured)."""


def _shared(ours: frozenset[str], theirs: frozenset[str]) -> float:
    return len(ours & theirs) / len(ours) if ours else 0.0


def _denials(text: str) -> int:
    return len(NEGATION.findall(_NOT_ONLY.sub(" ", text)))


def is_nearly_verbatim(claim: Claim) -> bool:
    """Whether the claim says in the words of a passage what that passage says, with its negations."""
    return any(
        _shared(claim.stems, passage.stems) >= NEAR and _denials(claim.text) == _denials(passage.text)
        for passage in claim.passages
    )


def turned_faults(claim: Claim) -> Iterator[Fault]:
    """A near quotation that negates what the passage states, or states what it negates."""
    denials = _denials(claim.text)
    for passage in claim.passages:
        same = _shared(claim.stems, passage.stems) >= SAME and _shared(passage.stems, claim.stems) >= SAME
        if same and len(passage.stems) >= 2 and _denials(passage.text) != denials:
            yield Fault(rule="negation", words="", says="denies more or less than the passage whose words it has")
            return
        for sentence in sentences(passage.text):
            theirs = stems(sentence)
            near = len(theirs) >= 2 and _shared(theirs, claim.stems) >= NEAR and _is_of(claim, theirs, denials)
            other = _denials(sentence)
            if near and (bool(other) != bool(denials) or (other != denials and claim.stems == theirs)):
                denial = NEGATION.search(claim.text) or NEGATION.search(sentence)
                yield Fault(
                    rule="negation", words=denial.group() if denial else claim.raw,
                    says=f"its passage says {sentence!r}",
                )  # fmt: skip
                return
    if _shared(claim.stems, claim.known_stems) < OWN_WORDS or bool(denials) != bool(_denials(claim.joined)):
        return
    said, held = _words(claim.text), _words(claim.joined)
    for word in sorted(said - held):
        bare = _bare(word)
        if bare is not None and bare in held:
            yield Fault(rule="negation", words=word, says=f"its passages say {bare!r}")
            return
    for word in sorted(held - said):
        bare = _bare(word)
        if bare is not None and bare in said and bare not in held:
            yield Fault(rule="negation", words=bare, says=f"its passages say {word!r}")
            return


def _is_of(claim: Claim, theirs: frozenset[str], denials: int) -> bool:
    """Whether the claim, or the clause of it that denies, consists of `theirs` but for a few words."""
    if not denials:
        return _shared(claim.stems, theirs) >= NEAR
    denying = [stems(clause) for clause in clauses(claim.text) if _denials(clause)]
    return bool(denying) and all(
        len(own) >= 2 and _shared(own, theirs) >= (DENYING if len(own) > 3 else NEAR) for own in denying
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in words(text)) - STOP


def _bare(word: str) -> str | None:
    return _PREFIX.sub("", word, count=1) if _PREFIX.match(word) else None


def topic_faults(claim: Claim, meaning: float) -> Iterator[Fault]:
    """A claim that is about something else than its passages: far in `meaning` (their cosine), with few words shared."""
    if meaning < FAR or (meaning < DISTANT and shared_words(claim) <= FEW_WORDS):
        yield Fault(rule="topic", words="", says=f"is about something else than its passages (cosine {meaning:.2f})")


def shared_words(claim: Claim) -> float:
    """Share of the claim's telling words that its passages have, 0 to 1; 1 for a claim without any."""
    ours = telling(claim.text)
    return len(ours & telling(claim.known)) / len(ours) if ours else 1.0

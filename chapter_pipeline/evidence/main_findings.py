"""Owns which findings of a study are its main ones: what its abstract reports, its primary outcome, what it concludes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.evidence import Direction, Finding, FindingKind
from chapter_pipeline.evidence.source import Statement, Zone

MOST_RESULTS = 4
MOST_CONCLUSIONS = 2
MOST_TOLD = 6
"""Statements on other work that are main findings of a narrative review: those with an effect, an interval or a p value."""
LIKE = 0.45
"""Share of the shorter sentence's words from which a sentence of the body tells a result of the abstract again."""
_I = re.IGNORECASE
_PRIMARY = re.compile(r"\bprimary (?:outcome|end ?point|efficacy|analysis|objective)", _I)
_FLOW = re.compile(
    r"\b(?:were (?:randomi[sz]ed|enrolled|recruited|screened|included|eligible|identified|analy[sz]ed)|completed the (?:study|trial)|withdrew|lost to follow|mean age|median age|baseline|met (?:the )?inclusion)\b",
    _I,
)
_WORD = re.compile(r"[a-z]{5,}")
_EMPTY = frozenset(
    "study trial patients effect effects treatment using after between during among clinical results analysis group groups outcomes outcome randomized randomised controlled following versus compared".split()
)


def choose(
    findings: Sequence[Finding], statements: Sequence[Statement | None], title: str | None, study: StudyType
) -> list[bool]:
    """Of each finding whether it is a main one; `statements` has the sentence of each, None for a row of a table."""
    topic = _stems(title or "")
    scored = [_score(finding, statement, topic, study) for finding, statement in zip(findings, statements, strict=True)]
    chosen = [False] * len(findings)
    # What a review found is what it tells of other work.
    told = ((_TOLD, MOST_TOLD),) if study is StudyType.REVIEW else ()
    for kinds, most in ((_RESULTS, MOST_RESULTS), (_CONCLUSIONS, MOST_CONCLUSIONS), *told):
        ranked = sorted(
            (place for place, finding in enumerate(findings) if finding.kind in kinds and scored[place] > 0),
            key=lambda place: (-scored[place], place),
        )
        taken: set[int] = set()
        for place in ranked:
            statement = statements[place]
            number = statement.number if statement is not None else -1 - place
            if number in taken or len(taken) < most:
                taken.add(number)
                chosen[place] = True
    results = [
        (finding, statement, one)
        for finding, statement, one in zip(findings, statements, chosen, strict=True)
        if finding.kind is FindingKind.OWN_RESULT and statement is not None
    ]
    body = [
        (statement.number, _words(statement.text), 0.1 if finding.p or finding.effects else 0.0)
        for finding, statement, _ in results
        if not statement.in_abstract
    ]
    of_abstract = {statement.text for _, statement, one in results if one and statement.in_abstract}
    told_again = {_told_again(text, body) for text in of_abstract}
    return [
        one or (statement is not None and statement.number in told_again)
        for one, statement in zip(chosen, statements, strict=True)
    ]


def _told_again(text: str, body: Sequence[tuple[int, frozenset[str], float]]) -> int | None:
    """The number of the statement of the body that says what a result of the abstract says, with its numbers: the likest one.

    `body`: the results of the body, each with its number, its words, and what is added for its statistics.
    """
    said = _words(text)
    best, share = None, LIKE
    for number, words, statistics in body:
        shared = len(said & words) / max(1, min(len(said), len(words))) + statistics
        if shared > share:
            best, share = number, shared
    return best


_RESULTS = (FindingKind.OWN_RESULT, FindingKind.CASE)
_TOLD = (FindingKind.BACKGROUND,)
_CONCLUSIONS = (FindingKind.CONCLUSION, FindingKind.RECOMMENDATION)


def _score(finding: Finding, statement: Statement | None, topic: set[str], study: StudyType) -> float:
    """How likely a finding is a main one; 0 for what never is."""
    if statement is None or finding.kind not in (*_RESULTS, *_CONCLUSIONS, *_TOLD):
        return 0.0
    text = statement.text
    if finding.kind in _TOLD:
        if study is not StudyType.REVIEW or not (finding.p or finding.effects):
            return 0.0
        return 1.0 + 0.5 * min(len(_stems(text) & topic), 4) + bool(finding.p) + bool(finding.effects)
    shared = len(_stems(text) & topic)
    score = min(shared, 4) * 0.5
    if finding.kind in _CONCLUSIONS:
        if statement.in_abstract:
            score += 4.0
        elif statement.zone is Zone.CLOSING:
            score += 2.5
        elif statement.zone is not Zone.DISCUSSION:
            return 0.0
        return score + (
            0.5 if statement.position == 0 or re.match(r"(?:in )?conclusion|we conclude", text, _I) else 0.0
        )
    if statement.in_abstract:
        score += 4.0
    elif statement.zone is Zone.RESULTS:
        score += 1.0
    elif statement.zone is Zone.DISCUSSION and statement.position <= 2:
        score += 0.8
    if _PRIMARY.search(text):
        score += 2.0
    if finding.p or any(effect.low for effect in finding.effects):
        score += 1.5
    elif finding.effects:
        score += 1.0
    if finding.direction is not Direction.NOT_STATED:
        score += 1.0
    if _FLOW.search(text) and not finding.p:
        score -= 2.5
    return max(score, 0.0)


@lru_cache(maxsize=512)
def _words(text: str) -> frozenset[str]:
    """What a sentence is compared by: the beginnings of its words, and its numbers."""
    return frozenset(word[:6] for word in _COMPARED.findall(text.casefold().replace("·", "."))) - _FORM


_COMPARED = re.compile(r"[a-z]{4,}|\d+(?:[.·]\d+)?")


_FORM = frozenset(
    "with that were this from have than these those which when also both after group groups patien signif compar".split()
)


def _stems(text: str) -> set[str]:
    return {word[:6] for word in _WORD.findall(text.casefold())} - _EMPTY_STEMS


_EMPTY_STEMS = {word[:6] for word in _EMPTY}

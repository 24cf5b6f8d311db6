"""Owns the rules on comparisons in words: which of two arms has more, and which way one outcome goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chapter_pipeline.quality.checking.arms import _long_forms, _with_long_forms, attributions, names
from chapter_pipeline.quality.checking.scales import Way, ways
from chapter_pipeline.quality.checking.text import sentences, telling
from chapter_pipeline.quality.checking.verdict import Claim, Fault

_THAN = re.compile(
    r"\b(?:than(?! (?:\d|one\b|two\b|three\b|half\b|expected|before\b|previous))|(?:when )?compared (?:with|to)|as opposed to|"
    r"in comparison (?:with|to)|relative to)\b",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"\b(?:times|twice|fold)\s(?:as|more|higher|greater)\s(?:[\w-]+\s){0,4}?(?:as|than)\b", re.IGNORECASE
)
_END = re.compile(
    r"[;,(]|\b(?:but|whereas|although|while|because|when|during|over|at(?=\s(?:\d|the end|one|two|three|six|twelve|baseline|follow|last)))\b"
)
AROUND = 6
LEAST = 2
THREE = 3
CLOSE = 0.55
"""Share of the claim's telling words from which on a passage is about the same."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of two arms: the word that tells it, what stands before "than" and what behind."""

    way: Way
    before: frozenset[str]
    behind: frozenset[str]
    text: str


@lru_cache(maxsize=8192)
def comparisons(sentence: str) -> tuple[Comparison, ...]:
    """The comparisons of a sentence that name both arms."""
    found: list[Comparison] = []
    times = _TIMES.search(sentence)
    if times is not None:
        before = names(sentence[: times.start()].rsplit(",", 1)[-1])
        other = names(_END.split(sentence[times.end() :])[0])
        way = Way("amount", 1, times.group(), times.start(), times.end(), False)
        return (Comparison(way, before - other, other, sentence),) if before and other else ()
    than = list(_THAN.finditer(sentence))
    if len(than) != 1:
        return ()
    first, rest = sentence[: than[0].start()], sentence[than[0].end() :]
    if not names(first) and "," in rest:
        rest, first = rest.split(",", 1)
    first = re.split(r";\s|,\s(?:but|whereas|although|while)\s", first)[-1]
    offset = sentence.find(first)
    behind = names(_END.split(rest)[0])
    if not behind or not names(first):
        return ()
    for way in ways(sentence):
        if offset <= way.start < offset + len(first):
            found.append(Comparison(way, names(first) - behind, behind, sentence))
    signs = {(one.way.scale, one.way.sign) for one in found}
    return tuple(found) if len({scale for scale, _ in signs}) == len(signs) else ()


def comparison_faults(claim: Claim) -> Iterator[Fault]:
    """Comparisons that a passage makes the other way round."""
    known = _long_forms(claim)
    held = [
        one
        for passage in claim.passages
        for sentence in sentences(passage.text)
        for one in comparisons(_with_long_forms(sentence, known))
    ]
    for sentence in sentences(_with_long_forms(claim.text, known)):
        for said in comparisons(sentence):
            for one in held:
                if said.way.scale != one.way.scale or said.way.denied or one.way.denied:
                    continue
                turned = (
                    said.behind & one.before
                    and not said.behind & one.behind
                    and one.behind & said.before
                    and not one.behind <= said.before & one.before
                )
                straight = said.behind & one.behind and len(said.before & one.before) >= LEAST and not turned
                if (turned and said.way.sign == one.way.sign) or (straight and said.way.sign != one.way.sign):
                    yield Fault(
                        rule="comparison", words=said.way.word,
                        says=f"its passages compare the other way round: {one.way.word!r}",
                    )  # fmt: skip
                    return


def counted_faults(claim: Claim) -> Iterator[Fault]:
    """Which of two arms has more, told against the numbers that a passage gives to them."""
    known = _long_forms(claim)
    for sentence in sentences(_with_long_forms(claim.text, known)):
        for said in comparisons(sentence):
            if said.way.scale not in ("amount", "duration") or said.way.denied:
                continue
            for passage in claim.passages:
                for held in sentences(passage.text):
                    fault = _against_numbers(said, _with_long_forms(held, known))
                    if fault is not None:
                        yield fault
                        return


def _against_numbers(said: Comparison, sentence: str) -> Fault | None:
    """The fault where the sentence gives its larger number to the arm that is said to have less."""
    if ways(sentence):
        return None
    given = [(one, own) for one, own in attributions(sentence) if own and one.kind != "word"]
    outcome = said.before | said.behind
    for index, (one, first) in enumerate(given):
        for other, second in given[index + 1 :]:
            if one.value == other.value or (one.unit is None) != (other.unit is None):
                continue
            mine, theirs = first - second, second - first
            if not telling(sentence) & outcome:
                continue
            if mine & said.before and theirs & said.behind and not mine & said.behind and not theirs & said.before:
                more, less = one, other
            elif theirs & said.before and mine & said.behind and not theirs & said.behind and not mine & said.before:
                more, less = other, one
            else:
                continue
            if (more.value - less.value) * said.way.sign < 0:
                return Fault(
                    rule="comparison", words=said.way.word,
                    says=f"its passages give {more.text} and {less.text} to these two",
                )  # fmt: skip
    return None


def _about(text: str, way: Way, others: tuple[Way, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """What the word of direction stands with: stems before it and behind it, up to a clause's end or another such word."""
    start = max([0, *(other.end for other in others if other.end <= way.start)])
    end = min([len(text), *(other.start for other in others if other.start >= way.end)])
    before = re.split(
        r"[;:]\s|,\s(?:but|and|whereas|while|although|which)\b|\b(?:but|whereas|while|although|because|than|and)\b",
        text[start : way.start],
    )[-1]
    behind = re.split(
        r"[;:]\s|\b(?:but|whereas|while|although|because|than|compared|and|by|with|after|in|when|during|among|from)\b|,",
        re.sub(r"^\s(?:in|of)\s", " ", text[way.end : end]),
    )[0]
    return telling(" ".join(before.split()[-8:])), telling(" ".join(behind.split()[:AROUND]))


def direction_faults(claim: Claim) -> Iterator[Fault]:
    """A word of direction whose outcome goes the other way in the passages, and nowhere its way."""
    text = claim.text
    compared = _compares(text) and any(_compares(passage.text) for passage in claim.passages)
    own = ways(text)
    for way in own:
        before, behind = _about(text, way, own)
        if not (before or behind):
            continue
        opposed = _opposed(claim, way, before, behind)
        if opposed is None:
            continue
        shared, word, close = opposed
        if shared >= (THREE if compared else LEAST) or (shared and close and not compared and not way.denied):
            yield Fault(rule="direction", words=way.word, says=f"its passages say {word!r} of the same")
            return


def _compares(text: str) -> bool:
    return _THAN.search(text) is not None


def _opposed(claim: Claim, way: Way, before: frozenset[str], behind: frozenset[str]) -> tuple[int, str, bool] | None:
    """How many words the claim's outcome shares with one that goes the other way, that word, and whether the passage is close.

    None where a passage has a word of the same scale that goes the claim's way, or where nothing is shared.
    """
    best, word, close = 0, "", False
    said = telling(claim.text)
    for passage in claim.passages:
        theirs = ways(passage.text)
        for other in theirs:
            if other.scale != way.scale:
                continue
            ahead, following = _about(passage.text, other, theirs)
            shared = (before | behind) & (ahead | following)
            if way.scale == "activity" and not behind & following:
                continue
            if (other.sign == way.sign) == (other.denied == way.denied):
                return None
            if other.sign != way.sign and (way.denied or other.denied):
                continue
            if len(shared) > best:
                best, word = len(shared), f"no {other.word}" if other.denied else other.word
                close = len(said & telling(passage.text)) >= CLOSE * len(said)
    return (best, word, close) if best else None

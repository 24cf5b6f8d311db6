"""Owns the rule on arms: numbers stay with the group, or the time, that they belong to.

A number belongs to the names right behind or right before it that no other number of its sentence has. The rule speaks
where a sentence gives a number to the names that a passage gives to another number, and only then.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from chapter_pipeline.domain.wording import abbreviation_definitions
from chapter_pipeline.quality.checking.quantities import Quantity, quantities
from chapter_pipeline.quality.checking.scales import ways
from chapter_pipeline.quality.checking.text import GENERAL, STOP, sentences, stem
from chapter_pipeline.quality.checking.verdict import Claim, Fault

_NAME = re.compile(r"[^\W\d_][^\W_]*(?:[-'+&/][^\W_]+)*")
_GROUP = re.compile(
    r"\b(groups?|arms?|cohorts?|phase|grade|stage|class|stratum)\s([A-Z]|[IVX]{1,4}|\d)\b", re.IGNORECASE
)
_NOISE = re.compile(
    r"\s?(?:±|\+/?-)\s?\d+(?:\.\d+)?|\s?\[[^\]]{0,60}\]|,?\s?\(?\b9[059]\s?%\s?(?:CI|confidence)[^);]{0,60}|"
    r"[,;]?\s?\bp\s?[=<>≤≥]{1,2}\s?\.?\d[\d.]*|\bn\s?=\s?\d+|\s?\((?:IQR|range|SD|SE)[^)]*\)|"
    r"\s?\(\d+(?:\.\d+)?%?\s?(?:-|to)\s?\d+(?:\.\d+)?%?[^)%]{0,20}\)|I²\s?=\s?[\d.]+%?|\bTable \d+|\bFig(?:ure)?\.? \d+\w?|"
    r"(?<=[\d%])\s?\((?:[^()]*\d[^()]*(?:-|to|;|,|/|=)[^()]*\d[^()]*|\d+(?:\.\d+)?)\)",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"[;,()\[\]]|\b(?:vs|versus|against|compared|while|whereas|than|but|although|opposed|followed)\b|\band\b(?=\s(?:\w+\s){0,1}?\d)|"
    r"\b(?:and|or)\b",
    re.IGNORECASE,
)
_HARD = re.compile(
    r"[;()\[\]]|\b(?:vs|versus|against|compared|while|whereas|than|but|although|opposed)\b", re.IGNORECASE
)
_VERSUS = re.compile(
    r"^[\s%a-z/µ]{0,14}?[\s,]*(?:vs\.?|versus|against|as against|compared (?:with|to)|rather than)\s*$", re.IGNORECASE
)
_THAN = re.compile(
    r"\b(?:than(?!\s(?:\d|one|two|three|four|five|six|seven|eight|nine|ten|half|twice))|compared (?:with|to)|as opposed to|in comparison (?:with|to)|relative to)\b",
    re.IGNORECASE,
)
_TIMED = re.compile(
    r"\b(?:at|by|after|within|over|in|to|of|until|first|the|and|day|week|month|year)\s(?:the\s|about\s|age\s|age of\s|over\s)?$",
    re.IGNORECASE,
)
_RESPECTIVELY = re.compile(r"\brespectively\b", re.IGNORECASE)
_LIST = re.compile(r"\s?(?:,|;|\band\b|\bor\b|\bvs\.?|\bversus\b)\s?", re.IGNORECASE)
_ARM_BEHIND = re.compile(
    r"^\s?(?:significantly |much |slightly |far )?(?:\w+ ){0,6}?(?:in|with|for|after|among|on)\s(?:the\s)?(?P<arm>[^,;.()]{2,60})"
)
_DULL = frozenset(
    "only alone respectively reached according rates mean value values total overall scored score well number baseline adjusted "
    "geometric estimated difference range median point points score scores unit units lost lose averaged".split()
)
_PURE = "§"
"""Marks names that stand behind "than": nothing but an arm stands there."""
_TIME_NAME = re.compile(r"t\d+")
_TURNING = ("non-", "no-", "anti-", "pre-", "post-", "pro-", "un-", "low-", "high-", "self-")
_RANGE = re.compile(r"^[\s%a-z/µ]{0,10}?(?:\s?-\s?|\s?-?\s?to\s)-?\s?$", re.IGNORECASE)
_PREDICATE = re.compile(
    r"\b(?:had|has|have|was|were|is|are|did|does|do|died|wished|wanted|who|whose|that|because|so|when the|after the|per)\b"
)
_WITH_SHARE = re.compile(r"\s?\(\d+(?:\.\d+)?\s?%\)")
"""A count that its percentage follows in brackets stands for the same measure."""
_ALIAS = re.compile(
    r"\b(?P<long>[A-Za-z][\w-]{3,})(?: group)?\s\((?P<short>group [A-Z])\)|\b(?P<first>group [A-Z])\s\((?P<second>[A-Za-z][\w-]{3,})[,)]",
    re.IGNORECASE,
)
_OF_SCALE = {"duration", "amount", "speed"}


@lru_cache(maxsize=8192)
def names(text: str) -> frozenset[str]:
    """The names in `text`: its words as stems, hyphenated ones whole, a numbered group as one."""
    found = set()
    told = {way.word.lower() for way in ways(text)}
    for match in _GROUP.finditer(text):
        found.add(f"{match[1].lower().rstrip('s')} {match[2].lower()}")
    for word in _NAME.findall(_GROUP.sub(" ", text)):
        low = word.lower()
        if len(low) < 2 or low in STOP or low in GENERAL or low in _DULL or low in told:
            continue
        whole = any(ch.isdigit() for ch in low) or low.startswith(_TURNING)
        found |= {low} if whole else {stem(part) for part in low.split("-") if part not in STOP and part not in GENERAL}
    return frozenset(found)


def _with_long_forms(text: str, known: Mapping[str, str]) -> str:
    """`text` with the abbreviation behind each long form of `known`, as the passages define or spell it."""
    for short, long_form in known.items():
        if short in text:
            continue
        text = re.sub(f"({re.escape(long_form)})", rf"\1 {re.escape(short)}", text, flags=re.IGNORECASE)
    return text


def _long_forms(claim: Claim) -> dict[str, str]:
    known = dict(abbreviation_definitions(claim.joined))
    for match in _ALIAS.finditer(claim.joined):
        known[match["short"] or match["first"]] = match["long"] or match["second"]
    shorts = set(re.findall(r"\b[A-Z]{2,5}\b", claim.joined)) - known.keys()
    words = re.findall(r"[A-Za-z]+", claim.text)
    for short in shorts:
        size = len(short)
        for at in range(len(words) - size + 1):
            run = words[at : at + size]
            if "".join(word[0] for word in run).upper() == short and all(len(word) > 2 for word in run):
                known[short] = " ".join(run)
    return known


def _is_label(text: str, one: Quantity, others: tuple[Quantity, ...]) -> bool:
    """Whether a time is when something was measured, in a sentence that gives other measures."""
    if one.unit is None or one.unit.kind != "time":
        return False
    measured = [
        other
        for other in others
        if other.kind in ("number", "share") and (other.unit is None or other.unit.kind != "time")
    ]
    return bool(measured) and (
        _TIMED.search(text[max(0, one.start - 16) : one.start]) is not None
        or re.match(r"\s(?:or (?:more|later) )?(?:after|later|on)\b", text[one.end :]) is not None
    )


@lru_cache(maxsize=8192)
def attributions(sentence: str) -> tuple[tuple[Quantity, frozenset[str]], ...]:
    """The numbers of a sentence with the names that each of them belongs to."""
    text = _NOISE.sub("", sentence)
    read = quantities(text)
    labels = [one for one in read if _is_label(text, one, read)]
    for one in labels:
        assert one.unit is not None
        size = one.end - one.start
        text = text[: one.start] + f"t{round(one.value * one.unit.factor)}".ljust(size)[:size] + text[one.end :]
    values = [one for one in read if one not in labels and one.kind in ("number", "share", "word")]
    ranged = {
        values[index]
        for index in range(len(values) - 1)
        if _RANGE.match(text[values[index].end : values[index + 1].start])
    }
    between = {
        one
        for index in range(len(values) - 1)
        if re.search(r"\bbetween\s$", text[: values[index].start])
        and text[values[index].end : values[index + 1].start].strip() in ("and", "% and")
        for one in values[index : index + 2]
    }
    counted = {one for one in values if _WITH_SHARE.match(text[one.end :])}
    values = [one for one in values if one not in ranged and one not in between and one not in counted]
    if len(values) == 1:
        times = frozenset(name for name in names(text) if _TIME_NAME.fullmatch(name))
        own = names(_right(text, values[0], None)) or names(_left(text, None, values[0]))
        return ((values[0], own | times if len(times) == 1 else own),)
    listed = _respectively(text, values)
    if listed:
        return tuple(listed)
    pairs = _versus_pairs(text, values)
    found: list[tuple[Quantity, frozenset[str]]] = list(pairs.items())
    for index, one in enumerate(values):
        if one in pairs:
            continue
        before = values[index - 1] if index else None
        after = values[index + 1] if index + 1 < len(values) else None
        own = names(_right(text, one, after))
        if not own:
            own = names(_left(text, before, one))
        found.append((one, own))
    return tuple(found)


def _right(text: str, one: Quantity, after: Quantity | None) -> str:
    start = one.end
    if text[start : start + 1] in (")", "]"):
        start += 1
    part = text[start : after.start if after else len(text)]
    if part[:1] in (",", ";") or part[:2] in (" )",):
        return ""
    return _PREDICATE.split(_BOUND.split(part, maxsplit=1)[0], maxsplit=1)[0]


def _left(text: str, before: Quantity | None, one: Quantity) -> str:
    part = text[before.end if before else 0 : one.start].rstrip(" ,([+-=:")
    pieces = _HARD.split(part)
    last = pieces[-1].rsplit(",", 1)[-1]
    if len(pieces) > 1 and not names(last) and part[: len(part) - len(pieces[-1])].endswith("("):
        return pieces[-2]
    return last


def _respectively(text: str, values: list[Quantity]) -> list[tuple[Quantity, frozenset[str]]]:
    """Numbers and names in lists of one length that "respectively" brings together."""
    at = _RESPECTIVELY.search(text)
    if at is None:
        return []
    before = [one for one in values if one.end <= at.start()]
    if len(before) < 2:
        return []
    tail = text[before[-1].end : at.start()]
    match = re.search(r"\b(?:in|for|of|with|after|on|among|between|fed|receiving)\s(?P<names>.+)$", tail)
    if match is None and not names(tail):
        match = re.match(
            r"(?:.*[;:]\s)?(?:the\s)?(?P<names>.+?)\s(?:had|were|was|showed|achieved|reported|yielded|gave|scored)\b",
            text[: before[0].start],
            re.IGNORECASE,
        )
    if match is None:
        return []
    listed = [names(part) for part in _LIST.split(match["names"].strip(" ,")) if names(part)]
    run = before[-len(listed) :]
    if len(listed) < 2 or len(run) < len(listed):
        return []
    return list(zip(run, listed, strict=True))


def _versus_pairs(text: str, values: list[Quantity]) -> dict[Quantity, frozenset[str]]:
    """Two numbers set against each other behind a comparison of two arms, by the comparison's direction or order."""
    pairs: dict[Quantity, frozenset[str]] = {}
    for one, other in itertools.pairwise(values):
        if not _VERSUS.match(text[one.end : other.start]) or one in pairs:
            continue
        begin = (
            max(
                (text.rfind(mark, 0, one.start) for mark in (";", ": ", ", but ", ", whereas ", ", while ")), default=-1
            )
            + 1
        )
        clause = text[begin:]
        inside = (one.start - begin, other.end - begin)
        than = [match for match in _THAN.finditer(clause) if not inside[0] <= match.start() < inside[1]]
        if len(than) == 1:
            first = clause[: than[0].start()]
            second = re.split(r"[;.]\s|,\s(?:and|but|although|while)\b", clause[than[0].end() :])[0]
            if not names(first) and "," in clause[than[0].end() :]:
                second, first = clause[than[0].end() :].split(",", 1)
                first = first.split("(")[0]
            if inside[0] < than[0].start():
                first = clause[: inside[0]] if text[: one.start].rstrip().endswith("(") else first
            first_names, second_names = names(_unbracketed(first)), names(_unbracketed(second))
            way = [one_way for one_way in ways(first) if one_way.scale in _OF_SCALE and not one_way.denied]
            signs = {one_way.sign for one_way in way}
            low, high = sorted((one, other), key=lambda number: number.value)
            if len(signs) == 1 and low.value != high.value:
                mine, theirs = (high, low) if signs == {1} else (low, high)
            else:
                mine, theirs = one, other
            pairs[mine] = first_names - second_names
            pairs[theirs] = (second_names - first_names) | {_PURE}
        elif not than and one.value != other.value:
            later = text[other.end :]
            way = [one_way for one_way in ways(later) if one_way.scale in _OF_SCALE and not one_way.denied]
            earlier = text[begin : one.start]
            ahead = [one_way for one_way in ways(earlier) if one_way.scale in _OF_SCALE and not one_way.denied]
            if len({one_way.sign for one_way in ahead}) == 1:
                arm = _ARM_BEHIND.match(earlier[ahead[-1].end :].rstrip(" ("))
                if arm is not None and arm.end() >= len(earlier[ahead[-1].end :].rstrip(" (")):
                    low, high = sorted((one, other), key=lambda number: number.value)
                    pairs[high if ahead[0].sign == 1 else low] = names(arm["arm"])
                    pairs[low if ahead[0].sign == 1 else high] = frozenset()
            elif len({one_way.sign for one_way in way}) == 1 and not names(later[: way[0].start]):
                arm = _ARM_BEHIND.match(later[way[0].end :])
                if arm is not None:
                    low, high = sorted((one, other), key=lambda number: number.value)
                    pairs[high if way[0].sign == 1 else low] = names(arm["arm"]) - names(earlier)
                    pairs[low if way[0].sign == 1 else high] = frozenset()
    return pairs


def _unbracketed(text: str) -> str:
    return re.sub(r"\([^)]*\)?", " ", text)


def _equal(said: Quantity, printed: Quantity) -> bool:
    if said.pair is not None or printed.pair is not None:
        return said.pair == printed.pair
    if said.value == printed.value:
        return True
    return printed.decimals > said.decimals and abs(said.value - printed.value) <= 0.501 * 10.0**-said.decimals


def arm_faults(claim: Claim) -> Iterator[Fault]:
    """Numbers that the claim gives to the names that a passage gives to another number."""
    if len(quantities(claim.text)) < 1:
        return
    known = _long_forms(claim)
    said = [
        (one, own)
        for sentence in sentences(_with_long_forms(claim.text, known))
        for one, own in attributions(sentence)
        if own
    ]
    for passage in claim.passages:
        for sentence in sentences(passage.text):
            held = attributions(_with_long_forms(sentence, known))
            fault = _swapped(said, held) or _at_another_time(said, held)
            if fault is not None:
                yield fault
                return


def _at_another_time(
    said: list[tuple[Quantity, frozenset[str]]], held: tuple[tuple[Quantity, frozenset[str]], ...]
) -> Fault | None:
    """A number that the claim gives for the time at which a passage has another number."""
    for one, ours in said:
        times = {name for name in ours if _TIME_NAME.fullmatch(name)}
        own = [theirs for number, theirs in held if _equal(one, number)]
        if len(times) != 1 or len(own) != 1:
            continue
        there = {name for name in own[0] if _TIME_NAME.fullmatch(name)}
        others = [number for number, theirs in held if not _equal(one, number) and times & theirs]
        if there and not there & times and others:
            return Fault(
                rule="arms", words=one.text, says=f"its passages give {others[0].text!r} for this time"
            )  # fmt: skip
    return None


def _swapped(
    said: list[tuple[Quantity, frozenset[str]]], held: tuple[tuple[Quantity, frozenset[str]], ...]
) -> Fault | None:
    for index, (one, ours) in enumerate(said):
        for other, theirs in said[index + 1 :]:
            if one.value == other.value:
                continue
            first = [own for number, own in held if _equal(one, number)]
            second = [own for number, own in held if _equal(other, number)]
            if len(first) != 1 or len(second) != 1:
                continue
            a, b = ours - theirs - {_PURE}, theirs - ours - {_PURE}
            c, d = first[0] - second[0] - {_PURE}, second[0] - first[0] - {_PURE}
            behind = (
                b & c if _PURE in theirs and not (b & d) else a & d if _PURE in ours and not (a & c) else frozenset()
            )
            if behind or (not (a & c) and not (b & d) and ((a & d) or (b & c))):
                name = min(behind or (a & d) or (b & c))
                return Fault(
                    rule="arms", words=f"{one.text} … {other.text}",
                    says=f"its passages give {name!r} the other of the two numbers",
                )  # fmt: skip
    return None

"""Owns where a clause names an arm of the study, by its name, an abbreviation of it, or its role ("controls")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chapter_pipeline.evidence.arms import CONTROL, Arms
from chapter_pipeline.evidence.text import lowered

_I = re.IGNORECASE
_GROUP = r"(?:groups?|arms?|conditions?|clusters?|villages?|clinics?|sites?|schools?|wards?|sides?|eyes?|recipients|users|participants|patients|subjects|women|men|children|infants|mothers|animals|mice|rats|strategy|regimen|diet|treatment|therapy|phase|period|intervention)"
_ROLE_INTERVENTION = rf"(?:intervention|experimental|treatment|treated|active|active treatment|study(?= (?:group|arm|side|eyes?)\b)|study drug|test|trained|case)(?=[- ]{_GROUP}\b| and (?:the )?(?:controls?|placebo|sham|vehicle|usual|comparison)\b| (?:and|versus|vs\.?|v) \d+[^,;()]{{0,30}}? (?:in|of|among|for) (?:the )?(?:controls?|placebo|sham|vehicle|usual|comparison)\b)|treated(?= and )|(?<=in )(?:intervention|active)(?= )"
_ROLE_CONTROL = r"(?:placebos?|controls?|sham|vehicle|usual care|standard care|routine care|standard of care|comparison group|comparators?|untreated|no[- ](?:treatment|intervention)|wait(?:ing)?[- ]?lists?|treatment as usual|tau)(?! (?:of|rate|over|was (?:achieved|better|attained))\b)"
_ROLE = re.compile(rf"(?<![\w-])(?:(?P<control>{_ROLE_CONTROL})|(?P<intervention>{_ROLE_INTERVENTION}))(?!\w)")
_AROUND = re.compile(
    r"(?:\b(?:in|on|with|under|for|of|after|by|to|at|among|than|versus|vs\.?|v|and|the|from|between|during|using|taking|given|receiving|against|following|or|those|treated)|[:;,(\[]|^)\s?$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One place of a text that names an arm; `arm` is its place in `Arms.groups`, -1 for an arm that is not known."""

    start: int
    end: int
    name: str
    arm: int
    control: bool


@lru_cache(maxsize=16)
def mentions(text: str, arms: Arms) -> tuple[Mention, ...]:
    """The mentions of the study's arms in a text, in reading order; of overlapping ones the longest."""
    low = lowered(text)
    names, words = _names(arms)
    found: list[tuple[int, int, int]] = []
    for name, arm in names:
        if name in low:
            found.extend((start, end, arm) for start, end in _places(name, low))
    for match in _ROLE.finditer(low):
        arm = arms.control_place if match["control"] else arms.intervention_place
        found.append((*match.span(), arm))
    for listed in _LETTERS.finditer(low) if "groups " in low else ():
        for letter in _LETTER.finditer(low, listed.start("all"), listed.end("all")):
            arm = next((arm for name, arm in names if name == f"group {letter.group()}"), -1)
            if arm >= 0:
                found.append((*letter.span(), arm))
    for word, arm in words:
        if word in low:
            found.extend(
                (start, end, arm)
                for start, end in _places(word, low, _ENDING)
                if (word not in _WEAK and _AROUND.search(low, max(0, start - 12), start)) or _IS_GROUP.match(low, end)
            )
    kept: list[Mention] = []
    free = 0
    for start, end, arm in sorted(found, key=lambda one: (one[0], -one[1])):
        if start >= free:
            free = end
            if without := _WITHOUT.search(low, max(0, start - 30), start):
                start, arm = without.start(), arms.against(arm)
                if arm < 0:
                    kept.append(Mention(start=start, end=end, name=text[start:end], arm=-1, control=True))
                    continue
            control = arm == arms.control_place if arm >= 0 else CONTROL.search(low, start, end) is not None
            kept.append(Mention(start=start, end=end, name=text[start:end], arm=arm, control=control))
    return tuple(kept)


_LETTER = re.compile(r"\b(?:[a-d]|i{1,3}|iv|[1-4])\b")
_LETTERS = re.compile(
    rf"\bgroups (?P<all>{_LETTER.pattern}(?:(?:, and|,| and| or|/|–| &| vs\.?| versus) ?{_LETTER.pattern})+)"
)
"""Several arms by their letters: "groups A, B and C"."""
_WITHOUT = re.compile(r"\b(?:without|no|not (?:receiving|given|treated with|taking|receive))\s(?:an? |the |any )?$")


def _places(name: str, low: str, ending: re.Pattern[str] | None = None) -> Iterator[tuple[int, int]]:
    """Where a name stands in a text as whole words."""
    at = low.find(name)
    while at >= 0:
        end = at + len(name)
        if ending is not None and (match := ending.match(low, end)):
            end = match.end()
        if not _in_word(low[at - 1 : at] if at else "") and not (
            low[end : end + 1].isalnum() or low[end : end + 1] == "_"
        ):
            yield at, end
        at = low.find(name, at + 1)


def _in_word(letter: str) -> bool:
    return letter.isalnum() or letter in ("-", "_") if letter else False


_ENDING = re.compile(r"(?:ly|s)\b")
_IS_GROUP = re.compile(rf"[- ]{_GROUP}\b")


@lru_cache(maxsize=32)
def _names(arms: Arms) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """The names and abbreviations of the arms of a study, and the words that one arm alone has, in lower case."""
    names: dict[str, int] = {}
    words: dict[str, set[int]] = {}
    for place, group in enumerate(arms.groups):
        for name in group:
            names.setdefault(name.lower(), place)
            for word in _WORD.findall(name):
                if len(word) > 3 or word.isupper():
                    words.setdefault(word.lower(), set()).add(place)
    singles = [
        (word, next(iter(of)))
        for word, of in words.items()
        if len(of) == 1
        and word not in names
        and word not in _COMMON
        and not word.isdigit()
        and not CONTROL.fullmatch(word)
    ]
    return list(names.items()), singles


_WORD = re.compile(r"[\w-]{2,}")
_WEAK = frozenset(
    "oral early late delayed long short high low higher lower single double usual standard conventional surgery combination combined intensive open early active routine".split()
)
"""Words that name an arm only before "group" or "therapy": "oral therapy", not "oral intake"."""
_COMMON = frozenset(
    "injection injections infusion infusions administration capsule capsules tablet tablets cream solution sessions session antibiotics with without from that this than plus alone only also dose doses daily weekly twice once week weeks month months year years hours care treatment therapy group groups arms intervention study"
    " trial patients participants subjects women children adults level levels term after before during based method technique procedure system program programme programs"
    " management training approach regimen program effect effects pain risk blood pressure body weight quality life function outcome outcomes symptoms disease health".split()
)

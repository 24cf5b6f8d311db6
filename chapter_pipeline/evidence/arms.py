"""Owns the arms of a study: what was given to whom, as its title, abstract and methods name them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chapter_pipeline.evidence.arm_groups import ASSIGNED, RECEIVED, assigned_in, grouped
from chapter_pipeline.evidence.arm_names import CONTROL, is_control, is_name, stems, tidy
from chapter_pipeline.evidence.text import LONGEST, has_one, lowered, readable

__all__ = ["CONTROL", "Arms", "arms_of", "is_control", "stems", "tidy"]
_I = re.IGNORECASE
_GROUP = re.compile(
    r"\b(?:the |both |an? )?(?P<name>(?:[A-Za-z0-9][\w+/.-]{0,40} ){0,3}?[A-Za-z0-9][\w+/.-]{0,40})[- ](?:groups?|arms?|condition|cohort|recipients|users)\b",
    _I,
)
_OF_GROUPS = ("group", "arm", "condition", "cohort", "recipients", "users")
_TITLE_VERSUS = re.compile(
    r"(?P<one>[^:.;,()?]{3,90}?),?\s+(?:versus|vs\.?|compared (?:with|to))\s+(?P<two>[^:.;,()?]{3,80})", _I
)
_EFFECT_OF = re.compile(
    r"\b(?:effects?|efficacy|effectiveness|impact|safety|influence|benefits?|role|tolerability|evaluation|comparison|trial|use|outcomes?) (?:and (?:\w+ )?\w+ )?(?:of|with) (?:an? |the )?(?P<one>[^:.;,()?]{3,100}?)"
    r"(?= (?:on|in|for|versus|vs|compared|among|to|with|as|at|during|after|by|following)\b|[:.;,()?]|$)",
    _I,
)
_TITLE_HEAD = re.compile(
    r"^(?:an? |the )?(?P<one>[^:.;,()?]{3,90}?) (?:for|in|improves?|reduces?|increases?|decreases?|prevents?|does|enhances?|attenuates?|prolongs?|lowers?|is|are|as|to|after|during|before|inhibits?|provides?|augments?|promotes?)\b",
    _I,
)


@dataclass(frozen=True, slots=True)
class Arms:
    """The arms of a study, the experimental ones first; `names` as printed.

    `groups` has the names that mean the same arm together ("levetiracetam", "LEV"); without it each name is an arm.
    """

    names: tuple[str, ...] = ()
    known: tuple[tuple[str, ...], ...] = ()

    groups: tuple[tuple[str, ...], ...] = field(init=False, compare=False)
    control_place: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """The arms, each with its names, and which of them is the control; -1 where none is named so."""
        groups = self.known or tuple((name,) for name in self.names)
        object.__setattr__(self, "groups", groups)
        object.__setattr__(
            self, "control_place", next((place for place, group in enumerate(groups) if is_control(group)), -1)
        )

    @property
    def intervention(self) -> str | None:
        """The first experimental arm."""
        return next((group[0] for group in self.groups if not is_control(group)), None)

    @property
    def control(self) -> str | None:
        """The control; the second arm where none is named so."""
        if self.control_place >= 0:
            return self.groups[self.control_place][0]
        others = [group[0] for group in self.groups if group[0] != self.intervention]
        return others[0] if others else None

    @property
    def intervention_place(self) -> int:
        """Which of `groups` is the experimental arm; -1 where several are."""
        others = [place for place, group in enumerate(self.groups) if place != self.control_place]
        return others[0] if len(others) == 1 else -1

    def told(self, place: int, printed: str) -> str:
        """The name of an arm for a reader: an abbreviation or a letter behind the first name, which also tells a role."""
        first = self.groups[place][0] if place >= 0 else printed
        if len(first) <= len(printed):
            return printed
        if _CODE.fullmatch(printed):
            return f"{first} ({printed})"
        return first if _ROLE.fullmatch(printed) else printed

    def against(self, place: int) -> int:
        """The arm that an arm is compared with, where a text does not say so; -1 where it could be several."""
        if place != self.control_place and self.control_place >= 0:
            return self.control_place
        others = [other for other in range(len(self.groups)) if other != place]
        return others[0] if len(others) == 1 or (place == self.control_place and others) else -1

    def first_is_told(self, one: int, two: int) -> bool:
        """Whether of two arms the first one is told as the intervention: all but the control are, in the order of the text."""
        return one == two or one != self.control_place


def arms_of(title: str | None, abstract: Sequence[str], methods: Iterable[str], results: Iterable[str]) -> Arms:
    """The arms that title, abstract and methods name, else the names of groups that the results use most."""
    abstract, methods, results = map(readable, (abstract, methods, results))
    title = " ".join((title or "").split())[:LONGEST]
    of_title: list[str] = []
    for pattern in (_TITLE_VERSUS, _EFFECT_OF, _TITLE_HEAD):
        match = pattern.search(title)
        if match:
            if pattern is not _TITLE_HEAD or _is_treatment(match["one"]):
                of_title.extend(_of_title(match[name]) for name in pattern.groupindex)
            break
    counted = Counter(
        tidy(_BEFORE_NAME.split(match["name"])[-1])
        for sentence in (*abstract, *results)
        if has_one(lowered(sentence), _OF_GROUPS)
        for match in _GROUP.finditer(sentence)
    )
    of_groups = [name for name, count in counted.most_common(6) if count >= 2 and is_name(name)]
    told = stems(" ".join((title, *of_groups)))
    assigned: list[tuple[str, ...]] = []
    for pattern in (ASSIGNED, RECEIVED):
        for sentence in (*abstract, *methods):
            found = assigned_in(sentence, pattern)
            if len(found) > 1 and any(is_control(group) or stems(" ".join(group)) & told for group in found):
                assigned = found
                break
        if assigned:
            break
    unique: dict[str, str] = {}
    for name in (*of_title, *(group[0] for group in assigned), *of_groups):
        if is_name(name):
            unique.setdefault(name.casefold(), name)
    names = tuple(unique.values())[:8]
    return Arms(names, grouped(of_title, assigned, of_groups, " ".join((*abstract, *methods[:40]))))


def _of_title(name: str) -> str:
    """An arm's name in a title, without what is studied with it and in whom."""
    name = _STUDY_OF.sub("", name)
    return tidy(_FOR_WHOM.split(name)[0])


_STUDY_OF = re.compile(
    r"^.*?\b(?:(?:effects?|efficacy|effectiveness|safety|comparisons?|trial|study|evaluation|impact|use|outcomes?|benefits?|tolerability) (?:and (?:\w+ )?\w+ )?(?:of|comparing|with|between)|comparing)\s+(?:the (?:effects?|efficacy|safety|use) (?:and \w+ )?of )?",
    _I,
)
_FOR_WHOM = re.compile(
    r"\s(?:for|in|on|among|as|at|during|after|before|to (?:prevent|treat|reduce|improve|relieve)|undergoing|delivered|with respect)\s",
    _I,
)
_CODE = re.compile(r"(?=[^ ]*[A-Z][^ ]*[A-Z0-9])[A-Za-z0-9+/-]{2,7}|(?i:(?:group|arm) (?:[a-d]|i{1,3}|iv|[1-4]))")
_ROLE = re.compile(r"intervention|experimental|treated|active|treatment|study|trained", _I)
_BEFORE_NAME = re.compile(r"\b(?:the|an?|in|of|to|with|for|than|from|by)\s", _I)
"""What may stand between other words and the name of a group: "fell in the drain group"."""


def _is_treatment(title: str) -> bool:
    """Whether the beginning of a title may be the name of a treatment, no clause about one."""
    return len(title.split()) <= 6 and not re.search(
        r"\b(?:and|of|\w+ing|study|trial|associations?|prevalence|incidence|comparison|outcomes?|management|review|analysis)\b",
        title,
        _I,
    )

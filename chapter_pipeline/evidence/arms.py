"""Owns the arms of a study: what was given to whom, as its title, abstract and methods name them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chapter_pipeline.evidence.text import LONGEST, readable

_I = re.IGNORECASE
CONTROL = re.compile(
    r"\b(?:placebo\w*|controls?|usual care|standard (?:care|treatment|therapy|of care)|sham|no treatment|untreated|vehicle|wait(?:ing)?[- ]?list|treatment[- ]as[- ]usual|TAU|"
    r"conventional|routine|usual (?:treatment|management|practice|mobili[sz]ation|medical|diet|activit\w+|therapy)|non-?intervention|no intervention|saline|observation|baseline|alone|healthy|wild[- ]?type|non-?users?|unexposed|without|not (?:receiving|given|treated|taking)|^no)\b",
    _I,
)
_STOP = r"(?=\s+(?:was|were|is|are|had|have|has|did|in|on|at|for|and|or|to|than|who|that|which|with|from|after|during|by|showed|experienced|received|compared|versus|vs|reported|reduced|increased|improved|led|resulted|significantly|between|as|but|while|whereas|of)\b|\s*[,.;:()\[\]{}]|\s*$)"
_NAME = r"(?P<{name}>[A-Za-z0-9α-ω][^\s,.;:()\[\]{{}}]*(?:\s+(?!(?:was|were|is|are|had|have|has|did|in|on|at|for|and|or|to|than|who|that|which|with|from|after|during|by|showed|experienced|received|compared|versus|vs|reported|reduced|increased|improved|led|resulted|significantly|between|as|but|while|whereas|of|the|a|an)\b)[^\s,.;:()\[\]{{}}]+){{0,4}})"
_GROUP = re.compile(
    r"\b(?:the |both |an? )?(?P<name>(?:[A-Za-z0-9][\w+/.-]{0,40} ){0,3}?[A-Za-z0-9][\w+/.-]{0,40})[- ](?:groups?|arms?|condition|cohort|recipients|users)\b",
    _I,
)
_ASSIGNED = re.compile(
    r"\b(?:randomi[sz]ed|randomly|assigned|allocated|receiv\w+|randomi[sz]ation)\b[^.]{0,80}?\b(?:to|into|receive[sd]?|receiving|either)\s+(?P<arms>(?:[^.;]|\.(?=\d)){4,220})",
    _I,
)
_SPLIT = re.compile(r"\s*(?:,|;)?\s+\b(?:or|and|versus|vs\.?|plus either)\b\s+|\s*[,;]\s+", _I)
_VERSUS = re.compile(
    r"(?P<one>[^:.;,()]{3,90}?),?\s+(?:versus|vs\.?|compared (?:with|to)|or|and)\s+(?P<two>[^:.;,()]{3,80})", _I
)
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
_TRIM = re.compile(
    r"^(?:(?:the|a|an|either|both|receive|receiving|one of|two|three|four|to|treatment with|therapy with|groups?|group of|of|with|by|who|those|patients?|participants?|subjects|women|men|children|only|single|dose of|twice|daily|received|an?|their|its|in|into|a total of|use of|using|adding|addition of|administration of) )+",
    _I,
)
_TAIL = re.compile(
    r"\s+(?:groups?|arms?|group\)?|condition|for \d.*|daily.*|once.*|twice.*|every.*|per day.*|\(?n\s?=.*|in addition.*|over \d.*|from .*|at \d.*|on \w+ \d.*|(?:in|among) (?:adults?|patients|children|women|men|people|subjects|participants)\b.*)$",
    _I,
)
_NO_ARM = frozenset(
    "two three four five both all each other same study treatment between among within per age the this these no different first second third intervention-control randomized randomised control-intervention"
    " age-matched sex subgroup sub work focus risk peer support patient patients blood ethnic reference parallel whole large small single active dose three-arm two-arm"
    " entire total either another remaining several various such and or of in".split()
)
_FUNCTION_WORDS = frozenset(
    "and or while showing when that between the of in for to with a an both were was is than as by on at from which who but not no only".split()
)
_VERBS = re.compile(
    r"\b(?:was|were|is|are|had|has|have|did|would|could|should|may|might|whether|showed|received|allocated|improved|reduced|increased|needing|participate|different|outcomes|following|followed)\b",
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


def is_control(group: Sequence[str]) -> bool:
    """Whether the names of an arm are those of a control."""
    return any(CONTROL.search(name) for name in group)


def tidy(name: str) -> str:
    """An arm's name without articles, doses over time and the word "group"."""
    text = " ".join(name.split()).strip(" ,;:-–—")
    text = re.split(r"\s*[(\[{]", text)[0]
    text = re.sub(r"^\d+ (?:\w+ )?(?:to|as(?: the)?) ", "", text)
    text = _TRIM.sub("", text.split(")")[0])
    text = _TAIL.sub("", text)
    return text.strip(" .,;:-–—")


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
        for match in _GROUP.finditer(sentence)
    )
    of_groups = [name for name, count in counted.most_common(6) if count >= 2 and _is_name(name)]
    told = stems(" ".join((title, *of_groups)))
    assigned: list[tuple[str, ...]] = []
    for pattern in (_ASSIGNED, _RECEIVED):
        for sentence in (*abstract, *methods):
            found = _assigned(sentence, pattern)
            if len(found) > 1 and any(is_control(group) or stems(" ".join(group)) & told for group in found):
                assigned = found
                break
        if assigned:
            break
    unique: dict[str, str] = {}
    for name in (*of_title, *(group[0] for group in assigned), *of_groups):
        if _is_name(name):
            unique.setdefault(name.casefold(), name)
    names = tuple(unique.values())[:8]
    return Arms(names, _grouped(of_title, assigned, of_groups, " ".join((*abstract, *methods[:40]))))


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


def _assigned(sentence: str, pattern: re.Pattern[str]) -> list[tuple[str, ...]]:
    """The arms to which a sentence says that people were assigned, each with its abbreviations in brackets."""
    match = pattern.search(sentence)
    if match is None:
        return []
    found: list[tuple[str, ...]] = []
    brackets = _BRACKETED.findall(match["arms"])
    # A bracket is kept as its number, so that what stands in it separates nothing.
    places = iter(range(len(brackets)))
    bare = _BRACKETED.sub(lambda _: f" \x01{next(places)}\x02", match["arms"])
    for part in _SPLIT.split(bare)[:6]:
        name = _AFTER_NAME.sub("", tidy(_BEFORE_ARM.sub("", _MORE.sub("", _MARK.sub(" ", part).strip()))))
        labels = [label for place in _MARK.findall(part) for label in _labels(brackets[int(place)])]
        if _is_name(name) and not _TO_DO.match(name):
            found.append((name, *labels))
        elif found and labels:
            found.append(tuple(labels))
    return found[:4]


_RECEIVED = re.compile(
    r"\b(?:received|were given|took|underwent)\s+(?:either )?(?P<arms>(?:[^.;:]|\.(?=\d)){3,160}?\b(?:or|versus|vs)\b(?:[^.;:]|\.(?=\d)){3,140})",
    _I,
)
_BEFORE_ARM = re.compile(
    r"^.*?(?:\beither\s|(?:groups?|arms?|regimens?|programs?|conditions?|feedings?|treatments?)\s?:\s?|\brandomi[sz]ed (?:in)?to\s)",
    _I,
)
_TO_DO = re.compile(
    r"(?:(?:examin|evaluat|investigat|analy[sz]|measur|indicat|prospectively|explor)\w*|(?:assess|determine|compare|perform|test|complete|study|see|be|ensure|maintain|obtain|achieve|respond|one|other|vice)\b|(?:primary|exploratory|secondary) end ?point)",
    _I,
)
_MORE = re.compile(
    r"^(?:(?:\d+|one|two|three|four|six|twelve)[- ](?:days?|weeks?|months?) (?:treatment |course |therapy )?(?:with|of) (?:either )?|increased|reduced|improved|matching|identical|adjunctive|additional)\s",
    _I,
)
_AFTER_NAME = re.compile(
    r"\s+(?:for (?:up to )?(?:\d|one|two|three|four|six|twelve|an?\b).*|(?:\d+ to )?\d+ (?:days?|weeks?|hours?|h|min\w*) (?:before|after|prior).*|(?:before|after|during|prior to|by their|in addition|at \d|until|within) .*|(?:once|twice|three times|four times) .*|(?:according to|using|as|in an|in period|regardless|served|at a|delivered|group at|on (?:training|the|day)) .*|(?:once|twice|three times)$)",
    _I,
)
_BRACKETED = re.compile(r"\(([^()]{1,60})\)")
_MARK = re.compile(r"\x01(\d+)\x02")


def _labels(bracket: str) -> list[str]:
    """The names of arms in a bracket: "early group, n=106", "LEV", "group A"."""
    found = []
    for part in re.split(r"[,;]\s?", bracket):
        name = re.sub(
            r"\b(?:n\s?=\s?\d+|\d+ (?:patients|participants|subjects|women|men|children|eyes|mice|rats))\b", "", part
        ).strip(" :")
        if re.fullmatch(r"(?:group|arm) (?:[A-D]|I{1,3}|IV|[1-4])", name, _I):
            found.append(name)
            continue
        name = re.sub(r"\s*(?:groups?|arms?)$", "", name, flags=_I)
        if (
            re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9+/ .-]{2,30}", name)
            and not _DOSE.search(name)
            and _is_name(name)
            and len(name.split()) <= 3
            and not _NO_LABEL.search(name)
        ):
            found.append(name)
    return found


_NO_LABEL = re.compile(
    r"\b(?:week|month|day|schools?|teachers?|fig(?:ure)?|table|ratio|see|baseline|visit|and|mean|median|range|age|usa|inc|ltd)\b|^[A-Za-z]{1,3}\s?\d+\.\d|,|^p\b",
    _I,
)
_DOSE = re.compile(r"\d\s?(?:mg|g|µg|μg|ml|IU|%|U|Gy|kg|min|h|weeks?|days?|months?|years?)\b|^\d+(?:[.:]\d+)?$", _I)


def _grouped(
    of_title: Sequence[str], assigned: Sequence[tuple[str, ...]], of_groups: Sequence[str], text: str
) -> tuple[tuple[str, ...], ...]:
    """The names of each arm together: those by which people were assigned, else those of the title, then all that fit."""
    of_groups = [name for name in of_groups if _is_arm(name)]
    groups = [_with_labels(group, text) for group in assigned] if len(assigned) > 1 else []
    if len([name for name in of_groups if _fitting(name, groups) is None]) > 1:
        groups = []  # what was read as an assignment was none
    known = len(groups)
    if not groups and len(of_title) == 2 and all(map(_is_arm, of_title)):
        groups = [_with_labels([name], text) for name in of_title]
    of_assigned = [] if groups else [name for group in assigned for name in group]
    for name in filter(_is_arm, (*of_assigned, *of_title, *of_groups)):
        place = _fitting(name, groups)
        treated = [place for place, group in enumerate(groups) if not is_control(group)]
        if place is None and known and len(treated) == 1 and not CONTROL.search(name):
            place = treated[0]  # by another name in the title than where people were assigned
        if place is None:
            if not known and len(groups) < MOST_ARMS:
                groups.append(_with_labels([name], text))
        elif name.casefold() not in (one.casefold() for one in groups[place]):
            groups[place].append(name)
    if of_title and groups and (first := _fitting(of_title[0], groups)) and not is_control(groups[first]):
        groups.insert(0, groups.pop(first))  # what a title names first is what the study is about
    _add_lettered(groups, text)
    if len(groups) == 1 and not is_control(groups[0]) and (control := _CONTROL_ARM.search(text)):
        groups.append([control.group()])
    return tuple(
        tuple(
            name
            for place, name in enumerate(dict.fromkeys(group))
            if place == 0
            or _shortens(name, group[0])
            or not any(name in other for other in groups if other is not group)
        )[:6]
        for group in groups
    )


def _add_lettered(groups: list[list[str]], text: str) -> None:
    """Give groups that a text letters or numbers ("group II") to the arm that they got, else take them as arms."""
    named: dict[str, str] = {}
    for match in _LETTERED.finditer(text):
        named.setdefault(match["name"].lower(), match["what"] or "")
    known = {name.lower() for group in groups for name in group}
    if not 2 <= len(named) <= 4 or known & named.keys():
        return
    for name, what in named.items():
        place = _fitting(what, groups) if what else None
        if place is not None and not _LETTERED.match(groups[place][-1]):
            groups[place].append(name)
        elif len(groups) < MOST_ARMS + 2:
            groups.append([name])


_LETTERED = re.compile(
    r"\b(?P<name>[Gg]roup (?:[A-D]|I{1,3}|IV|[1-4])\b)(?:\s?(?:\([^()]*\))?\s?(?:,|:|=|received|included|consisted of|underwent|got|was (?:given|treated with))\s(?P<what>[^.;:]{3,80}))?"
)


def _with_labels(names: Sequence[str], text: str) -> list[str]:
    """The names of an arm with those that a text gives it in brackets: "levetiracetam 500 mg twice daily (LEV)"."""
    found = list(names)
    low = text.lower()
    for name in names:
        short = name[:60].rstrip("s").lower()
        at = low.find(short)
        while at >= 0:
            match = _LABELLED.match(text, at + len(short)) if len(low) == len(text) else None
            if match and not text[max(0, at - 1) : at].isalnum():
                found.extend(label for label in _labels(match[1]) if label[:1].isupper() or label[1:2].isupper())
                break
            at = low.find(short, at + 1)
    return found


_LABELLED = re.compile(r"s?\b[^().]{0,30}[(\[]([^()\[\]]{2,40})[)\]]")
MOST_ARMS = 6
_CODE = re.compile(r"(?=[^ ]*[A-Z][^ ]*[A-Z0-9])[A-Za-z0-9+/-]{2,7}|(?i:(?:group|arm) (?:[a-d]|i{1,3}|iv|[1-4]))")
_ROLE = re.compile(r"intervention|experimental|treated|active|treatment|study|trained", _I)
_CONTROL_ARM = re.compile(
    r"\b(?:placebo|sham|vehicle|usual care|standard care|routine care|controls?(?= (?:group|arm)))\b", _I
)


def _is_arm(name: str) -> bool:
    return _is_name(name) and not (_JOINED.search(name) or _GENERIC.fullmatch(name) or _UNSPECIFIC.fullmatch(name))


_JOINED = re.compile(r"\b(?:and|vs|versus)\b", _I)
_GENERIC = re.compile(
    r"(?:intervention|experimental|treatment|study|active|control|controls|comparison|placebo-controlled|both|test)(?:[/-]\w+)?",
    _I,
)
_UNSPECIFIC = re.compile(
    r"(?:groups?|treatments?|trials?|any|more|\d+.*|high|low|age|patients?|total|first|second|third)", _I
)


def _fitting(name: str, groups: Sequence[Sequence[str]]) -> int | None:
    """The one arm whose words a name shares, words that several arms have apart; None where none or several do."""
    control = CONTROL.search(name) is not None
    words = [stems(" ".join(group)) for group in groups]
    mine = stems(name)
    scores = []
    for place, group in enumerate(groups):
        if name.casefold() in (one.casefold() for one in group):
            return place
        others = set().union(*(words[other] for other in range(len(groups)) if other != place))
        shared = len(mine & (words[place] - others))
        lacking = len(mine & others)
        shared += 2 * any(_shortens(name, one) or _shortens(one, name) for one in group)
        scores.append((shared - 0.5 * lacking, place))
    best = sorted(scores, reverse=True)
    if best and best[0][0] > 0 and (len(best) < 2 or best[0][0] > best[1][0]):
        return best[0][1]
    controls = [place for place, group in enumerate(groups) if is_control(group)]
    if control and len(controls) == 1:
        return controls[0]
    subset = [place for place in range(len(groups)) if mine and mine == words[place]]
    return subset[0] if len(subset) == 1 else None


def _shortens(short: str, name: str) -> bool:
    """Whether an abbreviation has the beginnings of a name's words: TDR of "total disc replacement", TOS of "transobturator sling"."""
    if not (2 <= len(short) <= 6 and sum(letter.isupper() for letter in short) >= 2 and " " not in short):
        return False
    letters, words = [one for one in short.casefold() if one.isalpha()], re.findall(r"[^\W\d_]+", name.casefold())
    if not letters or not words or len(name) <= len(short) + 2 or words[0][0] != letters[0]:
        return False
    if "".join(word[0] for word in words).startswith("".join(letters)):
        return True
    left = "".join(words)
    for letter in letters:
        at = left.find(letter)
        if at < 0:
            return False
        left = left[at + 1 :]
    return letters[-1] in (word[0] for word in words[1:]) or len(words) == 1


def stems(name: str) -> frozenset[str]:
    """The beginnings of a name's words that tell it from other names."""
    return frozenset(word[:6] for word in re.findall(r"[^\W_]{2,}", name.casefold()) if word not in _FORM)


_FORM = frozenset(
    "the and with of to in for or mg ml kg daily weekly day days week weeks treatment therapy group groups arm only dose doses twice once per plus an by either iu oral standard alone use using".split()
)


_BEFORE_NAME = re.compile(r"\b(?:the|an?|in|of|to|with|for|than|from|by)\s", _I)
"""What may stand between other words and the name of a group: "fell in the drain group"."""


def _is_treatment(title: str) -> bool:
    """Whether the beginning of a title may be the name of a treatment, no clause about one."""
    return len(title.split()) <= 6 and not re.search(
        r"\b(?:and|of|\w+ing|study|trial|associations?|prevalence|incidence|comparison|outcomes?|management|review|analysis)\b",
        title,
        _I,
    )


def _is_name(name: str) -> bool:
    words = name.casefold().split()
    if words and (words[0] in _FUNCTION_WORDS or words[-1] in _FUNCTION_WORDS or _VERBS.search(name)):
        return False
    return 0 < len(words) <= 14 and not all(word in _NO_ARM or word.isdigit() for word in words) and len(name) > 1

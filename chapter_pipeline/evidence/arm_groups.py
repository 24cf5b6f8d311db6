"""Owns which names mean the same arm: those by which people were assigned, abbreviations, letters and names of groups."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chapter_pipeline.evidence.arm_names import CONTROL, is_control, is_name, stems, tidy

_I = re.IGNORECASE
ASSIGNED = re.compile(
    r"\b(?:randomi[sz]ed|randomly|assigned|allocated|receiv\w+|randomi[sz]ation)\b[^.]{0,80}?\b(?:to|into|receive[sd]?|receiving|either)\s+(?P<arms>(?:[^.;]|\.(?=\d)){4,220})",
    _I,
)
_SPLIT = re.compile(r"\s*(?:,|;)?\s+\b(?:or|and|versus|vs\.?|plus either)\b\s+|\s*[,;]\s+", _I)


def assigned_in(sentence: str, pattern: re.Pattern[str]) -> list[tuple[str, ...]]:
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
        if is_name(name) and not _TO_DO.match(name):
            found.append((name, *labels))
        elif found and labels:
            found.append(tuple(labels))
    return found[:4]


RECEIVED = re.compile(
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
            and is_name(name)
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


def grouped(
    of_title: Sequence[str], assigned: Sequence[tuple[str, ...]], of_groups: Sequence[str], text: str
) -> tuple[tuple[str, ...], ...]:
    """The names of each arm together: those by which people were assigned, else those of the title, then all that fit."""
    of_groups = [name for name in of_groups if is_arm(name)]
    groups = [_with_labels(group, text) for group in assigned] if len(assigned) > 1 else []
    if len([name for name in of_groups if fitting(name, groups) is None]) > 1:
        groups = []  # what was read as an assignment was none
    known = len(groups)
    if not groups and len(of_title) == 2 and all(map(is_arm, of_title)):
        groups = [_with_labels([name], text) for name in of_title]
    of_assigned = [] if groups else [name for group in assigned for name in group]
    for name in filter(is_arm, (*of_assigned, *of_title, *of_groups)):
        place = fitting(name, groups)
        treated = [place for place, group in enumerate(groups) if not is_control(group)]
        if place is None and known and len(treated) == 1 and not CONTROL.search(name):
            place = treated[0]  # by another name in the title than where people were assigned
        if place is None:
            if not known and len(groups) < MOST_ARMS:
                groups.append(_with_labels([name], text))
        elif name.casefold() not in (one.casefold() for one in groups[place]):
            groups[place].append(name)
    if of_title and groups and (first := fitting(of_title[0], groups)) and not is_control(groups[first]):
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
        place = fitting(what, groups) if what else None
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
_CONTROL_ARM = re.compile(
    r"\b(?:placebo|sham|vehicle|usual care|standard care|routine care|controls?(?= (?:group|arm)))\b", _I
)


def is_arm(name: str) -> bool:
    return is_name(name) and not (_JOINED.search(name) or _GENERIC.fullmatch(name) or _UNSPECIFIC.fullmatch(name))


_JOINED = re.compile(r"\b(?:and|vs|versus)\b", _I)
_GENERIC = re.compile(
    r"(?:intervention|experimental|treatment|study|active|control|controls|comparison|placebo-controlled|both|test)(?:[/-]\w+)?",
    _I,
)
_UNSPECIFIC = re.compile(
    r"(?:groups?|treatments?|trials?|any|more|\d+.*|high|low|age|patients?|total|first|second|third)", _I
)


def fitting(name: str, groups: Sequence[Sequence[str]]) -> int | None:
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

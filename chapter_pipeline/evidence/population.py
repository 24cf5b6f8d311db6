"""Owns how many people a study is of, told where its text leaves no doubt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

from chapter_pipeline.domain.document import StudyType
from chapter_pipeline.domain.markers import markers
from chapter_pipeline.evidence.text import has_one, lowered, readable, without_brackets

_PEOPLE = r"(?:patients|participants|subjects|women|men|males|females|children|adults|individuals|persons|people|volunteers|infants|newborns|neonates|respondents|adolescents|students|smokers|survivors|pregnancies|residents|nurses|physicians|employees|workers|veterans|relatives|girls|boys|mothers|athletes|soldiers|lambs)"
_WHO = re.compile(_PEOPLE)
_TENS = {
    name: 10 * (place + 2) for place, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())
}
_ONES = {
    name: place + 1
    for place, name in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_NUMBER_WORD = "|".join(sorted((*_TENS, *_ONES, "hundred"), key=len, reverse=True))
_NUMBER = (
    r"(?:(?<![\d.,·/<>≥≤=±–-])(?:\d{1,3}(?:[, \u2009\u202f·]\d{3})+|\d{1,7})(?![\d%]|[.,·]\d|\s?%|[-–]\d)"
    rf"|\b(?:{_NUMBER_WORD})(?:(?:[ -]and[ -]|[ -])(?:{_NUMBER_WORD})){{0,5}}\b)"
)
_NOT_BETWEEN = r"(?:of|were|was|are|is|and|or|to|in|who|whom|had|have|with|for|from|by|the|per|vs|versus|years?|months?|weeks?|days?|hours?|h|min|minutes?|mg|ml|kg|mm|cm|g|times|studies|trials|sites|cent(?:er|re)s|groups?|arms?)"
_MENTION = re.compile(
    rf"(?P<n>{_NUMBER})(?:[ -](?:[a-z]+- and )?(?!{_NOT_BETWEEN}\b)[a-z][\w’'/+-]*|,(?= [a-z])|\s\([^()]{{1,24}}\)){{0,7}}?[ -](?P<who>{_PEOPLE})\b"
)
"""A number and the people it counts: "122 japanese de-novo rtx patients", in lower case."""
_BARE = re.compile(rf"\b(?:randomi[sz]ed|enrolled|recruited)(?:\s\([^()]{{1,12}}\))?\s(?P<n>{_NUMBER})\s(?=\()")
_EQUALS = re.compile(r"\bn\s?=\s?(?P<n>\d{1,3}(?:[, \u2009\u202f]\d{3})+|\d{1,6})\b(?!\.\d)")
_PLANS = re.compile(
    r"\b(?:power|sample size|were (?:needed|required)|(?:is|was) (?:needed|required|calculated)|planned|aimed|intended|estimated|expected|assum\w+|drop-?out rate|previous(?:ly)?|earlier|pilot (?:data|study of)|sub-?(?:groups?|sets?|sample|study|studies)|interview\w*|questionnaires? (?:was|were)|literature|meta-analys[ie]s|databases? search\w*|(?:from|of) each)\b"
)
"""What tells of a plan, a part, other work or a group of equal ones: no number of such a sentence is the study's."""
MOST_MENTIONS = 6
"""Numbers of people that are read in a sentence; one with more is a list."""
FEWEST = 5
"""The least number that is told: fewer are the patients of a case report, or a part."""
_OTHER_WORK = re.compile(r"\b(?:\w+ )?(?:studies|trials|publications|articles|reports)\b(?! (?:group|arm|drug))")
_THIS_WORK = re.compile(r"\bwe\b|\b(?:this|our|the present) (?:study|trial)\b")
_OF_AN_ARM = re.compile(
    r"\b(?:in|to|of|for|from) (?:the |both |either )?[\w/+-]+(?: [\w/+-]+){0,3} (?:groups?|arms?)\b[^.;]*$"
)
_AN_ARM_HAS = re.compile(
    r"\b(?:groups?|arms?) (?:\w+ ){0,2}(?:included|comprised|compris\w+|involved|contained|consisted of)\b[^.;]*$"
)
_NOT_BEFORE = re.compile(
    r"\b(?:another|other|least|minimum of|maximum of|approximately|about|around|nearly|almost|up to|target of|first|last|additional|additionally,?|further|more than|over|only|than|each(?: (?:group|arm))?|every|age[ds]?|(?:exclud|screen|invit|approach|contact)(?:ed|ing)(?: \w+)?)\s$"
)
_NOT_AFTER = re.compile(
    r"^ (?:in|per|for|from|of|to) (?:each|every|either|group|arm)\b|^[^.;\d]{0,120}?\b(?:in|to|into|per|of) (?:each|every)\b|^[^,;.]{0,60}?\b(?:screened|invited|approached|contacted|assessed for|excluded|declined|refused|withdr[ae]w\w*|dropped|lost|discontinued|died|referred|did not|were not|was not|unable|eligible|could be|required|needed|consented|signed|responded|per)\b"
)
_ACTIVE = re.compile(
    r"\b(?P<verb>randomi[sz]ed|randomly (?:assigned|allocated|divided|selected)|enrolled|recruited|included|studied|analy[sz]ed|allocated|compris(?:ed|ing)|involv(?:ed|ing))(?:\s\([^()]{1,12}\))?\s(?:and [a-z]+ )?(?:(?:a|the) (?:total|sample|cohort|series|group)(?: sample)? of |all |prospectively |data (?:from|of|on) )?$"
)
_PASSIVE = re.compile(
    r"^(?:[^.;:]|\.\d){0,150}?\b(?:were|was|had been|have been|are)\s(?:(?:\w+ly|then|also|all|each|consecutively|eventually) ){0,3}(?P<verb>randomi[sz]ed|random|randomly|quasi-randomly|allocated|assigned|enrolled|recruited|included|analy[sz]ed|studied|evaluated|investigated)\b"
)
_DIRECT = re.compile(
    r"^,? (?:who were |that were |were )?(?P<verb>randomi[sz]ed|randomly|enrolled|recruited|included|entered the|participated|took part|to be included|completed|performed (?:\w+ ){0,2}(?:trials|tests|sessions)|met (?:the |our |all )?(?:\w+ )?(?:inclusion|eligibility|entry|study|selection))\b"
)
_LATER = re.compile(
    r"^[^.;:]{0,150}?\b(?P<verb>participated|took part|entered the (?:study|trial)|met (?:the |our |all )?(?:\w+ )?(?:inclusion|eligibility|entry|study|selection) criteri|completed (?:the|this|our|all|both|\w+) )"
)
_TOTAL = re.compile(r"\b(?:a total of|in total,?|in all,?|altogether,?|overall,?)\s$")
_ENROLS = re.compile(
    r"\b(?:randomi[sz]ed|randomly|enrolled|recruited|included|participated|allocated|assigned|study population)\b"
)
_OF_DOING = (
    "random", "enrol", "recruit", "includ", "stud", "analy", "allocat", "assign", "compris", "involv", "evaluated",
    "investigated", "participated", "took part", "entered", "complet", "perform", "trial", "met ", "a total of",
)  # fmt: skip
"""What a sentence holds that tells what was done with people: searched for first, for the patterns themselves take long."""
_IN_THIS_TRIAL = re.compile(
    r"(?:^|[.:;] )in (?:this|the present|the current|a|our) (?:[\w-]+,? ){0,9}(?:study|trial),?(?: we (?:randomi[sz]ed|enrolled|recruited|included|studied|treated))? $"
)
_STUDIED = re.compile(r"\b(?:study|trial|analysis) (?:analy[sz]ed|studied|included|enrolled|examined|evaluated) $")
_DATED = re.compile(
    r"(?:\b(?:in|since|from|until|till|and|to|by|during|through|before|after|[a-z]{3,9} \d{1,2},?|january|february|march|april|may|june|july|august|september|october|november|december)|[,–-]) ?$"
)
_CONDUCTED = re.compile(
    r"\b(?:study|trial|design)\b[^.;]{0,80}\b(?:was|were) (?:\w+ )?(?:performed|conducted|carried out|undertaken|done) (?:in|on|with|among|amongst|involving) (?:a total of )?$"
)
_OF_WHOM = re.compile(r"\bof whom\s(?:\w+\s)?$")
_ARM_LIST = re.compile(
    rf"(?P<list>{_NUMBER}(?:, {_NUMBER})*,? and {_NUMBER}) (?:[\w-]+ )?{_PEOPLE} were (?:randomi[sz]ed|allocated|assigned|randomly)\b"
)
_TO_AN_ARM = re.compile(r"^[^.;]{0,60}\b(?:in|to|into) the [\w/+-]+(?: [\w/+-]+){0,2} (?:group|arm)\b")
_MOVES = re.compile(r"\b(?:randomi[sz]\w*|allocat\w+|assign\w+|quasi-randomly)\b")
_OF_MOVES = ("random", "allocat", "assign")
_LISTED = re.compile(r",? (?:and |or |plus )?(?:another |the )?")
_AND_MORE = re.compile(
    rf"^[^.;]{{0,80}}?\b(?:and|plus) {_NUMBER} [\w-]+[^.;]{{0,80}}?\b(?:were|was|participated|took part)\b"
)
_ARM_TO = re.compile(rf"(?P<n>{_NUMBER}) (?:(?:[\w-]+ )?{_PEOPLE} )?(?:were )?(?:\w+ ){{0,2}}to (?!\d)")
_IN_WORDS = re.compile(r"ty\b|teen\b|hundred")
_RANDOM = re.compile("random|allocat|assign")
_LOOKED_AT = re.compile("analy|studied|evaluated|investig|perform")
_EACH = re.compile(_NUMBER)
_DIGITS = re.compile(r"\D")
_WORD = re.compile(r"[a-z]+")


class Role(IntEnum):
    """What a sentence says was done with the people it counts; the higher one is preferred."""

    COMPLETED = 1
    ANALYSED = 2
    ENROLLED = 3
    RANDOMISED = 4


@dataclass(frozen=True, slots=True)
class _Told:
    n: int
    role: Role
    sentence: str


UNTOLD = frozenset({
    StudyType.META_ANALYSIS, StudyType.REVIEW, StudyType.PROTOCOL, StudyType.ANIMAL, StudyType.LABORATORY,
})  # fmt: skip
"""Designs whose size is not told: of reviews it is the literature's, of protocols a plan, of experiments that of many groups."""


def size_of(
    abstract: Sequence[str], methods: Sequence[str], results: Sequence[str], study: StudyType = StudyType.UNKNOWN
) -> tuple[int | None, str | None]:
    """The number of people a study is of where it is sure, else None; and the sentence on whom it is of.

    A sentence tells it that says how many were randomised, enrolled, included or analysed. The number is sure where the
    abstract and the body name the same one, where the arms add up to it, or where one part says without contradiction that so
    many were randomised or enrolled. What was screened, invited, planned, left out, or is another study's, counts for nothing.
    """
    parts = [readable(abstract), readable(results), readable(methods)]
    told = [[one for sentence in part for one in _told(sentence)] for part in parts]
    first = next((one.sentence for part in told for one in part), None) or next(
        (
            sentence
            for part in parts
            for sentence in part
            if _ENROLS.search(low := lowered(sentence)) and _MENTION.search(low)
        ),
        None,
    )
    if study in UNTOLD:
        return None, first
    named = [frozenset(number for sentence in part for number in _named(sentence, told)) for part in parts]
    added = [
        (n, sentence)
        for part in parts
        for sentence in part
        if has_one(low := lowered(sentence), _OF_MOVES) and _MOVES.search(low)
        for n in set(_sums(low))
    ]
    sums = Counter(n for n, _ in added)
    twice = [_Told(n, Role.RANDOMISED, sentence) for n, sentence in added if sums[n] > 1]
    best = _agreed(told[0], [*(one for part in told[1:] for one in part), *twice], named, sums)
    return (best.n, best.sentence) if best is not None else (None, first)


def _agreed(
    abstract: Sequence[_Told], body: Sequence[_Told], named: Sequence[frozenset[int]], sums: Counter[int]
) -> _Told | None:
    """The number that is sure; None where numbers contradict each other, or one stands alone and is weak."""
    everything = (*abstract, *body)
    for role in sorted({one.role for one in everything}, reverse=True):
        for part, others in ((abstract, named[1] | named[2]), (body, named[0])):
            numbers = {one.n for one in part if one.role is role}
            added = [n for n in numbers if n in sums]
            sure = added if len(added) == 1 else [n for n in numbers if n in others]
            if not sure and len(numbers) == 1 and role >= Role.ENROLLED:
                alone = next(iter(numbers))
                sure = [] if _contradicted(alone, role, everything, sums) else [alone]
            if len(sure) == 1:
                return next(one for one in part if one.n == sure[0] and one.role is role)
            if len(numbers) > 1:
                return None
    return None


def _contradicted(n: int, role: Role, everything: Sequence[_Told], sums: Counter[int]) -> bool:
    """Whether another number has the same role, a lower role a higher number, or the arms add up to another one."""
    return bool(sums) or any(one.n != n and (one.role is role or one.n > n) for one in everything)


def _told(sentence: str) -> Iterator[_Told]:
    """The numbers of people that a sentence says were randomised, enrolled, analysed or the like."""
    low = lowered(sentence)
    if not has_one(low, _OF_DOING) or _WHO.search(low) is None:
        return
    total = next(iter(_sums(low)), None)
    foreign = _PLANS.search(low) is not None or (next(markers(sentence), None) is not None and "in brief" not in low)
    bare = _BARE.search(low)
    low, whole = without_brackets(low), low
    mentions = list(islice(_MENTION.finditer(low), MOST_MENTIONS))
    respective = "respectively" in low
    for place, match in enumerate(mentions):
        n = number(match["n"])
        if n < FEWEST or ((foreign or respective) and n != total):
            continue
        before = low[mentions[place - 1].end() if place else 0 : match.start()][-140:]
        after = low[match.end() : mentions[place + 1].start() if place + 1 < len(mentions) else match.end() + 260]
        if _DATED.search(before) and 1900 <= n <= 2030 and match["n"].isdigit():
            continue
        role = _role(before, after, low)
        listed = place > 0 and _LISTED.fullmatch(before) is not None
        if role is None or ((listed or _is_an_arm(after, n, low)) and n != total):
            continue
        yield _Told(n, role, sentence)
    if bare and not foreign:
        yield _Told(number(bare["n"]), _role_of(bare.group()), sentence)
    if total is not None and not any(number(match["n"]) == total for match in mentions) and _ARM_LIST.search(whole):
        yield _Told(total, Role.RANDOMISED, sentence)


def _role(before: str, after: str, low: str) -> Role | None:
    """What was done with the people counted between `before` and `after`."""
    if (
        _NOT_BEFORE.search(before)
        or _NOT_AFTER.search(after)
        or _OF_AN_ARM.search(before)
        or _AN_ARM_HAS.search(before)
        or _OF_WHOM.search(before)
    ):
        return None
    if _OTHER_WORK.search(low) and not _THIS_WORK.search(low):
        return None
    if match := _ACTIVE.search(before) or _DIRECT.search(after) or _PASSIVE.search(after) or _LATER.search(after):
        if _MOVES.search(match["verb"]) is None and _MOVES.search(after.partition(".")[0].partition(";")[0][:120]):
            return Role.RANDOMISED
        return _role_of(match["verb"])
    if _STUDIED.search(before):
        return Role.ANALYSED
    if _IN_THIS_TRIAL.search(before) or _CONDUCTED.search(before) or (_TOTAL.search(before) and _ENROLS.search(low)):
        return Role.ENROLLED
    return None


def _role_of(verb: str) -> Role:
    if _RANDOM.search(verb):
        return Role.RANDOMISED
    if "complet" in verb:
        return Role.COMPLETED
    return Role.ANALYSED if _LOOKED_AT.search(verb) else Role.ENROLLED


def _is_an_arm(after: str, n: int, low: str) -> bool:
    """Whether a number counts one arm: "42 patients were assigned to a drain and 43 to none", "12 women and 9 controls"."""
    if _AND_MORE.search(after):
        return True
    arms = [number(match["n"]) for match in _ARM_TO.finditer(low)]
    if len(arms) > 1 and n in arms and sum(arms) != 2 * n:
        return True
    return _TO_AN_ARM.search(after) is not None


def _sums(low: str) -> Iterator[int]:
    """What the arms of a sentence add up to: "to a drain (n = 42) or none (n = 43)", "42 to a drain and 43 to none"."""
    if "group" not in low and not (has_one(low, _OF_MOVES) and _MOVES.search(low)):
        return
    arms = [number(match["n"]) for match in _EQUALS.finditer(low)] if "=" in low else []
    if 2 <= len(arms) <= 6 and min(arms) * 4 >= max(arms):
        yield sum(arms)
    if "were" in low and (match := _ARM_LIST.search(low)):
        yield sum(number(one) for one in _EACH.findall(match["list"]))
    arms = [number(match["n"]) for match in _ARM_TO.finditer(low)]
    if 2 <= len(arms) <= 6:
        yield sum(arms)
        if len(arms) > 2 and arms[0] == sum(arms[1:]):
            yield arms[0]


def _named(sentence: str, told: Sequence[Sequence[_Told]]) -> Iterator[int]:
    """Which of the numbers told a sentence names with people or as a size, whatever was done with them."""
    low = lowered(sentence)
    asked = {one.n for part in told for one in part}
    plain = low.replace(",", "")
    if not (any(str(n) in plain for n in asked) or (asked and _IN_WORDS.search(low))) or _PLANS.search(low):
        return
    for match in _MENTION.finditer(low):
        yield number(match["n"])
    for match in _EQUALS.finditer(low):
        yield number(match["n"])


def number(said: str) -> int:
    """The number that digits or English words say, up to 999 in words: "1,204", "Two hundred and six"."""
    if said[:1].isdigit():
        return int(_DIGITS.sub("", said))
    total = 0
    for word in _WORD.findall(said.casefold()):
        total = max(total, 1) * 100 if word == "hundred" else total + _TENS.get(word, _ONES.get(word, 0))
    return total


def numbers_in_words(text: str) -> set[int]:
    """The numbers of people or animals that a text writes in words: "twenty-four patients"."""
    return {number(match["n"]) for match in _MENTION.finditer(lowered(text)) if not match["n"][:1].isdigit()}
